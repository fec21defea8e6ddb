"""The page to one person: what is wrong, why they are asked, and what they can say; later what came of it."""

from bot.services.escalation.view import EscalationView
from bot.slack.blocks.escalation import message as escalation
from bot.slack.blocks.limits import Blocks, actions, context, literal, quoted, section, when
from bot.slack.blocks.message import Message


def page(view: EscalationView, reader: str = "") -> Message:
    """
    As things stand, for `reader`, a user id; without one it is for anybody.

    It says until when they have: afterwards that is still right, so it is edited only when somebody answers.
    """
    text = _asks(view, reader)
    body = f"{text}\n{quoted(view.reason, view.names)}" if view.reason else text
    blocks: Blocks = [section(body)]
    if not view.is_waiting:
        blocks.append(context(_came(view, reader)))
        if view.is_held and view.answer_of(reader):
            blocks.append(actions(*escalation.holds(view)))
        return Message(text, blocks)
    if reader in view.declined_by:
        blocks.append(context("You said that you can't. Nothing more is asked of you."))
        blocks.append(actions(*escalation.answers(view, "Acknowledge after all", can_decline=False)[:1]))
        return Message(text, blocks)
    if wait := _wait(view, reader):
        blocks.append(context(wait))
    has_it = view.answer_of(reader) is not None
    blocks.append(actions(*([escalation.decline(view, "I can't after all")] if has_it else escalation.answers(view))))
    return Message(text, blocks)


def _asks(view: EscalationView, reader: str) -> str:
    where = f" in <#{view.channel_id}>" if view.channel_id else ""
    asker = f"<@{view.asked_by}> needs you" if view.asked_by else "You are needed"
    if view.handed_by == reader:
        asker = "Nobody took what you handed over: you are needed"
    elif view.handed_by and (view.level, view.round) == (1, 0):
        asker = f"<@{view.handed_by}> hands this over to you"
    again = f" (reminder {view.reminders})" if view.reminders and not view.is_stepwise else ""
    severity = f"{literal(view.severity, limit=60)} · " if view.severity else ""
    title = literal(view.title, view.names, 300)
    return f":rotating_light: {asker}{where}: {severity}*{view.reference} {title}*{again}"


def _wait(view: EscalationView, reader: str) -> str:
    parts = []
    if view.policy:
        resort = ": the last resort is paged" if escalation.has_last_resort(view) else ""
        parts.append(f"Policy {literal(view.policy, limit=100)}, {escalation.standing(view)}{resort}.")
    if view.needs_all and len(view.members) > 1:
        parts.append("Each of those who are asked has to answer.")
    if view.answer_of(reader):
        parts.append("You answered; others are still waited for.")
    elif view.next is not None and view.is_stepwise:
        then = "the next level is paged" if view.next.level else "the policy has come to its end"
        parts.append(f"If nobody answers by {when(view.next.at)}, {then}.")
    elif view.next is not None and view.next.level:
        parts.append(f"If nobody answers by {when(view.next.at)}, you are paged again.")
    return " ".join(parts)


def _came(view: EscalationView, reader: str) -> str:
    if view.acknowledged_at is None or not reader:
        return escalation.state(view)
    given = view.answer_of(reader)
    if given is None:
        return f"{escalation.state(view).splitlines()[0]}. You need not do anything."
    others = [one.user_id for one in view.answers if one.user_id and one.user_id != reader and one.withdrawn_at is None]
    if view.handed_to:
        done = f"It was handed over to {escalation.handed_to(view)}" if others else "You handed it over"
        return f":white_check_mark: {done}. Nothing more is asked of you."
    beside = f", together with {escalation.mentions(others)}" if others else ""
    return f":white_check_mark: You acknowledged {when(given.at)}. It is yours{beside}."
