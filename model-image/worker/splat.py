"""The model's Gaussians: taken from its tensors, moved to the files' coordinates, written as PLY."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import surface
from .failure import WorkerFailure
from .reconstruction import Floats, Gaussians
from .surface import Frame


def take(gaussians: Any) -> Gaussians | None:
    """Copies the values that the source's save_ply writes from the GPU (gaussian_model.py).

    save_ply gets the opacity back from its sigmoid, which is infinite for an opaque Gaussian; here
    it is taken before the sigmoid.
    """
    if gaussians is None:
        return None
    features = _host(gaussians.get_features)  # n × 1 × 3: degree 0 only
    return Gaussians(
        positions=_host(gaussians.get_xyz),
        colors=features.reshape(len(features), -1)[:, :3],
        opacities=_host(gaussians._opacity + gaussians.opacity_bias).reshape(-1),
        scales=np.log(_host(gaussians.get_scaling)),
        rotations=_host(gaussians.get_rotation),
    )


def _host(tensor: Any) -> Floats:
    return np.asarray(tensor.detach().float().cpu().numpy(), dtype=np.float32)


def place(made: Gaussians | None, frame: Frame) -> Gaussians:
    """Returns the finite Gaussians in the mesh's coordinates. The model's are +Z up, in its own units.

    Colors of degree 0 do not depend on the view, so rotation does not change them.
    """
    if made is None:
        raise WorkerFailure("model_failed", "the model made no Gaussians")
    fields = (made.positions, made.colors, made.opacities[:, None], made.scales, made.rotations)
    finite = np.isfinite(np.concatenate(fields, axis=1)).all(axis=1)
    if not finite.any():
        raise WorkerFailure("model_failed", "the model's splat has no Gaussian")
    at = (made.positions[finite].astype(np.float64) @ surface.TO_Y_UP - frame.center) * frame.factor
    turns = made.rotations[finite].astype(np.float64)
    turns /= np.maximum(np.linalg.norm(turns, axis=1, keepdims=True), 1e-12)
    return Gaussians(
        positions=at.astype(np.float32),
        colors=made.colors[finite],
        opacities=made.opacities[finite],
        scales=made.scales[finite] + np.float32(np.log(frame.factor)),
        rotations=surface.multiply(surface.Z_UP_TO_Y_UP, turns).astype(np.float32),
    )


#: The fields of the source's save_ply, in its order. The normals are 0, as there.
FIELDS = (
    "x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2", "opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3",
)


def ply(placed: Gaussians, comment: str) -> bytes:
    """Returns binary little-endian PLY in the layout of 3DGS viewers."""
    values = np.concatenate([
        placed.positions, np.zeros_like(placed.positions), placed.colors, placed.opacities[:, None], placed.scales, placed.rotations,
    ], axis=1)
    header = [
        "ply", "format binary_little_endian 1.0", f"comment {comment}", f"element vertex {len(placed)}",
        *(f"property float {f}" for f in FIELDS), "end_header", "",
    ]
    body: NDArray[Any] = values.astype("<f4")
    return "\n".join(header).encode() + body.tobytes()
