"""Compressed splats, read back by Niantic's own library (C++ compiled to WebAssembly)."""

from __future__ import annotations

import base64
import gzip
import json
import struct
import subprocess
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from .. import splat, spz, surface
from ..reconstruction import Gaussians
from . import render, splat_render, trained

READER = Path(__file__).parents[3] / "tests" / "mesh"


#: The Gaussians and bytes that the Go server is held to as well: `go test ./model-image/server/mesh -update` writes the bytes.
VECTORS = Path(__file__).parents[1] / "testdata" / "spz.json"


def shell(count: int = 60_000, seed: int = 5) -> Gaussians:
    """Gaussians like the model's: 32 a voxel of a surface, textured, of all sizes, directions and opacities."""
    rng = np.random.default_rng(seed)
    out = rng.normal(size=(count // 32, 3))
    out *= np.array([0.5, 0.3, 0.45]) / np.linalg.norm(out, axis=1, keepdims=True)
    out = out[np.lexsort(np.floor(out * 64).T)]
    at = np.repeat(out, 32, axis=0)
    at = at + rng.uniform(-0.75, 0.75, at.shape) / 64
    stripes = 0.5 + 0.3 * np.sin(40 * at) + rng.normal(0, 0.05, at.shape)
    return Gaussians(
        positions=np.clip(at, -0.5, 0.5).astype(np.float32),
        colors=((stripes - 0.5) / 0.28209479).astype(np.float32),
        opacities=rng.normal(0.3, 2.5, len(at)).astype(np.float32),
        scales=rng.normal(np.log(0.004), 0.6, at.shape).astype(np.float32),
        rotations=rng.normal(size=(len(at), 4)).astype(np.float32),
    )


def read(path: Path) -> dict[str, NDArray[Any]]:
    """Returns the arrays that Niantic's library decodes: tests/mesh/splats.mjs names their units."""
    if not (READER / "node_modules" / "@spz-loader").is_dir():
        pytest.skip("the reader is not installed: run `npm ci` in tests/mesh")
    done = subprocess.run(["node", str(READER / "splats.mjs"), str(path)], check=True, capture_output=True, text=True)
    (cloud,) = json.loads(done.stdout)
    assert cloud["shDegree"] == 0
    arrays = {name: np.frombuffer(base64.b64decode(data), "<f4") for name, data in cloud["arrays"].items()}
    return {name: a.reshape(cloud["numPoints"], -1) for name, a in arrays.items() if len(a)}


def unit(turns: NDArray[Any]) -> NDArray[np.float64]:
    whole = turns.astype(np.float64)
    return whole / np.linalg.norm(whole, axis=1, keepdims=True)


def shapes(turns: NDArray[Any], scales: NDArray[Any]) -> NDArray[np.float64]:
    """Returns the covariances."""
    axes = surface.matrices(unit(turns))
    return np.einsum("nij,nj,nkj->nik", axes, np.exp(2.0 * scales), axes)


def along_the_curve(made: Gaussians) -> NDArray[np.int64]:
    """Returns the Gaussians that are drawn, in the file's order: the bits of z, y and x by turns, the highest first."""
    cells = np.rint(made.positions.astype(np.float64) * 1024).astype(int) + 2**20
    places = [
        int("".join(f"{z:021b}"[k] + f"{y:021b}"[k] + f"{x:021b}"[k] for k in range(21)), 2) if shown else -1
        for (x, y, z), shown in zip(cells, made.opacities >= np.log(1 / 254), strict=True)
    ]
    order = sorted((place, number) for number, place in enumerate(places) if place >= 0)
    return np.array([number for _, number in order])


def test_another_reader_finds_the_gaussians_within_the_bounds(tmp_path: Path) -> None:
    everything = shell(20_000)
    everything.scales[:300] = np.log(0.004)  # spheres, whose rotation is not kept
    everything.scales[300:600] += 3
    everything.opacities[600:900] = -7
    everything.opacities[900:1200] = np.random.default_rng(3).normal(-4, 0.5, 300)
    (tmp_path / "splat.spz").write_bytes(spz.encode(everything))
    found = read(tmp_path / "splat.spz")
    kept = along_the_curve(everything)
    assert 19_000 < len(kept) <= 19_980 - 300
    made = Gaussians(**{f.name: getattr(everything, f.name)[kept] for f in fields(Gaussians)})
    assert np.abs(found["positions"] - made.positions).max() <= spz.POSITION_ERROR * 1.001
    opacity, color = 1 / (1 + np.exp(-made.opacities)), 0.5 + 0.28209479 * made.colors
    wrong = np.abs(found["alphas"][:, 0] - opacity)
    assert wrong.max() <= spz.OPACITY_ERROR * 1.001
    assert wrong[opacity < 16 / 255].max() <= spz.FAINT_OPACITY_ERROR * 1.001
    assert np.abs(found["colors"] - color).max() <= spz.COLOR_ERROR * 1.001
    turns, scales = spz.upright(unit(made.rotations), made.scales)
    deviations = np.exp(scales)
    wrong = np.abs(found["scales"] - deviations)
    assert (wrong <= np.maximum(spz.SCALE_ERROR, spz.LARGE_SCALE_ERROR * deviations) * 1.001).all()
    cosine = np.abs((unit(found["rotations"][:, [3, 0, 1, 2]]) * turns).sum(axis=1)).clip(0, 1)
    angle, unevenness = 2 * np.arccos(cosine), deviations.max(axis=1) - deviations.min(axis=1)
    # By any turn, the outline moves by no more than the unevenness.
    assert (np.minimum(angle, 1) * unevenness <= np.maximum(spz.TURN_ERROR, spz.STEP_TURN * unevenness)).all()
    assert angle[unevenness > 0.1].max() <= spz.STEP_TURN


def test_upright_rotations_are_of_the_same_ellipsoids() -> None:
    made = shell()
    turns = unit(made.rotations)
    turns[:8] = np.vstack([np.eye(4), -np.eye(4)])  # ties
    upright, scales = spz.upright(turns, made.scales)
    assert upright[:, 0].min() > 0.85
    before, after = shapes(turns, made.scales), shapes(upright, scales)
    assert np.abs(before - after).max() < 1e-6 * np.abs(before).max()


def test_values_beyond_the_format_are_cut(tmp_path: Path) -> None:
    far = Gaussians(
        positions=np.array([[9000, -9000, 0]], dtype=np.float32), colors=np.array([[9, -9, 0]], dtype=np.float32),
        opacities=np.array([90], dtype=np.float32), scales=np.array([[-20, 20, 0]], dtype=np.float32),
        rotations=np.array([[0, 0, 0, 1]], dtype=np.float32),
    )
    (tmp_path / "splat.spz").write_bytes(spz.encode(far))
    found = read(tmp_path / "splat.spz")
    assert found["positions"][0].tolist() == pytest.approx([1024, -1024, 0], abs=0.001)
    assert sorted(np.log(found["scales"][0]).tolist()) == pytest.approx([-10, 0, 5.94], abs=0.01)


@pytest.fixture(scope="module")
def made() -> Gaussians:
    return trained.figurine(54)


@pytest.fixture(scope="module")
def encoded(made: Gaussians) -> bytes:
    return spz.encode(made)


def test_size_is_below_an_eighth_of_the_models_ply(made: Gaussians, encoded: bytes) -> None:
    assert len(encoded) <= len(splat.ply(made, "")) / 8


def test_pictures_of_both_files_are_alike(made: Gaussians, encoded: bytes, tmp_path: Path) -> None:
    (tmp_path / "splat.spz").write_bytes(encoded)
    found = read(tmp_path / "splat.spz")
    compressed = splat_render.splat(
        found["positions"], found["rotations"][:, [3, 0, 1, 2]], found["scales"], found["alphas"], found["colors"],
    )
    (ratio,) = splat_render.psnr(splat_render.of(made), compressed, [render.cameras()[4]], 160)
    assert ratio >= 38


def test_gaussians_that_are_not_drawn_are_kept_if_there_are_no_others() -> None:
    made = shell(64)
    made.opacities[:] = -9
    assert struct.unpack_from("<I", gzip.decompress(spz.encode(made)), 8) == (64,)


def test_bytes_are_those_that_the_go_server_is_held_to() -> None:
    vectors = json.loads(VECTORS.read_text())
    fields_ = {name: np.array(values, dtype=np.float32) for name, values in vectors["gaussians"].items()}
    parts = spz.pack(Gaussians(**fields_))
    for name, part in zip(("positions", "opacities", "colors", "scales", "rotations"), parts, strict=True):
        assert part.tobytes().hex() == vectors["bytes"][name], name


def test_files_have_the_header_of_version_2_and_are_deterministic() -> None:
    made = shell(64)
    data = spz.encode(made)
    assert data == spz.encode(made) and data[:2] == b"\x1f\x8b"
    body = gzip.decompress(data)
    count = len(along_the_curve(made))
    assert struct.unpack("<4sIIBBBB", body[:16]) == (b"NGSP", 2, count, 0, 13, 0, 0)
    assert len(body) == 16 + 19 * count
