"""The photo's camera from the points that its pixels show."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from .. import camera


class Tensor:
    """The methods of a torch tensor that the worker calls."""

    def __init__(self, values: Any) -> None:
        self.values = np.asarray(values, dtype=np.float32)

    def detach(self) -> Tensor:
        return self

    def cpu(self) -> Tensor:
        return self

    def float(self) -> Tensor:
        return self

    def numpy(self) -> Any:
        return self.values


def seen_by(yfov: float, height: int, width: int, depth: Any) -> Any:
    """The points that the pixels of a pinhole camera show, in PyTorch3D's space: +X left, +Y up."""
    focal = height / 2 / math.tan(yfov / 2)  # in pixels
    z = np.broadcast_to(depth, (height, width)).astype(np.float64)
    left = width / 2 - (np.arange(width) + 0.5)
    up = (height / 2 - (np.arange(height) + 0.5))[:, None]
    return np.stack([left * z / focal, up * z / focal, z], axis=2)


@pytest.mark.parametrize("height, width", [(60, 80), (90, 50), (40, 40)])
@pytest.mark.parametrize("degrees", [15, 45, 100])
def test_field_of_view_of_a_pinhole_camera_is_found(degrees: float, height: int, width: int) -> None:
    rng = np.random.default_rng(1)
    points = seen_by(math.radians(degrees), height, width, rng.uniform(1, 9, (height, width)))
    points[:5] = np.inf  # the sky
    points[-3:, :7] = np.nan
    found = camera.yfov(Tensor(points))
    assert found == pytest.approx(math.radians(degrees), rel=1e-4)


def test_noise_changes_it_little() -> None:
    rng = np.random.default_rng(2)
    points = seen_by(0.9, 120, 160, rng.uniform(1, 3, (120, 160)))
    points += rng.normal(scale=0.02, size=points.shape)
    assert camera.yfov(Tensor(points)) == pytest.approx(0.9, rel=0.02)


@pytest.mark.parametrize("points", [
    np.full((40, 40, 3), np.nan), np.zeros((40, 40, 3)), np.ones((5, 5, 3)),
    seen_by(0.8, 40, 40, 1.0) * [-1, -1, 1],  # upside down
    seen_by(0.8, 40, 40, -1.0), seen_by(math.radians(0.5), 40, 40, 1.0),
])
def test_points_that_no_camera_sees_tell_none(points: Any) -> None:
    assert camera.yfov(Tensor(points)) is None


def test_no_points_tell_none() -> None:
    assert camera.yfov(None) is None
