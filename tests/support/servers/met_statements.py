"""
What a run asks of each kind of database: PostgreSQL has to meet what flows ask of SQLite.

A statement is known by its verb and its tables: its text differs between the two. Statements of processes beside the
tests are not seen.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlmodel import SQLModel

VERBS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"})
Met = dict[str, dict[str, str]]
"""By dialect, and by verb and tables: a test that sent such a statement."""


@dataclass
class MetStatements:
    met: Met = field(default_factory=dict)

    @contextmanager
    def record(self, test: str) -> Iterator[None]:
        """Record what is sent until the block ends."""

        def remember(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if (known_by := describe_statement(statement)) is not None:
                self.met.setdefault(connection.dialect.name, {}).setdefault(known_by, test)

        event.listen(Engine, "before_cursor_execute", remember)
        try:
            yield
        finally:
            event.remove(Engine, "before_cursor_execute", remember)

    def add(self, met: Mapping[str, Mapping[str, str]]) -> None:
        """Add what another process has recorded."""
        for dialect, statements in met.items():
            self.met[dialect] = {**statements, **self.met.get(dialect, {})}

    def find_unmet(self) -> list[str]:
        """Lines for the statements that SQLite alone was asked."""
        asked, met = self.met.get("sqlite", {}), self.met.get("postgresql", {})
        return [f"{known_by}: {test}" for known_by, test in sorted(asked.items()) if known_by not in met]


@cache
def describe_statement(statement: str) -> str | None:
    """`SELECT incident timeline_entry`; None for what names no table, such as BEGIN."""
    words = re.findall(r"\w+", statement)
    tables = sorted(SQLModel.metadata.tables.keys() & set(words))
    return " ".join([words[0].upper(), *tables]) if words and words[0].upper() in VERBS and tables else None
