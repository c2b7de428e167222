"""Double of sam3d_objects/model/backbone/dit/embedder/dino.py."""

import os


class Dino:
    def __init__(
        self, input_size=224, repo_or_dir="facebookresearch/dinov2", dino_model="dinov2_vitb14", source="github", backbone_kwargs=None,
        normalize_images=True, prenorm_features=False, freeze_backbone=True, prune_network=False,
    ):
        if source != "local" or not os.path.isdir(repo_or_dir):
            raise RuntimeError("the double does not contact hubs")
        self.pretrained = (backbone_kwargs or {}).get("pretrained", True)
