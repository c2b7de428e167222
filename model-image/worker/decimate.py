"""Reduces a mesh to a number of triangles."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import environment
from .surface import Floats, Surface

#: fast-simplification collapses the edges whose squared error is below a threshold, which it raises
#: from 1e-9 · 3^agg on, in the square of the mesh's unit. For a mesh of ten units and agg 4 the first
#: threshold is a thirtieth of a thousandth of the longest side, well below the error of the result.
_UNITS, _AGG = 10.0, 4.0
#: For a mesh whose errors stay above all these thresholds (their last is a thirtieth of the side).
_AGG_AT_LAST = 7.0
#: A closed mesh has half as many vertices as triangles. One with more than this share has triangles
#: that touch without sharing vertices, which have to be joined, or their edges would not collapse.
_LOOSE = 0.75
#: Triangles of less area, in squares of the longest side, are too small to be visible and cannot be unwrapped.
_LEAST_AREA = 1e-12


def decimate(shown: Surface, faces: int) -> tuple[Floats, NDArray[np.uint32]]:
    """Returns the positions and triangles of a mesh of at most about so many triangles.

    A mesh that has no more is returned as it is. Edges collapse by quadric error (Garland and
    Heckbert 1997), to the point of least error. Colors are not considered. Triangles without area
    are removed.
    """
    positions, triangles = shown.positions, shown.faces
    if len(triangles) > faces:
        fast: Any = environment.load("fast_simplification")
        if len(positions) > _LOOSE * len(triangles):
            positions, where = np.unique(positions, axis=0, return_inverse=True)
            triangles = where[triangles].astype(np.uint32)
        points, corners = positions.astype(np.float64) * _UNITS, triangles.astype(np.int32)
        points, corners = fast.simplify(points, corners, target_count=faces, agg=_AGG)
        if len(corners) > faces:
            points, corners = fast.simplify(points, corners, target_count=faces, agg=_AGG_AT_LAST)
        positions, triangles = (points / _UNITS).astype(np.float32), corners.astype(np.uint32)
    return _without_flat(positions, triangles)


def _without_flat(positions: Floats, triangles: NDArray[np.uint32]) -> tuple[Floats, NDArray[np.uint32]]:
    corners = positions[triangles].astype(np.float64)
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    triangles = triangles[area > _LEAST_AREA]
    used = np.zeros(len(positions), dtype=bool)
    used[triangles] = True
    return positions[used], (np.cumsum(used) - 1)[triangles].astype(np.uint32)
