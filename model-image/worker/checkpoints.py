"""Loads each checkpoint once, mapped into memory.

The source loads the checkpoint of each generator twice: for the generator and for its condition
embedder (pipeline/inference_pipeline.py, init_ss_generator and init_ss_condition_embedder). Of the
published files that is 11.6 GB read twice, into 6.7 GB of memory at a time. Mapped, a checkpoint
takes only page cache, from which the kernel can take memory back.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

#: What torch.nn.init calls to fill tensors, and what torch's own layers call (torch 2.5.1, nn/init.py).
_FILL = ("_no_grad_uniform_", "_no_grad_normal_", "_no_grad_trunc_normal_", "kaiming_uniform_", "kaiming_normal_")

#: The message of torch.load for a file of PyTorch before 1.6, which cannot be mapped.
_NOT_MAPPABLE = "mmap can only be used"


@contextmanager
def read_once(torch: ModuleType) -> Iterator[None]:
    """Replaces torch.load. Files loaded to the CPU are mapped, and shared by all who load them.

    Callers copy the tensors into their modules, so the mappings end with the context. What they
    change in the loaded dictionaries, others see; those of the source change nothing
    (sam3d_objects/model/io.py, moge/model/v1.py, sam2/build_sam.py).
    """
    load: Any = torch.load
    loaded: dict[tuple[str, Any], Any] = {}

    def once(f: Any, map_location: Any = None, *args: Any, **more: Any) -> Any:
        if not isinstance(f, (str, os.PathLike)) or str(map_location) != "cpu" or args or set(more) - {"weights_only"}:
            return load(f, map_location, *args, **more)
        key = (os.path.realpath(f), more.get("weights_only"))
        if key not in loaded:
            try:
                loaded[key] = load(f, map_location=map_location, mmap=True, **more)
            except RuntimeError as err:
                if _NOT_MAPPABLE not in str(err):
                    raise
                loaded[key] = load(f, map_location=map_location, **more)
        return loaded[key]

    torch.load = once  # type: ignore[attr-defined]
    try:
        yield
    finally:
        torch.load = load  # type: ignore[attr-defined]


@contextmanager
def uninitialized(torch: ModuleType) -> Iterator[None]:
    """Leaves out the random values of new modules, which a strict load of their weights replaces.

    MoGe and SAM 2.1 are created on the CPU, where 540 million values take seconds.
    """
    init: Any = torch.nn.init
    before = {name: getattr(init, name) for name in _FILL}

    def keep(tensor: Any, *_: Any, **__: Any) -> Any:
        return tensor

    for name in _FILL:
        setattr(init, name, keep)
    try:
        yield
    finally:
        for name, function in before.items():
            setattr(init, name, function)
