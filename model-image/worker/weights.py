"""The layout of the model folder, and the check for missing files.

    sam3d/pipeline.yaml …         the folder checkpoints/ of facebook/sam-3d-objects
    moge/model.pt                 Ruicheng/moge-vitl
    sam2/sam2.1_hiera_large.pt    facebook/sam2.1-hiera-large
    dinov2/hub/checkpoints/*.pth  DINOv2, in the layout of torch.hub; see `workspace`

SageMaker mounts the folder read-only at /opt/ml/model. Nothing is downloaded at run time.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from .failure import WorkerFailure

PIPELINE = Path("sam3d/pipeline.yaml")
MOGE = Path("moge/model.pt")
SAM2 = Path("sam2/sam2.1_hiera_large.pt")
#: The configuration for SAM2's weights in the package sam2 (sam2/build_sam.py).
SAM2_CONFIG = "configs/sam2.1/sam2.1_hiera_l.yaml"
#: TORCH_HOME: torch.hub looks for weights in its folder hub/checkpoints.
TORCH_HOME = Path("dinov2")


def require(folder: Path, names: list[Path]) -> None:
    """Raises a failure with the names of all files that are missing, empty or not readable."""
    missing = [str(n) for n in names if not _filled(folder / n)]
    unreadable = [str(n) for n in names if str(n) not in missing and not os.access(folder / n, os.R_OK)]
    problems = []
    if missing:
        problems.append(f"{folder} lacks {', '.join(missing)}; run `gen3d weights push` for this stack's model bucket.")
    if unreadable:
        problems.append(f"User {os.getuid()} may not read {', '.join(unreadable)} in {folder}; make the files readable to all.")
    if problems:
        raise WorkerFailure("missing_weights", " ".join(problems))


def _filled(path: Path) -> bool:
    try:
        return path.is_file() and path.stat().st_size > 0
    except PermissionError:
        return True  # it exists; os.access reports it as unreadable
    except OSError:
        return False


def named_by(pipeline: Any) -> list[Path]:
    """Returns the files that a loaded pipeline.yaml names: every *_config_path and *_ckpt_path."""
    return [
        PIPELINE.parent / str(value)
        for key, value in pipeline.items()
        if str(key).endswith(("_config_path", "_ckpt_path")) and value is not None
    ]


def in_order(pipeline: Any) -> list[Path]:
    """Returns the large files in the order in which set-up loads them.

    hydra creates the depth model, an argument of the pipeline, first; SAM 2 is loaded last.
    """
    parts = ("ss_generator", "slat_generator", "ss_decoder", "slat_decoder_gs", "slat_decoder_mesh")
    named = [pipeline.get(f"{part}_ckpt_path") for part in parts]
    return [MOGE, *(PIPELINE.parent / str(name) for name in named if name is not None), SAM2]
