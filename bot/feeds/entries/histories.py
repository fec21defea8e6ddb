"""Histories in Atom or RSS: Statuspage, Instatus, incident.io, OpenStatus, Cachet."""

import re
from collections.abc import Callable
from datetime import datetime

from bot.domain.status_page.components import ComponentState
from bot.domain.vendor_status.look import Look, VendorIncident, VendorPage, VendorState, VendorUpdate
from bot.feeds.builder import COMPONENT_STATES, STATES, build_update, finish_incidents, level_of
from bot.feeds.entries.document import Document, Entry
from bot.feeds.entries.update_dates import has_dated_updates, read_dated_updates
from bot.feeds.json_reader import Reading
from bot.feeds.pages import openstatus
from bot.feeds.text import clean_text, clean_title, convert_html
from bot.feeds.times import parse_time

STATUSPAGE = "statuspage_feed"
INSTATUS = "instatus"
INCIDENT_IO = "incident_io_feed"
OPENSTATUS = "openstatus_feed"
CACHET = "cachet_feed"

PLANNED = frozenset({VendorState.SCHEDULED, VendorState.IN_PROGRESS, VendorState.VERIFYING, VendorState.COMPLETED})
_TYPE = re.compile(r"<strong>Type</strong>: ?([A-Za-z]{1,20})")
_AFFECTED = re.compile(r"<strong>Affected Components:?</strong>:? ?([^<]{1,2000})")
_STATUS = re.compile(r"\s{0,9}<b>Status: ?([^<]{1,60})</b>")
_COMPONENTS = "<b>Affected components</b>"
_COMPONENT = re.compile(r"<li>([^<]{1,300}) \(([^<()]{1,60})\)</li>")
_PART = re.compile(r"^([A-Z][a-z]{2,20}): ", re.MULTILINE)
_CACHET_TITLE = re.compile(r"\[([^\]\n]{1,40})\] ?(.*)", re.DOTALL)
_CACHET_PART = re.compile(
    r"^(?:\[([^\]\n]{1,40})\] )?([A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}): ", re.MULTILINE
)


def recognize_statuspage(document: Document) -> bool:
    """Entries with dated updates."""
    return any(has_dated_updates(each) for each in document.entries) and not recognize_instatus(document)


def recognize_instatus(document: Document) -> bool:
    """Entries that begin with their type."""
    return any(_TYPE.search(each.content[:500]) for each in document.entries)


def recognize_incident_io(document: Document) -> bool:
    """The generator, or entries that begin with their status."""
    return document.generator == "incident.io" or any(_STATUS.match(each.content) for each in document.entries)


def recognize_openstatus(document: Document) -> bool:
    """The generator, or links to reports."""
    return document.generator.startswith("OpenStatus") or any(
        "/events/report/" in each.link for each in document.entries
    )


def recognize_cachet(document: Document) -> bool:
    """Items that are a list of dated lines."""
    return any(_CACHET_PART.search(each.content[:500]) for each in document.entries)


def parse_statuspage(document: Document, reading: Reading) -> Look:
    """25 entries with all of their updates, to the minute."""
    return _build_look(STATUSPAGE, document, reading, _read_dated)


def parse_instatus(document: Document, reading: Reading) -> Look:
    """All updates, to the second; a maintenance is published at its start, in the future."""
    return _build_look(INSTATUS, document, reading, _read_dated)


def parse_incident_io(document: Document, reading: Reading) -> Look:
    """An entry has its latest update only."""
    return _build_look(INCIDENT_IO, document, reading, lambda entry, _: _read_incident_io(entry))


def parse_openstatus(document: Document, reading: Reading) -> Look:
    """
    Updates without times, but for that of the last one.

    The feed's own time is that of the request.
    """
    return _build_look(OPENSTATUS, document, reading, lambda entry, _: _read_openstatus(entry), has_time=False)


def parse_cachet(document: Document, reading: Reading) -> Look:
    """The guid of an item changes with every edit: its link identifies it."""
    return _build_look(CACHET, document, reading, _read_cachet)


def _build_look(
    kind: str,
    document: Document,
    reading: Reading,
    read: Callable[[Entry, Reading], VendorIncident],
    *,
    has_time: bool = True,
) -> Look:
    incidents = finish_incidents(read(each, reading) for each in document.entries if each.link_name or each.key)
    page = VendorPage(clean_title(document.title), document.link, changed_at=document.changed_at if has_time else None)
    return Look(kind=kind, page=page, incidents=incidents, has_all_updates=False, remarks=tuple(reading.remarks))


