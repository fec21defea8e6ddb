"""Copies of the record's texts: queued rows, kept answers, audit log, drafts."""

import json
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Table, Text, cast, func, or_, select, tuple_, update
from sqlmodel import Session, col
from sqlmodel import select as sql_select
from sqlmodel.sql.sqltypes import AutoString

from bot.domain.terms import SourceKind
from bot.store.database.tables import metadata, table_of
from bot.store.incidents.document import canvas
from bot.store.incidents.document.blocks import PostmortemBlock
from bot.store.incidents.document.comments import PostmortemComment
from bot.store.incidents.document.versions import PostmortemChange
from bot.store.incidents.incidents import Incident
from bot.store.incidents.postmortems import Postmortem
from bot.store.incidents.roles import IncidentRole
from bot.store.incidents.search.text_index import find_indexed_words, purge_removed_words
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.transcript import Message, Reaction
from bot.store.outbox import UNFINISHED, OutboxRow
from bot.store.shared.audit import IS_ERASURE, AuditRow
from bot.store.shared.idempotency import Delivery
from bot.store.status_page import PublicationRequest

Change = Callable[[str], str]


def replace_text(value: Any, change: Change) -> Any:
    """Apply `change` to each text in a column's value, keys of JSON objects included."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(key): replace_text(each, change) for key, each in value.items()}
    if isinstance(value, list):
        return [replace_text(each, change) for each in value]
    return value


def replace_in_incident(session: Session, incident: Incident, change: Change) -> None:
    """Change every text of an incident outside its timeline and its transcript."""
    key = incident.key
    fields = ("titles", "unmapped_severity", "closure_reason", "category", "responsibility", "outside_reference")
    _change(session, [incident], fields, change)
    _change(session, _rows(session, OutboxRow, key), ("details", "progress", "error"), change)
    _change(session, _rows(session, AuditRow, key), ("action", "details"), change)
    _change(session, _rows(session, Postmortem, key), ("blocks",), change)
    _change(session, _rows(session, PostmortemBlock, key), ("base", "edited"), change)
    _change(session, _rows(session, PostmortemChange, key), ("before", "after"), change)
    _change(session, _rows(session, PostmortemComment, key), ("text",), change)
    canvas.clear_texts(session, key, change)
    _change(session, _rows(session, IncidentRole, key), ("note",), change)
    _change(session, _rows(session, PublicationRequest, key), ("wanted", "shown", "reason"), change)
    entries = _rows(session, TimelineEntry, key)
    _change(session, entries, ("withdrawal_reason",), change)
    # An alert's text is in several entries that nobody wrote: the declaration, its end.
    _change(session, [each for each in entries if each.source == SourceKind.ALERT], ("text",), change)


def _rows(session: Session, model: type[Any], incident_id: int) -> list[Any]:
    return list(session.exec(sql_select(model).where(model.incident_id == incident_id)))


def _change(session: Session, rows: list[Any], columns: tuple[str, ...], change: Change) -> None:
    for row in rows:
        for name in columns:
            before = getattr(row, name)
            after = replace_text(before, change)
            if after != before:
                setattr(row, name, after)
                session.add(row)


def replace_in_answers(session: Session, change: Change) -> None:
    """Change the answers that are kept for repeated deliveries."""
    kept = sql_select(Delivery).where(col(Delivery.answer).is_not(None))
    _change(session, list(session.exec(kept)), ("answer",), change)


def mark_removals(session: Session, incident: Incident, *, with_transcript: bool) -> str:
    """
    Return a mark of what was removed from an incident's texts, to compare.

    It differs once words were redacted or deleted, or a person was erased.
    `with_transcript`: messages of the channel count, too. No clock: a transaction may commit later than its time says.
    """
    entries = select(func.count()).where(
        col(TimelineEntry.incident_id) == incident.key,
        or_(col(TimelineEntry.redacted_at).is_not(None), col(TimelineEntry.deleted_at).is_not(None)),
    )
    erased = select(func.count()).where(col(AuditRow.team_id) == incident.team_id, IS_ERASURE)
    messages = select(func.count()).where(
        col(Message.team_id) == incident.team_id,
        col(Message.channel_id) == (incident.channel_id or ""),
        or_(col(Message.frozen_at).is_not(None), col(Message.deleted_at).is_not(None)),
    )
    counts = [entries, erased, *([messages] if with_transcript else [])]
    return ".".join(str(session.execute(each).scalar_one()) for each in counts)


def find_own_messages(session: Session, team_id: str, channel_id: str) -> list[Message]:
    """Messages of the bot in a channel."""
    statement = sql_select(Message).where(
        Message.team_id == team_id, Message.channel_id == channel_id, col(Message.is_own).is_(True)
    )
    return list(session.exec(statement))


def clear_own_message(session: Session, team_id: str, channel_id: str, ts: str, at: datetime) -> None:
    """Clear a message of the bot for good, known or not."""
    known = session.get(Message, (team_id, channel_id, ts))
    known = known or Message(team_id=team_id, channel_id=channel_id, ts=ts, is_own=True, stored_at=at)
    known.text, known.files, known.frozen_at = "", [], at
    session.add(known)
    session.flush()


def find_audit_by_entry(session: Session, incident_id: int, entry_id: int) -> Iterator[AuditRow]:
    named = col(AuditRow.details)["entry"].as_integer() == entry_id
    yield from session.exec(sql_select(AuditRow).where(AuditRow.incident_id == incident_id, named))


MACHINE_COLUMNS = frozenset(
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
        "postmortem_state",
        "digest",
        "key",
        "series",
        "origin",
        "kind",
        "target_kind",
        "method",
        "language",
        "role",
        "need",
        "because",
        "act",
        "section",
        "refs",
    }
)
"""Columns with ids and words of ours or of the configuration: no names of people."""


def replace_everywhere(session: Session, words: tuple[str, ...], ids: Change, prose: Change) -> dict[str, int]:
    """
    Change every text in every table that contains one of `words`; return row counts by table.

    `ids` changes all of them, `prose` those that people may have written. The database finds the rows (a text in JSON
    as JSON writes it); they are changed one by one.
    """
    session.flush()
    counts: dict[str, int] = {}
    for table in metadata.sorted_tables:
        found = _change_table(session, table, words, ids, prose)
        if found:
            counts[table.name] = found
    session.expire_all()
    purge_removed_words(session)
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
        after = {column.name: replace_text(row[column.name], ids) for column in texts}
        after |= {name: replace_text(value, prose) for name, value in after.items() if name not in MACHINE_COLUMNS}
        different = {name: value for name, value in after.items() if value != row[name]}
        if different:
            here = [column == row[column.name] for column in keys]
            session.execute(update(table).where(*here).values(different))
            count += 1
    return count


def freeze_messages(session: Session, team_id: str, user_id: str, at: datetime) -> int:
    """Freeze messages that a person wrote, marked, or is mentioned in: later events are ignored."""
    marked = select(col(Reaction.channel_id), col(Reaction.message_ts)).where(
        col(Reaction.team_id) == team_id, col(Reaction.user_id) == user_id
    )
    theirs = or_(
        col(Message.author) == user_id,
        col(Message.text).contains(user_id, autoescape=True),
        tuple_(col(Message.channel_id), col(Message.ts)).in_(marked),
    )
    sealing = update(table_of(Message)).where(col(Message.team_id) == team_id, theirs, col(Message.frozen_at).is_(None))
    return int(getattr(session.execute(sealing.values(frozen_at=at)), "rowcount", 0))


def unsent_rows_naming(session: Session, user_id: str) -> list[OutboxRow]:
    """Outbox rows, not sent yet, whose payload holds the user's id."""
    naming = cast(col(OutboxRow.details), Text).contains(user_id, autoescape=True)
    return list(session.exec(sql_select(OutboxRow).where(col(OutboxRow.state).in_(UNFINISHED), naming)))


def find_drafts_naming(session: Session, words: Collection[str]) -> list[str]:
    """References of incidents with a posted draft that contains one of the words."""
    posted = sql_select(Postmortem, Incident).where(
        col(Postmortem.incident_id) == col(Incident.id), col(Postmortem.file_id).is_not(None), Postmortem.file_id != ""
    )
    found = {
        incident.reference
        for version, incident in session.exec(posted)
        if any(word in json.dumps(version.blocks, ensure_ascii=False) for word in words)
    }
    return sorted(found)


def find_channels_naming(session: Session, words: Collection[str]) -> list[str]:
    """Names of incidents' channels that contain one of the words: only Slack can rename them."""
    names = [name for name in session.exec(sql_select(Incident.channel_name)) if name]
    return sorted(name for name in names if any(word.casefold() in name for word in words))


def iter_values(session: Session) -> Iterator[tuple[str, Any]]:
    """Every value of every row with its table, to search for what must not be there."""
    for table in metadata.sorted_tables:
        for row in session.execute(select(table)):
            yield from ((table.name, value) for value in row)
    yield from (("search_index", value) for value in find_indexed_words(session))
