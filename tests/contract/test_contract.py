"""Runs schemathesis with all its checks against gen3d local: every request that openapi.yaml
allows is accepted, every other one is refused, and openapi.yaml describes every response."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
GEN3D = ROOT / "bin" / "gen3d"

# Limits a wait for another process on a machine under load, in seconds.
TIMEOUT = 120


@pytest.fixture
def service(tmp_path):
    """Starts gen3d local and returns its URL."""
    log = tmp_path / "log"
    page = ROOT / "tests" / "service" / "testdata" / "page"
    with log.open("w") as output:
        process = subprocess.Popen(
            [GEN3D, "local", "--addr", "127.0.0.1:0", "--s3-addr", "127.0.0.1:0",
             "--data", tmp_path / "data", "--page", page, "--model-start", "1s"],
            stdout=output, stderr=subprocess.STDOUT,
        )
    try:
        yield address(process, log)
    finally:
        process.kill()
        process.wait()


def address(process, log):
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        text = log.read_text()
        if "\nready\n" in text:
            return re.search(r"page and API +(\S+)", text)[1]
        time.sleep(0.1)
    raise AssertionError(f"gen3d local did not get ready:\n{log.read_text()}")


def test_the_api_is_what_its_description_says(service, tmp_path):
    token = subprocess.run(
        [GEN3D, "token", "--user", "testuser001", "--url", service],
        check=True, capture_output=True, text=True, timeout=TIMEOUT,
    ).stdout.strip()
    result = subprocess.run(
        [Path(sys.executable).parent / "schemathesis", "--config-file", HERE / "schemathesis.toml",
         "run", ROOT / "handlers" / "api" / "openapi.yaml"],
        check=False, cwd=tmp_path, capture_output=True, text=True,
        env={
            **os.environ, "CONTRACT_URL": service, "CONTRACT_TOKEN": token,
            "SCHEMATHESIS_HOOKS": str(HERE / "hooks.py"),
        },
    )
    assert result.returncode == 0, result.stdout + result.stderr
    # A run without tests succeeds too.
    assert "Tested: 7" in result.stdout, result.stdout
    cases = int(re.search(r"(\d+) generated, \1 passed", result.stdout)[1])
    assert cases > 1500, result.stdout
    print(result.stdout)
