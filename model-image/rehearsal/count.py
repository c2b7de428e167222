"""Counts the work and the masks of attention, before and after worker/attention.py, guidance.py and context.py.

    python count.py [VOXELS ...]          (needs numpy alone; prints Markdown)

A product of a and b with c values each counts as 2 · c operations: attention of q queries, k keys and width w takes
4 · q · k · w, padding included. Masks are those that one call holds: the source's of queries × keys in the type of the
queries, and those of the batches as booleans with PyTorch's copy of them in the type of the queries.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from shell import shell

from worker import attention

# The sizes of the published configurations, from copies of the gated checkpoints' YAML files: folder checkpoints/hf of
# github.com/wlfeng0509/Fast-SAM3D-3Dfy-Anything-in-Images-but-Faster @ 8549520 and of github.com/kpfeifer-work/sam-3d-objects
# @ 5300050, which agree in them.
WIDTH, BLOCKS = 1024, 24  # model_channels, num_blocks of ss_generator.yaml and slat_generator.yaml; num_heads is 16
PATCH = 2  # patch_size of slat_generator.yaml: its blocks see the voxels of half the resolution
SHAPE, POSE = 16**3, 4  # the first stage's latents: ShapePositionEmbedder's resolution³, and one for each of the pose
DECODER_WIDTH, DECODER_BLOCKS, WINDOW = 768, 12, 8  # slat_decoder_mesh.yaml, slat_decoder_gs.yaml; num_heads is 12
DECODERS = 2
# Condition tokens: DINOv2 makes (518 / 14)² of each of four pictures, with the class's, and the registers' if not
# normalized (dino.py, prenorm_features); PointPatchEmbed makes (256 / 8)² of each of two point maps.
SLAT_TOKENS = 4 * ((518 // 14) ** 2 + 1 + 4)
SS_TOKENS = 4 * ((518 // 14) ** 2 + 1) + 2 * (256 // 8) ** 2
# Defaults of InferencePipeline.__init__, which the published pipeline.yaml keeps but for slat_rescale_t.
STEPS, INTERVAL = 25, 0.5  # guided while t is in [0, 500] of 1000
HALF, BOOL = 2, 1  # bytes of a number


@dataclass(frozen=True)
class Work:
    """Floating-point operations, and the bytes of the largest mask."""

    operations: float = 0
    mask: int = 0

    def __add__(self, other: Work) -> Work:
        return Work(self.operations + other.operations, max(self.mask, other.mask))

    def times(self, n: int) -> Work:
        return Work(self.operations * n, self.mask)


def masked(queries: int, keys: int, width: int) -> Work:
    """Returns the work of the source's masked_sdpa."""
    return Work(4 * queries * keys * width, queries * keys * HALF)


def batched(q_lengths: Sequence[int], kv_lengths: Sequence[int], width: int) -> Work:
    """Returns the work of the worker's attention."""
    if len(q_lengths) == 1:
        return Work(4 * q_lengths[0] * kv_lengths[0] * width)
    batches = attention.plan(q_lengths, kv_lengths)
    operations = sum(4 * b.queries.size * b.keys.shape[1] * width for b in batches)
    return Work(operations, max((b.mask.size * (BOOL + HALF) for b in batches if b.mask is not None), default=0))


def windows(coords: NDArray[np.int32], shift: int) -> list[int]:
    """Returns the numbers of voxels of the windows, in the order of windowed_attn.py's calc_window_partition."""
    return np.unique((coords + shift) // WINDOW, axis=0, return_counts=True)[1].tolist()  # type: ignore[no-any-return]


def guided(rescale: float) -> int:
    """Returns the number of steps with an unconditional pass (FlowMatching._prepare_t, get_strength)."""
    t = np.linspace(0, 1, STEPS + 1)[:-1]
    return int((t / (1 + (rescale - 1) * (1 - t)) <= INTERVAL).sum())


def projected(tokens: int, latents: int) -> Work:
    """Returns the work of a block's keys and values of so many condition tokens, which `latents` projections make."""
    return Work(latents * 4 * tokens * WIDTH * WIDTH)


def parts(voxels: int) -> Iterator[tuple[str, Work, Work]]:
    """Yields what an object of so many voxels takes: what for, before, after."""
    coords = shell(voxels)
    queries = len(np.unique(coords // PATCH, axis=0))
    passes = STEPS + guided(rescale=1)
    block = masked(voxels, voxels, DECODER_WIDTH).times(DECODER_BLOCKS)
    each = [batched(n := windows(coords, shift), n, DECODER_WIDTH) for shift in (0, WINDOW // 2)]
    yield "windows of both decoders", block.times(DECODERS), (each[0] + each[1]).times(DECODER_BLOCKS // 2 * DECODERS)
    yield (
        f"second stage, self-attention of {queries:,}, {passes} passes",
        masked(queries, queries, WIDTH).times(BLOCKS * passes), batched([queries], [queries], WIDTH).times(BLOCKS * passes),
    )
    stages = (
        ("first", SHAPE + POSE, SS_TOKENS, 2, 3, False),  # its attention is dense, without masks
        ("second", queries, SLAT_TOKENS, 1, 1, True),
    )
    for stage, latents, tokens, kinds, rescale, has_mask in stages:
        attend = masked(latents, tokens, WIDTH) if has_mask else batched([latents], [tokens], WIDTH)
        each = attend + projected(tokens, kinds)
        kept = batched([latents], [tokens], WIDTH).times(STEPS) + projected(tokens, kinds)  # once a run
        yield f"{stage} stage, cross-attention with {tokens:,} tokens, {STEPS} conditional passes", each.times(BLOCKS * STEPS), kept.times(BLOCKS)
        times = guided(rescale)
        one = batched([latents], [1], WIDTH) + projected(1, kinds)
        yield f"{stage} stage, cross-attention with {tokens:,} tokens, {times} unconditional passes", each.times(BLOCKS * times), one.times(BLOCKS * times)


def size(count: float) -> str:
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= unit:
            return f"{count / unit:.3g} {name}"
    return "0" if not count else f"{count:.0f} B"


def row(*cells: Any) -> None:
    print("| " + " | ".join(map(str, cells)) + " |")


def main(counts: list[int]) -> None:
    row("voxels", "attention of", "TFLOP before", "TFLOP after", "largest mask before", "after")
    row("--:", "---", "--:", "--:", "--:", "--:")
    for voxels in counts:
        found = list(parts(voxels))
        before, after = (sum((part[i] for part in found), Work()) for i in (1, 2))
        for number, what, old, new in ((f"{voxels:,}", "**all of the following**", before, after), *(("", *part) for part in found)):
            row(number, what, f"{old.operations / 1e12:.3g}", f"{new.operations / 1e12:.3g}", size(old.mask), size(new.mask))


if __name__ == "__main__":
    main([int(a) for a in sys.argv[1:]] or [5_000, 15_000, 26_000, 42_000])