def _read_dated(entry: Entry, reading: Reading) -> VendorIncident:
    kind, affected = _TYPE.search(entry.content[:500]), _AFFECTED.search(entry.content[:5000])
    updates = read_dated_updates(entry, reading)
    state = updates[-1].state if updates else None
    is_maintenance = (kind is not None and kind[1] == "Maintenance") or state in PLANNED
    start = min((each.said_at for each in updates if each.said_at), default=entry.published_at)
    if is_maintenance and state not in PLANNED:
        state = VendorState.COMPLETED if state is VendorState.RESOLVED else None
    ended = [each.said_at for each in updates if each.said_at and each.state and each.state.is_over]
    return VendorIncident(
        key=entry.link_name or entry.key,
        title=clean_title(entry.title),
        link=entry.link,
        state=state,
        started_at=start,
        ended_at=max(ended, default=None) if state and state.is_over else None,
        changed_at=entry.updated_at or entry.published_at,
        components=_split_names(convert_html(affected[1])) if affected else (),
        updates=updates,
        is_maintenance=is_maintenance,
        planned_start=start if is_maintenance else None,
    )


def _split_names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(clean_title(name) for name in text.split(",") if name.strip()))


def _read_incident_io(entry: Entry) -> VendorIncident:
    at = entry.updated_at or entry.published_at
    status = _STATUS.match(entry.content)
    words, _, affected = entry.content.partition(_COMPONENTS)
    components = {clean_title(name): _read_component_state(word) for name, word in _COMPONENT.findall(affected)}
    state = STATES.get(status[1].strip().casefold()) if status else None
    text = convert_html(words[status.end() :] if status else words)
    is_over = state is not None and state.is_over
    update = build_update(at.isoformat() if at else "last", text, state=state, said_at=at)
    return VendorIncident(
        key=entry.link_name or entry.key,
        title=clean_title(entry.title),
        link=entry.link,
        state=state,
        level=None if is_over else level_of(components.values()),
        ended_at=at if is_over else None,
        changed_at=at,
        components=tuple(components),
        updates=(update,),
        is_maintenance=state in PLANNED,
    )


def _read_component_state(word: str) -> ComponentState | None:
    return COMPONENT_STATES.get(word.strip().casefold().replace(" ", "_"))


def _read_openstatus(entry: Entry) -> VendorIncident:
    word, _, title = entry.title.partition(" - ")
    is_maintenance = word == "Maintenance"
    at = entry.published_at
    state = None if is_maintenance else STATES.get(word.casefold())
    updates = _number_parts(entry.content, at) if not is_maintenance else [build_update("1", clean_text(entry.content))]
    return VendorIncident(
        key=openstatus.name_maintenance(entry.link_name) if is_maintenance else entry.link_name,
        title=clean_title(title or word),
        link=entry.link,
        state=state,
        ended_at=at if state and state.is_over else None,
        changed_at=at,
        updates=tuple(updates),
        is_maintenance=is_maintenance,
    )


def _number_parts(content: str, at: datetime | None) -> list[VendorUpdate]:
    """Parts `Identified: …`, the latest first; they are numbered from the earliest on."""
    heads = list(_PART.finditer(content))
    ends = [*(each.start() for each in heads[1:]), len(content)][: len(heads)]
    parts = [
        (STATES.get(head[1].casefold()), clean_text(content[head.end() : end]))
        for head, end in zip(heads, ends, strict=True)
    ]
    return [
        build_update(str(len(parts) - place), re.sub(r"\.\.$", ".", text), state=state, said_at=None if place else at)
        for place, (state, text) in enumerate(parts)
    ]


def _read_cachet(entry: Entry, reading: Reading) -> VendorIncident:
    titled = _CACHET_TITLE.match(entry.title.strip())
    state = STATES.get(titled[1].strip().casefold()) if titled else None
    heads = list(_CACHET_PART.finditer(entry.content))
    ends = [*(each.start() for each in heads[1:]), len(entry.content)][: len(heads)]
    updates = tuple(
        build_update(
            head[2],
            convert_html(entry.content[head.end() : end]),
            state=STATES.get((head[1] or "").strip().casefold()),
            said_at=parse_time(head[2], reading.zone),
        )
        for head, end in zip(heads, ends, strict=True)
    )
    times = [each.said_at for each in updates if each.said_at]
    return VendorIncident(
        key=entry.link_name or entry.key,
        title=clean_title(titled[2] if titled else entry.title),
        link=entry.link,
        state=state,
        started_at=min(times, default=None),
        ended_at=max(times, default=None) if state and state.is_over else None,
        changed_at=entry.published_at,
        updates=updates,
    )
