"""Imports all that inference imports, without a GPU.

    python check.py

The image is built with it: a package or a system library that is missing fails the build, not the
first start. Read are imports.json (the source's modules) and packages.json (what they import).
"""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path

HERE = Path(__file__).parent


def modules() -> list[str]:
    """Modules to import: first those of other packages, then the source's own."""
    packages = json.loads((HERE / "packages.json").read_text())
    recorded = json.loads((HERE / "imports.json").read_text())
    others = [name for name, source in packages.items() if source is not None and recorded["imports"][name]["atOnce"]]
    # The parts of them that the worker and the source import by name, and that `import X` leaves out.
    others += ["gsplat.rendering", "kaolin.utils.testing", "moge.model.v1", "pytorch3d.renderer"]
    others += ["sam2.build_sam", "sam2.sam2_image_predictor", "spconv.pytorch"]
    own = [file.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for file in recorded["files"]]
    return [*others, *own]


def main() -> None:
    os.environ.update(LIDRA_SKIP_INIT="true", ATTN_BACKEND="sdpa", SPARSE_ATTN_BACKEND="sdpa")
    import torch  # noqa: PLC0415

    # The pipeline asks for the GPU's name when it is imported.
    torch.cuda.is_available, torch.cuda.get_device_name = lambda: True, lambda _: "none"
    names = modules()
    for name in names:
        importlib.import_module(name)
    print(f"{len(names)} modules imported")


if __name__ == "__main__":
    main()
