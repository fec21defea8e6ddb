"""View of one entry for its forms: present values, neighbours and history."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.domain.errors import UserError
from bot.domain.record.translations import read_translations
from bot.domain.terms import Kind, Precision
from bot.domain.text.mentions import resolve_mentions
from bot.domain.timeline.amendments import fixed_kinds, format_editable_time, placement_problem
from bot.domain.times import format_time
from bot.lazy_dataclass import dataclass
from bot.services.entries.amend import has_own_record
from bot.services.entries.versions import entry_version, last_undoable_change
from bot.services.vendors.entry_sync import vendor_event_of
from bot.services.workspace.people import MENTION
from bot.store.incidents import incidents, timeline
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.shared import people

MAX_NEIGHBOURS = 99
"""Entries that a form offers to choose from; Slack's menus hold a hundred options."""
MAX_HISTORY = 20
"""Changes in an entry's history, the latest."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another entry to choose: its time and the beginning of its text."""

    entry_id: int
    label: str


@dataclass(frozen=True, slots=True)
class EntryView:
    """
    An entry as its forms show it, with names in place of user ids.

    `typed_at` is its time as people would type it, `version` detects concurrent changes. `neighbours` are the entries
    to merge with, `places` those it can be moved beside. `history` has one line per change; `undoable` is the label of
    the last change, None if there is none.
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
    translations: Mapping[str, str] = field(default_factory=dict)
    """Words by each further language of the documents, empty if there are none."""
    of_vendor: bool = False
    """True for an entry about a vendor's answer."""

    @property
    def ref(self) -> str:
        return f"entry-{self.entry_id}"


def load_entry_view(session: Session, entry_id: int) -> EntryView:
    """Raises UserError if there is no such entry."""
    entry = timeline.get(session, entry_id)
    if entry is None:
        raise UserError("That entry does not exist.")
    row = incidents.get(session, entry.incident_id)
    zone, names = ZoneInfo(row.zone), _names(session, row.team_id, entry)
    near = timeline.find_neighbours(session, entry, MAX_NEIGHBOURS)
    kinds = tuple(Kind(kind) for kind in entry.kinds)
    return EntryView(
        entry_id=entry.key,
        incident_id=row.key,
        incident=row.reference,
        version=entry_version(entry),
        text=resolve_mentions(entry.text, names),
        typed_at=format_editable_time(entry.happened_at, Precision(entry.precision), zone),
        zone=zone.key,
        kinds=kinds,
        fixed=fixed_kinds(kinds, carries=has_own_record(entry)),
        language=entry.language,
        translations=_translations(row, entry, names),
        is_withdrawn=entry.withdrawn_at is not None,
        has_words=entry.redacted_at is None and entry.deleted_at is None,
        neighbours=tuple(_neighbour_label(session, row.team_id, each, zone) for each in near),
        places=tuple(
            _neighbour_label(session, row.team_id, each, zone)
            for each in near
            if placement_problem(entry.happened_at, each.sort_at) is None
        ),
        history=tuple(_history_lines(entry, zone, names))[-MAX_HISTORY:],
        undoable=_undo_label(entry),
        of_vendor=vendor_event_of(entry) is not None,
    )


def _translations(row: Incident, entry: TimelineEntry, names: Mapping[str, str]) -> dict[str, str]:
    """Those of the entry, and an empty text for the other languages of the documents."""
    known = {each.language: resolve_mentions(each.text, names) for each in read_translations(entry.translations)}
    own = entry.language or row.languages[0]
    return {code: known.get(code, "") for code in dict.fromkeys([*row.languages, *known]) if code != own}


def restore_mentions(text: str, shown: str, entry: TimelineEntry, names: Mapping[str, str]) -> str:
    """Turn the names in an edited text back into mentions. `shown` is the text before the edit."""
    if text == shown:
        return entry.text
    for user_id in MENTION.findall(entry.text):
        if user_id in names:
            text = text.replace(f"@{names[user_id]}", f"<@{user_id}>")
    return text


