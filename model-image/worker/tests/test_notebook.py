"""The notebook, run in a kernel with the double of the model, and the set-up of its instance."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest
from PIL import Image

from .conftest import DOUBLES, photo

NOTEBOOK = Path(__file__).parents[2] / "notebook" / "one-photo.ipynb"
LIFECYCLE = Path(__file__).parents[3] / "infra" / "notebook.sh"


def shown(cells: list[Any]) -> tuple[str, list[Any]]:
    """Returns the text and the pictures in the outputs of the cells."""
    outputs = [o for c in cells if c.cell_type == "code" for o in c.outputs]
    pictures = [o.data["image/png"] for o in outputs if o.output_type == "display_data" and "image/png" in o.data]
    return "".join(o.text for o in outputs if o.output_type == "stream"), pictures


def test_every_cell_runs(model: Path, dinov2: Path, tmp_path: Path) -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    assert not any(c.get("outputs") for c in notebook.cells), "it is kept without outputs"
    Image.fromarray(photo()).save(tmp_path / "photo.png")
    environment = {
        **os.environ, "PYTHONPATH": str(DOUBLES), "WORKER_DIRECTORY": str(NOTEBOOK.parents[1]), "WEIGHTS_DIRECTORY": str(model),
        "DINOV2_DIRECTORY": str(dinov2), "PHOTO": str(tmp_path / "photo.png"), "OUTPUT": str(tmp_path / "made"),
        "IPYTHONDIR": str(tmp_path / "ipython"), "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
    }
    client = nbclient.NotebookClient(
        notebook, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}},
        # nbclient drops outputs that come later, without an error.
        timeout=600, startup_timeout=600, iopub_timeout=600, raise_on_iopub_timeout=True,
    )
    client.execute(env=environment)
    printed, pictures = shown(notebook.cells)
    for text in ("Double L40S, 48 GiB", "mask from segmenter", "642 vertices", "GPU memory at most 20.0 GiB", "sparse_structure"):
        assert text in printed, printed
    assert len(pictures) == 2, "the mask over the photo, and the mesh"
    assert all(base64.b64decode(p).startswith(b"\x89PNG") for p in pictures)
    assert sorted(p.name for p in (tmp_path / "made").iterdir()) == [
        "made.npz", "mask", "mesh.glb", "mesh.ply", "preview", "splat.ply", "splat.spz",
    ]


#: Stub for git, docker, aws and others: records its calls and prints what the script reads.
STUB = """#!/bin/bash
echo "$(basename "$0") $*" >> "$CALLS"
case "$(basename "$0") $*" in
  "aws ecr describe-images"*) echo "$IMAGE_TAG" ;;
  "docker build"*) cat >> "$CALLS" ;;
  "docker run"*) cat "$NOTEBOOK" ;;
  "aws s3 sync s3://"*) if [ -n "$BUCKET_FILLED" ]; then mkdir -p weights/sam3d; touch weights/sam3d/pipeline.yaml; fi ;;
  "nvidia-smi -L") exit "$NO_GPU" ;;
