"""Makes a grid of occupied voxels of any number, as the structure of an object."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 64  # of the grid of the published configurations


def shell(count: int, side: int = SIDE) -> NDArray[np.int32]:
    """Returns int32 [count, 3] in the order of the pipeline's argwhere: the voxels closest to a sphere.

    Its radius is such that the shell is about two voxels thick, as the surfaces that the first stage makes are, but
    at most that of the grid, so that more voxels make a thicker one.
    """
    radius = min(math.sqrt(count / (8 * math.pi)), side / 2 - 2)
    grid: NDArray[Any] = np.indices((side, side, side)).reshape(3, -1).T
    distance = np.abs(np.linalg.norm(grid - (side - 1) / 2, axis=1) - radius)
    return grid[np.sort(np.argsort(distance, kind="stable")[:count])].astype(np.int32)
