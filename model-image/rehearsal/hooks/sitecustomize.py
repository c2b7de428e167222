"""Patches modules after they are imported. Python imports this module at startup."""

from __future__ import annotations

import importlib.machinery
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import cpu_as_cuda

AFTER: dict[str, Callable[[Any], None]] = {
    "torch": cpu_as_cuda.install,
    "moge.model.v1": cpu_as_cuda.announce_depth,
    "spconv.pytorch.ops": cpu_as_cuda.convolve_on_cpu,
    "sam3d_objects.model.backbone.tdfy_dit.models.structured_latent_vae.decoder_mesh": cpu_as_cuda.simulate_out_of_memory,
    "sam3d_objects.pipeline.inference_pipeline": cpu_as_cuda.prescribe_voxels,
    "worker.attention": cpu_as_cuda.keep_source,
    "worker.guidance": cpu_as_cuda.keep_source,
}


class Finder:
    """Finds the modules of AFTER with Python's own finder and patches them after execution."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> Any:
        change = AFTER.get(name)
        if change is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None:
            return spec
        run = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            run(module)
            change(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


sys.meta_path.insert(0, Finder)  # type: ignore[arg-type]
