"""Maps the torch device "cuda" to the CPU, so that code for a GPU runs without one."""

from __future__ import annotations

import inspect
import os
import types
from typing import Any

#: The name of the simulated GPU. The source depends on it (set_attention_backend).
NAME = os.environ.get("REHEARSAL_GPU", "NVIDIA L40S")


def install(torch: Any) -> None:
    """Patches torch in place."""

    def moved(value: Any) -> Any:
        if isinstance(value, torch.device) and value.type == "cuda":
            return torch.device("cpu")
        return "cpu" if isinstance(value, str) and value.split(":")[0] == "cuda" else value

    class OnCpu(torch.overrides.TorchFunctionMode):  # type: ignore[misc]
        def __torch_function__(self, func: Any, _: Any, args: Any = (), kwargs: Any = None) -> Any:
            if func is torch.Tensor.cuda:
                return args[0]
            return func(*map(moved, args), **{k: moved(v) for k, v in (kwargs or {}).items()})

    cuda = torch.cuda
    cuda.is_available = lambda: True
    cuda.get_device_name = lambda *_: NAME
    cuda.get_device_properties = lambda *_: types.SimpleNamespace(name=NAME, total_memory=48 * 2**30, major=8, minor=9)
    cuda.get_device_capability = lambda *_: (8, 9)
    cuda.current_device = lambda: 0
    cuda.device_count = lambda: 1
    for name in ("synchronize", "empty_cache", "reset_peak_memory_stats", "manual_seed", "manual_seed_all"):
        setattr(cuda, name, lambda *_: None)
    cuda.max_memory_allocated = cuda.memory_reserved = lambda *_: 0

    module_to = torch.nn.Module.to
    torch.nn.Module.to = lambda self, *a, **k: module_to(self, *map(moved, a), **{n: moved(v) for n, v in k.items()})
    torch.nn.Module.cuda = lambda self, *_: self

    class Autocast(torch.autocast):  # type: ignore[misc]
        """Disabled: some layers do not support half precision on the CPU."""

        def __init__(self, *_: Any, **__: Any) -> None:
            super().__init__("cpu", dtype=torch.bfloat16, enabled=False)

    torch.autocast = Autocast
    OnCpu().__enter__()


def add_bias_separately(ops: Any) -> None:
    """Adds the bias after the convolution: spconv's CPU implementation does not support it."""
    plain = ops.indice_conv
    signature = inspect.signature(plain)

    def indice_conv(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bias = bound.arguments.pop("bias", None)
        out = plain(*bound.args, **bound.kwargs)
        return out if bias is None else out + bias

    ops.indice_conv = indice_conv


def simulate_out_of_memory(decoder_mesh: Any) -> None:
    """Fails mesh decodings as out of memory. REHEARSAL_OOM lists their numbers, from 1."""
    fails = {int(n) for n in os.environ.get("REHEARSAL_OOM", "").split(",") if n}
    plain = decoder_mesh.SLatMeshDecoder.forward
    seen = 0

    def forward(self: Any, x: Any) -> Any:
        nonlocal seen
        seen += 1
        print(f"rehearsal: decoding {seen} has {len(x.coords)} voxels", flush=True)
        if seen in fails:
            import torch  # noqa: PLC0415

            raise torch.OutOfMemoryError("CUDA out of memory. Simulated.")
        return plain(self, x)

    decoder_mesh.SLatMeshDecoder.forward = forward


def prescribe_voxels(pipeline: Any) -> None:
    """Replaces the structure of the objects. REHEARSAL_VOXELS lists their numbers of voxels, in order; the grid has
    REHEARSAL_SIDE voxels a side."""
    counts = iter([int(n) for n in os.environ.get("REHEARSAL_VOXELS", "").split(",") if n])
    plain = pipeline.InferencePipeline.sample_sparse_structure

    def sample_sparse_structure(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = plain(self, *args, **kwargs)
        if (count := next(counts, None)) is not None:
            import numpy as np  # noqa: PLC0415
            import torch  # noqa: PLC0415

            from rehearsal.shell import shell  # noqa: PLC0415

            found["coords"] = torch.from_numpy(np.insert(shell(count, int(os.environ["REHEARSAL_SIDE"])), 0, 0, axis=1))
        return found

    pipeline.InferencePipeline.sample_sparse_structure = sample_sparse_structure


def keep_source(part: Any) -> None:
    """Keeps the source's attention and guidance if REHEARSAL_ATTENTION is "source"."""
    if os.environ.get("REHEARSAL_ATTENTION") == "source":
        for name in ("install", "shorten"):
            if hasattr(part, name):
                setattr(part, name, lambda *_: None)
