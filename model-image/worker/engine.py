"""Performs the set-up and the runs that messages request."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from . import environment, memory, picture, protocol, quality, reconstruct, reconstruction, segment, warm_up, weights, workspace
from .failure import WorkerFailure
from .memory import Settings
from .photo_cache import PhotoCache
from .picture import Cover
from .protocol import MaskFacts, Stage
from .readahead import Readahead
from .reconstruct import Sam3d
from .reconstruction import Reconstruction

#: The name of the file with an object's arrays.
MADE = "made.npz"


class Engine:
    """The loaded model."""

    def __init__(self, torch: ModuleType, segmenter: segment.Segmenter, model: Sam3d, photo: PhotoCache) -> None:
        self._torch = torch
        self._photo = photo
        self.segmenter = segmenter  # used by the notebook
        self._model = model

    def run(self, request: protocol.Run, send: Callable[[protocol.ToServer], None]) -> protocol.Made:
        """Reconstructs one object and writes its arrays to the request's folder, for the exporter."""
        clock = _Clock(lambda stage, ms: send(protocol.Progress(request.id, stage, ms)))
        clock.enter("mask")
        photo = picture.load(request.photo, request.mask, request.box, request.points)
        chosen = quality.chosen(request.quality, request.faces)

        def unsound(reason: str) -> None:
            send(protocol.Log("warning", f"run {request.id}: {reason}; trying again in full precision"))

        def attempt(settings: Settings) -> tuple[Reconstruction, Cover, MaskFacts]:
            clock.enter("mask")
            self._photo.begin(None if request.photoId is None else (request.photoId, settings.max_side))
            shown = picture.scaled(photo, settings.max_side)
            mask, facts = segment.find(shown, self.segmenter, request.index)
            memory.release(self._torch)
            output = self._model.reconstruct(picture.with_mask(shown.rgba, mask), request.seed, settings, chosen, clock.enter, unsound)
            return output, mask, facts

        def retrying() -> None:
            send(protocol.Log("warning", f"run {request.id} ran out of memory; trying again at lower settings"))

        with memory.measured(self._torch) as used:
            (made, mask, facts), reduced = memory.with_retry(self._torch, attempt, retrying)
            clock.enter("handover")
            # A mask that was given is kept as it is, at whatever scale the model has used it.
            kept = photo.given if photo.given is not None else picture.enlarged(mask, (request.photo.width, request.photo.height))
            path = Path(request.folder) / MADE
            reconstruction.save(made, kept, path)
            usage = used()
        return protocol.Made(id=request.id, path=str(path), mask=facts, timing=clock.timing(), memory=usage, reduced=reduced)

    def is_out_of_memory(self, err: BaseException) -> bool:
        return memory.is_out_of_memory(self._torch, err)


def set_up(request: protocol.Setup) -> tuple[Engine, protocol.Ready]:
    """Loads the model. The failure names what is missing."""
    began = time.monotonic()
    if request.protocol != protocol.VERSION:
        raise WorkerFailure(
            "bad_config", f"the server uses protocol version {request.protocol}, the worker version {protocol.VERSION}; build both from the same commit."
        )
    model = Path(request.weights)
    environment.prepare(model, Path(request.scratch))
    environment.require_packages()
    config = workspace.load_pipeline(model)
    parts: dict[str, int] = {}

    def end(part: str) -> None:
        parts[part] = round((time.monotonic() - began) * 1000) - sum(parts.values())

    with Readahead([model / name for name in weights.in_order(config)]):
        torch = environment.load("torch")
        gpu = environment.require_gpu(torch, request.minimumGpuBytes)
        reconstruct.import_source(torch)
        end("packages")
        photo = PhotoCache()
        sam3d = Sam3d(torch, config, model, Path(request.scratch), Path(request.dinov2), photo, request.distilledSteps)
        engine = Engine(torch, segment.Sam2(torch, model, photo), sam3d, photo)
        end("weights")
    warm_up.run(engine.segmenter, sam3d)
    photo.clear()
    memory.release(torch)
    end("warmUp")
    return engine, protocol.Ready(
        protocol=protocol.VERSION, pid=os.getpid(), versions=environment.versions(torch), gpu=gpu,
        setupMs=sum(parts.values()), setup=parts,
    )


class _Clock:
    """Reports stages when they begin and sums up their durations."""

    def __init__(self, on_stage: Callable[[Stage, int], None]) -> None:
        self._on_stage = on_stage
        self._began = self._since = time.monotonic()
        self._stage: Stage | None = None
        self._spent: dict[str, float] = {}

    def enter(self, stage: Stage) -> None:
        if stage == self._stage:
            return
        self._close()
        self._stage = stage
        self._on_stage(stage, round((self._since - self._began) * 1000))

    def _close(self) -> None:
        now = time.monotonic()
        if self._stage is not None:
            self._spent[self._stage] = self._spent.get(self._stage, 0.0) + now - self._since
        self._since = now

    def timing(self) -> dict[str, int]:
        self._close()
        spent = {stage: round(s * 1000) for stage, s in self._spent.items()}
        return {**spent, "total": round((self._since - self._began) * 1000)}
