"""Values of the page Now, in words."""

from datetime import datetime
from typing import Any

from bot.domain.incidents import next_step
from bot.domain.text.durations import format_duration
from bot.domain.times import format_time
from bot.services.escalation.view import NextStep
from bot.services.web_pages.now import NowPage, OnCallLine, OpenIncident, WaitingFor

NEXT_STEPS = {
    next_step.NextStep.ACCEPT: "Accept or decline it",
    next_step.NextStep.RESOLVE: "All alerts have ended: resolve it",
    next_step.NextStep.LEAD: "Name a lead",
    next_step.NextStep.ESCALATE: "Escalate",
    next_step.NextStep.IMPACT: "State the impact",
    next_step.NextStep.UPDATE: "Status update due",
}


def template_values(page: NowPage) -> dict[str, Any]:
    """Values of `web/now/now.html.j2` and `web/now/wall.html.j2`, without those of their frame."""
    return {
        "at": _moment(page, page.at),
        "version": page.version,
        "incidents": [_incident_values(page, each) for each in page.incidents],
        "hidden_incidents": page.hidden_incidents,
        "on_call": [_on_call_values(page, each) for each in page.on_call],
        "alerts": [
            {
                "name": each.name,
                "summary": each.summary,
                "where": ", ".join(filter(None, [each.service, each.source])),
                "since": _moment(page, each.starts_at),
                "age": format_duration(page.at - each.starts_at),
                "link": each.link,
                "is_held": each.is_held,
            }
            for each in page.alerts
        ],
        "has_more_alerts": page.has_more_alerts,
        "vendors": [
            {
                "name": each.vendor,
                "title": each.title,
                "link": each.link,
                "state": each.state or "open",
                "since": _moment(page, each.since),
                "services": each.services,
            }
            for each in page.vendors.in_trouble
        ],
        "unreadable_pages": [
            {"name": each.vendor, "problem": each.problem, "since": _moment(page, each.since)}
            for each in page.vendors.unreadable
        ],
    }


def _incident_values(page: NowPage, incident: OpenIncident) -> dict[str, Any]:
    return {
        "reference": incident.reference,
        "title": incident.title,
        "severity": incident.severity,
        "rank": incident.severity_rank,
        "status": incident.status,
        "age": format_duration(page.at - incident.since),
        "since": _moment(page, incident.since),
        "lead": incident.lead,
        "labels": [
            label for label, is_set in (("Private", incident.is_private), ("Drill", incident.is_drill)) if is_set
        ],
        "next_step": NEXT_STEPS[incident.next_step] if incident.next_step else None,
        "waiting": [_waiting_values(page, each) for each in incident.waiting],
    }


def _waiting_values(page: NowPage, waiting: WaitingFor) -> dict[str, Any]:
    step = waiting.progress.next
    following = None
    if step is not None:
        following = {
            "action": _action(step, waiting.progress.levels),
            "at": _moment(page, step.at),
            "in": _distance(step.at, page.at),
        }
    return {
        "target": waiting.target,
        "people": [name for name in waiting.people if name not in waiting.target],
        "age": format_duration(page.at - waiting.since),
        "next": following,
    }


def _action(step: NextStep, levels: int) -> str:
    if step.level is not None:
        return f"level {step.level} of {levels}{' again' if step.is_again else ''}"
    return f"last resort, {', '.join(step.targets)}" if step.targets else "the policy ends"


def _on_call_values(page: NowPage, line: OnCallLine) -> dict[str, Any]:
    gap = line.next_gap
    return {
        "schedule": line.schedule,
        "people": line.people,
        "until": _moment(page, line.until) if line.until else None,
        "then": line.then,
        "gap": (_moment(page, gap[0]), _moment(page, gap[1])) if gap else None,
    }


def _moment(page: NowPage, at: datetime) -> dict[str, str]:
    """A time for a `time` element; on the viewer's own day without its date."""
    is_today = at.astimezone(page.zone).date() == page.at.astimezone(page.zone).date()
    return {"iso": at.isoformat(), "text": format_time(at, page.zone, with_date=not is_today)}


def _distance(at: datetime, now: datetime) -> str:
    return f"in {format_duration(at - now)}" if at > now else "now"
