"""Pages that people sent to themselves, to see that they arrive."""

from datetime import datetime

from sqlmodel import Field, Index, SQLModel


class PageTest(SQLModel, table=True):
    """One test by one means. `outcome` is empty until the sender knows it; `confirmed_at`: when the person said so."""

    __tablename__ = "page_test"
    __table_args__ = (Index("ix_page_test_person", "team_id", "user_id"),)

    id: int | None = Field(default=None, primary_key=True)
    team_id: str
    user_id: str
    means: str
    contact_id: int | None = None
    asked_at: datetime
    sent_at: datetime | None = None
    outcome: str = ""
    confirmed_at: datetime | None = None
