"""Care for the GPU's memory: what a run may use, and a second try at lower settings."""

from __future__ import annotations

import gc
import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import TypeVar

from .failure import WorkerFailure
from .protocol import Memory


@dataclass(frozen=True)
class Settings:
    """What decides how much memory a run takes."""

    max_side: int  # the photo is scaled down to this many pixels on its longer side
    max_voxels: int | None  # above it the object's grid of 64³ is halved; None leaves the source's own limit


#: Point maps have the photo's size, twelve bytes a pixel, and several are held at once. The source
#: decodes at most 42,000 voxels (pipeline/inference_utils.py, downsample_sparse_structure); an
#: object's surface at half the resolution has a quarter of them, so 12,000 holds all of it.
NORMAL = Settings(max_side=3072, max_voxels=None)
REDUCED = Settings(max_side=1024, max_voxels=12_000)

T = TypeVar("T")


class OutOfMemory(Exception):
    """An attempt did not fit. It holds no frames, and so no tensors, of the attempt."""


#: What libraries under PyTorch say that do not raise its own error.
_SAYS = re.compile(r"out of memory|CUBLAS_STATUS_ALLOC_FAILED|cudaErrorMemoryAllocation|CUDNN_STATUS_ALLOC_FAILED", re.I)
#: After these every further call into CUDA fails as well.
_BROKEN = re.compile(
    r"device-side assert|illegal memory access|unspecified launch failure|misaligned address|"
    r"CUDA error: (?!out of memory)|ECC error|device is lost",
    re.I,
)


def is_out_of_memory(torch: ModuleType, err: BaseException) -> bool:
    """Whether the error is a lack of memory, of the GPU's or the machine's."""
    if isinstance(err, (MemoryError, torch.cuda.OutOfMemoryError)):
        return True
    return isinstance(err, RuntimeError) and _SAYS.search(str(err)) is not None


def breaks_device(err: BaseException) -> bool:
    """Whether the process must end: its CUDA context is of no more use."""
    return isinstance(err, RuntimeError) and _BROKEN.search(str(err)) is not None


def release(torch: ModuleType) -> None:
    """Gives back what nothing holds any more."""
    gc.collect()
    torch.cuda.empty_cache()


def with_retry(torch: ModuleType, attempt: Callable[[Settings], T], on_retry: Callable[[], None]) -> tuple[T, bool]:
    """The attempt's value, and whether it took the lower settings.

    The second attempt begins with an empty cache. A second lack of memory is a typed failure.
    """
    try:
        return _try(torch, attempt, NORMAL), False
    except OutOfMemory:
        release(torch)
    on_retry()
    try:
        return _try(torch, attempt, REDUCED), True
    except OutOfMemory as err:
        release(torch)
        raise WorkerFailure("out_of_memory", f"the object needs more memory than there is, at the lowest settings too: {err}") from None


def _try(torch: ModuleType, attempt: Callable[[Settings], T], settings: Settings) -> T:
    try:
        return attempt(settings)
    except Exception as err:
        if not is_out_of_memory(torch, err):
            raise
        # The frames of the traceback hold the tensors that did not fit.
        traceback.clear_frames(err.__traceback__)
        said = str(err).splitlines()[0][:300] if str(err) else type(err).__name__
    raise OutOfMemory(said)


@contextmanager
def measured(torch: ModuleType) -> Iterator[Callable[[], Memory]]:
    """Measures a run: the value gives the figures so far. The cache is emptied at the end."""
    torch.cuda.reset_peak_memory_stats()
    try:
        yield lambda: Memory(
            peakBytes=int(torch.cuda.max_memory_allocated()), reservedBytes=int(torch.cuda.memory_reserved())
        )
    finally:
        release(torch)