esac
"""


class Machine:
    """A notebook instance: a home folder, and stubs that record their calls."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.home = folder / "home"
        self.sagemaker = self.home / "SageMaker"
        self.sagemaker.mkdir(parents=True)
        self._calls = folder / "calls"
        self._calls.touch()
        programs = folder / "programs"
        programs.mkdir()
        for name in ("git", "docker", "aws", "sudo", "chown", "nvidia-smi"):
            (programs / name).write_text(STUB)
            (programs / name).chmod(0o755)
        self._environment = {
            # Of the environment AWS documents only the PATH of a lifecycle script, so no region is inherited.
            # https://docs.aws.amazon.com/sagemaker/latest/dg/notebook-lifecycle-config.html
            "PATH": f"{programs}:{os.environ['PATH']}", "CALLS": str(self._calls), "NOTEBOOK": str(NOTEBOOK),
            "IMAGE_TAG": "src-1", "NO_GPU": "0", "BUCKET_FILLED": "1", **environment,
        }
        script = LIFECYCLE.read_text()
        for name, value in {
            "@REGION@": "eu-west-1", "@BUCKET@": "gen3d-my-stack-model-123456789012", "@PREFIX@": "weights/sam-3d-objects/",
            "@SECRET@": "arn:secret",
            "@REPOSITORY@": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/gen3d-sam3d-my-stack", "/home/ec2-user": str(self.home),
        }.items():
            script = script.replace(name, value)
        assert "@" not in script.replace("[@]", ""), "a placeholder that nothing fills"
        self._script = folder / "lifecycle.sh"
        self._script.write_text(script)

    def start(self) -> None:
        done = subprocess.run(["bash", str(self._script)], env=self._environment, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert done.returncode == 0

    def run(self, name: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["bash", str(self.sagemaker / name)], env=self._environment, check=False, capture_output=True, text=True)

    @property
    def calls(self) -> str:
        return self._calls.read_text()


def test_the_notebook_runs_in_the_endpoints_image(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.start()
    began = f"sudo -u ec2-user {machine.sagemaker}/prepare.sh\n"
    deadline = time.monotonic() + 60
    while began not in machine.calls:  # it runs in the background
        assert time.monotonic() < deadline
        time.sleep(0.01)
    for _ in range(2):  # at every start
        done = machine.run("prepare.sh")
        assert done.returncode == 0, done.stderr
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/gen3d-sam3d-my-stack:src-1"
    assert "--repository-name gen3d-sam3d-my-stack" in machine.calls
    assert f"docker pull --quiet {image}\n" in machine.calls and f"FROM {image}\nRUN pip install" in machine.calls
    assert "cf066761706cd02b07e2fc6274570ec8cdafb683" in machine.calls
    kernel = json.loads((machine.home / ".local/share/jupyter/kernels/gen3d/kernel.json").read_text())
    assert kernel["argv"][:6] == ["docker", "run", "--rm", "--init", "--gpus", "all"]
    assert kernel["argv"][-2:] == ["-f", "{connection_file}"]
    assert f"WEIGHTS_DIRECTORY={machine.sagemaker}/weights" in kernel["argv"]
    offered = json.loads((machine.sagemaker / "one-photo.ipynb").read_text())
    assert offered["metadata"]["kernelspec"]["name"] == "gen3d"
    assert offered["cells"] == json.loads(NOTEBOOK.read_text())["cells"]


def test_without_a_gpu_the_weights_can_be_prepared_and_no_image_is_pulled(tmp_path: Path) -> None:
    machine = Machine(tmp_path, NO_GPU="9")
    machine.start()
    done = machine.run("prepare.sh")
    assert done.returncode == 0 and "no GPU" in done.stdout
    assert "docker" not in machine.calls
    assert (machine.sagemaker / "upload-weights.sh").stat().st_mode & 0o100


def test_a_repository_without_an_image_is_reported(tmp_path: Path) -> None:
    machine = Machine(tmp_path, IMAGE_TAG="None")
    machine.start()
    done = machine.run("prepare.sh")
    assert done.returncode == 1 and "set gen3d:model.enabled to true" in done.stderr
    assert (machine.sagemaker / "upload-weights.sh").stat().st_mode & 0o100, "the script that needs no image exists"


@pytest.mark.parametrize(("filled", "status"), [("1", 0), ("", 1)])
def test_weights_come_from_the_bucket_in_the_workers_layout(tmp_path: Path, filled: str, status: int) -> None:
    machine = Machine(tmp_path, BUCKET_FILLED=filled)
    machine.start()
    machine.run("prepare.sh")
    done = machine.run("get-weights.sh")
    assert done.returncode == status
    assert ("gen3d weights push" in done.stderr) is bool(status)
    assert "aws s3 sync s3://gen3d-my-stack-model-123456789012/weights/sam-3d-objects/ weights/" in machine.calls


def test_weights_from_the_hub_have_the_workers_layout(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.start()
    machine.run("prepare.sh")
    hub = machine.sagemaker / "weights-env" / "bin" / "hf"
    hub.parent.mkdir(parents=True)
    hub.write_text(
        "#!/bin/bash\nfolder=${*: -1}\ncase $2 in\n"
        "  facebook/sam-3d-objects) mkdir -p $folder/checkpoints; touch $folder/checkpoints/pipeline.yaml ;;\n"
        "  *) mkdir -p $folder; touch $folder/$3 ;;\nesac\n"
    )
    hub.chmod(0o755)
    done = machine.run("upload-weights.sh")
    assert done.returncode == 0, done.stderr
    for name in ("sam3d/pipeline.yaml", "moge/model.pt", "sam2/sam2.1_hiera_large.pt"):
        assert (machine.sagemaker / "weights" / name).is_file()


def test_the_lifecycle_script_is_within_the_size_limit() -> None:
    assert len(base64.b64encode(LIFECYCLE.read_bytes())) < 16384
