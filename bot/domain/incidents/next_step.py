"""The next thing that people have to do in an incident."""

from enum import StrEnum

from bot.domain.terms import Status
from bot.lazy_dataclass import dataclass


class NextStep(StrEnum):
    """Steps of an incident, the most urgent first after triage."""

    ACCEPT = "accept"
    RESOLVE = "resolve"
    LEAD = "lead"
    ESCALATE = "escalate"
    IMPACT = "impact"
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class Situation:
    """
    The facts that decide on the next step.

    `is_anybody_called`: there was an escalation. `is_anybody_on_call`: the configuration has people or a policy for it.
    `are_alerts_over`: there were alerts, and all have ended. `is_update_due`: a reminder of it is shown.
    """

    status: Status
    is_retro: bool = False
    is_led: bool = False
    is_anybody_called: bool = False
    is_anybody_on_call: bool = False
    is_impact_stated: bool = False
    is_update_due: bool = False
    are_alerts_over: bool = False


def find_next_step(now: Situation) -> NextStep | None:
    """The most urgent step; None if nothing is missing, or the incident is over."""
    if now.status is Status.TRIAGE:
        return NextStep.ACCEPT
    if not now.status.is_open:
        return None
    missing = {
        NextStep.RESOLVE: now.are_alerts_over,
        NextStep.LEAD: not now.is_led and not now.is_retro,
        NextStep.ESCALATE: not (now.is_anybody_called or now.is_anybody_on_call or now.is_retro),
        NextStep.IMPACT: not now.is_impact_stated,
        NextStep.UPDATE: now.is_update_due,
    }
    return next((step for step, is_missing in missing.items() if is_missing), None)
