"""Unwraps a mesh: cuts its surface into charts, flattens these and packs them into a square."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import environment
from .surface import Floats

#: xatlas takes triangles of less than 1.2e-7 squared units for flat, and edges of 1e-4 units for
#: parallel (kAreaEpsilon, kEpsilon), so it gets a mesh of this many units.
_UNITS = 1000.0
#: The time of xatlas grows with the square of a chart's triangles: without a limit it takes three
#: times as long for 50,000 triangles.
_FACES_OF_CHART = 400
#: Texels between charts, filled by `bake`: more than bilinear filtering reaches at half the size.
PADDING = 4


@dataclass(frozen=True)
class Atlas:
    """A mesh with texture coordinates. A vertex on a cut occurs once for each of its charts."""

    vertices: NDArray[np.uint32]  # k indices of the unwrapped mesh's vertices
    uv: Floats  # k × 2, 0 to 1, from the upper left corner of the picture
    faces: NDArray[np.uint32]  # m × 3 indices of vertices and uv


def unwrap(positions: Floats, faces: NDArray[np.uint32], side: int) -> Atlas:
    """Returns an atlas for a texture of side × side texels.

    If xatlas fails, every triangle becomes a chart: the texture is finer or coarser than the
    surface needs, and has more seams, but shows it. The log says so.
    """
    try:
        atlas = _charts(positions, faces, side)
    except RuntimeError as err:
        problem: str | None = str(err)
    else:
        problem = _problem(atlas, len(positions), len(faces))
    if problem is None:
        return atlas
    print(f"unwrapping {len(faces)} triangles with xatlas failed ({problem}); each gets a chart of its own", file=sys.stderr, flush=True)
    return single(faces, side)


def _charts(positions: Floats, faces: NDArray[np.uint32], side: int) -> Atlas:
    xatlas: Any = environment.load("xatlas")
    chart, pack = xatlas.ChartOptions(), xatlas.PackOptions()
    corners = positions[faces].astype(np.float64) * _UNITS
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1).sum() / 2
    chart.max_chart_area = float(area) * min(1.0, _FACES_OF_CHART / len(faces))
    pack.resolution = side
    pack.padding = PADDING
    atlas = xatlas.Atlas()
    atlas.add_mesh(positions * np.float32(_UNITS), faces)
    atlas.generate(chart, pack)
    if atlas.atlas_count != 1:
        raise RuntimeError(f"it made {atlas.atlas_count} atlases")
    vertices, cut, uv = atlas[0]
    # The atlas is about as large as asked for, and not always square.
    longest = max(atlas.width, atlas.height)
    return Atlas(vertices, (uv * np.array([atlas.width, atlas.height]) / longest).astype(np.float32), cut)


def _problem(atlas: Atlas, positions: int, faces: int) -> str | None:
    """Says what is wrong with the output of xatlas, if anything is."""
    if atlas.faces.shape != (faces, 3):
        return f"it returned {len(atlas.faces)} triangles"
    if len(atlas.vertices) == 0 or atlas.vertices.max() >= positions or atlas.faces.max() >= len(atlas.vertices):
        return "it returned an index out of range"
    if not np.isfinite(atlas.uv).all() or atlas.uv.min() < 0 or atlas.uv.max() > 1:
        return "it returned a texture coordinate out of range"
    return None


def single(faces: NDArray[np.uint32], side: int) -> Atlas:
    """Returns an atlas with a chart for each triangle: half a cell of a grid."""
    across = int(np.ceil(np.sqrt((len(faces) + 1) // 2)))
    cell = 1 / across
    gap = min(1 / side, cell / 6)  # from the edges of the cell, and from the other triangle's
    low, high, far = gap, cell - gap, cell - 2.5 * gap
    lower = np.array([[low, low], [far, low], [low, far]])
    upper = np.array([[high, high], [cell - far, high], [high, cell - far]])
    at = np.arange(len(faces)) // 2
    origin = np.stack([at % across, at // across], axis=1) * cell
    corners = np.where((np.arange(len(faces)) % 2 == 0)[:, None, None], lower, upper) + origin[:, None]
    count = 3 * len(faces)
    return Atlas(faces.reshape(-1), corners.reshape(-1, 2).astype(np.float32), np.arange(count, dtype=np.uint32).reshape(-1, 3))
