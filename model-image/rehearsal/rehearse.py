"""Runs the worker on the real sources, as the server does, and checks its results.

    python rehearse.py FOLDER          (with hooks/ on the path; `run` creates FOLDER)
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from PIL import Image

IMAGE = Path(__file__).parents[1]
sys.path.insert(0, str(IMAGE))

from worker import protocol  # noqa: E402


class Process:
    """A process of the worker's package, with environment variables for the hooks."""

    def __init__(self, module: str, folder: Path, **environment: str) -> None:
        worker_read, server_write = os.pipe()
        server_read, worker_write = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, "--read-fd", str(worker_read), "--write-fd", str(worker_write)], cwd=IMAGE,
            pass_fds=(worker_read, worker_write), env={**os.environ, **environment}, stderr=(folder / "worker.log").open("ab"), stdout=subprocess.DEVNULL,
        )
        os.close(worker_read)
        os.close(worker_write)
        self._source, self._sink = os.fdopen(server_read, "rb"), os.fdopen(server_write, "wb", buffering=0)
        self._folder = folder

    def ask(self, message: Any, reached: Callable[[str], None] = lambda _: None) -> list[Any]:
        """Sends a message and returns all answers. reached is called with each stage that the process reports."""
        self._sink.write(protocol.encode(message))
        answers: list[Any] = []
        while not answers or not isinstance(answers[-1], (protocol.Ready, protocol.Made, protocol.Result, protocol.Failure)):
            answer = protocol.read(self._source)
            assert answer is not None, f"the process has ended; see {self._folder}/worker.log"
            answers.append(answer)
            if isinstance(answer, protocol.Progress):
                reached(answer.stage)
        return answers

    def end(self) -> None:
        self._sink.write(protocol.encode(protocol.Shutdown()))
        assert self.process.wait(timeout=600) == 0


class Worker:
    """A worker, with environment variables for the hooks, and an exporter."""

    def __init__(self, folder: Path, scratch: Path, **environment: str) -> None:
        self._folder, self._scratch = folder, scratch
        self._worker, self._exporter = Process("worker", folder, **environment), Process("worker.exporter", folder, **environment)
        setup = protocol.Setup(protocol.VERSION, str(folder / "model"), str(scratch), str(folder / "sources" / "dinov2"))
        self.ready = self._worker.ask(setup)[-1]
        assert isinstance(self.ready, protocol.Ready), self.ready

    def reached(self, stage: str) -> None:
        """Is called when the worker reports a stage."""

    def reconstruct(
        self, name: str, pixels: Any, seed: int = 7, box: list[int] | None = None, points: Any = (), photo_id: str | None = None
    ) -> tuple[list[Any], Any, Any]:
        """Returns the stages of one object, what the worker made, and the files."""
        folder = self._scratch / name
        folder.mkdir()
        pixels.tofile(folder / "photo")
        photo = protocol.Raster(str(folder / "photo"), pixels.shape[1], pixels.shape[0])
        formats: list[protocol.Format] = ["glb", "glb-dense", "ply", "splat", "spz"]
        run = protocol.Run(name, 1, photo, str(folder), seed, formats, box, points=list(points), photoId=photo_id)
        *before, made = self._worker.ask(run, self.reached)
        assert isinstance(made, protocol.Made), made
        *_, result = self._exporter.ask(protocol.Export(**vars(run), made=made.path))
        assert isinstance(result, protocol.Result), result
        print(f"{name}: {result.mesh}, mask {made.mask}, ms {made.timing} {result.timing}, lower settings {made.reduced}", flush=True)
        return [m.stage for m in before if isinstance(m, protocol.Progress)], made, result

    def printed(self) -> list[str]:
        """Returns what the hooks have printed."""
        lines = (self._folder / "worker.log").read_text(errors="replace").splitlines()
        return [line.removeprefix("rehearsal: ") for line in lines if line.startswith("rehearsal: ")]

    def end(self) -> None:
        self._worker.end()
        self._exporter.end()


