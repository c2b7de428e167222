"""Which masks are used and which are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .. import picture, segment
from ..failure import WorkerFailure
from ..picture import Picture

BOX = (10, 10, 50, 50)


class Fixed:
    """A segmenter that always returns the same masks."""

    def __init__(self, *found: tuple[Any, float]) -> None:
        self.found = found

    def candidates(self, rgb: Any, box: Any) -> Any:
        return [m for m, _ in self.found], [s for _, s in self.found]


def opaque(box: Any = BOX) -> Picture:
    return Picture(np.full((60, 60, 4), 255, dtype=np.uint8), box, None)


def part(*rectangles: tuple[int, int, int, int]) -> Any:
    mask = np.zeros((60, 60), dtype=bool)
    for x0, y0, x1, y1 in rectangles:
        mask[y0:y1, x0:x1] = True
    return mask


THING, SMALL = part((20, 20, 40, 40)), part((30, 30, 33, 33))
ROUND_ABOUT = ~THING


def test_the_mask_with_the_best_score_is_used() -> None:
    mask, facts = segment.find(opaque(), Fixed((SMALL, 0.1), (THING, 0.8), (part((20, 20, 30, 30)), 0.7)), 1)
    assert (mask == THING).all() and facts.source == "segmenter" and facts.score == 0.8 and facts.share == 0.25


def test_background_masks_are_refused_at_any_score() -> None:
    mask, facts = segment.find(opaque(), Fixed((ROUND_ABOUT, 0.99), (THING, 0.5)), 1)
    assert (mask == THING).all() and facts.score == 0.5


def test_an_object_may_fill_its_box() -> None:
    mask, facts = segment.find(opaque(), Fixed((np.ones((60, 60), dtype=bool), 0.9)), 1)
    assert facts.share == 1 and mask.sum() == 1600, "nothing outside the box belongs to it"


@pytest.mark.parametrize("found", [[], [(np.zeros((60, 60), dtype=bool), 0.9)], [(SMALL, 0.9)], [(ROUND_ABOUT, 0.9)], [(part((0, 0, 9, 9)), 0.9)]])
def test_no_object_has_a_message_for_the_user(found: Any) -> None:
    with pytest.raises(WorkerFailure, match="No object stands out in box 3; draw the box closer around it") as failure:
        segment.find(opaque(), Fixed(*found), 3)
    assert failure.value.code == "object_not_found"


def test_without_a_box_the_whole_picture_is_the_fallback() -> None:
    mask, facts = segment.find(opaque(None), Fixed((~part((10, 10, 50, 50)), 0.9)), 1)
    assert facts.source == "whole" and mask.all()
    mask, facts = segment.find(opaque(None), Fixed((THING, 0.9)), 1)
    assert facts.source == "segmenter" and (mask == THING).all()


def test_an_empty_given_mask_is_refused() -> None:
    with pytest.raises(WorkerFailure, match="The mask of object 2 is empty"):
        segment.find(Picture(opaque().rgba, None, np.zeros((60, 60), dtype=bool)), Fixed(), 2)


def test_alpha_outside_the_box_is_ignored() -> None:
    shown = opaque()
    shown.rgba[:5, :5, 3] = 0
    assert segment.find(shown, Fixed((THING, 0.9)), 1)[1].source == "segmenter"


def test_scaling_includes_mask_and_box() -> None:
    rgba = np.full((300, 400, 4), 255, dtype=np.uint8)
    given = np.zeros((300, 400), dtype=bool)
    given[100:200, 100:200] = True
    small = picture.scaled(Picture(rgba, (100, 100, 200, 200), given), 100)
    assert small.rgba.shape == (75, 100, 4) and small.box == (25, 25, 50, 50)
    assert small.given is not None and segment.share(small.given, small.box) == 1 and small.given.sum() == 625
    assert picture.scaled(small, 100) is small


def test_a_scaled_box_has_at_least_one_pixel() -> None:
    rgba = np.full((8000, 16, 4), 255, dtype=np.uint8)
    small = picture.scaled(Picture(rgba, (15, 7999, 16, 8000), None), 64)
    assert small.rgba.shape == (64, 1, 4) and small.box == (0, 63, 1, 64)


def test_the_colors_of_transparent_pixels_are_kept() -> None:
    rgba = np.zeros((4, 4, 4), dtype=np.uint8)
    rgba[..., 0] = 200
    assert (picture.scaled(Picture(rgba, None, None), 2).rgba[..., 0] == 200).all()
    assert set(np.unique(picture.with_mask(rgba, np.eye(4, dtype=bool))[..., 3])) == {0, 255}
    assert (rgba[..., 3] == 0).all(), "the photo itself is left as it is"
