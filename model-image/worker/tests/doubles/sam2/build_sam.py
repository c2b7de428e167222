"""Double of sam2/build_sam.py."""

import os


def build_sam2(config_file, ckpt_path=None, device="cuda", mode="eval", hydra_overrides_extra=[], apply_postprocessing=True, **kwargs):  # noqa: B006
    assert os.path.getsize(ckpt_path) > 0 and config_file.endswith(".yaml") and not kwargs
    return {"config": config_file, "device": device}
