"""Search of incidents by their fields, and by the words of their record."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Text, and_, bindparam, case, cast, literal_column, or_
from sqlalchemy import select as columns
from sqlmodel import Session, col, func, select

from bot.domain.terms import Severity, Status
from bot.domain.text.search_key import COMBINING_MARKS, search_key
from bot.store.database.tables import dialect_of, table_of
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.visibility import Visibility


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """
    Filter of a list. Empty fields match all; `services` are search keys of parts of names.

    `drills` None: both; True: only drills; False: none.
    """

    statuses: frozenset[Status] = frozenset()
    severities: frozenset[Severity] = frozenset()
    services: tuple[str, ...] = ()
    drills: bool | None = False


def find_ids(
    session: Session, visibility: Visibility, wanted: IncidentFilter, *, by_severity: bool = False
) -> list[int]:
    """Ids of the matching incidents: the newest first, or the most severe first."""
    order = (col(Incident.severity), col(Incident.id).desc()) if by_severity else (col(Incident.id).desc(),)
    statement = (
        columns(table_of(Incident).c.id, table_of(Incident).c.services).where(visibility.condition).order_by(*order)
    )
    if wanted.statuses:
        statement = statement.where(col(Incident.status).in_(sorted(wanted.statuses)))
    if wanted.severities:
        statement = statement.where(col(Incident.severity).in_(sorted(wanted.severities)))
    if wanted.drills is not None:
        statement = statement.where(col(Incident.is_drill).is_(wanted.drills))
    return [key for key, services in session.execute(statement) if _serve(services, wanted.services)]


def _serve(services: Sequence[str], wanted: Sequence[str]) -> bool:
    names = [search_key(each) for each in services]
    return all(any(part in name for name in names) for part in wanted)


def find_by_ids(session: Session, ids: Sequence[int]) -> list[Incident]:
    """In the order of `ids`."""
    found = {row.key: row for row in session.exec(select(Incident).where(col(Incident.id).in_(ids)))}
    return [found[each] for each in ids if each in found]


@dataclass(frozen=True, slots=True)
class SearchHead:
    """Search key of an incident's own fields."""

    incident_id: int
    text: str


HEAD = (
    "id",
    "series",
    "number",
    "outside_reference",
    "titles",
    "services",
    "category",
    "responsibility",
    "closure_reason",
)


def find_heads(session: Session, visibility: Visibility, *, with_drills: bool) -> list[SearchHead]:
    """Search keys of all visible incidents, the newest first."""
    statement = (
        columns(*(table_of(Incident).c[name] for name in HEAD))
        .where(visibility.condition)
        .order_by(col(Incident.id).desc())
    )
    if not with_drills:
        statement = statement.where(col(Incident.is_drill).is_(False))
    return [_head(*row) for row in session.execute(statement)]


def _head(
    key: int, series: str, number: int, reference: str | None, titles: dict[str, str], services: list[str], *rest: str
) -> SearchHead:
    said = [f"{series}-{number}", reference, *titles.values(), *services, *rest]
    return SearchHead(key, search_key("\n".join(each for each in said if each)))


def find_word_matches(
    session: Session, visibility: Visibility, words: Sequence[str], *, with_drills: bool
) -> dict[int, frozenset[str]]:
    """The words that occur in the timeline of each visible incident, if any."""
    held = _contains_words(session, words)
    statement = (
        columns(table_of(TimelineEntry).c.incident_id, *(func.max(each) for each in held))
        .join(Incident, col(Incident.id) == TimelineEntry.incident_id)
        .where(visibility.condition, STANDING, _any(held))
        .group_by(col(TimelineEntry.incident_id))
    )
    if not with_drills:
        statement = statement.where(col(Incident.is_drill).is_(False))
    rows = session.execute(statement, _named(words)).all()
    return {row[0]: frozenset(word for word, is_held in zip(words, row[1:], strict=True) if is_held) for row in rows}


def find_best_entries(session: Session, ids: Collection[int], words: Sequence[str]) -> dict[int, TimelineEntry]:
    """The entry of each incident with the most of the words; of several the first."""
    held = _contains_words(session, words)
    place = func.row_number().over(
        partition_by=col(TimelineEntry.incident_id),
        order_by=(sum(held[1:], held[0]).desc(), col(TimelineEntry.sort_at), col(TimelineEntry.seq)),
    )
    ranked = (
        select(col(TimelineEntry.id).label("id"), place.label("place"))
        .where(col(TimelineEntry.incident_id).in_(ids), STANDING, _any(held))
        .subquery()
    )
    statement = select(TimelineEntry).join(ranked, col(TimelineEntry.id) == ranked.c.id).where(ranked.c.place == 1)
    return {entry.incident_id: entry for entry in session.exec(statement, params=_named(words))}


STANDING = and_(
    col(TimelineEntry.withdrawn_at).is_(None),
    or_(col(TimelineEntry.own_text) != "", col(TimelineEntry.fact).is_not(None)),
)


def _named(words: Sequence[str]) -> dict[str, str]:
    return {f"word{place}": word for place, word in enumerate(words)}


def _contains_words(session: Session, words: Sequence[str]) -> list[ColumnElement[int]]:
    """1 for each word that an entry's text contains literally, else 0."""
    return [case((_holds(session, place), 1), else_=0) for place in range(len(words))]


def _any(held: Sequence[ColumnElement[int]]) -> ColumnElement[bool]:
    return or_(*(each == 1 for each in held))


def _holds(session: Session, place: int) -> ColumnElement[bool]:
    """The same steps as `search_key`: SQLite calls that function, PostgreSQL has them built in."""
    word: ColumnElement[str] = bindparam(f"word{place}")
    text = func.coalesce(cast(col(TimelineEntry.fact), Text), "").concat(col(TimelineEntry.own_text))
    if dialect_of(session) == "sqlite":
        return func.instr(func.folded(text), word) > 0
    bare = func.regexp_replace(func.normalize(text, literal_column("NFKD")), f"[{COMBINING_MARKS}]", "", "g")
    return func.strpos(func.lower(bare), word) > 0
