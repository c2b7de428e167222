"""Renders previews of meshes on the CPU, in the same view as the server's relief backend."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .surface import Surface

SIDE = 256  # pixels: a card of a list of jobs on a dense screen, as in internal/job/format.go
_QUALITY = 85  # of WebP, 0 to 100: about 6 KB
_METHOD = 5  # of WebP, 0 to 6: the last takes 0.2 s for the transparency, and saves 1 % of the bytes
_SAMPLES = 2  # per pixel in each direction
_YAW, _PITCH, _DISTANCE = np.radians(24), np.radians(12), 3.6
_MARGIN = 0.07
_DENSITY = 3.0  # points per sample covered by a triangle
_CHUNK = 1_000_000  # points per chunk
_LIGHTS = (((-0.45, 0.75, 0.75), 0.75), ((0.9, 0.15, 0.35), 0.25))
_AMBIENT = 0.35


def webp(shown: Surface) -> bytes:
    """Returns a WebP of a three-quarter view in soft light on a transparent background."""
    side = SIDE * _SAMPLES
    at, depth = _project(shown.positions.astype(np.float64), side)
    normals = shown.normals().astype(np.float64)
    light = np.full(len(normals), _AMBIENT)
    for direction, strength in _LIGHTS:
        unit = np.array(direction) / np.linalg.norm(direction)
        light += strength * np.clip(normals @ unit, 0, None)
    colors = np.clip(shown.colors * light[:, None], 0, 255).astype(np.float32)

    # Painter's algorithm: draw from far to near. It is only approximate for intersecting triangles,
    # which are small.
    faces = shown.faces[np.argsort(-depth[shown.faces].sum(axis=1))]
    picture = np.zeros((side * side, 3), dtype=np.float32)
    covered = np.zeros(side * side, dtype=np.float32)
    for where, face, u, v in _points(at.astype(np.float32), faces, side):
        last = np.full(side * side, -1, dtype=np.int32)
        last[where] = np.arange(len(where), dtype=np.int32)
        seen = np.flatnonzero(last >= 0)
        point = last[seen]
        one, two, three = (colors[faces[face[point], k]] for k in range(3))
        picture[seen] = one + u[point, None] * (two - one) + v[point, None] * (three - one)
        covered[seen] = 1
    return _encode(picture, covered, side)


def _project(positions: NDArray[np.float64], side: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns picture coordinates in samples, and distances from the camera."""
    sy, cy, sp, cp = np.sin(_YAW), np.cos(_YAW), np.sin(_PITCH), np.cos(_PITCH)
    x, y, z = positions.T
    x, z = cy * x - sy * z, sy * x + cy * z
    y, z = cp * y - sp * z, sp * y + cp * z
    depth = _DISTANCE - z
    flat = np.stack([x / depth, -y / depth], axis=1)
    low, high = flat.min(axis=0), flat.max(axis=0)
    zoom = side * (1 - 2 * _MARGIN) / max(float((high - low).max()), 1e-9)
    return (flat - (low + high) / 2) * zoom + side / 2, depth


def _points(
    at: NDArray[np.float32], faces: NDArray[np.uint32], side: int
) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]]:
    """Yields evenly distributed points of all triangles in order: sample, face, position in it."""
    x, y = (at[:, k][faces] for k in range(2))
    area = np.abs((x[:, 1] - x[:, 0]) * (y[:, 2] - y[:, 0]) - (x[:, 2] - x[:, 0]) * (y[:, 1] - y[:, 0])) / 2
    counts = np.ceil(area * _DENSITY).astype(np.int64) + 1
    ends = np.cumsum(counts)
    start = 0
    while start < len(faces):
        before = int(ends[start - 1]) if start else 0
        end = max(int(np.searchsorted(ends, before + _CHUNK)), start + 1)
        part = counts[start:end]
        face = np.repeat(np.arange(start, end, dtype=np.int32), part)
        number = np.arange(len(face), dtype=np.int32) - np.repeat((ends[start:end] - part - before).astype(np.int32), part)
        # A low-discrepancy sequence (Roberts' R2), folded from the unit square into the triangle.
        u, v = (((0.5 + np.arange(part.max()) * step) % 1).astype(np.float32)[number] for step in (0.7548776662466927, 0.5698402909980532))
        over = u + v > 1
        np.subtract(1, u, out=u, where=over)
        np.subtract(1, v, out=v, where=over)
        column, row = (
            np.clip(c[face, 0] + u * (c[:, 1] - c[:, 0])[face] + v * (c[:, 2] - c[:, 0])[face], 0, side - 1).astype(np.int32) for c in (x, y)
        )
        yield row * side + column, face, u, v
        start = end


def _encode(picture: NDArray[np.float32], covered: NDArray[np.float32], side: int) -> bytes:
    def pool(values: NDArray[np.float32]) -> NDArray[np.float32]:
        shape = (SIDE, _SAMPLES, SIDE, _SAMPLES, -1)
        pooled: NDArray[np.float32] = values.reshape(side, side, -1).reshape(shape).mean(axis=(1, 3))
        return pooled

    alpha = pool(covered)
    rgb = pool(picture) / np.maximum(alpha, 1e-9)
    pixels = np.rint(np.concatenate([np.clip(rgb, 0, 255), alpha * 255], axis=2)).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(out, "WEBP", quality=_QUALITY, method=_METHOD)
    return out.getvalue()
