"""Test pages that people sent to themselves."""

from datetime import datetime

from sqlmodel import Field, Index, Session, col, func, select

from bot.store.database.tables import StoredRow


class PageTest(StoredRow, table=True):
    """
    One test of one contact method. `outcome` is empty while it is unknown.

    `confirmed_at`: when the person confirmed it.
    """

    __tablename__ = "page_test"
    __table_args__ = (Index("ix_page_test_person", "team_id", "user_id"),)

    id: int | None = Field(default=None, primary_key=True)
    team_id: str
    user_id: str
    method: str
    contact_id: int | None = None
    asked_at: datetime
    sent_at: datetime | None = None
    outcome: str = ""
    confirmed_at: datetime | None = None
    channel_id: str | None = None
    message_ts: str | None = None
    """Message with the results of the test."""

    @property
    def key(self) -> int:
        if self.id is None:
            raise ValueError("the test was never stored")
        return self.id


def find_by_test(session: Session, team_id: str, user_id: str, asked_at: datetime) -> list[PageTest]:
    """All contact methods of one test, in order."""
    statement = select(PageTest).where(
        PageTest.team_id == team_id, PageTest.user_id == user_id, PageTest.asked_at == asked_at
    )
    return list(session.exec(statement.order_by(col(PageTest.id))))


def find_last_asked_at(session: Session, team_id: str, user_id: str) -> datetime | None:
    statement = select(func.max(PageTest.asked_at)).where(PageTest.team_id == team_id, PageTest.user_id == user_id)
    return session.exec(statement).one()


def get(session: Session, test_id: int) -> PageTest | None:
    return session.get(PageTest, test_id)
