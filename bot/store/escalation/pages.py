"""Queries of pages for sending: recent ones, bundles, repeats."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import exists
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select

from bot.store.escalation.escalations import NOT_NEEDED, Page
from bot.store.shared.people import Person


def lock_people(session: Session, team_id: str, user_ids: Collection[str]) -> None:
    """Lock people, so that concurrent transactions count one another's pages."""
    statement = (
        select(Person.user_id)
        .where(Person.team_id == team_id, col(Person.user_id).in_(sorted(set(user_ids))))
        .order_by(col(Person.user_id))
        .with_for_update()
    )
    session.exec(statement).all()


def count_unbundled(
    session: Session, user_id: str, method: str, since: datetime, until: datetime, but: Collection[int]
) -> int:
    """Number of single pages to a person by a contact method in that time, without `but`."""
    statement = select(func.count(col(Page.id))).where(
        Page.user_id == user_id,
        Page.method == method,
        Page.queued_at > since,
        Page.queued_at <= until,
        col(Page.bundle_key).is_(None),
        col(Page.skipped).is_(None),
        col(Page.id).not_in(sorted(but)),
    )
    return session.exec(statement).one()


def find_last_bundle_at(
    session: Session, user_id: str, method: str, since: datetime, until: datetime
) -> datetime | None:
    """
    Time of the last bundle to the person by this contact method, sent or planned.

    No bundle is planned after `until`, except before the clock was set back.
    """
    statement = select(func.max(Page.due_at)).where(
        Page.user_id == user_id,
        Page.method == method,
        col(Page.bundle_key).is_not(None),
        col(Page.due_at) > since,
        col(Page.due_at) <= until,
    )
    return session.exec(statement).one()


def find_by_bundle(session: Session, bundle_key: str) -> list[Page]:
    return list(session.exec(select(Page).where(Page.bundle_key == bundle_key).order_by(col(Page.id))))


def find_by_bundle_message(session: Session, channel_id: str, ts: str) -> list[Page]:
    """Pages in a message of a bundle; empty for any other message."""
    statement = select(Page).where(
        Page.channel_id == channel_id, Page.message_ts == ts, col(Page.bundle_key).is_not(None)
    )
    return list(session.exec(statement.order_by(col(Page.id))))


def find_same_person(session: Session, page: Page) -> list[Page]:
    """Pages to the same person for the same level, by all contact methods. A service has one."""
    if not page.user_id:
        return [page]
    statement = select(Page).where(
        Page.escalation_id == page.escalation_id,
        Page.user_id == page.user_id,
        Page.level == page.level,
        Page.round == page.round,
    )
    return list(session.exec(statement.order_by(col(Page.due_at), col(Page.id))))


def find_superseded(session: Session, rows: Collection[Page], at: datetime) -> set[int]:
    """
    Pages that a later page by the same contact method to the same person replaces.

    While a contact method fails its pages wait: not all of them have to go afterwards.
    """
    later = aliased(Page)
    found = select(Page.id).where(
        col(Page.id).in_(sorted(row.id or 0 for row in rows)),
        exists().where(
            col(later.escalation_id) == Page.escalation_id,
            col(later.user_id) == Page.user_id,
            col(later.method) == Page.method,
            col(later.contact_id).is_not_distinct_from(col(Page.contact_id)),
            col(later.id) > col(Page.id),
            col(later.skipped).is_(None),
            col(later.queued_at) <= at,
            col(later.outcome) != NOT_NEEDED,
        ),
    )
    return {each for each in session.exec(found) if each is not None}


def find_upcoming(session: Session, escalation_id: int, at: datetime) -> list[Page]:
    """Pages that wait for their time."""
    statement = select(Page).where(
        Page.escalation_id == escalation_id, Page.outcome == "", col(Page.bundle_key).is_(None), col(Page.due_at) > at
    )
    return list(session.exec(statement.order_by(col(Page.id))))


def get(session: Session, page_id: int) -> Page | None:
    return session.get(Page, page_id)
