"""Set-up: each checkpoint is read once and mapped, the models run once, and its parts are timed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf

from .. import arguments, checkpoints, protocol, readahead, warm_up, weights, workspace
from ..failure import WorkerFailure
from ..readahead import Readahead

PARTS = ("ss_generator", "slat_generator", "ss_decoder", "slat_decoder_gs", "slat_decoder_mesh")
FILES = [f"{part}.ckpt" for part in PARTS] + ["model.pt", "sam2.1_hiera_large.pt"]


def lines(start: Any, setup: protocol.Setup, log: Path, **environment: str) -> tuple[list[str], protocol.Message]:
    """Returns the work of a set-up, and its answer."""
    answer = start(DOUBLE_WORK=str(log), **environment).ask(setup)
    return log.read_text().splitlines() if log.exists() else [], answer


def test_each_checkpoint_is_read_once_and_the_models_run_once(start: Any, setup: protocol.Setup, tmp_path: Path) -> None:
    done, ready = lines(start, setup, tmp_path / "work")
    assert isinstance(ready, protocol.Ready), ready
    assert sorted(line for line in done if line.startswith("load")) == sorted(f"load {name} mapped" for name in FILES)
    assert "initialize" not in done, "random values would be replaced"
    warm = Counter(line for line in done if not line.startswith(("load", "tokens")))
    assert warm == {"sam2 features": 1, "moge points": 1, "dino tokens": 8}
    assert set(ready.setup) == {"packages", "weights", "warmUp"} and sum(ready.setup.values()) == ready.setupMs > 0


def test_models_that_are_not_loaded_strictly_are_initialized(start: Any, setup: protocol.Setup, tmp_path: Path) -> None:
    path = Path(setup.weights) / weights.PIPELINE
    path.write_text(path.read_text().replace("ss_decoder.ckpt", "ss_decoder.safetensors"))
    (path.parent / "ss_decoder.ckpt").rename(path.parent / "ss_decoder.safetensors")
    done, ready = lines(start, setup, tmp_path / "work")
    assert isinstance(ready, protocol.Ready) and done.count("initialize") == 1, "SAM 2.1 is always loaded strictly"


def test_initialization_is_set_back() -> None:
    init = torch.nn.init.kaiming_uniform_
    with pytest.raises(ZeroDivisionError), checkpoints.uninitialized(torch):
        tensor = torch.Tensor([1.0])
        assert torch.nn.init.kaiming_uniform_(tensor, a=1) is tensor and torch.nn.init.kaiming_uniform_ is not init
        raise ZeroDivisionError
    assert torch.nn.init.kaiming_uniform_ is init


def test_a_failed_warm_up_is_a_failed_set_up(start: Any, setup: protocol.Setup, tmp_path: Path) -> None:
    _, failure = lines(start, setup, tmp_path / "work", DOUBLE_WARM_UP="fails")
    assert isinstance(failure, protocol.Failure) and failure.fatal and failure.code == "setup_failed"
    assert failure.message == "running the model for the first time: RuntimeError: no kernel image is available for execution on the device; see the log."


def test_a_warm_up_without_a_mesh_is_enough(start: Any, setup: protocol.Setup, tmp_path: Path) -> None:
    _, ready = lines(start, setup, tmp_path / "work", DOUBLE_WARM_UP="empty")
    assert isinstance(ready, protocol.Ready)


@pytest.mark.parametrize(("grid", "voxels"), [(16, 312), (64, 4904)])
def test_the_warm_ups_structure_fits_the_grid(grid: int, voxels: int) -> None:
    structure = warm_up.sphere(grid)
    assert structure.shape == (voxels, 4) and structure.min() == 0 and structure.max() < grid
    assert (structure[:, 1:].min(axis=0) + structure[:, 1:].max(axis=0) == grid - 1).all(), "it is in the middle"


def test_files_of_old_versions_are_loaded_without_mapping(tmp_path: Path) -> None:
    old = tmp_path / "old.pt"
    old.write_bytes(b"legacy weights")
    load = torch.load
    with checkpoints.read_once(torch):
        first = torch.load(str(old), map_location="cpu", weights_only=True)
        assert torch.load(str(old), map_location="cpu", weights_only=True) is first
    assert torch.load is load


def test_other_loads_are_left_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "new.pt"
    path.write_bytes(b"weights")
    (tmp_path / "link.pt").symlink_to(path)
    with checkpoints.read_once(torch):
        cpu = torch.load(path, map_location="cpu")
        assert torch.load(tmp_path / "link.pt", map_location="cpu") is cpu
        assert torch.load(path, map_location="cuda") is not torch.load(path, map_location="cuda")
        assert torch.load(path, map_location="cpu", weights_only=True) is not cpu
        with pytest.raises(EOFError):
            (tmp_path / "empty.pt").write_bytes(b"")
            torch.load(tmp_path / "empty.pt", map_location="cpu")
    with checkpoints.read_once(torch):
        assert torch.load(path, map_location="cpu") is not cpu, "nothing is held after the context"


def test_files_are_read_ahead_in_order_and_within_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readahead, "PART", 1000)
    monkeypatch.setattr(readahead, "PARTS", 2)
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(readahead.os, "posix_fadvise", lambda _, begin, length, advice: asked.append((begin, length)))
    paths = []
    for name, size in (("a", 2500), ("empty", 0), ("b", 1500), ("c", 5000)):
        paths.append(tmp_path / name)
        paths[-1].write_bytes(b"x" * size)
    with Readahead([tmp_path / "missing", *paths], available=6000) as ahead:
        ahead.wait()
    assert asked == [(0, 1000), (1000, 1000), (2000, 500), (0, 1000), (1000, 500)]
    assert ahead.requested == 4000 <= 6000 * readahead.SHARE
    with Readahead(paths, available=0) as ahead:
        ahead.wait()
    assert ahead.requested == 0


def test_the_files_are_in_the_order_in_which_they_are_loaded(start: Any, setup: protocol.Setup, tmp_path: Path) -> None:
    done, _ = lines(start, setup, tmp_path / "work")
    loaded = [line.split()[1] for line in done if line.startswith("load")]
    assert [path.name for path in weights.in_order(workspace.load_pipeline(Path(setup.weights)))] == loaded


@pytest.mark.usefixtures("importable")
def test_unknown_keys_are_named_before_weights_are_loaded(start: Any, setup: protocol.Setup, tmp_path: Path) -> None:
    path = Path(setup.weights) / weights.PIPELINE
    path.write_text(path.read_text().replace("  device: cuda\n", "  device: cuda\n  metric_scale: true\n") + "slat_sampler: heun\nss_guidance: 3\n")
    done, failure = lines(start, setup, tmp_path / "work")
    assert isinstance(failure, protocol.Failure) and failure.code == "bad_config"
    assert "slat_sampler" in failure.message and "ss_guidance" in failure.message and "depth_model.metric_scale" in failure.message
    assert not done


class Base:
    def __init__(self, a: int, b: int = 2) -> None: ...


class Derived(Base):
    def __init__(self, *args: Any, c: int, **kwargs: Any) -> None: ...


class Open:
    def __init__(self, a: int, **more: Any) -> None: ...


def function(a: int, b: int) -> None: ...


@pytest.mark.parametrize(("called", "names"), [
    (Base, {"a", "b"}), (Derived, {"a", "b", "c"}), (Open, None), (function, {"a", "b"}), (Open(1).__init__, None),
])
def test_parameters_are_those_of_the_class_and_its_bases(called: Any, names: Any) -> None:
    assert arguments.parameters(called) == names


@pytest.mark.usefixtures("importable")
def test_arguments_by_position_and_of_hydra_are_not_keys() -> None:
    arguments.check(OmegaConf.create({"x": {"_target_": "moge.model.v1.MoGeModel.from_pretrained", "_args_": ["p"], "_recursive_": False, "y": 1}}))
    with pytest.raises(WorkerFailure, match=r"sets x\.0\.z,"):
        arguments.check(OmegaConf.create({"x": [{"_target_": "sam3d_objects.pipeline.depth_models.base.DepthModel", "_partial_": True, "z": 1}]}))
