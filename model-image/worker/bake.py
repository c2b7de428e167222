"""Draws the colors of a dense mesh into the texture of a light one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import color, environment
from .surface import Floats, Surface

_CHUNK = 1 << 18  # texels per chunk: its arrays fit in a processor's cache
#: Rings of texels around charts that get the mean of their neighbors: what filtering may read.
_RINGS = 4


class Source:
    """The dense mesh, asked for its color and normal near a point."""

    def __init__(self, dense: Surface) -> None:
        spatial: Any = environment.load("scipy.spatial")
        a, b, c = (dense.positions[dense.faces[:, k]] for k in range(3))
        one, two = b - a, c - a
        normal = _cross(one, two)
        square = np.maximum((normal**2).sum(axis=1, keepdims=True), 1e-30)  # of twice the area
        double = np.sqrt(square)
        #: Points and centers are moved outward by this length before they are compared, so that the
        #: other side of a thin part is farther away than the next triangle.
        self._reach = np.float32(0.5 * np.sqrt(np.median(double)))
        self._tree = spatial.cKDTree((a + b + c) / 3 + self._reach / double * normal, balanced_tree=False)
        # The weights of the second and third corner are gradient · (p - first).
        self._first = a
        self._gradients = np.concatenate([_cross(two, normal) / square, _cross(normal, one) / square], axis=1)
        self._colors = color.linear(dense.colors).astype(np.float32)[dense.faces].reshape(-1, 9)

    def colors(self, points: Floats, normals: Floats) -> Floats:
        """Returns the linear colors, n × 3, at points near the surface with their normals."""
        _, face = self._tree.query(points + self._reach * normals)
        away, gradients, corners = points - self._first[face], self._gradients[face], self._colors[face]
        second, third = (np.clip((away * gradients[:, k : k + 3]).sum(axis=1, keepdims=True), 0, 1) for k in (0, 3))
        over = np.maximum(second + third, 1)  # the point is beyond the edge opposite to the first corner
        second, third = second / over, third / over
        found: Floats = (1 - second - third) * corners[:, :3] + second * corners[:, 3:6] + third * corners[:, 6:]
        return found


def _cross(a: Floats, b: Floats) -> Floats:
    """Returns the cross products of rows; np.cross takes three times as long."""
    (ax, ay, az), (bx, by, bz) = a.T, b.T
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=1)


def bake(source: Source, positions: Floats, normals: Floats, faces: NDArray[np.uint32], uv: Floats, side: int) -> NDArray[np.uint8]:
    """Returns the texture, side × side × 3 in sRGB, of a mesh with a position, normal and uv per vertex."""
    picture = np.zeros((side * side, 3), dtype=np.float32)
    covered = np.zeros(side * side, dtype=bool)
    for texel in texels(uv[faces].astype(np.float64) * side - 0.5, side):
        corner = faces[texel.face]
        at, up = (sum(texel.weights[:, k, None] * values[corner[:, k]] for k in range(3)) for values in (positions, normals))
        picture[texel.index] = source.colors(at, up)
        covered[texel.index] = True
    fill(picture.reshape(side, side, 3), covered.reshape(side, side))
    return color.srgb(picture).reshape(side, side, 3)


@dataclass(frozen=True)
class Texels:
    """Texels whose centers are in triangles."""

    index: NDArray[np.int64]  # n, row by row
    face: NDArray[np.int64]  # n
    weights: Floats  # n × 3, of the corners


def texels(corners: NDArray[np.float64], side: int) -> Iterator[Texels]:
    """Yields the texels of triangles, m × 3 × 2, x and y in texels from the first one's center."""
    x, y = corners[..., 0], corners[..., 1]
    # The weight of corner k is a_k x + b_k y + c_k.
    following, last = [1, 2, 0], [2, 0, 1]
    a = y[:, following] - y[:, last]
    b = x[:, last] - x[:, following]
    c = x[:, following] * y[:, last] - x[:, last] * y[:, following]
    double = c.sum(axis=1)
    flat = np.abs(double) < 1e-9
    a, b, c = (v / np.where(flat, 1, double)[:, None] for v in (a, b, c))

    top = np.clip(np.ceil(y.min(axis=1)), 0, side).astype(np.int64)
    bottom = np.clip(np.floor(y.max(axis=1)), -1, side - 1).astype(np.int64)
    rows = np.where(flat, 0, np.maximum(bottom - top + 1, 0))
    face, number = _spread(rows)
    row = top[face] + number
    begin, end = np.full(len(face), -np.inf), np.full(len(face), np.inf)
    for k in range(3):
        slope, rest = a[face, k], b[face, k] * row + c[face, k]
        with np.errstate(divide="ignore", invalid="ignore"):
            bound = -rest / slope
        begin = np.where(slope > 0, np.maximum(begin, bound), begin)
        end = np.where(slope < 0, np.minimum(end, bound), end)
        end[(slope == 0) & (rest < 0)] = -np.inf
    start = np.clip(np.ceil(begin - 1e-6), 0, side).astype(np.int64)
    count = np.maximum(np.clip(np.floor(end + 1e-6), -1, side - 1).astype(np.int64) - start + 1, 0)

    ends = np.cumsum(count)
    first = 0
    while first < len(count):
        before = int(ends[first - 1]) if first else 0
        after = max(int(np.searchsorted(ends, before + _CHUNK)), first + 1)
        span, number = _spread(count[first:after])
        span += first
        column, line, of = start[span] + number, row[span], face[span]
        weights = a[of] * column[:, None] + b[of] * line[:, None] + c[of]
        yield Texels(line * side + column, of, weights.astype(np.float32))
        first = after


