"""The photo's camera, from the model's map of the points that the pixels show."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Fewest points from which the camera is estimated, and the fields of view that a photo can have.
FEWEST_POINTS = 100
NARROWEST, WIDEST = math.radians(1), math.radians(170)


def yfov(pointmap: Any) -> float | None:
    """Returns the vertical field of view in radians, or None if the points tell none.

    The points, height × width × 3, are in PyTorch3D's camera space: +X left, +Y up, +Z away. run()
    returns them, but not the intrinsics that MoGe finds. As MoGe does, this assumes square pixels
    and a camera whose axis meets the middle of the photo (moge/utils/geometry_torch.py,
    recover_focal_shift), so that x/z and y/z are proportional to the distance from the middle.
    """
    if pointmap is None:
        return None
    points: NDArray[np.float64] = np.asarray(pointmap.detach().cpu().float().numpy(), dtype=np.float64)
    height, width = points.shape[:2]
    # In units of the photo's height, to the left and up.
    left = np.broadcast_to((width / 2 - np.arange(width) - 0.5) / height, (height, width))
    up = np.broadcast_to(((height / 2 - np.arange(height) - 0.5) / height)[:, None], (height, width))
    seen = np.isfinite(points).all(axis=2) & (points[..., 2] > 1e-6)  # the sky is at infinity
    if seen.sum() < FEWEST_POINTS:
        return None
    x, y, z = points[seen].T
    spread = (left[seen] ** 2).sum() + (up[seen] ** 2).sum()
    slope = ((x / z) * left[seen]).sum() + ((y / z) * up[seen]).sum()  # least squares
    if spread <= 0 or slope <= 0:
        return None
    angle = 2 * math.atan(slope / spread / 2)
    return angle if NARROWEST < angle < WIDEST else None
