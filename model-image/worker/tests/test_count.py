"""The counted work in docs/benchmarks.md is what the programs of rehearsal/ print."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]


@pytest.mark.parametrize(("program", "row"), [("count.py", "| 42,000 |"), ("cost.py", "| `high` |")])
def test_the_documented_counts_are_those_of_the_program(program: str, row: str) -> None:
    printed = subprocess.run(
        [sys.executable, "-B", REPOSITORY / "model-image/rehearsal" / program], check=True, capture_output=True, text=True, timeout=600
    ).stdout
    assert row in printed
    assert printed in (REPOSITORY / "docs/benchmarks.md").read_text(), f"docs/benchmarks.md has other counts than {program}; replace them"
