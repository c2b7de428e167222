"""Writes Gaussians as SPZ version 2 (github.com/nianticlabs/spz), the version of glTF's extension.

An SPZ file of this version is a gzip stream of a header of 16 bytes and, for all Gaussians after
each other, positions, opacities, colors, scales and rotations. Its axes are those of the files: +X
right, +Y up, +Z back. Its size is what deflate makes of the bytes, so values are rounded to what a
viewer can tell apart. With σ the standard deviation along an axis of the ellipsoid, and the names
of the error bounds below:

    positions   24-bit fixed point, 13 bits after the point; multiples of 8. POSITION_ERROR on each axis
    opacities   8 bits after the sigmoid; multiples of 8, below 16 any. OPACITY_ERROR, FAINT_OPACITY_ERROR
    colors      8 bits, 0.5 + 0.15 · f_dc; multiples of 4. COLOR_ERROR; f_dc is cut at ±3.33
    scales      8 bits, 16 · (ln σ + 10); multiples of 1, 2, 4 or 8: the most that changes σ by SCALE_ERROR
                or less. A large σ, for which that is less than a step of 1, is within LARGE_SCALE_ERROR · σ
    rotations   x, y, z in 8 bits each; w follows, positive. In steps of 1 to 32, or none: the most by which
                the outline moves by TURN_ERROR or less, but for steps of 1, which turn by STEP_TURN at most

Gaussians of an opacity below 1/255, which viewers do not draw, are left out. The others follow a
Z-order curve, so that neighbors in space are neighbors in the file: the high bytes of their
positions repeat. Of the 24 bits, the 13 after the point put few changes into the upper two bytes.

w is inaccurate where it is small. But turning an ellipsoid about its own axes by a symmetry of the
cube only exchanges its axes, so each Gaussian is stored with the one of these 24 rotations that has
the largest w, which is at least 0.85.

The Go server writes its splats by the same rules (server/mesh/spz.go); testdata/spz.json holds both to them.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import surface
from .reconstruction import Gaussians

_MAGIC, _VERSION = 0x5053474E, 2
_FRACTION, _ZEROS = 13, 3  # bits after the point, and those of them that are 0
_LIMIT = 2 ** (23 - _ZEROS)
_COLOR, _COLOR_STEP = 0.15, 4
_FAINT, _OPACITY_STEP = 16, 8  # of 255
_LARGEST_SCALE_STEP = 8
_LARGEST_TURN_STEP, _NO_TURN = 32, 256

#: Largest differences from the written Gaussians, for values that the format can hold. Lengths are in units of the mesh's longest side.
POSITION_ERROR = 0.5 / 2 ** (_FRACTION - _ZEROS)
OPACITY_ERROR = 0.5 * _OPACITY_STEP / 255
FAINT_OPACITY_ERROR = 0.5 / 255  # of opacities below 16/255
COLOR_ERROR = 0.28209479177387814 * 0.5 * _COLOR_STEP / 255 / _COLOR  # of the color, 0 to 1
SCALE_ERROR = 1 / 2048
LARGE_SCALE_ERROR = float(np.expm1(0.5 / 16))  # relative
TURN_ERROR = 3 / 2048
#: The angle in radians by which rounding in steps of 1 turns at most; rounding in larger steps, up to 32, turns by as
#: many times that. Each of x, y and z changes by up to 1/255, and w by up to 0.62 times their change: its share is
#: √(1 - w²) / w. The half angle is the length of that change.
STEP_TURN = 0.016


def encode(placed: Gaussians) -> bytes:
    """Returns the file."""
    packed = pack(placed)
    head = struct.pack("<IIIBBBB", _MAGIC, _VERSION, len(packed[1]), 0, _FRACTION, 0, 0)
    return _gzip([head + packed[0].tobytes(), *(part.tobytes() for part in packed[1:])])


def pack(placed: Gaussians) -> tuple[NDArray[np.uint8], ...]:
    """Returns the bytes of the m Gaussians that are drawn, in the file's order: positions (m × 9), opacities (m),
    colors, scales and rotations (m × 3 each). If none is drawn, all are kept.
    """
    opacities = 255 / (1 + np.exp(-placed.opacities.astype(np.float64)))
    shown = opacities >= 1
    if not shown.any():
        shown[:] = True
    cells = np.rint(placed.positions[shown].astype(np.float64) * 2 ** (_FRACTION - _ZEROS)).clip(-_LIMIT, _LIMIT - 1).astype(np.int64)
    along = np.argsort(_curve(cells), kind="stable")
    kept = np.flatnonzero(shown)[along]
    opacities, colors, scales, turns = opacities[kept], placed.colors[kept], placed.scales[kept], placed.rotations[kept].astype(np.float64)
    turns, scales = upright(turns / np.maximum(np.linalg.norm(turns, axis=1, keepdims=True), 1e-12), scales.astype(np.float64))
    deviations = np.exp(scales)
    fixed = (cells[along] << _ZEROS).astype("<i4")
    return (
        np.ascontiguousarray(fixed).view(np.uint8).reshape(-1, 12)[:, [0, 1, 2, 4, 5, 6, 8, 9, 10]],
        _byte(opacities, np.where(opacities < _FAINT, 1, _OPACITY_STEP)),
        _byte(255 * (0.5 + _COLOR * colors.astype(np.float64)), _COLOR_STEP),
        _byte(16 * (scales + 10), _power_of_two(32 * np.log1p(SCALE_ERROR / deviations)).clip(1, _LARGEST_SCALE_STEP)),
        _turns(turns[:, 1:], deviations.max(axis=1) - deviations.min(axis=1)),
    )


def _turns(vectors: NDArray[np.float64], unevenness: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Returns the rounded x, y and z. A turn by an angle moves the outline by the angle times the unevenness, the
    difference of the largest and the smallest deviation, at most, and by no more than the unevenness.
    """
    step = _power_of_two(TURN_ERROR / STEP_TURN / np.maximum(unevenness, 1e-12)).clip(1)
    step[step > _LARGEST_TURN_STEP] = _NO_TURN
    # 127 and 128 stand for ±0.5/127.5; the steps begin at 128.
    return _byte(127.5 * vectors - 0.5, step[:, None], zero=128)


