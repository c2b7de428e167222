"""What the tests of mesh files share."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
OBJECTS = ["saucer", "astronaut", "helmet", "shuttle", "coin", "cat", "picture"]


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """A folder with the objects and the scene."""
    out = tmp_path_factory.mktemp("made")
    make = ["go", "run", "./tests/mesh/make", "--out", str(out / "objects"), "--scene", str(out / "scene")]
    subprocess.run(make, cwd=ROOT, check=True)
    return out


@pytest.fixture(scope="session")
def folders(made):
    """A folder with a folder of files for each object."""
    assert sorted(p.name for p in (made / "objects").iterdir()) == sorted(OBJECTS)
    return made / "objects"
