"""Converts between sRGB and linear light (IEC 61966-2-1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .surface import Floats


def linear(srgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Converts sRGB values to linear light, 0 to 1."""
    c = np.arange(256) / 255
    table: NDArray[np.float64] = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return table[srgb]


def srgb(light: Floats) -> NDArray[np.uint8]:
    """Converts linear light, 0 to 1, to the nearest sRGB values."""
    c = np.arange(65536) / 65535
    curve = np.where(c <= 0.0031308, c * 12.92, 1.055 * c ** (1 / 2.4) - 0.055)
    table: NDArray[np.uint8] = np.rint(curve * 255).astype(np.uint8)
    encoded: NDArray[np.uint8] = table[np.rint(np.clip(light, 0, 1) * 65535).astype(np.uint16)]
    return encoded
