"""Double of moge/model/v1.py."""

import os

import numpy as np
import torch

#: The vertical field of view of the photo's camera, in radians.
YFOV = 0.8


def points_seen(height, width):
    """Returns points in OpenCV's camera space: +X right, +Y down, +Z away."""
    z = 2 + np.sin(np.arange(height * width)).reshape(height, width)  # uneven
    size = 2 * np.tan(YFOV / 2) * z / height  # of a pixel
    points = np.stack([size * (np.arange(width) + 0.5 - width / 2), size * (np.arange(height) + 0.5 - height / 2)[:, None], z], axis=2)
    points[0, 0] = np.inf  # the sky
    points[-1, -1] = np.nan  # clipped, see clip_pointmap_beyond_scale
    return points


class MoGeModel:
    def __init__(self):
        torch.nn.init.kaiming_uniform_(torch.Tensor([0]))

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path, model_kwargs=None, **hf_kwargs):
        if not os.path.isfile(pretrained_model_name_or_path):
            raise RuntimeError("the double does not contact hubs")
        model = cls(**torch.load(pretrained_model_name_or_path, map_location="cpu", weights_only=True)["model_config"])
        model.path = str(pretrained_model_name_or_path)
        return model

    def infer(
        self, image, fov_x=None, resolution_level=9, num_tokens=None, apply_mask=True, force_projection=True, use_fp16=True,
    ):
        torch.work("moge points")
        self.halved = use_fp16
        return {"points": torch.Tensor(points_seen(*image.shape[:2])), "intrinsics": torch.Tensor([[1.0]]), "depth": image, "mask": image, "mask_prob": image}
