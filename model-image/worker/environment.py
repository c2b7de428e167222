"""What must hold before anything is loaded: environment variables, packages, a GPU."""

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

#: Modules that set-up imports, with what provides them; the first that is missing is named.
REQUIRED = {
    "torch": "torch", "numpy": "numpy", "PIL": "pillow", "omegaconf": "omegaconf", "hydra": "hydra-core",
    "trimesh": "trimesh", "plyfile": "plyfile", "moge": "MoGe", "sam2": "SAM-2",
    "sam3d_objects": "sam3d_objects",
}

#: Modules that choose their attention when they are imported. They come before the pipeline: on
#: an A100, H100 or H200 its import sets the variables to flash_attn, which is not installed
#: (pipeline/inference_pipeline.py, set_attention_backend).
ATTENTION = (
    "sam3d_objects.model.backbone.tdfy_dit.modules.attention",
    "sam3d_objects.model.backbone.tdfy_dit.modules.sparse",
)


def prepare(model: Path, scratch: Path) -> None:
    """Sets the variables that the libraries read when they are imported.

    What they keep for themselves goes to scratch: the home folder may not be writable, and
    kaolin's import ends where Warp cannot make its folder of kernels.
    """
    cache = scratch / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    os.environ.update(
        # sam3d_objects/__init__.py imports a module that is not published unless this is set.
        LIDRA_SKIP_INIT="true",
        # No hub is asked at run time: what is missing is an error at once, not a slow attempt.
        HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1",
        TORCH_HOME=str(model / weights.TORCH_HOME),
        XDG_CACHE_HOME=str(cache), WARP_CACHE_PATH=str(cache / "warp"), MPLCONFIGDIR=str(cache / "matplotlib"),
        # PyTorch's own attention, the source's default; see ATTENTION.
        ATTN_BACKEND="sdpa", SPARSE_ATTN_BACKEND="sdpa",
    )
    # Fragments of many sizes come and go with every object.
    os.environ.setdefault("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True")


def require_packages() -> None:
    """Fails with the names of all packages that are not installed."""
    missing = [package for module, package in REQUIRED.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise WorkerFailure(
            "missing_package",
            f"Python {platform.python_version()} has no {', '.join(missing)}; use the model image, which has them.",
        )


def load(module: str) -> ModuleType:
    """Imports a module; where it or something it needs is not there, the failure names that."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as err:
        raise WorkerFailure(
            "missing_package", f"importing {module} needs the package {err.name}, which is not installed; use the model image."
        ) from err
    except ImportError as err:
        raise WorkerFailure("missing_package", f"importing {module}: {err}; use the model image.") from err


def require_gpu(torch: ModuleType, minimum_bytes: int) -> Gpu:
    """The GPU that everything runs on.

    It is asked for before sam3d_objects is imported: without one that import ends in a NameError
    (pipeline/inference_pipeline.py, set_attention_backend).
    """
    if not torch.cuda.is_available():
        raise WorkerFailure(
            "no_gpu", "No NVIDIA GPU is usable here; start the container with one (docker run --gpus all) on an instance with a driver for CUDA 12.1."
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


#: What was installed from a commit: name, repository and commit a line. In the image and in the
#: repository it lies beside the folder of the worker.
SOURCES = Path(__file__).parents[1] / "sources.txt"


def versions(torch: ModuleType) -> dict[str, str]:
    """Versions of what is loaded, for the log and the results."""
    found = {"python": platform.python_version(), "torch": str(torch.__version__), "cuda": str(torch.version.cuda)}
    for package in ("spconv-cu121", "kaolin", "numpy", "trimesh"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "unknown"
    for line in SOURCES.read_text().splitlines() if SOURCES.is_file() else ():
        name, _, commit = line.split()
        found[name] = commit[:7]
    return found
