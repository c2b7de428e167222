"""Writes the model's output as GLB, PLY, splat, compressed splat and preview."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import preview, splat, spz, surface
from .protocol import File, Format, MeshFacts, Pose
from .reconstruction import Gaussians, Reconstruction
from .surface import Surface

GENERATOR = "Gen3D"
BACKEND = "sam3d"
#: File names, as in the bucket. The preview has no extension, because one would start a job.
NAMES: dict[Format, str] = {"glb": "mesh.glb", "ply": "mesh.ply", "splat": "splat.ply", "spz": "splat.spz", "preview": "preview"}


def write(made: Reconstruction, folder: Path, formats: list[Format], label: str) -> tuple[list[File], MeshFacts, Pose | None]:
    """Writes the formats and the preview. Files get their final names when they are complete."""
    shown, frame = surface.from_trimesh(made.mesh)
    gaussians: Gaussians | None = None
    if "splat" in formats or "spz" in formats:
        gaussians = splat.place(made.splat, frame)
    files = []
    for format in dict.fromkeys([*formats, "preview"]):
        path = folder / NAMES[format]
        partial = path.with_name(path.name + ".partial")
        match format:
            case "glb":
                partial.write_bytes(glb(shown, label))
            case "ply":
                partial.write_bytes(ply(shown))
            case "splat":
                assert gaussians is not None
                partial.write_bytes(splat.ply(gaussians, f"{GENERATOR}, backend {BACKEND}"))
            case "spz":
                assert gaussians is not None
                partial.write_bytes(spz.encode(gaussians))
            case "preview":
                partial.write_bytes(preview.png(shown))
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


def linear(srgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Converts sRGB values to linear light, 0 to 1 (IEC 61966-2-1)."""
    c = np.arange(256) / 255
    table: NDArray[np.float64] = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return table[srgb]
