"""How a command ends: by which code, and with which words on standard error. The table is in docs/operations.md."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from structlog import get_logger

from bot.config import ConfigurationError
from bot.domain.errors import UserError
from bot.store.database.session import DatabaseDamaged, DatabaseInUse, DatabaseUnavailable

log = get_logger(__name__)

DONE = 0
FAILED = 1
"""It was tried, and did not work: the database does not answer, a check found something, something broke."""
UNUSABLE = 2
"""The call, the configuration or the environment is wrong. Trying again changes nothing."""
IN_USE = 3
"""Another process has the SQLite file."""
BY_SIGNAL = 128
"""And the signal's number: 130 for Ctrl-C, 143 for SIGTERM, where it did not end in order."""


@contextmanager
def told_in_words() -> Iterator[None]:
    """Every refusal is one sentence on standard error and an exit code."""
    try:
        yield
    except click.ClickException as problem:
        problem.show()
        sys.exit(problem.exit_code)
    except click.Abort:
        sys.exit(BY_SIGNAL + signal.SIGINT)
    except ConfigurationError as problem:
        for each in problem.problems:
            click.echo(str(each), err=True)
        sys.exit(UNUSABLE)
    except UserError as problem:
        click.echo(problem.message, err=True)
        sys.exit(IN_USE if isinstance(problem, DatabaseInUse) else UNUSABLE)
    except DatabaseDamaged as problem:
        click.echo(str(problem), err=True)
        sys.exit(UNUSABLE)
    except DatabaseUnavailable as problem:
        click.echo(f"The database does not answer: {problem}", err=True)
        sys.exit(FAILED)


def ends_at_once() -> None:
    """
    SIGTERM ends this process in order, from now until `told_to_stop`: nothing has begun that could be finished.

    As process 1 of a container it would not hear the signal otherwise.
    """
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(DONE))


def told_to_stop() -> asyncio.Event:
    """
    Set on SIGTERM or SIGINT, from now on. Told again, the process ends where it stands.

    That loses nothing: what it was doing is looked up by whoever runs next, as after a crash.
    """
    told = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hear(number: signal.Signals) -> None:
        if told.is_set():
            log.warning("told to stop again: ends where it stands", signal=number.name)
            os._exit(BY_SIGNAL + number)
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, hear, number)
    return told
