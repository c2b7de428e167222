"""Finds the mask: a given one, SAM 2.1 with points and box, the alpha channel, or the whole picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from . import checkpoints, environment, weights
from .failure import WorkerFailure
from .photo_cache import PhotoCache
from .picture import Box, Cover, Picture, Pixels
from .protocol import MaskFacts, Point

#: Minimum share of the box that a mask must cover.
LEAST = 0.02
#: A mask that covers more of the box's rim than this, and less of its middle, is the background.
RIM = 0.6


@dataclass(frozen=True)
class Prompt:
    """What marks the object: a box, points, or both."""

    box: Box | None
    points: tuple[Point, ...] = ()


class Segmenter(Protocol):
    """Segments the object that a prompt marks."""

    def candidates(self, rgb: Pixels, prompt: Prompt, several: bool) -> tuple[list[Cover], list[float]]:
        """Returns masks of the photo's size, and an estimate of the quality of each, 0 to 1.

        There is one mask, or with several set three that the prompt may mean.
        """
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

    def candidates(self, rgb: Pixels, prompt: Prompt, several: bool) -> tuple[list[Cover], list[float]]:
        torch: Any = self._torch
        box = None if prompt.box is None else np.array(prompt.box, dtype=np.float32)
        at = np.array([(p.x, p.y) for p in prompt.points], dtype=np.float32) if prompt.points else None
        inside = np.array([int(p.inside) for p in prompt.points], dtype=np.int32) if prompt.points else None
        with torch.inference_mode(), torch.autocast("cuda", dtype=torch.bfloat16):
            # The predictor holds the picture's features on the GPU until it is reset.
            self._photo.get(
                "mask", rgb, np.array_equal, lambda: self._predictor.set_image(rgb), release=lambda: self._predictor.reset_predictor()
            )
            masks, scores, _ = self._predictor.predict(point_coords=at, point_labels=inside, box=box, multimask_output=several)
        return [np.asarray(m) > 0.5 for m in masks], [float(s) for s in scores]


def find(picture: Picture, segmenter: Segmenter, index: int) -> tuple[Cover, MaskFacts]:
    """Returns the object's mask of the picture's size, or raises a failure for the user.

    The mask is the first that there is: the given one; the one that SAM 2.1 finds with the points
    and the box, or with the box; the alpha channel; the one that SAM 2.1 finds in the whole
    picture; the whole picture. Transparent pixels belong to no object but a given mask.
    """
    height, width = picture.rgba.shape[:2]
    box = picture.box or (0, 0, width, height)
    if picture.given is not None:
        if not picture.given.any():
            raise _not_found(f"The mask of object {index} is empty; paint the object in it.")
        return picture.given, MaskFacts("given", share(picture.given, box))
    visible = picture.rgba[..., 3] >= 128
    if not _cut(visible, box).any():
        where = "The picture has" if picture.box is None else f"Box {index} has"
        raise _not_found(f"{where} only transparent pixels; use a picture in which the object shows.")
    cut_out = bool((_cut(picture.rgba[..., 3], box) < 255).any())
    if picture.points:
        found = _at_points(picture, segmenter, visible)
        if found is None:
            raise _not_found(f"No object stands out at the points of object {index}; set a point in its middle.")
        return found[0], MaskFacts("points", share(found[0], box), _score(found[1]))
    found = None
    if picture.box is not None or not cut_out:
        found = _in_box(seen(picture), segmenter, visible, box, ambiguous=picture.box is None)
    if found is not None:
        return found[0], MaskFacts("segmenter", share(found[0], box), _score(found[1]))
    if cut_out:
        mask = clip(visible, box)
        return mask, MaskFacts("alpha", share(mask, box))
    if picture.box is None:
        return np.ones((height, width), dtype=np.bool_), MaskFacts("whole", 1.0)
    raise _not_found(f"No object stands out in box {index}; draw the box closer around it.")


def _at_points(picture: Picture, segmenter: Segmenter, visible: Cover) -> tuple[Cover, float] | None:
    """Returns the mask that SAM 2.1 finds with the points, and its score, or None.

    A single point is ambiguous: of a shirt, or of the person who wears it. SAM 2's documentation
    recommends three masks for it, of which the one with the best score is used, and one mask for
    several points or a point and a box (notebooks/image_predictor_example.ipynb).
    """
    height, width = visible.shape
    whole = (0, 0, width, height)
    prompt = Prompt(picture.box, picture.points)
    if picture.box is None and not any(p.inside for p in picture.points):
        prompt = Prompt(whole, picture.points)
    ambiguous = prompt.box is None and len(prompt.points) == 1
    region = whole if picture.box is None else _with_points(picture.box, picture.points)
    masks, scores = segmenter.candidates(seen(picture), prompt, ambiguous)
    for i in sorted(range(len(masks)), key=lambda i: -scores[i]):
        mask = clip(masks[i] & visible, region)
        if mask.any():
            return mask, scores[i]
    return None


def _with_points(box: Box, points: tuple[Point, ...]) -> Box:
    """Returns the smallest box around the box and the points in the object."""
    inside = [p for p in points if p.inside]
    return (
        min([box[0], *(p.x for p in inside)]), min([box[1], *(p.y for p in inside)]),
        max([box[2], *(p.x + 1 for p in inside)]), max([box[3], *(p.y + 1 for p in inside)]),
    )


def _in_box(rgb: Pixels, segmenter: Segmenter, visible: Cover, box: Box, *, ambiguous: bool) -> tuple[Cover, float] | None:
    """Returns the mask that SAM 2.1 finds in the box, and its score, or None.

    SAM 2's documentation asks for one mask with a box (notebooks/image_predictor_example.ipynb).
    If it cannot be the object, the best of three is used, as in a whole picture.
    """
    for several in (True,) if ambiguous else (False, True):
        masks, scores = segmenter.candidates(rgb, Prompt(box), several)
        found = best([m & visible for m in masks], scores, box)
        if found is not None:
            return found
    return None


def seen(picture: Picture) -> Pixels:
    """Returns the colors of the picture on the ground, black or white, that differs more from them.

    The colors of transparent pixels are not seen, and often undefined.
    """
    rgb = np.ascontiguousarray(picture.rgba[..., :3])
    visible = picture.rgba[..., 3] >= 128
    if visible.all() or not visible.any():
        return rgb
    rgb[~visible] = 0 if rgb[visible].mean() > 127 else 255
    return rgb


def _score(score: float) -> float:
    return round(min(max(score, 0.0), 1.0), 4)


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
