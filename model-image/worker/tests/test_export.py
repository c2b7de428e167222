"""Meshes, splats and previews, read back with third-party programs."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import numpy as np
import plyfile
import pygltflib
import pytest
import trimesh
from PIL import Image

from .. import export, preview, quality, reconstruction, splat, surface
from ..failure import WorkerFailure
from ..messages import Format
from ..reconstruction import Gaussians, ModelPose, Reconstruction

FORMATS = Path(__file__).parents[3] / "testdata" / "formats.json"
VALIDATOR = Path(__file__).parents[3] / "tests" / "mesh"


MASK = np.ones((3, 4), dtype=np.bool_)


def model_mesh(subdivisions: int = 3) -> Any:
    """A tall ellipsoid off the origin, red above and blue below, +Y up, as from the pipeline."""
    ball = trimesh.creation.icosphere(subdivisions=subdivisions, radius=0.2)
    vertices = np.asarray(ball.vertices) * (1, 2, 1) + (0.1, 0.05, -0.02)
    mesh = trimesh.Trimesh(vertices=vertices, faces=ball.faces, process=False)
    above = vertices[:, 1] > 0.05
    mesh.visual.vertex_colors = np.where(above[:, None], (1.0, 0.25, 0.0), (0.0, 0.25, 1.0))
    return mesh


def shown(subdivisions: int = 3) -> surface.Surface:
    return surface.from_trimesh(model_mesh(subdivisions))[0]


@pytest.mark.parametrize("subdivisions", [1, 3, 6])
def test_glb_is_valid_gltf(tmp_path: Path, subdivisions: int) -> None:
    mesh = shown(subdivisions)
    path = tmp_path / "mesh.glb"
    path.write_bytes(export.glb_dense(mesh, "Kätzchen \"猫\""))
    read = pygltflib.GLTF2().load(str(path))
    assert read is not None and read.asset.extras == {"backend": "sam3d"} and read.meshes[0].name == 'Kätzchen "猫"'
    loaded = trimesh.load(path, force="mesh", process=False)
    assert np.array_equal(loaded.vertices, mesh.positions) and np.array_equal(loaded.faces, mesh.faces)
    assert loaded.is_watertight and loaded.volume > 0
    assert max(loaded.extents) == pytest.approx(1) and loaded.extents[1] == pytest.approx(1), "it is tall: +Y is up"
    assert np.abs(loaded.bounds.sum(axis=0)).max() < 1e-6


def test_the_formats_are_those_of_the_service() -> None:
    formats = {f["format"]: f["fileName"] for f in json.loads(FORMATS.read_text())}
    assert formats == export.NAMES
    assert list(formats) == list(get_args(Format))
    sides = {f["format"]: f["side"] for f in json.loads(FORMATS.read_text()) if "side" in f}
    assert sides == {"preview": preview.SIDE}


def test_the_khronos_validator_accepts_glb(tmp_path: Path) -> None:
    if not (VALIDATOR / "node_modules").is_dir():
        pytest.skip("the validator is not installed: run `npm ci` in tests/mesh")
    paths = []
    for subdivisions in (1, 3, 6):
        paths.append(tmp_path / f"{subdivisions}.glb")
        paths[-1].write_bytes(export.glb_dense(shown(subdivisions), ""))
    done = subprocess.run(["node", str(VALIDATOR / "validate.mjs"), *map(str, paths)], check=True, capture_output=True, text=True)
    for report in json.loads(done.stdout):
        issues = report["issues"]
        assert issues["numErrors"] == issues["numWarnings"] == issues["numInfos"] == 0, issues["messages"][:3]


def test_colors_are_linear_in_glb_and_srgb_in_ply(tmp_path: Path) -> None:
    mesh = shown()
    (tmp_path / "mesh.ply").write_bytes(export.ply(mesh))
    vertex = plyfile.PlyData.read(str(tmp_path / "mesh.ply"))["vertex"]
    top, bottom = int(np.argmax(vertex["y"])), int(np.argmin(vertex["y"]))
    assert [int(vertex[c][top]) for c in ("red", "green", "blue")] == [255, 64, 0]
    assert [int(vertex[c][bottom]) for c in ("red", "green", "blue")] == [0, 64, 255]
    read = pygltflib.GLTF2().load_from_bytes(export.glb_dense(mesh, ""))
    accessor = read.accessors[read.meshes[0].primitives[0].attributes.COLOR_0]
    view = read.bufferViews[accessor.bufferView]
    colors = np.frombuffer(read.binary_blob(), "<u2", accessor.count * 4, view.byteOffset).reshape(-1, 4)
    assert colors[top].tolist() == [65535, round(((64 / 255 + 0.055) / 1.055) ** 2.4 * 65535), 0, 65535]


def test_ply_is_read_by_trimesh(tmp_path: Path) -> None:
    mesh = shown()
    (tmp_path / "mesh.ply").write_bytes(export.ply(mesh))
    loaded = trimesh.load(tmp_path / "mesh.ply", process=False)
    assert np.array_equal(loaded.vertices, mesh.positions) and np.array_equal(loaded.faces, mesh.faces)
    assert np.allclose(loaded.vertex_normals, mesh.normals(), atol=1e-5)


def test_normals_point_outward_and_have_unit_length() -> None:
    mesh = shown()
    normals = mesh.normals()
    assert np.allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-6)
    assert ((normals * mesh.positions).sum(axis=1) > 0).all()


def test_invalid_triangles_are_removed() -> None:
    mesh = model_mesh(1)
    vertices = np.vstack([mesh.vertices, [[np.nan, 0, 0], [9, 9, 9]]])
    faces = np.vstack([mesh.faces, [[0, 1, 42], [3, 3, 4]]])
    dirty = trimesh.Trimesh(vertices=vertices, faces=faces, process=False)
    dirty.visual.vertex_colors = np.full((44, 4), 128, dtype=np.uint8)
    clean, _ = surface.from_trimesh(dirty)
    assert len(clean.positions) == 42 and len(clean.faces) == 80


@pytest.mark.parametrize("vertices", [[[0, 0, 0]] * 3, [[np.inf, 0, 0], [0, 1, 0], [0, 0, 1]]])
def test_a_mesh_without_extent_is_a_failure(vertices: Any) -> None:
    mesh = trimesh.Trimesh(vertices=vertices, faces=[[0, 1, 2]], process=False)
    with pytest.raises(WorkerFailure):
        surface.from_trimesh(mesh)


def random_turn(seed: int) -> Any:
    q = np.random.default_rng(seed).normal(size=4)
    return q / np.linalg.norm(q)


@pytest.mark.parametrize("seed", range(5))
def test_the_pose_maps_the_files_mesh_to_the_models(seed: int) -> None:
    rng = np.random.default_rng(seed)
    in_model_space = rng.normal(size=(50, 3))  # +Z up
    model = ModelPose(random_turn(seed), rng.normal(size=3), np.full(3, rng.uniform(0.5, 2)))
    # The model's convention: row vectors, scaled, multiplied by a matrix on the right, translated.
    there = (in_model_space * model.scale) @ surface.matrix(model.rotation) + model.translation
    frame = surface.Frame(center=rng.normal(size=3), factor=rng.uniform(0.5, 2))
    in_file = (in_model_space @ surface.TO_Y_UP - frame.center) * frame.factor
    pose = frame.pose(model)
    assert pose is not None
    turn = surface.matrix(np.array(pose.rotation))
    assert np.allclose((turn @ (in_file * pose.scale).T).T + pose.translation, there)


def needle() -> Gaussians:
    """One elongated Gaussian along the model's up axis +Z, and one that is not finite."""
    return Gaussians(
        positions=np.array([[0, 0, 0.3], [np.nan, 0, 0]], dtype=np.float32),
        colors=np.array([[0, 0.7, 0]] * 2, dtype=np.float32),
        opacities=np.array([20, 0], dtype=np.float32),
        scales=np.log([[0.01, 0.01, 0.1]] * 2).astype(np.float32),
        rotations=np.array([[2, 0, 0, 0]] * 2, dtype=np.float32),
    )


