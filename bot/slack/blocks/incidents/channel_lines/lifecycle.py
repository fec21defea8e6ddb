"""Lines on an incident's lifecycle: severity, status, merge, details, channel."""

from datetime import datetime

from bot.domain.terms import Status
from bot.services.views.event import EventView
from bot.slack.blocks.incidents.archiving import channel_archived_message
from bot.slack.blocks.incidents.card import RETRY, incident_link
from bot.slack.blocks.incidents.channel_lines.alerts import with_firing_alerts
from bot.slack.blocks.incidents.channel_lines.parts import actor_text, int_value, person_text, with_text
from bot.slack.blocks.limits import actions, button, context, join_lines, link, literal, section, slack_datetime
from bot.slack.blocks.message import Message, plain_message


def severity_line(view: EventView) -> Message:
    labels = view.severity_labels
    before, to = (literal(labels.get(str(view.values[key]), ""), limit=100) for key in ("before", "to"))
    line = f":vertical_traffic_light: {actor_text(view)} changed the severity: {before} → *{to}*"
    return _with_requirements(with_text(line, view), view)


def status_line(view: EventView) -> Message:
    to = str(view.values["to"])
    label = literal(view.status_labels.get(to, to), limit=100)
    if view.values.get("before") == Status.TRIAGE:
        line = f":white_check_mark: {actor_text(view)} accepted it as an incident: *{label}*"
    else:
        line = f":arrow_right: {actor_text(view)} set the status: *{label}*"
    return _with_requirements(with_text(line, view), view)


def _with_requirements(message: Message, view: EventView) -> Message:
    """Add the requirements of the new severity or status that are not met."""
    asks = view.values.get("asks")
    if not isinstance(asks, list) or not asks:
        return message
    missing = [f"{literal(str(what), limit=150)} (`/incident {command}`)" for what, command in asks]
    head = f"{literal(str(view.values.get('asks_by')), limit=100)} asks for"
    return Message(message.text, [*message.blocks, context(f"{head}: {', '.join(missing)}.")])


def reopened_line(view: EventView) -> Message:
    return with_text(f":leftwards_arrow_with_hook: *Reopened* by {actor_text(view)}", view)


def cancelled_line(view: EventView) -> Message:
    return with_firing_alerts(with_text(f":no_entry_sign: *Cancelled* by {actor_text(view)}", view), view)


def merged_line(view: EventView) -> Message:
    into = incident_link(view.other) if view.other else "another incident"
    return plain_message(
        f":twisted_rightwards_arrows: *Merged* into {into} by {actor_text(view)}. Continue there. Timeline, alerts, "
        "tasks and open escalations were moved, and everybody here is invited. Later messages in this channel are not "
        "recorded."
    )


def merged_in_line(view: EventView) -> Message:
    source = incident_link(view.other) if view.other else "Another incident"
    entries = int_value(view.values.get("entries"))
    what = f"{entries:,} timeline {'entry' if entries == 1 else 'entries'}"
    if alerts := int_value(view.values.get("alerts")):
        what += f" and {alerts:,} alert{'s' * (alerts != 1)}"
    found = view.values.get("roles")
    held = found if isinstance(found, list) else []
    roles = [f"{literal(label, limit=100)}: {person_text(view, who)}" for label, who in held]
    had = f" There {'was' if len(roles) == 1 else 'were'} {', '.join(roles)}." if roles else ""
    return plain_message(
        f":twisted_rightwards_arrows: {source} was merged into this incident by {actor_text(view)}, with {what}.{had}"
    )


def details_line(view: EventView) -> Message:
    lines = [_detail_change(view, name, value) for name, value in view.details.changes.items()]
    head = f":pencil2: {actor_text(view)} changed the details"
    return Message(head, [section(join_lines([head, *lines]))])


def _detail_change(view: EventView, name: object, value: object) -> str:
    field, _, code = str(name).partition(".")
    label = literal(f"{field} ({code})" if code else field, limit=100)
    return f"• {label}: *{literal(str(value), view.names, 300)}*" if value else f"• {label}: removed"


def new_channel_line(view: EventView) -> Message:
    return plain_message(
        f":twisted_rightwards_arrows: *{view.reference} continues here*, by {actor_text(view)}: its channel "
        f"<#{view.values.get('channel_id')}> is no longer in use. Everybody who wrote there is invited. The record "
        "keeps both channels."
    )


def no_channel_line(view: EventView) -> Message:
    problem = literal(str(view.values.get("error", "")))
    text = (
        f":warning: {view.reference} is open, but Slack did not let me create its channel ({problem}). "
        f"In other channels, type {view.reference} as the first word of a command."
    )
    return Message(text, [section(text), actions(button("Try again", RETRY, str(view.incident_id)))])


def archive_soon_line(view: EventView) -> Message:
    at = datetime.fromisoformat(str(view.values.get("archive_at")))
    return plain_message(
        f":file_cabinet: This channel will be archived {slack_datetime(at)}. To keep it, write a message here. "
        "The record and the postmortem stay."
    )


def archived_line(view: EventView) -> Message:
    about, channel = view.values.get("about"), view.values.get("channel")
    number = about if isinstance(about, int) else 0
    return channel_archived_message(number, view.reference, str(channel or ""), is_reopened=False)


def canvas_left_line(view: EventView) -> Message:
    page = link(str(view.values.get("page", "")), "the postmortem's page")
    ways = [f"The newest draft is the file in this channel. Copy what is missing to {page}."]
    if view.values.get("is_published"):
        ways = [f"The postmortem is published. Reopen it on {page}: then the text of the canvas is taken in."]
    if view.values.get("went"):
        ways.append("It may still quote text that was removed from the record. Check it.")
    return plain_message(
        f":page_facing_up: The postmortem's canvas is unchanged, because people may have edited it. {' '.join(ways)}"
    )
