"""
Structured logs: one JSON object a line, or coloured text on a terminal, without secrets.

The work for one request, one Slack payload or one outbox row has a *request context*: each of its lines has the
request id, and the numbers of the incidents it is about.
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
from dataclasses import field
from secrets import token_hex
from types import TracebackType
from typing import Any
from urllib.parse import quote

import structlog

from bot.lazy_dataclass import dataclass
from bot.runtime.log_output import LogOutput

SECRET = re.compile(r"(xox[a-z]-|xapp-|xoxe\.)[A-Za-z0-9-]+|(?<=Bearer )[^\s\"']+|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)")
"""Slack's tokens, bearer tokens, and name and password in an address."""
HIDDEN = "[secret]"
SHORTEST_HIDDEN = 12
"""Characters. A shorter secret, like a password that is a word, would hide that word in every line."""

_secrets: list[str] = []

MAX_INCIDENTS = 20
"""Incident numbers on one line; further ones are left out."""


@dataclass(slots=True)
class RequestContext:
    """Fields of each log line. `incidents` grows during the work, from any thread."""

    request_id: str
    fields: dict[str, Any]
    incidents: tuple[str, ...] = field(default=())


_context: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)


def new_request_id() -> str:
    return token_hex(8)


@contextmanager
def request_context(request_id: str | None = None, **fields: Any) -> Iterator[RequestContext]:
    """
    Add the id (None: a new one) and `fields` to each line until the block ends.

    This replaces an outer context. Tasks that are started in the block, and functions that the database runs for it,
    belong to it.
    """
    context = RequestContext(request_id or new_request_id(), fields)
    token = _context.set(context)
    try:
        yield context
    finally:
        _context.reset(token)


def request_id() -> str | None:
    """Return the id of the current context; None outside of any."""
    found = _context.get()
    return found.request_id if found else None


def bind_incident(reference: str) -> None:
    """Add an incident, like `INC-7`, to the current context."""
    found = _context.get()
    if found and reference not in found.incidents and len(found.incidents) < MAX_INCIDENTS:
        found.incidents = (*found.incidents, reference)


def _add_context(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add the context's fields; those of the line itself take precedence."""
    found = _context.get()
    if found is None:
        return event
    numbers = found.incidents
    about = {"incident": numbers[0]} if len(numbers) == 1 else {"incidents": list(numbers)} if numbers else {}
    for name, value in {"request_id": found.request_id, **about, **found.fields}.items():
        event.setdefault(name, value)
    return event


def hide_secrets(secrets: Iterable[str]) -> None:
    """Hide this process's own secrets in every line from now on."""
    forms = {form for each in secrets if len(each) >= SHORTEST_HIDDEN for form in _secret_forms(each)}
    _secrets[:] = sorted(forms.union(_secrets), key=len, reverse=True)  # one may be the beginning of another


def _secret_forms(secret: str) -> set[str]:
    """Return the secret as it is, as JSON and `repr` write it, and quoted as in an address."""
    return {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        quote(secret),
        quote(secret, safe=""),
    }


def scrub_text(text: str) -> str:
    """Return the text without this process's secrets and without anything that looks like one."""
    for each in _secrets:
        text = text.replace(each, HIDDEN)
    return SECRET.sub(HIDDEN, text)


def _sort_fields(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put time, level and event first, for people who read raw lines."""
    first = {name: event.pop(name) for name in ("timestamp", "level", "event") if name in event}
    return {**first, **event}


def _without_secrets(render: Any) -> Callable[[Any, str, MutableMapping[str, Any]], str]:
    """Wrap the renderer, so that lists, objects and tracebacks are scrubbed too."""

    def render_scrubbed(logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
        return scrub_text(str(render(logger, method, event)))

    return render_scrubbed


def _report_crash(kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
    """Print an uncaught exception as Python does, without secrets."""
    sys.stderr.write(scrub_text("".join(traceback.format_exception(kind, problem, trace))))


def _report_thread_crash(crash: threading.ExceptHookArgs) -> None:
    if crash.exc_value is not None and not isinstance(crash.exc_value, SystemExit):
        _report_crash(crash.exc_type, crash.exc_value, crash.exc_traceback)


def scrub_crashes() -> None:
    """Scrub uncaught exceptions, also in commands that log nothing."""
    sys.excepthook, threading.excepthook = _report_crash, _report_thread_crash


def configure_logging(*, level: str = "INFO", form: str | None = None) -> None:
    """
    Send all lines, those of libraries too, through structlog to standard error.

    `form` is `json` or `text`; None: text on a terminal, else JSON. Libraries log nothing below INFO, whatever the
    level, because there they log statements with their values.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _add_context,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    as_text = sys.stderr.isatty() if form is None else form == "text"
    if as_text:
        shared.remove(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
    )
    handler = LogOutput(sys.stderr)
    handler.setFormatter(_formatter(shared, as_text=as_text))
    scrub_crashes()
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(logging.getLevelNamesMapping()[level], logging.INFO))
    logging.getLogger("bot").setLevel(level)
    for talkative in ("apprise", "urllib3"):  # they log addresses, which hold tokens
        logging.getLogger(talkative).setLevel(logging.CRITICAL)
    for noisy in ("slack_bolt", "slack_sdk", "alembic", "aiohttp.access", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _formatter(shared: list[Any], *, as_text: bool) -> structlog.stdlib.ProcessorFormatter:
    """Return the formatter of all lines; `shared` processes those of libraries."""
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        if as_text
        else structlog.processors.JSONRenderer()
    )
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[remove_meta, _sort_fields, _without_secrets(renderer)]
    )
