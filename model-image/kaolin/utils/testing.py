"""Checks of tensors, for sam3d_objects' representations/mesh/flexicubes/flexicubes.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def check_tensor(tensor: Any, shape: Sequence[int | None] | None = None, dtype: Any = None, device: Any = None, throw: bool = True) -> bool:
    """Reports whether a torch.Tensor has the shape, in which None is any size, the dtype and the device.

    If throw is set, it raises what kaolin raises instead of returning False: ValueError for the shape, TypeError for the
    dtype or the device. A device without an index matches every device of its type.
    Documented at https://kaolin.readthedocs.io/en/latest/modules/kaolin.utils.testing.html.
    """
    problem = _problem(tensor, shape, dtype, device)
    if problem is not None and throw:
        raise problem
    return problem is None


def _problem(tensor: Any, shape: Sequence[int | None] | None, dtype: Any, device: Any) -> Exception | None:
    if shape is not None:
        sizes = tuple(tensor.shape)
        if len(sizes) != len(shape) or any(want not in (None, have) for want, have in zip(shape, sizes, strict=True)):
            return ValueError(f"the tensor has the shape {sizes}, not {tuple(shape)}")
    if dtype is not None and tensor.dtype != dtype:
        return TypeError(f"the tensor has the dtype {tensor.dtype}, not {dtype}")
    if device is not None:
        want, have = tensor.device.__class__(device), tensor.device
        if want.type != have.type or want.index not in (None, have.index):
            return TypeError(f"the tensor is on {have}, not on {want}")
    return None
