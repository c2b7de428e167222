"""Worker and exporter as the server uses them, with and without failures."""

from __future__ import annotations

import dataclasses
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import plyfile
import pytest
import trimesh

from .. import protocol, reconstruction
from .conftest import Process, Shared, photo

OOM_ONCE, OOM_ALWAYS, KILLED, HANGS, NOISY, EMPTY, BROKEN_GPU, RAISES, OOM_TEXT, NOT_FINITE = range(9001, 9011)


@pytest.fixture
def ready(shared: Shared, setup_of_module: protocol.Setup) -> Any:
    def start_ready() -> Process:
        worker = Process()
        answer = worker.ask(setup_of_module)
        assert isinstance(answer, protocol.Ready), answer
        return worker

    return shared.get("worker", start_ready)


@pytest.fixture
def exporter(shared: Shared) -> Any:
    return shared.get("exporter", lambda: Process("worker.exporter"))


def export_of(run: protocol.Run, made: protocol.Made) -> protocol.Export:
    return protocol.Export(**vars(run), made=made.path)


def test_ready_has_versions_and_gpu(start: Any, setup: protocol.Setup) -> None:
    worker = start()
    answer = worker.ask(setup)
    assert isinstance(answer, protocol.Ready)
    assert answer.protocol == protocol.VERSION and answer.pid == worker.process.pid
    assert answer.gpu == protocol.Gpu("Double L40S", 48 * 2**30)
    assert answer.versions["torch"] == "2.5.1+double" and answer.versions["cuda"] == "12.1"


def test_a_box_gives_an_object(ready: Any, exporter: Any, request_run: Any) -> None:
    run = request_run()
    ready.send(run)
    *progress, made = list(ready.answers())
    assert isinstance(made, protocol.Made), made
    stages = [m.stage for m in progress if isinstance(m, protocol.Progress)]
    assert stages == ["mask", "depth", "sparse_structure", "latents", "decode", "handover"]
    assert set(made.timing) == {*stages, "total"}
    assert made.mask.source == "segmenter" and made.mask.score == pytest.approx(0.9)
    assert made.mask.share == pytest.approx(np.pi * 30**2 / (100 * 80), rel=0.02)
    assert made.memory == protocol.Memory(20 * 2**30, 24 * 2**30) and not made.reduced
    os.remove(run.photo.path)
    exporter.send(export_of(run, made))
    begun, result = list(exporter.answers())
    assert begun == protocol.Progress(run.id, "export", 0)
    assert isinstance(result, protocol.Result) and set(result.timing) == {"export"}, result
    assert [f.format for f in result.files] == ["glb", "ply", "splat", "spz", "preview", "mask"]
    for file in result.files:
        assert Path(file.path).parent == Path(run.folder) and Path(file.path).stat().st_size == file.bytes > 0
    assert not list(Path(run.folder).glob("*.partial"))
    mesh = trimesh.load(result.files[1].path, force="mesh")
    assert len(mesh.vertices) == result.mesh.vertices and len(mesh.faces) == result.mesh.faces
    textured = trimesh.load(result.files[0].path, force="mesh")
    assert len(textured.faces) == result.mesh.faces and textured.visual.kind == "texture"
    splat = plyfile.PlyData.read(result.files[2].path)["vertex"]
    assert splat["y"].max() == pytest.approx(0.5, abs=1e-5), "the splat lies where the mesh lies"


def test_only_requested_formats_are_written(ready: Any, exporter: Any, request_run: Any) -> None:
    run = request_run(formats=["ply"])
    result = exporter.ask(export_of(run, ready.ask(run)))
    assert [f.format for f in result.files] == ["ply", "preview", "mask"]


def test_a_given_mask_is_preferred_to_alpha(ready: Any, request_run: Any, tmp_path: Path) -> None:
    pixels = photo()
    pixels[:, :60, 3] = 0
    by_alpha = ready.ask(request_run("alpha", pixels, box=None))
    assert by_alpha.mask.source == "alpha" and by_alpha.mask.share == pytest.approx(100 / 160, abs=1e-4)
    given = np.zeros((120, 160), dtype=np.uint8)
    given[30:60, 30:60] = 200
    given.tofile(tmp_path / "mask")
    by_mask = ready.ask(request_run("given", pixels, box=None, mask=protocol.Raster(str(tmp_path / "mask"), 160, 120)))
    assert by_mask.mask.source == "given"


def kept(made: protocol.Made) -> Any:
    """Returns the mask that the worker has handed over, 255 in the object."""
    return np.where(reconstruction.load(Path(made.path))[1], 255, 0)


