"""Reminder messages: buttons for the next action, and a menu to put the reminder off."""

from collections.abc import Mapping

from bot.command.mark_help import short_mark_help
from bot.domain.reminders import ReminderKind
from bot.services.reminders.check import SnoozePeriod
from bot.services.reminders.view import ReminderView, ReminderViewState
from bot.slack.blocks.incidents.card import (
    ACCEPT,
    ACCEPT_LABEL,
    CANCEL,
    DECLINE_LABEL,
    DRAFT,
    LEAD,
    LEAD_LABEL,
    NOTE,
    STATUS,
)
from bot.slack.blocks.limits import (
    Block,
    actions,
    button,
    channel_suffix,
    context,
    formatted_line,
    literal,
    one_line,
    section,
    slack_datetime,
    static_select,
)
from bot.slack.blocks.message import Message
from bot.slack.blocks.postmortem.candidates import CHOOSE, CHOOSE_LABEL
from bot.slack.blocks.status_page.approval import READ

PUT_OFF, DONE = "nudge_put_off", "home_done"
UPDATE = "do_update"
TEXT, TITLE = 300, 150
REMINDER_TITLES: Mapping[ReminderKind, str] = {
    ReminderKind.NOBODY_LEADS: "Nobody leads this incident",
    ReminderKind.UPDATE_DUE: "Status update due",
    ReminderKind.NOTHING_RECORDED: "Nothing was recorded for a while",
    ReminderKind.TRIAGE: "It has been in triage for a while",
    ReminderKind.APPROVAL_DUE: "A public update waits for approval",
    ReminderKind.TASK_OVERDUE: "A task is overdue",
    ReminderKind.POSTMORTEM_DUE: "The postmortem is due",
}
"""Subject of each reminder: in its message, also once it is over, and in App Home."""
LATER: Mapping[SnoozePeriod, str] = {
    SnoozePeriod.HOUR: "In an hour",
    SnoozePeriod.TOMORROW: "Tomorrow",
    SnoozePeriod.NEVER: "Never in this incident",
}


def reminder_message(view: ReminderView) -> Message:
    """Show a reminder in its state: active, put off, switched off or over."""
    subject = _subject(view)
    match view.state:
        case ReminderViewState.OVER:
            return Message(f"No longer: {subject}", [context(f":white_check_mark: ~{subject}~{_over_text(view)}")])
        case ReminderViewState.OFF:
            by = f" (<@{view.by}>)" if view.by else ""
            return Message(subject, [context(f":no_bell: {subject}. Not asked again in this incident{by}.")])
        case ReminderViewState.PUT_OFF:
            return Message(
                subject, [context(f":zzz: {subject}. {_put_off_text(view)}"), actions(*_action_buttons(view))]
            )
        case _:
            asked = f"Asked {view.count} times, last {slack_datetime(view.asked_at)}." if view.count > 1 else ""
            blocks = [section(_reminder_text(view)), actions(*_action_buttons(view), _put_off_menu(view))]
            return Message(subject, [*blocks, *([context(asked)] if asked else [])])


def _subject(view: ReminderView) -> str:
    if view.what is ReminderKind.TASK_OVERDUE and view.number is not None:
        return f"{view.kind.capitalize()} {view.number} of {view.reference} is overdue"
    return REMINDER_TITLES[view.what] + (
        f": {view.reference}" if view.what is ReminderKind.POSTMORTEM_DUE or view.is_direct else ""
    )


def _over_text(view: ReminderView) -> str:
    return f" · over since {slack_datetime(view.over_at)}" if view.over_at else ""


def _put_off_text(view: ReminderView) -> str:
    until = f"Asked again {slack_datetime(view.until)}" if view.until else "Asked again later"
    return f"{until} (<@{view.by}>)." if view.by else f"{until}."


def _reminder_text(view: ReminderView) -> str:
    since = slack_datetime(view.since) if view.since else ""
    match view.what:
        case ReminderKind.NOBODY_LEADS:
            return ":compass: *Nobody leads this incident.* The lead makes decisions and coordinates the response."
        case ReminderKind.UPDATE_DUE:
            return f":loudspeaker: *Status update due.* Last update: {since}."
        case ReminderKind.NOTHING_RECORDED:
            legend = short_mark_help(view.reactions)
            how = f"React to a message to log it: {legend}." if legend else "Log what happens with `/incident note`."
            return f":memo: *Nothing was recorded since {since}.* {how}"
        case ReminderKind.TRIAGE:
            return f":mag: *It has been in triage since {since}.* Is it an incident?"
        case ReminderKind.APPROVAL_DUE:
            return (
                f":eyes: *A public update has been waiting for approval since {since}.* Nothing of it is published yet."
            )
        case ReminderKind.TASK_OVERDUE:
            return _action_item_text(view)
        case ReminderKind.POSTMORTEM_DUE:
            whom = f"<@{view.lead}>, the" if view.lead and not view.is_direct else "The"
            state = f"It was resolved {since}, and its postmortem is not published."
            head = f":page_facing_up: {whom} postmortem of *{view.reference}* {_incident_title(view)} is due. {state}"
            return f"{head}{_review_text(view)}"


def _review_text(view: ReminderView) -> str:
    """Those who are still asked for a review, by name: a mention would ask them again."""
    if not view.reviewers:
        return ""
    named = literal(", ".join(view.reviewers), limit=TEXT)
    return f" Its review was due on {view.due}. Still asked: {named}." if view.due else f" Still asked: {named}."


def _incident_title(view: ReminderView) -> str:
    return literal(one_line(view.title, TITLE), view.names)


def _action_item_text(view: ReminderView) -> str:
    where = channel_suffix(view.channel_id) if view.is_direct else ""
    text = formatted_line(view.text, view.names, TEXT)
    head = f":alarm_clock: *{view.kind.capitalize()} {view.number} of {view.reference} was due {view.due}*"
    owner = f" · @{literal(view.owner_group, limit=100)}" if view.owner_group else ""
    return f"{head}: {text}{owner}\n{_incident_title(view)}{where}"


def _action_buttons(view: ReminderView) -> list[Block]:
    incident_id = str(view.incident_id)
    match view.what:
        case ReminderKind.NOBODY_LEADS:
            return [button(LEAD_LABEL, LEAD, incident_id, style="primary")]
        case ReminderKind.UPDATE_DUE:
            return [button("Status…", STATUS, incident_id), button("Public update…", UPDATE, incident_id)]
        case ReminderKind.NOTHING_RECORDED:
            return [button(CHOOSE_LABEL, CHOOSE, incident_id), button("Add to the timeline…", NOTE, incident_id)]
        case ReminderKind.TRIAGE:
            accept = button(ACCEPT_LABEL, ACCEPT, incident_id, style="primary")
            return [accept, button(DECLINE_LABEL, CANCEL, incident_id)]
        case ReminderKind.APPROVAL_DUE:
            return [button("Read it", READ, str(view.request_id or 0), style="primary")]
        case ReminderKind.TASK_OVERDUE:
            return [button("Done", DONE, str(view.item_id), style="primary")] if view.item_id else []
        case ReminderKind.POSTMORTEM_DUE:
            return [button("Regenerate draft", DRAFT, incident_id), button("Published…", UPDATE, incident_id)]


def _put_off_menu(view: ReminderView) -> Block:
    return static_select(
        PUT_OFF, "Not now…", [(label, f"{view.reminder_id}.{later.value}") for later, label in LATER.items()]
    )
