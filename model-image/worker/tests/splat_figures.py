"""Measures the compressed splat on Gaussians such as the model's, with the rounding of the files and with others.

    python -m worker.tests.splat_figures           (in model-image)

It prints bytes a Gaussian against the PSNR of pictures from four sides, and the time of the processor for 500,000.
"""

from __future__ import annotations

import gzip
import os
import time
from dataclasses import fields
from typing import Any

import numpy as np

from .. import splat, spz
from ..reconstruction import Gaussians
from . import render, splat_render, trained

#: Names of constants of spz.py and their values; none is the rounding of the files.
ROUNDINGS: dict[str, dict[str, float]] = {
    "a grid of 1/4096, steps of 1": {"zeros": 1, "opacity": 1, "color": 1, "scale": 1e-9, "turn": 1e-9},
    "a grid of 1/2048 for positions": {"zeros": 2},
    "half the error of turns": {"turn": spz.TURN_ERROR / 2},
    "as written: a grid of 1/1024, colors in steps of 4": {},
    "colors in steps of 8": {"color": 8},
    "twice the errors of scales and turns": {"scale": spz.SCALE_ERROR * 2, "turn": spz.TURN_ERROR * 2},
    "a grid of 1/512 for positions": {"zeros": 4},
}
_NAMES = {"zeros": "_ZEROS", "opacity": "_OPACITY_STEP", "color": "_COLOR_STEP", "scale": "SCALE_ERROR", "turn": "TURN_ERROR"}
#: Sides of the pictures in pixels, and the cameras of render.cameras.
SIDE, CAMERAS = 384, (0, 4, 7, 9)


def read(data: bytes) -> splat_render.Splat:
    """Returns the Gaussians of an SPZ file of version 2."""
    body = gzip.decompress(data)
    count = int.from_bytes(body[8:12], "little")
    values = np.frombuffer(body, np.uint8, offset=16).astype(np.float64)
    low, middle, high = values[: 9 * count].reshape(-1, 3, 3).transpose(2, 0, 1)
    fixed = low + 256 * middle + 65536 * np.where(high < 128, high, high - 256)
    opacities = values[9 * count : 10 * count]
    colors, scales, turns = values[10 * count :].reshape(3, count, 3)
    x = turns / 127.5 - 1
    w = np.sqrt(np.maximum(0, 1 - (x**2).sum(axis=1, keepdims=True)))
    return splat_render.splat(
        fixed / 2.0 ** body[13], np.concatenate([w, x], axis=1), np.exp(scales / 16 - 10), opacities / 255,
        0.5 + 0.28209479 * (colors / 255 - 0.5) / 0.15,
    )


def rounded(made: Gaussians, values: dict[str, float]) -> bytes:
    """Returns the file with other constants."""
    before = {name: getattr(spz, _NAMES[name]) for name in values}
    limit: Any = spz._LIMIT
    try:
        for name, value in values.items():
            setattr(spz, _NAMES[name], value)
        spz._LIMIT = 2 ** (23 - spz._ZEROS)
        return spz.encode(made)
    finally:
        for name, value in before.items():
            setattr(spz, _NAMES[name], value)
        spz._LIMIT = limit


def main() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    made = trained.figurine()
    ply = len(splat.ply(made, ""))
    sides = [render.cameras()[number] for number in CAMERAS]
    shown = [splat_render.render(splat_render.of(made), turn, SIDE) for turn in sides]
    print(f"{len(made):,} Gaussians, PLY {ply:,} bytes\n\n| rounding | bytes a Gaussian | of the PLY | PSNR, least and mean of the error |\n|---|--:|--:|--:|")
    for title, values in ROUNDINGS.items():
        data = rounded(made, values)
        found = read(data)
        errors = []
        for turn, (picture, covered) in zip(sides, shown, strict=True):
            other, also = splat_render.render(found, turn, SIDE)
            either = (covered > 1 / 255) | (also > 1 / 255)
            errors.append(float(((picture - other)[either] ** 2).mean()))
        worst, mean = (-10 * np.log10(e) for e in (max(errors), np.mean(errors)))
        print(f"| {title} | {len(data) / len(made):.2f} | 1/{ply / len(data):.1f} | {worst:.1f} dB, {mean:.1f} dB |", flush=True)
    many = Gaussians(**{f.name: np.resize(getattr(made, f.name), (500_000, *getattr(made, f.name).shape[1:])) for f in fields(Gaussians)})
    began = time.process_time()
    spz.encode(many)
    print(f"\nencoding 500,000 Gaussians: {time.process_time() - began:.2f} s of one core, at a load of {os.getloadavg()[0]:.0f}")


if __name__ == "__main__":
    main()
