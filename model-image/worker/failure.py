"""The worker's failures, with a code of the protocol and a message that says what to do."""

from __future__ import annotations

from .protocol import FailureCode


class WorkerFailure(Exception):
    """Ends a set-up or a run with a code and a message."""

    def __init__(self, code: FailureCode, message: str, *, fatal: bool = False) -> None:
        super().__init__(message)
        self.code: FailureCode = code
        self.fatal = fatal  # the process cannot continue
