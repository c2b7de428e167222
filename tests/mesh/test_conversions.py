"""Checks what the page converts of a GLB with libraries that share no code with it."""

import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest
import trimesh

HERE = Path(__file__).parent
SIZE = 80  # of the longest side, in convert.mjs


def load(path):
    """The only mesh of a file, without merged vertices."""
    return trimesh.load(path, process=False, force="mesh", maintain_order=True)


@pytest.fixture(scope="module")
def source(folders):
    return folders / "saucer"


@pytest.fixture(scope="module")
def converted(source, tmp_path_factory):
    """A folder with mesh.stl, mesh-obj.zip and its files, mesh-dense.stl and mesh-dense.obj."""
    out = tmp_path_factory.mktemp("converted")
    files = [source / "mesh.glb", source / "mesh-dense.glb"]
    subprocess.run(["node", HERE / "convert.mjs", out, *files], check=True)
    with zipfile.ZipFile(out / "mesh-obj.zip") as packed:
        assert packed.testzip() is None
        packed.extractall(out)
    return out


@pytest.mark.parametrize("name", ["mesh", "mesh-dense"])
def test_stl_is_the_solid_in_its_size_upright_on_the_ground(source, converted, name):
    made, of = load(converted / f"{name}.stl"), load(source / f"{name}.glb")
    assert len(made.faces) == len(of.faces)
    scale = SIZE / of.extents.max()
    assert made.extents == pytest.approx(of.extents[[0, 2, 1]] * scale, rel=1e-5)
    assert made.bounds[0][2] == pytest.approx(0, abs=1e-4)
    assert made.bounds.sum(axis=0)[:2] == pytest.approx([0, 0], abs=1e-3)
    made.merge_vertices()
    assert made.is_watertight
    assert made.volume == pytest.approx(of.volume * scale**3, rel=1e-3)


def test_obj_has_the_mesh_with_its_texture_in_place(source, converted):
    made, of = load(converted / "mesh.obj"), load(source / "mesh.glb")
    assert made.bounds == pytest.approx(of.bounds, abs=1e-6)
    assert len(made.faces) == len(of.faces)
    picture, wanted = made.visual.material.image, of.visual.material.baseColorTexture
    assert picture.size == wanted.size
    assert np.array_equal(np.asarray(picture.convert("RGB")), np.asarray(wanted.convert("RGB")))
    # Both readers have the origin of texture coordinates at the bottom.
    corners = made.visual.uv[made.faces], of.visual.uv[of.faces]
    assert corners[0] == pytest.approx(corners[1], abs=1e-5)


def test_obj_of_the_dense_mesh_has_the_colors_of_its_vertices(source, converted):
    made, of = load(converted / "mesh-dense.obj"), load(source / "mesh.ply")
    assert made.vertices == pytest.approx(of.vertices, abs=1e-5)
    assert made.visual.vertex_colors[:, :3].astype(int) == pytest.approx(of.visual.vertex_colors[:, :3].astype(int), abs=1)
