"""The worker process. The server starts it as `python -m worker` with the pipes as fds 3 and 4."""

from __future__ import annotations

import sys
import traceback

from . import memory, process, protocol
from .channel import Channel
from .engine import Engine, set_up
from .failure import WorkerFailure


def serve(channel: Channel) -> int:
    """Handles messages until shutdown or a fatal failure, and returns the exit status."""
    engine: Engine | None = None
    while True:
        message = channel.receive()
        if isinstance(message, protocol.Shutdown):
            return process.OK
        if isinstance(message, protocol.Setup):
            try:
                engine, ready = set_up(message)
            except Exception as err:
                channel.send(_setup_failure(err))
                return process.FATAL
            channel.send(ready)
        elif engine is None or isinstance(message, protocol.Export):
            channel.send(protocol.Failure("bad_request", f"{message.type} came before setup or to the wrong process", message.id, fatal=True))
            return process.FATAL
        else:
            answer = _run(engine, message, channel)
            channel.send(answer)
            if isinstance(answer, protocol.Failure) and answer.fatal:
                return process.FATAL


def _run(engine: Engine, request: protocol.Run, channel: Channel) -> protocol.Made | protocol.Failure:
    try:
        return engine.run(request, channel.send)
    except WorkerFailure as err:
        return protocol.Failure(err.code, str(err), request.id, fatal=err.fatal)
    except Exception as err:
        traceback.print_exc()
        if engine.is_out_of_memory(err):
            return protocol.Failure("out_of_memory", process.summary(err), request.id)
        return protocol.Failure("model_failed", process.summary(err), request.id, fatal=memory.breaks_device(err))


def _setup_failure(err: Exception) -> protocol.Failure:
    if isinstance(err, WorkerFailure):
        return protocol.Failure(err.code, str(err), fatal=True)
    traceback.print_exc()
    return protocol.Failure("setup_failed", f"loading the model: {process.summary(err)}; see the log for the stack trace.", fatal=True)


if __name__ == "__main__":
    sys.exit(serve(process.open_channel("worker", __doc__)))
