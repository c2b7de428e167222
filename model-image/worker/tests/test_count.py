"""The counted work of attention in docs/benchmarks.md is what rehearsal/count.py prints."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]


def test_the_documented_counts_are_those_of_the_program() -> None:
    printed = subprocess.run(
        [sys.executable, "-B", REPOSITORY / "model-image/rehearsal/count.py"], check=True, capture_output=True, text=True, timeout=600
    ).stdout
    assert "| 42,000 |" in printed
    assert printed in (REPOSITORY / "docs/benchmarks.md").read_text(), "docs/benchmarks.md has other counts; replace them with the program's"
