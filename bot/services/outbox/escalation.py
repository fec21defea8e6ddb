"""The message of an escalation, and pages of people and services."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlmodel import Session

from bot.domain.paging.contact_methods import rings_until_answered
from bot.services.outbox.app_home import refresh_open_homes
from bot.services.outbox.incident import blank_message
from bot.services.outbox.kinds import PRIORITY, OutboxKind, lane_of
from bot.services.outbox.payloads import (
    ConfirmActivePayload,
    ContactMethodPagePayload,
    ContactMethodTestPayload,
    EscalationViewPayload,
    ExternalPagePayload,
    PageBundlePayload,
    PagePayload,
    PageTestPayload,
)
from bot.services.outbox.rows import queue_direct_row, queue_row
from bot.store import outbox
from bot.store.escalation import escalations
from bot.store.escalation.escalations import Escalation
from bot.store.escalation.pages import LEFT_BEHIND, Page, find_pages
from bot.store.incidents.incidents import Incident


def refresh_escalation(
    session: Session, incident: Incident, escalation_id: int, at: datetime, *, is_new: bool = False
) -> None:
    """Post or edit the message of an escalation. `is_new`: it is posted."""
    queue_row(
        session,
        incident,
        OutboxKind.ESCALATION,
        at,
        sub=str(escalation_id),
        target=f"escalation:{escalation_id}",
        payload=EscalationViewPayload(escalation_id, posts=is_new),
    )
    refresh_open_homes(session, incident.team_id, at)


def line_up_escalations(session: Session, incident: Incident, called: Sequence[Escalation]) -> None:
    """
    Post the messages of those escalations that are over in the order of the incident's lines.

    For a channel that is opened late. A message that still asks for an answer is posted at once.
    """
    over = [
        f"escalation:{each.key}"
        for each in called
        if each.message_ts is None and (each.acknowledged_at is not None or not incident.is_open)
    ]
    if over:
        outbox.move_waiting_views(session, over, lane_of(OutboxKind.EVENT, incident.key))


def page_user(
    session: Session, incident: Incident, at: datetime, user_id: str, page_id: int, escalation_id: int
) -> None:
    queue_direct_row(
        session,
        OutboxKind.PAGE,
        incident.team_id,
        user_id,
        at,
        incident=incident,
        payload=PagePayload(user_id, page_id, escalation_id),
    )


def ask_to_confirm_active(session: Session, incident: Incident, at: datetime, user_id: str, escalation_id: int) -> None:
    """Ask somebody who acknowledged whether they are still working on it."""
    queue_direct_row(
        session,
        OutboxKind.CONFIRM_ACTIVE,
        incident.team_id,
        user_id,
        at,
        incident=incident,
        payload=ConfirmActivePayload(user_id, escalation_id),
    )


def page_contact_method(
    session: Session,
    incident: Incident,
    at: datetime,
    method: str,
    user_id: str,
    *,
    page_ids: Collection[int] = (),
    bundle_key: str | None = None,
    not_before: datetime | None = None,
) -> None:
    """
    Page one person by a contact method other than Slack, or a paging service.

    `method` as in `bot.domain.paging.contact_methods`; `user_id` is empty for a service.
    With a `bundle_key` all pages that have it at sending time go out as one.
    """
    outbox.enqueue(
        session,
        lane=contact_method_lane(method, user_id),
        kind=OutboxKind.CONTACT_METHOD_PAGE,
        team_id=incident.team_id,
        at=at,
        priority=PRIORITY[OutboxKind.CONTACT_METHOD_PAGE],
        incident_id=incident.key,
        not_before=not_before,
        target=f"bundle:{bundle_key}" if bundle_key else None,
        payload=ContactMethodPagePayload(method, user_id, tuple(sorted(page_ids)), bundle_key),
    )


def contact_method_lane(method: str, user_id: str) -> str:
    """One lane for each person and contact method: a failing one delays no other."""
    return f"means:{method}:{user_id}"


def queue_page_bundle(
    session: Session, team_id: str, at: datetime, user_id: str, bundle_key: str, not_before: datetime | None = None
) -> None:
    """Post or edit one message for all pages of a person that have the key at sending time."""
    outbox.enqueue(
        session,
        lane=f"bundle:{user_id}",
        kind=OutboxKind.PAGE_BUNDLE,
        team_id=team_id,
        at=at,
        priority=PRIORITY[OutboxKind.PAGE_BUNDLE],
        target=f"bundle:{bundle_key}",
        not_before=not_before,
        payload=PageBundlePayload(user_id, bundle_key),
    )


def refresh_page_test(session: Session, team_id: str, at: datetime, user_id: str, asked_at: datetime) -> None:
    """Post or edit the results of a test of somebody's pages; the message itself tests Slack."""
    outbox.enqueue(
        session,
        lane=f"page test:{user_id}",
        kind=OutboxKind.PAGE_TEST,
        team_id=team_id,
        at=at,
        priority=PRIORITY[OutboxKind.PAGE_TEST],
        target=f"page test:{user_id}:{asked_at.isoformat()}",
        payload=PageTestPayload(user_id, asked_at),
    )


