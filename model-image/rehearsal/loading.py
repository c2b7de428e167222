"""Measures how long checkpoints take to load from a cold disk, and how much memory: as the source
loads them, and as the worker does.

    python loading.py FOLDER [GB]          (a Python with torch 2.5.1; writes 3 GB unless told otherwise, and deletes them)

Two checkpoints have the keys and the proportions of the published generators (6.7 and 4.9 GB, of
which 2.4 each are the condition embedder's). Each way runs in its own process, after the kernel has
dropped the files from its cache, and copies the weights to tensors that stand for those on the GPU.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

IMAGE = Path(__file__).parents[1]
sys.path.insert(0, str(IMAGE))

PARTS = {"ss_generator": (4.25, 2.44), "slat_generator": (2.47, 2.44)}  # GB: generator, condition embedder
TENSOR = 4 << 20  # values
WAYS = ("source", "mapped", "readahead")


def make(folder: Path, size: float) -> None:
    import torch  # noqa: PLC0415

    scale = size / sum(map(sum, PARTS.values()))
    for name, parts in PARTS.items():
        state = {
            f"_base_models.{part}.{i}": torch.randn(TENSOR)
            for part, share in zip(("generator", "condition_embedder"), parts, strict=True)
            for i in range(max(1, round(share * scale * 1e9 / 4 / TENSOR)))
        }
        torch.save({"state_dict": state}, folder / f"{name}.ckpt")


def drop(path: Path) -> None:
    """Writes the file to the disk and drops it from the page cache."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


class Anonymous(threading.Thread):
    """Samples the memory of this process that is not a cache of a file."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0

    def run(self) -> None:
        while True:
            line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon"))
            self.peak = max(self.peak, int(line.split()[1]) * 1024)
            time.sleep(0.02)


def load(folder: Path, way: str) -> None:
    """Prints the seconds of the import and of loading, the bytes read and the peak of memory."""
    from contextlib import nullcontext  # noqa: PLC0415

    from worker import checkpoints  # noqa: PLC0415
    from worker.readahead import Readahead  # noqa: PLC0415

    files = [folder / f"{name}.ckpt" for name in PARTS]
    began = time.monotonic()
    with Readahead(files) if way == "readahead" else nullcontext():
        import torch  # noqa: PLC0415

        imported = time.monotonic()
        target = torch.empty(TENSOR)
        memory = Anonymous()
        memory.start()
        with nullcontext() if way == "source" else checkpoints.read_once(torch):
            for file in files:
                for part in ("generator", "condition_embedder"):
                    state: dict[str, Any] = torch.load(str(file), map_location="cpu", weights_only=False)["state_dict"]
                    for key, value in state.items():
                        if key.startswith(f"_base_models.{part}."):
                            target.copy_(value)
                    del state, value
        loaded = time.monotonic()
    read = next(int(line.split()[1]) for line in Path("/proc/self/io").read_text().splitlines() if line.startswith("read_bytes"))
    print(f"{way:10} import {imported - began:6.1f} s  load {loaded - imported:6.1f} s  "
          f"disk {read / 1e9:5.1f} GB  memory {memory.peak / 1e9:5.1f} GB", flush=True)


def main(arguments: list[str]) -> None:
    folder = Path(arguments[0])
    if len(arguments) == 2 and arguments[1] in WAYS:
        load(folder, arguments[1])
        return
    files = [folder / f"{name}.ckpt" for name in PARTS]
    try:
        make(folder, float(arguments[1]) if len(arguments) > 1 else 3)
        print(f"{sum(f.stat().st_size for f in files) / 1e9:.1f} GB in two checkpoints")
        for way in WAYS:
            for file in files:
                drop(file)
            subprocess.run([sys.executable, "-W", "ignore", __file__, str(folder), way], check=True)
    finally:
        for file in files:
            file.unlink(missing_ok=True)


if __name__ == "__main__":
    main(sys.argv[1:])
