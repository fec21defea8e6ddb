"""Pages as those see them who send them: what went lately, what goes together, what comes after a failure."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import exists
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select

from bot.store.escalation.escalations import NOT_NEEDED, Page
from bot.store.shared.people import Person


def hold_people(session: Session, team_id: str, user_ids: Collection[str]) -> None:
    """Whoever pages the same people at the same time waits, and then counts what this one paged."""
    statement = (
        select(Person.user_id)
        .where(Person.team_id == team_id, col(Person.user_id).in_(sorted(set(user_ids))))
        .order_by(col(Person.user_id))
        .with_for_update()
    )
    session.exec(statement).all()


def alone_between(
    session: Session, user_id: str, means: str, since: datetime, until: datetime, but: Collection[int]
) -> int:
    """How many pages to one person by one means went out by themselves in that time, some of them left out."""
    statement = select(func.count(col(Page.id))).where(
        Page.user_id == user_id,
        Page.means == means,
        Page.queued_at > since,
        Page.queued_at <= until,
        col(Page.bundle_key).is_(None),
        col(Page.skipped).is_(None),
        col(Page.id).not_in(sorted(but)),
    )
    return session.exec(statement).one()


def last_bundle(session: Session, user_id: str, means: str, since: datetime, until: datetime) -> datetime | None:
    """
    When the last bundle to them by this means went out or is to, within that time.

    No bundle is planned for later than `until`: one that stands there was, before the clock was set back.
    """
    statement = select(func.max(Page.due_at)).where(
        Page.user_id == user_id,
        Page.means == means,
        col(Page.bundle_key).is_not(None),
        col(Page.due_at) > since,
        col(Page.due_at) <= until,
    )
    return session.exec(statement).one()


def of_bundle(session: Session, bundle_key: str) -> list[Page]:
    return list(session.exec(select(Page).where(Page.bundle_key == bundle_key).order_by(col(Page.id))))


def of_bundle_message(session: Session, channel_id: str, ts: str) -> list[Page]:
    """What stands in a message with several pages; empty for any other message."""
    statement = select(Page).where(
        Page.channel_id == channel_id, Page.message_ts == ts, col(Page.bundle_key).is_not(None)
    )
    return list(session.exec(statement.order_by(col(Page.id))))


def to_same(session: Session, page: Page) -> list[Page]:
    """All pages to its person for the same level: by each of their means one. A service has but this one."""
    if not page.user_id:
        return [page]
    statement = select(Page).where(
        Page.escalation_id == page.escalation_id,
        Page.user_id == page.user_id,
        Page.level == page.level,
        Page.round == page.round,
    )
    return list(session.exec(statement.order_by(col(Page.due_at), col(Page.id))))


def superseded(session: Session, rows: Collection[Page], at: datetime) -> set[int]:
    """
    Which of these need not go any more, because the same person was since paged for the same by the same means.

    That one is on its way behind them: while a means was away its pages waited, and are not all to come at once.
    """
    later = aliased(Page)
    found = select(Page.id).where(
        col(Page.id).in_(sorted(row.id or 0 for row in rows)),
        exists().where(
            col(later.escalation_id) == Page.escalation_id,
            col(later.user_id) == Page.user_id,
            col(later.means) == Page.means,
            col(later.contact_id).is_not_distinct_from(col(Page.contact_id)),
            col(later.id) > col(Page.id),
            col(later.skipped).is_(None),
            col(later.queued_at) <= at,
            col(later.outcome) != NOT_NEEDED,
        ),
    )
    return {each for each in session.exec(found) if each is not None}


def to_come(session: Session, escalation_id: int, at: datetime) -> list[Page]:
    """Those that wait for their time."""
    statement = select(Page).where(
        Page.escalation_id == escalation_id, Page.outcome == "", col(Page.bundle_key).is_(None), col(Page.due_at) > at
    )
    return list(session.exec(statement.order_by(col(Page.id))))


def get(session: Session, page_id: int) -> Page | None:
    return session.get(Page, page_id)
