"""Question to an acknowledger who has been inactive: still on it?"""

from bot.services.escalation.ack_timeout import AckTimeoutView
from bot.slack.blocks.escalation.controls import DECLINE, HAND_OVER
from bot.slack.blocks.limits import actions, button, in_channel, literal, one_line, section, slack_time
from bot.slack.blocks.message import Message

ON_IT = "escalation_on_it"
TITLE = 200


def silence_check_message(view: AckTimeoutView) -> Message:
    title = literal(one_line(view.title, TITLE), view.names)
    head = f":wave: Are you still on *{view.reference}* {title}{in_channel(view.channel_id)}?"
    since = f"You acknowledged {slack_time(view.acknowledged_at)}, with no activity since."
    then = f"If you do not answer by {slack_time(view.until)}, you are paged again, then others are."
    buttons = actions(
        button("I am on it", ON_IT, str(view.escalation_id), style="primary"),
        button("Hand over…", HAND_OVER, str(view.escalation_id)),
        button("Can't: next please", DECLINE, str(view.escalation_id)),
    )
    return Message(f"Are you still on {view.reference} {title}?", [section(f"{head}\n{since} {then}"), buttons])


def active_confirmed_message(reference: str) -> Message:
    text = f":white_check_mark: Confirmed: you are on *{reference}*."
    return Message(text, [section(text)])
