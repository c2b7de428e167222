"""Renders GLB files from twelve sides, to compare them. It shares no code with what writes them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import pygltflib
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[Any]
Sides = list[tuple[Array, Array]]

_TYPES = {5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_LIGHT = np.array([0.3, 0.5, 0.8]) / np.linalg.norm([0.3, 0.5, 0.8])  # +X right, +Y up, +Z to the camera
_AMBIENT = 0.3


@dataclass(frozen=True)
class Model:
    """The content of a GLB file; colors or a texture are linear light."""

    positions: Array  # n × 3
    normals: Array  # n × 3
    faces: Array  # m × 3
    colors: Array | None  # n × 3
    uv: Array | None  # n × 2
    picture: bytes  # of the texture, as in the file
    texture: Array | None  # rows × columns × 3


def read(data: bytes) -> Model:
    file = pygltflib.GLTF2().load_from_bytes(data)
    blob = file.binary_blob()
    (primitive,) = file.meshes[0].primitives

    def accessor(number: int | None) -> Array | None:
        if number is None:
            return None
        a = file.accessors[number]
        width = _WIDTHS[a.type]
        values = np.frombuffer(blob, _TYPES[a.componentType], a.count * width, file.bufferViews[a.bufferView].byteOffset)
        values = values.reshape(a.count, width)
        return values / np.iinfo(values.dtype).max if a.normalized else values

    texture, picture = None, b""
    base = file.materials[primitive.material].pbrMetallicRoughness.baseColorTexture
    if base is not None:
        view = file.bufferViews[file.images[file.textures[base.index].source].bufferView]
        picture = blob[view.byteOffset : view.byteOffset + view.byteLength]
        texture = _linear(np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")) / 255)
    colors = accessor(primitive.attributes.COLOR_0)
    positions, normals = accessor(primitive.attributes.POSITION), accessor(primitive.attributes.NORMAL)
    indices = accessor(primitive.indices)
    assert positions is not None and normals is not None and indices is not None
    return Model(
        positions, normals, indices.reshape(-1, 3).astype(np.int64), None if colors is None else colors[:, :3],
        accessor(primitive.attributes.TEXCOORD_0), picture, texture,
    )


def _linear(c: Array) -> Array:
    light: Array = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return light


def _srgb(c: Array) -> Array:
    encoded: Array = np.where(c <= 0.0031308, c * 12.92, 1.055 * c ** (1 / 2.4) - 0.055)
    return encoded


def cameras() -> list[Array]:
    """Returns twelve rotations to the camera's axes: the corners of an icosahedron, none along an axis."""
    golden = (1 + 5**0.5) / 2
    corners = [np.roll((0, a, b), k) for k in range(3) for a in (-1, 1) for b in (-golden, golden)]
    turns = []
    for corner in corners:
        back = np.add(corner, (0.11, 0.07, 0.05))
        back = back / np.linalg.norm(back)
        right = np.cross((0, 1, 0), back)
        right = right / np.linalg.norm(right)
        turns.append(np.stack([right, np.cross(back, right), back]))
    return turns


def render(model: Model, turn: Array, side: int, samples: int = 2, ground: float = 0) -> tuple[Array, Array]:
    """Returns the orthographic picture, side × side × 3 in sRGB from 0 to 1, and the share covered of each pixel.

    The picture spans 1.3 units. The background has the gray ground, linear.
    """
    width = side * samples
    seen = model.positions @ turn.T
    at = (seen[:, :2] * (1, -1) / 1.3 + 0.5) * width - 0.5
    pixel, triangle, weights = _visible(at, seen[:, 2], model.faces, width)
    corners = model.faces[triangle]

    def between(values: Array) -> Array:
        mixed: Array = np.einsum("nk,nkc->nc", weights, values[corners])
        return mixed

    normal = between(model.normals) @ turn.T
    normal = normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    light = _AMBIENT + (1 - _AMBIENT) * np.clip(normal @ _LIGHT, 0, None)
    if model.texture is not None and model.uv is not None:
        base = _sample(model.texture, between(model.uv))
    else:
        assert model.colors is not None
        base = between(model.colors)
    picture, covered = np.zeros((width * width, 3)), np.zeros(width * width)
    picture[pixel], covered[pixel] = base * light[:, None], 1

    def smaller(values: Array) -> Array:
        mean: Array = values.reshape(side, samples, side, samples, -1).mean(axis=(1, 3))
        return mean

    shares = smaller(covered)
    return _srgb(np.clip(smaller(picture) + ground * (1 - shares), 0, 1)), shares[..., 0]


