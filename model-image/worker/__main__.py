"""The worker process. The server starts it as `python -m worker` with the pipes as fds 3 and 4."""

from __future__ import annotations

import argparse
import faulthandler
import os
import sys
import traceback

from . import memory, protocol
from .channel import Channel, claim
from .engine import Engine, set_up
from .failure import WorkerFailure

#: Exit statuses, which appear in the server's log.
OK, DISCONNECTED, FATAL = 0, 3, 4


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m worker", description=__doc__)
    parser.add_argument("--read-fd", type=int, default=3)
    parser.add_argument("--write-fd", type=int, default=4)
    args = parser.parse_args()
    faulthandler.enable()  # logs a stack trace on a crash in native code
    source, sink = claim(args.read_fd, args.write_fd)
    return serve(Channel(source, sink, on_end=_exit))


def _exit(reason: str) -> None:
    """Exits without finishing the current run, which may take minutes and has no recipient."""
    try:
        sys.stderr.write(f"worker: {reason}\n")
        sys.stderr.flush()
    finally:
        os._exit(DISCONNECTED)  # even if the log was closed by the server's exit


def serve(channel: Channel) -> int:
    """Handles messages until shutdown or a fatal failure, and returns the exit status."""
    engine: Engine | None = None
    while True:
        message = channel.receive()
        if isinstance(message, protocol.Shutdown):
            return OK
        if isinstance(message, protocol.Setup):
            try:
                engine, ready = set_up(message)
            except Exception as err:
                channel.send(_setup_failure(err))
                return FATAL
            channel.send(ready)
        elif engine is None:
            channel.send(protocol.Failure("bad_request", "run came before setup", message.id, fatal=True))
            return FATAL
        else:
            answer = _run(engine, message, channel)
            channel.send(answer)
            if isinstance(answer, protocol.Failure) and answer.fatal:
                return FATAL


def _run(engine: Engine, request: protocol.Run, channel: Channel) -> protocol.Result | protocol.Failure:
    try:
        return engine.run(request, channel.send)
    except WorkerFailure as err:
        return protocol.Failure(err.code, str(err), request.id, fatal=err.fatal)
    except Exception as err:
        traceback.print_exc()
        if engine.is_out_of_memory(err):
            return protocol.Failure("out_of_memory", _summary(err), request.id)
        return protocol.Failure("model_failed", _summary(err), request.id, fatal=memory.breaks_device(err))


def _setup_failure(err: Exception) -> protocol.Failure:
    if isinstance(err, WorkerFailure):
        return protocol.Failure(err.code, str(err), fatal=True)
    traceback.print_exc()
    return protocol.Failure("setup_failed", f"loading the model: {_summary(err)}; see the log for the stack trace.", fatal=True)


def _summary(err: Exception) -> str:
    """Returns the error as one line of at most 500 characters."""
    text = " ".join(str(err).split())
    return f"{type(err).__name__}: {text}"[:500] if text else type(err).__name__


if __name__ == "__main__":
    sys.exit(main())
