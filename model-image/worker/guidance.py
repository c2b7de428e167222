"""Shortens the unconditional pass of classifier-free guidance to one condition token.

Both generators evaluate their transformer a second time without the photo. With `unconditional_handling: add_flag` and
`force_zeros_cond`, as in the published configurations, that pass computes `cond = condition_embedder(tokens) * 0`
(SLatFlowModelTdfyWrapper and SparseStructureFlowTdfyWrapper): thousands of tokens, all zero. They are only the context
of cross-attention, which adds no positions to them. So in each block all keys are equal (to_kv's bias, normalized for
each head) and all values are (to_kv's bias), softmax gives each of n keys the weight 1/n, and the result is the value
itself: the same as with a single token, but for rounding.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from .failure import WorkerFailure

GENERATORS = ("ss_generator", "slat_generator")
#: The parameters of the transformers' forward after the latents: the time, the condition tokens, which the pipeline
#: passes first and by position (sample_slat, sample_sparse_structure), and the flag `cfg` in the last.
PARAMETERS = ("t", "condition_args", "condition_kwargs")


def shorten(torch: ModuleType, pipeline: Any) -> None:
    """Passes one condition token to the unconditional passes of both generators.

    It changes nothing for a generator whose configuration gives that pass something else than zeros. It raises a
    failure if the source has other classes than those that it was written for.
    """
    for name in GENERATORS:
        try:
            guidance = pipeline.models[name].reverse_fn
            transformer = guidance.backbone
            zeros = guidance.unconditional_handling == "add_flag" and transformer.force_zeros_cond
            embedder = transformer.condition_embedder
        except (AttributeError, KeyError) as err:
            raise WorkerFailure("bad_config", f"{name} has no classifier-free guidance as expected: {err}; {_HINT}") from err
        _, *parameters = inspect.signature(transformer.forward).parameters
        if tuple(parameters) != PARAMETERS:
            raise WorkerFailure("bad_config", f"the transformer of {name} takes ({', '.join(parameters)}) and not ({', '.join(PARAMETERS)}); {_HINT}")
        # Without an embedder of its own, which would take pictures, the transformer gets tokens.
        if zeros and not isinstance(embedder, torch.nn.Module):
            transformer.forward = _with_one_token(transformer.forward)


_HINT = "use sam-3d-objects at the commit of sources.txt, as the model image does."


def _with_one_token(forward: Callable[..., Any]) -> Callable[..., Any]:
    def shortened(latents: Any, t: Any, *condition_args: Any, **condition_kwargs: Any) -> Any:
        if condition_kwargs.get("cfg") and condition_args:
            tokens, *others = condition_args  # tokens [B, L, C], which forward multiplies by 0
            condition_args = (tokens[:, :1], *others)
        return forward(latents, t, *condition_args, **condition_kwargs)

    return shortened