def photo(cut_out: bool) -> Any:
    y, x = np.mgrid[:240, :320]
    disc = (x - 160) ** 2 + (y - 120) ** 2 < 60**2
    pixels = np.full((240, 320, 4), 255, dtype=np.uint8)
    pixels[..., 0] = x * 255 // 320
    pixels[disc] = (30, 40, 60, 255)
    if cut_out:
        pixels[..., 3] = np.where(disc, 255, 0)
    return pixels


def check_mask(result: Any, box: tuple[int, int, int, int] | None) -> None:
    """Checks that the mask that was used is kept, of the photo's size, with nothing outside the box."""
    (file,) = (f for f in result.files if f.format == "mask")
    with Image.open(file.path) as picture:
        assert picture.format == "PNG" and picture.mode == "L" and picture.size == (320, 240)
        mask = np.asarray(picture).copy()
    assert set(np.unique(mask)) <= {0, 255} and mask.any()
    if box is not None:
        mask[box[1] : box[3], box[0] : box[2]] = 0
        assert not mask.any()


def bytes_of(result: Any) -> list[bytes]:
    return [Path(f.path).read_bytes() for f in result.files]


def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        # With the name of an H100 the source selects flash_attn, which is not installed. There is
        # no home folder.
        (folder / "worker.log").unlink(missing_ok=True)
        worker = Worker(folder, Path(scratch), REHEARSAL_GPU="NVIDIA H100 80GB HBM3", REHEARSAL_OOM="6", HOME="/proc/nowhere")
        print(f"loaded in {worker.ready.setup}: {worker.ready.versions}", flush=True)
        opened = [line for line in worker.printed() if line.startswith("opens ")]
        assert len(opened) == len(set(opened)) == 7, f"each checkpoint is opened once: {opened}"
        stages, _, first = worker.reconstruct("cut-out", photo(True))
        assert stages == ["mask", "depth", "sparse_structure", "latents", "decode", "handover"]
        *_, same = worker.reconstruct("same-seed", photo(True), photo_id="disc")
        assert bytes_of(first) == bytes_of(same), "the same seed gives the same object"
        before = worker.printed().count("MoGe computes points")
        *_, kept = worker.reconstruct("same-photo", photo(True), photo_id="disc")
        assert worker.printed().count("MoGe computes points") == before
        assert bytes_of(first) == bytes_of(kept), "what is kept of the photo gives the same object"
        *_, other = worker.reconstruct("other-seed", photo(True), seed=8)
        assert bytes_of(first) != bytes_of(other)
        stages, made, boxed = worker.reconstruct("box-and-no-memory", photo(False), box=[80, 40, 240, 200])
        assert made.mask.source == "segmenter" and made.reduced and stages.count("decode") == 2
        # Weights are random, so a mask may be anything but outside the box, or too large or too small.
        clicks = [protocol.Point(160, 120, True), protocol.Point(5, 5, False)]
        _, by_points, clicked = worker.reconstruct("points", photo(False), points=clicks)
        _, by_both, both = worker.reconstruct("points-and-box", photo(False), box=[80, 40, 240, 200], points=clicks)
        for result, box in ((first, None), (boxed, (80, 40, 240, 200)), (clicked, None), (both, (80, 40, 240, 200))):
            check_mask(result, box)
        assert by_points.mask.source == by_both.mask.source == "points"
        for result in (first, boxed):
            paths = {f.format: f.path for f in result.files}
            mesh = trimesh.load(paths["glb-dense"], force="mesh", process=False)
            assert len(mesh.faces) == result.mesh.faces and np.ptp(mesh.vertices, axis=0).max() < 1 + 1e-5
            colors = trimesh.load(paths["ply"], process=False).visual.vertex_colors
            assert len({tuple(c) for c in colors}) > 100, "the vertices have colors"
            assert result.pose is not None
        worker.end()
    print("The worker ran on the real sources.")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