def changed_translations(session: Session, entry: TimelineEntry, given: Mapping[str, str]) -> dict[str, str]:
    """The words in further languages that a form changes; empty for those that are removed."""
    names, known = entry_names(session, entry), {each.language: each for each in read_translations(entry.translations)}
    changed = {}
    for code, text in given.items():
        before = known[code].text if code in known else ""
        if text != resolve_mentions(before, names).strip():
            changed[code] = restore_mentions(text, "", entry, names) if text else ""
    return changed


def entry_names(session: Session, entry: TimelineEntry) -> dict[str, str]:
    return _names(session, incidents.get(session, entry.incident_id).team_id, entry)


def _names(session: Session, team_id: str, entry: TimelineEntry) -> dict[str, str]:
    texts = [entry.text, *(str(item.get("text") or "") for item in entry.earlier)]
    texts += [each.text for each in read_translations(entry.translations)]
    texts += [entry.withdrawal_reason or "", entry.redaction_reason or ""]
    ids = [each for text in texts for each in MENTION.findall(text)]
    who = [entry.author, entry.recorded_by, entry.withdrawn_by, entry.redacted_by]
    who += [item.get("by") for item in entry.earlier]
    return people.find_names(session, team_id, [*ids, *(each for each in who if each)])


def _neighbour_label(session: Session, team_id: str, entry: TimelineEntry, zone: ZoneInfo) -> Neighbour:
    at = format_time(entry.happened_at, zone, with_date=False, with_zone=False) if entry.happened_at else "–"
    ids = MENTION.findall(entry.text)
    text = resolve_mentions(entry.text, people.find_names(session, team_id, ids)) if ids else entry.text
    return Neighbour(entry.key, f"{at} {' '.join(text.split()) or ', '.join(entry.kinds)}")


def _history_lines(entry: TimelineEntry, zone: ZoneInfo, names: Mapping[str, str]) -> list[str]:
    """Changes of an entry in order, with the previous values. Redacted text is not in it."""

    def who(user_id: str | None) -> str:
        return f" by @{names.get(user_id, user_id)}" if user_id else ""

    changes = [(entry.recorded_at, f"recorded{who(entry.recorded_by)}")]
    for item in entry.earlier:
        before = _previous_state(item, zone, names)
        changes.append(
            (datetime.fromisoformat(item["until"]), f"{item.get('act', 'edited')}{who(item.get('by'))}{before}")
        )
    if entry.deleted_at is not None:
        changes.append((entry.deleted_at, "its message was deleted"))
    if entry.redacted_at is not None:
        changes.append((entry.redacted_at, f"redacted{who(entry.redacted_by)}: {entry.redaction_reason}"))
    if entry.withdrawn_at is not None:
        why = resolve_mentions(entry.withdrawal_reason or "", names)
        changes.append((entry.withdrawn_at, f"taken off{who(entry.withdrawn_by)}: {why}"))
    return [
        f"{format_time(at, zone, with_zone=False)} {line}" for at, line in sorted(changes, key=lambda each: each[0])
    ]


def _previous_state(item: Mapping[str, object], zone: ZoneInfo, names: Mapping[str, str]) -> str:
    """Previous time, kinds and text, as far as they are kept."""
    parts = []
    if "kinds" in item:
        at = item.get("happened_at")
        when = datetime.fromisoformat(str(at)) if at else None
        kinds = item["kinds"]
        shown = ", ".join(map(str, kinds)) if isinstance(kinds, list) else ""
        parts.append(f"{format_editable_time(when, Precision(str(item['precision'])), zone)}, {shown}")
    if item.get("text"):
        parts.append(f"“{resolve_mentions(str(item['text']), names)}”")
    return f"; before: {', '.join(parts)}" if parts else ""


def _undo_label(entry: TimelineEntry) -> str | None:
    if entry.merged_into_id is not None:
        return f"Undo the merge into entry-{entry.merged_into_id}"
    if entry.withdrawn_at is not None:
        return "Put it back"
    last = last_undoable_change(entry)
    if last is None:
        return None
    what = {"amended": "amendment", "moved": "move", "merged": "merge"}[last["act"]]
    return f"Undo the last {what}"
