"""Makes the light mesh: decimated, unwrapped, with the dense mesh's colors as a texture."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import bake, decimate, unwrap
from .gltf import Glb
from .quality import QUALITIES
from .surface import Surface

#: The texture has at most about this many texels per vertex of the dense mesh, which has no more
#: detail; about half of them are in charts. It has a side of 64 texels at least.
_TEXELS, _LEAST_SIDE = 16, 64
#: Qualities of JPEG, of which the first is taken whose picture has at most so many bytes per texel:
#: 3.6 MB for 2048 × 2048 texels. 50,000 triangles take another 1.3 MB.
_QUALITIES, _BYTES = (95, 90, 80, 65, 45), 0.85
_STANDARD = QUALITIES["standard"]


def glb(shown: Surface, label: str, *, faces: int = _STANDARD.faces, texture: int = _STANDARD.texture) -> bytes:
    """Returns binary glTF 2.0: positions, smooth normals, texture coordinates, a base color texture.

    faces is the largest number of triangles, texture the largest side of the picture in texels, a
    power of two. The same mesh makes the same bytes.
    """
    wanted = np.sqrt(_TEXELS * len(shown.positions))
    side = min(texture, max(_LEAST_SIDE, 1 << int(np.ceil(np.log2(wanted)))))
    positions, triangles = decimate.decimate(shown, faces)
    normals = Surface(positions, triangles, np.empty((0, 3), dtype=np.uint8)).normals()
    atlas = unwrap.unwrap(positions, triangles, side)
    at, up = positions[atlas.vertices], normals[atlas.vertices]
    file = Glb()
    file.attribute("POSITION", at)
    file.attribute("NORMAL", up)
    file.attribute("TEXCOORD_0", atlas.uv)
    file.triangles(atlas.faces, len(at))
    file.texture(_jpeg(bake.bake(bake.Source(shown), at, up, atlas.faces, atlas.uv, side)), "image/jpeg")
    return file.encode(label)


def _jpeg(picture: NDArray[np.uint8]) -> bytes:
    """Returns the picture as JPEG with colors at full resolution."""
    made = b""
    for quality in _QUALITIES:
        out = io.BytesIO()
        Image.fromarray(picture).save(out, "JPEG", quality=quality, subsampling=0, optimize=True)
        made = out.getvalue()
        if len(made) <= _BYTES * picture.shape[0] * picture.shape[1]:
            break
    return made
