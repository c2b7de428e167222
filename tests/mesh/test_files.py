"""Checks the files of reconstructed objects with libraries that share no code with Gen3D."""

import base64
import functools
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image
from plyfile import PlyData
from trimesh.exchange.gltf import load_glb

from conftest import OBJECTS

HERE = Path(__file__).parent

FORMATS = json.loads((HERE / "../../testdata/formats.json").read_text())
PREVIEW_SIDE = next(one["side"] for one in FORMATS if one["format"] == "preview")

# The preview of the relief backend is a PNG.
NAMES = {one["fileName"] for one in FORMATS if one["choosable"]} | {"preview.png", "stats.json"}
MESHES = ["mesh.glb", "mesh-dense.glb", "mesh.ply"]
SPLAT_FIELDS = (
    ["x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2"]
    + [f"f_rest_{i}" for i in range(45)]
    + ["opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"]
)


@pytest.fixture(params=OBJECTS)
def folder(folders, request):
    """One object's folder."""
    return folders / request.param


def test_every_format_is_made(folder):
    assert {file.name for file in folder.iterdir()} == NAMES


@functools.cache
def load(path):
    """The only mesh of a file, without merged vertices. It is read once; no test changes it."""
    loaded = trimesh.load(path, process=False, force="mesh")
    assert isinstance(loaded, trimesh.Trimesh)
    return loaded


def vertex_colors(path):
    """The file's vertex colors, 0 to 1: linear light in a GLB, sRGB in a PLY."""
    if path.suffix == ".glb":
        # A Trimesh with a material drops COLOR_0 when it is copied, so it is read from the reader's output.
        with path.open("rb") as file:
            (geometry,) = load_glb(file)["geometry"].values()
        colors = geometry["visual"].vertex_attributes["color"]
    else:
        colors = load(path).visual.vertex_colors
    return np.asarray(colors) / np.iinfo(colors.dtype).max


@pytest.mark.parametrize("name", MESHES)
def test_mesh_is_a_solid(folder, name):
    mesh = load(folder / name)
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert mesh.volume > 0
    for part in mesh.split(only_watertight=False):
        assert part.is_watertight
        assert part.volume > 0
    assert mesh.area_faces.min() > 0


@pytest.mark.parametrize("name", MESHES)
def test_mesh_has_unit_size_and_is_centered(folder, name):
    mesh = load(folder / name)
    assert mesh.extents.max() == pytest.approx(1, abs=1e-5)
    assert mesh.bounds.sum(axis=0) == pytest.approx([0, 0, 0], abs=1e-5)


@pytest.mark.parametrize("name", ["mesh-dense.glb", "mesh.ply"])
def test_mesh_has_colors(folder, name):
    mesh = load(folder / name)
    colors = vertex_colors(folder / name)
    assert colors.shape == (len(mesh.vertices), 4)
    assert (colors[:, 3] == 1).all()
    assert colors[:, :3].std() > 0.02


def test_glb_and_ply_are_the_same_mesh(folder):
    ply = load(folder / "mesh.ply")
    for name in ("mesh.glb", "mesh-dense.glb"):
        glb = load(folder / name)
        assert np.array_equal(np.float32(glb.vertices), np.float32(ply.vertices))
        assert np.array_equal(glb.faces, ply.faces)
    # The GLB's colors are linear light, the PLY's sRGB.
    linear = vertex_colors(folder / "mesh-dense.glb")[:, :3]
    srgb = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    assert np.abs(srgb - vertex_colors(folder / "mesh.ply")[:, :3]).max() < 0.002


