"""Makes the light mesh: decimated, unwrapped, with the dense mesh's colors as a texture."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import bake, decimate, unwrap
from .gltf import Glb
from .surface import Surface

#: Largest file for a texture of 2048 × 2048 texels; in proportion for others.
LIMIT = 5_000_000
#: Qualities of JPEG, of which the first is taken that keeps the limit.
_QUALITIES = (92, 85, 75, 60, 45)


def glb(shown: Surface, label: str, *, faces: int = 50_000, texture: int = 2048) -> bytes:
    """Returns binary glTF 2.0: positions, smooth normals, texture coordinates, a base color texture.

    faces is the largest number of triangles, texture the side of the picture in texels, a power
    of two. The same mesh makes the same bytes.
    """
    positions, triangles = decimate.decimate(shown, faces)
    normals = Surface(positions, triangles, np.empty((0, 3), dtype=np.uint8)).normals()
    atlas = unwrap.unwrap(positions, triangles, texture)
    at, up = positions[atlas.vertices], normals[atlas.vertices]
    picture = bake.bake(bake.Source(shown), at, up, atlas.faces, atlas.uv, texture)

    def encoded(image: bytes) -> bytes:
        file = Glb()
        file.attribute("POSITION", at)
        file.attribute("NORMAL", up)
        file.attribute("TEXCOORD_0", atlas.uv)
        file.triangles(atlas.faces, len(at))
        file.texture(image, "image/jpeg")
        return file.encode(label)

    limit = LIMIT * texture**2 / 2048**2
    for quality in _QUALITIES:
        made = encoded(jpeg(picture, quality))
        if len(made) <= limit:
            break
    return made


def jpeg(picture: NDArray[np.uint8], quality: int) -> bytes:
    """Returns the picture as JPEG with colors at full resolution."""
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=quality, subsampling=0, optimize=True)
    return out.getvalue()