def test_the_mask_that_was_used_is_kept(ready: Any, request_run: Any) -> None:
    result = ready.ask(request_run())
    y, x = np.mgrid[:120, :160]
    assert np.array_equal(kept(result), np.where((x - 80) ** 2 + (y - 60) ** 2 < 30**2, 255, 0))


def test_a_given_mask_is_kept_pixel_for_pixel_though_the_model_uses_it_smaller(ready: Any, request_run: Any, tmp_path: Path) -> None:
    wide = photo(4000, 120)
    given = (np.random.default_rng(1).random((120, 4000)) > 0.5).astype(np.uint8) * 255
    given.tofile(tmp_path / "mask")
    result = ready.ask(request_run("given", wide, box=None, mask=protocol.Raster(str(tmp_path / "mask"), 4000, 120)))
    assert np.array_equal(kept(result), given)
    boxed = ready.ask(request_run("found", wide, box=[1900, 0, 2100, 120]))
    found = kept(boxed) == 255
    y, x = np.mgrid[:120, :4000]
    disc = (x - 2000) ** 2 + (y - 60) ** 2 < 30**2
    assert found.shape == (120, 4000) and (found & disc).sum() / (found | disc).sum() > 0.95


def test_points_choose_among_objects(ready: Any, request_run: Any) -> None:
    two = photo()
    two[10:30, 10:30] = (30, 40, 60, 255)
    corner, disc = protocol.Point(20, 20, True), protocol.Point(80, 60, True)
    one = ready.ask(request_run("corner", two, box=None, points=[corner]))
    assert one.mask.source == "points" and one.mask.score == pytest.approx(0.9) and kept(one).sum() == 255 * 20 * 20
    both = ready.ask(request_run("both", two, box=None, points=[corner, disc]))
    assert kept(both)[60, 80] == kept(both)[20, 20] == 255
    without = ready.ask(request_run("without", two, box=[0, 0, 160, 120], points=[protocol.Point(20, 20, False)]))
    assert without.mask.source == "points" and kept(without)[60, 80] == 255 and not kept(without)[:31, :31].any()
    nothing = ready.ask(request_run("nothing", two, box=None, points=[protocol.Point(150, 5, True), protocol.Point(140, 5, True)]))
    assert nothing.code == "object_not_found" and nothing.message == "No object stands out at the points of object 1; set a point in its middle."


def test_object_not_found_has_a_message_for_the_user(ready: Any, request_run: Any) -> None:
    clear = photo()
    clear[..., 3] = 0
    failure = ready.ask(request_run("clear", clear))
    assert isinstance(failure, protocol.Failure) and failure.code == "object_not_found" and not failure.fatal
    assert failure.message == "Box 1 has only transparent pixels; use a picture in which the object shows."
    assert isinstance(ready.ask(request_run("next")), protocol.Made)


def test_the_pose_tells_the_photos_camera(ready: Any, exporter: Any, request_run: Any) -> None:
    run = request_run()
    result = exporter.ask(export_of(run, ready.ask(run)))
    assert result.pose.yfov == pytest.approx(0.8, rel=1e-3), "that of the double's points"


def test_out_of_memory_is_retried_at_lower_settings(ready: Any, exporter: Any, request_run: Any) -> None:
    run = request_run(seed=OOM_ONCE)
    ready.send(run)
    *before, result = list(ready.answers())
    assert isinstance(result, protocol.Made) and result.reduced
    assert [m.level for m in before if isinstance(m, protocol.Log)] == ["warning"]
    following = request_run("next")
    whole = ready.ask(following)
    assert not whole.reduced, "the next object has the full settings again"
    half, full = (exporter.ask(export_of(r, m)).pose for r, m in ((run, result), (following, whole)))
    assert half.scale == pytest.approx([2 * s for s in full.scale]), "half the grid, twice the scale"


@pytest.mark.parametrize("seed", [OOM_ALWAYS, OOM_TEXT])
def test_out_of_memory_twice_is_a_typed_failure(ready: Any, request_run: Any, seed: int) -> None:
    failure = ready.ask(request_run(seed=seed))
    assert isinstance(failure, protocol.Failure) and failure.code == "out_of_memory" and not failure.fatal
    assert "out of memory" in failure.message
    assert isinstance(ready.ask(request_run("next")), protocol.Made)


def test_library_output_does_not_reach_the_protocol(ready: Any, request_run: Any) -> None:
    assert isinstance(ready.ask(request_run(seed=NOISY)), protocol.Made)
    assert isinstance(ready.ask(request_run("next")), protocol.Made)
    ready.send(protocol.Shutdown())
    assert ready.ended() == 0
    assert b"noise\n" * 10 in ready.printed and b"child" in ready.printed


