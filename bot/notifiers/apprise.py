"""
Everything else, through Apprise: text messages, calls, pushes, other chats. An extra, imported only where it is used.

An address of Apprise's holds the tokens of its service, so it never reaches a log, a row or a person; Apprise says
whether the page went out, and no more.
"""

import asyncio
import importlib
import importlib.util
from concurrent.futures import Executor
from typing import Any
from urllib.parse import quote

from structlog import get_logger

from bot.config import Settings
from bot.notifiers import wording as words
from bot.notifiers.outcome import Away, Patience, Refused, Sent
from bot.services.paging.content import PageText

log = get_logger(__name__)

TO_PLACE = "{to}"
LONGEST = 900
"""Characters: six parts of a text message, so that one address and some words always fit."""
LOCAL = frozenset({"dbus", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows"})
"""What shows something on the machine that runs the bot: nobody is paged by it."""
MISSING = "Apprise is not installed: pip install dogwatch[apprise], and start the bot again."


def is_installed() -> bool:
    """Without importing it."""
    return importlib.util.find_spec("apprise") is not None


def address_for(settings: Settings, service: str, to: str) -> str:
    """The whole address of one person. Raises Refused where the service is not set up."""
    known = settings.apprise_address(service)
    if known is None or service not in settings.paging.apprise.services:
        raise Refused(f"{service} is not set up: it is not in [paging.apprise.services], or its address is not set.")
    return known.replace(TO_PLACE, quote(to, safe="+@"))


def target_of(address: str) -> Any:
    """What Apprise makes of an address. Raises Refused for one that it cannot use."""
    if not is_installed():
        raise Refused(MISSING)
    library = importlib.import_module("apprise")
    found = library.Apprise.instantiate(address, suppress_exceptions=True)
    if found is None or address.partition("://")[0].casefold() in LOCAL:
        raise Refused("Apprise cannot use the address of this means. `dogwatch doctor` says of each if it can.")
    return found


async def send(
    page: PageText, service: str, to: str, settings: Settings, *, threads: Executor, patience: Patience
) -> Sent:
    """Raises Refused and Away. After a lost answer nobody can look whether it went out."""
    address, label = address_for(settings, service, to), settings.paging.apprise.services.get(service, service)
    working = asyncio.get_running_loop().run_in_executor(threads, _deliver, address, page, patience.step)
    try:
        async with asyncio.timeout(patience.whole):
            went_out = await asyncio.shield(working)
    except TimeoutError:
        raise Away(f"{label} did not answer within {patience.whole:g} s.", maybe_done=True) from None
    finally:
        if not working.done():  # nobody waits for it any more
            working.add_done_callback(lambda done: None if done.cancelled() else done.exception())
    if not went_out:
        raise Away(f"{label} did not take it.", maybe_done=True)
    return Sent()


def _deliver(address: str, page: PageText, step: float) -> bool:
    """In a thread: it blocks. Raises Refused."""
    try:
        target = target_of(address)
        target.socket_connect_timeout, target.socket_read_timeout = step, step
        room = min(int(getattr(target, "body_maxlen", LONGEST)) or LONGEST, LONGEST)
        return bool(target.notify(body=words.short(page, room), title=""))
    except Refused:
        raise
    except Exception as problem:  # noqa: BLE001  one of a hundred plug-ins failed; what it says may hold the address
        log.warning("Apprise failed", kind=type(problem).__name__)
        return False
