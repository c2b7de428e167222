"""Maps the torch device "cuda" to the CPU, so that code for a GPU runs without one."""

from __future__ import annotations

import inspect
import os
import types
from typing import Any

#: The name of the simulated GPU. The source depends on it (set_attention_backend).
NAME = os.environ.get("REHEARSAL_GPU", "NVIDIA L40S")
#: Whether autocast is enabled.
HALF = os.environ.get("REHEARSAL_HALF") != "0"


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
        """With the given dtype; disabled for float32, which PyTorch has only for GPUs."""

        def __init__(self, device_type: str, dtype: Any = None, enabled: bool = True, cache_enabled: bool | None = None) -> None:
            assert device_type in ("cpu", "cuda")
            half = torch.bfloat16 if dtype in (None, torch.float32) else dtype
            super().__init__("cpu", dtype=half, enabled=enabled and HALF and dtype != torch.float32, cache_enabled=cache_enabled)

    torch.autocast = Autocast

    class Reader(torch._C.PyTorchFileReader):  # type: ignore[misc]
        """Prints which checkpoints are opened."""

        def __init__(self, file: Any) -> None:
            print(f"rehearsal: opens {file}", flush=True)
            super().__init__(file)

    torch._C.PyTorchFileReader = Reader
    OnCpu().__enter__()


def convolve_on_cpu(ops: Any) -> None:
    """Convolves in single precision, and adds the bias afterwards: spconv has no more for the CPU."""
    plain = ops.indice_conv
    signature = inspect.signature(plain)

    def indice_conv(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bias = bound.arguments.pop("bias", None)
        kind = bound.arguments["features"].dtype
        for name in ("features", "filters"):
            bound.arguments[name] = bound.arguments[name].float()
        import torch  # noqa: PLC0415

        with torch.autocast("cuda", enabled=False):
            out = plain(*bound.args, **bound.kwargs)
        return (out if bias is None else out + bias).to(kind)

    ops.indice_conv = indice_conv


def announce_depth(moge: Any) -> None:
    """Prints when MoGe computes points, and returns them in single precision.

    On a GPU autocast computes exp, from which they result, in single precision.
    """
    plain = moge.MoGeModel.infer

    def infer(self: Any, *args: Any, **kwargs: Any) -> Any:
        print("rehearsal: MoGe computes points", flush=True)
        found = plain(self, *args, **kwargs)
        return {key: value.float() if value.is_floating_point() else value for key, value in found.items()}

    moge.MoGeModel.infer = infer


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
