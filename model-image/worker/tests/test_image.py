"""The image has what inference imports: its lists agree with each other and with the source."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ..contract import record

IMAGE = Path(__file__).parents[2]
IMPORTS = json.loads((IMAGE / "imports" / "imports.json").read_text())
PACKAGES = json.loads((IMAGE / "imports" / "packages.json").read_text())
SOURCES = {line.split()[0]: line.split()[1:] for line in (IMAGE / "sources.txt").read_text().splitlines()}


def pins(name: str) -> dict[str, str]:
    found = re.findall(r"^([\w.-]+)==([\w.+-]+)", (IMAGE / "requirements" / name).read_text(), re.M)
    return {package.lower().replace("_", "-"): version for package, version in found}


def test_every_module_that_the_source_imports_is_accounted_for() -> None:
    assert set(PACKAGES) == set(IMPORTS["imports"])
    assert IMPORTS["commit"] == record.PINS["sam-3d-objects"][1]


@pytest.mark.parametrize("module", sorted(PACKAGES))
def test_what_is_imported_at_once_is_pinned(module: str) -> None:
    source = PACKAGES[module]
    if source is None:
        assert not IMPORTS["imports"][module]["atOnce"], "an import that cannot be left out"
        return
    kind, _, name = source.rpartition(":")
    if kind == "git":
        assert len(SOURCES[name][1]) == 40
    elif kind == "index":
        assert name in {**pins("torch.txt"), **pins("kaolin.txt")}
    else:
        assert pins("packages.in")[name] == pins("pypi.txt")[name]


def test_every_package_of_the_index_has_a_hash() -> None:
    for file in ("pypi.txt", "build.txt"):
        lines = [line for line in (IMAGE / "requirements" / file).read_text().splitlines() if not line.startswith("#")]
        assert len(lines) > 1 and all(re.fullmatch(r"[\w.-]+==[\w.+-]+ --hash=sha256:[0-9a-f]{64}", line) for line in lines)


def test_commits_are_those_that_the_contract_was_read_from() -> None:
    for name, (repository, commit) in record.PINS.items():
        assert SOURCES[name] == [repository, commit]


def test_the_tests_run_with_the_versions_of_the_image() -> None:
    image = pins("pypi.txt")
    tests = pins("../worker/requirements-test.txt")
    for name in ("numpy", "pillow", "omegaconf", "hydra-core", "plyfile", "trimesh"):
        assert tests[name] == image[name], name


def test_no_weights_and_no_tests_are_copied_into_the_image() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (IMAGE / "Dockerfile").read_text(), re.M)
    assert "model-image/worker/*.py" in copied
    assert not [c for c in copied if "tests" in c or "weights" in c]


def test_the_server_is_the_entry_point() -> None:
    text = (IMAGE / "Dockerfile").read_text()
    assert 'ENTRYPOINT ["/opt/gen3d/model-server"]' in text and 'CMD ["serve"]' in text and "DEBIAN_FRONTEND=noninteractive" in text
