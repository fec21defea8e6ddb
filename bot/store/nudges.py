"""What people were asked for because it was due, once each, with how often and what came of it."""

from datetime import datetime

from sqlmodel import Field, SQLModel, UniqueConstraint


class Nudge(SQLModel, table=True):
    """
    One thing that is asked for in one incident. `subject` tells several of a kind apart (a task's id); empty: there is
    only one. `message_ts` is the message that is edited, `count` how often it was asked.
    """

    __tablename__ = "nudge"
    __table_args__ = (UniqueConstraint("incident_id", "what", "subject"),)

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    what: str
    subject: str = ""
    asked_at: datetime | None = None
    message_ts: str | None = None
    snoozed_until: datetime | None = None
    done_at: datetime | None = None
    count: int = 0
