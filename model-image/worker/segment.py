"""Finds the mask: a given one, the alpha channel, SAM 2.1 in the box, or the whole picture."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from . import checkpoints, environment, weights
from .failure import WorkerFailure
from .photo_cache import PhotoCache
from .picture import Box, Cover, Picture, Pixels
from .protocol import MaskFacts

#: Minimum share of the box that a mask must cover.
LEAST = 0.02
#: A mask that covers more of the box's rim than this, and less of its middle, is the background.
RIM = 0.6


class Segmenter(Protocol):
    """Segments the object in a box."""

    def candidates(self, rgb: Pixels, box: Box) -> tuple[list[Cover], list[float]]:
        """Returns masks of the photo's size, and an estimate of the quality of each, 0 to 1."""
        ...


class Sam2:
    """SAM 2.1, from the package sam2 (facebookresearch/sam2)."""

    def __init__(self, torch: ModuleType, model: Path, photo: PhotoCache) -> None:
        build = environment.load("sam2.build_sam")
        predictor = environment.load("sam2.sam2_image_predictor")
        self._torch = torch
        self._photo = photo
        with checkpoints.read_once(torch), checkpoints.uninitialized(torch):
            network = build.build_sam2(weights.SAM2_CONFIG, str(model / weights.SAM2), device="cuda")
        self._predictor = predictor.SAM2ImagePredictor(network)

    def candidates(self, rgb: Pixels, box: Box) -> tuple[list[Cover], list[float]]:
        torch: Any = self._torch
        with torch.inference_mode(), torch.autocast("cuda", dtype=torch.bfloat16):
            # The predictor holds the picture's features on the GPU until it is reset.
            self._photo.get(
                "mask", rgb, np.array_equal, lambda: self._predictor.set_image(rgb), release=lambda: self._predictor.reset_predictor()
            )
            masks, scores, _ = self._predictor.predict(box=np.array(box, dtype=np.float32), multimask_output=True)
        return [np.asarray(m) > 0.5 for m in masks], [float(s) for s in scores]


def find(picture: Picture, segmenter: Segmenter, index: int) -> tuple[Cover, MaskFacts]:
    """Returns the object's mask of the picture's size, or raises a failure for the user."""
    height, width = picture.rgba.shape[:2]
    box = picture.box or (0, 0, width, height)
    if picture.given is not None:
        if not picture.given.any():
            raise _not_found(f"The mask of object {index} is empty; paint the object in it.")
        return picture.given, MaskFacts("given", share(picture.given, box))
    alpha = picture.rgba[..., 3]
    if (_cut(alpha, box) < 255).any():
        mask = clip(alpha >= 128, box)
        if not mask.any():
            where = "The picture has" if picture.box is None else f"Box {index} has"
            raise _not_found(f"{where} only transparent pixels; use a picture in which the object shows.")
        return mask, MaskFacts("alpha", share(mask, box))
    found = best(*segmenter.candidates(np.ascontiguousarray(picture.rgba[..., :3]), box), box)
    if found is not None:
        return found[0], MaskFacts("segmenter", share(found[0], box), round(min(max(found[1], 0.0), 1.0), 4))
    if picture.box is None:
        return np.ones((height, width), dtype=np.bool_), MaskFacts("whole", 1.0)
    raise _not_found(f"No object stands out in box {index}; draw the box closer around it.")


def best(masks: list[Cover], scores: list[float], box: Box) -> tuple[Cover, float] | None:
    """Returns the mask with the highest score that can be an object, or None."""
    for i in sorted(range(len(masks)), key=lambda i: -scores[i]):
        mask = clip(masks[i], box)
        if share(mask, box) >= LEAST and not is_background(mask, box):
            return mask, scores[i]
    return None


def is_background(mask: Cover, box: Box) -> bool:
    """Reports whether the mask is the background: much of the box's rim, less of its middle."""
    inside = _cut(mask, box)
    height, width = inside.shape
    rim = max(1, min(height, width) // 20)
    edge = np.ones_like(inside)
    edge[rim : height - rim, rim : width - rim] = False
    if edge.all():
        return False
    middle = inside[height // 4 : height - height // 4, width // 4 : width - width // 4]
    on_rim = float(inside[edge].mean())
    return on_rim > RIM and float(middle.mean()) < on_rim / 2


def clip(mask: Cover, box: Box) -> Cover:
    """Returns the mask without pixels outside the box."""
    x0, y0, x1, y1 = box
    out = np.zeros_like(mask)
    out[y0:y1, x0:x1] = mask[y0:y1, x0:x1]
    return out


def share(mask: Cover, box: Box) -> float:
    """Returns the share of the box that the mask covers, 0 to 1."""
    return round(float(_cut(mask, box).mean()), 6)


def _cut(raster: NDArray[Any], box: Box) -> NDArray[Any]:
    x0, y0, x1, y1 = box
    return raster[y0:y1, x0:x1]


def _not_found(message: str) -> WorkerFailure:
    return WorkerFailure("object_not_found", message)
