"""Lists of incidents, page by page, with a button for each."""

from collections.abc import Mapping

from bot.domain.terms import Status
from bot.domain.text.search_terms import Excerpt
from bot.services.views.search import PAGE_SIZE, IncidentListView, ListedIncident
from bot.slack.blocks.incidents.card import LIGHTS
from bot.slack.blocks.limits import (
    Block,
    Blocks,
    actions,
    button,
    channel_suffix,
    context,
    cut,
    formatted_line,
    link,
    literal,
    one_line,
    section,
    slack_datetime,
)
from bot.slack.blocks.message import Message

SHOW = "incident_show"
LIST_NEWER, LIST_OLDER = "list_newer", "list_older"
FIND_NEWER, FIND_OLDER = "find_newer", "find_older"
TITLE, SERVICES, ASKED = 150, 100, 300
FORMATTED_LENGTH = 400
"""Characters of an entry with its own formatting."""
BUTTON_VALUE = 2_000
LIST_HINT = (
    "Narrow it down: `/incident list all`, `resolved`, `drills`, a status, a severity or a service. "
    "`/incident find WORDS` searches the records."
)
DRILLS_HINT = "Drills are left out. Add `drills` to search them too."


def incident_list_message(view: IncidentListView) -> Message:
    return _list_message(view, LIST_NEWER, LIST_OLDER, LIST_HINT)


def search_results_message(view: IncidentListView) -> Message:
    return _list_message(view, FIND_NEWER, FIND_OLDER, "" if view.with_drills else DRILLS_HINT)


def _list_message(view: IncidentListView, newer: str, older: str, hint: str) -> Message:
    below = [context(hint)] if hint else []
    if not view.listed:
        text = f"There are no {literal(view.what, limit=ASKED)}.{view.guess}"
        return Message(text, [section(text), *below])
    what = view.what if view.count != 1 else view.what.replace("incidents", "incident", 1).replace("drills", "drill", 1)
    part = f", {view.first + 1:,} to {view.first + len(view.listed):,}" if len(view.listed) < view.count else ""
    order = _order(view)
    head = f"{view.count:,} {literal(what, limit=ASKED)}{part}, {order}"
    lines = [_incident_block(view, each) for each in view.listed]
    text = "\n".join([head, *(block["text"]["text"] for block in lines)])
    return Message(text, [section(f"*{head}*"), *lines, *_page_buttons(view, newer, older), *below])


def _order(view: IncidentListView) -> str:
    if view.is_by_severity:
        return "most severe first"
    return "matches in the title first" if view.is_search else "newest first"


def _page_buttons(view: IncidentListView, newer: str, older: str) -> Blocks:
    buttons: list[Block] = []
    before, after = ("Previous", "Next") if view.is_by_severity else ("Newer", "Older")
    if view.first:
        buttons.append(button(before, newer, _page_value(view, max(0, view.first - PAGE_SIZE))))
    if view.first + PAGE_SIZE < view.count:
        buttons.append(button(after, older, _page_value(view, view.first + PAGE_SIZE)))
    return [actions(*buttons)] if buttons else []


def _page_value(view: IncidentListView, first: int) -> str:
    """Page as a button value: first row, drills included or not, search text."""
    return cut(f"{first}.{view.with_drills:d}.{view.text}", BUTTON_VALUE)


def _incident_block(view: IncidentListView, each: ListedIncident) -> Block:
    marks = ("DRILL · " if each.is_drill else "") + ("private · " if each.is_private else "")
    light = LIGHTS[each.severity_rank - 1] if each.status.is_open else "⚪" if _is_void(each.status) else "✅"
    led = f" · led by {literal('@' + view.names.get(each.lead, each.lead), limit=TITLE)}" if each.lead else ""
    services = f" · {literal(one_line(', '.join(each.services), SERVICES))}" if each.services else ""
    state = f"{literal(each.severity)} · {literal(each.status_label, limit=100)}"
    lines = [
        f"{light} {marks}*{each.reference}* {literal(one_line(each.title, TITLE), view.names)}",
        f"{state} · {slack_datetime(each.declared_at)}{services}{led}{channel_suffix(each.channel_id)}",
    ]
    if each.line:
        excerpt = _excerpt(each.line, each.formatted, view.names)
        lines.append(f">{excerpt}{' ' + link(each.line_url, '↗') if each.line_url else ''}")
    return section("\n".join(lines), accessory=button("Show", SHOW, str(each.incident_id)))


def _excerpt(excerpt: Excerpt, formatted: str, names: Mapping[str, str]) -> str:
    """The text with its own formatting; one without has its matches in bold."""
    if formatted:
        return formatted_line(formatted, names, FORMATTED_LENGTH, FORMATTED_LENGTH)
    return "".join(f"*{literal(each.text)}*" if each.is_match else literal(each.text, names) for each in excerpt)


def _is_void(status: Status) -> bool:
    return status in {Status.CANCELLED, Status.MERGED}
