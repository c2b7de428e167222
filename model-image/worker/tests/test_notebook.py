"""The notebook's cells, run one after the other with the double of the model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from PIL import Image

from .conftest import DOUBLES, photo

NOTEBOOK = Path(__file__).parents[2] / "notebook" / "one-photo.ipynb"

#: What of IPython the cells use: it says what was shown.
DISPLAY = """
import sys, types
shown = types.ModuleType("IPython.display")
shown.Image = lambda filename, format: (format, open(filename, "rb").read()[1:4])
shown.display = lambda what: print("SHOWN", getattr(what, "size", what))
sys.modules["IPython"] = types.ModuleType("IPython")
sys.modules["IPython.display"] = shown
"""


def test_every_cell_runs(model: Path, dinov2: Path, tmp_path: Path) -> None:
    notebook = json.loads(NOTEBOOK.read_text())
    cells = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]
    assert all(not c.get("outputs") for c in notebook["cells"]), "it is kept without outputs"
    Image.fromarray(photo()).save(tmp_path / "photo.png")
    done = subprocess.run(
        [sys.executable, "-c", "\n".join([DISPLAY, *cells])], capture_output=True, text=True, check=False, cwd=tmp_path,
        env={
            **os.environ, "PYTHONPATH": str(DOUBLES), "WORKER_DIRECTORY": str(NOTEBOOK.parents[1]), "WEIGHTS_DIRECTORY": str(model),
            "DINOV2_DIRECTORY": str(dinov2), "PHOTO": str(tmp_path / "photo.png"), "OUTPUT": str(tmp_path / "made"),
        },
    )
    assert done.returncode == 0, done.stderr
    for says in ("Double L40S, 48 GiB", "mask from segmenter", "SHOWN (512, 384)", "SHOWN ('png', b'PNG')", "642 vertices", "GPU memory at most 20.0 GiB"):
        assert says in done.stdout, done.stdout
    assert sorted(p.name for p in (tmp_path / "made").iterdir()) == ["mesh.glb", "mesh.ply", "preview", "splat.ply"]
