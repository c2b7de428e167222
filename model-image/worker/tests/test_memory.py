"""Out-of-memory errors: recognized, retried once with freed memory, then a typed failure."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
import torch

from .. import memory
from ..failure import WorkerFailure


class Tensor:
    """A large object that an attempt references."""


@pytest.mark.parametrize(("error", "is_it"), [
    (torch.OutOfMemoryError("CUDA out of memory"), True), (MemoryError(), True),
    (RuntimeError("spconv: cuda execution failed with error 2 out of memory"), True),
    (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"), True),
    (RuntimeError("shapes do not fit"), False), (ValueError("out of memory"), False), (KeyError("gaussian"), False),
])
def test_out_of_memory_is_recognized(error: Exception, is_it: bool) -> None:
    assert memory.is_out_of_memory(torch, error) is is_it


@pytest.mark.parametrize(("text", "broken"), [
    ("CUDA error: an illegal memory access was encountered", True), ("CUDA error: device-side assert triggered", True),
    ("CUDA error: unspecified launch failure", True), ("CUDA error: out of memory", False), ("shapes do not fit", False),
])
def test_a_broken_device_is_recognized(text: str, broken: bool) -> None:
    assert memory.breaks_device(RuntimeError(text)) is broken


def test_the_first_attempts_tensors_are_freed() -> None:
    tensors: list[weakref.ref[Tensor]] = []
    tried: list[memory.Settings] = []
    torch.cuda.calls.clear()

    def attempt(settings: memory.Settings) -> str:
        tried.append(settings)
        if tensors:
            assert tensors[0]() is None, "the first attempt's tensor is still there"
            assert "empty_cache" in torch.cuda.calls
            return "made"
        tensor = Tensor()
        tensors.append(weakref.ref(tensor))
        raise torch.OutOfMemoryError("CUDA out of memory")

    retries: list[Any] = []
    assert memory.with_retry(torch, attempt, lambda: retries.append(1)) == ("made", True)
    assert tried == [memory.NORMAL, memory.REDUCED] and retries == [1]


def test_a_second_failure_references_no_tensors() -> None:
    tensors: list[weakref.ref[Tensor]] = []

    def attempt(settings: memory.Settings) -> str:
        tensor = Tensor()
        tensors.append(weakref.ref(tensor))
        raise torch.OutOfMemoryError("CUDA out of memory\nwith a table")

    with pytest.raises(WorkerFailure, match="CUDA out of memory") as failure:
        memory.with_retry(torch, attempt, lambda: None)
    gc.collect()
    assert failure.value.code == "out_of_memory" and len(tensors) == 2 and all(h() is None for h in tensors)


def test_other_errors_are_not_retried() -> None:
    tried: list[Any] = []

    def attempt(settings: memory.Settings) -> str:
        tried.append(settings)
        raise KeyError("gaussian")

    with pytest.raises(KeyError):
        memory.with_retry(torch, attempt, lambda: None)
    assert len(tried) == 1


def test_the_cache_is_emptied_after_every_run() -> None:
    torch.cuda.calls.clear()
    with pytest.raises(ZeroDivisionError), memory.measured(torch):
        torch.cuda.calls.clear()
        raise ZeroDivisionError
    assert torch.cuda.calls == ["empty_cache"]
