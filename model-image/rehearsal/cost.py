"""Counts the operations of a whole object, and prices them: the tables of docs/benchmarks.md.

    python cost.py          (needs numpy alone; prints Markdown)

The operations are those of the products of matrices and of the convolutions, with the worker's attention, in the sizes
of count.py. What is not counted takes memory's time more than arithmetic's: norms, activations, the extraction of the
mesh.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from count import BLOCKS, DECODER_BLOCKS, DECODER_WIDTH, DECODERS, PATCH, POSE, SHAPE, SLAT_TOKENS, SS_TOKENS, WIDTH, WINDOW, batched, projected, row, windows
from shell import shell

from worker import quality

# Matrices of width × width in a block, of 2 · width² operations a token: queries, keys, values and output of the
# self-attention, queries and output of the cross-attention, and mlp_ratio 4 there and back (modulated.py, both of
# tdfy_dit/modules). The keys and values of cross-attention are in count.py.
SELF, CROSS, MLP = 4, 2, 8
IO = 128  # io_block_channels of slat_generator.yaml, with num_io_res_blocks 2
SLAT_RESCALE = 1.0  # slat_rescale_t of the published pipeline.yaml
# dinov2_vitl14_reg: 24 blocks of 1,024 (hubconf.py); the passes of a further object of a photo, see model-image/README.md.
DINO_BLOCKS, DINO_TOKENS, DINO_PASSES = 24, (518 // 14) ** 2 + 1 + 4, 6

VOXELS = (5_000, 15_000, 26_000)
# BFLOAT16 of NVIDIA's data sheet of the L40S, dense and without sparsity, and the price of docs/configuration.md.
PEAK, GPU, TYPE, HOURLY = 362e12, "L40S", "ml.g6e.xlarge", 2.6054
SHARES = (0.5, 0.3, 0.15)  # of the peak


def linear(tokens: int, width: int, matrices: int) -> float:
    return 2.0 * tokens * width * width * matrices


def generator_run(queries: int, tokens: int, latents: int, with_photo: int, without: int) -> float:
    """Returns the operations of a generator's blocks, in so many passes with the condition tokens and without."""
    each = linear(queries, WIDTH, SELF + CROSS + MLP) + batched([queries], [queries], WIDTH).operations
    once = projected(tokens, latents).operations  # context.py keeps them
    attended = with_photo * batched([queries], [tokens], WIDTH).operations
    attended += without * (batched([queries], [1], WIDTH) + projected(1, latents)).operations
    return BLOCKS * ((with_photo + without) * each + once + attended)


def neighbors(coords: NDArray[np.int32]) -> int:
    """Returns the number of pairs of voxels that a submanifold convolution of 3³ joins, a voxel with itself included."""
    side = int(coords.max()) + 3
    stride = np.array([side * side, side, 1])
    place = (coords + 1) @ stride
    occupied = np.zeros(side**3, bool)
    occupied[place] = True
    steps = np.argwhere(np.ones((3, 3, 3))) - 1
    # One of each step and its opposite, which joins as many.
    return len(place) + 2 * int(sum(np.count_nonzero(occupied[place + step @ stride]) for step in steps[:13]))


def residual(pairs: int, channels: int, out: int) -> float:
    """Returns the operations of both convolutions of SparseResBlock3d or SparseSubdivideBlock3d."""
    return 2.0 * pairs * (channels * out + out * out)


def halved(coords: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.unique(coords // PATCH, axis=0)


def doubled(coords: NDArray[np.int32]) -> NDArray[np.int32]:
    corners = np.argwhere(np.ones((2, 2, 2))).astype(np.int32)
    return (coords[:, None] * 2 + corners).reshape(-1, 3)


def steps(name: quality.Quality, rescale: float, stage: int) -> tuple[int, int]:
    """Returns the evaluations of a stage's network with the condition and without."""
    settings = quality.QUALITIES[name]
    chosen = settings.stage1_steps if stage == 1 else settings.stage2_steps
    count = quality.DEFAULT_STEPS if chosen is None else chosen
    return count, quality.evaluations(chosen, rescale) - count


def parts(voxels: int, name: quality.Quality) -> Iterator[tuple[str, float]]:
    """Yields what an object takes: what for, and the operations."""
    coords = shell(voxels)
    passes = steps(name, quality.DEFAULT_RESCALE, 1)
    yield "first stage", generator_run(SHAPE + POSE, SS_TOKENS, 2, *passes)

    patches = halved(coords)
    fine, coarse = neighbors(coords), neighbors(patches)
    convolutions = (
        residual(fine, IO, IO) + residual(coarse, IO, WIDTH)  # into the blocks
        + residual(fine, 2 * WIDTH, IO) + residual(fine, 2 * IO, IO)  # out of them, with the skip connections
    )
    passes = steps(name, SLAT_RESCALE, 2)
    yield "second stage", generator_run(len(patches), SLAT_TOKENS, 1, *passes) + sum(passes) * convolutions

    each = sum(batched(n := windows(coords, shift), n, DECODER_WIDTH).operations for shift in (0, WINDOW // 2))
    transformer = each * DECODER_BLOCKS / 2 + DECODER_BLOCKS * linear(voxels, DECODER_WIDTH, SELF + MLP)
    upsampled = doubled(coords)
    mesh = residual(neighbors(upsampled), DECODER_WIDTH, DECODER_WIDTH // 4) + residual(
        neighbors(doubled(upsampled)), DECODER_WIDTH // 4, DECODER_WIDTH // 8
    )
    yield "decoders of mesh and splat", DECODERS * transformer + mesh

    block = linear(DINO_TOKENS, WIDTH, SELF + MLP) + batched([DINO_TOKENS], [DINO_TOKENS], WIDTH).operations
    yield f"{DINO_PASSES} passes of DINOv2", DINO_PASSES * DINO_BLOCKS * block


def figure(value: Any) -> str:
    return f"{value:.3g}"


def main() -> None:
    counted = {voxels: dict(parts(voxels, "standard")) for voxels in VOXELS}
    row("TFLOP of an object in standard quality", *(f"{voxels:,} voxels" for voxels in VOXELS))
    row("---", *("--:" for _ in VOXELS))
    for what in counted[VOXELS[0]]:
        row(what, *(figure(counted[voxels][what] / 1e12) for voxels in VOXELS))
    row("**all**", *(f"**{figure(sum(counted[voxels].values()) / 1e12)}**" for voxels in VOXELS))
    print()
    row(f"quality, with {VOXELS[1]:,} voxels", "TFLOP",
        *(f"s at {share:.0%} of the {GPU}'s peak" for share in SHARES), *(f"$ at {share:.0%}" for share in SHARES))
    row("---", "--:", *("--:" for _ in 2 * SHARES))
    for name in quality.QUALITIES:
        operations = sum(count for _, count in parts(VOXELS[1], name))
        seconds = [operations / PEAK / share for share in SHARES]
        row(f"`{name}`", figure(operations / 1e12), *(f"{s:.1f}" for s in seconds), *(f"{s * HOURLY / 3600:.4f}" for s in seconds))


if __name__ == "__main__":
    main()
