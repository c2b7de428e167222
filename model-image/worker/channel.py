"""The worker's end of the two pipes, and its guard over standard output."""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO

from . import protocol


def claim(read_fd: int, write_fd: int) -> tuple[BinaryIO, BinaryIO]:
    """Takes the pipes for this process alone.

    Programs that libraries start (compilers, say) do not inherit them, and what is printed to
    standard output goes to standard error, which the server logs.
    """
    for fd in (read_fd, write_fd):
        os.set_inheritable(fd, False)
    sys.stdout.flush()
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return os.fdopen(read_fd, "rb", buffering=0), os.fdopen(write_fd, "wb", buffering=0)


class Channel:
    """Messages in and out. A thread reads, so that the end of the server is noticed at once."""

    def __init__(self, source: BinaryIO, sink: BinaryIO, on_end: Callable[[str], None]) -> None:
        """on_end is called from the reading thread when the server is gone or sends garbage."""
        self._source = source
        self._sink = sink
        self._on_end = on_end
        self._lock = threading.Lock()
        self._inbox: queue.Queue[protocol.ToWorker] = queue.Queue()
        threading.Thread(target=self._listen, name="protocol", daemon=True).start()

    def _listen(self) -> None:
        try:
            while (message := protocol.read(self._source)) is not None:
                if not isinstance(message, (protocol.Setup, protocol.Run, protocol.Shutdown)):
                    raise protocol.ProtocolError(f"the server sent a {message.type} message, which is the worker's")
                self._inbox.put(message)
                if isinstance(message, protocol.Shutdown):
                    return
            reason = "the server has closed the pipe"
        except (protocol.ProtocolError, OSError) as err:
            reason = f"reading from the server: {err}"
        self._on_end(reason)

    def receive(self) -> protocol.ToWorker:
        """The next message; waits for it."""
        return self._inbox.get()

    def send(self, message: protocol.ToServer) -> None:
        """Sends one message whole, from any thread."""
        frame = memoryview(protocol.encode(message))
        with self._lock:
            while frame:
                frame = frame[self._sink.write(frame) or 0 :]