def test_texture_shows_the_colors_of_the_front(folder):
    mesh = load(folder / "mesh.glb")
    texture = mesh.visual.material.baseColorTexture
    assert max(texture.size) <= 2048
    texels = np.asarray(texture.convert("RGB")).astype(int)
    uv = mesh.visual.uv  # trimesh counts v from the bottom
    assert uv.min() >= 0 and uv.max() <= 1
    column = np.minimum(uv[:, 0] * texture.size[0], texture.size[0] - 1).astype(int)
    row = np.minimum((1 - uv[:, 1]) * texture.size[1], texture.size[1] - 1).astype(int)
    front = mesh.vertices[:, 2] > 0.02
    shown = texels[row, column][front]
    colors = load(folder / "mesh.ply").visual.vertex_colors[front, :3].astype(int)
    # The texture is sharper than the vertices are dense, so they agree in the mean.
    assert np.abs(shown - colors).mean() < 12
    assert np.abs(shown.mean(axis=0) - colors.mean(axis=0)).max() < 3
    assert (folder / "mesh.glb").stat().st_size < 5_000_000


def test_normals_point_outward(folder):
    ply = PlyData.read(folder / "mesh.ply")["vertex"]
    normals = np.stack([ply["nx"], ply["ny"], ply["nz"]], axis=1)
    assert np.linalg.norm(normals, axis=1) == pytest.approx(1, abs=1e-4)
    mesh = load(folder / "mesh.ply")
    corners = normals[mesh.faces]
    assert (np.einsum("fck,fk->fc", corners, mesh.face_normals) > 0).mean() > 0.99


def test_stats_match_the_file(folder):
    stats = json.loads((folder / "stats.json").read_text())
    mesh = load(folder / "mesh.glb")
    assert stats["vertices"] == len(mesh.vertices)
    assert stats["faces"] == len(mesh.faces)
    assert np.array(stats["bounds"]) == pytest.approx(mesh.bounds, abs=1e-6)
    # Small objects have fewer faces.
    fewest = {"coin": 4_000, "shuttle": 10_000}.get(folder.name, 20_000)
    assert fewest <= stats["faces"] <= 65_000


def test_splat_has_the_standard_fields(folder):
    data = PlyData.read(folder / "splat.ply")
    assert [e.name for e in data.elements] == ["vertex"]
    assert not data.text and data.byte_order == "<"
    splat = data["vertex"]
    assert [p.name for p in splat.properties] == SPLAT_FIELDS
    assert {p.val_dtype for p in splat.properties} == {"f4"}
    assert len(splat) > (2_000 if folder.name == "coin" else 10_000)
    for name in SPLAT_FIELDS:
        assert np.isfinite(splat[name]).all(), name


def test_splat_covers_the_mesh(folder):
    splat = PlyData.read(folder / "splat.ply")["vertex"]
    mesh = load(folder / "mesh.ply")
    points = np.stack([splat["x"], splat["y"], splat["z"]], axis=1)
    assert points.min(axis=0) == pytest.approx(mesh.bounds[0], abs=0.02)
    assert points.max(axis=0) == pytest.approx(mesh.bounds[1], abs=0.02)
    colors = 0.5 + 0.28209479177387814 * np.stack([splat[f"f_dc_{i}"] for i in range(3)], axis=1)
    assert colors.min() >= -1e-5 and colors.max() <= 1 + 1e-5
    mean = np.average(mesh.visual.vertex_colors[mesh.faces][:, :, :3].mean(axis=1), weights=mesh.area_faces, axis=0)
    assert colors.mean(axis=0) == pytest.approx(mean / 255, abs=0.02)
    rotations = np.stack([splat[f"rot_{i}"] for i in range(4)], axis=1)
    assert np.linalg.norm(rotations, axis=1) == pytest.approx(1, abs=1e-4)
    opacities = 1 / (1 + np.exp(-splat["opacity"]))
    assert (opacities > 0.5).all() and (opacities < 1).all()
    for i in range(3):
        scales = np.exp(splat[f"scale_{i}"])
        assert (scales > 0).all() and (scales < 0.05).all()


@pytest.fixture(scope="session")
def compressed(folders):
    """The arrays that Niantic's library decodes of each object's SPZ."""
    if not (HERE / "node_modules" / "@spz-loader").is_dir():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=HERE, check=True)
    paths = [str(folders / name / "splat.spz") for name in OBJECTS]
    done = subprocess.run(["node", str(HERE / "splats.mjs"), *paths], check=True, capture_output=True, text=True)
    return {
        name: {k: np.frombuffer(base64.b64decode(v), "<f4").reshape(cloud["numPoints"], -1) for k, v in cloud["arrays"].items() if v}
        for name, cloud in zip(OBJECTS, json.loads(done.stdout), strict=True)
    }


