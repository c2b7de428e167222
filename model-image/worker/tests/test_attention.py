"""The batches of the attention's sequences, and the check of the source at set-up.

rehearsal/compare.py compares the results with those of the source's own functions, with torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from .. import attention, environment
from ..failure import WorkerFailure

Array = np.ndarray[Any, Any]


def softmax(scores: Array) -> Array:
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return np.asarray(weights / weights.sum(-1, keepdims=True))


def one_by_one(q: Array, k: Array, v: Array, q_lengths: Sequence[int], kv_lengths: Sequence[int]) -> Array:
    """Computes each sequence by itself, which is what the source's mask is for."""
    out, q_end, k_end = np.zeros((len(q), v.shape[1])), np.cumsum(q_lengths), np.cumsum(kv_lengths)
    for queries, keys, q_stop, k_stop in zip(q_lengths, kv_lengths, q_end, k_end, strict=True):
        mine, theirs = slice(q_stop - queries, q_stop), slice(k_stop - keys, k_stop)
        if queries and keys:
            out[mine] = softmax(q[mine] @ k[theirs].T) @ v[theirs]
    return out


def by_batch(q: Array, k: Array, v: Array, batches: list[attention.Batch]) -> Array:
    """Computes the batches as BlockAttention does, in numpy."""
    out = np.zeros((len(q), v.shape[1]))
    for b in batches:
        scores = q[b.queries] @ k[b.keys].transpose(0, 2, 1)
        if b.mask is not None:
            scores = np.where(b.mask[:, None], scores, -np.inf)
        found = (softmax(scores) @ v[b.keys]).reshape(-1, v.shape[1])
        out[b.rows] = found if b.kept is None else found[b.kept]
    return out


def compared(q_lengths: list[int], kv_lengths: list[int]) -> list[attention.Batch]:
    random = np.random.default_rng(7)
    q, k, v = (random.normal(size=(sum(n), c)) for n, c in ((q_lengths, 4), (kv_lengths, 4), (kv_lengths, 6)))
    batches = attention.plan(q_lengths, kv_lengths)
    np.testing.assert_allclose(by_batch(q, k, v, batches), one_by_one(q, k, v, q_lengths, kv_lengths), atol=1e-12)
    return batches


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=12))
def test_batches_give_what_each_sequence_gives(lengths: list[tuple[int, int]]) -> None:
    compared([q for q, _ in lengths], [k for _, k in lengths])


@pytest.mark.parametrize(("lengths", "batches"), [
    ([1], 1), ([64] * 9, 1), ([64, 65], 2), ([0, 5, 0], 1), ([0], 0), ([1, 2, 4, 8, 16, 512], 6), ([300, 257, 512], 1),
])
def test_sequences_of_similar_length_are_in_one_batch(lengths: list[int], batches: int) -> None:
    assert len(compared(lengths, lengths)) == batches


def test_there_is_no_mask_without_padding() -> None:
    (batch,) = attention.plan([64] * 9, [64] * 9)
    assert batch.mask is None and batch.kept is None
    (batch,) = attention.plan([30, 17], [137, 137])  # cross-attention: only queries are padded
    assert batch.mask is None and batch.kept is not None and batch.queries.shape == (2, 30)
    (batch,) = attention.plan([19, 19], [300, 400])
    assert batch.mask is not None and batch.kept is None and batch.mask.sum(axis=1).tolist() == [300, 400]


@given(st.lists(st.integers(1, 512), min_size=1, max_size=200))
def test_padding_multiplies_the_work_by_less_than_four(lengths: list[int]) -> None:
    padded = sum(b.queries.size * b.keys.shape[1] for b in attention.plan(lengths, lengths))
    assert padded < 4 * sum(n * n for n in lengths)


@pytest.fixture
def source(importable: None, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Returns the double's modules as after their import: the one that defines the function, and its callers."""
    modules = [environment.load(name) for name in (attention.DEFINED, *attention.CALLERS)]
    for caller in modules[1:]:
        monkeypatch.setattr(caller, attention.REPLACED, modules[0].masked_sdpa, raising=False)
    return modules


def test_the_function_is_replaced_where_it_is_called(source: list[Any]) -> None:
    for _ in range(2):  # a process may be set up twice
        attention.install(torch)
        assert all(isinstance(caller.masked_sdpa, attention.BlockAttention) for caller in source[1:])
    assert not isinstance(source[0].masked_sdpa, attention.BlockAttention)


def test_another_signature_is_refused(source: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source[0], "masked_sdpa", lambda q, k, v, cu_seqlens: None)
    with pytest.raises(WorkerFailure, match=r"masked_sdpa takes \(q, k, v, cu_seqlens\) and not \(q, k, v, q_seqlen, kv_seqlen\)") as failure:
        attention.install(torch)
    assert failure.value.code == "bad_config"


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_source_without_the_function_is_refused(source: list[Any], monkeypatch: pytest.MonkeyPatch, gone: int) -> None:
    monkeypatch.delattr(source[gone], "masked_sdpa")
    with pytest.raises(WorkerFailure, match=r"use sam-3d-objects at the commit of sources\.txt"):
        attention.install(torch)
