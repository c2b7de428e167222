"""The condition tokens are projected once in a run of a generator, and others in another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from .. import context, guidance
from ..failure import WorkerFailure

STEPS = 5


@pytest.fixture
def generators(importable: None) -> dict[str, Any]:
    from sam3d_objects.model.backbone.module import Generator
    from sam3d_objects.model.backbone.tdfy_dit.models.mot_sparse_structure_flow import SparseStructureFlowTdfyWrapper
    from sam3d_objects.model.backbone.tdfy_dit.models.structured_latent_flow import SLatFlowModelTdfyWrapper

    return {
        "ss_generator": Generator("ss_generator", STEPS, SparseStructureFlowTdfyWrapper()),
        "slat_generator": Generator("slat_generator", STEPS, SLatFlowModelTdfyWrapper()),
    }


class Pipeline:
    def __init__(self, models: dict[str, Any]) -> None:
        self.models = models


def projections(generator: Any) -> list[Any]:
    return list(context._projections(generator.reverse_fn.backbone))


def run(generator: Any, value: float = 1) -> Any:
    tokens = np.full((1, 9, 2), value)
    return generator({}, tokens) if generator.name == "ss_generator" else generator(None, tokens, "coords")


@pytest.mark.parametrize("name", guidance.GENERATORS)
def test_tokens_are_projected_once_a_run(generators: dict[str, Any], name: str) -> None:
    generator = generators[name]
    assert len(projections(generator)) == (4 if name == "ss_generator" else 2)
    run(generator)
    assert {p.calls for p in projections(generator)} == {2 * STEPS}, "the double does not project in each step"
    context.keep(torch, Pipeline(generators))
    for number in (1, 2):
        run(generator)
        # Once with the condition, and in each step without, for which guidance.shorten leaves one token.
        assert {p.calls for p in projections(generator)} == {2 * STEPS + number * (STEPS + 1)}


@pytest.mark.parametrize("name", guidance.GENERATORS)
def test_other_tokens_have_other_projections(generators: dict[str, Any], name: str) -> None:
    context.keep(torch, Pipeline(generators))
    transformer = generators[name].reverse_fn.backbone
    projected: list[Any] = []
    # What the attention receives, whether kept or made.
    for p in projections(generators[name]):
        kept = p.forward
        p.forward = lambda tokens, kept=kept: projected.append(kept(tokens)) or projected[-1]
    for value in (1.0, 3.0, 1.0):
        projected.clear()
        tokens = np.full((1, 9, 2), value)
        for _ in range(2):
            transformer({}, 0.5, tokens, *(() if name == "ss_generator" else ("coords",)))
        assert projected and all((p == 2 * value).all() for p in projected)


@pytest.mark.parametrize("fails", [False, True])
def test_nothing_is_kept_after_a_run(generators: dict[str, Any], fails: bool) -> None:
    context.keep(torch, Pipeline(generators))
    generator = generators["slat_generator"]
    if fails:
        last = projections(generator)[-1]
        made = last.forward

        def out_of_memory(tokens: Any) -> Any:
            made(tokens)
            raise torch.OutOfMemoryError("CUDA out of memory.")

        last.forward = out_of_memory
        with pytest.raises(torch.OutOfMemoryError):
            run(generator)
    else:
        run(generator)
    kept = projections(generator)[0].forward.__closure__
    (holder,) = (cell.cell_contents for cell in kept if isinstance(cell.cell_contents, context._Kept))
    assert holder._tokens is None and not holder._made


def test_an_embedder_of_its_own_is_left_alone(generators: dict[str, Any]) -> None:
    generator = generators["ss_generator"]
    generator.reverse_fn.backbone.condition_embedder = torch.nn.Module()
    before = [p.forward for p in projections(generator)]
    context.keep(torch, Pipeline(generators))
    assert [p.forward for p in projections(generator)] == before


def test_other_classes_are_refused(generators: dict[str, Any]) -> None:
    del generators["slat_generator"].reverse_fn.backbone.blocks[1].cross_attn
    with pytest.raises(WorkerFailure, match=r"slat_generator has no cross-attention as expected: .*cross_attn") as failure:
        context.keep(torch, Pipeline(generators))
    assert failure.value.code == "bad_config"
