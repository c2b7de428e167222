"""Double of sam2/sam2_image_predictor.py: pixels darker than the mean are the object."""

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
        assert self._image is not None and box.shape == (4,) and box.dtype == np.float32
        gray = self._image.mean(axis=2)
        dark = gray < 100
        masks = np.stack([~dark, dark, np.zeros_like(dark)]).astype(np.float32)
        return masks, np.array([0.95, 0.9, 0.2], dtype=np.float32), np.zeros((3, 256, 256), dtype=np.float32)

    def reset_predictor(self):
        self._image = None
