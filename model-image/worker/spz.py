"""Writes Gaussians as SPZ version 2 (github.com/nianticlabs/spz), the version of glTF's extension.

An SPZ file of this version is a gzip stream of a header of 16 bytes and, for all Gaussians after
each other, positions, opacities, colors, scales and rotations. Its axes are those of the files: +X
right, +Y up, +Z back. With the names of the error bounds below:

    positions   24-bit fixed point, 12 bits after the point    POSITION_ERROR on each axis
    opacities   8 bits after the sigmoid                       OPACITY_ERROR
    colors      8 bits, 0.5 + 0.15 · f_dc                      COLOR_ERROR; f_dc is cut at ±3.33
    scales      8 bits, 16 · (logarithm + 10)                  SCALE_ERROR of the logarithm
    rotations   x, y, z in 8 bits each; w follows, positive    ROTATION_ERROR

w is inaccurate where it is small. But turning an ellipsoid about its own axes by a symmetry of the
cube only exchanges its axes, so each Gaussian is stored with the one of these 24 rotations that has
the largest w, which is at least 0.85.
"""

from __future__ import annotations

import gzip
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import surface
from .reconstruction import Gaussians

_MAGIC, _VERSION = 0x5053474E, 2
_FRACTION = 12  # bits
_COLOR = 0.15

#: Largest differences from the written Gaussians, for values that the format can hold.
POSITION_ERROR = 0.5 / 2**_FRACTION  # in units of the mesh's longest side
OPACITY_ERROR = 0.5 / 255
COLOR_ERROR = 0.28209479177387814 * 0.5 / 255 / _COLOR  # of the color, 0 to 1
SCALE_ERROR = 0.5 / 16
ROTATION_ERROR = np.radians(1)  # angle of the axes


def encode(placed: Gaussians) -> bytes:
    """Returns the file."""
    turns = placed.rotations.astype(np.float64)
    turns, scales = upright(turns / np.maximum(np.linalg.norm(turns, axis=1, keepdims=True), 1e-12), placed.scales)
    fixed = np.rint(placed.positions.astype(np.float64) * 2**_FRACTION).clip(-(2**23), 2**23 - 1).astype("<i4")
    opacities = 255 / (1 + np.exp(-placed.opacities.astype(np.float64)))
    parts = (
        np.ascontiguousarray(fixed).view(np.uint8).reshape(-1, 4)[:, :3],
        _byte(opacities),
        _byte(255 * (0.5 + _COLOR * placed.colors)),
        _byte(16 * (scales + 10)),
        _byte(127.5 * (1 + turns[:, 1:])),
    )
    head = struct.pack("<IIIBBBB", _MAGIC, _VERSION, len(placed), 0, _FRACTION, 0, 0)
    return gzip.compress(head + b"".join(p.tobytes() for p in parts), compresslevel=6, mtime=0)


def _byte(values: NDArray[Any]) -> NDArray[np.uint8]:
    rounded: NDArray[np.uint8] = np.rint(values).clip(0, 255).astype(np.uint8)
    return rounded


def upright(turns: NDArray[np.float64], scales: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Returns rotations and scales of the same ellipsoids in which w is as large as possible.

    The product of q with the conjugate of a rotation of the cube has w = q · u. The 24 rotations
    have one component 1, two of √½ or four of ½, with any signs, so the best u has the signs of q's
    one, two or four largest components.
    """
    size = np.abs(turns)
    order = np.argsort(-size, axis=1, kind="stable")
    largest = np.take_along_axis(size, order, axis=1)
    sums = np.stack([largest[:, 0], largest[:, :2].sum(axis=1) * np.sqrt(0.5), largest.sum(axis=1) * 0.5], axis=1)
    count = np.array([1, 2, 4])[sums.argmax(axis=1)]
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.broadcast_to(np.arange(4), order.shape), axis=1)
    cube = np.where(rank < count[:, None], np.where(turns < 0, -1.0, 1.0), 0.0) / np.sqrt(count)[:, None]
    # Column vectors: R·S·Sᵀ·Rᵀ = (R·Cᵀ)·(C·S·Sᵀ·Cᵀ)·(R·Cᵀ)ᵀ, where C permutes the axes.
    exchanged = np.einsum("nij,nj->ni", surface.matrices(cube) ** 2, scales)
    return surface.multiply(turns, surface.conjugate(cube)), exchanged
