"""Runs SAM 3D Objects: builds the pipeline from its configuration and reconstructs objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import attention, environment, guidance, workspace
from .failure import WorkerFailure
from .memory import Settings
from .picture import Pixels
from .protocol import Stage

#: Methods of the pipeline that begin a stage, in the order in which run() calls them
#: (pipeline/inference_pipeline_pointmap.py).
STAGES: dict[str, Stage] = {
    "compute_pointmap": "depth",
    "sample_sparse_structure": "sparse_structure",
    "sample_slat": "latents",
    "decode_slat": "decode",
}


@dataclass(frozen=True)
class ModelPose:
    """The object's pose in the model: p = (v · scale) @ matrix(rotation) + translation."""

    rotation: NDArray[np.float64]  # quaternion w, x, y, z
    translation: NDArray[np.float64]
    scale: NDArray[np.float64]


@dataclass(frozen=True)
class Reconstruction:
    """The output of the pipeline, in its own units."""

    mesh: Any  # trimesh.Trimesh with vertex colors, +Y up
    splat: Any  # Gaussian, with save_ply(path), +Z up
    pose: ModelPose | None


class Sam3d:
    """The pipeline with its weights on the GPU."""

    def __init__(self, torch: ModuleType, model: Path, scratch: Path, dinov2: Path) -> None:
        config = workspace.load_pipeline(model)
        environment.load("sam3d_objects")
        for module in environment.ATTENTION:
            environment.load(module)
        attention.install(torch)
        environment.load("sam3d_objects.pipeline.inference_pipeline_pointmap")
        hydra: Any = environment.load("hydra.utils")
        self._torch = torch
        self._source: Any = environment.load("sam3d_objects.pipeline.inference_utils")
        self._pipeline = hydra.instantiate(workspace.adapt(config, model, scratch, dinov2))
        guidance.shorten(torch, self._pipeline)
        self._on_stage: Callable[[Stage], None] = lambda _: None
        self._max_voxels: int | None = None
        self._limit_voxels()
        for method, stage in STAGES.items():
            self._announce(method, stage)

    def _limit_voxels(self) -> None:
        """Wraps the method that samples the structure, to halve the object's grid above max_voxels.

        The source does the same above its own limit. The memory of both later stages grows with
        the number of occupied voxels.
        """
        sample = self._pipeline.sample_sparse_structure

        def limited(*args: Any, **kwargs: Any) -> Any:
            found = sample(*args, **kwargs)
            if self._max_voxels is not None:
                coords, factor = self._source.downsample_sparse_structure(found["coords"], max_coords=self._max_voxels)
                # run() multiplies the object's scale by the factor.
                found.update(coords=coords, downsample_factor=found["downsample_factor"] * factor)
            return found

        self._pipeline.sample_sparse_structure = limited

    def _announce(self, method: str, stage: Stage) -> None:
        called = getattr(self._pipeline, method)

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            self._torch.cuda.synchronize()  # so that the previous stage includes its kernels
            self._on_stage(stage)
            return called(*args, **kwargs)

        setattr(self._pipeline, method, wrapped)

    def reconstruct(self, rgba: Pixels, seed: int, settings: Settings, on_stage: Callable[[Stage], None]) -> Reconstruction:
        """Reconstructs the object that the alpha channel (0 or 255) marks."""
        torch: Any = self._torch
        self._on_stage = on_stage
        self._max_voxels = settings.max_voxels
        # No gradients are needed: the published configuration has no pose refinement, which at this
        # commit would fail anyway, because run() does not get the intrinsics of MoGe.
        with torch.inference_mode():
            out = self._pipeline.run(
                rgba,
                None,
                seed,
                stage1_only=False,
                with_mesh_postprocess=False,  # it removes vertex colors
                with_texture_baking=False,
                with_layout_postprocess=False,
                use_vertex_color=True,
                stage1_inference_steps=None,
                pointmap=None,
                decode_formats=["mesh", "gaussian"],  # to_glb needs both
            )
        torch.cuda.synchronize()
        mesh = out.get("glb")
        if mesh is None or len(mesh.vertices) == 0 or len(mesh.faces) == 0:
            raise WorkerFailure("model_failed", "the model made an empty mesh")
        return Reconstruction(mesh=mesh, splat=out.get("gs"), pose=_pose(out))


def _pose(out: dict[str, Any]) -> ModelPose | None:
    if any(out.get(k) is None for k in ("rotation", "translation", "scale")):
        return None
    # The pose decoder returns shapes (1, 4), (1, 3) and (1, 3).
    rotation, translation, scale = (
        np.asarray(out[k].detach().cpu().float().numpy(), dtype=np.float64).reshape(-1)
        for k in ("rotation", "translation", "scale")
    )
    length = float(np.linalg.norm(rotation))
    fits = rotation.size == 4 and translation.size == 3 and scale.size == 3
    if not fits or not np.isfinite([*rotation, *translation, *scale]).all() or length < 1e-6 or (scale <= 0).any():
        return None
    return ModelPose(rotation / length, translation, scale)
