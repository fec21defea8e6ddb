"""Exit codes, error output and stop signals of commands. Codes: docs/operate/running.md."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from structlog import get_logger

from bot.domain.errors import UserError
from bot.lazy_loader import LazyModule

if TYPE_CHECKING:
    from bot.config import problems
    from bot.store.database import session
else:
    problems, session = LazyModule("bot.config.problems"), LazyModule("bot.store.database.session")

log = get_logger(__name__)

DONE = 0
FAILED = 1
"""The database does not answer, a check failed, or another error occurred."""
UNUSABLE = 2
"""Wrong arguments, configuration or environment: another try would fail, too."""
IN_USE = 3
"""Another process holds the SQLite file."""
BY_SIGNAL = 128
"""Plus the signal's number, after an interrupted run: 130 for Ctrl-C, 143 for SIGTERM."""


@contextmanager
def exit_on_error() -> Iterator[None]:
    """Turn an expected error into one sentence on standard error and an exit code."""
    try:
        yield
    except click.ClickException as problem:
        problem.show()
        sys.exit(problem.exit_code)
    except click.Abort:
        sys.exit(BY_SIGNAL + signal.SIGINT)
    except problems.ConfigurationError as problem:
        for each in problem.problems:
            click.echo(str(each), err=True)
        sys.exit(UNUSABLE)
    except UserError as problem:
        click.echo(problem.message, err=True)
        sys.exit(IN_USE if isinstance(problem, session.DatabaseInUse) else UNUSABLE)
    except session.DatabaseDamaged as problem:
        click.echo(str(problem), err=True)
        sys.exit(UNUSABLE)
    except session.DatabaseUnavailable as problem:
        click.echo(f"The database does not answer: {problem}", err=True)
        sys.exit(FAILED)


def exit_on_sigterm() -> None:
    """
    Exit with DONE on SIGTERM, until `create_stop_event` replaces the handler.

    Nothing has begun yet that should be finished. Without a handler, process 1 of a container ignores the signal.
    """
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(DONE))


def create_stop_event() -> asyncio.Event:
    """
    Return an event that SIGTERM or SIGINT sets. A second signal exits at once.

    That loses nothing: the next process recovers unfinished work, as after a crash.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal(number: signal.Signals) -> None:
        if stop.is_set():
            log.warning("second stop signal; exiting at once", signal=number.name)
            os._exit(BY_SIGNAL + number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal, number)
    return stop
