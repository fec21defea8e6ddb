"""
Pages through Apprise: text messages, calls, push and other chats.

An extra, imported only where it is used.

An Apprise address contains its service's tokens, so it never reaches a log, a row or a person. Apprise reports only
whether the page went out.
"""

import asyncio
import importlib
import importlib.util
from concurrent.futures import Executor
from typing import Any
from urllib.parse import quote

from structlog import get_logger

from bot.config import Settings
from bot.notifiers.outcome import PermanentFailure, Sent, TemporaryFailure, Timeouts
from bot.notifiers.wording import short_text
from bot.services.paging.content import PageText

log = get_logger(__name__)

RECIPIENT_PLACEHOLDER = "{to}"
MAX_LENGTH = 900
"""Characters: six parts of a text message, so that a link and a headline always fit."""
LOCAL_SCHEMES = frozenset({"dbus", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows"})
"""Apprise targets on the bot's own machine, which page nobody."""
NOT_INSTALLED = "Apprise is not installed. Run pip install '.[apprise]' in the source folder, then restart the bot."


def is_installed() -> bool:
    return importlib.util.find_spec("apprise") is not None


def service_address(settings: Settings, service: str, to: str) -> str:
    """
    The Apprise address of one recipient.

    Raises PermanentFailure if the service is not set up.
    """
    template = settings.apprise_address(service)
    if template is None or service not in settings.paging.apprise.services:
        raise PermanentFailure(f"{service} is not set up. Add it to [paging.apprise.services], and set its address.")
    return template.replace(RECIPIENT_PLACEHOLDER, quote(to, safe="+@"))


def create_target(address: str) -> Any:
    """
    Apprise's notifier for an address.

    Raises PermanentFailure if Apprise cannot use the address.
    """
    if not is_installed():
        raise PermanentFailure(NOT_INSTALLED)
    library = importlib.import_module("apprise")
    target = library.Apprise.instantiate(address, suppress_exceptions=True)
    if target is None or address.partition("://")[0].casefold() in LOCAL_SCHEMES:
        raise PermanentFailure(
            "Apprise does not support the address of this contact method. Run `dogwatch doctor` for details."
        )
    return target


async def send(
    page: PageText, service: str, to: str, settings: Settings, *, threads: Executor, timeouts: Timeouts
) -> Sent:
    """
    Send a page in a thread of `threads`: Apprise blocks.

    Raises PermanentFailure and TemporaryFailure. After a lost answer nothing tells whether the page went out.
    """
    address = service_address(settings, service, to)
    label = settings.paging.apprise.services.get(service, service)
    attempt = asyncio.get_running_loop().run_in_executor(threads, _notify, address, page, timeouts.step)
    try:
        async with asyncio.timeout(timeouts.total):
            went_out = await asyncio.shield(attempt)
    except TimeoutError:
        raise TemporaryFailure(f"{label} did not answer within {timeouts.total:g} s.", maybe_done=True) from None
    finally:
        if not attempt.done():  # retrieve the late error, or asyncio logs it
            attempt.add_done_callback(lambda done: None if done.cancelled() else done.exception())
    if not went_out:
        raise TemporaryFailure(f"{label} did not accept it.", maybe_done=True)
    return Sent()


def _notify(address: str, page: PageText, step: float) -> bool:
    """Blocking. Raises PermanentFailure."""
    try:
        target = create_target(address)
        target.socket_connect_timeout, target.socket_read_timeout = step, step
        limit = min(int(getattr(target, "body_maxlen", MAX_LENGTH)) or MAX_LENGTH, MAX_LENGTH)
        return bool(target.notify(body=short_text(page, limit), title=""))
    except PermanentFailure:
        raise
    except Exception as problem:  # noqa: BLE001  any of a hundred plug-ins; its message may contain the address
        log.warning("apprise notification failed", kind=type(problem).__name__)
        return False
