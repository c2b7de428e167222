"""Draws Gaussians as viewers do, to compare files. It shares no code with what writes them.

Each Gaussian is projected to an ellipse, widened by 0.3 square pixels, and blended from front to back; contributions
below 1/255 and beyond three standard deviations are dropped (graphdeco-inria/diff-gaussian-rasterization, forward.cu).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..reconstruction import Gaussians

Array = NDArray[Any]
_SPAN = 1.3  # of the picture, in units of the longest side
_ROWS = 32  # that are drawn at once, which bounds the memory


@dataclass(frozen=True)
class Splat:
    """n Gaussians with the values that a viewer uses."""

    positions: Array  # n × 3
    axes: Array  # n × 3 × 3: the columns are the axes, as long as the standard deviations
    opacities: Array  # n: 0 to 1
    colors: Array  # n × 3: 0 to 1 and beyond


def splat(positions: Array, turns: Array, deviations: Array, opacities: Array, colors: Array) -> Splat:
    """Returns Gaussians of quaternions w, x, y, z, which need not be of length 1."""
    w, x, y, z = (turns.astype(np.float64) / np.linalg.norm(turns, axis=1, keepdims=True)).T
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    axes = np.moveaxis(np.array(rows), 2, 0) * deviations[:, None, :]
    return Splat(positions.astype(np.float64), axes, opacities.reshape(-1).astype(np.float64), colors.astype(np.float64))


def of(made: Gaussians) -> Splat:
    """Returns the Gaussians of a PLY file."""
    return splat(
        made.positions, made.rotations, np.exp(made.scales.astype(np.float64)), 1 / (1 + np.exp(-made.opacities.astype(np.float64))),
        0.5 + 0.28209479 * made.colors,
    )


def render(seen: Splat, turn: Array, side: int) -> tuple[Array, Array]:
    """Returns the orthographic picture on white, side × side × 3 from 0 to 1, and the share covered of each pixel.

    turn is a rotation to the camera's axes: +X right, +Y up, +Z to the camera.
    """
    scale = side / _SPAN
    drawn = np.flatnonzero(seen.opacities > 1 / 255)
    at = seen.positions[drawn] @ turn.T
    nearest = np.argsort(-at[:, 2], kind="stable")
    drawn, at = drawn[nearest], at[nearest]
    flat = (turn[:2] * ((1,), (-1,)) * scale) @ seen.axes[drawn]  # y points down
    xx, xy, yy = (np.einsum("nk,nk->n", flat[:, i], flat[:, k]) for i, k in ((0, 0), (0, 1), (1, 1)))
    xx, yy = xx + 0.3, yy + 0.3
    determinant = xx * yy - xy * xy
    x, y = ((at[:, k] * sign / _SPAN + 0.5) * side - 0.5 for k, sign in ((0, 1), (1, -1)))
    opacity, color = seen.opacities[drawn], np.clip(seen.colors[drawn], 0, None)
    reach = np.minimum(2 * np.log(opacity * 255), 9)
    left, right = _pixels(x, np.sqrt(reach * xx), 0, side)
    picture, clear = np.zeros((side * side, 3)), np.ones(side * side)
    for row in range(0, side, _ROWS):
        top, bottom = _pixels(y, np.sqrt(reach * yy), row, min(row + _ROWS, side))
        counts = np.maximum(right - left, 0) * np.maximum(bottom - top, 0)
        which = np.repeat(np.arange(len(drawn)), counts)
        number = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
        column, line = left[which] + number % (right - left)[which], top[which] + number // (right - left)[which]
        dx, dy = column - x[which], line - y[which]
        distance = (yy[which] * dx * dx - 2 * xy[which] * dx * dy + xx[which] * dy * dy) / determinant[which]
        alpha = np.minimum(opacity[which] * np.exp(-distance / 2), 0.99)
        near = (distance <= 9) & (alpha >= 1 / 255)
        which, alpha, pixel = which[near], alpha[near], (line * side + column)[near]
        order = np.argsort(pixel, kind="stable")  # the nearest stays the first of its pixel
        which, alpha, pixel = which[order], alpha[order], pixel[order]
        passed = np.cumsum(np.log1p(-alpha)) - np.log1p(-alpha)
        first = np.flatnonzero(np.diff(pixel, prepend=-1))
        weights = alpha * np.exp(passed - np.repeat(passed[first], np.diff(first, append=len(pixel))))
        for channel in range(3):
            picture[:, channel] += np.bincount(pixel, weights * color[which, channel], side * side)
        clear -= np.bincount(pixel, weights, side * side)
    return np.clip(picture + clear[:, None], 0, 1).reshape(side, side, 3), (1 - clear).reshape(side, side)


def _pixels(center: Array, reach: Array, low: int, high: int) -> tuple[Array, Array]:
    """Returns the first pixel within reach, and the one after the last, from low to high."""
    return np.ceil(np.maximum(center - reach, low)).astype(int), np.floor(np.minimum(center + reach, high - 1)).astype(int) + 1


def psnr(one: Splat, two: Splat, turns: list[Array], side: int) -> list[float]:
    """Returns the peak signal-to-noise ratio of each side in dB, of pixels that show either."""
    ratios = []
    for turn in turns:
        (a, in_a), (b, in_b) = render(one, turn, side), render(two, turn, side)
        either = (in_a > 1 / 255) | (in_b > 1 / 255)
        ratios.append(-10 * float(np.log10(max(float(((a - b)[either] ** 2).mean()), 1e-12))))
    return ratios
