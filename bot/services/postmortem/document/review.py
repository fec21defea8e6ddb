"""Review of a postmortem: reviewers are asked in direct messages, approvals are recorded."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.drafting.document.publication import PostmortemState, Step, next_state
from bot.domain.errors import StateError, UserError
from bot.domain.terms import Owner, Severity
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.outbox.payloads import ReviewRequestPayload
from bot.services.postmortem.document.edits import lock_document
from bot.services.workspace.access import check_access
from bot.services.workspace.actor import Actor
from bot.services.workspace.audit_log import audit_action
from bot.services.workspace.people import ensure_known, refuse_bot
from bot.store.incidents import incidents
from bot.store.incidents.document import reviews
from bot.store.incidents.document.reviews import PostmortemReview
from bot.store.incidents.incidents import Incident
from bot.store.shared import people

MAX_REVIEWERS = 20


@dataclass(frozen=True, slots=True)
class Review:
    """
    A reviewer by name.

    `due` is an ISO 8601 day, `version` the published version that ended the review.
    """

    name: str
    due: str | None
    approved_at: datetime | None
    version: int | None


@dataclass(frozen=True, slots=True)
class ReviewRequestView:
    """The direct message to a reviewer. `state` is that of the postmortem."""

    review_id: int
    reference: str
    title: str
    asked_by: str | None
    due: str | None
    page_url: str
    state: PostmortemState
    is_private: bool
    channel_id: str | None


def ask_reviewers(
    session: Session, settings: Settings, incident_id: int, actor: Actor, reviewers: Sequence[Owner], due: date | None
) -> date | None:
    """
    Ask people and user groups for a review, or again. Returns the due date.

    Without `due` it is the day on which the postmortem is due. Raises UserError for nobody, a bot, and a past date.
    """
    check_access(session, actor, home_team_id=None)
    if not reviewers:
        raise UserError("Name the reviewers: `/incident postmortem review @ada @bob due:friday`.")
    if len(reviewers) > MAX_REVIEWERS:
        raise UserError(f"A review has at most {MAX_REVIEWERS} reviewers. Name a user group instead.")
    incident = lock_document(session, incident_id)
    state = next_state(PostmortemState(incident.postmortem_state), Step.REVIEW)
    day = _check_due(incident, actor, due) if due else _default_due(settings, incident, actor)
    people_ids = [each.id for each in reviewers if not each.group]
    for user_id in people_ids:
        refuse_bot(session, incident.team_id, user_id)
    ensure_known(session, incident.team_id, people_ids, actor.at)
    for each in dict.fromkeys(reviewers):
        row = _find_running(session, incident, each.id)
        row.group_name, row.asked_by, row.asked_at = each.group, actor.user_id, actor.at
        row.due = day.isoformat() if day else None
        session.add(row)
        session.flush()
        outbox.post_review_request(session, incident, actor.at, ReviewRequestPayload(row.key, each.id))
    incident.postmortem_state = state.value
    session.add(incident)
    outbox.schedule_reminder_check(session, incident, actor.at)
    asked = [each.id for each in reviewers]
    audit_action(session, actor, "asked for a review", incident=incident, reviewers=asked, due=day and day.isoformat())
    return day


def approve_postmortem(session: Session, incident_id: int, actor: Actor) -> None:
    """
    Record the actor's approval.

    Raises StateError for a published postmortem, and for a second approval.
    """
    check_access(session, actor, home_team_id=None)
    incident = lock_document(session, incident_id)
    incident.postmortem_state = next_state(PostmortemState(incident.postmortem_state), Step.APPROVE).value
    row = _find_running(session, incident, actor.user_id or "")
    if row.approved_at is not None:
        raise StateError("You approved this postmortem already. Nothing was changed.")
    row.approved_at = actor.at
    session.add(row)
    ensure_known(session, incident.team_id, [actor.user_id], actor.at)
    outbox.schedule_reminder_check(session, incident, actor.at)
    audit_action(session, actor, "approved the postmortem", incident=incident)
    outbox.post_event(session, incident, "postmortem approved", actor.at, by=actor.user_id, page_at=actor.page_at)


def approve_request(session: Session, review_id: int, actor: Actor) -> int:
    """
    Approve by the button of a request, also for the user group that was asked.

    Returns the incident's id. Raises StateError.
    """
    row = reviews.get(session, review_id)
    if row is None:
        raise StateError("That request no longer exists. Nothing was changed.")
    approve_postmortem(session, row.incident_id, actor)
    if row.group_name and row.version is None:
        row.approved_at = row.approved_at or actor.at
        session.add(row)
    return row.incident_id


def finish_review(session: Session, settings: Settings, incident: Incident, version: int) -> None:
    """
    End the review with a published version. The incident has to be locked.

    Raises UserError while approvals are missing, with those who are still asked.
    """
    running = [each for each in reviews.find_reviews(session, incident.key) if each.version is None]
    needed = settings.postmortem.approvals
    given = sum(each.approved_at is not None for each in running if not each.group_name)
    if given < needed:
        raise UserError(
            f"The postmortem of {incident.reference} has {given} of {needed} approvals. {_still_asked(running)}"
        )
    for each in running:
        each.version = version
        session.add(each)


def load_reviews(session: Session, incident: Incident) -> list[Review]:
    """The reviewers of all versions, in the order in which they were asked."""
    found = reviews.find_reviews(session, incident.key)
    names = people.find_names(session, incident.team_id, {each.reviewer for each in found}) if found else {}
    return [
        Review(
            f"@{each.group_name}" if each.group_name else names.get(each.reviewer, each.reviewer),
            each.due,
            each.approved_at,
            each.version,
        )
        for each in found
    ]


def load_review_request(session: Session, settings: Settings, review_id: int) -> ReviewRequestView:
    """Raises StateError for a request that does not exist."""
    row = reviews.get(session, review_id)
    if row is None:
        raise StateError("That request no longer exists. Nothing was changed.")
    incident = incidents.get(session, row.incident_id)
    return ReviewRequestView(
        row.key,
        incident.reference,
        incident.title,
        row.asked_by,
        row.due,
        f"{settings.base_url}/incidents/{incident.reference}/postmortem",
        PostmortemState(incident.postmortem_state),
        incident.is_private,
        incident.channel_id,
    )


def _find_running(session: Session, incident: Incident, reviewer: str) -> PostmortemReview:
    """The reviewer's row in the present review, or a new one."""
    found = reviews.find_reviews(session, incident.key)
    running = (each for each in found if (each.reviewer, each.version) == (reviewer, None))
    return next(running, None) or PostmortemReview(incident_id=incident.key, reviewer=reviewer)


def _check_due(incident: Incident, actor: Actor, due: date) -> date:
    if due < actor.at.astimezone(ZoneInfo(incident.zone)).date():
        raise UserError(f"{due} is in the past. Name a day from today on.")
    return due


def _default_due(settings: Settings, incident: Incident, actor: Actor) -> date | None:
    """The day of the severity's reminder, today at the earliest; None if there is none."""
    days, zone = settings.nudges.postmortem_due.get(Severity(incident.severity), 0), ZoneInfo(incident.zone)
    if not days or incident.resolved_at is None:
        return None
    return max(incident.resolved_at + timedelta(days=days), actor.at).astimezone(zone).date()


def _still_asked(running: Sequence[PostmortemReview]) -> str:
    waiting = [each for each in running if each.approved_at is None]
    named = ", ".join(f"@{each.group_name}" if each.group_name else f"<@{each.reviewer}>" for each in waiting)
    if named:
        return f"Still asked: {named}."
    return "Nobody else is asked. Ask with `/incident postmortem review @ada`."