def _power_of_two(most: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the largest powers of two that are not above the values."""
    powers: NDArray[np.float64] = np.ldexp(0.5, np.frexp(most)[1])
    return powers


def _byte(values: NDArray[Any], step: NDArray[Any] | int, zero: int = 0) -> NDArray[np.uint8]:
    """Returns zero plus the nearest multiples of the step."""
    rounded: NDArray[np.uint8] = (np.rint(values / step) * step + zero).clip(0, 255).astype(np.uint8)
    return rounded


def _curve(cells: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Returns places along a Z-order curve, whose lowest bits are those of x, y and z; the cells have 21 bits, signed."""
    spread = (cells + _LIMIT).astype(np.uint64)
    for shift, mask in (
        (32, 0x1F00000000FFFF), (16, 0x1F0000FF0000FF), (8, 0x100F00F00F00F00F), (4, 0x10C30C30C30C30C3), (2, 0x1249249249249249),
    ):
        spread = (spread | (spread << np.uint64(shift))) & np.uint64(mask)
    places: NDArray[np.uint64] = spread[:, 0] | (spread[:, 1] << np.uint64(1)) | (spread[:, 2] << np.uint64(2))
    return places


def _gzip(parts: list[bytes]) -> bytes:
    """Returns one gzip stream (RFC 1952) of the parts after each other.

    zlib takes any repetition of three bytes, also where its distance costs more than the bytes. Positions are smallest
    with distances up to 2 KiB, most other parts with none but runs.
    """
    first, *others = parts
    compressed = [_deflate(first, zlib.Z_DEFAULT_STRATEGY, window=11)]
    compressed += [min((_deflate(part, strategy) for strategy in (zlib.Z_RLE, zlib.Z_DEFAULT_STRATEGY)), key=len) for part in others]
    end = zlib.compressobj(wbits=-15).flush()
    whole = b"".join(parts)
    header = struct.pack("<2sBBIBB", b"\x1f\x8b", 8, 0, 0, 2, 255)  # deflate, no time, best compression, unknown system
    return header + b"".join(compressed) + end + struct.pack("<II", zlib.crc32(whole), len(whole) & 0xFFFFFFFF)


def _deflate(data: bytes, strategy: int, window: int = 15) -> bytes:
    """Returns blocks of deflate that end at a byte and are not the last."""
    stream = zlib.compressobj(9, zlib.DEFLATED, -window, 9, strategy)
    return stream.compress(data) + stream.flush(zlib.Z_FULL_FLUSH)


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
