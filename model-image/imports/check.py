"""Imports all modules that inference imports, without a GPU.

    python check.py

It runs while the image is built, so that a missing package or system library fails the build. It
reads imports.json (the modules of the source) and packages.json (what they import).
"""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path

HERE = Path(__file__).parent


def modules() -> list[str]:
    """Returns the modules to import: first those of other packages, then those of the source."""
    packages = json.loads((HERE / "packages.json").read_text())
    recorded = json.loads((HERE / "imports.json").read_text())
    others = [name for name, source in packages.items() if source is not None and recorded["imports"][name]["atOnce"]]
    # Submodules that the worker and the source import, and that `import X` does not.
    others += ["gsplat.rendering", "kaolin.utils.testing", "moge.model.v1", "pytorch3d.renderer"]
    others += ["sam2.build_sam", "sam2.sam2_image_predictor", "spconv.pytorch"]
    own = [file.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for file in recorded["files"]]
    return [*others, *own]


def main() -> None:
    os.environ.update(LIDRA_SKIP_INIT="true", ATTN_BACKEND="sdpa", SPARSE_ATTN_BACKEND="sdpa")
    import torch  # noqa: PLC0415

    # The pipeline reads the name of the GPU on import.
    torch.cuda.is_available, torch.cuda.get_device_name = lambda: True, lambda _: "none"
    names = modules()
    for name in names:
        importlib.import_module(name)
    print(f"{len(names)} modules imported")


if __name__ == "__main__":
    main()
