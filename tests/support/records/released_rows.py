"""
Databases of earlier releases, as those left them behind.

`tests/data/released/NNNN.json` holds every row that the release with that newest revision wrote while a story was
played with it, and what it exported then; `NNNN.slack.json` is the workspace of the local Slack at that moment. In the
story INC-1 is over, INC-2 is open with a call for help that nobody has answered; when the release was stopped Slack
answered 503, so that a post, the card and the announcement of a change of status have an unknown outcome.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from alembic import command
from sqlalchemy import JSON, Boolean, Column, Connection, DateTime, MetaData, text
from sqlmodel import Session

from bot.sandbox.server import Sandbox
from bot.store.database.migrate import configuration
from bot.store.database.session import open_database
from tests.support.worlds.world import World

FOLDER = Path(__file__).parents[2] / "data" / "released"
REVISIONS = tuple(sorted(path.stem for path in FOLDER.glob("[0-9][0-9][0-9][0-9].json")))


@dataclass(frozen=True, slots=True)
class Released:
    """What a release left: its rows by table as SQLite holds them, its exports by reference, and when it stopped."""

    revision: str
    at: datetime
    tables: dict[str, list[dict[str, Any]]]
    exports: dict[str, dict[str, Any]]

    @classmethod
    def read(cls, revision: str) -> Self:
        found = json.loads((FOLDER / f"{revision}.json").read_text())
        return cls(revision, datetime.fromisoformat(found["at"]), found["tables"], found["exports"])

    async def fill(self, url: str) -> None:
        """Make an empty database this release's, with its rows."""
        database = open_database(url)
        try:
            await database.run(self._fill)
        finally:
            await database.close()

    def _fill(self, session: Session) -> None:
        connection = session.connection()
        command.upgrade(configuration(connection), self.revision)
        schema = MetaData()
        schema.reflect(connection)
        self.write(session, schema)

    def write(self, session: Session, schema: MetaData) -> None:
        """All that it wrote, in the columns of `schema`."""
        connection = session.connection()
        for table in schema.sorted_tables:
            rows = self.tables.get(table.name, [])
            if rows:
                connection.execute(table.insert(), [_typed(row, table.columns, connection) for row in rows])
            if connection.dialect.name == "postgresql" and rows and "id" in table.columns:
                counter = f"pg_get_serial_sequence('{table.name}', 'id')"
                connection.execute(text(f"SELECT setval({counter}, (SELECT max(id) FROM {table.name}))"))


def _typed(row: dict[str, Any], columns: Any, connection: Connection) -> dict[str, Any]:
    return {name: _value(value, columns[name], connection.dialect.name) for name, value in row.items()}


def _value(value: Any, column: Column[Any], dialect: str) -> Any:
    if value is None:
        return None
    if isinstance(column.type, DateTime):
        found = datetime.fromisoformat(value).replace(tzinfo=UTC)
        return found if dialect == "postgresql" else found.replace(tzinfo=None)
    if isinstance(column.type, JSON):
        return json.loads(value)
    return bool(value) if isinstance(column.type, Boolean) else value


class Continued(World):
    """A world in which this release's bot goes on with the database, and in the Slack, of an earlier one."""

    def __init__(self, released: Released, database_url: str, folder: Path, *, config: str = "") -> None:
        super().__init__(database_url, folder, start=released.at, config=config)
        state = folder / "slack"
        state.mkdir()
        (state / "workspace.json").write_text((FOLDER / f"{released.revision}.slack.json").read_text())
        self.sandbox = Sandbox(clock=self.clock, state=state)