def test_the_splat_is_transformed_like_the_mesh(tmp_path: Path) -> None:
    frame = surface.Frame(center=np.array([0.1, 0.2, 0.0]), factor=2.0)
    (tmp_path / "splat.ply").write_bytes(splat.ply(splat.place(needle(), frame), "a needle"))
    (vertex,) = plyfile.PlyData.read(str(tmp_path / "splat.ply"))["vertex"].data
    assert vertex.dtype.names == splat.FIELDS
    assert [vertex[n] for n in "xyz"] == pytest.approx([-0.2, 0.2, 0.0], abs=1e-6)
    turn = surface.matrix(np.array([vertex[f"rot_{i}"] for i in range(4)], dtype=np.float64))
    assert turn @ [0, 0, 1] == pytest.approx([0, 1, 0], abs=1e-6), "the needle points up"
    assert np.exp(vertex["scale_2"]) == pytest.approx(0.2, rel=1e-5) and vertex["f_dc_1"] == pytest.approx(0.7)
    assert vertex["opacity"] == 20, "an opaque Gaussian is kept"


def test_an_empty_splat_is_a_failure() -> None:
    with pytest.raises(WorkerFailure, match="no Gaussians"):
        splat.place(None, surface.Frame(np.zeros(3), 1.0))


def test_a_reconstruction_survives_its_file(tmp_path: Path) -> None:
    pose, camera = ModelPose(random_turn(1), np.arange(3.0), np.full(3, 2.0)), ModelPose(random_turn(2), np.arange(3.0), np.full(3, 2.0), 0.75)
    chosen = quality.QUALITIES["standard"]
    for made in (
        Reconstruction(model_mesh(), needle(), pose), Reconstruction(model_mesh(), needle(), camera), Reconstruction(model_mesh(), None, None),
    ):
        reconstruction.save(made, MASK, tmp_path / "made")
        read, mask = reconstruction.load(tmp_path / "made")
        for name in ("one", "two"):
            (tmp_path / name).mkdir(exist_ok=True)
        formats: list[Any] = ["glb", "ply", "splat", "spz"] if made.splat else ["glb", "ply"]
        _, *facts = export.write(made, tmp_path / "one", formats, "x", chosen, MASK)
        _, *again = export.write(read, tmp_path / "two", formats, "x", chosen, mask)
        assert facts == again
        for file in (tmp_path / "one").iterdir():
            assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name


