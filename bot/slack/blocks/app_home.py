"""App Home: what is open, what waits for its reader, what they have to do. Block limit: a hundred."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from bot.command.table import Command
from bot.services.oncall.on_call_view import Mine
from bot.services.reminders.view import Reminder
from bot.services.views.app_home import Draft, HomeView, Open, Paged, ToDo
from bot.slack.blocks.command_forms import callback_of, words_of
from bot.slack.blocks.escalation import contact_settings as pages
from bot.slack.blocks.escalation import message as escalations
from bot.slack.blocks.escalation import oncall
from bot.slack.blocks.escalation.reminder_wording import SHORT
from bot.slack.blocks.incidents import card as cards
from bot.slack.blocks.limits import (
    COUNTING,
    Block,
    Blocks,
    actions,
    button,
    context,
    header,
    listed,
    literal,
    one_line,
    section,
    when,
)

View = dict[str, Any]
Line = TypeVar("Line")

DECLARE, DONE = "home_declare", "home_done"
NOBODYS = "0"
"""What a button carries that is about no incident."""
MOST_OPEN, MOST_PAGES, MOST_REMINDERS, MOST_TODO, MOST_DRAFTS = 25, 15, 8, 20, 10
"""Lines of each kind: with their headings they are fewer than the hundred blocks that Slack takes."""
TITLE, TEXT = 150, 300


def home(view: HomeView, commands: Iterable[Command]) -> View:
    """`commands` are those about no incident that have a form."""
    others = [button(words_of(each).title, callback_of(each), NOBODYS) for each in commands]
    blocks: Blocks = [
        actions(button("Declare an incident", DECLARE, NOBODYS, style="primary"), *others),
        *_on_call(view),
        *_part("Waiting for your answer", view.pages, MOST_PAGES, lambda each: _page(view, each)),
        *(_part("Open incidents", view.open, MOST_OPEN, lambda each: _open(view, each)) or [_nothing_open()]),
        *_part("Due in incidents that you lead", view.reminders, MOST_REMINDERS, lambda each: _reminder(view, each)),
        *_part("Your tasks", view.todo, MOST_TODO, lambda each: _todo(view, each)),
        *_part("Postmortems of incidents that you led", view.drafts, MOST_DRAFTS, lambda each: _draft(view, each)),
        *([header("How you are paged"), *pages.blocks(view.paged)] if view.paged else []),
        context(f"As of {when(view.at)}. It follows what changes for half an hour; open it again for more."),
    ]
    return _home(blocks)


def _on_call(view: HomeView) -> Blocks:
    """When somebody is on call themselves, and the ways to who is. Nothing where there is no schedule."""
    if not view.has_schedules:
        return []
    own = [section(listed([_shift(each) for each in view.shifts]))] if view.shifts else []
    change = button("Change who is on call", oncall.CHANGE, NOBODYS)
    return [*own, actions(button("Who is on call", oncall.NOW, NOBODYS), change)]


def _shift(one: Mine) -> str:
    name = f"*{literal(one.schedule)}*"
    if one.starts_at is None:
        return f":pager: You are on call for {name} until {when(one.ends_at, cards.DATE)}"
    return f"You are on call for {name} from {when(one.starts_at, cards.DATE)} to {when(one.ends_at, cards.DATE)}"


def refused(message: str) -> View:
    """For guests and others who may not command."""
    return _home([section(message)])


def _home(blocks: Blocks) -> View:
    return {"type": "home", "callback_id": "home", "blocks": blocks}


def _nothing_open() -> Block:
    return section(":white_check_mark: No incident is open.")


def _part(heading: str, lines: Sequence[Line], most: int, shown: Callable[[Line], Block]) -> Blocks:
    """A heading and its lines, and how many there are more. Nothing if there are none."""
    if not lines:
        return []
    more = [context(f"and {len(lines) - most:,} more")] if len(lines) > most else []
    count = f" ({len(lines):,})" if len(lines) > 1 else ""
    return [header(f"{heading}{count}"), *(shown(each) for each in lines[:most]), *more]


def _place(channel_id: str | None) -> str:
    return f" · <#{channel_id}>" if channel_id else ""


def _open(view: HomeView, one: Open) -> Block:
    marks = ("DRILL · " if one.is_drill else "") + (":lock: " if one.is_private else "")
    title = literal(one_line(one.title, TITLE), view.names)
    lead = f"led by <@{one.lead}>" if one.lead else "*nobody leads*"
    state = f"{literal(one.severity)} · {literal(one.status)} · since {when(one.since, cards.DATE)}"
    text = f"{cards.LIGHTS[one.severity_rank - 1]} {marks}*{one.reference}* {title}\n{state} · {lead}"
    return section(text + _place(one.channel_id), accessory=button("More…", cards.MORE, str(one.incident_id)))


def _page(view: HomeView, one: Paged) -> Block:
    reason = f"\n>{literal(one_line(one.reason, TEXT), view.names)}" if one.reason.strip() else ""
    text = f":rotating_light: *{one.reference}* {literal(one_line(one.title, TITLE), view.names)}"
    paged = f"\nPaged {when(one.since, cards.DATE)}{_standing(one)}{_place(one.channel_id)}"
    answer = button("Acknowledge", escalations.ACKNOWLEDGE, str(one.escalation_id), style="primary")
    return section(text + paged + reason, accessory=answer)


def _standing(one: Paged) -> str:
    """How far it is, and until when their answer is waited for."""
    standing = one.standing
    if standing is None:
        return ""
    level = f" · level {standing.level} of {standing.levels}" if standing.levels > 1 and standing.level else ""
    if standing.level > standing.levels:
        level = " · the policy has come to its end"
    then = "the next level" if standing.levels > 1 else "next reminder"
    return f"{level} · {then} due {when(standing.next.at, COUNTING)}" if standing.next else level


def _reminder(view: HomeView, one: Reminder) -> Block:
    title = literal(one_line(one.title, TITLE), view.names)
    return section(f":alarm_clock: {SHORT[one.what]}\n*{one.reference}* {title}{_place(one.channel_id)}")


def _todo(view: HomeView, one: ToDo) -> Block:
    due = ""
    if one.due:
        due = f" · :warning: *was due {literal(one.due)}*" if one.is_overdue else f" · due {literal(one.due)}"
    text = f"{literal(one_line(one.text, TEXT), view.names)}\n{one.reference}, {one.kind} {one.number}{due}"
    return section(text + _place(one.channel_id), accessory=button("Done", DONE, str(one.item_id)))


def _draft(view: HomeView, one: Draft) -> Block:
    title = literal(one_line(one.title, TITLE), view.names)
    told = f"resolved {when(one.resolved_at, cards.DATE)}; nobody has said that its postmortem is published"
    text = f"*{one.reference}* {title}\n{told}{_place(one.channel_id)}"
    return section(text, accessory=button("More…", cards.MORE, str(one.incident_id)))
