"""Double of sam2/build_sam.py."""

import torch


def build_sam2(config_file, ckpt_path=None, device="cuda", mode="eval", hydra_overrides_extra=[], apply_postprocessing=True, **kwargs):  # noqa: B006
    assert config_file.endswith(".yaml") and not kwargs
    torch.nn.init.kaiming_uniform_(torch.Tensor([0]))
    torch.load(ckpt_path, map_location="cpu", weights_only=True)["model"]
    return {"config": config_file, "device": device}
