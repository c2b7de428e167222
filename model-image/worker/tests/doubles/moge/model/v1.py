"""Double of moge/model/v1.py."""

import os

import torch


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
        return {"points": image, "intrinsics": torch.Tensor([[1.0]]), "depth": image, "mask": image, "mask_prob": image}
