"""Runs the models once before the server reports that it is ready.

The first run loads kernels, chooses algorithms and allocates memory. Without this the first user
would wait for it. A failure is one of the set-up: every object would have it, too.
"""

from __future__ import annotations

import sys
import traceback

import numpy as np
from numpy.typing import NDArray

from .failure import WorkerFailure
from .picture import Pixels
from .reconstruct import Sam3d, Unsound
from .segment import Prompt, Segmenter

SIDE = 512  # pixels of the picture
RADIUS = 5 / 16  # of the sphere, of the side of the grid: of 64 voxels, 4,904, a small object


def run(segmenter: Segmenter, model: Sam3d) -> None:
    """Segments and reconstructs a disc. What they find in it is not looked at."""
    rgba = picture()
    try:
        box = (SIDE // 8, SIDE // 8, SIDE * 7 // 8, SIDE * 7 // 8)
        segmenter.candidates(np.ascontiguousarray(rgba[..., :3]), Prompt(box), several=False)
        model.warm_up(rgba, sphere(model.grid))
    except Unsound as err:  # one step of each generator is not enough for a mesh
        sys.stderr.write(f"the warm-up ended early: {err}\n")
    except Exception as err:
        traceback.print_exc()
        raise WorkerFailure(
            "setup_failed", f"running the model for the first time: {type(err).__name__}: {' '.join(str(err).split())[:400]}; see the log."
        ) from err


def picture() -> Pixels:
    """Returns a dark disc before a gradient, SIDE × SIDE × 4; the alpha channel is its mask."""
    y, x = np.mgrid[:SIDE, :SIDE]
    rgba = np.full((SIDE, SIDE, 4), 255, dtype=np.uint8)
    rgba[..., :3] = (128 + x * 127 // SIDE)[..., None]
    disc = (x - SIDE / 2) ** 2 + (y - SIDE / 2) ** 2 < (SIDE / 3) ** 2
    rgba[disc, :3] = 40
    rgba[..., 3] = np.where(disc, 255, 0)
    return rgba


def sphere(grid: int) -> NDArray[np.int32]:
    """Returns the voxels of a sphere in a cube of grid voxels a side, n × 4: batch 0, then x, y, z."""
    center = np.array([0, *[(grid - 1) / 2] * 3]).reshape(4, 1, 1, 1, 1)
    distance = np.linalg.norm(np.indices((1, grid, grid, grid)) - center, axis=0)
    return np.argwhere(np.abs(distance - RADIUS * grid) < 0.5).astype(np.int32)
