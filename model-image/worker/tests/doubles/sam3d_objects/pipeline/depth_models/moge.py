"""Double of sam3d_objects/pipeline/depth_models/moge.py."""


class MoGe:
    def __init__(self, model, device="cuda"):
        self.model = model
