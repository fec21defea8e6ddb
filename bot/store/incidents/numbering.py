"""Numbers of incidents, one sequence for each series."""

from functools import cache

from sqlalchemy import Executable
from sqlmodel import Field, Session, select

from bot.store.database.tables import StoredRow, dialect_of, insert_for, table_of


class Counter(StoredRow, table=True):
    """The last number of a series. Drills have a separate series."""

    __tablename__ = "counter"

    team_id: str = Field(primary_key=True)
    series: str = Field(primary_key=True)
    value: int


def has_numbers(session: Session, team_id: str) -> bool:
    """Whether an incident was ever declared."""
    return session.exec(select(Counter.value).where(Counter.team_id == team_id).limit(1)).first() is not None


def next_number(session: Session, team_id: str, series: str) -> int:
    """The series' next number. The counter is locked until the transaction ends."""
    first = {"team_id": team_id, "series": series, "value": 1}
    return int(session.execute(_counting(dialect_of(session)), first).scalar_one())


@cache
def _counting(dialect: str) -> Executable:
    value = table_of(Counter).c.value
    return (
        insert_for(dialect, Counter)
        .on_conflict_do_update(index_elements=["team_id", "series"], set_={"value": value + 1})
        .returning(value)
    )


def find_series(session: Session, team_id: str) -> list[str]:
    """Prefixes of references that were ever given, also those of an earlier configuration."""
    return list(session.exec(select(Counter.series).where(Counter.team_id == team_id).order_by(Counter.series)))
