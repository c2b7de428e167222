"""Measures the textured mesh on the figurine of 500,000 vertices, and draws it beside the dense one.

    python -m worker.tests.figures [PICTURE]           (in model-image)

It prints a table, and writes the picture, a JPEG, if it is named. One core is used: the times are
those of the processor, which other work on the machine changes less than the clock's.
"""

from __future__ import annotations

import io
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from .. import bake, decimate, export, textured, unwrap
from . import render, shape

#: The camera of the picture, of render.cameras, and its sides in pixels.
CAMERA, SIDE = 3, 460
_spent: dict[str, float] = {}


def timed(module: Any, name: str) -> None:
    """Makes a function of a module add up its time of the processor."""
    called: Callable[..., Any] = getattr(module, name)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        began = time.process_time()
        try:
            return called(*args, **kwargs)
        finally:
            _spent[name] = _spent.get(name, 0) + time.process_time() - began

    setattr(module, name, wrapped)


def main(picture: str | None) -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    dense = shape.figurine()
    for module, name in ((decimate, "decimate"), (unwrap, "unwrap"), (bake, "Source"), (bake, "bake"), (textured, "_jpeg")):
        timed(module, name)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, clock = time.process_time(), time.monotonic()
    light = textured.glb(dense, "figurine")
    total, wall = time.process_time() - began, time.monotonic() - clock
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rows = [
        ("vertices and triangles of the dense mesh", f"{len(dense.positions):,}, {len(dense.faces):,}"),
        ("decimation to 50,000 triangles", f"{_spent['decimate']:.2f} s"),
        ("unwrapping (xatlas)", f"{_spent['unwrap']:.2f} s"),
        ("index of the dense mesh", f"{_spent['Source']:.2f} s"),
        ("colors of the texels, seams filled", f"{_spent['bake']:.2f} s"),
        ("JPEG", f"{_spent['_jpeg']:.2f} s"),
        ("all, time of one core", f"{total:.2f} s"),
        ("all, by the clock", f"{wall:.2f} s, at a load of {os.getloadavg()[0]:.0f}"),
        ("memory beyond that of the dense mesh, at most", f"{(peak - before) / 1024:,.0f} MiB"),
    ]
    whole = export.glb_dense(dense, "figurine")
    one, two = render.read(whole), render.read(light)
    ratios = render.psnr(render.sides(one, 512), render.sides(two, 512))
    rows += [
        ("vertices and triangles of the textured mesh", f"{len(two.positions):,}, {len(two.faces):,}"),
        ("textured GLB; of it the texture", f"{len(light) / 1e6:.2f} MB; {len(two.picture) / 1e6:.2f} MB"),
        ("dense GLB", f"{len(whole) / 1e6:.2f} MB"),
        ("PSNR of 12 sides: least, median", f"{min(ratios):.1f} dB, {float(np.median(ratios)):.1f} dB"),
    ]
    print("| what | figure |\n|---|--:|")
    for what, figure in rows:
        print(f"| {what} | {figure} |")
    if picture is not None:
        turn = render.cameras()[CAMERA]
        panels = [np.rint(render.render(m, turn, SIDE, 3, ground=1)[0] * 255).astype(np.uint8)[:, 45:-45] for m in (one, two)]
        atlas = Image.open(io.BytesIO(two.picture)).convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        Image.fromarray(np.concatenate([*panels, np.asarray(atlas)], axis=1)).save(picture, quality=80, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
