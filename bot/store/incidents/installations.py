"""The Slack workspace of this installation, and the bot's identity in it."""

from datetime import datetime

from sqlmodel import Field, Session, col, select

from bot.store.database.tables import StoredRow


class Installation(StoredRow, table=True):
    """The workspace and the bot's identity, as `auth.test` returned them."""

    __tablename__ = "installation"

    team_id: str = Field(primary_key=True)
    team_name: str = ""
    url: str = ""
    bot_user_id: str = ""
    bot_id: str = ""
    incidents_channel: str = ""
    """Configured name or id of the channel `incidents_channel_id`."""
    incidents_channel_id: str | None = None
    seen_at: datetime


NEWEST_INSTALLATION = select(Installation).order_by(col(Installation.seen_at).desc()).limit(1)


def get(session: Session, team_id: str) -> Installation | None:
    """The workspace, which is often read already; the newest one for any other id."""
    return session.get(Installation, team_id) or find_installation(session)


def find_installation(session: Session) -> Installation | None:
    """None before Slack was ever reached."""
    return session.exec(NEWEST_INSTALLATION).first()
