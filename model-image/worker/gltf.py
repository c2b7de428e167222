"""Writes binary glTF 2.0 (https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html)."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

GENERATOR = "Gen3D"
BACKEND = "sam3d"

# Constants of glTF 2.0.
_FLOAT, _USHORT, _UINT = 5126, 5123, 5125
_VERTICES, _INDICES = 34962, 34963
_LINEAR, _LINEAR_MIPMAP_LINEAR, _CLAMP_TO_EDGE = 9729, 9987, 33071


class Glb:
    """A file with one object: a node with a mesh of one primitive and one material."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._views: list[dict[str, Any]] = []
        self._accessors: list[dict[str, Any]] = []
        self._attributes: dict[str, int] = {}
        self._indices = 0
        self._texture: dict[str, Any] = {}

    def attribute(self, name: str, values: NDArray[Any]) -> None:
        """Adds an attribute of the vertices: n × k floats, or unsigned shorts that mean 0 to 1."""
        more: dict[str, Any] = {}
        if name == "POSITION":  # the only attribute whose bounds are required
            more = {"min": values.min(axis=0).tolist(), "max": values.max(axis=0).tolist()}
        if values.dtype == np.uint16:
            component, more["normalized"] = _USHORT, True
        else:
            component, values = _FLOAT, values.astype("<f4")
        self._attributes[name] = self._add(values, component, f"VEC{values.shape[1]}", _VERTICES, **more)

    def triangles(self, faces: NDArray[Any], vertices: int) -> None:
        """Adds the indices of the triangles, m × 3, of so many vertices."""
        # Index 65535 is primitive restart, so 16-bit indices address at most 65,535 vertices.
        short = vertices <= 65535
        flat = faces.reshape(-1).astype("<u2" if short else "<u4")
        self._indices = self._add(flat, _USHORT if short else _UINT, "SCALAR", _INDICES)

    def texture(self, image: bytes, media_type: str) -> None:
        """Adds the base color as an image, sRGB, which the attribute TEXCOORD_0 maps."""
        self._texture = {
            "textures": [{"source": 0, "sampler": 0}],
            "images": [{"name": "color", "bufferView": self._view(image), "mimeType": media_type}],
            "samplers": [{"magFilter": _LINEAR, "minFilter": _LINEAR_MIPMAP_LINEAR, "wrapS": _CLAMP_TO_EDGE, "wrapT": _CLAMP_TO_EDGE}],
        }

    def encode(self, label: str) -> bytes:
        """Returns the file. The label, or else "object", names the node."""
        name = label or "object"
        surface: dict[str, Any] = {"metallicFactor": 0, "roughnessFactor": 0.9}
        if self._texture:
            surface["baseColorTexture"] = {"index": 0}
        document = {
            "asset": {"version": "2.0", "generator": GENERATOR, "extras": {"backend": BACKEND}},
            "scene": 0,
            "scenes": [{"nodes": [0]}],
            "nodes": [{"name": name, "mesh": 0}],
            "meshes": [{"name": name, "primitives": [{"attributes": self._attributes, "indices": self._indices, "material": 0}]}],
            "materials": [{"name": "surface", "pbrMetallicRoughness": surface}],
            **self._texture,
            "accessors": self._accessors,
            "bufferViews": self._views,
            "buffers": [{"byteLength": sum(map(len, self._chunks))}],
        }
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 4)
        binary = b"".join(self._chunks)
        head = struct.pack("<4sII", b"glTF", 2, 12 + 8 + len(text) + 8 + len(binary))
        return head + struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary

    def _add(self, values: NDArray[Any], component: int, kind: str, target: int, **more: Any) -> int:
        view = self._view(values.tobytes(), target=target)
        self._accessors.append({"bufferView": view, "componentType": component, "count": len(values), "type": kind, **more})
        return len(self._accessors) - 1

    def _view(self, body: bytes, **more: Any) -> int:
        self._views.append({"buffer": 0, "byteOffset": sum(map(len, self._chunks)), "byteLength": len(body), **more})
        self._chunks.append(body + b"\0" * (-len(body) % 4))
        return len(self._views) - 1
