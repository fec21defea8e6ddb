"""The one message of an escalation, edited in place, and the page that goes to each person."""

from bot.domain.terms import TargetKind
from bot.services.views import EscalationView
from bot.slack.blocks.kit import actions, button, context, literal, quoted, section, when
from bot.slack.blocks.message import Message

ACKNOWLEDGE, DECLINE = "escalation_acknowledge", "escalation_decline"


def ledger(view: EscalationView) -> Message:
    who = _target(view)
    if view.was_only_recorded:
        at = f" at {when(view.paged_at, '{date_short_pretty} {time}')}" if view.paged_at else ", time not known"
        line = f":mega: Recorded: {who} called{at}"
    else:
        line = f":mega: {who} {'told' if view.is_external else 'paged'}" + (
            f" {when(view.paged_at)}" if view.paged_at else ""
        )
    text = f"{line}\n{quoted(view.reason, view.names)}" if view.reason else line
    blocks = [section(text), context(_state(view))]
    if view.is_waiting:
        value = str(view.escalation_id)
        label = "They answered" if view.is_external else "Acknowledge"
        buttons = [button(label, ACKNOWLEDGE, value, style="primary")]
        if not view.is_external:
            buttons.append(button("Can't", DECLINE, value))
        blocks.append(actions(*buttons))
    return Message(f"{line}. {literal(view.reason, view.names, 500)}", blocks)


def moved(view: EscalationView) -> Message:
    """What it becomes in the channel of an incident that was merged: where it goes on, and its buttons."""
    shown = ledger(view)
    where = f" <#{view.channel_id}>" if view.channel_id else ""
    home = f":twisted_rightwards_arrows: This goes on in {view.reference}{where}."
    return Message(f"{home} {shown.text}", [context(home), *shown.blocks])


def _target(view: EscalationView) -> str:
    if view.is_external:
        return f"vendor *{literal(view.target_name, limit=200)}*"
    if view.target_kind == TargetKind.TEAM:
        people = " ".join(f"<@{member}>" for member in view.members)
        return f"*@{literal(view.target_name, limit=200)}*" + (f" ({people})" if people else "")
    return view.target


def _state(view: EscalationView) -> str:
    parts = []
    if view.acknowledged_at is not None:
        by = f"<@{view.acknowledged_by}>" if view.acknowledged_by else "somebody"
        parts.append(f":white_check_mark: acknowledged by {by} {when(view.acknowledged_at)}")
    elif view.is_called_off:
        parts.append("called off")
    elif not view.is_open:
        parts.append("nobody acknowledged before the incident ended")
    elif view.have_all_declined:
        parts.append(":warning: everybody who was asked cannot. Escalate to somebody else.")
    elif view.gave_up:
        parts.append(f":warning: nobody answered after {view.reminders} reminders. Escalate to somebody else.")
    elif view.next_reminder_at is not None:
        parts.append(f"waiting; next reminder {when(view.next_reminder_at)}")
    else:
        parts.append("waiting for an answer")
    if view.declined_by:
        parts.append("cannot: " + " ".join(f"<@{each}>" for each in view.declined_by))
    if view.unreached:
        parts.append(":warning: no direct message reached " + " ".join(f"<@{each}>" for each in view.unreached))
    return " · ".join(parts)


def page(view: EscalationView, title: str, channel_id: str | None) -> Message:
    """To one person: what is wrong, why they are asked, and the two buttons, or what came of it."""
    where = f" in <#{channel_id}>" if channel_id else ""
    asker = f"<@{view.asked_by}> needs you" if view.asked_by else "You are needed"
    again = f" (reminder {view.reminders})" if view.reminders else ""
    text = f":rotating_light: {asker}{where}: *{view.reference} {literal(title, limit=300)}*{again}"
    body = f"{text}\n{quoted(view.reason, view.names)}" if view.reason else text
    value = str(view.escalation_id)
    if not view.is_waiting:
        return Message(text, [section(body), context(_state(view))])
    buttons = actions(
        button("Acknowledge", ACKNOWLEDGE, value, style="primary"), button("Can't", DECLINE, value)
    )  # fmt: skip
    return Message(text, [section(body), buttons])


def declined(view: EscalationView, title: str, channel_id: str | None) -> Message:
    """The page of somebody who cannot: the other button stays, for those who can after all."""
    shown = page(view, title, channel_id)
    if not view.is_waiting:
        return shown
    again = actions(button("Acknowledge after all", ACKNOWLEDGE, str(view.escalation_id)))
    return Message(shown.text, [shown.blocks[0], context("You said that you can't."), again])
