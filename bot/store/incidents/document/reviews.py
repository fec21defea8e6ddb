"""Reviewers of a postmortem, and their approvals."""

from collections.abc import Collection
from datetime import datetime
from typing import ClassVar

from sqlmodel import Field, Session, col, select

from bot.store.database.tables import StoredRow


class PostmortemReview(StoredRow, table=True):
    """
    A person or user group that was asked to review, or a person who approved.

    `group_name` is empty for a person, `due` an ISO 8601 day. `version`: the published version that ended the review;
    None while it goes on.
    """

    shown_with: ClassVar[str] = "incident_id"
    __tablename__ = "postmortem_review"

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    reviewer: str
    group_name: str = ""
    asked_by: str | None = None
    asked_at: datetime | None = None
    due: str | None = None
    approved_at: datetime | None = None
    version: int | None = None

    @property
    def key(self) -> int:
        """Id of a stored row."""
        if self.id is None:
            raise ValueError("the review was never stored")
        return self.id


def get(session: Session, review_id: int) -> PostmortemReview | None:
    return session.get(PostmortemReview, review_id)


def find_reviews(session: Session, incident_id: int) -> list[PostmortemReview]:
    """All of an incident, in the order in which they were asked."""
    statement = select(PostmortemReview).where(PostmortemReview.incident_id == incident_id)
    return list(session.exec(statement.order_by(col(PostmortemReview.id))))


def find_waiting(session: Session, incident_ids: Collection[int]) -> list[PostmortemReview]:
    """Those of running reviews who have not approved, in the order in which they were asked."""
    statement = select(PostmortemReview).where(
        col(PostmortemReview.incident_id).in_(incident_ids),
        col(PostmortemReview.version).is_(None),
        col(PostmortemReview.approved_at).is_(None),
    )
    return list(session.exec(statement.order_by(col(PostmortemReview.id))))
