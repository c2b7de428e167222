"""What depends only on the photo is computed once per photo, and nothing of another photo is used."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from .. import photo_cache, protocol, reconstruction
from ..photo_cache import PhotoCache
from .conftest import Process, Shared, photo

OOM_ONCE, HALF_EMPTY = 9001, 9011
#: The work for one photo: both embedders compute tokens of the whole picture.
ONCE = {"sam2 features": 1, "moge points": 1}


class Work:
    """A worker that counts the work of its models in a file, DOUBLE_WORK."""

    def __init__(self, worker: Process, log: Path) -> None:
        self._worker, self._log = worker, log

    def of(self, run: protocol.Run) -> tuple[Counter[str], str]:
        """Returns the counts of one run, and what its embedders returned."""
        self._log.write_text("")
        result = self._worker.ask(run)
        assert isinstance(result, protocol.Made), result
        lines = self._log.read_text().splitlines()
        return Counter(line for line in lines if not line.startswith("tokens")), next(line for line in lines if line.startswith("tokens"))


@pytest.fixture
def work(shared: Shared, setup_of_module: protocol.Setup, request_run: Any) -> Work:
    """The module's worker, which keeps nothing of a photo before the test."""
    log = Path(setup_of_module.scratch) / "work"

    def start_ready() -> Process:
        worker = Process(DOUBLE_WORK=str(log))
        assert isinstance(worker.ask(setup_of_module), protocol.Ready)
        return worker

    counting = Work(shared.get("worker", start_ready), log)
    assert counting.of(request_run("before"))[0] == {**ONCE, "dino tokens": 8}, "a run without an identity drops what is kept"
    return counting


def test_objects_of_a_photo_share_its_features(work: Work, request_run: Any) -> None:
    boxes = [[30, 20, 130, 100], [40, 20, 130, 100], [30, 30, 130, 100]]
    first, *others = [work.of(request_run(f"a-{i}", photoId="a", box=box)) for i, box in enumerate(boxes)]
    assert first[0] == {**ONCE, "dino tokens": 8}
    for counted, tokens in others:
        assert counted == {"dino tokens": 6}, "the tokens of the crop and of both masks are the object's"
        assert tokens == first[1], "the double's mask is the disc, in each of the boxes"


def test_the_camera_is_that_of_the_photo_also_if_its_points_are_kept(work: Work, request_run: Any, tmp_path: Path) -> None:
    for name, computed in (("first", 1), ("second", 0)):
        assert work.of(request_run(name, photoId="a"))[0]["moge points"] == computed
        made, _ = reconstruction.load(tmp_path / name / "made.npz")
        assert made.pose is not None and made.pose.yfov == pytest.approx(0.8, rel=1e-3), "that of the double's points"


def test_another_photo_shares_nothing(work: Work, request_run: Any) -> None:
    brighter = photo()
    brighter[..., :3] += 10
    _, tokens = work.of(request_run("a", photoId="a"))
    for name, pixels, identity in (("b", brighter, "b"), ("c", None, "a")):
        counted, made = work.of(request_run(name, pixels, photoId=identity))
        assert counted == {**ONCE, "dino tokens": 8}
        assert (made == tokens) == (pixels is None)


def test_an_identity_that_is_wrong_mixes_no_photos(work: Work, request_run: Any) -> None:
    brighter = photo()
    brighter[..., :3] += 10
    _, right = work.of(request_run("right", brighter, photoId="b"))
    work.of(request_run("other", photoId="a"))
    counted, made = work.of(request_run("wrong", brighter, photoId="a"))
    assert counted == {**ONCE, "dino tokens": 8} and made == right


def test_without_an_identity_nothing_is_kept(work: Work, request_run: Any) -> None:
    for name in ("one", "two"):
        assert work.of(request_run(name))[0] == {**ONCE, "dino tokens": 8}


def test_results_at_other_settings_are_not_used(work: Work, request_run: Any) -> None:
    work.of(request_run("plain", photoId="a"))
    retried, _ = work.of(request_run("retried", photoId="a", seed=OOM_ONCE))
    assert retried == {"dino tokens": 6 + 8, **ONCE}, "the second attempt scales the photo"
    full, _ = work.of(request_run("full", photoId="a", seed=HALF_EMPTY))
    assert full == {"dino tokens": 8 + 8, "sam2 features": 1, "moge points": 2}, "the second attempt is in full precision"
    after, _ = work.of(request_run("after", photoId="a"))
    assert after == {"dino tokens": 8, **ONCE}, "results in full precision are dropped"


class Owner:
    """Counts what it holds."""

    def __init__(self) -> None:
        self.held = 0

    def make(self) -> int:
        self.held += 1
        return self.held

    def release(self) -> None:
        self.held -= 1


def same(a: Any, b: Any) -> bool:
    return bool(a == b)


def test_one_result_per_name_is_held() -> None:
    cache, owner = PhotoCache(), Owner()
    for picture in range(100):
        cache.begin("a")
        cache.get("depth", picture, same, owner.make, owner.release)
        assert owner.held == 1, "the result for another picture is released first"
    cache.begin("b")
    assert owner.held == 0
    cache.get("depth", 1, same, owner.make, owner.release)
    cache.begin(None)
    assert owner.held == 0


def test_a_failed_computation_is_released_and_not_kept() -> None:
    cache, owner = PhotoCache(), Owner()

    def fail() -> int:
        owner.make()
        raise MemoryError

    with pytest.raises(MemoryError):
        cache.get("mask", 1, same, fail, owner.release)
    assert owner.held == 0 and cache.get("mask", 1, same, owner.make, owner.release) == 1


def test_the_depth_models_other_output_is_not_kept() -> None:
    image = torch.Tensor([[1.0]])
    depth = photo_cache.Depth(torch, lambda _: {"pointmaps": 1, "intrinsics": 2, "depth": 3, "mask": 4}, PhotoCache())
    found = depth(image)
    assert found == {"pointmaps": 1, "intrinsics": 2}
    found.clear()
    assert depth(torch.Tensor([[1.0]])) == {"pointmaps": 1, "intrinsics": 2}, "a caller may change the dictionary"
    assert np.array_equal(image.numpy(), [[1.0]])


def test_the_identity_is_optional_in_messages() -> None:
    run = protocol.Run("id", 1, protocol.Raster("/p", 1, 1), "/f", 0, ["glb"])
    for message in (run, dataclasses.replace(run, photoId="a")):
        assert protocol.decode(protocol.encode(message)[4:]) == message
