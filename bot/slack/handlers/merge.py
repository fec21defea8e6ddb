"""Merging incidents from Slack: the question's button, and the form."""

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.services.channel import archiving as channels
from bot.services.incidents import merge as combining
from bot.services.workspace.actor import Actor
from bot.slack.api.payloads import is_row
from bot.slack.blocks.incidents import archiving
from bot.slack.blocks.incidents import merge as blocks
from bot.slack.blocks.inputs import Choice
from bot.slack.blocks.limits import one_line
from bot.slack.blocks.message import Message
from bot.slack.replies.submission import FieldError, Submitted
from bot.store.incidents import incidents
from bot.store.incidents.visibility import Sight

SHOWN = 60


def confirmed(session: Session, settings: Settings, actor: Actor, value: str) -> Message:
    """The button of the question. Raises UserError where it cannot be merged any more."""
    source, _, target = value.partition(".")
    if not (is_row(source) and is_row(target)):
        raise UserError("This button is from another version of Dogwatch. Type `/incident merge` again.")
    return blocks.done(combining.merge(session, settings, int(source), int(target), actor))


def gone_on(session: Session, settings: Settings, actor: Actor, value: str) -> Message:
    """The button that opens a new channel for an incident whose own is archived."""
    if not is_row(value):
        raise UserError("This button is from another version of Dogwatch. Type `/incident reopen` again.")
    return archiving.goes_on(channels.go_on_elsewhere(session, settings, int(value), actor).reference)


def form(session: Session, settings: Settings, incident_id: int) -> dict[str, object]:
    """The form with the incidents that this one can be merged into. Raises UserError where it cannot into any."""
    incident = incidents.get(session, incident_id)
    seen = Sight(incident.team_id, incident_id).of(incidents.open_ones(session, incident.team_id))
    choices = [
        Choice(each.reference, one_line(f"{each.reference} {each.title}", SHOWN))
        for each in seen
        if each.key != incident_id and _fits(session, settings, incident, each)
    ]
    if not choices:
        raise UserError(f"There is no other open incident that {incident.reference} could be merged into.")
    return blocks.form(incident_id, incident.reference, choices)


def _fits(session: Session, settings: Settings, source: incidents.Incident, target: incidents.Incident) -> bool:
    try:
        combining.check(session, settings, source, target)
    except UserError:
        return False
    return True


def submitted(session: Session, settings: Settings, actor: Actor, sent: Submitted) -> None:
    try:
        target = Sight(sent.team_id, sent.incident_id).named(session, sent.text(blocks.INCIDENT))
        combining.merge(session, settings, sent.incident_id, target.key, actor)
    except UserError as problem:
        raise FieldError(blocks.INCIDENT, problem.message) from problem
