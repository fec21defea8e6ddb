"""A second pair of eyes: an update waits until another person approves or declines it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import InvalidField, StateError, UserError
from bot.domain.status_page.components import ComponentState
from bot.domain.terms import Precision, Status, UpdateState
from bot.domain.times import ParsedTime
from bot.services import outbox
from bot.services.outbox.payloads import ApprovalRequestPayload
from bot.services.status_page.publish import Publication, Published, find_basis, publish_update, why_unpublished
from bot.services.workspace.access import check_access
from bot.services.workspace.actor import Actor
from bot.services.workspace.audit_log import audit_action
from bot.services.workspace.people import ensure_known
from bot.store import status_page
from bot.store.database.savepoint import savepoint
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.status_page import PublicationRequest

LONGEST_REASON = 500
GONE = "That update no longer exists. Nothing was changed."
PREPARE_AGAIN = "Nothing was published. Prepare the update again."


class Outcome(StrEnum):
    """
    The end of a request.

    REPLACED: its author prepared another one; OUTDATED: something else was published.
    """

    PUBLISHED = "published"
    DECLINED = "declined"
    REPLACED = "replaced"
    OUTDATED = "outdated"


class _Rehearsed(Exception):
    """Undoes a rehearsal. `shown`: what readers would see of it."""

    def __init__(self, published: Published, shown: Mapping[str, Any]) -> None:
        self.published, self.shown = published, shown
        super().__init__()


def submit_update(
    session: Session,
    settings: Settings,
    incident_id: int,
    actor: Actor,
    wanted: Publication,
    when: ParsedTime | None = None,
    *,
    is_urgent: bool = False,
) -> Published:
    """
    Publish an update, or have it wait for approval where the configuration asks for one.

    Raises InvalidField (`urgent` and those of `publish_update`) and UserError; then nothing changes.
    """
    incident, page = incidents.lock(session, incident_id), settings.status
    needs_approval = page is not None and bool(page.approval) and not why_unpublished(settings, incident)
    if is_urgent and not (needs_approval and page and page.approval_urgent):
        message = "Nothing is published as urgent: [status] approval_urgent is off. Leave it out."
        if not needs_approval:
            message = "This update needs no approval, so it is not urgent. Leave it out."
        raise InvalidField("urgent", message)
    if not needs_approval or is_urgent:
        published = publish_update(session, settings, incident_id, actor, wanted, when)
        if is_urgent:
            audit_action(session, actor, f"published {wanted.state} without approval", incident=incident)
            outbox.post_event(session, incident, "update unapproved", actor.at, by=actor.user_id, page_at=actor.page_at)
        _end_overtaken(session, settings, incident, actor)
        return published
    return _request_approval(session, settings, incident, actor, wanted, when)


def _end_overtaken(session: Session, settings: Settings, incident: Incident, actor: Actor) -> None:
    """End the request that waits, because another update was published."""
    if settings.status is None or not settings.status.approval:
        return
    row = status_page.find_waiting(session, [incident.key]).get(incident.key)
    if row is not None:
        _end(session, row, Outcome.OUTDATED, actor)


def _request_approval(
    session: Session, settings: Settings, incident: Incident, actor: Actor, wanted: Publication, when: ParsedTime | None
) -> Published:
    author = actor.user_id or ""
    approvers = settings.status.approvers if settings.status else ()
    if approvers and {*approvers} <= {author}:
        message = "You are the only one who may approve updates, and nobody approves their own."
        raise StateError(f"{message} An operator adds a second person to [status] approval.")
    before = status_page.find_waiting(session, [incident.key]).get(incident.key)
    if before is not None and find_objection(session, settings, incident, before):
        _end(session, before, Outcome.OUTDATED, actor)
        before = None
    if before is not None:
        if before.requested_by != author:
            since = _clock(incident, before.requested_at)
            page = publish_url(settings, incident)
            raise StateError(
                f"An update by <@{before.requested_by}> has been waiting for approval since {since}. Approve or "
                f"decline it first: {page}"
            )
        wanted, when = _join(settings, before, wanted, when)
        _end(session, before, Outcome.REPLACED, actor)
    rehearsed = _rehearse(session, settings, incident, actor, wanted, when)
    row = PublicationRequest(
        incident_id=incident.key,
        wanted=_encode(wanted, when),
        shown=dict(rehearsed.shown),
        basis=find_basis(session, incident),
        was_open=incident.is_open,
        requested_by=author,
        requested_at=actor.at,
    )
    session.add(row)
    session.flush()
    ensure_known(session, incident.team_id, [author], actor.at)
    audit_action(session, actor, "prepared a public update", incident=incident, state=wanted.state.value)
    asked: list[str | None] = [each for each in approvers if each != author]
    for each in asked or [None]:
        outbox.post_approval_request(session, incident, actor.at, ApprovalRequestPayload(row.key, each))
    outbox.schedule_reminder_check(session, incident, actor.at)
    return replace(rehearsed.published, update=None, request=row)


def _join(
    settings: Settings, before: PublicationRequest, wanted: Publication, when: ParsedTime | None
) -> tuple[Publication, ParsedTime | None]:
    """The request with further languages of the same state; any other update replaces it."""
    earlier, earlier_when = decode_request(before)
    code = settings.status.default_language if settings.status else ""
    first, second = _stated(earlier, code), _stated(wanted, code)
    if earlier.state is not wanted.state or {*first.languages} & {*second.languages} or not wanted.texts:
        return wanted, when
    joined = Publication(
        wanted.state,
        {**first.texts, **second.texts},
        {**first.states, **second.states},
        (*first.languages, *second.languages),
        earlier.titles if wanted.titles is None else wanted.titles,
        earlier.impact if wanted.impact is None else wanted.impact,
    )
    return joined, when or earlier_when


def _stated(wanted: Publication, default: str) -> Publication:
    texts = {code or default: text for code, text in wanted.texts.items()}
    return replace(wanted, texts=texts, languages=wanted.languages or tuple(texts))


def _rehearse(
    session: Session, settings: Settings, incident: Incident, actor: Actor, wanted: Publication, when: ParsedTime | None
) -> _Rehearsed:
    """
    Publish and undo it.

    A refusal comes now, and the approver sees exactly what will be published.
    """
    try:
        with savepoint(session):
            published = publish_update(session, settings, incident.key, actor, wanted, when)
            _finish_rehearsal(session, incident, published)
    except _Rehearsed as rehearsed:
        return rehearsed
    raise AssertionError("a rehearsal ends with its result")


def _finish_rehearsal(session: Session, incident: Incident, published: Published) -> None:
    """Raises _Rehearsed."""
    public, row = status_page.find_by_incident(session, incident.key), published.update
    if public is None or row is None:
        raise UserError("Nothing of this incident can be published.")
    shown = {
        "titles": dict(public.titles),
        "texts": dict(row.texts),
        "components": dict(row.components),
        "impact": [each and each.isoformat() for each in (public.impact_started_at, public.impact_ended_at)],
    }
    raise _Rehearsed(published, shown)


def find_objection(session: Session, settings: Settings, incident: Incident, row: PublicationRequest) -> str:
    """Why a request cannot be published as it was prepared; empty if it can."""
    reason = why_unpublished(settings, incident)
    status = Status(incident.status)
    if reason:
        return f"{incident.reference} is private now." if reason == "private" else "There is no status page."
    if status in {Status.CANCELLED, Status.MERGED} and row.was_open:
        return f"{incident.reference} was {status} meanwhile."
    if row.was_open != incident.is_open:
        return f"{incident.reference} was {'reopened' if incident.is_open else 'resolved'} meanwhile."
    if find_basis(session, incident) != row.basis:
        public = status_page.find_by_incident(session, incident.key)
        last = status_page.find_updates(session, public.key)[-1] if public else None
        at = f" at {_clock(incident, last.recorded_at)}" if last else ""
        return f"Another update was published{at}."
    return ""


def find_waiting_requests(
    session: Session, settings: Settings, found: Sequence[Incident]
) -> dict[int, PublicationRequest]:
    """
    Requests that wait and can still be approved, by incident.

    Without approvals nothing is read.
    """
    if settings.status is None or not settings.status.approval:
        return {}
    waiting = status_page.find_waiting(session, [each.key for each in found])
    by_key = {each.key: each for each in found}
    return {key: row for key, row in waiting.items() if not find_objection(session, settings, by_key[key], row)}


def approve_request(session: Session, settings: Settings, request_id: int, actor: Actor) -> PublicationRequest:
    """
    Publish a request in all its languages, in the name of its author.

    Raises StateError for its author, for people who may not approve, and for a request that was overtaken.
    """
    check_access(session, actor, home_team_id=None)
    incident, row = _lock_waiting(session, request_id)
    if row.requested_by == actor.user_id:
        raise StateError("You prepared this update, so another person approves it. Nothing was published.")
    _check_approver(settings, actor)
    if objection := find_objection(session, settings, incident, row):
        raise StateError(f"{objection} {PREPARE_AGAIN}")
    wanted, when = decode_request(row)
    _end(session, row, Outcome.PUBLISHED, actor)
    author = replace(actor, user_id=row.requested_by)
    publish_update(session, settings, incident.key, author, wanted, when)
    ensure_known(session, incident.team_id, [actor.user_id], actor.at)
    audit_action(session, actor, "approved a public update", incident=incident, author=row.requested_by)
    _post_outcome(session, incident, "update approved", row, actor)
    return row


def decline_request(
    session: Session, settings: Settings, request_id: int, actor: Actor, reason: str
) -> PublicationRequest:
    """
    Decline a request with a reason; its author withdraws it that way.

    Raises InvalidField (`text`) without a reason, and StateError for people who may not approve.
    """
    check_access(session, actor, home_team_id=None)
    incident, row = _lock_waiting(session, request_id)
    if row.requested_by != actor.user_id:
        _check_approver(settings, actor)
    text = " ".join(reason.split())
    if not text:
        raise InvalidField("text", "Enter a reason: its author reads it.")
    if len(text) > LONGEST_REASON:
        raise InvalidField("text", f"The reason has {len(text):,} characters. Use up to {LONGEST_REASON}.")
    row.reason = text
    _end(session, row, Outcome.DECLINED, actor)
    ensure_known(session, incident.team_id, [actor.user_id], actor.at)
    audit_action(session, actor, "declined a public update", incident=incident, author=row.requested_by, reason=text)
    _post_outcome(session, incident, "update declined", row, actor, why=text)
    return row


def _lock_waiting(session: Session, request_id: int) -> tuple[Incident, PublicationRequest]:
    """Raises StateError for a request that was decided."""
    row = status_page.get_request(session, request_id)
    if row is None:
        raise StateError(GONE)
    incident = incidents.lock(session, row.incident_id)
    row = status_page.get_request(session, request_id)
    if row is None:
        raise StateError(GONE)
    if row.outcome is not None:
        raise StateError(f"{describe_outcome(incident, row)} Nothing was changed.")
    return incident, row


def _check_approver(settings: Settings, actor: Actor) -> None:
    approvers = settings.status.approvers if settings.status else ()
    if approvers and actor.user_id not in approvers:
        named = " and ".join(f"<@{each}>" for each in approvers)
        raise StateError(f"Updates of the status page are approved by {named}. Nothing was changed.")


def _end(session: Session, row: PublicationRequest, outcome: Outcome, actor: Actor) -> None:
    row.outcome, row.decided_by, row.decided_at = outcome.value, actor.user_id, actor.at
    session.add(row)


def _post_outcome(
    session: Session, incident: Incident, event: str, row: PublicationRequest, actor: Actor, why: str = ""
) -> None:
    by, author = actor.user_id, row.requested_by
    outbox.post_event(session, incident, event, actor.at, by=by, author=author, why=why, page_at=actor.page_at)


def describe_outcome(incident: Incident, row: PublicationRequest) -> str:
    """A sentence on the end of a request, for people who come to it later."""
    at = _clock(incident, row.decided_at) if row.decided_at else ""
    match row.outcome:
        case Outcome.PUBLISHED:
            return f"<@{row.decided_by}> approved this update at {at}, and it is published."
        case Outcome.DECLINED:
            return f"<@{row.decided_by}> declined this update at {at}."
        case Outcome.REPLACED:
            return f"<@{row.decided_by}> replaced this update at {at}."
        case _:
            return "Another update was published meanwhile, so this one is not."


def publish_url(settings: Settings, incident: Incident) -> str:
    return f"{settings.base_url}/incidents/{incident.reference}/publish"


def _clock(incident: Incident, at: datetime) -> str:
    return f"{at.astimezone(ZoneInfo(incident.zone)):%H:%M}"


def _encode(wanted: Publication, when: ParsedTime | None) -> dict[str, Any]:
    """A publication as JSON; `decode_request` reads it."""
    impact = wanted.impact and [each and each.isoformat() for each in wanted.impact]
    return {
        "state": wanted.state.value,
        "texts": dict(wanted.texts),
        "states": {key: state.value for key, state in wanted.states.items()},
        "languages": [*wanted.languages],
        "titles": None if wanted.titles is None else dict(wanted.titles),
        "impact": impact,
        "when": when and [when.at and when.at.isoformat(), when.precision.value],
    }


def decode_request(row: PublicationRequest) -> tuple[Publication, ParsedTime | None]:
    """Return the publication of a request, and the time that its author stated."""
    stored = row.wanted
    impact = stored["impact"] and tuple(_read_iso(each) for each in stored["impact"])
    when = stored["when"] and ParsedTime(_read_iso(stored["when"][0]), Precision(stored["when"][1]))
    states = {key: ComponentState(state) for key, state in stored["states"].items()}
    languages = tuple(stored["languages"])
    return Publication(UpdateState(stored["state"]), stored["texts"], states, languages, stored["titles"], impact), when


def _read_iso(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
