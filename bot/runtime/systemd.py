"""Notifications to systemd for a service of `Type=notify`. Source: sd_notify(3)."""

import asyncio
import socket
from collections.abc import Mapping

from structlog import get_logger

log = get_logger(__name__)

SOCKET, WATCHDOG, WATCHDOG_PID = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"


class SystemdNotifier:
    """A sender of notifications; it does nothing if `environ` names no socket."""

    def __init__(self, environ: Mapping[str, str], pid: int) -> None:
        self._address = environ.get(SOCKET, "")
        microseconds = environ.get(WATCHDOG, "")
        is_for_us = environ.get(WATCHDOG_PID, str(pid)) == str(pid)
        self.watchdog_seconds = int(microseconds) / 1_000_000 if microseconds.isdecimal() and is_for_us else None
        """The watchdog's timeout; None: there is no watchdog."""

    def notify(self, *lines: str) -> None:
        """Send `READY=1`, `STOPPING=1` or `STATUS=…`. A failure is only logged."""
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as connection:
                connection.connect(address)
                connection.send("\n".join(lines).encode())
        except OSError as problem:
            log.warning("systemd notification failed", problem=str(problem), message=lines[0])

    async def keep_alive(self) -> None:
        """Notify the watchdog twice in its timeout, unless the event loop hangs."""
        if self.watchdog_seconds:
            while True:
                self.notify("WATCHDOG=1")
                await asyncio.sleep(self.watchdog_seconds / 2)
