"""Standard error as the place of the log: a reader that stops reading does not stop the bot."""

import logging
import os
import select
from typing import TextIO

from bot.runtime import metrics

WAIT_MILLISECONDS = 50
"""Wait for a full pipe, once; then lines are lost until it is read again."""
PIECE_BYTES = select.PIPE_BUF
"""A pipe that can be written to takes so much without blocking."""


class LogOutput(logging.StreamHandler[TextIO]):
    """Writes each line, or counts it as lost if that would block or fail."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._lost = 0
        self._descriptor = _descriptor_of(stream)

    def setStream(self, stream: TextIO) -> TextIO | None:  # noqa: N802  the name is that of the base class
        replaced: TextIO | None = super().setStream(stream)
        self._descriptor = _descriptor_of(stream)
        return replaced

    def emit(self, record: logging.LogRecord) -> None:
        if self._descriptor is None:
            super().emit(record)
            return
        try:
            line = f"{self.format(record)}\n".encode(errors="backslashreplace")
            if self._lost and self._write(self._descriptor, self._report_loss()):
                self._lost = 0
            if self._lost or not self._write(self._descriptor, line):
                self._count_lost()
        except Exception:  # noqa: BLE001  a line that cannot be written may not end the work it tells of
            self._count_lost()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802  the name is that of the base class
        """Count the line, without a traceback on the same stream."""
        self._count_lost()

    def _count_lost(self) -> None:
        self._lost += 1
        metrics.LOG_LINES_LOST.inc()

    def _report_loss(self) -> bytes:
        about = {"name": __name__, "levelno": logging.WARNING, "levelname": "WARNING"}
        record = logging.makeLogRecord({**about, "msg": f"{self._lost} log lines lost"})
        return f"{self.format(record)}\n".encode()

    def _write(self, descriptor: int, line: bytes) -> bool:
        """Return whether the line was taken. A full pipe is waited for once."""
        poll = select.poll()
        poll.register(descriptor, select.POLLOUT)
        wait = 0 if self._lost else WAIT_MILLISECONDS
        while line:
            if not poll.poll(wait):
                return False
            line = line[os.write(descriptor, line[:PIECE_BYTES]) :]
        return True


def _descriptor_of(stream: TextIO) -> int | None:
    """None for a stream in memory, which never blocks."""
    try:
        return stream.fileno()
    except (OSError, ValueError):
        return None
