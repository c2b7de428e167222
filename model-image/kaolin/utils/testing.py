"""Checks of tensors, for sam3d_objects' representations/mesh/flexicubes/flexicubes.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def check_tensor(tensor: Any, shape: Sequence[int | None], *, throw: bool) -> bool:
    """Reports whether a tensor has the shape, in which None is any size; if throw is set, raises ValueError instead of False.

    kaolin's function (https://kaolin.readthedocs.io/en/latest/modules/kaolin.utils.testing.html) also checks the dtype and
    the device, which the source does not ask for.
    """
    sizes = tuple(tensor.shape)
    same = len(sizes) == len(shape) and all(want in (None, have) for want, have in zip(shape, sizes, strict=True))
    if throw and not same:
        raise ValueError(f"the tensor has the shape {sizes}, not {tuple(shape)}")
    return same