def _spread(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Returns each index as often as counts says, and numbers each one's occurrences from 0."""
    of = np.repeat(np.arange(len(counts)), counts)
    return of, np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts)


def fill(picture: Floats, covered: NDArray[np.bool_]) -> None:
    """Fills what is not covered: next to charts by the mean of their nearest texels, elsewhere smoothly.

    So neither filtering nor smaller versions of the texture show the background at seams.
    """
    _rings(picture, covered)
    _pull_push(picture, covered)


def _rings(picture: Floats, covered: NDArray[np.bool_]) -> None:
    height, width = covered.shape
    flat, done = picture.reshape(-1, 3), np.pad(covered, 1)
    for _ in range(_RINGS):
        near = np.zeros_like(covered)
        steps = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx]
        for dy, dx in steps:
            near |= done[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width]
        row, column = np.nonzero(near & ~done[1:-1, 1:-1])
        total, weight = np.zeros((len(row), 3), dtype=np.float32), np.zeros((len(row), 1), dtype=np.float32)
        for dy, dx in steps:
            there = np.flatnonzero(done[1 + row + dy, 1 + column + dx])
            total[there] += flat[(row[there] + dy) * width + column[there] + dx]
            weight[there] += 1
        flat[row * width + column] = total / weight
        done[1 + row, 1 + column] = True
    covered |= done[1:-1, 1:-1]


def _pull_push(picture: Floats, covered: NDArray[np.bool_]) -> None:
    """Fills holes from means over ever larger squares (Gortler and others 1996, The Lumigraph)."""
    levels = [(picture, covered.astype(np.float32))]
    while min(levels[-1][0].shape[:2]) > 1 and all(n % 2 == 0 for n in levels[-1][0].shape[:2]):
        values, weight = levels[-1]
        blocks = (values * weight[..., None], weight[..., None])
        total, share = (v.reshape(v.shape[0] // 2, 2, v.shape[1] // 2, 2, -1).sum(axis=(1, 3)) for v in blocks)
        levels.append((total / np.maximum(share, 1e-6), np.minimum(share[..., 0], 1)))
    for (values, weight), (coarse, _) in zip(reversed(levels[:-1]), reversed(levels[1:]), strict=True):
        row, column = np.nonzero(weight == 0)
        values[row, column] = coarse[row // 2, column // 2]
