"""
Ports of the page and of the bot: chosen at the first start, and kept in the folder.

Slack messages, bookmarks and a monitoring system hold links to both: they have to work after a restart.
"""

import json
import socket
from collections.abc import Iterable
from pathlib import Path

from bot.domain.errors import UserError
from bot.lazy_dataclass import dataclass
from bot.local.folder import PORTS

HOST = "127.0.0.1"
CHOICE = range(8055, 8100)
"""Ports in the order in which they are tried: the page takes the first, the bot the second."""


@dataclass(frozen=True, slots=True)
class Ports:
    """`notices`: lines for the terminal, one for each port that had to change."""

    page: int
    bot: int
    notices: tuple[str, ...] = ()


def choose_ports(data: Path, *, page: int | None, bot: int | None) -> Ports:
    """
    Return free ports: those asked for, else those of the last run, else the first of CHOICE.

    `page` 0: any free ports for both, as tests want them. Raises UserError if one that is asked for is taken.
    """
    if page == 0:
        return Ports(_find_free(()), _require_free(bot, "DOGWATCH_PORT") if bot else _find_free(()))
    kept = _read(data)
    notices: list[str] = []
    page = _require_free(page, "--port") if page else _keep_or_change("page", kept.page, (kept.bot,), notices)
    bot = _require_free(bot, "DOGWATCH_PORT") if bot else _keep_or_change("bot", kept.bot, (page,), notices)
    return Ports(page, bot, tuple(notices))


def keep_ports(data: Path, ports: Ports) -> None:
    """Store them for the next start."""
    (data / PORTS).write_text(json.dumps({"page": ports.page, "bot": ports.bot}))


def _read(data: Path) -> Ports:
    try:
        kept = json.loads((data / PORTS).read_text())
    except FileNotFoundError:
        return Ports(CHOICE[0], CHOICE[1])
    return Ports(int(kept["page"]), int(kept["bot"]))


def _keep_or_change(what: str, wanted: int, others: Iterable[int], notices: list[str]) -> int:
    if wanted not in others and _is_free(wanted):
        return wanted
    found = _find_free(port for port in CHOICE if port not in {*others, wanted})
    notices.append(f"Port {wanted} is taken: the {what} uses {found}. Links to {wanted} do not work.")
    return found


def _require_free(port: int, option: str) -> int:
    if not _is_free(port):
        raise UserError(f"Port {port} is taken. Choose another with {option}.")
    return port


def _find_free(wanted: Iterable[int]) -> int:
    """Return the first free one of `wanted`, else any."""
    for port in wanted:
        if _is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port whose last connections are just being closed is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
