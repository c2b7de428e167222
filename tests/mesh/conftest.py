"""What the tests of mesh files share."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
OBJECTS = ["saucer", "astronaut", "helmet", "shuttle", "coin", "cat", "picture"]


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """A folder with a folder of files for each object."""
    out = tmp_path_factory.mktemp("objects")
    subprocess.run(["go", "run", "./tests/mesh/make", "--out", str(out)], cwd=ROOT, check=True)
    assert sorted(p.name for p in out.iterdir()) == sorted(OBJECTS)
    return out
