"""The qualities: their table, the steps that the samplers get, and the work that these cost."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from .. import contract, protocol, quality
from .conftest import Process

ROOT = Path(__file__).parents[3]
RECORDED = json.loads((Path(contract.__file__).with_name("recorded.json")).read_text())["sam-3d-objects"]["signatures"]
GUIDE = ROOT / "docs" / "Gen3D - User Guide - 1.0.md"
OOM_SAMPLING = 9020


def default(function: str, parameter: str) -> Any:
    """Returns the default of a parameter in the source."""
    (text,) = (p["default"] for p in RECORDED[function]["parameters"] if p["name"] == parameter)
    return json.loads(text)


def test_the_qualities_are_those_of_the_service() -> None:
    service = {q["quality"]: q["faces"] for q in json.loads((ROOT / "testdata" / "qualities.json").read_text())}
    assert {name: settings.faces for name, settings in quality.QUALITIES.items()} == service
    assert list(quality.QUALITIES) == list(service) == list(get_args(protocol.Quality))


def test_the_document_has_the_table() -> None:
    assert quality.table() in GUIDE.read_text(), "replace the table by the output of python -m worker.quality"


def test_each_quality_costs_more_than_the_one_before() -> None:
    costs = [
        (quality.evaluations(s.stage1_steps), quality.evaluations(s.stage2_steps), s.texture, s.faces) for s in quality.QUALITIES.values()
    ]
    assert all(more > less for a, b in itertools.pairwise(costs) for less, more in zip(a, b, strict=True))


def test_the_defaults_are_those_of_the_source() -> None:
    pipeline = "InferencePipeline.__init__"
    assert [default(pipeline, f"{stage}_inference_steps") for stage in ("ss", "slat")] == [quality.DEFAULT_STEPS] * 2
    assert [default(pipeline, f"{stage}_rescale_t") for stage in ("ss", "slat")] == [quality.DEFAULT_RESCALE] * 2
    for stage in ("ss", "slat"):
        first, last = default(pipeline, f"{stage}_cfg_interval")
        assert (first, last / default("FlowMatching.__init__", "time_scale")) == (0, quality.GUIDED_UNTIL)


@pytest.mark.parametrize(("steps", "rescale", "count"), [
    (12, 3, 22), (25, 3, 44), (50, 3, 88), (None, 3, 44), (12, 1, 19), (25, 1, 38), (50, 1, 76),
])
def test_evaluations_are_as_counted_with_the_sources_samplers(steps: int | None, rescale: int, count: int) -> None:
    """The counts are of ShortCut and FlowMatching of the pinned source, both with a network that counts its calls."""
    assert quality.evaluations(steps, rescale) == count


class Sampled:
    """A ready worker, and the lines that the double's samplers write."""

    def __init__(self, start: Any, setup: protocol.Setup) -> None:
        self._log = Path(setup.scratch) / "sampled"
        self.worker = start(DOUBLE_SAMPLER_LOG=str(self._log))
        assert isinstance(self.worker.ask(setup), protocol.Ready)

    def by(self, run: protocol.Run) -> list[str]:
        """Returns the lines of one run."""
        self._log.write_text("")
        self.worker.ask(run)
        return self._log.read_text().splitlines()


@pytest.fixture(scope="module")
def sampled(setup_of_module: protocol.Setup) -> Iterator[Sampled]:
    made = Sampled(Process, setup_of_module)
    yield made
    made.worker.close()


@pytest.mark.parametrize(("name", "steps"), [("draft", 12), ("standard", 25), ("high", 50)])
def test_a_quality_sets_the_steps(sampled: Sampled, request_run: Any, name: str, steps: int) -> None:
    assert sampled.by(request_run(quality=name)) == [f"ss_generator {steps}", f"slat_generator {steps}"]


def test_the_standard_quality_has_the_steps_of_the_configuration(start: Any, setup: protocol.Setup, request_run: Any) -> None:
    with (Path(setup.weights) / "sam3d" / "pipeline.yaml").open("a") as file:
        file.write("ss_inference_steps: 20\nslat_inference_steps: 30\n")
    sampled = Sampled(start, setup)
    assert sampled.by(request_run()) == ["ss_generator 20", "slat_generator 30"]


def test_a_run_without_memory_leaves_no_steps_behind(sampled: Sampled, request_run: Any) -> None:
    assert sampled.by(request_run("first", quality="high", seed=OOM_SAMPLING)) == ["ss_generator 50"] * 2
    assert sampled.by(request_run("second")) == ["ss_generator 25", "slat_generator 25"]


def test_distilled_steps_are_of_stage_1_alone(start: Any, setup: protocol.Setup, request_run: Any) -> None:
    sampled = Sampled(start, protocol.Setup(**{**vars(setup), "distilledSteps": 4}))
    assert sampled.by(request_run(quality="high")) == ["ss_generator 4 distilled", "slat_generator 50"]


def test_faces_replace_those_of_the_quality() -> None:
    assert quality.chosen("high", 0) == quality.QUALITIES["high"]
    assert quality.chosen("draft", 99_000) == quality.Settings(stage1_steps=12, stage2_steps=12, texture=1024, faces=99_000)
