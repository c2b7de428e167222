"""Gaussians such as the model's decoder makes, on the figurine; the weights that would make real ones are not at hand.

The layout is the decoder's (decoder_gs.py of the source): 32 Gaussians in each voxel that the surface crosses, spread
by a Hammersley sequence over 1.5 voxels, and no standard deviation below 0.0009. The rest is assumed, and on the side of
noise, since deflate cannot shorten noise:

- They lie within 0.12 voxels (σ) of the surface, at places that vary by 0.15 voxels (σ).
- The ellipsoids are flat along the normal, by a factor of 4, and their axes vary by a factor of 1.65 (σ of the logarithm:
  0.5). They are tilted by 10° (σ) and turned about the normal by any angle.
- Opacities are sigmoids of a normal distribution with mean 1 and σ 2: a third of them is below 0.5.
- Colors are the figurine's with a σ of 0.03 for brightness and 0.03 for each channel.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .. import surface
from ..reconstruction import Gaussians
from . import shape

_EACH = 32
_SIDE = 1.2  # of the grid, in the figurine's own units


def figurine(voxels: int = 64, seed: int = 1) -> Gaussians:
    """Returns about 77 · voxels² Gaussians, 314,464 for the model's grid of 64³; the longest side is 1."""
    rng = np.random.default_rng(seed)
    voxel = _SIDE / voxels
    axis = (np.arange(voxels) + 0.5) * voxel - _SIDE / 2
    centers = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    crossed = centers[np.abs(shape._smooth(centers)) < 0.8 * voxel]
    places = np.repeat(crossed, _EACH, axis=0) + np.tile(_hammersley() - 0.5, (len(crossed), 1)) * 1.5 * voxel
    on = shape._onto(places + rng.normal(0, 0.15 * voxel, places.shape), shape._detailed)
    normals = shape._gradient(on, shape._detailed)
    colors = shape._colors(on, normals) / 255 + rng.normal(0, 0.03, (len(on), 1)) + rng.normal(0, 0.03, on.shape)
    at = on + normals * rng.normal(0, 0.12 * voxel, (len(on), 1))
    low, high = at.min(axis=0), at.max(axis=0)
    factor = 1 / (high - low).max()
    logarithms = rng.normal(np.log(0.24 * voxel), 0.5, at.shape) - (0, 0, np.log(4))
    deviations = np.hypot(np.exp(logarithms), 0.0009) * factor
    tilted = normals + rng.normal(0, np.radians(10), normals.shape)
    return Gaussians(
        positions=((at - (low + high) / 2) * factor).astype(np.float32),
        colors=((colors - 0.5) / 0.28209479).astype(np.float32),
        opacities=rng.normal(1, 2, len(at)).astype(np.float32),
        scales=np.log(deviations).astype(np.float32),
        rotations=_turned(tilted, rng.uniform(0, 2 * np.pi, len(at))).astype(np.float32),
    )


def _hammersley() -> NDArray[np.float64]:
    """Returns the points of a Hammersley sequence in the unit cube."""

    def mirrored(base: int, number: int) -> float:
        value, digit = 0.0, 1.0
        while number:
            digit /= base
            value, number = value + digit * (number % base), number // base
        return value

    return np.array([[i / _EACH, mirrored(2, i), mirrored(3, i)] for i in range(_EACH)])


def _turned(normals: NDArray[np.float64], angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns quaternions that turn +Z onto the normals, after a turn about +Z."""
    n = normals / np.linalg.norm(normals, axis=1, keepdims=True)
    onto = np.stack([1 + n[:, 2], -n[:, 1], n[:, 0], np.zeros(len(n))], axis=1)
    onto /= np.maximum(np.linalg.norm(onto, axis=1, keepdims=True), 1e-9)
    about = np.stack([np.cos(angles / 2), np.zeros(len(n)), np.zeros(len(n)), np.sin(angles / 2)], axis=1)
    return surface.multiply(onto, about)
