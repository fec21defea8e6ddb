"""Structured logs: one JSON object a line, or colours on a terminal. Secrets never get in."""

import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, MutableMapping
from types import TracebackType
from typing import Any
from urllib.parse import quote

import structlog

SECRET = re.compile(r"(xox[a-z]-|xapp-|xoxe\.)[A-Za-z0-9-]+|(?<=Bearer )[^\s\"']+|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)")
"""Slack's tokens, bearer tokens, and name and password in an address."""


HIDDEN = "[secret]"
SHORTEST_HIDDEN = 12
"""Characters. A shorter one, like a database's password that is a word, would take that word out of every line."""

_known: list[str] = []


def hide(secrets: Iterable[str]) -> None:
    """These are this process's own secrets: from now on they stand in no line, whatever they look like."""
    forms = {form for each in secrets if len(each) >= SHORTEST_HIDDEN for form in _forms(each)}
    _known[:] = sorted(forms.union(_known), key=len, reverse=True)  # one may be the beginning of another


def _forms(secret: str) -> set[str]:
    """As it is, as JSON and `repr` write it, and as it stands in an address."""
    return {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1],
            quote(secret), quote(secret, safe="")}  # fmt: skip


def scrubbed(text: str) -> str:
    """The text without this process's secrets and without what looks like one."""
    for each in _known:
        text = text.replace(each, HIDDEN)
    return SECRET.sub(HIDDEN, text)


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


def configure(*, level: str = "INFO") -> None:
    """Send everything, the libraries' lines too, through structlog to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    on_terminal = sys.stderr.isatty()
    renderer: Any = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if on_terminal
        else structlog.processors.JSONRenderer()
    )
    if on_terminal:
        shared.remove(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _without_secrets(renderer)],
        )
    )
    scrub_crashes()
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for noisy in ("slack_bolt", "slack_sdk", "alembic", "aiohttp.access", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
