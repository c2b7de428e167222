"""Replaces the attention of the sparse transformers by one of the same result, without their masks.

With PyTorch's attention the source concatenates the sequences of a call and adds a mask of queries × keys, which is −∞
outside the blocks of its diagonal (sparse/attention/masked_sdpa.py): each query is computed with the keys of all
sequences, a single sequence gets a mask of zeros, and PyTorch's flash kernel, which takes no masks, is ruled out. The
windows of the decoders always come this way, because windowed_attn.py compares their numbers of voxels with the side
of a window.

Here one sequence is computed without a mask. Several are computed in batches of sequences of similar length, padded
to the longest, with masks of sequences × keys.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import environment
from .failure import WorkerFailure

_PACKAGE = "sam3d_objects.model.backbone.tdfy_dit.modules.sparse.attention"
#: The function that is replaced, its module and the modules that import it by name and call it. A third one,
#: serialized_attn, is not used by the published configurations; it needs a package that the image lacks.
REPLACED = "masked_sdpa"
DEFINED = f"{_PACKAGE}.masked_sdpa"
CALLERS = (f"{_PACKAGE}.full_attn", f"{_PACKAGE}.windowed_attn")
PARAMETERS = ("q", "k", "v", "q_seqlen", "kv_seqlen")

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Batch:
    """B sequences that are computed in one call, padded to Q queries and K keys."""

    queries: Indices  # [B, Q], rows of the concatenated queries; padding repeats a sequence's first row
    keys: Indices  # [B, K], rows of the concatenated keys
    mask: NDArray[np.bool_] | None  # [B, K], False where keys are padding; None without padding
    kept: Indices | None  # rows of the B · Q results that are not padding; None for all
    rows: Indices  # the rows of the concatenated result that they are


def plan(q_lengths: Sequence[int], kv_lengths: Sequence[int]) -> list[Batch]:
    """Returns the batches that compute sequences of these lengths. Sequences without queries or keys are in none.

    The longest sequence of a batch has at most twice the queries and keys of the shortest, so padding multiplies the
    work by less than four. More batches would pad less, but at these sizes a call takes a GPU longer to start than to
    compute: the windows of 26,000 voxels take 0.01 TFLOP a block.
    """
    similar: dict[tuple[int, int], list[int]] = {}
    for i, (q_length, kv_length) in enumerate(zip(q_lengths, kv_lengths, strict=True)):
        if q_length and kv_length:
            similar.setdefault(((q_length - 1).bit_length(), (kv_length - 1).bit_length()), []).append(i)
    batches = []
    for members in similar.values():
        queries, is_query = _padded(q_lengths, members)
        keys, is_key = _padded(kv_lengths, members)
        batches.append(Batch(
            queries, keys, None if is_key.all() else is_key, None if is_query.all() else np.flatnonzero(is_query), queries[is_query],
        ))
    return batches


def _padded(lengths: Sequence[int], members: list[int]) -> tuple[Indices, NDArray[np.bool_]]:
    """Returns the rows of these sequences, [B, longest], and which of them are not padding."""
    starts = np.cumsum([0, *lengths[:-1]], dtype=np.int64)[members]
    own = np.asarray(lengths, dtype=np.int64)[members]
    offsets = np.arange(own.max())
    real = offsets < own[:, None]
    return starts[:, None] + np.where(real, offsets, 0), real


class BlockAttention:
    """Attention of each sequence with itself or with its own keys, with the signature of the source's masked_sdpa."""

    def __init__(self, torch: ModuleType) -> None:
        self._torch: Any = torch
        # All blocks of a model divide their voxels into the same sequences, two kinds if windows are shifted.
        self._batches = functools.lru_cache(maxsize=4)(self._plan_on)

    def __call__(self, q: Any, k: Any, v: Any, q_seqlen: Sequence[int], kv_seqlen: Sequence[int]) -> Any:
        """Returns [T, H, Co] for queries [1, T, H, Ci], keys [1, S, H, Ci] and values [1, S, H, Co].

        The lengths are those of the sequences that T and S concatenate. The result is 0 for a sequence without keys.
        """
        if len(q_seqlen) == 1 and kv_seqlen[0] > 0:
            return self._attend(q, k, v)[0]
        q, k, v = q[0], k[0], v[0]
        out = None
        for queries, keys, mask, kept, rows in self._batches(tuple(q_seqlen), tuple(kv_seqlen), q.device):
            part = self._attend(q[queries], k[keys], v[keys], mask).flatten(0, 1)
            if out is None:  # of the type of the result, which autocast may have changed
                out = part.new_zeros(q.shape[0], *part.shape[1:])
            out[rows] = part if kept is None else part[kept]
        return q.new_zeros(*q.shape[:2], v.shape[-1]) if out is None else out

    def _attend(self, q: Any, k: Any, v: Any, mask: Any = None) -> Any:
        """Returns [B, Q, H, Co]."""
        q, k, v = (t.transpose(1, 2) for t in (q, k, v))
        return self._torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2)

    def _plan_on(self, q_lengths: tuple[int, ...], kv_lengths: tuple[int, ...], device: Any) -> list[tuple[Any, ...]]:
        def on_device(array: NDArray[Any] | None) -> Any:
            return None if array is None else self._torch.from_numpy(array).to(device)

        return [
            tuple(map(on_device, (b.queries, b.keys, None if b.mask is None else b.mask[:, None, None], b.kept, b.rows)))
            for b in plan(q_lengths, kv_lengths)
        ]


def install(torch: ModuleType) -> None:
    """Replaces the source's function wherever it is called. The failure names what the source has otherwise."""
    replaced = getattr(environment.load(DEFINED), REPLACED, None)
    parameters = tuple(inspect.signature(replaced).parameters) if callable(replaced) else ()
    if parameters != PARAMETERS:
        raise WorkerFailure(
            "bad_config",
            f"{DEFINED}.{REPLACED} takes ({', '.join(parameters)}) and not ({', '.join(PARAMETERS)}); "
            "use sam-3d-objects at the commit of sources.txt, as the model image does.",
        )
    attention = BlockAttention(torch)
    for caller in CALLERS:
        module = environment.load(caller)
        called = getattr(module, REPLACED, None)
        if called is not replaced and not isinstance(called, BlockAttention):  # the latter after an earlier set-up
            raise WorkerFailure(
                "bad_config",
                f"{caller} does not call {DEFINED}.{REPLACED}; use sam-3d-objects at the commit of sources.txt with SPARSE_ATTN_BACKEND=sdpa, "
                "as the model image does.",
            )
        setattr(module, REPLACED, attention)
