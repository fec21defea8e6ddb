"""
Sentry's integration platform: issue alerts, metric alerts and issues.

https://docs.sentry.io/organization/integrations/integration-platform/webhooks/
"""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.alerts.events import Batch, Credentials
from bot.domain.terms import AlertStatus
from bot.sources.authentication import check_body_signature
from bot.sources.json_fields import Fields
from bot.sources.json_reader import Malformed
from bot.sources.report import Report

NAME = "sentry"
SIGNATURE_HEADER = "Sentry-Hook-Signature"
METRIC_ACTIONS = {
    "open": AlertStatus.FIRING,
    "critical": AlertStatus.FIRING,
    "warning": AlertStatus.FIRING,
    "resolved": AlertStatus.RESOLVED,
}
ISSUE_ACTIONS = {"created": AlertStatus.FIRING, "unresolved": AlertStatus.FIRING, "resolved": AlertStatus.RESOLVED}


def verify(headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int:  # noqa: ARG001  the signature of `Verify`
    """The signature over the raw body if a secret is set, else the token. Raises Unauthorized."""
    return check_body_signature(headers, body, credentials, header=SIGNATURE_HEADER)


def parse(payload: object, received_at: datetime) -> Batch:
    """The alert or issue of one webhook; other resources are ignored. Raises Malformed."""
    root = Fields.from_value(payload)
    if not root.has("data"):
        raise Malformed("data", "This is missing. Use an internal integration, not the legacy WebHooks plugin.")
    data, action = root.inner("data"), root.required_text("action", "the action of the webhook")
    if data.has("metric_alert"):
        return Batch(NAME, (_metric_alert(root, data).as_event(received_at),))
    if data.has("event"):
        return Batch(NAME, (_issue_alert(data).as_event(received_at),))
    if data.has("issue") and action in ISSUE_ACTIONS:
        return Batch(NAME, (_issue(root, data.inner("issue")).as_event(received_at),))
    return Batch(NAME, (), note=f"Ignored: {action} of {', '.join(data.values) or 'nothing'} changes no alert.")


def _metric_alert(root: Fields, data: Fields) -> Report:
    alert = data.inner("metric_alert")
    status = root.choice("action", METRIC_ACTIONS)
    rule = alert.part("alert_rule")
    actions = [action for trigger in rule.parts("triggers") for action in trigger.parts("actions")]
    labels = {name: value for each in actions for name, value in _settings(each).items()}
    return Report(
        source=NAME,
        fingerprint=f"metric_alert:{alert.identity('id', 'the id of the metric alert')}",
        status=status,
        title=alert.detail("title") or data.required_text("description_title", "the title of the alert"),
        started_at=alert.time("date_started"),
        ended_at=alert.time("date_closed") if status is AlertStatus.RESOLVED else None,
        rule=rule.detail("name"),
        service=labels.pop("service", None) or _first_project(alert),
        severity=root.detail("action") if status is AlertStatus.FIRING else None,
        labels={**labels, "environment": rule.detail("environment")},
        description=data.detail("description_text"),
        url=data.detail_link("web_url"),
    )


def _first_project(alert: Fields) -> str | None:
    projects = alert.values.get("projects")
    return Fields({"project": projects[0]}).detail("project") if isinstance(projects, list) and projects else None


def _issue_alert(data: Fields) -> Report:
    event = data.inner("event")
    issue_id = event.identity("issue_id", "the id of the issue")
    labels = {**_tag_pairs(event), **_settings(data.part("issue_alert"))}
    return Report(
        source=NAME,
        fingerprint=f"issue:{issue_id}",
        status=AlertStatus.FIRING,
        title=event.required_text("title", "the title of the event"),
        started_at=event.time("datetime"),
        service=labels.pop("service", None),
        severity=event.detail("level"),
        labels={**labels, "rule": data.detail("triggered_rule"), "release": event.detail("release")},
        description=event.detail("culprit"),
        url=event.detail_link("web_url"),
        group=f"issue:{issue_id}",
        is_start_constant=False,
    )


def _issue(root: Fields, issue: Fields) -> Report:
    """An issue has no end of its own: a resolved one ends when the webhook arrives."""
    issue_id = issue.identity("id", "the id of the issue")
    return Report(
        source=NAME,
        fingerprint=f"issue:{issue_id}",
        status=root.choice("action", ISSUE_ACTIONS),
        title=issue.required_text("title", "the title of the issue"),
        started_at=issue.time("firstSeen"),
        service=issue.part("project").detail("slug", "name"),
        severity=issue.detail("level"),
        labels={"issue": issue.detail("shortId"), "platform": issue.detail("platform")},
        description=issue.detail("culprit"),
        url=issue.detail_link("web_url", "permalink"),
        group=f"issue:{issue_id}",
        is_start_constant=False,
    )


def _settings(fields: Fields) -> dict[str, str | None]:
    """Fields of the integration that people fill in when they choose it for an alert."""
    return {name: each.detail("value") for each in fields.parts("settings") if (name := each.detail("name"))}


def _tag_pairs(event: Fields) -> dict[str, str | None]:
    """Tags are pairs of name and value."""
    value = event.values.get("tags")
    pairs = [each for each in value if isinstance(each, list) and len(each) == 2] if isinstance(value, list) else []
    return {name: text for name, text in pairs if isinstance(name, str) and isinstance(text, str)}
