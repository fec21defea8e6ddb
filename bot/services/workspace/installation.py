"""The workspace that this installation serves."""

from datetime import datetime

from sqlmodel import Session

from bot.domain.errors import UserError
from bot.store.incidents import incidents, installations
from bot.store.incidents.installations import Installation
from bot.store.shared import people


class AnotherWorkspace(UserError):
    """The token and the database belong to different workspaces."""

    def __init__(self, before: Installation, team_id: str, team_name: str) -> None:
        kept, given = (
            f"{name or key} ({key})" for name, key in ((before.team_name, before.team_id), (team_name, team_id))
        )
        super().__init__(
            f"SLACK_BOT_TOKEN belongs to the workspace {given}, but the database has the record of {kept}. "
            "Use that workspace's token, or set DATABASE_URL to a separate database."
        )


def save_installation(
    session: Session, *, team_id: str, team_name: str, url: str, bot_user_id: str, bot_id: str, at: datetime
) -> None:
    """
    Store the answer of `auth.test`, for a next start while Slack is away.

    Raises AnotherWorkspace if the database belongs to another workspace: nobody could reach its incidents.
    """
    before = installations.find_installation(session)
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


def save_incidents_channel(session: Session, team_id: str, wanted: str, channel_id: str) -> None:
    known = session.get(Installation, team_id)
    if known is not None:
        known.incidents_channel, known.incidents_channel_id = wanted, channel_id
        session.add(known)


def forget_incidents_channel(session: Session) -> None:
    """Forget an incidents channel that was archived or that the bot was removed from."""
    known = installations.find_installation(session)
    if known is not None:
        known.incidents_channel_id = None
        session.add(known)


def save_direct_channel(session: Session, team_id: str, user_id: str, channel_id: str) -> None:
    """Store the direct message channel of a person."""
    people.insert_missing(session, team_id, [user_id])
    person = people.get(session, team_id, user_id)
    if person is not None:
        person.dm_channel_id = channel_id
        session.add(person)


def save_channel_name(session: Session, team_id: str, channel_id: str, name: str) -> None:
    incident = incidents.find_by_channel(session, team_id, channel_id)
    if incident is not None:
        incident.channel_name = name
        session.add(incident)
