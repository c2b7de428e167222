"""Writes the model's output as GLB, PLY, splat and preview, and the mask that it was made from."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import environment, picture, preview, quality, surface
from .failure import WorkerFailure
from .picture import Cover
from .protocol import File, Format, MeshFacts, Pose
from .reconstruct import Reconstruction
from .surface import Frame, Surface

GENERATOR = "Gen3D"
BACKEND = "sam3d"
#: File names, as in the bucket. Preview and mask have no extension, because one would start a job.
NAMES: dict[Format, str] = {"glb": "mesh.glb", "ply": "mesh.ply", "splat": "splat.ply", "preview": "preview", "mask": "mask"}
#: The formats that are written whatever the request names.
ALWAYS: tuple[Format, ...] = ("preview", "mask")


def write(
    made: Reconstruction, folder: Path, formats: list[Format], label: str, settings: quality.Settings, mask: Cover
) -> tuple[list[File], MeshFacts, Pose | None]:
    """Writes the formats, the preview and the mask, of the photo's size.

    settings has the texture and the faces of a textured mesh. Files get their final names when they are complete.
    """
    shown, frame = surface.from_trimesh(made.mesh)
    files = []
    for format in dict.fromkeys([*formats, *ALWAYS]):
        path = folder / NAMES[format]
        partial = path.with_name(path.name + ".partial")
        match format:
            case "glb":
                partial.write_bytes(glb(shown, label))
            case "ply":
                partial.write_bytes(ply(shown))
            case "splat":
                splat(made.splat, frame, partial)
            case "preview":
                partial.write_bytes(preview.png(shown))
            case "mask":
                partial.write_bytes(picture.mask_png(mask))
        os.replace(partial, path)
        files.append(File(format=format, path=str(path), bytes=path.stat().st_size))
    return files, shown.facts(), frame.pose(made.pose)


# Constants of glTF 2.0.
_FLOAT, _USHORT, _UINT = 5126, 5123, 5125
_VERTICES, _INDICES = 34962, 34963


def glb(shown: Surface, label: str) -> bytes:
    """Returns binary glTF 2.0: positions, normals, COLOR_0 as normalized linear unsigned shorts."""
    colors = np.full((len(shown.positions), 4), 65535, dtype="<u2")
    colors[:, :3] = np.rint(linear(shown.colors) * 65535)
    # Index 65535 is primitive restart, so 16-bit indices address at most 65,535 vertices.
    short = len(shown.positions) <= 65535
    chunks: list[bytes] = []
    views: list[dict[str, Any]] = []
    accessors: list[dict[str, Any]] = []

    def add(data: NDArray[Any], component: int, kind: str, target: int, **more: Any) -> int:
        body = data.tobytes()
        views.append({"buffer": 0, "byteOffset": sum(map(len, chunks)), "byteLength": len(body), "target": target})
        chunks.append(body + b"\0" * (-len(body) % 4))
        accessors.append({"bufferView": len(views) - 1, "componentType": component, "count": len(data), "type": kind, **more})
        return len(accessors) - 1

    bounds = {"min": shown.positions.min(axis=0).tolist(), "max": shown.positions.max(axis=0).tolist()}
    attributes = {
        "POSITION": add(shown.positions.astype("<f4"), _FLOAT, "VEC3", _VERTICES, **bounds),
        "NORMAL": add(shown.normals().astype("<f4"), _FLOAT, "VEC3", _VERTICES),
        "COLOR_0": add(colors, _USHORT, "VEC4", _VERTICES, normalized=True),
    }
    flat = shown.faces.reshape(-1).astype("<u2" if short else "<u4")
    indices = add(flat, _USHORT if short else _UINT, "SCALAR", _INDICES)
    name = label or "object"
    document = {
        "asset": {"version": "2.0", "generator": GENERATOR, "extras": {"backend": BACKEND}},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"name": name, "mesh": 0}],
        "meshes": [{"name": name, "primitives": [{"attributes": attributes, "indices": indices, "material": 0}]}],
        "materials": [{"name": "surface", "pbrMetallicRoughness": {"metallicFactor": 0, "roughnessFactor": 0.9}}],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": sum(map(len, chunks))}],
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    binary = b"".join(chunks)
    head = struct.pack("<4sII", b"glTF", 2, 12 + 8 + len(text) + 8 + len(binary))
    return head + struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary


def ply(shown: Surface) -> bytes:
    """Binary little-endian PLY: x y z nx ny nz, red green blue (sRGB), then triangles."""
    vertices = np.empty(len(shown.positions), dtype=[("p", "<f4", 3), ("n", "<f4", 3), ("c", "u1", 3)])
    vertices["p"], vertices["n"], vertices["c"] = shown.positions, shown.normals(), shown.colors
    faces = np.empty(len(shown.faces), dtype=[("count", "u1"), ("v", "<i4", 3)])
    faces["count"], faces["v"] = 3, shown.faces
    header = [
        "ply", "format binary_little_endian 1.0", f"comment {GENERATOR}, backend {BACKEND}",
        f"element vertex {len(vertices)}", *(f"property float {n}" for n in ("x", "y", "z", "nx", "ny", "nz")),
        *(f"property uchar {n}" for n in ("red", "green", "blue")),
        f"element face {len(faces)}", "property list uchar int vertex_indices", "end_header", "",
    ]
    return "\n".join(header).encode() + vertices.tobytes() + faces.tobytes()


def splat(gaussians: Any, frame: Frame, path: Path) -> None:
    """Writes the model's Gaussians in the mesh's coordinates, in the layout of 3DGS viewers.

    save_ply writes them with +Z up and in the model's units. The colors do not depend on the view
    (spherical harmonics of degree 0), so rotation does not change them.
    """
    if gaussians is None:
        raise WorkerFailure("model_failed", "the model made no Gaussians")
    gaussians.save_ply(str(path))
    plyfile: Any = environment.load("plyfile")
    vertex = plyfile.PlyData.read(str(path))["vertex"].data
    fields = vertex.dtype.names
    vertex = vertex[np.isfinite(np.stack([vertex[f] for f in fields], axis=1)).all(axis=1)]
    if len(vertex) == 0:
        raise WorkerFailure("model_failed", "the model's splat has no Gaussian")
    at = np.stack([vertex[f] for f in ("x", "y", "z")], axis=1).astype(np.float64)
    at = (at @ surface.TO_Y_UP - frame.center) * frame.factor
    turns = np.stack([vertex[f"rot_{i}"] for i in range(4)], axis=1).astype(np.float64)
    turns = surface.multiply(surface.Z_UP_TO_Y_UP, turns / np.maximum(np.linalg.norm(turns, axis=1, keepdims=True), 1e-12))
    for i, f in enumerate(("x", "y", "z")):
        vertex[f] = at[:, i]
    for i in range(4):
        vertex[f"rot_{i}"] = turns[:, i]
    for i in range(3):
        vertex[f"scale_{i}"] += np.log(frame.factor)  # logarithms
    element = plyfile.PlyElement.describe(vertex, "vertex")
    plyfile.PlyData([element], byte_order="<", comments=[f"{GENERATOR}, backend {BACKEND}"]).write(str(path))


def linear(srgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Converts sRGB values to linear light, 0 to 1 (IEC 61966-2-1)."""
    c = np.arange(256) / 255
    table: NDArray[np.float64] = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return table[srgb]
