"""Writes the model's output: meshes, splats and preview, and the mask that it was made from."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from . import color, picture, preview, quality, splat, spz, surface, textured
from .gltf import BACKEND, GENERATOR, Glb
from .picture import Cover
from .protocol import File, Format, MeshFacts, Pose
from .reconstruction import Gaussians, Reconstruction
from .surface import Surface

#: File names, as in the bucket. Preview and mask have no extension, because one would start a job.
NAMES: dict[Format, str] = {
    "glb": "mesh.glb", "glb-dense": "mesh-dense.glb", "ply": "mesh.ply", "splat": "splat.ply", "spz": "splat.spz",
    "preview": "preview", "mask": "mask",
}
#: The formats that are written whatever the request names.
ALWAYS: tuple[Format, ...] = ("preview", "mask")


def write(
    made: Reconstruction, folder: Path, formats: list[Format], label: str, settings: quality.Settings, mask: Cover
) -> tuple[list[File], MeshFacts, Pose | None]:
    """Writes the formats, the preview and the mask, of the photo's size.

    settings has the texture and the faces of a textured mesh. Files get their final names when they are complete.
    """
    shown, frame = surface.from_trimesh(made.mesh)
    gaussians: Gaussians | None = None
    if "splat" in formats or "spz" in formats:
        gaussians = splat.place(made.splat, frame)
    files = []
    for format in dict.fromkeys([*formats, *ALWAYS]):
        path = folder / NAMES[format]
        partial = path.with_name(path.name + ".partial")
        match format:
            case "glb":
                partial.write_bytes(textured.glb(shown, label, faces=settings.faces, texture=settings.texture))
            case "glb-dense":
                partial.write_bytes(glb_dense(shown, label))
            case "ply":
                partial.write_bytes(ply(shown))
            case "splat":
                assert gaussians is not None
                partial.write_bytes(splat.ply(gaussians, f"{GENERATOR}, backend {BACKEND}"))
            case "spz":
                assert gaussians is not None
                partial.write_bytes(spz.encode(gaussians))
            case "preview":
                partial.write_bytes(preview.webp(shown))
            case "mask":
                partial.write_bytes(picture.mask_png(mask))
        os.replace(partial, path)
        files.append(File(format=format, path=str(path), bytes=path.stat().st_size))
    return files, shown.facts(), frame.pose(made.pose)


def glb_dense(shown: Surface, label: str) -> bytes:
    """Returns binary glTF 2.0: positions, normals, COLOR_0 as normalized linear unsigned shorts."""
    colors = np.full((len(shown.positions), 4), 65535, dtype="<u2")
    colors[:, :3] = np.rint(color.linear(shown.colors) * 65535)
    file = Glb()
    file.attribute("POSITION", shown.positions)
    file.attribute("NORMAL", shown.normals())
    file.attribute("COLOR_0", colors)
    file.triangles(shown.faces, len(shown.positions))
    return file.encode(label)


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


