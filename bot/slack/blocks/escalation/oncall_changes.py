"""Changes of who is on call: overrides with their form and messages, and shift handovers."""

from collections.abc import Mapping, Sequence

from bot.command.forms.choices import Choice
from bot.config import Settings
from bot.services.oncall.handover import HandoverView, OpenIncident
from bot.services.oncall.override_change import OverrideChange
from bot.slack.blocks.inputs import input_block, modal, person_field, select_field, text_field
from bot.slack.blocks.limits import (
    Blocks,
    View,
    actions,
    button,
    channel_suffix,
    context,
    formatted_line,
    literal,
    one_line,
    section,
    slack_datetime,
)
from bot.slack.blocks.message import Message
from bot.slack.blocks.modals import TEXT
from bot.slack.blocks.notices import notice_modal

UNDO = "oncall_undo"
FORM = "oncall_change_form"
SCHEDULE, PERSON, INSTEAD, STARTS, ENDS = "schedule", "person", "instead", "starts", "ends"
NONE = "There is no on-call schedule yet. The operator adds one to dogwatch.toml."
NAME = 150
"""Characters of a schedule's name, which stands in sentences."""
TITLE, REASON = 150, 300


def people_markup(found: Sequence[str]) -> str:
    return " and ".join(f"<@{each}>" for each in found) if found else "*nobody*"


def override_message(view: OverrideChange) -> Message:
    """Reply to the person who made or withdrew the override."""
    head = "Undone" if view.is_withdrawn else "Done"
    text = f":white_check_mark: {head}: {_change_text(view)}"
    concerned = sorted({who for each in _swap_parts(view) for who in (each.person, *each.relieved)})
    blocks: Blocks = [section(text)]
    muted = [] if view.is_withdrawn else [_mute_warning(each) for each in _swap_parts(view) if each.muted_until]
    if muted:
        blocks.append(section("\n".join(muted)))
    if not view.is_withdrawn:
        blocks.append(actions(button("Undo this change", UNDO, str(view.override_id))))
    others = " The others get a direct message." if len(concerned) > 1 else ""
    blocks.append(context(f"Number {view.override_id} on {literal(view.schedule, limit=NAME)}.{others}"))
    return Message("\n".join([text, *muted]), blocks)


def _mute_warning(view: OverrideChange) -> str:
    until = f" until {slack_datetime(view.muted_until)}" if view.muted_until else ""
    return f":warning: <@{view.person}> is muted{until} and is not paged. `/incident unmute` ends the mute."


def _swap_parts(view: OverrideChange) -> list[OverrideChange]:
    return [view, *([view.other] if view.other else [])]


def _change_text(view: OverrideChange) -> str:
    return "\n".join(_override_line(each) for each in _swap_parts(view))


def _override_line(view: OverrideChange) -> str:
    name, span = (
        f"*{literal(view.schedule, limit=NAME)}*",
        f"{slack_datetime(view.starts_at)} to {slack_datetime(view.ends_at)}",
    )
    if view.is_withdrawn:
        back = people_markup(view.relieved) if view.relieved else "the rotation's person"
        return f"{back} on call for {name} again, instead of <@{view.person}>, {span}."
    instead = f" instead of {people_markup(view.relieved)}" if view.relieved else ""
    reason = f"\n>{formatted_line(view.reason, length=REASON)}" if view.reason else ""
    return f"<@{view.person}> is on call for {name}{instead}, {span}.{reason}"


def override_notice(view: OverrideChange, by: str | None) -> Message:
    """Direct message to a person affected by somebody else's override."""
    who = f"<@{by}> " if by else ""
    act = "undid a change of" if view.is_withdrawn else "changed"
    text = f":calendar: {who}{act} who is on call: {_change_text(view)}"
    blocks: Blocks = [section(text)]
    if not view.is_withdrawn:
        blocks.append(actions(button("Undo this change", UNDO, str(view.override_id))))
    return Message(text, blocks)


def shift_handover_message(view: HandoverView, reader: str | None) -> Message:
    """Shift handover for `reader`, who leaves or comes; None: for a channel."""
    head = _handover_heading(view, reader)
    late = " (Delayed: Dogwatch was offline.)" * view.is_late
    text = f"{head} Since {slack_datetime(view.since)}.{late}"
    until = f" until {slack_datetime(view.until)}" if view.until else ""
    now = [*view.came, *view.stay]
    who = f"On call now: {people_markup(now)}{until}." if now else f":warning: *Nobody is on call now*{until}."
    blocks: Blocks = [section(f"{text}\n{who}"), *_open_incident_blocks(view)]
    return Message(f"{text} {who}", blocks)


def _handover_heading(view: HandoverView, reader: str | None) -> str:
    name = f"*{literal(view.schedule, limit=NAME)}*"
    if reader in view.came:
        after = f", after {people_markup(view.left)}" if view.left else ""
        return f":pager: You are on call for {name} now{after}."
    if reader in view.left:
        to = f": {people_markup(view.came)} took over" if view.came else ""
        return f":wave: Your shift for {name} is over{to}."
    if not view.came:
        return f":warning: Nobody took over from {people_markup(view.left)} on call for {name}."
    before = f" from {people_markup(view.left)}" if view.left else ""
    return f":pager: {people_markup(view.came)} took over on call for {name}{before}."


def _open_incident_blocks(view: HandoverView) -> Blocks:
    if not view.open:
        return [context("No incident is open.")]
    more = [context(f"and {view.more} more: `/incident list` shows them.")] if view.more else []
    count = len(view.open) + view.more
    what = "One incident is open" if count == 1 else f"{count} incidents are open"
    return [section(f"*{what}*"), *(section(_incident_line(view, each)) for each in view.open), *more]


def _incident_line(view: HandoverView, one: OpenIncident) -> str:
    lead = f"led by <@{one.lead}>" if one.lead else "*nobody leads*"
    where = channel_suffix(one.channel_id)
    waits = f"\n:rotating_light: Waiting for {_target_list(one.waits_for, view.names)}" if one.waits_for else ""
    title = literal(one_line(one.title, TITLE), view.names)
    return (
        f"*{one.reference}* {title}\n{literal(one.severity)} · since {slack_datetime(one.since)} · {lead}{where}{waits}"
    )


def _target_list(found: Sequence[str], names: Mapping[str, str]) -> str:
    return ", ".join(each if each.startswith("<@") else literal(each, names, TITLE) for each in found)


def override_form(settings: Settings, place: int) -> View:
    return override_form_for(list(settings.schedules), place)


def override_form_for(names: Sequence[str], place: int) -> View:
    """`place`: position of the preselected schedule, from 1; 0: none, unless there is only one."""
    if not names:
        return notice_modal(NONE, "On call")
    place = place or (1 if len(names) == 1 else 0)
    chosen = names[place - 1] if 0 < place <= len(names) else None
    choices = [Choice(each[:150], each) for each in names]
    fields = [
        select_field(SCHEDULE, "Schedule", choices, chosen=chosen, is_optional=False),
        person_field(PERSON, "Person on call", hint="Default: you."),
        input_block({"type": "datetimepicker"}, STARTS, "From", hint="In your time zone. Default: now."),
        input_block({"type": "datetimepicker"}, ENDS, "Until", is_optional=False),
        person_field(INSTEAD, "Replaced person", hint="Default: the person on call at that time."),
        text_field(TEXT, "Why?", is_long=False),
    ]
    return modal(FORM, "Change who is on call", "Change", fields, {})
