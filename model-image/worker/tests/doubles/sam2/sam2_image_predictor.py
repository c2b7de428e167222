"""Double of sam2/sam2_image_predictor.py: pixels darker than the mean are objects.

A point selects the connected object under it, and any other prompt all objects in its box. It
refuses what the real predictor refuses: no image, points without labels (_prep_prompts), shapes that
torch.cat and the prompt encoder cannot join, and in addition prompts that are outside the image or
empty, with which the real one returns masks without meaning.
"""

import numpy as np
import torch


class SAM2ImagePredictor:
    def __init__(self, sam_model, mask_threshold=0.0, max_hole_area=0.0, max_sprinkle_area=0.0, **kwargs):
        self.model = sam_model
        self._image = None

    def set_image(self, image):
        assert torch.is_inference_mode_enabled() and torch._state.autocast == ("cuda", torch.bfloat16)
        self.reset_predictor()
        torch.work("sam2 features")
        assert image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
        self._image = image

    def predict(
        self, point_coords=None, point_labels=None, box=None, mask_input=None, multimask_output=True, return_logits=False,
        normalize_coords=True,
    ):
        if self._image is None:
            raise RuntimeError("An image must be set with .set_image(...) before mask prediction.")
        assert mask_input is None and not return_logits and normalize_coords, "not used by the worker"
        assert point_coords is not None or box is not None
        height, width = self._image.shape[:2]
        dark = self._image.mean(axis=2) < 100
        if box is not None:
            assert box.shape == (4,) and box.dtype == np.float32
            assert 0 <= box[0] < box[2] <= width and 0 <= box[1] < box[3] <= height
        if point_coords is not None:
            assert point_labels is not None, "point_labels must be supplied if point_coords is supplied."
            assert point_coords.ndim == 2 and point_coords.shape[1] == 2 and len(point_coords) > 0
            assert point_labels.shape == (len(point_coords),) and set(point_labels.tolist()) <= {0, 1}
            assert (point_coords >= 0).all() and (point_coords < (width, height)).all()
            dark = self._selected(dark, point_coords.astype(int), point_labels, box)
        shape = (1, *dark.shape)
        if not multimask_output:
            return dark.reshape(shape).astype(np.float32), np.array([0.9], dtype=np.float32), np.zeros((1, 256, 256), dtype=np.float32)
        masks = np.stack([~dark, dark, np.zeros_like(dark)]).astype(np.float32)
        scores = [0.95, 0.9, 0.2] if point_coords is None else [0.3, 0.9, 0.2]
        return masks, np.array(scores, dtype=np.float32), np.zeros((3, 256, 256), dtype=np.float32)

    @staticmethod
    def _selected(dark, points, labels, box):
        """Returns the objects under points inside, or all, without those under points outside."""
        chosen = dark.copy() if not labels.any() or box is not None else np.zeros_like(dark)
        for (x, y), inside in zip(points, labels, strict=True):
            part = np.zeros_like(dark)
            part[y, x] = dark[y, x]
            while True:  # grow the part within the dark pixels
                grown = part.copy()
                grown[1:] |= part[:-1]
                grown[:-1] |= part[1:]
                grown[:, 1:] |= part[:, :-1]
                grown[:, :-1] |= part[:, 1:]
                grown &= dark
                if (grown == part).all():
                    break
                part = grown
            chosen = chosen | part if inside else chosen & ~part
        return chosen

    def reset_predictor(self):
        self._image = None
