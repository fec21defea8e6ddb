"""
Structured logs: one JSON object a line, or colours on a terminal. Secrets never get in.

What is done for one request, one payload of Slack's, one row of the outbox is a *unit*: each of its lines bears the
unit's id and the incidents that it turned out to be about, by their numbers only.
"""

import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import structlog

SECRET = re.compile(r"(xox[a-z]-|xapp-|xoxe\.)[A-Za-z0-9-]+|(?<=Bearer )[^\s\"']+|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)")
"""Slack's tokens, bearer tokens, and name and password in an address."""


HIDDEN = "[secret]"
SHORTEST_HIDDEN = 12
"""Characters. A shorter one, like a database's password that is a word, would take that word out of every line."""

_known: list[str] = []

MOST_INCIDENTS = 20
"""Numbers on one line: a unit that is about more names the first."""


@dataclass(slots=True)
class Unit:
    """`incidents` grows while the unit is carried out, whichever thread finds out what it is about."""

    request_id: str
    known: dict[str, Any]
    incidents: tuple[str, ...] = field(default=())


_unit: ContextVar[Unit | None] = ContextVar("unit", default=None)


def new_id() -> str:
    return uuid4().hex[:16]


@contextmanager
def unit(request_id: str | None = None, **known: Any) -> Iterator[Unit]:
    """
    Until the block ends, each line bears this id (None: a new one) and `known`, and no more what another unit knew.

    Tasks that are started in the block, and functions that the database runs for it, belong to it.
    """
    begun = Unit(request_id or new_id(), known)
    token = _unit.set(begun)
    try:
        yield begun
    finally:
        _unit.reset(token)


def request_id() -> str | None:
    """The id of the unit that is being carried out; None outside of any."""
    found = _unit.get()
    return found.request_id if found else None


def concerns(reference: str) -> None:
    """The unit is about this incident: `INC-7`."""
    found = _unit.get()
    if found and reference not in found.incidents and len(found.incidents) < MOST_INCIDENTS:
        found.incidents = (*found.incidents, reference)


def _of_unit(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """What a line says itself goes before what its unit knows."""
    found = _unit.get()
    if found is None:
        return event
    numbers = found.incidents
    about = {"incident": numbers[0]} if len(numbers) == 1 else {"incidents": list(numbers)} if numbers else {}
    for name, value in {"request_id": found.request_id, **about, **found.known}.items():
        event.setdefault(name, value)
    return event


def hide(secrets: Iterable[str]) -> None:
    """These are this process's own secrets: from now on they stand in no line, whatever they look like."""
    forms = {form for each in secrets if len(each) >= SHORTEST_HIDDEN for form in _forms(each)}
    _known[:] = sorted(forms.union(_known), key=len, reverse=True)  # one may be the beginning of another


def _forms(secret: str) -> set[str]:
    """As it is, as JSON and `repr` write it, and as it stands in an address."""
    return {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        quote(secret),
        quote(secret, safe=""),
    }


def scrubbed(text: str) -> str:
    """The text without this process's secrets and without what looks like one."""
    for each in _known:
        text = text.replace(each, HIDDEN)
    return SECRET.sub(HIDDEN, text)


def _in_order(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """When, how bad and what stand first, for those who read the lines as they are."""
    first = {name: event.pop(name) for name in ("timestamp", "level", "event") if name in event}
    return {**first, **event}


def _without_secrets(render: Any) -> Callable[[Any, str, MutableMapping[str, Any]], str]:
    """The last thing that is done to a line, so that it covers whatever was put into it: lists, objects, tracebacks."""

    def rendered(logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
        return scrubbed(str(render(logger, method, event)))

    return rendered


def _crash(kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
    """What Python does with an exception that nobody caught, without the secrets that its message may hold."""
    sys.stderr.write(scrubbed("".join(traceback.format_exception(kind, problem, trace))))


def _thread_crash(told: threading.ExceptHookArgs) -> None:
    if told.exc_value is not None and not isinstance(told.exc_value, SystemExit):
        _crash(told.exc_type, told.exc_value, told.exc_traceback)


def scrub_crashes() -> None:
    """For every command, also for those that log nothing."""
    sys.excepthook, threading.excepthook = _crash, _thread_crash


def configure(*, level: str = "INFO", form: str | None = None) -> None:
    """
    Send everything, the libraries' lines too, through structlog to standard error.

    `form` is `json` or `text`; None: text on a terminal, else JSON. Libraries say nothing below INFO, whatever the
    level: what they have to tell there are statements with their values.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _of_unit,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    as_text = sys.stderr.isatty() if form is None else form == "text"
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        if as_text
        else structlog.processors.JSONRenderer()
    )
    if as_text:
        shared.remove(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _in_order,
                _without_secrets(renderer),
            ],
        )
    )
    scrub_crashes()
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(logging.getLevelNamesMapping()[level], logging.INFO))
    logging.getLogger("bot").setLevel(level)
    for talkative in ("apprise", "urllib3"):  # they tell of failures by the address, which holds a token
        logging.getLogger(talkative).setLevel(logging.CRITICAL)
    for noisy in ("slack_bolt", "slack_sdk", "alembic", "aiohttp.access", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
