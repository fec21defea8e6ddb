"""
The index of words: of incidents' own fields, of their entries and of their postmortems.

Triggers of the database keep it (`migrations/search_index`): FTS5 in SQLite, `tsvector` in PostgreSQL. Each document
has an incident and a slot: 0 for the fields, else the entry's id, or from BLOCK_SLOTS on a part of the postmortem. In
SQLite both are its rowid.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    Text,
    bindparam,
    case,
    cast,
    column,
    literal_column,
    null,
    table,
    text,
    union_all,
)
from sqlalchemy import select as columns
from sqlmodel import Session, col, func, select

from bot.domain.text.search_terms import SearchTerm
from bot.store.database.tables import dialect_of
from bot.store.incidents.document.blocks import PostmortemBlock
from bot.store.incidents.incidents import Incident
from bot.store.incidents.postmortems import Postmortem
from bot.store.incidents.search.filter import IncidentFilter, narrow
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.visibility import Visibility

INDEX = table("search_index")
SLOT_BITS = 36
SLOT_MASK = (1 << SLOT_BITS) - 1
BLOCK_SLOTS, PUBLICATION_SLOTS = 1 << 35, 3 << 34
"""First slot of blocks that people wrote, and of published versions: their ids are added."""


def find_matches(
    session: Session, visibility: Visibility, terms: Sequence[SearchTerm], wanted: IncidentFilter
) -> dict[int, int | None]:
    """
    The visible incidents with all terms, each with the slot of what to show.

    That is the id of an entry, else the slot of a part of the postmortem.

    None: only the incident's fields match. Incidents with more of the terms in their fields come first, then the
    last declared.
    """
    dialect = dialect_of(session)
    queries = [_sqlite_query(each) if dialect == "sqlite" else _postgres_query(each) for each in terms]
    values = {f"term{place}": query for place, query in enumerate(queries)}
    values["terms"] = (" AND " if dialect == "sqlite" else " & ").join(queries)
    statement = narrow(_matching_incidents(dialect, len(terms)).where(visibility.condition), wanted)
    return {row[0]: row[1] for row in session.execute(statement, values)}


@cache
def _matching_incidents(dialect: str, count: int) -> Select[tuple[int, int | None]]:
    found = (_documents(dialect, "term0") if count == 1 else _with_all_terms(dialect, count)).subquery()
    order = (found.c.in_fields.desc(), col(Incident.declared_at).desc(), col(Incident.id).desc())
    statement = columns(col(Incident.id), found.c.entry).join(found, found.c.incident_id == col(Incident.id))
    return statement.order_by(*order)


def _with_all_terms(dialect: str, count: int) -> Select[Any]:
    """The entry is the first one with all terms, else the first with one."""
    parts = [_documents(dialect, f"term{place}") for place in range(count)]
    each = union_all(*parts, _documents(dialect, "terms", is_all=True)).subquery()
    entry = func.coalesce(func.min(each.c.entry_with_all), func.min(each.c.entry)).label("entry")
    found = columns(each.c.incident_id, func.sum(each.c.in_fields).label("in_fields"), entry)
    return found.group_by(each.c.incident_id).having(func.sum(each.c.terms) == count)


def _documents(dialect: str, query: str, *, is_all: bool = False) -> Select[Any]:
    """By incident: whether its fields match, and the first entry that does."""
    named = bindparam(query, type_=Text())
    incident_id, slot, condition = _sqlite_hits(named) if dialect == "sqlite" else _postgres_hits(named)
    entry = func.min(func.nullif(slot, 0))
    none = cast(null(), BigInteger)
    found: list[ColumnElement[Any]] = [
        incident_id.label("incident_id"),
        literal_column("0" if is_all else "1", Integer()).label("terms"),
        (literal_column("0", Integer()) if is_all else case((func.min(slot) == 0, 1), else_=0)).label("in_fields"),
        (none if is_all else entry).label("entry"),
        (entry if is_all else none).label("entry_with_all"),
    ]
    return columns(*found).select_from(INDEX).where(condition).group_by(incident_id)


def _sqlite_hits(query: BindParameter[str]) -> tuple[ColumnElement[int], ColumnElement[int], ColumnElement[bool]]:
    document = column("rowid", BigInteger())
    slots = document.bitwise_and(literal_column(str(SLOT_MASK), BigInteger()))
    shifted = document.bitwise_rshift(literal_column(str(SLOT_BITS), Integer()))
    return shifted, slots, literal_column("search_index").bool_op("MATCH")(query)


def _postgres_hits(query: BindParameter[str]) -> tuple[ColumnElement[int], ColumnElement[int], ColumnElement[bool]]:
    parsed = func.to_tsquery(literal_column("'pg_catalog.simple'"), cast(query, Text))
    return column("incident_id", Integer()), column("slot", BigInteger()), column("words").bool_op("@@")(parsed)


def _sqlite_query(term: SearchTerm) -> str:
    """Words have letters and digits only, so nothing in them is syntax."""
    return f'"{" ".join(term.words)}"{" *" if term.is_prefix else ""}'


def _postgres_query(term: SearchTerm) -> str:
    return " <-> ".join(f"'{each}'" for each in term.words) + (":*" if term.is_prefix else "")


def load_entries(session: Session, matches: Mapping[int, int | None]) -> dict[int, TimelineEntry]:
    """The entries to show, by incident."""
    ids = [each for each in matches.values() if each is not None and each < BLOCK_SLOTS]
    found = session.exec(select(TimelineEntry).where(col(TimelineEntry.id).in_(ids))) if ids else ()
    return {entry.incident_id: entry for entry in found}


def load_postmortem_texts(session: Session, matches: Mapping[int, int | None]) -> dict[int, str]:
    """The text of the postmortem's part to show, by incident."""
    slots = [each for each in matches.values() if each is not None and each >= BLOCK_SLOTS]
    blocks = [each - BLOCK_SLOTS for each in slots if each < PUBLICATION_SLOTS]
    versions = [each - PUBLICATION_SLOTS for each in slots if each >= PUBLICATION_SLOTS]
    found: dict[int, str] = {}
    if blocks:
        written = session.exec(select(PostmortemBlock).where(col(PostmortemBlock.id).in_(blocks)))
        found |= {block.incident_id: block.edited or "" for block in written}
    if versions:
        published = session.exec(select(Postmortem).where(col(Postmortem.id).in_(versions)))
        found |= {version.incident_id: _published_text(version) for version in published}
    return found


def _published_text(version: Postmortem) -> str:
    return "\n".join(line["generated"]["text"] or "" for line in version.blocks)


def purge_removed_words(session: Session) -> None:
    """
    Delete the words of changed and removed documents from the index for good.

    They are not found any more, but FTS5 keeps them beside a mark until it merges its parts. PostgreSQL has them in
    dead rows only.
    """
    session.flush()
    if dialect_of(session) == "sqlite":
        session.execute(text("INSERT INTO search_index (search_index) VALUES ('optimize')"))


def find_indexed_words(session: Session) -> list[Any]:
    """Everything that the index keeps, as it is stored: to search for what must not be there."""
    stored = (
        "SELECT block FROM search_index_data" if dialect_of(session) == "sqlite" else "SELECT words FROM search_index"
    )
    return list(session.scalars(text(stored)))
