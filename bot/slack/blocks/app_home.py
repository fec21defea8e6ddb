"""App Home: open incidents, pages to acknowledge, tasks, drafts and shifts of its reader."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from bot.command.groups import PHRASES
from bot.command.mark_help import short_mark_help
from bot.command.table import Command
from bot.services.oncall.on_call_view import OwnShift
from bot.services.reminders.view import WaitingReminder
from bot.services.status_page.subscriptions import Audience
from bot.services.vendors.page_status import VendorTrouble
from bot.services.views.app_home import HomeActionItem, HomeDraft, HomeIncident, HomePage, HomeView
from bot.slack.blocks.command_forms import form_callback_id
from bot.slack.blocks.escalation import oncall
from bot.slack.blocks.escalation.contact_settings import contact_settings_blocks
from bot.slack.blocks.escalation.controls import ACKNOWLEDGE
from bot.slack.blocks.incidents.card import LIGHTS, MORE, REACTIONS
from bot.slack.blocks.incidents.reminders import DONE, REMINDER_TITLES
from bot.slack.blocks.limits import (
    NO_VALUE,
    TIME_AND_AGO,
    Block,
    Blocks,
    View,
    actions,
    button,
    channel_suffix,
    context,
    formatted_line,
    header,
    join_lines,
    link,
    literal,
    one_line,
    section,
    slack_datetime,
    slack_time,
)

Line = TypeVar("Line")

DECLARE = "home_declare"
MAX_INCIDENTS, MAX_PAGES, MAX_REMINDERS, MAX_TASKS, MAX_DRAFTS = 25, 15, 8, 20, 10
"""Lines of each part. With their headings they stay below the 100 blocks that Slack accepts."""
TITLE, TEXT = 150, 300


def home_view(view: HomeView, commands: Iterable[Command]) -> View:
    """`commands`: those with a form that are about no incident."""
    others = [button(PHRASES[each.name], form_callback_id(each.name), NO_VALUE) for each in commands]
    blocks: Blocks = [
        actions(button("Declare an incident", DECLARE, NO_VALUE, style="primary"), *others),
        *_shift_blocks(view),
        *_part_blocks("Waiting for your answer", view.pages, MAX_PAGES, lambda each: _page_block(view, each)),
        *(
            _part_blocks("Open incidents", view.open, MAX_INCIDENTS, lambda each: _incident_block(view, each))
            or [_no_incident_block()]
        ),
        *_vendor_blocks(view),
        *_part_blocks(
            "Due in incidents that you lead", view.reminders, MAX_REMINDERS, lambda each: _reminder_block(view, each)
        ),
        *_part_blocks("Your tasks", view.todo, MAX_TASKS, lambda each: _action_item_block(view, each)),
        *_part_blocks(
            "Postmortems of incidents that you led", view.drafts, MAX_DRAFTS, lambda each: _draft_block(view, each)
        ),
        *([header("How you are paged"), *contact_settings_blocks(view.paged)] if view.paged else []),
        *_reaction_blocks(view),
        *([context(_audience_line(view.audience))] if view.audience else []),
        context(f"Updated {slack_time(view.at)}. Refreshes for 30 minutes; reopen this tab to continue."),
    ]
    return _home(blocks)


def _reaction_blocks(view: HomeView) -> Blocks:
    legend = short_mark_help(view.reactions)
    if not legend:
        return []
    text = f"*Reactions log messages* in an incident's channel: {legend}"
    return [section(text, accessory=button("All reactions", REACTIONS, NO_VALUE))]


def _shift_blocks(view: HomeView) -> Blocks:
    """Shifts of the reader and the on-call buttons; nothing without a schedule."""
    if not view.has_schedules:
        return []
    own = [section(join_lines([_shift_line(each) for each in view.shifts]))] if view.shifts else []
    change = button("Change who is on call", oncall.CHANGE, NO_VALUE)
    return [*own, actions(button("On call now", oncall.NOW, NO_VALUE), change)]


def _shift_line(one: OwnShift) -> str:
    name = f"*{literal(one.schedule)}*"
    if one.starts_at is None:
        return f":pager: You are on call for {name} until {slack_datetime(one.ends_at)}"
    return f"You are on call for {name} from {slack_datetime(one.starts_at)} to {slack_datetime(one.ends_at)}"


def _vendor_blocks(view: HomeView) -> Blocks:
    """Vendors in trouble, and pages of theirs that cannot be read."""
    lines = [_vendor_line(each) for each in view.vendors.in_trouble]
    lines += [
        f":warning: The status page of *{literal(each.vendor)}* has been unreadable "
        f"since {slack_datetime(each.since)}: {literal(each.problem, limit=TEXT)}"
        for each in view.vendors.unreadable
    ]
    return [header("Vendors"), section(join_lines(lines))] if lines else []


def _audience_line(audience: Audience) -> str:
    parts = [_count(audience.subscribers, "subscriber")]
    if audience.channels:
        parts.append(_count(audience.channels, "Slack channel"))
    late = audience.waiting_since
    sending = f":warning: notices have been waiting since {slack_datetime(late)}" if late else "no notice is late"
    return f"*Status page*: {', '.join(parts)} · {sending}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _vendor_line(one: VendorTrouble) -> str:
    title = literal(one_line(one.title, TITLE))
    shown = link(one.link, title) if one.link else title
    needed = f" · needed by {literal(', '.join(one.services), limit=TEXT)}" if one.services else ""
    return (
        f":satellite_antenna: *{literal(one.vendor)}*: {shown} · {literal(one.state or 'open')} since "
        f"{slack_datetime(one.since)}{needed}"
    )


def refusal_view(message: str) -> View:
    """For guests and others without access."""
    return _home([section(message)])


def _home(blocks: Blocks) -> View:
    return {"type": "home", "callback_id": "home", "blocks": blocks}


def _no_incident_block() -> Block:
    return section(":white_check_mark: No incident is open.")


def _part_blocks(heading: str, lines: Sequence[Line], most: int, render: Callable[[Line], Block]) -> Blocks:
    """A heading and at most `most` lines; nothing if there are none."""
    if not lines:
        return []
    more = [context(f"and {len(lines) - most:,} more")] if len(lines) > most else []
    count = f" ({len(lines):,})" if len(lines) > 1 else ""
    return [header(f"{heading}{count}"), *(render(each) for each in lines[:most]), *more]


def _incident_block(view: HomeView, one: HomeIncident) -> Block:
    marks = ("DRILL · " if one.is_drill else "") + (":lock: " if one.is_private else "")
    title = literal(one_line(one.title, TITLE), view.names)
    lead = f"led by <@{one.lead}>" if one.lead else "*nobody leads*"
    state = f"{literal(one.severity)} · {literal(one.status)} · since {slack_datetime(one.since)}"
    text = f"{LIGHTS[one.severity_rank - 1]} {marks}*{one.reference}* {title}\n{state} · {lead}"
    return section(text + channel_suffix(one.channel_id), accessory=button("More…", MORE, str(one.incident_id)))


def _page_block(view: HomeView, one: HomePage) -> Block:
    reason = f"\n>{formatted_line(one.reason, view.names, TEXT)}" if one.reason.strip() else ""
    text = f":rotating_light: *{one.reference}* {literal(one_line(one.title, TITLE), view.names)}"
    paged = f"\nPaged {slack_datetime(one.since)}{_progress(one)}{channel_suffix(one.channel_id)}"
    answer = button("Acknowledge", ACKNOWLEDGE, str(one.escalation_id), style="primary")
    return section(text + paged + reason, accessory=answer)


def _progress(one: HomePage) -> str:
    """Level of the policy, and when the next step is due."""
    standing = one.standing
    if standing is None:
        return ""
    level = f" · level {standing.level} of {standing.levels}" if standing.levels > 1 and standing.level else ""
    if standing.level > standing.levels:
        level = " · the policy has come to its end"
    then = "the next level" if standing.levels > 1 else "next reminder"
    return f"{level} · {then} due {slack_time(standing.next.at, TIME_AND_AGO)}" if standing.next else level


def _reminder_block(view: HomeView, one: WaitingReminder) -> Block:
    title = literal(one_line(one.title, TITLE), view.names)
    return section(
        f":alarm_clock: {REMINDER_TITLES[one.what]}\n*{one.reference}* {title}{channel_suffix(one.channel_id)}"
    )


def _action_item_block(view: HomeView, one: HomeActionItem) -> Block:
    due = ""
    if one.due:
        due = f" · :warning: *was due {literal(one.due)}*" if one.is_overdue else f" · due {literal(one.due)}"
    text = f"{formatted_line(one.text, view.names, TEXT)}\n{one.reference}, {one.kind} {one.number}{due}"
    return section(text + channel_suffix(one.channel_id), accessory=button("Done", DONE, str(one.item_id)))


def _draft_block(view: HomeView, one: HomeDraft) -> Block:
    title = literal(one_line(one.title, TITLE), view.names)
    state = f"resolved {slack_datetime(one.resolved_at)} · postmortem not published"
    text = f"*{one.reference}* {title}\n{state}{channel_suffix(one.channel_id)}"
    return section(text, accessory=button("More…", MORE, str(one.incident_id)))
