"""Lists of incidents, each with a button that shows it."""

from bot.domain.terms import Status
from bot.services.views.search import ON_A_PAGE, Listed, Listing
from bot.slack.blocks.incidents.card import DATE, LIGHTS
from bot.slack.blocks.limits import Block, Blocks, actions, button, context, cut, link, literal, one_line, section, when
from bot.slack.blocks.message import Message

SHOW = "incident_show"
LIST_NEWER, LIST_OLDER = "list_newer", "list_older"
FIND_NEWER, FIND_OLDER = "find_newer", "find_older"
TITLE, SERVICES, ASKED = 150, 100, 300
BUTTON_VALUE = 2_000
LIST_HINT = (
    "Narrow it down: `/incident list all`, `resolved`, `drills`, a status, a severity or a service. "
    "`/incident find WORDS` searches the records."
)
DRILLS_HINT = "Drills are left out; write `drills` behind the words to search them too."


def listing(view: Listing) -> Message:
    return _message(view, LIST_NEWER, LIST_OLDER, LIST_HINT)


def found(view: Listing) -> Message:
    return _message(view, FIND_NEWER, FIND_OLDER, "" if view.with_drills else DRILLS_HINT)


def _message(view: Listing, newer: str, older: str, hint: str) -> Message:
    below = [context(hint)] if hint else []
    if not view.listed:
        said = f"There are no {literal(view.what, limit=ASKED)}.{view.guess}"
        return Message(said, [section(said), *below])
    what = view.what if view.count != 1 else view.what.replace("incidents", "incident", 1).replace("drills", "drill", 1)
    part = f", {view.first + 1:,} to {view.first + len(view.listed):,}" if len(view.listed) < view.count else ""
    head = f"{view.count:,} {literal(what, limit=ASKED)}{part}, the newest first"
    lines = [_incident(view, each) for each in view.listed]
    text = "\n".join([head, *(block["text"]["text"] for block in lines)])
    return Message(text, [section(f"*{head}*"), *lines, *_turns(view, newer, older), *below])


def _turns(view: Listing, newer: str, older: str) -> Blocks:
    turns: list[Block] = []
    if view.first:
        turns.append(button("Newer", newer, _value(view, max(0, view.first - ON_A_PAGE))))
    if view.first + ON_A_PAGE < view.count:
        turns.append(button("Older", older, _value(view, view.first + ON_A_PAGE)))
    return [actions(*turns)] if turns else []


def _value(view: Listing, first: int) -> str:
    """A page as a button carries it: its first row, whether drills are in it, and what was typed."""
    return cut(f"{first}.{view.with_drills:d}.{view.text}", BUTTON_VALUE)


def _incident(view: Listing, each: Listed) -> Block:
    marks = ("DRILL · " if each.is_drill else "") + ("private · " if each.is_private else "")
    light = LIGHTS[each.severity_rank - 1] if each.status.is_open else "⚪" if _is_none(each.status) else "✅"
    where = f" · <#{each.channel_id}>" if each.channel_id else ""
    led = f" · led by {literal('@' + view.names.get(each.lead, each.lead), limit=TITLE)}" if each.lead else ""
    services = f" · {literal(one_line(', '.join(each.services), SERVICES))}" if each.services else ""
    state = f"{literal(each.severity)} · {literal(each.status_label, limit=100)}"
    lines = [
        f"{light} {marks}*{each.reference}* {literal(one_line(each.title, TITLE), view.names)}",
        f"{state} · {when(each.declared_at, DATE)}{services}{led}{where}",
    ]
    if each.line:
        fits = literal(each.line, view.names)
        lines.append(f">{fits}{' ' + link(each.line_url, '↗') if each.line_url else ''}")
    return section("\n".join(lines), accessory=button("Show", SHOW, str(each.incident_id)))


def _is_none(status: Status) -> bool:
    return status in {Status.CANCELLED, Status.MERGED}
