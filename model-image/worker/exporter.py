"""The exporter process: cleans up what the worker has made, encodes it and draws its preview.

The server starts it as `python -m worker.exporter` with the pipes as fds 3 and 4. It is a process
of its own, and not a thread of the worker, for three reasons: the worker's Python code, which
launches the GPU's kernels, would wait for the interpreter's lock; a crash of a library that
processes meshes would end the process whose model takes minutes to load; and an export that takes
too long can be killed. It gets arrays from a file and never opens the GPU.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from . import export, process, protocol, quality, reconstruction
from .channel import Channel
from .failure import WorkerFailure


def write(request: protocol.Export, send: Callable[[protocol.ToServer], None]) -> protocol.Result:
    """Writes the files of one object."""
    began = time.monotonic()
    send(protocol.Progress(request.id, "export", 0))
    made, mask = reconstruction.load(Path(request.made))
    chosen = quality.chosen(request.quality, request.faces)
    files, mesh, pose = export.write(made, Path(request.folder), request.formats, request.label, chosen, mask)
    spent = round((time.monotonic() - began) * 1000)
    return protocol.Result(id=request.id, files=files, mesh=mesh, timing={"export": spent}, pose=pose)


def serve(channel: Channel) -> int:
    """Handles messages until shutdown, and returns the exit status."""
    while True:
        message = channel.receive()
        if isinstance(message, protocol.Shutdown):
            return process.OK
        if not isinstance(message, protocol.Export):
            channel.send(protocol.Failure("bad_request", f"the exporter takes no {message.type}", getattr(message, "id", None), fatal=True))
            return process.FATAL
        channel.send(_answer(message, channel))


def _answer(request: protocol.Export, channel: Channel) -> protocol.Result | protocol.Failure:
    try:
        return write(request, channel.send)
    except WorkerFailure as err:
        return protocol.Failure(err.code, str(err), request.id)
    except Exception as err:
        traceback.print_exc()
        code: protocol.FailureCode = "out_of_memory" if isinstance(err, MemoryError) else "export_failed"
        return protocol.Failure(code, process.summary(err), request.id)


if __name__ == "__main__":
    sys.exit(serve(process.open_channel("worker.exporter", __doc__)))
