"""Reminders: one quiet message each, with what can be done about it and a menu to put it off."""

from collections.abc import Mapping

from bot.domain.reminders.rules import Nudge
from bot.services.reminders.reminders import Later
from bot.services.reminders.view import NudgeView, State
from bot.slack.blocks import app_home as homes
from bot.slack.blocks.escalation.reminder_wording import SHORT
from bot.slack.blocks.incidents import card as cards
from bot.slack.blocks.limits import Block, actions, button, context, literal, one_line, section, when
from bot.slack.blocks.message import Message

PUT_OFF = "nudge_put_off"
UPDATE = "do_update"
TEXT, TITLE = 300, 150
LATER: Mapping[Later, str] = {
    Later.HOUR: "In an hour",
    Later.TOMORROW: "Tomorrow",
    Later.NEVER: "Never in this incident",
}


def nudge(view: NudgeView) -> Message:
    """In whichever state it is: it stands, was put off, or is so no longer."""
    short = _short(view)
    match view.state:
        case State.OVER:
            return Message(f"No longer: {short}", [context(f":white_check_mark: ~{short}~{_over(view)}")])
        case State.OFF:
            by = f" (<@{view.by}>)" if view.by else ""
            return Message(short, [context(f":no_bell: {short}. Not asked again in this incident{by}.")])
        case State.PUT_OFF:
            return Message(short, [context(f":zzz: {short}. {_put_off(view)}"), actions(*_acts(view))])
        case _:
            asked = f"Asked {view.count} times, last {when(view.asked_at, cards.DATE)}." if view.count > 1 else ""
            blocks = [section(_words(view)), actions(*_acts(view), _later(view))]
            return Message(short, [*blocks, *([context(asked)] if asked else [])])


def _short(view: NudgeView) -> str:
    if view.what is Nudge.TASK_OVERDUE and view.number is not None:
        return f"{view.kind.capitalize()} {view.number} of {view.reference} is overdue"
    return SHORT[view.what] + (f": {view.reference}" if view.what is Nudge.POSTMORTEM_DUE or view.is_direct else "")


def _over(view: NudgeView) -> str:
    return f" No longer so since {when(view.over_at, cards.DATE)}." if view.over_at else ""


def _put_off(view: NudgeView) -> str:
    until = f"Asked again {when(view.until, cards.DATE)}" if view.until else "Asked again later"
    return f"{until} (<@{view.by}>)." if view.by else f"{until}."


def _words(view: NudgeView) -> str:
    since = when(view.since, cards.DATE) if view.since else ""
    match view.what:
        case Nudge.NOBODY_LEADS:
            return ":compass: *Nobody leads this incident.* Whoever takes the lead decides, and keeps it together."
        case Nudge.UPDATE_DUE:
            return f":loudspeaker: *A word on where it stands is due.* The last one was {since}."
        case Nudge.NOTHING_RECORDED:
            how = "A reaction on a message is enough: :mag: for what you look at, :dart: for the cause."
            return f":memo: *Nothing was recorded since {since}.* {how}"
        case Nudge.TRIAGE:
            return f":mag: *It has been in triage since {since}.* Is it an incident?"
        case Nudge.TASK_OVERDUE:
            return _task(view)
        case Nudge.POSTMORTEM_DUE:
            whom = f"<@{view.lead}>, the" if view.lead and not view.is_direct else "The"
            told = f"It was resolved {since}, and nobody has said that its postmortem is published."
            return f":page_facing_up: {whom} postmortem of *{view.reference}* {_title(view)} is due. {told}"


def _title(view: NudgeView) -> str:
    return literal(one_line(view.title, TITLE), view.names)


def _task(view: NudgeView) -> str:
    where = f" · <#{view.channel_id}>" if view.is_direct and view.channel_id else ""
    text = literal(one_line(view.text, TEXT), view.names)
    head = f":alarm_clock: *{view.kind.capitalize()} {view.number} of {view.reference} was due {view.due}*"
    return f"{head}: {text}\n{_title(view)}{where}"


def _acts(view: NudgeView) -> list[Block]:
    of_incident = str(view.incident_id)
    match view.what:
        case Nudge.NOBODY_LEADS:
            return [button("I lead", cards.LEAD, of_incident, style="primary")]
        case Nudge.UPDATE_DUE:
            return [button("Status…", cards.STATUS, of_incident), button("Public update…", UPDATE, of_incident)]
        case Nudge.NOTHING_RECORDED:
            return [button("Add to the timeline…", cards.NOTE, of_incident)]
        case Nudge.TRIAGE:
            accept = button("It is an incident", cards.ACCEPT, of_incident, style="primary")
            return [accept, button("Cancel it…", cards.CANCEL, of_incident)]
        case Nudge.TASK_OVERDUE:
            return [button("Done", homes.DONE, str(view.item_id), style="primary")] if view.item_id else []
        case Nudge.POSTMORTEM_DUE:
            return [button("Write the draft anew", cards.DRAFT, of_incident), button("Published…", UPDATE, of_incident)]


def _later(view: NudgeView) -> Block:
    return {
        "type": "static_select",
        "action_id": PUT_OFF,
        "placeholder": {"type": "plain_text", "text": "Not now…", "emoji": True},
        "options": [
            {"text": {"type": "plain_text", "text": label, "emoji": True}, "value": f"{view.nudge_id}.{later.value}"}
            for later, label in LATER.items()
        ],
    }