def test_the_preview_shows_the_mesh_upright_on_a_transparent_ground() -> None:
    picture = Image.open(io.BytesIO(preview.webp(shown(4))))
    assert picture.format == "WEBP" and picture.size == (preview.SIDE, preview.SIDE) and picture.mode == "RGBA"
    pixels = np.asarray(picture).astype(int)
    assert (pixels[[0, 0, -1, -1], [0, -1, 0, -1], 3] == 0).all()
    solid = pixels[..., 3] == 255
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    height, width = np.ptp(rows), np.ptp(columns)
    assert 0.82 < height / preview.SIDE < 0.88 and 0.4 < width / height < 0.6, "the egg is twice as tall as wide and fills the picture"
    center = preview.SIDE // 2
    middle = solid[rows[0] + 16 : rows[-1] - 16, center - 3 : center + 4]
    assert middle.all(), "no holes"
    upper, lower = pixels[preview.SIDE * 7 // 24, center], pixels[preview.SIDE * 25 // 32, center]
    assert upper[0] > upper[2] + 50 and lower[2] > lower[0] + 50, "red is above, blue below"


def test_the_preview_shows_the_nearer_surface() -> None:
    near = np.array([[-0.5, -0.5, 0.5], [0.5, -0.5, 0.5], [0, 0.5, 0.5]], dtype=np.float32)
    both = np.vstack([near, near * (1, 1, -1)])
    colors = np.array([[0, 255, 0]] * 3 + [[255, 0, 0]] * 3, dtype=np.uint8)
    for order in ([[0, 1, 2], [3, 4, 5]], [[3, 4, 5], [0, 1, 2]]):
        pixels = np.asarray(Image.open(io.BytesIO(preview.webp(surface.Surface(both, np.array(order, dtype=np.uint32), colors)))))
        front = pixels[(pixels[..., 3] == 255) & (pixels[..., 1] > 60)]
        assert len(front) > 5_000
        assert (front[:, 0] < 40).mean() > 0.98, "but for the outline, where both show"


def test_files_are_replaced_atomically(tmp_path: Path) -> None:
    made = Reconstruction(mesh=model_mesh(), splat=None, pose=None)
    with pytest.raises(WorkerFailure):
        export.write(made, tmp_path, ["glb", "splat"], "", quality.QUALITIES["standard"], MASK)
    assert not (tmp_path / "splat.ply").exists()


def test_every_format_is_written_and_deterministic(tmp_path: Path) -> None:
    made = Reconstruction(mesh=model_mesh(), splat=needle(), pose=None)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        files, _, _ = export.write(made, tmp_path / name, list(get_args(Format)), "x", quality.QUALITIES["standard"], MASK)
        assert [file.format for file in files] == list(get_args(Format))
    for file in os.listdir(tmp_path / "one"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    assert sys.byteorder == "little"
