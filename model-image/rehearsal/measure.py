"""Measures a run by stage with the source's attention and with the worker's, and compares their meshes.

    python measure.py FOLDER [VOXELS ...]          (with hooks/ on the path; `run` creates FOLDER)

All sizes but the numbers of voxels are those of the rehearsal: narrow transformers of two blocks, on a CPU in float32.
So the figures show how both grow, not what a GPU takes. Times are those of the cores, which other work on the machine
changes less than the clock's. It prints Markdown.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
import yaml
from rehearse import Worker, photo
from scipy.spatial import cKDTree

#: Of the grid. The published one has 64, whose mesh is cut from 256³ cells: on a CPU that would hide all else.
SIDE = 32
STAGES = ("sparse_structure", "latents", "decode")


class Measured(Worker):
    """A worker whose time of the cores and resident memory are read when a stage begins."""

    def __init__(self, *args: Any, **environment: str) -> None:
        self.seconds: dict[str, float] = {}
        self._stage = ("", 0.0)
        super().__init__(*args, **environment)

    def reached(self, stage: str) -> None:
        fields = self._proc("stat").read_text().rpartition(")")[2].split()
        now = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime, stime
        before, since = self._stage
        self.seconds[before] = now - since
        self._stage = (stage, now)

    def peak(self) -> float:
        """Returns the largest resident memory in GB since reset_peak."""
        line = next(line for line in self._proc("status").read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e9

    def reset_peak(self) -> None:
        self._proc("clear_refs").write_text("5")

    def _proc(self, name: str) -> Path:
        return Path("/proc") / str(self._worker.process.pid) / name


def model_of_larger_grid(folder: Path, made: Path) -> None:
    """Links the model folder to `made`, with a mesh decoder for the grid. No weights depend on its size."""
    shutil.copytree(folder / "model", made / "model", copy_function=lambda source, target: Path(target).symlink_to(Path(source).resolve()))
    (made / "sources").symlink_to(folder / "sources")
    path = made / "model" / "sam3d" / "slat_decoder_mesh.yaml"
    config = yaml.safe_load(path.read_text())
    path.unlink()
    path.write_text(yaml.safe_dump({**config, "resolution": SIDE}, sort_keys=False))


def runs(folder: Path, scratch: Path, which: str, counts: list[int]) -> list[tuple[dict[str, float], float, float, Any]]:
    """Returns for each number of voxels the seconds by stage, memory before and at most in GB, and the mesh's vertices."""
    worker = Measured(
        folder, scratch, REHEARSAL_ATTENTION=which, REHEARSAL_VOXELS=",".join(map(str, counts)), REHEARSAL_SIDE=str(SIDE),
        OMP_NUM_THREADS="1",  # a thread that waits for another one takes time of the cores as well
    )
    found = []
    for count in counts:
        worker.reset_peak()
        before = worker.peak()
        *_, result = worker.reconstruct(f"{which}-{count}", photo(True))
        (dense,) = (f for f in result.files if f.format == "glb-dense")
        mesh = trimesh.load(dense.path, force="mesh", process=False)
        found.append((dict(worker.seconds), before, worker.peak(), np.asarray(mesh.vertices)))
    worker.end()
    return found


def hausdorff(a: Any, b: Any) -> float:
    """Returns the largest distance of a vertex of one mesh to the nearest of the other."""
    return max(float(cKDTree(to).query(of)[0].max()) for of, to in ((a, b), (b, a)))


def main(folder: Path, counts: list[int]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        whole = Path(scratch, "folder")
        whole.mkdir()
        model_of_larger_grid(folder, whole)
        before, after = (runs(whole, Path(scratch), which, counts) for which in ("source", "worker"))
    print("| voxels | attention | " + " | ".join(f"{s}, s" for s in STAGES) + " | memory before, GB | peak, GB | vertices | Hausdorff distance |")
    print("|--:|---|" + "--:|" * (len(STAGES) + 4))
    for i, count in enumerate(counts):
        for which, found in (("source", before), ("worker", after)):
            seconds, start, largest, vertices = found[i]
            distance = f"{hausdorff(before[i][3], after[i][3]):.1e}" if found is after else ""
            times = " | ".join(f"{seconds[s]:.1f}" for s in STAGES)
            print(f"| {count:,} | {which} | {times} | {start:.1f} | {largest:.1f} | {len(vertices):,} | {distance} |", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), [int(a) for a in sys.argv[2:]] or [2_000, 5_000, 10_000])
