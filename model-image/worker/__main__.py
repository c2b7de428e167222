"""The worker's process. The server starts it as `python -m worker` with the pipes as fds 3 and 4."""

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

#: Exit statuses: told apart in the server's log.
OK, GONE, FATAL = 0, 3, 4


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m worker", description=__doc__)
    parser.add_argument("--read-fd", type=int, default=3)
    parser.add_argument("--write-fd", type=int, default=4)
    args = parser.parse_args()
    faulthandler.enable()  # a crash in native code leaves a trace in the log
    source, sink = claim(args.read_fd, args.write_fd)
    return serve(Channel(source, sink, on_end=_abandon))


def _abandon(reason: str) -> None:
    """Ends at once: nobody waits for what is in hand, and it may hold the GPU for minutes."""
    try:
        sys.stderr.write(f"worker: {reason}\n")
        sys.stderr.flush()
    finally:
        os._exit(GONE)  # the log's end may be gone with the server


def serve(channel: Channel) -> int:
    """Answers messages until shutdown or a fatal failure."""
    engine: Engine | None = None
    while True:
        message = channel.receive()
        if isinstance(message, protocol.Shutdown):
            return OK
        if isinstance(message, protocol.Setup):
            try:
                engine, ready = set_up(message)
            except Exception as err:
                channel.send(_of_setup(err))
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
            return protocol.Failure("out_of_memory", _said(err), request.id)
        return protocol.Failure("model_failed", _said(err), request.id, fatal=memory.breaks_device(err))


def _of_setup(err: Exception) -> protocol.Failure:
    if isinstance(err, WorkerFailure):
        return protocol.Failure(err.code, str(err), fatal=True)
    traceback.print_exc()
    return protocol.Failure("setup_failed", f"loading the model: {_said(err)}; the log has the trace.", fatal=True)


def _said(err: Exception) -> str:
    """The error in one line of bearable length."""
    text = " ".join(str(err).split())
    return f"{type(err).__name__}: {text}"[:500] if text else type(err).__name__


if __name__ == "__main__":
    sys.exit(main())
