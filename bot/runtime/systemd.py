"""What systemd is told of a service of `Type=notify`: datagrams to the socket that it names. Source: sd_notify(3)."""

import asyncio
import socket
from collections.abc import Mapping

from structlog import get_logger

log = get_logger(__name__)

SOCKET, WATCHDOG, WATCHED = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"


class Notifier:
    """Tells nobody anything where nobody asked: `environ` names no socket then."""

    def __init__(self, environ: Mapping[str, str], pid: int) -> None:
        self._address = environ.get(SOCKET, "")
        microseconds = environ.get(WATCHDOG, "")
        is_meant = environ.get(WATCHED, str(pid)) == str(pid)
        self.watchdog_seconds = int(microseconds) / 1_000_000 if microseconds.isdecimal() and is_meant else None
        """How long systemd waits for a sign of life before it starts the service anew; None: it does not wait."""

    def tell(self, *lines: str) -> None:
        """`READY=1`, `STOPPING=1`, `STATUS=…`. A socket that is gone is no reason to do anything but go on."""
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as way:
                way.connect(address)
                way.send("\n".join(lines).encode())
        except OSError as problem:
            log.warning("systemd could not be told", problem=str(problem), told=lines[0])

    async def keep_alive(self) -> None:
        """Twice in each watchdog's time. What stops it is an event loop that hangs: the rest is for `/readyz`."""
        if self.watchdog_seconds:
            while True:
                self.tell("WATCHDOG=1")
                await asyncio.sleep(self.watchdog_seconds / 2)
