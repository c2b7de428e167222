"""A plain model server in Flask, the reference for the real one: one request after the other.

It processes an object as directly as possible: photo from S3, the worker's engine (with the model
on the path) and exporter, files and result to S3. It lacks what the real server adds: input, export
and output during the model's work, one decoded photo for all objects of a job, deadlines, progress, restarts of the
worker, and the check for an existing result.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import boto3
import numpy as np
from botocore.config import Config
from flask import Flask, Response, request
from PIL import Image, ImageOps

from worker import engine, exporter, protocol

ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
SCRATCH = tempfile.mkdtemp(dir=os.environ["SCRATCH_DIRECTORY"])

app = Flask(__name__)
s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
model, _ = engine.set_up(protocol.Setup(protocol.VERSION, os.environ["WEIGHTS_DIRECTORY"], SCRATCH, os.environ["DINOV2_DIRECTORY"]))


@app.get("/ping")
def ping() -> str:
    return "ready"


@app.post("/invocations")
def invocation() -> Response:
    manifest: dict[str, Any] = request.get_json()
    n = int(request.headers[ATTRIBUTES].removeprefix("object="))
    bucket, out = manifest["source"]["bucket"], f"users/{manifest['userId']}/output/{manifest['jobId']}/{n}"
    photo = s3.get_object(Bucket=bucket, Key=manifest["source"]["key"])["Body"].read()
    with Image.open(io.BytesIO(photo)) as opened:
        pixels = np.asarray(ImageOps.exif_transpose(opened).convert("RGBA"))
    files = []
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        raw = Path(folder) / "photo"
        pixels.tofile(raw)
        run = protocol.Run(
            id=f"{manifest['jobId']}-{n}", index=n, photo=protocol.Raster(str(raw), pixels.shape[1], pixels.shape[0]), folder=folder,
            seed=manifest["options"]["seed"], formats=manifest["options"]["formats"], box=manifest["objects"][n - 1]["box"],
        )
        made = model.run(run, lambda _: None)
        written = exporter.write(protocol.Export(**vars(run), made=made.path), lambda _: None)
        for file in written.files:
            data, key = Path(file.path).read_bytes(), f"{out}/{Path(file.path).name}"
            s3.put_object(Bucket=bucket, Key=key, Body=data)
            files.append({"format": file.format, "key": key, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()})
    result = {"version": 1, "index": n, "status": "succeeded", "files": files, "timing": {**made.timing, **written.timing}, "backend": "sam3d"}
    body = json.dumps(result).encode()
    s3.put_object(Bucket=bucket, Key=f"{out}.result.json", Body=body, IfNoneMatch="*")
    return Response(body, mimetype="application/json")


if __name__ == "__main__":
    app.run("127.0.0.1", int(os.environ["PORT"]), threaded=False)
