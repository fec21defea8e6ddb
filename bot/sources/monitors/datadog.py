"""
Datadog's webhooks: the payload of the guide, or Datadog's default one.

https://docs.datadoghq.com/integrations/webhooks/
"""

import re
from collections.abc import Mapping
from datetime import datetime

from bot.domain.alerts.events import Batch, Credentials
from bot.domain.terms import AlertStatus
from bot.sources.authentication import check_token
from bot.sources.json_fields import Fields
from bot.sources.json_reader import Malformed
from bot.sources.report import Report, derive_fingerprint

NAME = "datadog"
TRANSITIONS = {
    "triggered": AlertStatus.FIRING,
    "re-triggered": AlertStatus.FIRING,
    "warn": AlertStatus.FIRING,
    "re-warn": AlertStatus.FIRING,
    "no data": AlertStatus.FIRING,
    "re-no data": AlertStatus.FIRING,
    "renotify": AlertStatus.FIRING,
    "recovered": AlertStatus.RESOLVED,
}
STARTING = "triggered"
"""The transition whose date is the start of the alert."""
_PRIORITY = re.compile(r"\[P\d\]\s*")
_STATE = re.compile(r"\[((?:Re-)?(?:Triggered|Warn|No Data)|Renotify|Recovered)(?: on [^\[\]]*)?\]\s*", re.IGNORECASE)
_UNREPLACED = re.compile(r"\$[A-Z_]+")


def verify(headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int:  # noqa: ARG001  the signature of `Verify`
    """The token in a custom header, or Basic. Raises Unauthorized."""
    return check_token(headers, credentials)


def parse(payload: object, received_at: datetime) -> Batch:
    """The alert of one webhook. Raises Malformed."""
    root = _without_unreplaced(Fields.from_value(payload))
    title = root.required_text("title", "`$EVENT_TITLE`")
    stated = root.text("transition") or _title_state(root, title)
    status = Fields({"transition": stated}).choice("transition", TRANSITIONS)
    name = root.detail("monitor") or _STATE.sub("", _PRIORITY.sub("", title)).strip() or title
    tags = _tags(root.detail("tags", "scope") or "")
    sent_at = root.unix_time("date", per_second=1000)
    report = Report(
        source=NAME,
        fingerprint=_fingerprint(root, name),
        status=status,
        title=name,
        started_at=sent_at if stated.casefold() == STARTING else None,
        ended_at=sent_at if status is AlertStatus.RESOLVED else None,
        stated_at=sent_at,
        rule=name,
        service=tags.get("service"),
        severity=root.detail("priority") or _priority(title),
        labels={**tags, "hostname": root.detail("hostname")},
        description=root.detail("message", "body"),
        value=root.detail("status"),
        url=root.detail_link("link"),
        dashboard=root.detail_link("snapshot"),
        images=root.detail_links("snapshot"),
    )
    return Batch(NAME, (report.as_event(received_at),))


def _without_unreplaced(root: Fields) -> Fields:
    """Without variables that do not apply: they arrive as their own names."""
    kept = {
        name: value
        for name, value in root.values.items()
        if not (isinstance(value, str) and (_UNREPLACED.fullmatch(value.strip()) or value == "null"))
    }
    return Fields(kept)


def _title_state(root: Fields, title: str) -> str:
    found = _STATE.search(title)
    if found is None:
        raise Malformed(
            root.at("transition"), "This is missing, and the title names no state. Send `$ALERT_TRANSITION`."
        )
    return found[1]


def _priority(title: str) -> str | None:
    found = _PRIORITY.search(title)
    return found[0].strip(" []") if found else None


def _fingerprint(root: Fields, name: str) -> str:
    """The alert cycle, else the monitor and its scope, else its name."""
    if cycle := root.detail("cycle_key"):
        return cycle
    if monitor := root.detail("monitor_id"):
        return f"{monitor}/{root.detail('scope') or ''}"
    return derive_fingerprint(root.part("org").detail("id") or "", name)


def _tags(text: str) -> dict[str, str | None]:
    pairs = (each.partition(":") for each in text.split(","))
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip() and value.strip()}
