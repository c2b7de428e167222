"""Computes the keys and values of the condition tokens once an object, where the source does so in each step.

A generator evaluates its transformer dozens of times with the same condition tokens. Each block projects them again to
the keys and values of its cross-attention (to_kv of tdfy_dit/modules/attention/modules.py and
tdfy_dit/modules/sparse/attention/modules.py), although neither time nor latents take part in that. The projections are
kept while the generator runs: 2 · 24 blocks of 7,528 tokens and 2,048 values in the first stage, 1.5 GB in half
precision, and 24 of 5,496 in the second, 0.5 GB, both at times when the decoders, which take the most memory, have not
begun.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from .failure import WorkerFailure
from .guidance import GENERATORS


def keep(torch: ModuleType, pipeline: Any) -> None:
    """Keeps the projections of both generators.

    It changes nothing for a generator whose transformer embeds pictures itself, because the same
    pictures may then give other tokens. It raises a failure if the source has other classes than
    those that it was written for.
    """
    for name in GENERATORS:
        try:
            generator = pipeline.models[name]
            transformer = generator.reverse_fn.backbone
            if isinstance(transformer.condition_embedder, torch.nn.Module):
                continue
            kept = _Kept()
            for number, to_kv in enumerate(list(_projections(transformer))):
                to_kv.forward = kept.once(number, to_kv.forward)
            transformer.forward = kept.reading(transformer.forward)
            generator.forward = kept.released(generator.forward)
        except (AttributeError, KeyError) as err:
            raise WorkerFailure(
                "bad_config", f"{name} has no cross-attention as expected: {err}; use sam-3d-objects at the commit of sources.txt, as the model image does."
            ) from err


def _projections(transformer: Any) -> Iterator[Any]:
    for block in transformer.blocks:
        cross = block.cross_attn
        # The first stage has an attention for each kind of latents, in a ModuleDict.
        for attention in cross.values() if hasattr(cross, "values") else (cross,):
            yield attention.to_kv


class _Kept:
    """The projections of the condition tokens of one call of a generator."""

    def __init__(self) -> None:
        self._tokens: Any = None
        self._made: dict[int, Any] = {}
        self._is_conditional = False

    def once(self, number: int, project: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def kept(tokens: Any) -> Any:
            if not self._is_conditional:
                return project(tokens)
            if number not in self._made:
                self._made[number] = project(tokens)
            return self._made[number]

        return kept

    def reading(self, forward: Callable[..., Any]) -> Callable[..., Any]:
        """Wraps a transformer's forward, whose first condition is the tokens. Those of an unconditional pass are zero."""

        def evaluate(latents: Any, t: Any, *condition_args: Any, **condition_kwargs: Any) -> Any:
            self._is_conditional = bool(condition_args) and not condition_kwargs.get("cfg")
            if self._is_conditional and condition_args[0] is not self._tokens:
                self._release()
                self._tokens = condition_args[0]
            try:
                return forward(latents, t, *condition_args, **condition_kwargs)
            finally:
                self._is_conditional = False

        return evaluate

    def released(self, forward: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            try:
                return forward(*args, **kwargs)
            finally:
                self._release()

        return run

    def _release(self) -> None:
        self._tokens = None
        self._made.clear()
