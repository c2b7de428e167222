"""The worker's end of the two pipes, and the redirection of standard output."""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO

from . import protocol


def claim(read_fd: int, write_fd: int) -> tuple[BinaryIO, BinaryIO]:
    """Opens the pipes for this process only.

    Programs that libraries start, such as compilers, do not inherit them. Standard output is
    redirected to standard error, which the server logs.
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
    """Receives and sends messages. A thread reads, to notice the server's exit immediately."""

    def __init__(self, source: BinaryIO, sink: BinaryIO, on_end: Callable[[str], None]) -> None:
        """The reading thread calls on_end when the pipe ends or a message is invalid."""
        self._source = source
        self._sink = sink
        self._on_end = on_end
        self._lock = threading.Lock()
        self._inbox: queue.Queue[protocol.ToWorker] = queue.Queue()
        threading.Thread(target=self._listen, name="protocol", daemon=True).start()

    def _listen(self) -> None:
        try:
            while (message := protocol.read(self._source)) is not None:
                if not isinstance(message, (protocol.Setup, protocol.Run, protocol.Export, protocol.Shutdown)):
                    raise protocol.ProtocolError(f"the server sent a {message.type} message, which only the worker sends")
                self._inbox.put(message)
                if isinstance(message, protocol.Shutdown):
                    return
            reason = "the server has closed the pipe"
        except (protocol.ProtocolError, OSError) as err:
            reason = f"reading from the server: {err}"
        self._on_end(reason)

    def receive(self) -> protocol.ToWorker:
        """Waits for the next message and returns it."""
        return self._inbox.get()

    def send(self, message: protocol.ToServer) -> None:
        """Sends one message. It may be called from any thread."""
        frame = memoryview(protocol.encode(message))
        with self._lock:
            while frame:
                frame = frame[self._sink.write(frame) or 0 :]
