"""Checks the scene of several objects of a photo with libraries that share no code with Gen3D."""

import json
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image, ImageDraw
from plyfile import PlyData

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
NAMES = ["coin 1", "statère", "object 3", "gorgon", "coin 5"]


@pytest.fixture(scope="module")
def folder(made):
    """The folder of the scene of five coins and their masks."""
    return made / "scene"


@pytest.fixture(scope="module")
def meshes(folder):
    """The meshes of the scene in its coordinates, by the name of their node, as trimesh reads them."""
    scene = trimesh.load(folder / "scene.glb", process=False)
    found = {}
    for node in scene.graph.nodes_geometry:
        transform, geometry = scene.graph[node]
        found[node] = scene.geometry[geometry].copy().apply_transform(transform)
    return found


@pytest.fixture(scope="module")
def project(folder):
    """Projects points of the scene to pixels of the photo, by the file's camera as glTF defines it."""
    content = (folder / "scene.glb").read_bytes()
    (length,) = struct.unpack_from("<I", content, 12)
    document = json.loads(content[20 : 20 + length])
    (camera,) = document["cameras"]
    assert camera["type"] == "orthographic"
    (node,) = (n for n in document["nodes"] if "camera" in n)
    assert not {"matrix", "translation", "rotation", "scale"} & node.keys()
    lens = camera["orthographic"]
    width, height = Image.open(folder / "mask-1.png").size

    def to_pixels(points):
        # The camera looks along -Z with +Y up; +X is right.
        assert (-points[:, 2] > lens["znear"]).all() and (-points[:, 2] < lens["zfar"]).all()
        right, up = points[:, 0] / lens["xmag"], points[:, 1] / lens["ymag"]
        return np.stack([(right + 1) / 2 * width, (1 - up) / 2 * height], axis=1)

    return to_pixels


def mask(folder, number):
    return np.asarray(Image.open(folder / f"mask-{number}.png")) > 0


def silhouette(corners, shape):
    """The pixels that triangles cover."""
    picture = Image.new("1", (shape[1], shape[0]))
    draw = ImageDraw.Draw(picture)
    for triangle in corners:
        # A pixel's center is at half a pixel.
        draw.polygon([tuple(point) for point in triangle - 0.5], fill=1)
    return np.asarray(picture)


def test_nodes_have_the_objects_names(meshes):
    assert sorted(meshes) == sorted(NAMES)


@pytest.mark.parametrize("number", range(1, len(NAMES) + 1))
def test_an_object_covers_its_mask_as_the_camera_sees_it(folder, meshes, project, number):
    mesh = meshes[NAMES[number - 1]]
    true = mask(folder, number)
    seen = silhouette(project(mesh.vertices)[mesh.faces], true.shape)
    share = (seen & true).sum() / (seen | true).sum()
    print(f"{NAMES[number - 1]}: IoU {share:.3f}")
    assert share >= 0.85


@pytest.mark.parametrize("number", range(1, len(NAMES) + 1))
def test_an_object_is_in_its_place(folder, meshes, project, number):
    rows, columns = np.nonzero(mask(folder, number))
    want = np.array([[columns.min(), rows.min()], [columns.max() + 1, rows.max() + 1]])
    pixels = project(meshes[NAMES[number - 1]].vertices)
    assert pixels.min(axis=0) == pytest.approx(want[0], abs=2)
    assert pixels.max(axis=0) == pytest.approx(want[1], abs=2)


def test_fronts_face_the_camera(meshes):
    for name, mesh in meshes.items():
        # The front of a relief is deeper than its back: the camera is nearer to it.
        outline = mesh.vertices[np.argmax(mesh.vertices[:, 0]), 2]
        assert mesh.vertices[:, 2].max() - outline > outline - mesh.vertices[:, 2].min(), name
        assert outline == pytest.approx(-1, abs=0.02), name


def test_splats_are_in_the_places_of_the_meshes(folder, meshes, project):
    splat = PlyData.read(folder / "scene.ply")["vertex"]
    points = np.stack([splat["x"], splat["y"], splat["z"]], axis=1).astype(np.float64)
    first = 0
    for number, name in enumerate(NAMES, 1):
        mesh = meshes[name]
        own = points[first : first + len(mesh.vertices)]  # a Gaussian for each vertex
        first += len(mesh.vertices)
        assert own.min(axis=0) == pytest.approx(mesh.bounds[0], abs=0.02), name
        assert own.max(axis=0) == pytest.approx(mesh.bounds[1], abs=0.02), name
        column, row = project(own).astype(int).T
        assert mask(folder, number)[row, column].mean() > 0.9, name
        # On the surface: no farther from a vertex than a triangle is long.
        distances = np.linalg.norm(own[::50, None] - mesh.vertices[None], axis=2).min(axis=1)
        assert distances.max() < np.linalg.norm(np.ptp(mesh.triangles, axis=1), axis=1).max(), name
    assert first == len(points)
    turns = np.stack([splat[f"rot_{i}"] for i in range(4)], axis=1)
    assert np.linalg.norm(turns, axis=1) == pytest.approx(1, abs=1e-4)
    # The discs are as flat as before, and face along their normals: rot turns +Z onto it.
    normals = np.stack([splat["nx"], splat["ny"], splat["nz"]], axis=1)
    w, x, y, z = turns.T
    axis = np.stack([2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)], axis=1)
    assert np.einsum("ij,ij->i", axis, normals) == pytest.approx(1, abs=1e-3)
    assert (splat["scale_2"] < splat["scale_0"]).all()


def test_khronos_validator_finds_nothing(folder):
    if not (HERE / "node_modules" / "gltf-validator").is_dir():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=HERE, check=True)
    out = subprocess.run(["node", "validate.mjs", str(folder / "scene.glb")], cwd=HERE, check=True, stdout=subprocess.PIPE)
    (report,) = json.loads(out.stdout)
    issues = report["issues"]
    assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), issues["messages"]
    assert report["info"]["generator"] == "Gen3D"
    assert report["info"]["drawCallCount"] == len(NAMES)
