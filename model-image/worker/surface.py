"""The mesh in the coordinates of the files: +Y up, longest side 1, centered on the origin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .failure import WorkerFailure
from .protocol import MeshFacts, Pose
from .reconstruction import ModelPose

Floats = NDArray[np.float32]

#: The pipeline rotates its mesh, but not its splat, from +Z up to +Y up by v @ TO_Y_UP
#: (tdfy_dit/utils/postprocessing_utils.py, to_glb).
TO_Y_UP = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], dtype=np.float64)
#: The quaternion of TO_Y_UP for column vectors (matrix @ v): +90° around X.
_Q = np.array([np.sqrt(0.5), np.sqrt(0.5), 0, 0])


@dataclass(frozen=True)
class Frame:
    """The transform from the model's units to the files', both +Y up: (v - center) * factor."""

    center: NDArray[np.float64]
    factor: float

    def pose(self, model: ModelPose | None) -> Pose | None:
        """Returns the pose of the files' mesh from that of the model's mesh, which is +Z up."""
        if model is None:
            return None
        size = float(model.scale.mean())  # the model's scale is the same on all axes
        rows = matrix(model.rotation)
        offset = (self.center @ TO_Y_UP.T * size) @ rows + model.translation
        # The model multiplies row vectors; for column vectors its rotation is the conjugate.
        turn = multiply(conjugate(model.rotation), _Q)
        return Pose(
            rotation=[float(x) for x in turn / np.linalg.norm(turn)],
            translation=[float(x) for x in offset],
            scale=[size / self.factor] * 3,
            yfov=model.yfov,
        )


@dataclass(frozen=True)
class Surface:
    """A triangle mesh with a color per vertex."""

    positions: Floats  # n × 3
    faces: NDArray[np.uint32]  # m × 3, counterclockwise when seen from outside
    colors: NDArray[np.uint8]  # n × 3, sRGB

    def normals(self) -> Floats:
        """Returns unit normals of the vertices, weighted by the area of their triangles."""
        corners = self.positions[self.faces].astype(np.float64)
        area = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        total = np.zeros((len(self.positions), 3))
        for k in range(3):
            for axis in range(3):
                total[:, axis] += np.bincount(self.faces[:, k], weights=area[:, axis], minlength=len(total))
        length = np.linalg.norm(total, axis=1, keepdims=True)
        flat = length[:, 0] < 1e-20
        total[flat] = (0, 1, 0)
        length[flat] = 1
        unit: Floats = (total / length).astype(np.float32)
        return unit

    def facts(self) -> MeshFacts:
        bounds = [[float(x) for x in edge(self.positions, axis=0)] for edge in (np.min, np.max)]
        return MeshFacts(vertices=len(self.positions), faces=len(self.faces), bounds=bounds)


def from_trimesh(mesh: Any) -> tuple[Surface, Frame]:
    """Converts the model's mesh to the units of the files and removes invalid parts.

    Triangles with a corner that is not finite or is repeated are removed, and unused vertices.
    """
    positions = np.asarray(mesh.vertices, dtype=np.float64)
    faces = np.asarray(mesh.faces, dtype=np.int64)
    colors = np.asarray(mesh.visual.vertex_colors, dtype=np.uint8)[:, :3]
    finite = np.isfinite(positions).all(axis=1)
    whole = finite[faces].all(axis=1)
    whole &= (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    faces = faces[whole]
    used = np.zeros(len(positions), dtype=bool)
    used[faces] = True
    if not used.any():
        raise WorkerFailure("model_failed", "the model's mesh has no triangle")
    positions, colors = positions[used], colors[used]
    faces = (np.cumsum(used) - 1)[faces]
    low, high = positions.min(axis=0), positions.max(axis=0)
    longest = float((high - low).max())
    if longest < 1e-9:
        raise WorkerFailure("model_failed", "the model's mesh has no extent")
    frame = Frame(center=(low + high) / 2, factor=1 / longest)
    scaled = ((positions - frame.center) * frame.factor).astype(np.float32)
    return Surface(scaled, faces.astype(np.uint32), np.ascontiguousarray(colors)), frame


def matrix(q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the matrix of a unit quaternion w, x, y, z for column vectors (matrix @ v)."""
    only: NDArray[np.float64] = matrices(q[None])[0]
    return only


def matrices(q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the matrices, n × 3 × 3, of n unit quaternions w, x, y, z for column vectors."""
    w, x, y, z = q.T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=1) for row in rows], axis=1)


def multiply(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the product of quaternions, w first, along the last axis: rotation b, then a."""
    aw, ax, ay, az = np.moveaxis(a, -1, 0)
    bw, bx, by, bz = np.moveaxis(b, -1, 0)
    return np.stack([
        aw * bw - ax * bx - ay * by - az * bz, aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx, aw * bz + ax * by - ay * bx + az * bw,
    ], axis=-1)


def conjugate(q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the inverse rotation."""
    back: NDArray[np.float64] = q * np.array([1, -1, -1, -1])
    return back


#: The rotation from +Z up to +Y up, as a quaternion for column vectors.
Z_UP_TO_Y_UP = conjugate(_Q)
