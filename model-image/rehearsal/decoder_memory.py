"""Measures the memory of the mesh decoder in the published sizes and types, by voxels, on a CPU with random weights.

    python decoder_memory.py [VOXELS ...]          (with hooks/ on the path)

It counts the bytes of live tensors, which PyTorch allocates on a GPU alike; the indices of sparse convolutions differ
a little there. What does not depend on the voxels are the cells of the mesh's grid, which here has half the side, so
an eighth of the cells. worker/memory.py uses the result.
"""

from __future__ import annotations

import os
import sys
import weakref
from pathlib import Path
from typing import Any

os.environ.update(LIDRA_SKIP_INIT="true", ATTN_BACKEND="sdpa", SPARSE_ATTN_BACKEND="sdpa")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import spconv.pytorch as spconv
import torch
from sam3d_objects.model.backbone.tdfy_dit.models.structured_latent_vae.decoder_mesh import SLatMeshDecoderTdfyWrapper
from sam3d_objects.model.backbone.tdfy_dit.modules import sparse
from shell import shell
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from worker import attention

SIDE = 32  # of the grid of voxels; the published one has 64
# slat_decoder_mesh.yaml but for the grid; see count.py for its source.
PUBLISHED = {
    "resolution": SIDE, "model_channels": 768, "latent_channels": 8, "num_blocks": 12, "num_heads": 12, "mlp_ratio": 4, "attn_mode": "swin", "window_size": 8,
    "representation_config": {"use_color": True}, "use_fp16": True,
}


class Live(TorchDispatchMode):  # type: ignore[misc]
    """Counts the bytes of the tensors that operations make, while they live."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = self.peak = 0
        self._seen: dict[int, Any] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = {id(t.untyped_storage()) for t in tree_leaves((args, kwargs)) if isinstance(t, torch.Tensor)}
        out = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, torch.Tensor) and id(storage := tensor.untyped_storage()) not in self._seen and id(storage) not in given:
                size, key = storage.nbytes(), id(storage)
                self._seen[key] = weakref.ref(storage, lambda _, key=key, size=size: self._free(key, size))
                self.bytes += size
                self.peak = max(self.peak, self.bytes)
        return out

    def _free(self, key: int, size: int) -> None:
        del self._seen[key]
        self.bytes -= size


def convolve_in_float32() -> None:
    """Makes spconv, whose CPU implementation has no half precision, compute in float32 and return the input's type."""
    plain = spconv.ops.indice_conv

    def indice_conv(features: Any, filters: Any, *args: Any, **kwargs: Any) -> Any:
        kwargs = {k: v.float() if isinstance(v, torch.Tensor) and v.is_floating_point() else v for k, v in kwargs.items()}
        with torch.utils._python_dispatch._disable_current_modes():
            return plain(features.float(), filters.float(), *args, **kwargs).to(features.dtype).clone()

    spconv.ops.indice_conv = indice_conv


def main(counts: list[int]) -> None:
    torch.manual_seed(0)
    convolve_in_float32()
    attention.install(torch)
    decoder = SLatMeshDecoderTdfyWrapper(**PUBLISHED).eval()
    with torch.no_grad():
        decoder.out_layer.weight.normal_(std=0.05)  # zero at first: no surface
    features, peaks = decoder.to_representation, []
    live = Live()

    def to_representation(x: Any) -> Any:
        peaks.append(live.peak)
        live.peak = live.bytes
        return features(x)

    decoder.to_representation = to_representation
    for count in counts:
        coords = torch.from_numpy(np.insert(shell(count, SIDE), 0, 0, axis=1))
        live = Live()
        with torch.no_grad(), live:
            decoder(sparse.SparseTensor(feats=torch.randn(count, 8), coords=coords))
        peaks.append(live.peak)
        print(f"{count:,} voxels: at most {peaks[-2] / 1e6:.1f} MB until the features, {peaks[-1] / 1e6:.1f} MB for the mesh", flush=True)
    for what, found in (("until the features", peaks[::2]), ("for the mesh", peaks[1::2])):
        slope, constant = np.polyfit(counts, found, 1)
        print(f"{what}: {slope / 1e3:.0f} kB a voxel, and {constant / 1e6:.0f} MB, which are {constant * 8 / 1e9:.1f} GB in a grid of 64")


if __name__ == "__main__":
    main([int(a) for a in sys.argv[1:]] or [150, 300])
