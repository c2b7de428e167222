"""What the two processes, worker and exporter, have in common: their pipes and how they end."""

from __future__ import annotations

import argparse
import faulthandler
import os
import sys

from .channel import Channel, claim

#: Exit statuses, which appear in the server's log.
OK, DISCONNECTED, FATAL = 0, 3, 4


def open_channel(module: str, description: str | None) -> Channel:
    """Opens the pipes with the numbers of the command line, by default 3 and 4."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    parser.add_argument("--read-fd", type=int, default=3)
    parser.add_argument("--write-fd", type=int, default=4)
    args = parser.parse_args()
    faulthandler.enable()  # logs a stack trace on a crash in native code
    source, sink = claim(args.read_fd, args.write_fd)
    return Channel(source, sink, on_end=_exit)


def _exit(reason: str) -> None:
    """Exits without finishing the current object, which may take minutes and has no recipient."""
    try:
        sys.stderr.write(f"worker: {reason}\n")
        sys.stderr.flush()
    finally:
        os._exit(DISCONNECTED)  # even if the log was closed by the server's exit


def summary(err: Exception) -> str:
    """Returns the error as one line of at most 500 characters."""
    text = " ".join(str(err).split())
    return f"{type(err).__name__}: {text}"[:500] if text else type(err).__name__
