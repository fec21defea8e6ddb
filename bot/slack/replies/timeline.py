"""Render the timeline in pages, with a menu beside each entry."""

from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.record.model import Entry, Record
from bot.domain.terms import Precision
from bot.domain.text.mentions import resolve_mentions
from bot.domain.timeline.lines import TimelineLine, timeline_lines
from bot.domain.times import format_time
from bot.lazy_dataclass import dataclass
from bot.services.entries.remove import removal_objection
from bot.services.postmortem.load_record import load_record
from bot.slack.api.payloads import is_row_id
from bot.slack.blocks.limits import Block, Blocks, actions, button, formatted_line, link, literal, one_line, section
from bot.slack.blocks.message import Message
from bot.slack.blocks.postmortem.candidates import CHOOSE, CHOOSE_LABEL
from bot.slack.blocks.postmortem.entry_forms import entry_menu
from bot.store.incidents import incidents

PAGE_SIZE = 30
"""Entries on a page: each is a block, and a message holds fifty."""
MAX_PAGE_TEXT = 9_000
"""Characters of all entries of a page: Slack rejects about 13,200 (`msg_blocks_too_long`)."""
MAX_LINE = 300
"""Characters of an entry's text."""
OLDER, NEWER, SHOW_REMOVED = "timeline_older", "timeline_newer", "timeline_removed"


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """
    A page of an incident's timeline: the entries right before, or right after, `beside`.

    `beside` is an entry's id, so that pages do not shift when entries are added; None for the latest page.
    """

    incident_id: int
    with_removed: bool = False
    beside: int | None = None
    is_after: bool = False

    @property
    def value(self) -> str:
        """The page as the value of a button."""
        return f"{self.incident_id}.{self.with_removed:d}.{self.beside or 0}.{self.is_after:d}"

    @classmethod
    def from_value(cls, value: str) -> "TimelinePage":
        """Parse a button's value. Raises UserError for a button of another version."""
        fields = value.split(".")
        if len(fields) != 4 or not all(map(is_row_id, fields)):
            raise UserError("This button is from another version of Dogwatch. Type `/incident timeline` again.")
        incident_id, removed, beside, after = map(int, fields)
        return cls(incident_id, bool(removed), beside or None, bool(after))


def render_timeline_page(session: Session, settings: Settings, page: TimelinePage) -> Message:
    """Render a page: the entries that fit, and buttons for the pages before and after."""
    row = incidents.get(session, page.incident_id)
    record = load_record(session, settings, page.incident_id)
    listed = [entry for entry in record.entries if entry.withdrawn_at is None or page.with_removed]
    selected = _select_entries(record, listed, page)
    shown = _render_entries(record, selected, page, is_over=not row.is_open)
    first, last = _first_and_last(selected, len(shown), page)
    standing = sum(entry.withdrawn_at is None for entry in record.entries)
    count = f"{standing:,} entries" if standing != 1 else "1 entry"
    part = ""
    if first and last and len(shown) < len(listed):
        part = f", {listed.index(first) + 1:,} to {listed.index(last) + 1:,}"
    head = section(f"*Timeline of {row.reference}*, {count}{part}, times in {row.zone}")
    turns = [] if row.channel_id is None else [button(CHOOSE_LABEL, CHOOSE, str(page.incident_id))]
    turns += _page_buttons(page, listed, first, last, removed=len(record.entries) - standing)
    return Message(f"Timeline of {row.reference}: {count}", [head, *shown, *([actions(*turns)] if turns else [])])


def _select_entries(record: Record, listed: Sequence[Entry], page: TimelinePage) -> list[Entry]:
    """Return up to PAGE_SIZE entries on the page's side of `beside`, in order."""
    if page.beside is None:
        return list(listed[-PAGE_SIZE:])
    place = next((n for n, entry in enumerate(record.entries) if _entry_id(entry) == page.beside), 0)
    before = {id(entry) for entry in record.entries[:place]}
    if page.is_after:
        return [entry for entry in listed if id(entry) not in before and _entry_id(entry) != page.beside][:PAGE_SIZE]
    return [entry for entry in listed if id(entry) in before][-PAGE_SIZE:]


