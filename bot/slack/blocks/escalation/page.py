"""Page of one person: the problem and the buttons to answer it, later the result."""

from bot.services.escalation.view import EscalationView
from bot.slack.blocks.escalation.controls import acknowledger_buttons, answer_buttons, decline_button
from bot.slack.blocks.escalation.levels import mention_list
from bot.slack.blocks.escalation.message import escalation_state, has_last_resort, new_target_markup, policy_progress
from bot.slack.blocks.limits import Blocks, actions, context, in_channel, literal, section, slack_time, with_quote
from bot.slack.blocks.message import Message


def page_message(view: EscalationView, reader: str = "") -> Message:
    """
    Show the escalation as it is now. `reader`: user id, empty for no reader in particular.

    It states an absolute deadline, so it is edited only when somebody answers.
    """
    text = _heading(view, reader)
    blocks: Blocks = [section(with_quote(text, view.reason, view.names))]
    if not view.is_waiting:
        blocks.append(context(_result(view, reader)))
        if view.can_be_handed_over and view.responses.answer_of(reader):
            blocks.append(actions(*acknowledger_buttons(view)))
        return Message(text, blocks)
    if reader in view.responses.declined_by:
        blocks.append(context("You declined. No further action is needed."))
        blocks.append(actions(*answer_buttons(view, "Acknowledge after all", can_decline=False)[:1]))
        return Message(text, blocks)
    if wait := _deadline(view, reader):
        blocks.append(context(wait))
    has_it = view.responses.answer_of(reader) is not None
    blocks.append(actions(*([decline_button(view, "I can't after all")] if has_it else answer_buttons(view))))
    return Message(text, blocks)


def _heading(view: EscalationView, reader: str) -> str:
    asker = f"<@{view.asked_by}> needs you" if view.asked_by else "You are needed"
    if view.handover.giver == reader:
        asker = "Nobody acknowledged your handover: you are needed"
    elif view.handover.giver and (view.progress.level, view.progress.round) == (1, 0):
        asker = f"<@{view.handover.giver}> hands this over to you"
    again = (
        f" (reminder {view.progress.reminders})" if view.progress.reminders and not view.progress.is_stepwise else ""
    )
    severity = f"{literal(view.incident.severity, limit=60)} · " if view.incident.severity else ""
    title = literal(view.incident.title, view.names, 300)
    where = in_channel(view.incident.channel_id)
    return f":rotating_light: {asker}{where}: {severity}*{view.incident.reference} {title}*{again}"


def _deadline(view: EscalationView, reader: str) -> str:
    parts = []
    if view.progress.policy:
        resort = ": the last resort is paged" if has_last_resort(view) else ""
        parts.append(f"Policy {literal(view.progress.policy, limit=100)}, {policy_progress(view)}{resort}.")
    if view.responses.needs_all and len(view.responses.members) > 1:
        parts.append("Everybody who is paged must answer.")
    if view.responses.answer_of(reader):
        parts.append("You answered. Others still have to.")
    elif view.progress.next is not None and view.progress.is_stepwise:
        then = "the next level is paged" if view.progress.next.level else "the policy has come to its end"
        parts.append(f"If nobody answers by {slack_time(view.progress.next.at)}, {then}.")
    elif view.progress.next is not None and view.progress.next.level:
        parts.append(f"If nobody answers by {slack_time(view.progress.next.at)}, you are paged again.")
    return " ".join(parts)


def _result(view: EscalationView, reader: str) -> str:
    if view.responses.acknowledged_at is None or not reader:
        return escalation_state(view)
    given = view.responses.answer_of(reader)
    if given is None:
        return f"{escalation_state(view).splitlines()[0]}. No action is needed."
    others = [
        one.user_id
        for one in view.responses.answers
        if one.user_id and one.user_id != reader and one.withdrawn_at is None
    ]
    if view.handover.recipient:
        done = f"It was handed over to {new_target_markup(view)}" if others else "You handed it over"
        return f":white_check_mark: {done}. No further action is needed."
    beside = f", together with {mention_list(others)}" if others else ""
    return f":white_check_mark: You acknowledged {slack_time(given.at)}. It is yours{beside}."