@pytest.mark.parametrize(("seed", "text"), [(EMPTY, "empty mesh"), (RAISES, "ValueError: mask_distance is NaN")])
def test_a_run_that_fails_leaves_the_worker_usable(ready: Any, request_run: Any, seed: int, text: str) -> None:
    failure = ready.ask(request_run(seed=seed))
    assert isinstance(failure, protocol.Failure) and failure.code == "model_failed" and not failure.fatal
    assert text in failure.message
    assert isinstance(ready.ask(request_run("next")), protocol.Made)


def test_vertices_that_are_not_finite_are_removed(ready: Any, exporter: Any, request_run: Any) -> None:
    run = request_run(seed=NOT_FINITE)
    result = exporter.ask(export_of(run, ready.ask(run)))
    assert isinstance(result, protocol.Result) and result.mesh.vertices == 641
    assert np.isfinite(trimesh.load(result.files[0].path, force="mesh").vertices).all()


def test_a_broken_gpu_ends_the_process(ready: Any, request_run: Any) -> None:
    failure = ready.ask(request_run(seed=BROKEN_GPU))
    assert isinstance(failure, protocol.Failure) and failure.fatal
    assert ready.ended() == 4


def test_a_killed_worker_ends_the_stream(ready: Any, request_run: Any) -> None:
    ready.send(request_run(seed=KILLED))
    assert not any(isinstance(m, (protocol.Made, protocol.Failure)) for m in ready.answers())
    assert ready.ended() == -9


def test_the_worker_exits_when_the_pipe_ends_during_a_run(ready: Any, request_run: Any) -> None:
    ready.send(request_run(seed=HANGS))
    assert isinstance(next(ready.answers()), protocol.Progress)
    ready.sink.close()
    assert ready.ended() == 3
    assert b"the server has closed the pipe" in ready.printed


@pytest.mark.parametrize("garbage", [
    struct.pack(">I", 1 << 31) + b"x" * 100, struct.pack(">I", 4) + b"null", struct.pack(">I", 3) + b"{\"a",
    struct.pack(">I", 16) + b'{"type":"ready"}', struct.pack(">I", 5) + b"\xff\xfe\x00\x01\x02", b"\x00\x00",
])
def test_invalid_messages_end_the_worker(start: Any, garbage: bytes) -> None:
    worker = start()
    worker.sink.write(garbage)
    worker.sink.close()
    assert worker.ended() == 3


@pytest.mark.parametrize("change", [
    {"box": [0, 0, 161, 10]}, {"box": [10, 10, 10, 20]}, {"box": [1, 2, 3]},
    {"points": [protocol.Point(160, 10, True)]}, {"points": [protocol.Point(10, -1, False)]},
    {"photo": protocol.Raster("/nowhere", 160, 120)}, {"photo": protocol.Raster("/dev/null", 160, 120)},
    {"photo": protocol.Raster("/dev/null", 0, 0)},
])
def test_invalid_requests_are_refused(ready: Any, request_run: Any, change: dict[str, Any]) -> None:
    failure = ready.ask(dataclasses.replace(request_run(), **change))
    assert isinstance(failure, protocol.Failure) and failure.code == "bad_request" and failure.id == "job-1"
    assert isinstance(ready.ask(request_run("next")), protocol.Made)


def test_a_run_before_setup_is_refused(start: Any, request_run: Any) -> None:
    worker = start()
    failure = worker.ask(request_run())
    assert isinstance(failure, protocol.Failure) and failure.code == "bad_request" and failure.fatal


def test_child_processes_do_not_inherit_the_pipes(ready: Any) -> None:
    for fd in os.listdir(f"/proc/{ready.process.pid}/fd"):
        flags = Path(f"/proc/{ready.process.pid}/fdinfo/{fd}").read_text()
        if "pipe" in os.readlink(f"/proc/{ready.process.pid}/fd/{fd}") and int(fd) > 2:
            assert int(flags.split("flags:")[1].split()[0], 8) & os.O_CLOEXEC


def fails(start: Any, setup: protocol.Setup, **environment: str) -> protocol.Failure:
    worker = start(**environment)
    failure = worker.ask(setup)
    assert isinstance(failure, protocol.Failure) and failure.fatal and failure.id is None
    assert worker.ended() == 4
    return failure


def test_versions_include_the_commits_of_sources(start: Any, setup: protocol.Setup) -> None:
    answer = start().ask(setup)
    assert answer.versions["sam-3d-objects"] == "cf06676" and answer.versions["sam2"] == "2b90b9f"


def test_library_caches_are_in_scratch(start: Any, setup: protocol.Setup) -> None:
    assert isinstance(start(HOME="/proc/nowhere").ask(setup), protocol.Ready)
    assert (Path(setup.scratch) / "cache").is_dir()


