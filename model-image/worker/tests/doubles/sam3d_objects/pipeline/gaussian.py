"""Double of representations/gaussian/gaussian_model.py: the fields that its save_ply writes."""

import numpy as np
from plyfile import PlyData, PlyElement


class Gaussian:
    def __init__(self, xyz):
        self._xyz = xyz

    def save_ply(self, path):
        names = [*"xyz", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2", "opacity"]
        names += [f"scale_{i}" for i in range(3)] + [f"rot_{i}" for i in range(4)]
        elements = np.zeros(len(self._xyz), dtype=[(n, "f4") for n in names])
        for i, n in enumerate("xyz"):
            elements[n] = self._xyz[:, i]
        elements["rot_0"], elements["opacity"] = 2.0, 3.0
        for i, size in enumerate((0.01, 0.02, 0.03)):
            elements[f"scale_{i}"] = np.log(size)
        PlyData([PlyElement.describe(elements, "vertex")]).write(path)
