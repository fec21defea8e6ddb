"""Where words of the record stand a second time: rows to be sent, answers that are kept, the audit, drafts."""

import json
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Table, Text, cast, or_, select, tuple_, update
from sqlmodel import Session, col
from sqlmodel import select as sql_select
from sqlmodel.sql.sqltypes import AutoString

from bot.domain.terms import SourceKind
from bot.store.database.tables import metadata, table_of
from bot.store.incidents.incidents import Incident
from bot.store.incidents.postmortems import Postmortem
from bot.store.incidents.roles import IncidentRole
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.transcript import Message, Reaction
from bot.store.outbox import UNFINISHED, OutboxRow
from bot.store.shared.audit import AuditRow
from bot.store.shared.idempotency import Delivery

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
    fields = ("titles", "closure_reason", "category", "responsibility", "outside_reference")
    _change(session, [incident], fields, change)
    _change(session, _rows(session, OutboxRow, key), ("details", "progress", "error"), change)
    _change(session, _rows(session, AuditRow, key), ("what", "details"), change)
    _change(session, _rows(session, Postmortem, key), ("blocks",), change)
    _change(session, _rows(session, IncidentRole, key), ("note",), change)
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


def seal_own(session: Session, team_id: str, channel_id: str, ts: str, at: datetime) -> None:
    """A message of the bot itself has no words here from now on, known or not."""
    known = session.get(Message, (team_id, channel_id, ts))
    known = known or Message(team_id=team_id, channel_id=channel_id, ts=ts, is_own=True, stored_at=at)
    known.text, known.files, known.sealed_at = "", [], at
    session.add(known)
    session.flush()


def audit_of_entry(session: Session, incident_id: int, entry_id: int) -> Iterator[AuditRow]:
    for row in _rows(session, AuditRow, incident_id):
        if row.details.get("entry") == entry_id:
            yield row


MACHINE = frozenset(
    {
        "kinds",
        "status",
        "severity",
        "source",
        "precision",
        "emoji",
        "zone",
        "template",
        "languages",
        "services",
        "lane",
        "target",
        "state",
        "key",
        "series",
        "origin",
        "kind",
        "target_kind",
        "means",
        "language",
        "role",
    }
)
"""Columns that hold words of ours or of the configuration, and ids: a person's name in them is no name."""


def change_everywhere(session: Session, words: tuple[str, ...], ids: Change, prose: Change) -> dict[str, int]:
    """
    Change every text in every table in which one of `words` stands, by `ids`, and by `prose` where people's words may
    be. Returns how many rows changed, by table.

    Rows are found by the database (a text in JSON is looked for as JSON writes it), and changed one by one.
    """
    session.flush()
    counts: dict[str, int] = {}
    for table in metadata.sorted_tables:
        found = _change_table(session, table, words, ids, prose)
        if found:
            counts[table.name] = found
    session.expire_all()
    return counts


def _change_table(session: Session, table: Table, words: tuple[str, ...], ids: Change, prose: Change) -> int:
    texts = [column for column in table.columns if isinstance(column.type, JSON | AutoString)]
    if not texts:
        return 0
    written = dict.fromkeys([*words, *(json.dumps(word)[1:-1] for word in words)])
    matches = [cast(column, Text).icontains(word, autoescape=True) for column in texts for word in written]
    keys = list(table.primary_key.columns)
    count = 0
    for row in session.execute(select(table).where(or_(*matches))).mappings().all():
        after = {column.name: changed(row[column.name], ids) for column in texts}
        after |= {name: changed(value, prose) for name, value in after.items() if name not in MACHINE}
        different = {name: value for name, value in after.items() if value != row[name]}
        if different:
            here = [column == row[column.name] for column in keys]
            session.execute(update(table).where(*here).values(different))
            count += 1
    return count


def seal_messages_of(session: Session, team_id: str, user_id: str, at: datetime) -> int:
    """Seal what somebody wrote or marked, or is mentioned in: what Slack still tells of it is not taken in again."""
    marked = select(col(Reaction.channel_id), col(Reaction.message_ts)).where(
        col(Reaction.team_id) == team_id, col(Reaction.user_id) == user_id
    )
    theirs = or_(
        col(Message.author) == user_id,
        col(Message.text).contains(user_id, autoescape=True),
        tuple_(col(Message.channel_id), col(Message.ts)).in_(marked),
    )
    sealing = update(table_of(Message)).where(col(Message.team_id) == team_id, theirs, col(Message.sealed_at).is_(None))
    return int(getattr(session.execute(sealing.values(sealed_at=at)), "rowcount", 0))


def forget_unsent(session: Session, user_id: str) -> int:
    """Drop what waits to be sent to one person, and take them off the lists of whom to invite."""
    waiting = sql_select(OutboxRow).where(
        col(OutboxRow.state).in_(UNFINISHED), cast(col(OutboxRow.details), Text).contains(user_id, autoescape=True)
    )
    count = 0
    for row in session.exec(waiting):
        users = row.details.get("users")
        if row.details.get("user_id") == user_id:
            session.delete(row)
            count += 1
        elif isinstance(users, list):
            row.details = {**row.details, "users": [each for each in users if each != user_id]}
            session.add(row)
    session.flush()
    return count


def drafts_naming(session: Session, words: Collection[str]) -> list[str]:
    """The incidents of which a draft stands in Slack that names somebody, by their references."""
    posted = sql_select(Postmortem, Incident).where(
        col(Postmortem.incident_id) == col(Incident.id), col(Postmortem.file_id).is_not(None), Postmortem.file_id != ""
    )
    found = {
        incident.reference
        for version, incident in session.exec(posted)
        if any(word in json.dumps(version.blocks, ensure_ascii=False) for word in words)
    }
    return sorted(found)


def channels_naming(session: Session, words: Collection[str]) -> list[str]:
    """The names of incidents' channels in which one of these words stands: only Slack can rename them."""
    names = [name for name in session.exec(sql_select(Incident.channel_name)) if name]
    return sorted(name for name in names if any(word.casefold() in name for word in words))


def all_values(session: Session) -> Iterator[tuple[str, Any]]:
    """Every value of every row of every table, with the table's name: to look for what must not be there."""
    for table in metadata.sorted_tables:
        for row in session.execute(select(table)):
            yield from ((table.name, value) for value in row)