def axes(turns):
    """The rotation matrices of quaternions w, x, y, z."""
    w, x, y, z = (turns / np.linalg.norm(turns, axis=1, keepdims=True)).T
    return np.moveaxis(np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]), 2, 0)


def along_the_curve(positions):
    """The order of the compressed splat: along a Z-order curve through cells of 1/1024, x lowest."""
    cells = np.rint(positions.astype(np.float64) * 1024).astype(int) + 2**20
    places = ["".join(c + b + a for a, b, c in zip(*(f"{v:021b}" for v in cell), strict=True)) for cell in cells]
    return np.array(sorted(range(len(places)), key=places.__getitem__))


def test_compressed_splat_is_the_splat(folder, compressed):
    """The discs of the PLY, within the errors that docs/Gen3D - User Guide names."""
    found, splat = compressed[folder.name], PlyData.read(folder / "splat.ply")["vertex"]
    positions = np.stack([splat[n] for n in ("x", "y", "z")], axis=1)
    order = along_the_curve(positions)
    stack = lambda *names: np.stack([splat[n] for n in names], axis=1)[order]  # noqa: E731
    assert np.abs(found["positions"] - positions[order]).max() <= 1.001 / 2048
    assert np.abs(found["colors"] - 0.5 - 0.28209479177387814 * stack("f_dc_0", "f_dc_1", "f_dc_2")).max() <= 1 / 67
    assert np.abs(found["alphas"] - 1 / (1 + np.exp(-stack("opacity")))).max() <= 4.001 / 255
    sizes, wanted = np.sort(found["scales"]), np.sort(np.exp(stack("scale_0", "scale_1", "scale_2")))
    assert (np.abs(sizes - wanted) <= np.maximum(1.001 / 2048, 0.032 * wanted)).all()
    # The normal is the axis of the smallest scale; which one it is may differ.
    turned = axes(found["rotations"][:, [3, 0, 1, 2]])
    across = np.take_along_axis(turned, found["scales"].argmin(axis=1)[:, None, None], axis=2)[:, :, 0]
    normals = axes(stack("rot_0", "rot_1", "rot_2", "rot_3"))[:, :, 2]
    angles = np.arccos(np.abs((across * normals).sum(axis=1)).clip(0, 1))
    unevenness = wanted[:, 2] - wanted[:, 0]
    moved = unevenness > 3.001 / 2048  # the others may have any direction
    assert (angles * unevenness)[moved].max() <= max(3.001 / 2048, (np.radians(1) * unevenness).max())
    assert (folder / "splat.spz").stat().st_size <= (folder / "splat.ply").stat().st_size / 30


def test_preview_has_a_transparent_background(folder):
    picture = Image.open(folder / "preview.png")
    assert picture.format == "PNG" and picture.size == (PREVIEW_SIDE, PREVIEW_SIDE)
    assert (folder / "preview.png").stat().st_size < 20 * 1024
    pixels = np.asarray(picture.convert("RGBA"))
    assert (pixels[[0, 0, -1, -1], [0, -1, 0, -1], 3] == 0).all()
    opaque = pixels[pixels[..., 3] == 255]
    assert len(opaque) > PREVIEW_SIDE**2 * 0.1
    assert opaque[:, :3].std() > 5


def test_khronos_validator_finds_nothing(folders):
    if not (HERE / "node_modules" / "gltf-validator").is_dir():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=HERE, check=True)
    paths = [str(folders / name / file) for name in OBJECTS for file in ("mesh.glb", "mesh-dense.glb")]
    out = subprocess.run(["node", "validate.mjs", *paths], cwd=HERE, check=True, stdout=subprocess.PIPE)
    reports = json.loads(out.stdout)
    assert len(reports) == 2 * len(OBJECTS)
    for report in reports:
        issues = report["issues"]
        assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), issues["messages"]
        assert report["info"]["generator"] == "Gen3D"
        assert report["info"]["totalTriangleCount"] > 0
