"""Questions before something that people may do by mistake: page twice, answer for others."""

from bot.domain.escalation import PagedLevel
from bot.domain.terms import TargetKind
from bot.services.escalation.duplicate_check import RepeatedRequest, RunningPage
from bot.slack.blocks.escalation.levels import PEOPLE, mention
from bot.slack.blocks.limits import actions, button, literal, section, slack_time
from bot.slack.blocks.message import Message, plain_message

ACKNOWLEDGE_UNASKED = "escalation_acknowledge_unasked"
PAGE_AGAIN = "escalation_page_again"


def acknowledge_question(escalation_id: int, paged: PagedLevel) -> Message:
    """Say who was paged, with a button for a person who was not."""
    named = [mention(each) for each in (*paged.people, *paged.services) if each not in paged.gone]
    named += [f"<!subteam^{each}>" for each in paged.groups]
    more = [f"{len(named) - PEOPLE} more"] if len(named) > PEOPLE else []
    who = ", ".join([*named[:PEOPLE], *more])
    were = "were" if len(named) > 1 else "was"
    text = f"{who} {were} paged, not you. Nothing was changed. Acknowledge for yourself?"
    return Message(
        text, [section(text), actions(button("Acknowledge for myself", ACKNOWLEDGE_UNASKED, str(escalation_id)))]
    )


def acknowledged_message() -> Message:
    return plain_message(":white_check_mark: You acknowledged.")


def page_again_question(request: RepeatedRequest) -> Message:
    """Say who is being paged already, with a button that pages again."""
    running = " ".join(_running_sentence(each) for each in request.running)
    text = f"{running} Nobody was paged again. Page again?"
    return Message(text, [section(text), actions(button("Page again", PAGE_AGAIN, request.value, style="danger"))])


def _running_sentence(running: RunningPage) -> str:
    since = slack_time(running.since)
    if running.mention.startswith("<"):
        return f"{running.mention} is already paged since {since}."
    if running.kind == TargetKind.TEAM:
        return f"*@{literal(running.mention, limit=200)}* is already paged since {since}."
    if running.kind == TargetKind.POLICY:
        return f"The policy *{literal(running.mention, limit=200)}* already runs since {since}."
    return f"The {running.kind.value} *{literal(running.mention, limit=200)}* is already paged since {since}."
