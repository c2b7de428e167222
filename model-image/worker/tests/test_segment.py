"""Which masks are used and which are refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from .. import picture, protocol, segment
from ..failure import WorkerFailure
from ..picture import Picture

BOX = (10, 10, 50, 50)


class Fixed:
    """A segmenter that always returns the same masks, of which the first is its only one."""

    def __init__(self, *found: tuple[Any, float]) -> None:
        self.found = found
        self.asked: list[tuple[segment.Prompt, bool]] = []
        self.rgb: Any = None

    def candidates(self, rgb: Any, prompt: segment.Prompt, several: bool) -> Any:
        self.asked.append((prompt, several))
        self.rgb = rgb
        found = self.found if several else self.found[:1]
        return [m for m, _ in found], [s for _, s in found]


def opaque(box: Any = BOX) -> Picture:
    return Picture(np.full((60, 60, 4), 255, dtype=np.uint8), box, None)


def part(*rectangles: tuple[int, int, int, int]) -> Any:
    mask = np.zeros((60, 60), dtype=bool)
    for x0, y0, x1, y1 in rectangles:
        mask[y0:y1, x0:x1] = True
    return mask


THING, SMALL = part((20, 20, 40, 40)), part((30, 30, 33, 33))
ROUND_ABOUT = ~THING


def test_a_box_asks_for_one_mask() -> None:
    sam = Fixed((THING, 0.8), (part((20, 20, 30, 30)), 0.9))
    mask, facts = segment.find(opaque(), sam, 1)
    assert sam.asked == [(segment.Prompt(BOX), False)]
    assert (mask == THING).all() and facts.source == "segmenter" and facts.score == 0.8 and facts.share == 0.25


def test_if_the_one_mask_cannot_be_the_object_the_best_of_three_is_used() -> None:
    sam = Fixed((SMALL, 0.1), (THING, 0.8), (part((20, 20, 30, 30)), 0.7))
    mask, facts = segment.find(opaque(), sam, 1)
    assert [several for _, several in sam.asked] == [False, True]
    assert (mask == THING).all() and facts.score == 0.8


def test_background_masks_are_refused_at_any_score() -> None:
    mask, facts = segment.find(opaque(), Fixed((ROUND_ABOUT, 0.99), (THING, 0.5)), 1)
    assert (mask == THING).all() and facts.score == 0.5


IN, OUT = protocol.Point(30, 30, True), protocol.Point(5, 5, False)
WHOLE = (0, 0, 60, 60)


@pytest.mark.parametrize(("box", "points", "prompt_box", "several"), [
    (None, (IN,), None, True),
    (None, (IN, OUT), None, False),
    (None, (IN, IN), None, False),
    (BOX, (IN,), BOX, False),
    (BOX, (OUT,), BOX, False),
    (None, (OUT,), WHOLE, False),
])
def test_a_single_point_asks_for_three_masks_and_any_other_prompt_for_one(box: Any, points: Any, prompt_box: Any, several: bool) -> None:
    sam = Fixed((THING, 0.3), (SMALL, 0.9))
    mask, facts = segment.find(replace(opaque(box), points=points), sam, 1)
    assert sam.asked == [(segment.Prompt(prompt_box, points), several)]
    assert facts.source == "points" and (mask == (SMALL if several else THING)).all() and facts.score == (0.9 if several else 0.3)


def test_a_point_in_the_object_extends_the_box() -> None:
    far = protocol.Point(55, 3, True)
    mask, _ = segment.find(replace(opaque(), points=(far, OUT)), Fixed((np.ones((60, 60), dtype=bool), 0.9)), 1)
    assert (mask == part((10, 3, 56, 50))).all()


def test_points_at_which_nothing_is_found_have_a_message_for_the_user() -> None:
    with pytest.raises(WorkerFailure, match="No object stands out at the points of object 3") as failure:
        segment.find(replace(opaque(None), points=(IN,)), Fixed((np.zeros((60, 60), dtype=bool), 0.9)), 3)
    assert failure.value.code == "object_not_found"


def cut_out() -> Picture:
    """A dark picture of which only a square is visible, within the box and beyond it."""
    shown = opaque()
    shown.rgba[..., :3] = 20
    shown.rgba[..., 3] = np.where(part((30, 30, 60, 60)), 255, 0)
    return shown


def test_the_box_goes_before_alpha_and_transparent_pixels_belong_to_no_object() -> None:
    sam = Fixed((part((20, 20, 40, 40)), 0.7))
    mask, facts = segment.find(cut_out(), sam, 1)
    assert facts.source == "segmenter" and facts.score == 0.7 and (mask == part((30, 30, 40, 40))).all()
    assert (sam.rgb[part((30, 30, 60, 60))] == 20).all() and (sam.rgb[~part((30, 30, 60, 60))] == 255).all(), "dark on white"
    mask, facts = segment.find(replace(cut_out(), points=(IN,)), sam, 1)
    assert facts.source == "points" and (mask == part((30, 30, 40, 40))).all()


def test_alpha_is_used_if_nothing_is_found_in_the_box_or_without_one() -> None:
    mask, facts = segment.find(cut_out(), Fixed(), 1)
    assert facts.source == "alpha" and (mask == part((30, 30, 50, 50))).all()
    sam = Fixed((THING, 0.9))
    mask, facts = segment.find(replace(cut_out(), box=None), sam, 1)
    assert facts.source == "alpha" and (mask == part((30, 30, 60, 60))).all() and not sam.asked


def test_a_given_mask_goes_before_points_and_box() -> None:
    sam = Fixed((SMALL, 0.9))
    mask, facts = segment.find(replace(cut_out(), given=THING, points=(IN,)), sam, 1)
    assert facts.source == "given" and (mask == THING).all() and not sam.asked


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
    points = (protocol.Point(399, 299, True), protocol.Point(102, 0, False))
    small = picture.scaled(Picture(rgba, (100, 100, 200, 200), given, points), 100)
    assert small.points == (protocol.Point(99, 74, True), protocol.Point(25, 0, False))
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
