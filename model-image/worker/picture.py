"""Reads photos and masks as arrays and scales them for the model."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .failure import WorkerFailure
from .protocol import Point, Raster

Pixels = NDArray[np.uint8]
Cover = NDArray[np.bool_]
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Picture:
    """A photo with the object's box, mask and points, all at the same scale."""

    rgba: Pixels  # height × width × 4
    box: Box | None
    given: Cover | None  # height × width
    points: tuple[Point, ...] = ()


def read(raster: Raster, channels: int) -> Pixels:
    """Reads a raster: height × width × channels, or height × width for one channel."""
    if raster.width < 1 or raster.height < 1:
        raise WorkerFailure("bad_request", f"a picture of {raster.width} × {raster.height} pixels cannot be used")
    try:
        data = np.fromfile(raster.path, dtype=np.uint8)
    except OSError as err:
        raise WorkerFailure("bad_request", f"reading a picture: {err}") from err
    if data.size != raster.width * raster.height * channels:
        raise WorkerFailure(
            "bad_request", f"a picture of {raster.width} × {raster.height} pixels has {data.size} bytes, not {raster.width * raster.height * channels}"
        )
    shape: tuple[int, ...] = (raster.height, raster.width)
    return data.reshape((*shape, channels) if channels > 1 else shape)


def load(photo: Raster, mask: Raster | None, box: list[int] | None, points: Sequence[Point] = ()) -> Picture:
    """Reads the pictures of a request and checks that photo, mask, box and points fit together."""
    rgba = read(photo, 4)
    height, width = rgba.shape[:2]
    given = None
    if mask is not None:
        if (mask.width, mask.height) != (width, height):
            raise WorkerFailure(
                "bad_request", f"the mask has {mask.width} × {mask.height} pixels, the photo {width} × {height}"
            )
        given = read(mask, 1) >= 128
    for p in points:
        if not (0 <= p.x < width and 0 <= p.y < height):
            raise WorkerFailure("bad_request", f"the point {p.x},{p.y} does not lie within the photo of {width} × {height} pixels")
    if box is None:
        return Picture(rgba, None, given, tuple(points))
    if len(box) != 4 or not (0 <= box[0] < box[2] <= width and 0 <= box[1] < box[3] <= height):
        raise WorkerFailure("bad_request", f"the box {box} does not lie within the photo of {width} × {height} pixels")
    return Picture(rgba, (box[0], box[1], box[2], box[3]), given, tuple(points))


def scaled(picture: Picture, max_side: int) -> Picture:
    """Scales the picture down to at most max_side pixels on its longer side."""
    height, width = picture.rgba.shape[:2]
    factor = max_side / max(width, height)
    if factor >= 1:
        return picture
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    # Resize colors and alpha separately: PIL weights colors by alpha, which loses those of
    # transparent pixels.
    rgb = _resize(picture.rgba[..., :3], size)
    alpha = _resize(picture.rgba[..., 3], size)
    given = None if picture.given is None else _resize(picture.given.astype(np.uint8) * 255, size) >= 128
    box: Box | None = None
    if picture.box is not None:
        x0, y0, x1, y1 = picture.box
        sx, sy = size[0] / width, size[1] / height
        left, top = min(int(x0 * sx), size[0] - 1), min(int(y0 * sy), size[1] - 1)
        box = (left, top, max(left + 1, min(round(x1 * sx), size[0])), max(top + 1, min(round(y1 * sy), size[1])))
    points = tuple(Point(p.x * size[0] // width, p.y * size[1] // height, p.inside) for p in picture.points)
    return Picture(np.dstack([rgb, alpha]), box, given, points)


def _resize(pixels: NDArray[Any], size: tuple[int, int]) -> Pixels:
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    return np.asarray(picture.resize(size, Image.Resampling.BOX), dtype=np.uint8)


def enlarged(mask: Cover, size: tuple[int, int]) -> Cover:
    """Returns the mask at a size, width × height, of at least its own, interpolated bilinearly."""
    if mask.shape == (size[1], size[0]):
        return mask
    picture = Image.fromarray(mask.astype(np.uint8) * 255)
    return np.asarray(picture.resize(size, Image.Resampling.BILINEAR), dtype=np.uint8) >= 128


def mask_png(mask: Cover) -> bytes:
    """Returns the mask as a PNG with one 8-bit channel: 255 in the object, 0 elsewhere."""
    out = io.BytesIO()
    Image.fromarray(mask.astype(np.uint8) * 255).save(out, "PNG", compress_level=6)
    return out.getvalue()


def with_mask(rgba: Pixels, mask: Cover) -> Pixels:
    """Returns the photo with the mask, 0 or 255, as its alpha channel, as the pipeline expects."""
    out = rgba.copy()
    out[..., 3] = np.where(mask, 255, 0)
    return out
