"""Questions before something that people may do by mistake: page twice, answer for others."""

from bot.domain.terms import TargetKind
from bot.services.escalation.duplicate_check import RepeatedRequest, RunningPage
from bot.slack.blocks.limits import actions, button, literal, section, slack_time
from bot.slack.blocks.message import Message

PAGE_AGAIN = "escalation_page_again"


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
