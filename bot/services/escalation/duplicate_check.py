"""Find targets that are being paged already, so that nobody is paged twice unasked."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.terms import TargetKind
from bot.domain.text.normalize import parse_id
from bot.lazy_dataclass import dataclass
from bot.services.escalation.start import escalate_to_all
from bot.services.escalation.target_lookup import EscalationTarget, find_target
from bot.services.oncall.targets import target_mention
from bot.services.workspace.actor import Actor
from bot.store.escalation import escalations
from bot.store.escalation.escalations import Escalation
from bot.store.escalation.pages import find_pages
from bot.store.shared import idempotency

MAX_VALUE = 2_000
"""Longest request that a button carries, in characters."""


@dataclass(frozen=True, slots=True)
class RunningPage:
    """A target that is being paged, by its markup, and the time of its first page."""

    mention: str
    kind: TargetKind
    since: datetime


@dataclass(frozen=True, slots=True)
class RepeatedRequest:
    """A request to page targets; `running` are those that are being paged already."""

    incident_id: int
    targets: tuple[EscalationTarget, ...]
    reason: str
    case: str
    asked_at: datetime
    running: tuple[RunningPage, ...] = ()

    @property
    def value(self) -> str:
        """The request as the value of a button."""
        targets = [[each.kind.value, each.id, each.name] for each in self.targets]
        values = [self.incident_id, targets, self.reason, self.case, self.asked_at.isoformat()]
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def find_repeated_request(
    session: Session, incident_id: int, actor: Actor, targets: Sequence[EscalationTarget], reason: str, case: str = ""
) -> RepeatedRequest | None:
    """
    Return the request if a target of it is being paged already; None if not.

    Raises UserError if the request is too long for a button.
    """
    waiting = [each for each in escalations.find_unanswered(session, incident_id) if each.next_step_at is not None]
    running = [found for each in targets if (found := _find_running(session, waiting, each)) is not None]
    if not running:
        return None
    request = RepeatedRequest(incident_id, tuple(targets), reason, case, actor.at, tuple(running))
    if len(request.value) > MAX_VALUE:
        raise UserError(
            "One of them is paged already, and nobody was paged again. To page again, give a shorter reason."
        )
    return request


def _find_running(session: Session, waiting: Sequence[Escalation], target: EscalationTarget) -> RunningPage | None:
    for each in waiting:
        if target.kind == TargetKind.PERSON:
            since = _paged_since(session, each, target.id)
        else:
            since = each.paged_at if (each.target_kind, each.target_id) == (target.kind, target.id) else None
        if since is not None:
            mention = f"<@{target.id}>" if target.kind == TargetKind.PERSON else target_mention(each)
            return RunningPage(mention, target.kind, since)
    return None


def _paged_since(session: Session, escalation: Escalation, user_id: str) -> datetime | None:
    """When the escalation first paged a person; None if it did not, or they declined."""
    if user_id in escalation.declined_by:
        return None
    found = find_pages(session, escalation.key)
    return min((page.queued_at for page in found if page.user_id == user_id and page.skipped is None), default=None)


OLD_REQUEST = "This button is from another version of Dogwatch. Type `/incident escalate` again."


@dataclass(frozen=True, slots=True)
class StoredRequest:
    """A request as a button carries it. `targets`: kind, id, name."""

    incident_id: int
    targets: tuple[tuple[TargetKind, str, str], ...]
    reason: str
    case: str


def read_request(value: str) -> StoredRequest:
    """Parse the value of a button. Raises UserError for one of another version."""
    try:
        incident_id, targets, reason, case, _asked_at = json.loads(value)
        named = tuple((TargetKind(kind), str(target_id), str(name)) for kind, target_id, name in targets)
    except (TypeError, ValueError, RecursionError) as problem:
        raise UserError(OLD_REQUEST) from problem
    found = parse_id(str(incident_id))
    if found is None:
        raise UserError(OLD_REQUEST)
    return StoredRequest(found, named, str(reason), str(case))


def page_again(session: Session, settings: Settings, actor: Actor, value: str) -> list[Escalation]:
    """Carry out a repeated request, once. Raises UserError for a second press."""
    request = read_request(value)
    key = f"{actor.team_id}:page again:{hashlib.sha256(value.encode()).hexdigest()}"
    if not idempotency.register_delivery(session, key, actor.at):
        raise UserError("You pressed this button before, and they were paged again then.")
    targets = [
        find_target(session, settings, actor.team_id, kind, name, target_id if kind in IDENTIFIED else None)
        for kind, target_id, name in request.targets
    ]
    return escalate_to_all(session, settings, request.incident_id, actor, targets, request.reason, case=request.case)


IDENTIFIED = frozenset({TargetKind.PERSON, TargetKind.GROUP})
"""Kinds of targets that Slack knows by an id."""
