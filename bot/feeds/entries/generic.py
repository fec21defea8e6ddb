"""Any other Atom or RSS: entries whose title or words begin with a state."""

import re

from bot.domain.vendor_status.look import Look, VendorIncident, VendorPage, VendorState
from bot.feeds.builder import STATES, build_update, finish_incidents
from bot.feeds.entries.document import Document, Entry
from bot.feeds.errors import FeedError
from bot.feeds.json_reader import Reading
from bot.feeds.text import clean_title, convert_html

NAME = "generic_feed"
_HEAD = re.compile(r"\s{0,9}[\[(]?(?:status: ?)?([A-Za-z][A-Za-z ]{2,20}?)[\])]? ?(?:[:\]\n–-]|$) ?", re.IGNORECASE)
_UPDATES = frozenset({"update", "open", "ongoing", "active"})
"""Words for an incident that is open, without saying how far it is."""


def parse_entries(document: Document, reading: Reading) -> Look:
    """Raises FeedError if no entry says its state: then nobody could tell which ones are over."""
    if any("slack-status.com" in each.link for each in document.entries):
        raise FeedError("", "Slack's feed does not say what is over. Use https://slack-status.com/api/v2.0.0/current.")
    incidents = [_parse_entry(each, reading) for each in document.entries]
    known = [each for each in incidents if each is not None]
    if document.entries and not known:
        raise FeedError(
            "entry[0]", "No entry begins with a state, as Resolved or Investigating. Its kind is not known."
        )
    return Look(
        kind=NAME,
        page=VendorPage(clean_title(document.title), document.link, changed_at=document.changed_at),
        incidents=finish_incidents(known),
        has_all_updates=False,
        remarks=tuple(reading.remarks),
    )


def _parse_entry(entry: Entry, reading: Reading) -> VendorIncident | None:
    text = convert_html(entry.content)
    titled, worded = _HEAD.match(entry.title), _HEAD.match(text)
    by_title = titled is not None and _is_state(titled[1])
    head = titled if by_title else worded if worded is not None and _is_state(worded[1]) else None
    if head is None or not entry.key:
        reading.remark(entry.place, "It says no state, and is left out.")
        return None
    state: VendorState | None = STATES.get(head[1].strip().casefold())
    at = entry.updated_at or entry.published_at
    is_over = state is not None and state.is_over
    return VendorIncident(
        key=entry.key,
        title=clean_title(entry.title[head.end() :] if by_title else entry.title),
        link=entry.link,
        state=state,
        started_at=entry.published_at,
        ended_at=at if is_over else None,
        changed_at=at,
        components=tuple(clean_title(each) for each in entry.categories),
        updates=(build_update(at.isoformat() if at else "last", text, state=state, said_at=at),) if text else (),
    )


def _is_state(word: str) -> bool:
    folded = word.strip().casefold()
    return folded in STATES or folded in _UPDATES
