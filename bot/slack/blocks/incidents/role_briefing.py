"""Direct message to a new role holder: duties, incident state, open work."""

from bot.domain.incidents.roles import LEAD
from bot.services.incidents.role_briefing import RoleBriefingView
from bot.slack.blocks.limits import (
    actions,
    button,
    context,
    in_channel,
    join_lines,
    link,
    literal,
    literal_with_formatting,
    one_line,
    quoted,
    section,
)
from bot.slack.blocks.message import Message
from bot.slack.blocks.postmortem.catchup import catchup_blocks

TOOK = "role_took"
BRIEFING = 1_500
NOTE = 500


def role_briefing_message(view: RoleBriefingView, *, is_taken: bool = False) -> Message:
    """`is_taken`: the reader has confirmed the role."""
    incident, names = view.catchup.catchup.incident, view.catchup.names
    part = "You lead" if view.role.name == LEAD else f"You are {literal(view.role.label, limit=100)} of"
    title = literal(one_line(incident.title, 200), names)
    head = [
        f":bust_in_silhouette: *{part} {incident.reference}*{in_channel(view.channel_id)}: {title}",
        *_origin_lines(view),
    ]
    if view.note:
        head.append(quoted(view.note, names, NOTE))
    blocks = [section(join_lines(head))]
    if duties := literal_with_formatting(view.role.briefing.strip(), BRIEFING):
        blocks.append(section(duties))
    if view.is_over:
        blocks.append(context("Another person has this role now."))
        return Message(f"{part} {incident.reference}: {title}", blocks)
    blocks += catchup_blocks(view.catchup)
    blocks.append(context(f"{link(view.catchup.page_url, 'The whole record')}. Times are in your own zone."))
    waiting = _waiting_people(view)
    if waiting and not is_taken:
        blocks.append(actions(button("I have it", TOOK, str(view.role_id), style="primary")))
    elif waiting:
        blocks.append(context(f":white_check_mark: {waiting} knows you have it."))
    return Message(f"{part} {incident.reference}: {title}", blocks)


def _origin_lines(view: RoleBriefingView) -> list[str]:
    """Previous holder and assigner of the role."""
    by, before = view.given_by, view.before
    if before and (by is None or by == before):
        return [f"You take over from <@{before}>." if by is None else f"<@{before}> hands it over to you."]
    if before:
        return [f"<@{by}> gave it to you; before that it was <@{before}>."]
    return [f"<@{by}> gave it to you."] if by else []


def _waiting_people(view: RoleBriefingView) -> str:
    """People waiting for the confirmation; empty if there are none."""
    return " and ".join(f"<@{each}>" for each in dict.fromkeys(filter(None, (view.before, view.given_by))))
