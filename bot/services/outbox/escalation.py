"""Calls for help: the message of an escalation, and the pages of people and services."""

from collections.abc import Collection
from datetime import datetime

from sqlmodel import Session

from bot.domain.paging.channels import rings_on
from bot.services.outbox.app_home import show_homes
from bot.services.outbox.incident import unsay
from bot.services.outbox.kinds import PRIORITY, What
from bot.services.outbox.rows import put, put_direct
from bot.store import outbox
from bot.store.escalation import escalations
from bot.store.escalation.escalations import Page
from bot.store.incidents.incidents import Incident


def show_escalation(
    session: Session, incident: Incident, escalation_id: int, at: datetime, *, is_new: bool = False
) -> None:
    """The one message of an escalation."""
    put(
        session,
        incident,
        What.ESCALATION,
        at,
        sub=str(escalation_id),
        target=f"escalation:{escalation_id}",
        escalation_id=escalation_id,
        posts=is_new,
    )
    show_homes(session, incident.team_id, at)


def page(session: Session, incident: Incident, at: datetime, user_id: str, page_id: int, escalation_id: int) -> None:
    """Write to one person directly: they are needed."""
    put_direct(
        session,
        What.PAGE,
        incident.team_id,
        user_id,
        at,
        incident=incident,
        page_id=page_id,
        escalation_id=escalation_id,
    )


def ask_for_sign(session: Session, incident: Incident, at: datetime, user_id: str, escalation_id: int) -> None:
    """Ask somebody directly who acknowledged whether they are still on it."""
    put_direct(
        session, What.ASK_FOR_SIGN, incident.team_id, user_id, at, incident=incident, escalation_id=escalation_id
    )


def page_by_means(
    session: Session,
    incident: Incident,
    at: datetime,
    means: str,
    user_id: str,
    *,
    page_ids: Collection[int] = (),
    bundle_key: str | None = None,
    not_before: datetime | None = None,
) -> None:
    """
    Page one person by something else than Slack, or a service, which is no person: then `user_id` is empty.

    `means` as `bot.domain.paging.channels` has it. With a `bundle_key` all pages that bear it
    when this is sent go out as one.
    """
    outbox.put(
        session,
        lane=means_lane(means, user_id),
        what=What.PAGE_BY_MEANS,
        team_id=incident.team_id,
        at=at,
        priority=PRIORITY[What.PAGE_BY_MEANS],
        incident_id=incident.key,
        not_before=not_before,
        target=f"bundle:{bundle_key}" if bundle_key else None,
        means=means,
        user_id=user_id,
        page_ids=sorted(page_ids),
        bundle_key=bundle_key,
    )


def means_lane(means: str, user_id: str) -> str:
    """One of its own for each person and means: whoever does not answer holds up nobody else."""
    return f"means:{means}:{user_id}"


def page_bundle(
    session: Session, team_id: str, at: datetime, user_id: str, bundle_key: str, not_before: datetime | None = None
) -> None:
    """Pages of one person that go out as one message: all that bear the key when it is sent, or shown anew."""
    outbox.put(
        session,
        lane=f"bundle:{user_id}",
        what=What.PAGE_BUNDLE,
        team_id=team_id,
        at=at,
        priority=PRIORITY[What.PAGE_BUNDLE],
        target=f"bundle:{bundle_key}",
        not_before=not_before,
        user_id=user_id,
        bundle_key=bundle_key,
    )


def show_page_test(session: Session, team_id: str, at: datetime, user_id: str, asked_at: datetime) -> None:
    """The one message with the results of a test of somebody's pages, which is the test of Slack itself."""
    told = asked_at.isoformat()
    outbox.put(
        session,
        lane=f"page test:{user_id}",
        what=What.PAGE_TEST,
        team_id=team_id,
        at=at,
        priority=PRIORITY[What.PAGE_TEST],
        target=f"page test:{user_id}:{told}",
        user_id=user_id,
        asked_at=told,
    )


def test_by_means(session: Session, team_id: str, at: datetime, means: str, user_id: str, test_id: int) -> None:
    """Send somebody a marked test by something else than Slack."""
    outbox.put(
        session,
        lane=f"test:{means}:{user_id}",
        what=What.TEST_BY_MEANS,
        team_id=team_id,
        at=at,
        priority=PRIORITY[What.TEST_BY_MEANS],
        means=means,
        user_id=user_id,
        test_id=test_id,
    )


def show_pages(session: Session, incident: Incident, escalation_id: int, at: datetime) -> None:
    """What was written to people directly is shown anew, where the bot knows the message: are they still needed?"""
    for each in escalations.pages_of(session, escalation_id):
        _stand_down(session, incident, at, each)
        _show_page(session, incident, at, each)


def show_way_in(session: Session, incident: Incident, at: datetime) -> None:
    """The channel is there: whoever was paged before it was made has it in their page, too."""
    for escalation in escalations.of_incident(session, incident.key):
        for each in escalations.pages_of(session, escalation.key):
            _show_page(session, incident, at, each)


def _show_page(session: Session, incident: Incident, at: datetime, page: Page) -> None:
    if page.bundle_key and page.message_ts:
        page_bundle(session, incident.team_id, at, page.user_id, page.bundle_key)
    elif page.channel_id and page.message_ts:
        unsay(
            session,
            incident,
            at,
            page.channel_id,
            page.message_ts,
            page_of=page.escalation_id,
            reader=page.user_id,
            is_left_behind=page.means == escalations.LEFT_BEHIND,
        )


def stand_down_all(session: Session, incident: Incident, at: datetime) -> None:
    """The incident is over: services that were answered close what they have open for it, too."""
    for escalation in escalations.of_incident(session, incident.key):
        for each in escalations.pages_of(session, escalation.key):
            _stand_down(session, incident, at, each)


def _stand_down(session: Session, incident: Incident, at: datetime, page: Page) -> None:
    """A service that goes on ringing by itself is told how things stand."""
    if not (page.external_ref and rings_on(page.means)):
        return
    outbox.put(
        session,
        lane=means_lane(page.means, page.user_id),
        what=What.STAND_DOWN,
        team_id=incident.team_id,
        at=at,
        priority=PRIORITY[What.STAND_DOWN],
        incident_id=incident.key,
        target=f"stand down:{page.external_ref}",
        means=page.means,
        user_id=page.user_id,
        ref=page.external_ref,
    )
