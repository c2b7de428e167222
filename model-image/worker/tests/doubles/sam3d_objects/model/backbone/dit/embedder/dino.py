"""Double of dit/embedder/dino.py."""

import os

import torch

from ...module import Module


class Dino(Module):
    def __init__(
        self, input_size=224, repo_or_dir="facebookresearch/dinov2", dino_model="dinov2_vitb14", source="github", backbone_kwargs=None,
        normalize_images=True, prenorm_features=False, freeze_backbone=True, prune_network=False,
    ):
        super().__init__()
        if source != "local" or not os.path.isdir(repo_or_dir):
            raise RuntimeError("the double does not contact hubs")
        self.pretrained = (backbone_kwargs or {}).get("pretrained", True)

    def forward(self, x, **kwargs):
        torch.work("dino tokens")
        return torch.Tensor(x.numpy() + 1)
