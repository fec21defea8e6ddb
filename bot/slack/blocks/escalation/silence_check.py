"""What somebody is asked directly who acknowledged and is not heard of since."""

from bot.services.escalation.silence_check import QuietView
from bot.slack.blocks.escalation.message import DECLINE, HAND_OVER
from bot.slack.blocks.limits import actions, button, literal, one_line, section, when
from bot.slack.blocks.message import Message

ON_IT = "escalation_on_it"
TITLE = 200


def asked(view: QuietView) -> Message:
    title = literal(one_line(view.title, TITLE), view.names)
    where = f" in <#{view.channel_id}>" if view.channel_id else ""
    head = f":wave: Are you still on *{view.reference}* {title}{where}?"
    told = f"You acknowledged {when(view.acknowledged_at)}, and nothing was heard of you for a while."
    then = f"If you say nothing by {when(view.until)}, you are paged again, and after that others are."
    buttons = actions(
        button("I am on it", ON_IT, str(view.escalation_id), style="primary"),
        button("Hand over…", HAND_OVER, str(view.escalation_id)),
        button("Can't: next please", DECLINE, str(view.escalation_id)),
    )
    return Message(f"Are you still on {view.reference} {title}?", [section(f"{head}\n{told} {then}"), buttons])


def thanks(reference: str) -> Message:
    text = f":white_check_mark: You are on *{reference}*. Good to hear."
    return Message(text, [section(text)])