def queue_contact_method_test(
    session: Session, team_id: str, at: datetime, method: str, user_id: str, test_id: int
) -> None:
    """Send somebody a test page by a contact method other than Slack."""
    outbox.enqueue(
        session,
        lane=f"test:{method}:{user_id}",
        kind=OutboxKind.CONTACT_METHOD_TEST,
        team_id=team_id,
        at=at,
        priority=PRIORITY[OutboxKind.CONTACT_METHOD_TEST],
        payload=ContactMethodTestPayload(method, user_id, test_id),
    )


def refresh_pages(session: Session, incident: Incident, escalation_id: int, at: datetime) -> None:
    """Edit the sent pages of an escalation to its present state."""
    for each in find_pages(session, escalation_id):
        _refresh_external_page(session, incident, at, each)
        _refresh_page(session, incident, at, each)


def refresh_all_pages(session: Session, incident: Incident, called: Sequence[Escalation], at: datetime) -> None:
    """Edit all sent pages of these escalations, such as to add the channel that now exists."""
    for escalation in called:
        for each in find_pages(session, escalation.key):
            _refresh_page(session, incident, at, each)


def _refresh_page(session: Session, incident: Incident, at: datetime, page: Page) -> None:
    if page.bundle_key and page.message_ts:
        queue_page_bundle(session, incident.team_id, at, page.user_id, page.bundle_key)
    elif page.channel_id and page.message_ts:
        blank_message(
            session,
            incident,
            at,
            page.channel_id,
            page.message_ts,
            page_of=page.escalation_id,
            reader=page.user_id,
            is_left_behind=page.method == LEFT_BEHIND,
        )


def refresh_external_pages(session: Session, incident: Incident, at: datetime) -> None:
    """Close what paging services have open for an incident that is over."""
    for escalation in escalations.find_by_incident(session, incident.key):
        for each in find_pages(session, escalation.key):
            _refresh_external_page(session, incident, at, each)


def _refresh_external_page(session: Session, incident: Incident, at: datetime, page: Page) -> None:
    """Send the present state to a service that repeats its alarm until it is closed there."""
    if not (page.external_ref and rings_until_answered(page.method)):
        return
    outbox.enqueue(
        session,
        lane=contact_method_lane(page.method, page.user_id),
        kind=OutboxKind.EXTERNAL_PAGE,
        team_id=incident.team_id,
        at=at,
        priority=PRIORITY[OutboxKind.EXTERNAL_PAGE],
        incident_id=incident.key,
        target=f"stand down:{page.external_ref}",
        payload=ExternalPagePayload(page.method, page.user_id, page.external_ref),
    )
