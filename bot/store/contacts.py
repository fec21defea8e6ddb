"""By which means each person is paged, and in which order."""

from datetime import datetime

from sqlmodel import Field, Index, SQLModel


class Contact(SQLModel, table=True):
    """
    One means of one person. `address_encrypted` is None where the means needs no address (Slack).

    `shown` is as much of the address as others may see; `delay_minutes` counts from when the person is first paged.
    `failed_at` and `problem` are of the last attempt; None once one went well.
    """

    __tablename__ = "contact"
    __table_args__ = (Index("ix_contact_person", "team_id", "user_id"),)

    id: int | None = Field(default=None, primary_key=True)
    team_id: str
    user_id: str
    position: int
    means: str
    address_encrypted: str | None = None
    shown: str = ""
    delay_minutes: int = 0
    created_at: datetime
    failed_at: datetime | None = None
    problem: str | None = None
