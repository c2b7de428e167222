"""The qualities of a job: how much work the model does, and how detailed the textured mesh is.

    python -m worker.quality

prints the table of the user guide.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from .protocol import Quality

#: The defaults of pipeline/inference_pipeline.py (InferencePipeline.__init__). The configuration of the weights can
#: have others.
DEFAULT_STEPS = 25
DEFAULT_RESCALE = 3.0
#: The end of the guided part, cfg_interval[1] / time_scale of the generator.
GUIDED_UNTIL = 0.5


@dataclass(frozen=True)
class Settings:
    """What a quality means for one object."""

    stage1_steps: int | None  # of the sparse structure's sampler; None for those of the weights' configuration
    stage2_steps: int | None  # of the latents' sampler, likewise
    texture: int  # width and height of the texture of the textured mesh, in pixels
    faces: int  # target for the triangles of the textured mesh


#: A run takes time in proportion to the evaluations of its two networks, see `evaluations`, and beyond them a constant
#: time for the mask, the depth and the decoders. The faces are those of internal/job/quality.go.
QUALITIES: dict[Quality, Settings] = {
    "draft": Settings(stage1_steps=12, stage2_steps=12, texture=1024, faces=15_000),
    "standard": Settings(stage1_steps=None, stage2_steps=None, texture=2048, faces=50_000),
    "high": Settings(stage1_steps=50, stage2_steps=50, texture=4096, faces=150_000),
}


def chosen(name: Quality, faces: int) -> Settings:
    """Returns the settings of a quality. faces replaces its target for the triangles, unless it is 0."""
    settings = QUALITIES[name]
    return replace(settings, faces=faces) if faces else settings


def evaluations(steps: int | None, rescale: float = DEFAULT_RESCALE) -> int:
    """Returns how often a stage with classifier-free guidance evaluates its network for one object.

    The sampler is Euler's method, with one step at each time i / steps, rescaled
    (generator/flow_matching/model.py, _prepare_t). A step evaluates the network once, and in the
    guided part a second time, without the condition (generator/classifier_free_guidance.py).
    """
    count = DEFAULT_STEPS if steps is None else steps
    # t / (1 + (rescale - 1) (1 - t)) <= GUIDED_UNTIL, solved for t
    last = GUIDED_UNTIL * rescale / (1 + GUIDED_UNTIL * (rescale - 1))
    return count + min(count, math.floor(last * count + 1e-9) + 1)


def table() -> str:
    """Returns the table of qualities in Markdown. The work is relative to that of the standard quality."""

    def total(settings: Settings) -> int:
        return evaluations(settings.stage1_steps) + evaluations(settings.stage2_steps)

    lines = [
        "| quality | steps of stages 1 and 2 | texture | faces | evaluations of the networks | relative |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, settings in QUALITIES.items():
        steps = " and ".join(str(s or DEFAULT_STEPS) for s in (settings.stage1_steps, settings.stage2_steps))
        relative = total(settings) / total(QUALITIES["standard"])
        lines.append(
            f"| `{name}` | {steps} | {settings.texture} × {settings.texture} | {settings.faces:,} | "
            f"{evaluations(settings.stage1_steps)} + {evaluations(settings.stage2_steps)} | {relative:g} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
