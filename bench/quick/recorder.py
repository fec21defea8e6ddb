"""Counts statements, transactions and rows of a bot in this process."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, SessionTransaction

COUNTED = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
CALLER_NAMES = 3
BOT = str(Path(__file__).parents[2] / "bot")
DATABASE = f"{BOT}/store/database/"
OF_THE_MEASUREMENT = "find_next_due"
"""A transaction of this name asks when the next work is due. Only worlds that wait for it to end ask that."""


@dataclass(frozen=True, slots=True)
class Counts:
    """
    Costs of an act, and its limits. A transaction may read only; `rows` are those written.

    A statement with many rows of values counts once. Where one statement locks rows and writes some of them, all count
    that it returns.
    """

    statements: int
    transactions: int
    rows: int
    calls: int

    def least(self, other: "Counts") -> "Counts":
        return Counts(*map(min, astuple(self), astuple(other)))

    def above(self, limits: "Counts") -> list[str]:
        """What is more than allowed."""
        return [
            f"{getattr(self, each.name)} {each.name}, at most {getattr(limits, each.name)}"
            for each in fields(self)
            if getattr(self, each.name) > getattr(limits, each.name)
        ]


class Recorder:
    """`statements` and `transactions` by who made them, since the last `clear`."""

    def __init__(self) -> None:
        self.statements: Counter[str] = Counter()
        self.transactions: Counter[str] = Counter()
        self.rows = 0

    def clear(self) -> None:
        self.statements.clear()
        self.transactions.clear()
        self.rows = 0

    def on_statement(self, _connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        word = statement.split(None, 1)[0].upper()
        if word not in COUNTED or (caller := _transaction_name()) == OF_THE_MEASUREMENT:
            return
        self.statements[f"{caller}: {word} {' < '.join(_callers())}"] += 1
        lists = (
            [each for each in parameters if isinstance(each, str) and each.startswith("[")] if word == "WITH" else ()
        )
        if lists:  # the rows of several tables, each as a JSON list
            self.rows += sum(len(json.loads(each)) for each in lists)
        elif word != "SELECT":
            self.rows += cursor.rowcount if cursor.rowcount >= 0 else len(parameters)

    def on_begin(self, _session: Session, transaction: SessionTransaction, _connection: Any) -> None:
        if not transaction.nested and (caller := _transaction_name()) != OF_THE_MEASUREMENT:
            self.transactions[caller] += 1

    def counts(self, calls: int) -> Counts:
        return Counts(self.statements.total(), self.transactions.total(), self.rows, calls)


@contextmanager
def recording() -> Iterator[Recorder]:
    """Count what all databases of this process do within the block."""
    recorder = Recorder()
    event.listen(Engine, "after_cursor_execute", recorder.on_statement)
    event.listen(Session, "after_begin", recorder.on_begin)
    try:
        yield recorder
    finally:
        event.remove(Engine, "after_cursor_execute", recorder.on_statement)
        event.remove(Session, "after_begin", recorder.on_begin)


def _frames() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe()  # noqa: SLF001  a traceback would read every source file
    while frame is not None:
        if frame.f_code.co_filename.startswith(BOT):
            yield frame
        frame = frame.f_back


def _transaction_name() -> str:
    """The function that `database.run` or `database.read` was given; "commit" for what is written after it."""
    name = "commit"
    for frame in _frames():
        if frame.f_code.co_filename.startswith(DATABASE):
            break
        name = frame.f_code.co_name
    return name


def _callers() -> list[str]:
    """The innermost functions of the bot, as `module.function`."""
    found = [frame.f_code for frame in _frames() if not frame.f_code.co_filename.startswith(DATABASE)]
    return [f"{Path(code.co_filename).stem}.{code.co_name}" for code in found[:CALLER_NAMES]]
