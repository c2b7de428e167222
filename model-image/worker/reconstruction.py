"""The output of the pipeline as arrays in the host's memory, and its file for the exporter."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .picture import Cover

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class ModelPose:
    """The object's pose in the model: p = (v · scale) @ matrix(rotation) + translation."""

    rotation: NDArray[np.float64]  # quaternion w, x, y, z
    translation: NDArray[np.float64]
    scale: NDArray[np.float64]
    yfov: float | None = None  # of the photo's camera, vertical, in radians


@dataclass(frozen=True)
class Gaussians:
    """Gaussians whose colors do not depend on the view, with the values that PLY files of 3DGS have."""

    positions: Floats  # n × 3
    colors: Floats  # n × 3: spherical harmonics of degree 0, (color - 0.5) / 0.28209
    opacities: Floats  # n: before the sigmoid
    scales: Floats  # n × 3: logarithms of the standard deviations
    rotations: Floats  # n × 4: quaternions w, x, y, z

    def __len__(self) -> int:
        return len(self.positions)


@dataclass(frozen=True)
class Reconstruction:
    """The output of the pipeline, in its own units."""

    mesh: Any  # trimesh.Trimesh with vertex colors, +Y up
    splat: Gaussians | None  # +Z up
    pose: ModelPose | None


def save(made: Reconstruction, mask: Cover, path: Path) -> None:
    """Writes the object and its mask as an uncompressed .npz file: about 120 bytes a vertex, 68 a Gaussian, one a pixel."""
    arrays: dict[str, NDArray[Any]] = {
        "mesh.vertices": np.asarray(made.mesh.vertices, dtype=np.float64),
        "mesh.faces": np.asarray(made.mesh.faces, dtype=np.int64),
        "mesh.colors": np.asarray(made.mesh.visual.vertex_colors, dtype=np.uint8),
        "mask.cover": mask,
    }
    for name, part in (("splat", made.splat), ("pose", made.pose)):
        if part is not None:
            values = {f.name: getattr(part, f.name) for f in fields(part)}
            arrays.update({f"{name}.{field}": np.asarray(value) for field, value in values.items() if value is not None})
    with path.open("wb") as file:
        np.savez(file, **arrays)


def load(path: Path) -> tuple[Reconstruction, Cover]:
    """Reads a file of `save`."""
    import trimesh  # noqa: PLC0415  # the worker does not need it to read this module

    with np.load(path, allow_pickle=False) as arrays:
        parts: dict[str, dict[str, Any]] = {}
        for key in arrays.files:
            name, _, field = key.partition(".")
            parts.setdefault(name, {})[field] = arrays[key]
    mesh, pose = parts["mesh"], parts.get("pose")
    if pose is not None and "yfov" in pose:
        pose["yfov"] = float(pose["yfov"])
    made = Reconstruction(
        mesh=trimesh.Trimesh(mesh["vertices"], mesh["faces"], vertex_colors=mesh["colors"], process=False),
        splat=Gaussians(**parts["splat"]) if "splat" in parts else None,
        pose=ModelPose(**pose) if pose is not None else None,
    )
    return made, parts["mask"]["cover"]
