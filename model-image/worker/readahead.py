"""Reads the weights into the page cache while packages are imported.

Mapped files are read when a page is used for the first time, one small read after the other. This
asks the kernel for large parts ahead of their use, in the order in which they are loaded.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType

#: A part of a file, and how many are requested at the same time.
PART = 32 << 20
PARTS = 8
#: The share of the available memory that the files may take.
SHARE = 0.7


class Readahead:
    """Reads files in a thread until it is done or the context ends. It ignores files that it cannot read."""

    def __init__(self, files: list[Path], available: int | None = None) -> None:
        """Reads at most a share of the available bytes of memory, which it determines by default."""
        self._files = files
        self._budget = int((_available() if available is None else available) * SHARE)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="readahead", daemon=True)
        self.requested = 0  # bytes

    def __enter__(self) -> Readahead:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def wait(self) -> None:
        """Waits until the files have been read."""
        self._thread.join()

    def _run(self) -> None:
        for path in self._files:
            try:
                fd = os.open(path, os.O_RDONLY)
            except OSError:
                continue
            try:
                self._read(fd)
            except OSError:
                continue
            finally:
                os.close(fd)

    def _read(self, fd: int) -> None:
        waiting: list[int] = []
        for begin, length in self._parts(os.fstat(fd).st_size):
            os.posix_fadvise(fd, begin, length, os.POSIX_FADV_WILLNEED)
            self.requested += length
            waiting.append(begin + length - 1)
            if len(waiting) >= PARTS:
                os.pread(fd, 1, waiting.pop(0))  # returns when the part has been read
        for last in waiting:
            if self._stop.is_set():
                return
            os.pread(fd, 1, last)

    def _parts(self, size: int) -> Iterator[tuple[int, int]]:
        for begin in range(0, size, PART):
            length = min(PART, size - begin)
            if self._stop.is_set() or self.requested + length > self._budget:
                return
            yield begin, length


def _available() -> int:
    """Returns the bytes of memory that are available, in this container too; 0 if unknown."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        found = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        return 0
    with suppress(OSError, ValueError):  # control groups version 2; "max" is no limit
        found = min(found, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return found
