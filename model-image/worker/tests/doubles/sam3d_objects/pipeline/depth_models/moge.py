"""Double of sam3d_objects/pipeline/depth_models/moge.py."""

from .base import DepthModel


class MoGe(DepthModel):
    def __call__(self, image):
        output = self.model.infer(image, force_projection=False)
        output["pointmaps"] = output["points"]
        return output
