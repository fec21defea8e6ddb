"""
PagerDuty's Events API, version 2, as a receiver of alerts.

https://developer.pagerduty.com/docs/send-alert-event
"""

from datetime import datetime

from bot.domain.alerts.events import Batch, Credentials
from bot.domain.terms import AlertStatus
from bot.sources.authentication import encode_header, match_token
from bot.sources.json_fields import Fields
from bot.sources.json_reader import Malformed, decode, quote_value
from bot.sources.report import Report, derive_fingerprint
from bot.sources.request import Answer

ACTIONS = ("trigger", "acknowledge", "resolve")
MAX_KEY = 255
"""Longest `dedup_key` that PagerDuty accepts."""


def read_routing_key(body: bytes) -> str | None:
    """The routing key of an event; None if the body has none."""
    try:
        value = decode(body)
    except Malformed:
        return None
    key = value.get("routing_key") if isinstance(value, dict) else None
    return key if isinstance(key, str) else None


def check_routing_key(key: str, credentials: Credentials) -> int:
    """The routing key is a token of this source. Raises Unauthorized."""
    return match_token(encode_header(key.strip()), credentials)


def parse_event(root: Fields, received_at: datetime, *, source: str) -> Batch:
    """The alert of one event; a change has no `event_action`. Raises Malformed."""
    if not root.has("event_action") and root.part("payload").has("summary"):
        return Batch(source, (), note="Ignored: this is a change. Send it to /changes/pagerduty.")
    action = root.required_text("event_action", f"one of {', '.join(ACTIONS)}").strip()
    if action not in ACTIONS:
        raise Malformed(
            root.at("event_action"), f"{quote_value(action)} is not known. Send one of {', '.join(ACTIONS)}."
        )
    key = root.detail("dedup_key")
    if key is not None and len(key) > MAX_KEY:
        raise Malformed(root.at("dedup_key"), f"This has {len(key)} characters. Send up to {MAX_KEY}.")
    if action != "trigger":
        key = key or root.required_text("dedup_key", "the key of the event that triggered the alert")
    if action == "acknowledge":
        return Batch(source, (), note="Acknowledged: the alert stays as it is.")
    report = _trigger(root, key, source) if action == "trigger" else _resolve(root, key or "", source, received_at)
    return Batch(source, (report.as_event(received_at),))


def answer_event(batch: Batch) -> Answer:
    """As PagerDuty answers; `dedup_key` ends the alert later."""
    if not batch.events:
        return Answer(202, {"status": "success", "message": batch.note})
    key = batch.events[0].fingerprint
    return Answer(202, {"status": "success", "message": "Event processed", "dedup_key": key})


def _trigger(root: Fields, key: str | None, source: str) -> Report:
    """Without a `dedup_key` the identity is computed: a repetition is the same alert."""
    payload = root.inner("payload")
    title = payload.required_text("summary", "a short text that says what is wrong")
    machine = payload.required_text("source", "the affected system")
    parts = [payload.detail(name) or "" for name in ("component", "group", "class")]
    key = key or derive_fingerprint(title, machine, *parts)
    details = payload.details("custom_details")
    images = tuple(link for each in root.parts("images") for link in each.detail_links("src"))
    links = [link for each in root.parts("links") if (link := each.detail_link("href"))]
    return Report(
        source=source,
        fingerprint=key,
        status=AlertStatus.FIRING,
        title=title,
        started_at=payload.time("timestamp"),
        service=details.pop("service", None) or payload.detail("component"),
        severity=payload.detail("severity"),
        labels={
            **details,
            "source": machine,
            "component": payload.detail("component"),
            "group": payload.detail("group"),
            "class": payload.detail("class"),
            "client": root.detail("client"),
        },
        description=payload.detail("custom_details"),
        runbook=next(iter(links), None),
        images=images,
        url=root.detail_link("client_url"),
        group=key,
        is_start_constant=False,
    )


def _resolve(root: Fields, key: str, source: str, received_at: datetime) -> Report:
    """An end needs no payload: the alert is known by its key."""
    payload = root.part("payload")
    return Report(
        source=source,
        fingerprint=key,
        status=AlertStatus.RESOLVED,
        title=payload.detail("summary") or key,
        ended_at=received_at,
        group=key,
    )
