"""Prepares and checks what loading the model requires: environment variables, packages, a GPU."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
import platform
from pathlib import Path
from types import ModuleType

from . import weights
from .failure import WorkerFailure
from .protocol import Gpu

#: Modules that set-up imports, and the packages that provide them.
REQUIRED = {
    "torch": "torch", "numpy": "numpy", "PIL": "pillow", "omegaconf": "omegaconf", "hydra": "hydra-core",
    "trimesh": "trimesh", "plyfile": "plyfile", "moge": "MoGe", "sam2": "SAM-2",
    "sam3d_objects": "sam3d_objects", "scipy": "scipy", "xatlas": "xatlas", "fast_simplification": "fast-simplification",
}

#: Modules that select their attention implementation on import. They are imported before the
#: pipeline, which on an A100, H100 or H200 selects flash_attn, which is not installed
#: (pipeline/inference_pipeline.py, set_attention_backend).
ATTENTION = (
    "sam3d_objects.model.backbone.tdfy_dit.modules.attention",
    "sam3d_objects.model.backbone.tdfy_dit.modules.sparse",
)


def prepare(model: Path, scratch: Path) -> None:
    """Sets the environment variables that the libraries read on import.

    Their caches are in scratch, because the home folder may not be writable.
    """
    cache = scratch / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    os.environ.update(
        # Unless this is set, sam3d_objects/__init__.py imports a module that is not published.
        LIDRA_SKIP_INIT="true",
        # No downloads at run time: missing files are an error immediately, not after a timeout.
        HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1",
        TORCH_HOME=str(model / weights.TORCH_HOME),
        XDG_CACHE_HOME=str(cache), MPLCONFIGDIR=str(cache / "matplotlib"),
        # PyTorch's attention, the default of the source; see ATTENTION.
        ATTN_BACKEND="sdpa", SPARSE_ATTN_BACKEND="sdpa",
    )
    # Reduces fragmentation: objects allocate tensors of many sizes.
    os.environ.setdefault("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True")


def require_packages() -> None:
    """Raises a failure with the names of all packages that are not installed."""
    missing = [package for module, package in REQUIRED.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise WorkerFailure(
            "missing_package",
            f"Python {platform.python_version()} has no {', '.join(missing)}; use the model image, which has them.",
        )


def load(module: str) -> ModuleType:
    """Imports a module. If it or a dependency is missing, the failure names it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as err:
        raise WorkerFailure(
            "missing_package", f"importing {module} needs the package {err.name}, which is not installed; use the model image."
        ) from err
    except ImportError as err:
        raise WorkerFailure("missing_package", f"importing {module}: {err}; use the model image.") from err


def require_gpu(torch: ModuleType, minimum_bytes: int) -> Gpu:
    """Returns the GPU, or raises a failure if there is none or it is too small.

    Call it before importing sam3d_objects, which raises a NameError without a GPU
    (pipeline/inference_pipeline.py, set_attention_backend).
    """
    if not torch.cuda.is_available():
        raise WorkerFailure(
            "no_gpu", "No NVIDIA GPU is usable here; start the container with one (docker run --gpus all) on an instance with a driver for CUDA 12."
        )
    device = torch.cuda.get_device_properties(0)
    gpu = Gpu(name=str(device.name), totalBytes=int(device.total_memory))
    if gpu.totalBytes < minimum_bytes:
        raise WorkerFailure(
            "gpu_too_small",
            f"The GPU {gpu.name} has {gpu.totalBytes / 2**30:.0f} GiB of memory and SAM 3D Objects needs {minimum_bytes / 2**30:.0f}; "
            "use a larger instance, such as ml.g6e.xlarge.",
        )
    return gpu


#: The packages installed from a commit: name, repository and commit per line. In the image and in
#: the repository the file is next to the worker's folder.
SOURCES = Path(__file__).parents[1] / "sources.txt"


def versions(torch: ModuleType) -> dict[str, str]:
    """Returns the versions of the loaded packages, for the log and the results."""
    found = {"python": platform.python_version(), "torch": str(torch.__version__), "cuda": str(torch.version.cuda)}
    for package in ("spconv-cu124", "numpy", "trimesh"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "unknown"
    for line in SOURCES.read_text().splitlines() if SOURCES.is_file() else ():
        name, _, commit = line.split()
        found[name] = commit[:7]
    return found
