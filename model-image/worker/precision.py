"""Half and full precision of the pipeline.

The source runs its models in half precision: under autocast with the dtypes of pipeline.yaml, and
the transformer blocks of models whose configuration sets use_fp16 in float16
(tdfy_dit/models/…, convert_to_fp16). float16 ends at 65,504; beyond it values become infinite, and
the object empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any


def keep_casts(pipeline: Any) -> None:
    """Lets autocast cast each weight of the generators once per stage.

    autocast keeps the cast of a tensor until its context ends, but only of leaves that require a
    gradient (PyTorch, aten/src/ATen/autocast_mode.cpp, cached_cast). The source freezes all
    weights, so each of the 25 steps, with and without the condition, casts them again. Runs are
    without gradients, so setting the flag has no other effect. The casts of one stage take half the
    size of its generator's weights: 2.1 GB at most.
    """
    for name in ("ss_generator", "slat_generator"):
        pipeline.models[name].requires_grad_(True)


def is_full(torch: ModuleType, pipeline: Any) -> bool:
    """Reports whether the pipeline already runs in full precision."""
    return pipeline.dtype == pipeline.shape_model_dtype == torch.float32 and not _halved(torch, pipeline)


@contextmanager
def full(torch: ModuleType, pipeline: Any, depth: Any) -> Iterator[None]:
    """Runs the pipeline and its depth model in float32. Enter it outside inference mode.

    Weights that are in float16 are converted for its duration; the way back is exact.
    """
    before = pipeline.dtype, pipeline.shape_model_dtype
    infer = depth.model.infer  # its own autocast is independent of the pipeline's dtype
    halved = _halved(torch, pipeline)
    try:
        pipeline.dtype = pipeline.shape_model_dtype = torch.float32
        depth.model.infer = lambda *args, **more: infer(*args, **{**more, "use_fp16": False})
        for module in halved:
            module.convert_to_fp32()
            module.dtype = torch.float32
        yield
    finally:
        pipeline.dtype, pipeline.shape_model_dtype = before
        depth.model.infer = infer
        for module in halved:
            module.convert_to_fp16()
            module.dtype = torch.float16


def _halved(torch: ModuleType, pipeline: Any) -> list[Any]:
    """Returns the models whose blocks are in float16."""
    return [m for m in pipeline.models.modules() if hasattr(m, "convert_to_fp32") and getattr(m, "dtype", None) == torch.float16]
