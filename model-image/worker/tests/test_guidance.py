"""The unconditional pass gets one token where the source zeroes all of them, and what is checked of the source."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from .. import guidance
from ..failure import WorkerFailure

TOKENS = np.ones((1, 9, 2))


@pytest.fixture
def pipeline(importable: None) -> Any:
    from sam3d_objects.model.backbone.tdfy_dit.models.mot_sparse_structure_flow import SparseStructureFlowTdfyWrapper
    from sam3d_objects.model.backbone.tdfy_dit.models.structured_latent_flow import SLatFlowModelTdfyWrapper

    return SimpleNamespace(models={
        name: SimpleNamespace(reverse_fn=SimpleNamespace(backbone=transformer(), unconditional_handling="add_flag"))
        for name, transformer in (("ss_generator", SparseStructureFlowTdfyWrapper), ("slat_generator", SLatFlowModelTdfyWrapper))
    })


def reverse_fns(pipeline: Any) -> list[Any]:
    return [pipeline.models[name].reverse_fn for name in guidance.GENERATORS]


def tokens(pipeline: Any, **flag: bool) -> list[int]:
    """Returns the number of tokens that the transformers of both stages attend to."""
    structure, latent = (fn.backbone for fn in reverse_fns(pipeline))
    return [structure({}, 0.5, TOKENS, **flag).shape[1], latent(None, 0.5, TOKENS, "coords", **flag).shape[1]]


def test_only_the_unconditional_pass_gets_one_token(pipeline: Any) -> None:
    assert tokens(pipeline, cfg=True) == [9, 9]
    guidance.shorten(torch, pipeline)
    assert tokens(pipeline, cfg=True) == [1, 1]
    assert tokens(pipeline) == [9, 9]


@pytest.mark.parametrize(("name", "value"), [("force_zeros_cond", False), ("condition_embedder", torch.nn.Module())])
def test_tokens_that_are_not_zero_are_kept(pipeline: Any, name: str, value: Any) -> None:
    for fn in reverse_fns(pipeline):
        setattr(fn.backbone, name, value)
    before = [fn.backbone.forward for fn in reverse_fns(pipeline)]
    guidance.shorten(torch, pipeline)
    assert [fn.backbone.forward for fn in reverse_fns(pipeline)] == before


def test_other_handlings_are_kept(pipeline: Any) -> None:
    for fn in reverse_fns(pipeline):
        fn.unconditional_handling = "zeros"
    guidance.shorten(torch, pipeline)
    assert tokens(pipeline, cfg=True) == [9, 9]


def test_another_signature_is_refused(pipeline: Any) -> None:
    reverse_fns(pipeline)[1].backbone.forward = lambda x, t, tokens: None
    with pytest.raises(WorkerFailure, match=r"slat_generator takes \(t, tokens\) and not \(t, condition_args, condition_kwargs\)") as failure:
        guidance.shorten(torch, pipeline)
    assert failure.value.code == "bad_config"


@pytest.mark.parametrize("name", ["unconditional_handling", "backbone"])
def test_another_guidance_is_refused(pipeline: Any, name: str) -> None:
    delattr(reverse_fns(pipeline)[0], name)
    with pytest.raises(WorkerFailure, match=rf"ss_generator has no classifier-free guidance as expected: .*{name}"):
        guidance.shorten(torch, pipeline)
