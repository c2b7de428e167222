"""A picture of the mesh, drawn without a GPU: the same view as the server's other backend draws."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .surface import Surface

SIDE = 512  # pixels
_SAMPLES = 2  # a pixel, each way
_YAW, _PITCH, _DISTANCE = np.radians(24), np.radians(12), 3.6
_MARGIN = 0.07
_DENSITY = 3.0  # points on a triangle for each sample that it covers
_CHUNK = 4_000_000  # points at once
_LIGHTS = (((-0.45, 0.75, 0.75), 0.75), ((0.9, 0.15, 0.35), 0.25))
_AMBIENT = 0.35


def png(shown: Surface) -> bytes:
    """A three-quarter view in soft light on a transparent background, as PNG."""
    side = SIDE * _SAMPLES
    at, depth = _project(shown.positions.astype(np.float64), side)
    normals = shown.normals().astype(np.float64)
    light = np.full(len(normals), _AMBIENT)
    for direction, strength in _LIGHTS:
        unit = np.array(direction) / np.linalg.norm(direction)
        light += strength * np.clip(normals @ unit, 0, None)
    colors = np.clip(shown.colors * light[:, None], 0, 255)

    nearest = np.full(side * side, np.inf)
    picture = np.zeros((side * side, 3))
    for where, how_far, face, weights in _points(at, depth, shown.faces, side):
        # The last of equal indices is written: sorted from far to near, that is the nearest.
        order = np.argsort(-how_far, kind="stable")
        last = np.full(side * side, -1)
        last[where[order]] = order
        pick = last[last >= 0]
        pick = pick[how_far[pick] < nearest[where[pick]]]
        nearest[where[pick]] = how_far[pick]
        picture[where[pick]] = np.einsum("pk,pkc->pc", weights[pick], colors[shown.faces[face[pick]]])
    covered = np.isfinite(nearest).astype(np.float64)
    return _encode(picture, covered, side)


def _project(positions: NDArray[np.float64], side: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places on the picture in samples, and distances from the camera."""
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
    at: NDArray[np.float64], depth: NDArray[np.float64], faces: NDArray[np.uint32], side: int
) -> list[tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]]:
    """Points spread evenly over every triangle: sample, distance, face, weights of its corners."""
    corners = at[faces]
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = np.abs(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]) / 2
    counts = np.ceil(area * _DENSITY).astype(np.int64) + 1
    groups = np.searchsorted(np.cumsum(counts), np.arange(_CHUNK, counts.sum() + _CHUNK, _CHUNK))
    out = []
    start = 0
    for end in np.unique(np.minimum(groups + 1, len(faces))):
        part = np.arange(start, end)
        start = int(end)
        face = np.repeat(part, counts[part])
        number = np.arange(len(face)) - np.repeat(np.cumsum(counts[part]) - counts[part], counts[part])
        # A sequence of low discrepancy (Roberts' R2), folded from the square into the triangle.
        u, v = (0.5 + number * 0.7548776662466927) % 1, (0.5 + number * 0.5698402909980532) % 1
        over = u + v > 1
        u, v = np.where(over, 1 - u, u), np.where(over, 1 - v, v)
        weights = np.stack([1 - u - v, u, v], axis=1)
        spot = np.einsum("pk,pkc->pc", weights, corners[face])
        cell = np.clip(spot.astype(np.int64), 0, side - 1)
        out.append((cell[:, 1] * side + cell[:, 0], np.einsum("pk,pk->p", weights, depth[faces[face]]), face, weights))
    return out


def _encode(picture: NDArray[np.float64], covered: NDArray[np.float64], side: int) -> bytes:
    def pool(values: NDArray[np.float64]) -> NDArray[np.float64]:
        shape = (SIDE, _SAMPLES, SIDE, _SAMPLES, -1)
        pooled: NDArray[np.float64] = values.reshape(side, side, -1).reshape(shape).mean(axis=(1, 3))
        return pooled

    alpha = pool(covered)
    rgb = pool(picture) / np.maximum(alpha, 1e-9)
    pixels = np.rint(np.concatenate([np.clip(rgb, 0, 255), alpha * 255], axis=2)).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(out, "PNG", compress_level=3)
    return out.getvalue()
