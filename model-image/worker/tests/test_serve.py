"""The script that runs the image on a machine with a GPU, with a stub for docker."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import make_model

SERVE = Path(__file__).parents[2] / "serve"
READY = '{"backend":"sam3d","state":"READY"}'
FAILED = '{"code":"setup_failed","detail":"State SETUP_FAILED: No NVIDIA GPU is usable here."}'
#: Answers the first request with {} and the second with the given text, and ends.
SERVER = """
import http.server, sys
paths = []
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        paths.append(self.path)
        body = sys.argv[2].encode() if len(paths) > 1 else b"{}"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
while len(paths) < 2:
    server.handle_request()
"""
DOCKER = """#!/bin/bash
echo "$*" >> "$CALLS"
case $1 in
  run) if [ -n "$ANSWER" ]; then "$PYTHON" -c "$SERVER" "$PORT" "$ANSWER" > /dev/null 2>&1 & echo $! > "$CALLS.pid"; fi ;;
  logs) if [ -n "$ANSWER" ]; then while kill -0 "$(cat "$CALLS.pid")" 2> /dev/null; do sleep 0.2; done; else echo "cannot start"; fi ;;
  stop) kill "$(cat "$CALLS.pid")" ;;
esac
"""


def serve(folder: Path, weights: Path, answer: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    docker = folder / "programs" / "docker"
    docker.parent.mkdir()
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    calls = folder / "calls"
    calls.touch()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    done = subprocess.run(
        [str(SERVE)], check=False, capture_output=True, text=True, timeout=120,
        env={
            **os.environ, "PATH": f"{docker.parent}:{os.environ['PATH']}", "CALLS": str(calls), "ANSWER": answer, "PORT": str(port),
            "PYTHON": sys.executable, "SERVER": SERVER, "WEIGHTS": str(weights), "IMAGE": "",
        },
    )
    return done, calls.read_text().splitlines()


def test_the_image_is_built_and_run_until_ready(tmp_path: Path) -> None:
    weights = make_model(tmp_path / "weights")
    done, calls = serve(tmp_path, weights, READY)
    assert done.returncode == 0, done.stderr
    assert "The model is loaded" in done.stdout
    assert [c.split()[0] for c in calls] == ["build", "run", "logs", "stop"]
    run = calls[1]
    assert "--gpus all" in run and f"--volume {weights}:/opt/ml/model:ro" in run and run.endswith("gen3d-model serve")
    for variable in (
        "DATA_BUCKET=gen3d-local-data", "AWS_ENDPOINT_URL_S3=http://127.0.0.1:9000", "GEN3D_S3_PATH_STYLE=true", "DISTILLED_STEPS=0",
        "LISTEN_ADDRESS=127.0.0.1:",
    ):
        assert f"--env {variable}" in run


@pytest.mark.parametrize(("answer", "text"), [(FAILED, "No NVIDIA GPU is usable here"), ("", "has exited")])
def test_a_failed_set_up_ends_the_script(tmp_path: Path, answer: str, text: str) -> None:
    done, calls = serve(tmp_path, make_model(tmp_path / "weights"), answer)
    assert done.returncode == 1 and text in done.stderr
    assert any(c.startswith("stop") for c in calls)  # not always last: the logs are read in the background


def test_missing_weights_are_reported_before_the_build(tmp_path: Path) -> None:
    done, calls = serve(tmp_path, tmp_path, READY)
    assert done.returncode == 1 and "gen3d weights push" in done.stderr and not calls
