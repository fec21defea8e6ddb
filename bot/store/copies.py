"""Where words of the record stand a second time: rows to be sent, answers that are kept, the audit, drafts."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import JSON, Table, Text, cast, or_, select, update
from sqlmodel import Session, col
from sqlmodel import select as sql_select
from sqlmodel.sql.sqltypes import AutoString

from bot.domain.terms import SourceKind
from bot.store.audit import AuditRow
from bot.store.deliveries import Delivery
from bot.store.incidents import Incident
from bot.store.outbox import OutboxRow
from bot.store.postmortems import Postmortem
from bot.store.tables import metadata
from bot.store.timeline import TimelineEntry
from bot.store.transcript import Message

Change = Callable[[str], str]


def changed(value: Any, change: Change) -> Any:
    """`value`, a column's or any part of a JSON column, with each text in it changed, keys of objects included."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(key): changed(each, change) for key, each in value.items()}
    if isinstance(value, list):
        return [changed(each, change) for each in value]
    return value


def change_incident(session: Session, incident: Incident, change: Change) -> None:
    """Every text that an incident's rows hold besides its timeline and its transcript."""
    key = incident.key
    _change(session, [incident], ("titles", "closure_reason"), change)
    _change(session, _rows(session, OutboxRow, key), ("details", "progress", "error"), change)
    _change(session, _rows(session, AuditRow, key), ("what", "details"), change)
    _change(session, _rows(session, Postmortem, key), ("blocks",), change)
    entries = _rows(session, TimelineEntry, key)
    _change(session, entries, ("withdrawn_why",), change)
    # What an alert says stands in several entries that nobody wrote: the declaration, its end.
    _change(session, [each for each in entries if each.source == SourceKind.ALERT], ("text",), change)


def _rows(session: Session, model: type[Any], incident_id: int) -> list[Any]:
    return list(session.exec(sql_select(model).where(model.incident_id == incident_id)))


def _change(session: Session, rows: list[Any], columns: tuple[str, ...], change: Change) -> None:
    for row in rows:
        for name in columns:
            before = getattr(row, name)
            after = changed(before, change)
            if after != before:
                setattr(row, name, after)
                session.add(row)


def change_answers(session: Session, change: Change) -> None:
    """The answers that are kept for deliveries that come twice."""
    kept = sql_select(Delivery).where(col(Delivery.answer).is_not(None))
    _change(session, list(session.exec(kept)), ("answer",), change)


def own_messages(session: Session, team_id: str, channel_id: str) -> list[Message]:
    """What the bot itself wrote into a channel."""
    statement = sql_select(Message).where(
        Message.team_id == team_id, Message.channel_id == channel_id, col(Message.is_own).is_(True)
    )
    return list(session.exec(statement))


def audit_of_entry(session: Session, incident_id: int, entry_id: int) -> Iterator[AuditRow]:
    for row in _rows(session, AuditRow, incident_id):
        if row.details.get("entry") == entry_id:
            yield row


def change_everywhere(session: Session, words: tuple[str, ...], change: Change) -> dict[str, int]:
    """
    Change every text in every table in which one of `words` stands; returns how many rows changed, by table.

    Rows are found by the database (a text in JSON is looked for as JSON writes it), and changed one by one.
    """
    session.flush()
    counts: dict[str, int] = {}
    for table in metadata.sorted_tables:
        found = _change_table(session, table, words, change)
        if found:
            counts[table.name] = found
    session.expire_all()
    return counts


def _change_table(session: Session, table: Table, words: tuple[str, ...], change: Change) -> int:
    texts = [column for column in table.columns if isinstance(column.type, JSON | AutoString)]
    if not texts:
        return 0
    written = dict.fromkeys([*words, *(json.dumps(word)[1:-1] for word in words)])
    matches = [cast(column, Text).contains(word, autoescape=True) for column in texts for word in written]
    keys = list(table.primary_key.columns)
    count = 0
    for row in session.execute(select(table).where(or_(*matches))).mappings().all():
        after = {column.name: changed(row[column.name], change) for column in texts}
        different = {name: value for name, value in after.items() if value != row[name]}
        if different:
            here = [column == row[column.name] for column in keys]
            session.execute(update(table).where(*here).values(different))
            count += 1
    return count


def all_values(session: Session) -> Iterator[tuple[str, Any]]:
    """Every value of every row of every table, with the table's name: to look for what must not be there."""
    for table in metadata.sorted_tables:
        for row in session.execute(select(table)):
            yield from ((table.name, value) for value in row)
