"""Manages GPU memory: the settings of a run, and a retry at lower settings."""

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
    """The settings that determine how much memory a run uses."""

    max_side: int  # the photo is scaled down to this many pixels on its longer side
    max_voxels: int | None  # above it the object's 64³ grid is halved; None keeps the limit of the source


#: Point maps have the size of the photo, 12 bytes per pixel, and several exist at the same time.
#:
#: The source decodes at most 42,000 voxels (pipeline/inference_utils.py, downsample_sparse_structure), and a surface at
#: half the resolution has a quarter of the voxels. The mesh decoder takes the most memory: 168 kB a voxel while it makes
#: the features, then 72 kB a voxel and 4.3 GB for the cells of the mesh's grid (rehearsal/decoder_memory.py), which are
#: 7.1 and 7.3 GB for 42,000 voxels. Before that come its blocks, whose masks, of 2 bytes for each pair of voxels, took
#: 3.5 GB, and as much again where PyTorch copied them for alignment; with worker/attention.py they have none.
#: A GPU of 24 GB (22.5 GiB of it usable, 24.2 GB) holds 12.9 GB of weights (the first stage's transformer 3.8, DINOv2 four
#: times 4.9, the second stage's 1.1, MoGe 1.3, SAM 2.1 0.9, the rest 0.9), 1.5 GB of indices of the mesh's grid and 0.5 GB
#: of CUDA's own, so 9.3 GB are left. If fragments keep a third of that from being used, 6.2 GB are, and so
#: (6.2 - 4.3) GB / 72 kB = 26,000 voxels, which take 168 kB · 26,000 = 4.4 GB before.
NORMAL = Settings(max_side=3072, max_voxels=None)
REDUCED = Settings(max_side=1024, max_voxels=26_000)

T = TypeVar("T")


class OutOfMemory(Exception):
    """An attempt ran out of memory. It references no frames, and so no tensors, of the attempt."""


#: Messages of libraries below PyTorch that do not raise torch.OutOfMemoryError.
_OUT_OF_MEMORY = re.compile(r"out of memory|CUBLAS_STATUS_ALLOC_FAILED|cudaErrorMemoryAllocation|CUDNN_STATUS_ALLOC_FAILED", re.I)
#: After these errors every further CUDA call fails.
_BROKEN = re.compile(
    r"device-side assert|illegal memory access|unspecified launch failure|misaligned address|"
    r"CUDA error: (?!out of memory)|ECC error|device is lost",
    re.I,
)


def is_out_of_memory(torch: ModuleType, err: BaseException) -> bool:
    """Reports whether the error means that the GPU or the machine is out of memory."""
    if isinstance(err, (MemoryError, torch.cuda.OutOfMemoryError)):
        return True
    return isinstance(err, RuntimeError) and _OUT_OF_MEMORY.search(str(err)) is not None


def breaks_device(err: BaseException) -> bool:
    """Reports whether the process must exit because its CUDA context is unusable."""
    return isinstance(err, RuntimeError) and _BROKEN.search(str(err)) is not None


def release(torch: ModuleType) -> None:
    """Frees unreferenced memory."""
    gc.collect()
    torch.cuda.empty_cache()


def with_retry(torch: ModuleType, attempt: Callable[[Settings], T], on_retry: Callable[[], None]) -> tuple[T, bool]:
    """Returns the value of the attempt, and whether it used the lower settings.

    The second attempt starts with an empty cache. If it runs out of memory too, with_retry raises
    a WorkerFailure.
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
        raise WorkerFailure("out_of_memory", f"the object needs more memory than is available, even at the lowest settings: {err}") from None


def _try(torch: ModuleType, attempt: Callable[[Settings], T], settings: Settings) -> T:
    try:
        return attempt(settings)
    except Exception as err:
        if not is_out_of_memory(torch, err):
            raise
        # The frames of the traceback reference the attempt's tensors.
        traceback.clear_frames(err.__traceback__)
        summary = str(err).splitlines()[0][:300] if str(err) else type(err).__name__
    raise OutOfMemory(summary)


@contextmanager
def measured(torch: ModuleType) -> Iterator[Callable[[], Memory]]:
    """Measures a run, then empties the cache. The yielded function returns the usage so far."""
    torch.cuda.reset_peak_memory_stats()
    try:
        yield lambda: Memory(
            peakBytes=int(torch.cuda.max_memory_allocated()), reservedBytes=int(torch.cuda.memory_reserved())
        )
    finally:
        release(torch)
