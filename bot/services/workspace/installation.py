"""The workspace that this installation serves."""

from datetime import datetime

from sqlmodel import Session

from bot.domain.errors import UserError
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Installation
from bot.store.shared import people


class AnotherWorkspace(UserError):
    """The token is of one workspace, and the database of another."""

    def __init__(self, before: Installation, team_id: str, team_name: str) -> None:
        kept, given = (
            f"{name or key} ({key})" for name, key in ((before.team_name, before.team_id), (team_name, team_id))
        )
        super().__init__(
            f"SLACK_BOT_TOKEN is of the workspace {given}, and the database holds the record of {kept}. "
            "Use that workspace's token, or give this one a database of its own with DATABASE_URL."
        )


def installed(
    session: Session, *, team_id: str, team_name: str, url: str, bot_user_id: str, bot_id: str, at: datetime
) -> None:
    """
    Keep what `auth.test` told, so that the next start knows the workspace even while Slack is away.

    Raises AnotherWorkspace where the record belongs to another one: nobody there could reach its incidents any more.
    """
    before = incidents.installation(session)
    if before is not None and before.team_id != team_id:
        raise AnotherWorkspace(before, team_id, team_name)
    known = session.get(Installation, team_id) or Installation(team_id=team_id, seen_at=at)
    known.team_name, known.url, known.bot_user_id, known.bot_id, known.seen_at = (
        team_name,
        url,
        bot_user_id,
        bot_id,
        at,
    )
    session.add(known)


def incidents_channel_found(session: Session, team_id: str, wanted: str, channel_id: str) -> None:
    known = session.get(Installation, team_id)
    if known is not None:
        known.incidents_channel, known.incidents_channel_id = wanted, channel_id
        session.add(known)


def incidents_channel_lost(session: Session) -> None:
    """It was archived or the bot removed: it is looked for again the next time."""
    known = incidents.installation(session)
    if known is not None:
        known.incidents_channel_id = None
        session.add(known)


def direct_channel_opened(session: Session, team_id: str, user_id: str, channel_id: str) -> None:
    """Keep where the bot writes to one person."""
    people.meet(session, team_id, [user_id])
    person = people.get(session, team_id, user_id)
    if person is not None:
        person.dm_channel_id = channel_id
        session.add(person)


def channel_renamed(session: Session, team_id: str, channel_id: str, name: str) -> None:
    incident = incidents.of_channel(session, team_id, channel_id)
    if incident is not None:
        incident.channel_name = name
        session.add(incident)


def channel_moved(session: Session, team_id: str, old_id: str, new_id: str) -> None:
    """Slack gave a channel a new id, as it does when an organisation moves it between workspaces."""
    incident = incidents.of_channel(session, team_id, old_id)
    if incident is not None:
        incident.channel_id = new_id
        session.add(incident)
