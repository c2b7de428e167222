"""Runs SAM 3D Objects: builds the pipeline from its configuration and reconstructs objects."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import attention, camera, checkpoints, context, environment, guidance, photo_cache, precision, quality, splat, weights, workspace
from .failure import WorkerFailure
from .memory import Settings
from .photo_cache import PhotoCache
from .picture import Pixels
from .protocol import Stage
from .reconstruction import ModelPose, Reconstruction

#: Methods of the pipeline that begin a stage, in the order in which run() calls them
#: (pipeline/inference_pipeline_pointmap.py).
STAGES: dict[str, Stage] = {
    "compute_pointmap": "depth",
    "sample_sparse_structure": "sparse_structure",
    "sample_slat": "latents",
    "decode_slat": "decode",
}


#: Message of torch for the minimum of no voxel (pipeline/inference_utils.py, prune_sparse_structure).
_NO_VOXEL = "non-zero size"


class Unsound(WorkerFailure):
    """The model made nothing usable, which can be an overflow in half precision."""

    def __init__(self, message: str) -> None:
        super().__init__("model_failed", message)


def import_source(torch: ModuleType) -> None:
    """Imports the modules of sam3d_objects, which takes most of a minute from a cold disk, and replaces their attention."""
    environment.load("sam3d_objects")
    for module in environment.ATTENTION:
        environment.load(module)
    attention.install(torch)
    environment.load("sam3d_objects.pipeline.inference_pipeline_pointmap")


class Sam3d:
    """The pipeline with its weights on the GPU. Call import_source first."""

    def __init__(
        self, torch: ModuleType, config: Any, model: Path, scratch: Path, dinov2: Path, photo: PhotoCache, distilled_steps: int = 0
    ) -> None:
        """Loads the pipeline. distilled_steps above 0 samples stage 1 as a distilled model in that many steps.

        The source supports it (use_stage1_distillation: no guidance, and the step's size as an input),
        but it is not documented whether the published weights are distilled.
        """
        hydra: Any = environment.load("hydra.utils")
        self._torch = torch
        self._distilled_steps = distilled_steps
        self._source: Any = environment.load("sam3d_objects.pipeline.inference_utils")
        self._photo = photo
        adapted = workspace.adapt(config, model, scratch, dinov2)
        # Only .safetensors files are not loaded strictly; see workspace.
        strict = not any(name.suffix == ".safetensors" for name in weights.named_by(adapted))
        with checkpoints.read_once(torch), checkpoints.uninitialized(torch) if strict else nullcontext():
            self._pipeline = hydra.instantiate(adapted)
        guidance.shorten(torch, self._pipeline)
        context.keep(torch, self._pipeline)
        precision.keep_casts(self._pipeline)
        self._keep_by_photo()
        self._on_stage: Callable[[Stage], None] = lambda _: None
        self._max_voxels: int | None = None
        self._structure: NDArray[np.int32] | None = None  # replaces what the first stage finds
        self._limit_voxels()
        for method, stage in STAGES.items():
            self._announce(method, stage)

    def _keep_by_photo(self) -> None:
        """Wraps the models whose results depend only on the photo."""
        self._depth = self._pipeline.depth_model
        self._pipeline.depth_model = photo_cache.Depth(self._torch, self._depth, self._photo)
        for name, fuser in self._pipeline.condition_embedders.items():
            if fuser is not None:
                photo_cache.keep_tokens(self._torch, name, fuser, self._photo)

    def _limit_voxels(self) -> None:
        """Wraps the method that samples the structure, to halve the object's grid above max_voxels.

        The source does the same above its own limit. The memory of both later stages grows with
        the number of occupied voxels.
        """
        sample = self._pipeline.sample_sparse_structure

        def limited(*args: Any, **kwargs: Any) -> Any:
            try:
                found = sample(*args, **kwargs)
            except IndexError as err:
                if _NO_VOXEL not in str(err):
                    raise
                raise Unsound("the model found no shape") from None
            if len(found["coords"]) == 0:
                raise Unsound("the model found no shape")
            if self._structure is not None:
                found.update(coords=found["coords"].new_tensor(self._structure), downsample_factor=1)
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

    def reconstruct(
        self, rgba: Pixels, seed: int, settings: Settings, chosen: quality.Settings, on_stage: Callable[[Stage], None],
        on_retry: Callable[[str], None],
    ) -> Reconstruction:
        """Reconstructs the object that the alpha channel (0 or 255) marks.

        If the mesh is empty or has vertices that are not finite, it tries once more in full
        precision, after calling on_retry with the reason. Of the second mesh only the valid part
        is used.
        """
        self._on_stage = on_stage
        self._max_voxels = settings.max_voxels
        # Every run sets its steps: the source sets a generator's steps back only after the sampling,
        # so None would mean those of an earlier run that ran out of memory.
        steps = (
            self._distilled_steps or chosen.stage1_steps or self._pipeline.ss_inference_steps,
            chosen.stage2_steps or self._pipeline.slat_inference_steps,
        )
        try:
            made = self._run(rgba, seed, steps)
            if np.isfinite(made.mesh.vertices).all():
                return made
            raise Unsound("the model's mesh has vertices that are not finite")
        except Unsound as err:
            if precision.is_full(self._torch, self._pipeline):
                raise
            on_retry(str(err))
        self._photo.clear()  # it holds results in half precision
        try:
            with precision.full(self._torch, self._pipeline, self._depth):
                return self._run(rgba, seed, steps)
        finally:
            self._photo.clear()

    @property
    def grid(self) -> int:
        """The voxels a side of the grid of structures: 64 with the published weights."""
        return int(self._pipeline.models["slat_decoder_mesh"].resolution)

    def warm_up(self, rgba: Pixels, structure: NDArray[np.int32]) -> None:
        """Runs every model once, with one step of each generator.

        The second stage gets the given voxels, n × 4 (0, x, y, z), so that its work does not depend
        on what the first finds.
        """
        self._structure = structure
        try:
            self._run(rgba, 0, (1, 1))
        finally:
            self._structure = None

    def _run(self, rgba: Pixels, seed: int, steps: tuple[int, int]) -> Reconstruction:
        """Runs the pipeline with so many steps of both generators."""
        torch: Any = self._torch
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
                stage1_inference_steps=steps[0],
                stage2_inference_steps=steps[1],
                use_stage1_distillation=self._distilled_steps > 0,
                pointmap=None,
                decode_formats=["mesh", "gaussian"],  # to_glb needs both
            )
        torch.cuda.synchronize()
        mesh = out.get("glb")
        if mesh is None or len(mesh.vertices) == 0 or len(mesh.faces) == 0:
            raise Unsound("the model made an empty mesh")
        return Reconstruction(mesh=mesh, splat=splat.take(out.get("gs")), pose=_pose(out))


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
    return ModelPose(rotation / length, translation, scale, camera.yfov(out.get("pointmap")))
