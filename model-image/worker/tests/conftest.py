"""Fixtures: a model folder, and a worker process with a double of the model."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest

HERE = Path(__file__).parent
DOUBLES = HERE / "doubles"
sys.path.insert(0, str(DOUBLES))

from .. import environment, protocol  # noqa: E402

# Write nothing to the source tree, and make runs reproducible.
hypothesis.settings.register_profile("gen3d", database=None, derandomize=True, deadline=None)
hypothesis.settings.load_profile("gen3d")

PIPELINE = """
_target_: sam3d_objects.pipeline.inference_pipeline_pointmap.InferencePipelinePointMap
device: cuda
pose_decoder_name: ScaleShiftInvariant
decode_formats: [gaussian, mesh, gaussian_4]
rendering_engine: nvdiffrast
layout_post_optimization_method: refine
depth_model:
  _target_: sam3d_objects.pipeline.depth_models.moge.MoGe
  device: cuda
  model:
    _target_: moge.model.v1.MoGeModel.from_pretrained
    pretrained_model_name_or_path: Ruicheng/moge-vitl
"""
GENERATOR = """
module:
  condition_embedder:
    backbone:
      _target_: sam3d_objects.model.backbone.dit.embedder.embedder_fuser.EmbedderFuser
      embedder_list:
      - - _target_: sam3d_objects.model.backbone.dit.embedder.dino.Dino
          dino_model: dinov2_vitl14_reg
          input_size: 518
        - [[image, cropped], [rgb_image, full]]
      - - _target_: sam3d_objects.model.backbone.dit.embedder.dino.Dino
          dino_model: dinov2_vitl14_reg
          input_size: 518
        - [[mask, cropped], [rgb_image_mask, full]]
  later: ${missing.interpolation}
"""
PARTS = ("ss_generator", "slat_generator", "ss_decoder", "slat_decoder_gs", "slat_decoder_mesh")


def make_model(folder: Path) -> Path:
    """Creates a model folder with the layout of `gen3d weights push` and dummy weights."""
    sam3d = folder / "sam3d"
    sam3d.mkdir(parents=True)
    named = "".join(f"{p}_config_path: {p}.yaml\n{p}_ckpt_path: {p}.ckpt\n" for p in PARTS)
    (sam3d / "pipeline.yaml").write_text(PIPELINE + named)
    for part in PARTS:
        (sam3d / f"{part}.yaml").write_text(GENERATOR)
        (sam3d / f"{part}.ckpt").write_bytes(b"weights")
    for name in ("moge/model.pt", "sam2/sam2.1_hiera_large.pt"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_bytes(b"weights")
    return folder


@pytest.fixture
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the doubles importable in this process, as in the worker's."""
    for name in ("LIDRA_SKIP_INIT", "ATTN_BACKEND", "SPARSE_ATTN_BACKEND"):
        monkeypatch.setenv(name, "sdpa")  # importing the double changes two of them
    for module in environment.ATTENTION:
        environment.load(module)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return make_model(tmp_path / "model")


def make_dinov2(folder: Path) -> Path:
    folder.mkdir()
    (folder / "hubconf.py").write_text("")
    return folder


@pytest.fixture
def dinov2(tmp_path: Path) -> Path:
    return make_dinov2(tmp_path / "dinov2")


def photo(width: int = 160, height: int = 120) -> np.ndarray[Any, Any]:
    """Returns an opaque picture of a dark disc on a light background."""
    y, x = np.mgrid[:height, :width]
    rgba = np.full((height, width, 4), 255, dtype=np.uint8)
    rgba[..., :3] = 220
    rgba[(x - width / 2) ** 2 + (y - height / 2) ** 2 < (height / 4) ** 2] = (30, 40, 60, 255)
    return rgba