def _render_entries(record: Record, selected: Sequence[Entry], page: TimelinePage, *, is_over: bool) -> Blocks:
    """Render the entries that fit, beginning at `beside`."""
    zone = record.incident.zone
    lines = timeline_lines(record, selected)
    days = {line.entry.happened_at.astimezone(zone).date() for line in lines if line.entry.happened_at}
    shown: Blocks = []
    room = MAX_PAGE_TEXT
    for line in lines if page.is_after else reversed(lines):
        block = _entry_block(record, line, page, with_date=len(days) > 1, is_over=is_over)
        room -= len(block["text"]["text"]) + sum(len(each["text"]["text"]) for each in block["accessory"]["options"])
        if room < 0:
            break
        shown.append(block)
    return shown if page.is_after else shown[::-1]


def _first_and_last(selected: Sequence[Entry], count: int, page: TimelinePage) -> tuple[Entry | None, Entry | None]:
    shown = selected[:count] if page.is_after else selected[len(selected) - count :]
    return (shown[0], shown[-1]) if shown else (None, None)


def _page_buttons(
    page: TimelinePage, listed: Sequence[Entry], first: Entry | None, last: Entry | None, *, removed: int
) -> list[Block]:
    turns = []
    if first is not None and first is not listed[0]:
        turns.append(button("Older", OLDER, replace(page, beside=_entry_id(first), is_after=False).value))
    if last is not None and last is not listed[-1]:
        turns.append(button("Newer", NEWER, replace(page, beside=_entry_id(last), is_after=True).value))
    if removed:
        other = replace(page, with_removed=not page.with_removed).value
        label = "Hide removed entries" if page.with_removed else f"Show {removed:,} removed"
        turns.append(button(label, SHOW_REMOVED, other))
    return turns


def _entry_block(record: Record, line: TimelineLine, page: TimelinePage, *, with_date: bool, is_over: bool) -> Block:
    entry, zone = line.entry, record.incident.zone
    at = _format_entry_time(entry, zone, with_date=with_date)
    words = formatted_line("\n".join(filter(None, [line.text, "; ".join(line.notes)])), length=MAX_LINE)
    label = f"_{literal(line.label, limit=MAX_LINE)}_" if line.label else ""
    by = f" · {literal(line.by, limit=100)}" if line.by else ""
    source = f" {link(entry.source.link, '↗')}" if entry.source.link else ""
    amended = " · _amended_" if entry.amended_at and entry.withdrawn_at is None else ""
    text = f"*{at}* {' '.join(filter(None, [words, label]))}{by}{source}{amended}"
    if entry.withdrawn_at is not None:
        text += f"\n:no_entry: {literal(_removal_text(record, entry), limit=MAX_LINE)}"
    may_go = removal_objection(entry.kinds, is_over=is_over, of_vendor=entry.vendor is not None) is None
    accessory = entry_menu(_entry_id(entry), page.value, is_withdrawn=entry.withdrawn_at is not None, may_go=may_go)
    return section(text, accessory=accessory)


def _format_entry_time(entry: Entry, zone: ZoneInfo, *, with_date: bool) -> str:
    if entry.happened_at is None:
        return "–"
    about = "~" if entry.precision is Precision.APPROXIMATE else ""
    return about + format_time(entry.happened_at, zone, with_date=with_date, with_zone=False)


def _removal_text(record: Record, entry: Entry) -> str:
    who = record.people.get(entry.withdrawn_by or "", entry.withdrawn_by)
    by = f" by @{who}" if who else ""
    return one_line(f"taken off{by}: {resolve_mentions(entry.withdrawal_reason or '', record.people)}", MAX_LINE)


def _entry_id(entry: Entry) -> int:
    return int(entry.source.ref.removeprefix("entry-"))
