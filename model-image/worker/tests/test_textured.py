"""The textured mesh, read and rendered by programs that share no code with what writes it."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image

from .. import bake, decimate, environment, export, surface, textured
from ..surface import Surface
from . import render, shape

VALIDATOR = Path(__file__).parents[3] / "tests" / "mesh"
FACES = 6_000


@pytest.fixture(scope="module")
def figurine() -> Surface:
    return shape.figurine(30_000)


@pytest.fixture(scope="module")
def made(figurine: Surface) -> bytes:
    return textured.glb(figurine, "figurine", faces=FACES)


def floats(values: Any) -> Any:
    return np.array(values, dtype=np.float32)


def shades(values: Any) -> Any:
    return np.array(values, dtype=np.uint8)


def numbers(values: Any) -> Any:
    return np.array(values, dtype=np.uint32)


def ball(subdivisions: int = 4, center: tuple[float, float, float] = (0, 0, 0), radius: float = 0.5) -> Surface:
    """A ball with smooth colors."""
    made = trimesh.creation.icosphere(subdivisions=subdivisions, radius=radius)
    at = np.asarray(made.vertices, dtype=np.float32) + floats(center)
    colors = np.rint((0.5 + 0.4 * np.sin(5 * at + (0, 1, 2))) * 255).astype(np.uint8)
    return Surface(at, np.asarray(made.faces, dtype=np.uint32), colors)


def together(*parts: Surface) -> Surface:
    starts = np.cumsum([0, *(len(p.positions) for p in parts)])
    return Surface(
        np.concatenate([p.positions for p in parts]),
        np.concatenate([p.faces + np.uint32(s) for p, s in zip(parts, starts, strict=False)]),
        np.concatenate([p.colors for p in parts]),
    )


def pictures(dense: Surface, side: int = 96) -> render.Sides:
    return render.sides(render.read(export.glb_dense(dense, "")), side)


def worst(dense: render.Sides, light: bytes) -> float:
    """The least of the signal-to-noise ratios of twelve sides, in dB."""
    return min(render.psnr(dense, render.sides(render.read(light), len(dense[0][0]))))


@pytest.fixture(scope="module")
def shown(figurine: Surface) -> render.Sides:
    return pictures(figurine, 192)


def test_it_looks_like_the_dense_mesh_from_twelve_sides(shown: render.Sides, made: bytes) -> None:
    assert worst(shown, made) >= 30


def test_the_comparison_notices_a_wrong_texture(shown: render.Sides, made: bytes) -> None:
    light = render.read(made)
    assert light.texture is not None
    for wrong in (light.texture[::-1], light.texture.mean(axis=(0, 1), keepdims=True) * np.ones((4, 4, 1))):
        other = render.Model(light.positions, light.normals, light.faces, None, light.uv, b"", wrong)
        assert min(render.psnr(shown, render.sides(other, 192))) < 25


def test_it_has_the_number_of_triangles_asked_for(figurine: Surface, made: bytes) -> None:
    light = render.read(made)
    assert 0.95 * FACES <= len(light.faces) <= FACES
    assert len(light.positions) < FACES, "cuts double fewer vertices than there are"
    mesh = trimesh.Trimesh(light.positions, light.faces)  # merges the two sides of cuts
    assert mesh.is_winding_consistent and mesh.body_count == 2
    dense = trimesh.Trimesh(figurine.positions, figurine.faces, process=False)
    assert mesh.volume == pytest.approx(dense.volume, rel=0.005)


def test_a_mesh_below_the_target_keeps_its_triangles() -> None:
    mesh = ball(3)
    light = render.read(textured.glb(mesh, "", faces=len(mesh.faces)))
    assert len(light.faces) == len(mesh.faces)
    corners = {tuple(sorted(map(tuple, light.positions[f].tolist()))) for f in light.faces}
    assert corners == {tuple(sorted(map(tuple, mesh.positions[f].tolist()))) for f in mesh.faces}


def test_normals_are_smooth_across_cuts(made: bytes) -> None:
    light = render.read(made)
    assert np.allclose(np.linalg.norm(light.normals, axis=1), 1, atol=1e-5)
    _, place, count = np.unique(light.positions, axis=0, return_inverse=True, return_counts=True)
    assert (count > 1).any(), "the surface is cut"
    order = np.argsort(place, kind="stable")
    first = order[np.cumsum(count) - count]
    assert np.allclose(light.normals, light.normals[first][place], atol=1e-6)
    corners = light.positions[light.faces]
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert ((light.normals[light.faces] * facing[:, None]).sum(axis=2) > 0).mean() > 0.99


def test_charts_do_not_overlap(made: bytes) -> None:
    light = render.read(made)
    assert light.uv is not None and light.texture is not None
    assert light.uv.min() >= 0 and light.uv.max() <= 1
    side = len(light.texture)
    taken = np.zeros(side * side, dtype=int)
    for some in bake.texels(light.uv[light.faces].astype(float) * side - 0.5, side):
        np.add.at(taken, some.index[some.weights.min(axis=1) > 0.02], 1)
    assert (taken > 1).sum() <= 0.001 * (taken > 0).sum()
    assert (taken > 0).mean() > 0.3, "it uses the picture"


def variants() -> dict[str, Surface]:
    clean = ball()
    faces, n = clean.faces, len(clean.positions)
    flat = np.array([[0, 1, 1], [2, 2, 2], [5, 5, 9]], dtype=np.uint32)
    line = floats([[0.1, 0.1, 0.5], [0.2, 0.1, 0.5], [0.3, 0.1, 0.5]])  # a triangle without area
    fin = floats([[0, 0.8, 0]])
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, 40), np.linspace(-0.5, 0.5, 40))
    sheet = np.stack([x, y, 0.1 * np.sin(5 * x)], axis=-1).reshape(-1, 3).astype(np.float32)
    cell = (np.arange(39)[:, None] * 40 + np.arange(39)).reshape(-1)
    halves = np.concatenate([np.stack([cell, cell + 1, cell + 41], 1), np.stack([cell, cell + 41, cell + 40], 1)]).astype(np.uint32)
    gray = np.full((1, 3), 128, dtype=np.uint8)
    return {
        "degenerate": Surface(
            np.concatenate([clean.positions, line]),
            np.concatenate([faces, flat, [[n, n + 1, n + 2]]]).astype(np.uint32),
            np.concatenate([clean.colors, np.repeat(gray, 3, axis=0)]),
        ),
        "non-manifold": Surface(
            np.concatenate([clean.positions, fin]),
            np.concatenate([faces, [[faces[0, 0], faces[0, 1], n], [faces[0, 0], n, faces[0, 2]]]]).astype(np.uint32),
            np.concatenate([clean.colors, gray]),
        ),
        "pieces": together(*(ball(3, (0.3 * np.cos(a), 0.3 * np.sin(a), 0.1 * a), 0.1) for a in range(6)), ball(1, (0, 0, 0), 0.004)),
        "open": Surface(sheet, halves, np.rint(127 + 120 * np.sin(9 * sheet)).astype(np.uint8)),
        "soup": Surface(clean.positions[faces].reshape(-1, 3), np.arange(3 * len(faces), dtype=np.uint32).reshape(-1, 3), clean.colors[faces].reshape(-1, 3)),
        "one color": Surface(clean.positions, faces, np.repeat(shades([[200, 30, 90]]), n, axis=0)),
        "doubled": Surface(clean.positions, np.concatenate([faces, faces[:, ::-1]]), clean.colors),
        "one triangle": Surface(
            floats([[-0.5, 0, 0], [0.5, 0, 0], [0, 0.4, 0]]), numbers([[0, 1, 2]]), shades([[255, 0, 0], [0, 255, 0], [0, 0, 255]]),
        ),
    }


@pytest.mark.parametrize("name", variants())
def test_difficult_meshes(name: str) -> None:
    mesh = variants()[name]
    dense = pictures(mesh)
    for faces in (50_000, 1_500):
        light = textured.glb(mesh, "", faces=faces)
        read = render.read(light)
        assert len(read.faces) <= max(faces, 1)
        assert np.isfinite(read.positions).all() and np.isfinite(read.normals).all()
        # Both sides of a doubled surface are in one place: either may show. Borders shrink when they
        # are decimated.
        if name != "doubled":
            least = 30 if faces >= len(mesh.faces) else 20 if name in ("open", "non-manifold") else 25
            assert worst(dense, light) >= least


def test_positions_that_are_not_finite_are_left_out() -> None:
    mesh = ball()
    dirty = trimesh.Trimesh(
        np.concatenate([mesh.positions, [[np.nan, 0, 0], [np.inf, 0, 0]]]),
        np.concatenate([mesh.faces, [[0, 1, len(mesh.positions)], [0, 1, len(mesh.positions) + 1]]]), process=False,
    )
    dirty.visual.vertex_colors = np.concatenate([mesh.colors, [[0, 0, 0], [0, 0, 0]]])
    clean, _ = surface.from_trimesh(dirty)
    assert worst(pictures(clean), textured.glb(clean, "", faces=2_000)) >= 30


def test_the_texture_of_one_color_has_no_other_at_its_seams() -> None:
    light = render.read(textured.glb(variants()["one color"], ""))
    texture = np.asarray(Image.open(io.BytesIO(light.picture)).convert("RGB")).astype(int)
    assert np.abs(texture - (200, 30, 90)).max() <= 3


def test_thin_parts_keep_the_colors_of_their_sides() -> None:
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, 81), np.linspace(-0.5, 0.5, 81))
    cell = (np.arange(80)[:, None] * 81 + np.arange(80)).reshape(-1)
    up = np.concatenate([np.stack([cell, cell + 1, cell + 82], 1), np.stack([cell, cell + 82, cell + 81], 1)]).astype(np.uint32)
    sides = []
    for z, faces, color in ((0.002, up, (255, 0, 0)), (-0.002, up[:, ::-1], (0, 0, 255))):  # a third of an edge apart
        at = np.stack([x, y, np.full_like(x, z)], axis=-1).reshape(-1, 3).astype(np.float32)
        sides.append(Surface(at, faces, np.repeat(shades([color]), len(at), axis=0)))
    mesh = together(*sides)
    assert worst(pictures(mesh), textured.glb(mesh, "")) >= 30


def test_the_same_mesh_makes_the_same_bytes_on_one_core_and_on_all() -> None:
    made = textured.glb(shape.figurine(12_000), "", faces=FACES)
    script = (
        "import hashlib, os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        "from worker import textured; from worker.tests import shape;"
        f"print(hashlib.sha256(textured.glb(shape.figurine(12_000), '', faces={FACES})).hexdigest())"
    )
    again = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[2], check=True, capture_output=True,
    )
    assert again.stdout.decode().strip() == hashlib.sha256(made).hexdigest()
    assert textured.glb(shape.figurine(12_000), "", faces=FACES) == made


class Broken:
    """xatlas, with an Atlas that fails."""

    class ChartOptions:
        pass

    PackOptions = ChartOptions

    class Atlas:
        def add_mesh(self, *_: Any) -> None:
            raise RuntimeError("Adding mesh failed: Error")


class Wrong(Broken):
    """xatlas, with an Atlas that returns a coordinate that is no number."""

    class Atlas:
        atlas_count, width, height = 1, 64, 64

        def add_mesh(self, positions: Any, faces: Any) -> None:
            self.mesh = np.arange(len(positions), dtype=np.uint32), faces, np.full((len(positions), 2), np.nan, dtype=np.float32)

        def generate(self, *_: Any) -> None:
            pass

        def __getitem__(self, _: int) -> Any:
            return self.mesh


@pytest.mark.parametrize("xatlas", [Broken, Wrong])
def test_a_failure_to_unwrap_is_logged_and_does_not_lose_the_mesh(xatlas: Any, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    load = environment.load
    monkeypatch.setattr(environment, "load", lambda name: xatlas if name == "xatlas" else load(name))
    mesh = ball(5)
    light = textured.glb(mesh, "", faces=4_000)
    assert "unwrapping 4000 triangles with xatlas failed" in capfd.readouterr().err
    assert worst(pictures(mesh), light) >= 30


def test_a_detailed_texture_stays_small() -> None:
    mesh = ball(6)
    noise = np.random.default_rng(1).integers(0, 256, (len(mesh.positions), 3), dtype=np.uint8)
    light = textured.glb(Surface(mesh.positions, mesh.faces, noise), "", faces=50_000)
    assert Image.open(io.BytesIO(render.read(light).picture)).size == (1024, 1024)
    # As many bytes a texel and triangle as of 2048 × 2048 texels in 5 MB.
    assert len(light) <= 2_200_000
    light = textured.glb(Surface(mesh.positions, mesh.faces, noise), "", faces=5_000, texture=512)
    assert Image.open(io.BytesIO(render.read(light).picture)).size == (512, 512) and len(light) < 500_000


def test_the_khronos_validator_accepts_it(made: bytes, tmp_path: Path) -> None:
    if not (VALIDATOR / "node_modules").is_dir():
        pytest.skip("the validator is not installed: run `npm ci` in tests/mesh")
    files = {"figurine": made, **{name: textured.glb(mesh, name, faces=1_500) for name, mesh in variants().items()}}
    for name, data in files.items():
        (tmp_path / f"{name}.glb").write_bytes(data)
    done = subprocess.run(
        ["node", str(VALIDATOR / "validate.mjs"), *(str(tmp_path / f"{n}.glb") for n in files)], check=True, capture_output=True, text=True,
    )
    for report in json.loads(done.stdout):
        issues = report["issues"]
        assert issues["numErrors"] == issues["numWarnings"] == issues["numInfos"] == 0, (report["uri"], issues["messages"][:3])


def test_decimation_stays_close_to_the_surface() -> None:
    positions, faces = decimate.decimate(ball(6), 3_000)
    assert len(faces) <= 3_000
    middles = positions[faces].mean(axis=1)
    assert np.abs(np.linalg.norm(positions, axis=1) - 0.5).max() < 0.004
    assert np.abs(np.linalg.norm(middles, axis=1) - 0.5).max() < 0.004
