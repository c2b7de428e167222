"""Double of representations/gaussian/gaussian_model.py: what its save_ply reads."""

import numpy as np
import torch


class Gaussian:
    def __init__(self, xyz):
        self._xyz = torch.Tensor(xyz)
        self._features_dc = torch.Tensor(np.zeros((len(xyz), 1, 3)))
        self._features_rest = None
        self._opacity = torch.Tensor(np.full((len(xyz), 1), 5.0))
        self.opacity_bias = torch.Tensor(-2.0)

    @property
    def get_xyz(self):
        return self._xyz

    @property
    def get_features(self):
        return self._features_dc

    @property
    def get_scaling(self):
        return torch.Tensor(np.tile([0.01, 0.02, 0.03], (len(self._xyz.numpy()), 1)))

    @property
    def get_rotation(self):
        return torch.Tensor(np.tile([1.0, 0.0, 0.0, 0.0], (len(self._xyz.numpy()), 1)))
