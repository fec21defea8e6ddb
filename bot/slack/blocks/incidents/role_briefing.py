"""What somebody reads directly who got a role: what to do in it, where the incident stands, what is open."""

from bot.domain.incidents.roles import LEAD
from bot.services.incidents.role_briefing import BriefingView
from bot.slack.blocks.limits import (
    actions,
    button,
    context,
    formatted,
    link,
    listed,
    literal,
    one_line,
    quoted,
    section,
)
from bot.slack.blocks.message import Message
from bot.slack.blocks.postmortem.catchup import parts

TOOK = "role_took"
BRIEFING = 1_500
NOTE = 500


def briefing(view: BriefingView, *, is_taken: bool = False) -> Message:
    """`is_taken`: they have said that they have it, and are not asked any more."""
    told = view.catchup.catchup
    incident, names = told.incident, view.catchup.names
    part = "You lead" if view.role.name == LEAD else f"You are {literal(view.role.label, limit=100)} of"
    title = literal(one_line(incident.title, 200), names)
    where = f" in <#{view.channel_id}>" if view.channel_id else ""
    head = [f":bust_in_silhouette: *{part} {incident.reference}*{where}: {title}", *_from(view)]
    if view.note:
        head.append(quoted(one_line(view.note, NOTE), names))
    blocks = [section(listed(head))]
    if says := formatted(view.role.briefing.strip(), BRIEFING):
        blocks.append(section(says))
    if view.is_over:
        blocks.append(context("Somebody else has this role by now."))
        return Message(f"{part} {incident.reference}: {title}", blocks)
    blocks += parts(view.catchup)
    blocks.append(context(f"{link(view.catchup.page_url, 'The whole record')}. Times are in your own zone."))
    asked = _asked(view)
    if asked and not is_taken:
        blocks.append(actions(button("I have it", TOOK, str(view.role_id), style="primary")))
    elif asked:
        blocks.append(context(f":white_check_mark: {asked} knows that you have it."))
    return Message(f"{part} {incident.reference}: {title}", blocks)


def _from(view: BriefingView) -> list[str]:
    """From whom they have it."""
    by, before = view.given_by, view.before
    if before and (by is None or by == before):
        return [f"You take over from <@{before}>." if by is None else f"<@{before}> hands it over to you."]
    if before:
        return [f"<@{by}> gave it to you; before that it was <@{before}>."]
    return [f"<@{by}> gave it to you."] if by else []


def _asked(view: BriefingView) -> str:
    """Who waits to hear that they have it; empty if nobody does."""
    return " and ".join(f"<@{each}>" for each in dict.fromkeys(filter(None, (view.before, view.given_by))))