class Process:
    """A process, by default a worker, and its pipes."""

    def __init__(self, module: str = "worker", **environment: str) -> None:
        self_read, its_write = os.pipe()
        its_read, self_write = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, "--read-fd", str(its_read), "--write-fd", str(its_write)],
            cwd=HERE.parent.parent, pass_fds=(its_read, its_write), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(DOUBLES), **environment},
        )
        os.close(its_read)
        os.close(its_write)
        self.source, self.sink = os.fdopen(self_read, "rb"), os.fdopen(self_write, "wb", buffering=0)
        self.printed = bytearray()
        self._reader = threading.Thread(target=self._drain, daemon=True)
        self._reader.start()

    def _drain(self) -> None:
        assert self.process.stdout is not None
        while part := self.process.stdout.read1(65536):  # type: ignore[attr-defined]
            self.printed += part

    def send(self, message: protocol.ToWorker) -> None:
        self.sink.write(protocol.encode(message))

    def answers(self) -> Iterator[protocol.Message]:
        """Yields messages up to and including the one that ends a set-up, a run or an export."""
        while (message := protocol.read(self.source)) is not None:
            yield message
            if isinstance(message, (protocol.Ready, protocol.Made, protocol.Result, protocol.Failure)):
                return

    def ask(self, message: protocol.ToWorker) -> protocol.Message:
        self.send(message)
        return list(self.answers())[-1]

    def ended(self) -> int:
        status = self.process.wait(timeout=60)
        self._reader.join(timeout=60)
        return status

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join(timeout=60)
        for stream in (self.source, self.sink, self.process.stdout):
            if stream is not None:
                stream.close()


@pytest.fixture
def start() -> Iterator[Any]:
    """Returns a function that starts processes, which are stopped after the test."""
    started: list[Process] = []

    def start_process(module: str = "worker", **environment: str) -> Process:
        started.append(Process(module, **environment))
        return started[-1]

    yield start_process
    for process in started:
        process.close()


class Shared:
    """Processes of a module's tests, each started when it is first asked for, and again when it has ended."""

    def __init__(self) -> None:
        self._processes: dict[str, Process] = {}

    def get(self, name: str, start: Callable[[], Process]) -> Process:
        process = self._processes.get(name)
        if process is None or process.process.poll() is not None:
            self.close(name)
            process = self._processes[name] = start()
        return process

    def close(self, name: str) -> None:
        if process := self._processes.pop(name, None):
            process.close()

    def close_all(self) -> None:
        for name in list(self._processes):
            self.close(name)


@pytest.fixture(scope="module")
def of_module() -> Iterator[Shared]:
    shared = Shared()
    yield shared
    shared.close_all()


@pytest.fixture
def shared(of_module: Shared, request: pytest.FixtureRequest) -> Iterator[Shared]:
    """The module's processes, for tests after which they are usable or have ended. After a failure all are started anew."""
    failed = request.session.testsfailed
    yield of_module
    if request.session.testsfailed > failed:  # answers may be left unread
        of_module.close_all()


def make_setup(model: Path, dinov2: Path, folder: Path) -> protocol.Setup:
    scratch = folder / "scratch"
    scratch.mkdir()
    return protocol.Setup(protocol.VERSION, str(model), str(scratch), str(dinov2))


@pytest.fixture
def setup(model: Path, dinov2: Path, tmp_path: Path) -> protocol.Setup:
    return make_setup(model, dinov2, tmp_path)


@pytest.fixture(scope="module")
def setup_of_module(tmp_path_factory: pytest.TempPathFactory) -> protocol.Setup:
    """The set-up of processes that tests share, which none of them changes."""
    folder = tmp_path_factory.mktemp("shared")
    return make_setup(make_model(folder / "model"), make_dinov2(folder / "dinov2"), folder)


@pytest.fixture
def request_run(tmp_path: Path) -> Any:
    """Returns a function that creates run messages, each with its photo in a separate folder."""

    def new_run(name: str = "job-1", pixels: np.ndarray[Any, Any] | None = None, **more: Any) -> protocol.Run:
        folder = tmp_path / name
        folder.mkdir()
        shown = photo() if pixels is None else pixels
        path = folder / "photo"
        shown.tofile(path)
        values = {"seed": 7, "formats": ["glb", "ply", "splat", "spz"], "box": [30, 20, 130, 100], **more}
        return protocol.Run(
            id=name, index=1, photo=protocol.Raster(str(path), shown.shape[1], shown.shape[0]), folder=str(folder), **values
        )

    return new_run