def _visible(at: Array, depth: Array, faces: Array, width: int) -> tuple[Array, Array, Array]:
    """Returns the pixels that show a triangle facing the camera, the nearest triangle and its corners' weights."""
    p, q, r = (at[faces[:, k]] for k in range(3))
    double = (q[:, 0] - p[:, 0]) * (r[:, 1] - p[:, 1]) - (q[:, 1] - p[:, 1]) * (r[:, 0] - p[:, 0])
    facing = np.flatnonzero(double < -1e-12)  # y points down, so counterclockwise is negative
    if len(facing) == 0:
        return np.empty(0, dtype=int), np.empty(0, dtype=int), np.empty((0, 3))
    p, q, r, double = p[facing], q[facing], r[facing], double[facing]
    low = np.clip(np.ceil(np.minimum(np.minimum(p, q), r)), 0, width).astype(int)
    high = np.clip(np.floor(np.maximum(np.maximum(p, q), r)), -1, width - 1).astype(int)
    across, down = np.maximum(high - low + 1, 0).T
    # Each pixel of the box around each triangle, with the triangle's place in facing.
    t = np.repeat(np.arange(len(facing)), across * down)
    number = np.arange(len(t)) - np.repeat(np.cumsum(across * down) - across * down, across * down)
    x, y = low[t, 0] + number % across[t], low[t, 1] + number // across[t]
    fromx, fromy = x - p[t, 0], y - p[t, 1]
    (ax, ay), (bx, by) = ((corner - p).T for corner in (q, r))
    one, two = (fromx * by[t] - fromy * bx[t]) / double[t], (ax[t] * fromy - ay[t] * fromx) / double[t]
    inside = (one >= 0) & (two >= 0) & (one + two <= 1)
    pixel, triangle, one, two = (y * width + x)[inside], facing[t[inside]], one[inside], two[inside]
    weights = np.stack([1 - one - two, one, two], axis=1)
    near = (weights * depth[faces[triangle]]).sum(axis=1)
    order = np.argsort(near, kind="stable")
    first = np.full(width * width, -1)
    first[pixel[order]] = order  # the last assignment, of the nearest, stands
    shown = first[first >= 0]
    return pixel[shown], triangle[shown], weights[shown]


def _sample(texture: Array, uv: Array) -> Array:
    """Returns bilinear samples; uv begins at the upper left corner."""
    rows, columns = texture.shape[:2]
    x, y = np.clip(uv[:, 0] * columns - 0.5, 0, columns - 1), np.clip(uv[:, 1] * rows - 0.5, 0, rows - 1)
    x0, y0 = np.minimum(x.astype(int), columns - 2), np.minimum(y.astype(int), rows - 2)
    tx, ty = (x - x0)[:, None], (y - y0)[:, None]
    top = texture[y0, x0] * (1 - tx) + texture[y0, x0 + 1] * tx
    bottom = texture[y0 + 1, x0] * (1 - tx) + texture[y0 + 1, x0 + 1] * tx
    sample: Array = top * (1 - ty) + bottom * ty
    return sample


def sides(model: Model, side: int) -> Sides:
    """Returns the pictures of the twelve sides and the share covered of each pixel."""
    return [render(model, turn, side) for turn in cameras()]


def psnr(one: Sides, two: Sides) -> list[float]:
    """Returns the peak signal-to-noise ratio of each of the twelve sides in dB, of pixels that show either."""
    ratios = []
    for (a, in_a), (b, in_b) in zip(one, two, strict=True):
        either = (in_a > 0) | (in_b > 0)
        if not either.any():
            continue  # an open surface from behind
        error = float(((a - b)[either] ** 2).mean())
        ratios.append(-10 * float(np.log10(max(error, 1e-12))))
    return ratios
