"""Results of the models that depend only on the photo, for the next objects of the same photo.

In the source at its pinned commit these are:
  - SAM 2.1's image features: set_image gets the colors (sam2/sam2_image_predictor.py);
  - MoGe's points: compute_pointmap gives it the colors (pipeline/inference_pipeline_pointmap.py);
  - DINOv2's tokens of the whole picture, rgb_image, in both generators
    (dit/embedder/embedder_fuser.py, data/dataset/tdfy/preprocessor.py).

All others depend on the object's mask: DINOv2's tokens of the crop, of its mask and of the whole
picture's mask; the clipped point map (_clip_pointmap); and both inputs of PointPatchEmbed, which
ObjectCentricSSI shifts by the median of the object's points.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class _Kept:
    given: Any
    value: Any
    release: Callable[[], None]


class PhotoCache:
    """Holds the results for one photo, one per name.

    For 3072 × 2304 pixels they take 120 MB of GPU memory, of which MoGe's points 85, and 110 MB of
    memory. A result is used again only if what it was computed from is equal, too, so an identity
    that is wrong cannot mix photos.
    """

    def __init__(self) -> None:
        self._photo: Hashable = None
        self._kept: dict[str, _Kept] = {}

    def begin(self, photo: Hashable) -> None:
        """Begins an object of the photo, and drops the results for any other. None equals no photo."""
        if photo is None or photo != self._photo:
            self.clear()
        self._photo = photo

    def get(
        self, name: str, given: Any, equal: Callable[[Any, Any], bool], compute: Callable[[], T], release: Callable[[], None] = lambda: None
    ) -> T:
        """Returns the result of the name if it was computed from the same input, or computes it.

        release is called when the result is dropped and when compute fails.
        """
        kept = self._kept.get(name)
        if kept is not None and equal(kept.given, given):
            value: T = kept.value
            return value
        self._drop(name)
        try:
            value = compute()
        except BaseException:
            release()
            raise
        self._kept[name] = _Kept(given, value, release)
        return value

    def clear(self) -> None:
        """Drops all results."""
        for name in list(self._kept):
            self._drop(name)

    def _drop(self, name: str) -> None:
        kept = self._kept.pop(name, None)
        if kept is not None:
            kept.release()


class Depth:
    """The pipeline's depth model, which computes the points of a photo once."""

    #: What compute_pointmap reads of the output.
    KEYS = ("pointmaps", "intrinsics")

    def __init__(self, torch: ModuleType, model: Any, photo: PhotoCache) -> None:
        self._torch = torch
        self._model = model
        self._photo = photo

    def __call__(self, image: Any) -> dict[str, Any]:
        def compute() -> dict[str, Any]:
            found = self._model(image)
            return {key: found[key] for key in self.KEYS if key in found}

        return dict(self._photo.get("depth", image, self._torch.equal, compute))


def keep_tokens(torch: ModuleType, name: str, fuser: Any, photo: PhotoCache) -> None:
    """Makes the fuser's embedders compute the tokens of the whole picture once per photo.

    An embedder does not know which of its inputs it gets, so the fuser's forward notes the tensor.
    Embedders that get the whole picture are replaced like in the source's _compile: by an
    attribute forward.
    """
    whole: list[Any] = []
    combine = fuser.forward

    def forward(*args: Any, **kwargs: Any) -> Any:
        whole[:] = [kwargs.get("rgb_image")]
        try:
            return combine(*args, **kwargs)
        finally:
            whole.clear()

    def once(key: str, embed: Callable[..., Any]) -> Callable[..., Any]:
        def embedded(image: Any, **more: Any) -> Any:
            if more or not whole or image is not whole[0]:
                return embed(image, **more)
            # A copy, because without a projection the fuser adds the position to it in place.
            return photo.get(key, image, torch.equal, lambda: embed(image)).clone()

        return embedded

    fuser.forward = forward
    for i, (embedder, inputs) in enumerate(fuser.embedder_list):
        if any(kwarg == "rgb_image" for kwarg, _ in inputs):
            embedder.forward = once(f"{name} {i}", embedder.forward)

