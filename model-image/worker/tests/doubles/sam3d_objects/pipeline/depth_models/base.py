"""Double of sam3d_objects/pipeline/depth_models/base.py."""


class DepthModel:
    def __init__(self, model, device="cuda"):
        self.model = model

    def __call__(self, image):
        pass