@pytest.mark.parametrize("name", [
    "sam3d/pipeline.yaml", "sam3d/ss_generator.ckpt", "sam3d/slat_decoder_mesh.yaml", "moge/model.pt", "sam2/sam2.1_hiera_large.pt",
])
def test_setup_names_the_weights_file_that_is_missing(start: Any, setup: protocol.Setup, name: str) -> None:
    (Path(setup.weights) / name).unlink()
    failure = fails(start, setup)
    assert failure.code == "missing_weights" and name in failure.message and "gen3d weights push" in failure.message


def test_setup_reports_a_missing_gpu(start: Any, setup: protocol.Setup) -> None:
    failure = fails(start, setup, DOUBLE_GPU="0")
    assert failure.code == "no_gpu" and "NVIDIA GPU" in failure.message


def test_setup_reports_a_small_gpu(start: Any, setup: protocol.Setup) -> None:
    failure = fails(start, dataclasses.replace(setup, minimumGpuBytes=30 * 2**30), DOUBLE_GPU="16")
    assert failure.code == "gpu_too_small" and "16 GiB" in failure.message and "ml.g6e.xlarge" in failure.message


def test_setup_names_the_packages_that_are_missing(start: Any, setup: protocol.Setup) -> None:
    failure = fails(start, setup, PYTHONPATH="")
    assert failure.code == "missing_package"
    for package in ("torch", "MoGe", "SAM-2", "sam3d_objects"):
        assert package in failure.message


def test_setup_refuses_another_version_of_the_protocol(start: Any, setup: protocol.Setup) -> None:
    assert "version 1" in fails(start, dataclasses.replace(setup, protocol=1)).message


def test_the_next_object_is_made_while_one_is_exported(ready: Any, exporter: Any, request_run: Any) -> None:
    runs = [request_run(f"job-{i}") for i in range(3)]
    made = [ready.ask(runs[0])]
    for run, following in zip(runs, [*runs[1:], None], strict=True):
        exporter.send(export_of(run, made[-1]))
        if following is not None:
            made.append(ready.ask(following))  # before the export's result is read
        result = list(exporter.answers())[-1]
        assert isinstance(result, protocol.Result) and result.id == run.id, "results come in order"


def test_an_exporter_killed_in_an_export_leaves_the_worker_and_the_object(ready: Any, start: Any, request_run: Any) -> None:
    run = request_run()
    made = ready.ask(run)
    os.remove(made.path)
    os.mkfifo(made.path)  # reading it waits for a writer
    first = start("worker.exporter")
    first.send(export_of(run, made))
    assert next(first.answers()) == protocol.Progress(run.id, "export", 0)
    first.process.kill()
    assert first.ended() == -9
    again = request_run("next")
    result = start("worker.exporter").ask(export_of(again, ready.ask(again)))
    assert isinstance(result, protocol.Result)


def test_the_exporter_finishes_when_the_worker_is_killed(ready: Any, exporter: Any, request_run: Any) -> None:
    run = request_run()
    made = ready.ask(run)
    ready.send(request_run("killed", seed=KILLED))
    result = exporter.ask(export_of(run, made))
    assert ready.ended() == -9 and isinstance(result, protocol.Result)


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 no archive"])
def test_an_export_that_fails_leaves_the_exporter_usable(ready: Any, exporter: Any, request_run: Any, content: bytes | None) -> None:
    run, following = request_run(), request_run("next")
    made = ready.ask(run)
    os.remove(made.path)
    if content is not None:
        Path(made.path).write_bytes(content)
    failure = exporter.ask(export_of(run, made))
    assert isinstance(failure, protocol.Failure) and failure.code == "export_failed" and failure.id == run.id and not failure.fatal
    assert isinstance(exporter.ask(export_of(following, ready.ask(following))), protocol.Result)


def test_the_exporter_does_not_load_the_model(exporter: Any, ready: Any, request_run: Any) -> None:
    run = request_run()
    assert isinstance(exporter.ask(export_of(run, ready.ask(run))), protocol.Result)
    maps = Path(f"/proc/{exporter.process.pid}/maps").read_text()
    assert "numpy" in maps and "torch" not in maps


def test_the_exporter_refuses_other_messages_and_ends_with_the_pipe(start: Any, exporter: Any, request_run: Any) -> None:
    failure = exporter.ask(request_run())
    assert isinstance(failure, protocol.Failure) and failure.fatal and exporter.ended() == 4
    idle = start("worker.exporter")
    idle.send(protocol.Shutdown())
    assert idle.ended() == 0
    left = start("worker.exporter")
    left.sink.close()
    assert left.ended() == 3
