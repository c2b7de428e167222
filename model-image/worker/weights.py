"""Where the weights lie in the model folder, and what is missing there.

    sam3d/pipeline.yaml …         the folder checkpoints/ of facebook/sam-3d-objects
    moge/model.pt                 Ruicheng/moge-vitl
    sam2/sam2.1_hiera_large.pt    facebook/sam2.1-hiera-large
    dinov2/hub/checkpoints/*.pth  DINOv2, as torch.hub would keep it; see `workspace`

SageMaker puts the folder at /opt/ml/model, read-only. Nothing is fetched at run time.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from .failure import WorkerFailure

PIPELINE = Path("sam3d/pipeline.yaml")
MOGE = Path("moge/model.pt")
SAM2 = Path("sam2/sam2.1_hiera_large.pt")
#: The configuration inside the sam2 package that belongs to SAM2's weights (sam2/build_sam.py).
SAM2_CONFIG = "configs/sam2.1/sam2.1_hiera_l.yaml"
#: TORCH_HOME: torch.hub looks for a weights file in hub/checkpoints below it.
TORCH_HOME = Path("dinov2")


def require(folder: Path, names: list[Path]) -> None:
    """Fails with the names of all files that are missing, empty, or not readable to this user."""
    lacks = [str(n) for n in names if not _filled(folder / n)]
    closed = [str(n) for n in names if str(n) not in lacks and not os.access(folder / n, os.R_OK)]
    said = []
    if lacks:
        said.append(f"{folder} lacks {', '.join(lacks)}; run `gen3d weights push` for this stack's model bucket.")
    if closed:
        said.append(f"User {os.getuid()} may not read {', '.join(closed)} in {folder}; make the files readable to all.")
    if said:
        raise WorkerFailure("missing_weights", " ".join(said))


def _filled(path: Path) -> bool:
    try:
        return path.is_file() and path.stat().st_size > 0
    except PermissionError:
        return True  # it is there, and os.access tells that it is closed
    except OSError:
        return False


def named_by(pipeline: Any) -> list[Path]:
    """The files that a loaded pipeline.yaml names: every *_config_path and *_ckpt_path."""
    return [
        PIPELINE.parent / str(value)
        for key, value in pipeline.items()
        if str(key).endswith(("_config_path", "_ckpt_path")) and value is not None
    ]
