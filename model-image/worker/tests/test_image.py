"""Checks that the image contains what inference imports, and that its lists are consistent."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from .. import environment
from ..contract import record

IMAGE = Path(__file__).parents[2]


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


check = _load(IMAGE / "imports" / "check.py")
kaolin_testing = _load(IMAGE / "kaolin" / "utils" / "testing.py")
IMPORTS = json.loads((IMAGE / "imports" / "imports.json").read_text())
PACKAGES = json.loads((IMAGE / "imports" / "packages.json").read_text())
SOURCES = {line.split()[0]: line.split()[1:] for line in (IMAGE / "sources.txt").read_text().splitlines()}


DOCKERFILE = (IMAGE / "Dockerfile").read_text()
#: Instructions by stage, without comments and with continued lines joined.
STAGES = [
    [" ".join(step.split()) for step in re.sub(r"\\\n", " ", stage).splitlines() if step.strip()]
    for stage in re.split(r"^(?=FROM )", re.sub(r"^\s*#.*\n", "", DOCKERFILE, flags=re.M), flags=re.M)[1:]
]


def pins(name: str) -> dict[str, str]:
    found = re.findall(r"^([\w.-]+)==([\w.+-]+)", (IMAGE / "requirements" / name).read_text(), re.M)
    return {package.lower().replace("_", "-"): version for package, version in found}


def test_every_imported_module_has_a_package() -> None:
    assert set(PACKAGES) == set(IMPORTS["imports"])
    assert IMPORTS["commit"] == record.PINS["sam-3d-objects"][1]


@pytest.mark.parametrize("module", sorted(PACKAGES))
def test_modules_imported_at_once_are_pinned(module: str) -> None:
    source = PACKAGES[module]
    if source is None:
        assert not IMPORTS["imports"][module]["atOnce"], "an import that cannot be left out"
        return
    kind, _, name = source.rpartition(":")
    if kind == "git":
        assert len(SOURCES[name][1]) == 40
    elif kind == "own":
        assert (IMAGE / name / "__init__.py").is_file()
        assert f"COPY model-image/{name} /opt/venv/lib/python3.11/site-packages/{module}" in STAGES[-2]
    else:
        assert pins("packages.in")[name] == {**pins("torch.txt"), **pins("pypi.txt")}[name]


def test_packages_are_installed_by_hash() -> None:
    installed = re.findall(r"pip install (.*)$", "\n".join(step for stage in STAGES for step in stage), re.M)
    files = [options for options in installed if "/requirements/" in options]
    assert [re.sub(r".* -r /requirements/", "", options) for options in files] == ["build.txt", "torch.txt", "pypi.txt"]
    assert all("--require-hashes" in options for options in files)
    assert all("--no-deps" in options and "/sources/" in options for options in installed if options not in files)
    for file in ("build.txt", "torch.txt", "pypi.txt"):
        lines = [line for line in (IMAGE / "requirements" / file).read_text().splitlines() if not line.startswith("#")]
        assert len(lines) > 1 and all(re.fullmatch(r"[\w.-]+==[\w.+-]+ --hash=sha256:[0-9a-f]{64}", line) for line in lines)


def test_packages_come_from_debian_and_pypi() -> None:
    assert {step.split()[1] for stage in STAGES for step in stage if step.startswith("FROM ")} == {"debian:${DEBIAN}", "scratch"}
    assert not re.search(r"index-url|find-links|^ADD |curl|wget", DOCKERFILE, re.M)


def test_cuda_libraries_match_torch() -> None:
    locked = pins("torch.txt")
    libraries = {name: version for name, version in locked.items() if name.startswith("nvidia-")}
    assert {**libraries, "torch": "2.5.1", "torchvision": "0.20.1"} == locked
    assert len(libraries) == 12 and all(name.endswith("-cu12") for name in libraries)
    # The CUDA version of torch 2.5.1 on PyPI, and that of the sparse convolutions.
    for name in ("cublas", "cuda-cupti", "cuda-nvrtc", "cuda-runtime", "nvjitlink", "nvtx"):
        assert libraries[f"nvidia-{name}-cu12"].startswith("12.4."), name
    assert {"spconv-cu124", "cumm-cu124"} <= set(pins("pypi.txt"))


def test_the_host_s_driver_is_available() -> None:
    # The image has no base of NVIDIA's, which sets these for its container toolkit.
    environment_ = " ".join(step for step in STAGES[-1] if step.startswith("ENV "))
    assert "NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility" in environment_


def test_commits_equal_those_of_the_contract() -> None:
    for name, (repository, commit) in record.PINS.items():
        assert SOURCES[name] == [repository, commit]


def test_the_tests_run_with_the_versions_of_the_image() -> None:
    image = pins("pypi.txt")
    tests = pins("../worker/requirements-test.txt")
    for name in ("numpy", "pillow", "omegaconf", "hydra-core", "plyfile", "trimesh"):
        assert tests[name] == image[name], name


def test_no_weights_and_no_tests_are_copied_into_the_image() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.M)
    assert "model-image/worker/*.py" in copied
    assert not [c for c in copied if "tests" in c or "weights" in c]
    assert not re.search(r"huggingface\.co|hf download|\.ckpt|\.safetensors", DOCKERFILE)


def test_the_server_is_the_entry_point_with_serve() -> None:
    assert STAGES[-1][-2:] == ['ENTRYPOINT ["/opt/gen3d/model-server"]', 'CMD ["serve"]']


def test_the_container_runs_as_root_as_sagemaker_expects() -> None:
    assert not [step for step in STAGES[-1] if step.startswith("USER ")]


def test_compilers_and_sources_stay_in_earlier_stages() -> None:
    assert len(STAGES) == 5
    last = "\n".join(STAGES[-1])
    assert not re.search(r"g\+\+|gcc|pip install|git |-devel", last)
    assert "from=packages,source=/opt/venv,target=/built" in last and "from=sources" not in last


def test_apt_is_noninteractive_and_its_lists_are_removed() -> None:
    for stage in STAGES:
        for step in stage:
            if "apt-get install" in step:
                assert "ENV DEBIAN_FRONTEND=noninteractive" in " ".join(stage[: stage.index(step)])
                assert "install -y --no-install-recommends" in step and "rm -rf /var/lib/apt/lists/*" in step


def test_hubs_are_not_contacted_at_run_time() -> None:
    switches = dict(
        assignment.split("=", 1) for step in STAGES[-1] if step.startswith("ENV ") for assignment in step.removeprefix("ENV ").split()
    )
    for name, value in {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "LIDRA_SKIP_INIT": "true"}.items():
        assert switches[name] == value
    assert switches["WEIGHTS_DIRECTORY"] == "/opt/ml/model" and switches["GEN3D_BACKEND"] == "sam3d"


def test_licenses_are_in_the_image() -> None:
    assert "COPY --from=packages /licenses /usr/share/licenses/gen3d-model" in STAGES[-1]
    assert "COPY LICENSE /usr/share/licenses/gen3d-model/gen3d-LICENSE" in STAGES[-1]


def test_the_image_imports_everything_while_it_is_built() -> None:
    (step,) = (step for step in STAGES[-1] if "/imports/check.py" in step)
    assert STAGES[-1].index(step) > max(i for i, s in enumerate(STAGES[-1]) if s.startswith("COPY "))
    assert "from worker import engine, environment, exporter; [environment.load(name) for name in environment.REQUIRED]" in step
    imported = check.modules()
    assert {m for m in PACKAGES if PACKAGES[m] and IMPORTS["imports"][m]["atOnce"]} <= set(imported)
    assert "sam3d_objects.pipeline.inference_pipeline_pointmap" in imported and len(imported) > 100


def test_sources_that_the_worker_reports_are_in_the_image() -> None:
    assert "COPY model-image/sources.txt model-image/notebook/one-photo.ipynb /opt/gen3d/" in STAGES[-1]
    assert environment.SOURCES == IMAGE / "sources.txt"


def test_the_readme_counts_the_pins() -> None:
    text = (IMAGE / "README.md").read_text()
    for file in ("pypi.txt", "build.txt", "torch.txt"):
        assert f"`{file}` ({len(pins(file))}" in text or f"`requirements/{file}` ({len(pins(file))}" in text, file


def test_the_check_of_shapes_answers_as_kaolins() -> None:
    tensor = np.zeros((5, 3))
    assert kaolin_testing.check_tensor(tensor, (None, 3), throw=False) and kaolin_testing.check_tensor(tensor, (5, 3), throw=True)
    for shape in ((5,), (5, 4), (None, 3, 1), ()):
        assert not kaolin_testing.check_tensor(tensor, shape, throw=False)
        with pytest.raises(ValueError, match="shape"):
            kaolin_testing.check_tensor(tensor, shape, throw=True)
