"""What the forms about one entry show: the entry as it stands, what is near it, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.domain.drafting.entries import with_names
from bot.domain.errors import UserError
from bot.domain.terms import Kind, Precision
from bot.domain.timeline.amendments import fixed_kinds, typed_time, why_not_beside
from bot.domain.times import show_time
from bot.services.entries.amend import carries, last_act, version_of
from bot.services.vendors.calls import act_of
from bot.services.workspace.people import MENTION
from bot.store.incidents import incidents, timeline
from bot.store.incidents.timeline import TimelineEntry
from bot.store.shared import people

OFFERED = 99
"""How many entries a form offers to choose from: Slack's menus end at a hundred."""
TOLD = 20
"""How many of an entry's changes its history tells, the latest."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another entry, to be chosen: its time and how it begins."""

    entry_id: int
    label: str


@dataclass(frozen=True, slots=True)
class EntryView:
    """
    An entry as forms show it. Names stand in its text instead of ids; `typed_at` is its time as it would be typed.

    `version` tells whether somebody changed it since. `neighbours` are the entries to merge with, `places` those it can
    be moved beside. `history` has what became of it, a line each; `undoable` says what can be taken back, or None.
    """

    entry_id: int
    incident_id: int
    incident: str
    version: str
    text: str
    typed_at: str
    zone: str
    kinds: tuple[Kind, ...]
    fixed: frozenset[Kind]
    language: str | None
    is_withdrawn: bool
    has_words: bool
    neighbours: tuple[Neighbour, ...] = ()
    places: tuple[Neighbour, ...] = ()
    history: tuple[str, ...] = ()
    undoable: str | None = None
    of_vendor: bool = False
    """Whether it tells what a vendor did."""

    @property
    def ref(self) -> str:
        return f"entry-{self.entry_id}"


def entry_view(session: Session, entry_id: int) -> EntryView:
    """Raises UserError if there is no such entry."""
    entry = timeline.get(session, entry_id)
    if entry is None:
        raise UserError("That entry does not exist.")
    row = incidents.get(session, entry.incident_id)
    zone, names = ZoneInfo(row.zone), _names(session, row.team_id, entry)
    near = timeline.around(session, entry, OFFERED)
    kinds = tuple(Kind(kind) for kind in entry.kinds)
    return EntryView(
        entry_id=entry.key,
        incident_id=row.key,
        incident=row.reference,
        version=version_of(entry),
        text=with_names(entry.text, names),
        typed_at=typed_time(entry.happened_at, Precision(entry.precision), zone),
        zone=zone.key,
        kinds=kinds,
        fixed=fixed_kinds(kinds, carries=carries(entry)),
        language=entry.language,
        is_withdrawn=entry.withdrawn_at is not None,
        has_words=entry.redacted_at is None and entry.deleted_at is None,
        neighbours=tuple(_neighbour(session, row.team_id, each, zone) for each in near),
        places=tuple(
            _neighbour(session, row.team_id, each, zone)
            for each in near
            if why_not_beside(entry.happened_at, each.sort_at) is None
        ),
        history=tuple(_history(entry, zone, names))[-TOLD:],
        undoable=_undoable(entry),
        of_vendor=act_of(entry) is not None,
    )


def with_ids(text: str, shown: str, entry: TimelineEntry, names: Mapping[str, str]) -> str:
    """What somebody wrote over `shown`, with the ids of those whom the entry mentioned instead of their names."""
    if text == shown:
        return entry.text
    for user_id in MENTION.findall(entry.text):
        if user_id in names:
            text = text.replace(f"@{names[user_id]}", f"<@{user_id}>")
    return text


def names_of(session: Session, entry: TimelineEntry) -> dict[str, str]:
    return _names(session, incidents.get(session, entry.incident_id).team_id, entry)


def _names(session: Session, team_id: str, entry: TimelineEntry) -> dict[str, str]:
    said = [entry.text, *(str(item.get("text") or "") for item in entry.earlier)]
    said += [entry.withdrawn_why or "", entry.redacted_why or ""]
    ids = [each for text in said for each in MENTION.findall(text)]
    who = [entry.author, entry.recorded_by, entry.withdrawn_by, entry.redacted_by]
    who += [item.get("by") for item in entry.earlier]
    return people.names(session, team_id, [*ids, *(each for each in who if each)])


def _neighbour(session: Session, team_id: str, entry: TimelineEntry, zone: ZoneInfo) -> Neighbour:
    at = show_time(entry.happened_at, zone, with_date=False, with_zone=False) if entry.happened_at else "–"
    ids = MENTION.findall(entry.text)
    said = with_names(entry.text, people.names(session, team_id, ids)) if ids else entry.text
    return Neighbour(entry.key, f"{at} {' '.join(said.split()) or ', '.join(entry.kinds)}")


def _history(entry: TimelineEntry, zone: ZoneInfo, names: Mapping[str, str]) -> list[str]:
    """Who did what to an entry, in order, with what stood there before. Words that were redacted are not there."""

    def who(user_id: str | None) -> str:
        return f" by @{names.get(user_id, user_id)}" if user_id else ""

    told = [(entry.recorded_at, f"recorded{who(entry.recorded_by)}")]
    for item in entry.earlier:
        before = _before(item, zone, names)
        told.append(
            (datetime.fromisoformat(item["until"]), f"{item.get('act', 'edited')}{who(item.get('by'))}{before}")
        )
    if entry.deleted_at is not None:
        told.append((entry.deleted_at, "its message was deleted"))
    if entry.redacted_at is not None:
        told.append((entry.redacted_at, f"redacted{who(entry.redacted_by)}: {entry.redacted_why}"))
    if entry.withdrawn_at is not None:
        why = with_names(entry.withdrawn_why or "", names)
        told.append((entry.withdrawn_at, f"taken off{who(entry.withdrawn_by)}: {why}"))
    return [f"{show_time(at, zone, with_zone=False)} {line}" for at, line in sorted(told, key=lambda each: each[0])]


def _before(item: Mapping[str, object], zone: ZoneInfo, names: Mapping[str, str]) -> str:
    """What stood there until then: the time and kinds where they are kept, and the words."""
    parts = []
    if "kinds" in item:
        at = item.get("happened_at")
        when = datetime.fromisoformat(str(at)) if at else None
        kinds = item["kinds"]
        shown = ", ".join(map(str, kinds)) if isinstance(kinds, list) else ""
        parts.append(f"{typed_time(when, Precision(str(item['precision'])), zone)}, {shown}")
    if item.get("text"):
        parts.append(f"“{with_names(str(item['text']), names)}”")
    return f"; before: {', '.join(parts)}" if parts else ""


def _undoable(entry: TimelineEntry) -> str | None:
    if entry.merged_into_id is not None:
        return f"Undo the merge into entry-{entry.merged_into_id}"
    if entry.withdrawn_at is not None:
        return "Put it back"
    last = last_act(entry)
    if last is None:
        return None
    what = {"amended": "amendment", "moved": "move", "merged": "merge"}[last["act"]]
    return f"Undo the last {what}"
