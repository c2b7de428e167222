"""A figurine with the detail of photographs, as a mesh of a chosen number of vertices.

It stands in for a mesh of the model: some 500,000 vertices with colors, several pieces, handles
(genus 2), thin ears, bumps and grooves. Nothing is random: the same call makes the same mesh.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..surface import Surface

PHOTOS = Path(__file__).parents[3] / "testdata" / "photos"
Points = NDArray[np.float64]


def figurine(vertices: int = 500_000) -> Surface:
    """Returns the figurine with about so many vertices (within 4 % at 500,000), longest side 1."""
    # A coarse mesh has a sixteenth of the vertices; two subdivisions follow. The surface has
    # 1.36 cells for each square of the grid.
    nodes = int(np.sqrt(vertices / 16 / 1.36))
    positions, faces = _surface_net(nodes)
    for _ in range(2):
        positions, faces = _subdivide(positions, faces)
        positions = _onto(positions, _smooth)
    positions = _onto(positions, _detailed)
    normals = _gradient(positions, _detailed)
    colors = _colors(positions, normals)
    low, high = positions.min(axis=0), positions.max(axis=0)
    unit = (positions - (low + high) / 2) / (high - low).max()
    return Surface(unit.astype(np.float32), faces.astype(np.uint32), colors)


def _smooth(p: Points) -> NDArray[np.float64]:
    """Returns the distance, about, of points to the figurine without its fine detail."""
    x, y, z = p.T
    body = np.sqrt(x**2 + ((y + 0.12) * 0.85) ** 2 + z**2) - 0.30
    head = np.sqrt(x**2 + (y - 0.30) ** 2 + z**2) - 0.20
    shape = _join(body, head, 0.08)
    handle = np.sqrt((np.sqrt((np.abs(x) - 0.30) ** 2 + (y + 0.10) ** 2) - 0.16) ** 2 + z**2) - 0.035
    shape = _join(shape, handle, 0.03)
    ear = np.sqrt(((np.abs(x) - 0.13) * 1.2) ** 2 + ((y - 0.50) * 0.7) ** 2 + (z * 4) ** 2) / 2.2 - 0.05
    shape = _join(shape, ear, 0.02)
    foot = np.sqrt((np.abs(x) - 0.13) ** 2 + ((y + 0.46) * 1.6) ** 2 + (z - 0.06) ** 2) - 0.12
    shape = _join(shape, foot, 0.03)
    ball = np.sqrt((x - 0.02) ** 2 + (y + 0.38) ** 2 + (z - 0.42) ** 2) - 0.09  # a separate piece
    distance: NDArray[np.float64] = np.minimum(shape, ball)
    return distance


def _detailed(p: Points) -> NDArray[np.float64]:
    """Adds bumps of 3 thousandths, and grooves around the body, to the smooth figurine."""
    x, y, z = p.T
    bumps = np.sin(41 * x + 3 * np.sin(9 * y)) * np.sin(37 * y + 2 * np.sin(11 * z)) * np.sin(43 * z)
    grooves = np.exp(-((np.sin(18 * y + 1.5 * np.sin(6 * x)) / 0.25) ** 2))
    distance: NDArray[np.float64] = _smooth(p) - 0.003 * bumps + 0.004 * grooves
    return distance


def _join(a: NDArray[np.float64], b: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    """Returns the union with a rounded seam of the width."""
    h = np.clip(0.5 + 0.5 * (b - a) / width, 0, 1)
    joined: NDArray[np.float64] = b + (a - b) * h - width * h * (1 - h)
    return joined


def _gradient(p: Points, distance: Any) -> Points:
    """Returns unit normals outward, by central differences."""
    step = 1e-4
    g = np.stack([distance(p + step * e) - distance(p - step * e) for e in np.eye(3)], axis=1)
    unit: Points = g / np.maximum(np.linalg.norm(g, axis=1, keepdims=True), 1e-12)
    return unit


def _onto(p: Points, distance: Any) -> Points:
    """Moves points to the surface, by two steps along the gradient."""
    for _ in range(2):
        p = p - distance(p)[:, None] * _gradient(p, distance)
    return p


def _surface_net(nodes: int) -> tuple[Points, NDArray[np.int64]]:
    """Returns the naive surface net of the smooth figurine on a grid of nodes³ over a cube of side 1.5."""
    axis = np.linspace(-0.75, 0.75, nodes)
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    value = _smooth(grid).reshape(nodes, nodes, nodes)
    inside = value < 0
    cells = np.zeros((nodes - 1,) * 3, dtype=np.int8)
    for corner in np.ndindex(2, 2, 2):
        cells += inside[tuple(slice(c, nodes - 1 + c) for c in corner)]
    crossed = (cells > 0) & (cells < 8)
    index = np.full(crossed.shape, -1, dtype=np.int64)
    index[crossed] = np.arange(crossed.sum())
    step = axis[1] - axis[0]
    positions = axis[0] + (np.argwhere(crossed) + 0.5) * step
    faces = []
    for k in range(3):
        others = [(k + 1) % 3, (k + 2) % 3]
        at = np.argwhere(np.diff(inside, axis=k))
        outward = inside[tuple(at.T)]
        quad = []
        for one, two in ((0, 0), (1, 0), (1, 1), (0, 1)):
            cell = at.copy()
            cell[:, others[0]] -= one
            cell[:, others[1]] -= two
            quad.append(index[tuple(cell.T)])
        q = np.stack(quad, axis=1)
        q[~outward] = q[~outward][:, ::-1]
        faces += [q[:, [0, 1, 2]], q[:, [0, 2, 3]]]
    return _onto(positions, _smooth), np.concatenate(faces)


def _subdivide(positions: Points, faces: NDArray[np.int64]) -> tuple[Points, NDArray[np.int64]]:
    """Splits every triangle in four at the middles of its edges."""
    edges = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    _, first, which = np.unique(edges @ (len(positions), 1), return_index=True, return_inverse=True)
    middle = which.reshape(-1, 3) + len(positions)
    positions = np.concatenate([positions, positions[edges[first]].mean(axis=1)])
    a, b, c = faces.T
    ab, bc, ca = middle.T
    return positions, np.concatenate([np.stack(t, axis=1) for t in ((a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca))])


def _colors(positions: Points, normals: Points) -> NDArray[np.uint8]:
    """Projects three photographs along the axes, with the sharp edges of painted bands between them."""
    pictures = [_photo(name) for name in ("coffee.jpg", "astronaut.jpg", "cat.jpg")]
    weights = np.abs(normals) ** 4
    weights = weights / weights.sum(axis=1, keepdims=True)
    color = np.zeros((len(positions), 3))
    for k, picture in enumerate(pictures):
        across, down = ((2, 1), (0, 2), (0, 1))[k]
        color += weights[:, k, None] * _look_up(picture, positions[:, across] + 0.5, 0.5 - positions[:, down])
    band = np.abs(np.sin(18 * positions[:, 1] + 1.5 * np.sin(6 * positions[:, 0]))) < 0.12
    color[band] = (225, 180, 40)
    checked = np.sign(np.sin(60 * positions[:, 0]) * np.sin(60 * positions[:, 1]) * np.sin(60 * positions[:, 2])) > 0
    ball = positions[:, 2] > 0.335
    color[ball & checked], color[ball & ~checked] = (200, 30, 40), (240, 240, 235)
    return np.rint(np.clip(color, 0, 255)).astype(np.uint8)


def _photo(name: str) -> NDArray[np.float64]:
    return np.asarray(Image.open(PHOTOS / name).convert("RGB"), dtype=np.float64)


def _look_up(picture: NDArray[np.float64], u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns bilinear samples of a picture that spans the unit square, mirrored beyond it."""
    height, width = picture.shape[:2]
    u, v = (1 - np.abs(1 - np.mod(t, 2)) for t in (u, v))
    x, y = u * (width - 1), v * (height - 1)
    x0, y0 = np.minimum(x.astype(int), width - 2), np.minimum(y.astype(int), height - 2)
    tx, ty = (x - x0)[:, None], (y - y0)[:, None]
    top = picture[y0, x0] * (1 - tx) + picture[y0, x0 + 1] * tx
    bottom = picture[y0 + 1, x0] * (1 - tx) + picture[y0 + 1, x0 + 1] * tx
    sample: NDArray[np.float64] = top * (1 - ty) + bottom * ty
    return sample
