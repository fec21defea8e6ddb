"""
Opsgenie's alert API as a receiver: create, close, and other actions on an alert.

https://docs.opsgenie.com/docs/alert-api
"""

import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import unquote

from bot.domain.alerts.events import Batch
from bot.domain.terms import AlertStatus
from bot.domain.text.normalize import make_storable
from bot.sources.json_fields import Fields
from bot.sources.json_reader import Malformed, quote_value
from bot.sources.report import Report, derive_fingerprint
from bot.sources.request import AlertRequest, Answer, read_json

CALL = "dogwatch_call"
"""Key of the action that the path of a call names."""
IDENTIFIER_TYPES = ("id", "alias")
_PATH = re.compile(r"v2/alerts(?:/(?P<alias>[^/]+)/(?P<action>[a-z]+))?/?")


def read_call(request: AlertRequest) -> object:
    """The body, with action and alias of the path. Raises Malformed."""
    found = _PATH.fullmatch(request.path)
    if found is None:
        raise Malformed("", "There is no such call. Use v2/alerts, or v2/alerts/ALIAS/close?identifierType=alias.")
    body = read_json(request) if request.body.strip() else {}
    if not isinstance(body, Mapping):
        raise Malformed("the body", f"{quote_value(body)} is not an object.")
    if found["action"] is None:
        return {**body, CALL: "create"}
    kind = request.query.get("identifierType", "id")
    if kind not in IDENTIFIER_TYPES:
        raise Malformed("identifierType", f"{quote_value(kind)} is not known. Send identifierType=alias.")
    return {**body, CALL: found["action"], "alias": make_storable(unquote(found["alias"]))}


def parse_call(root: Fields, received_at: datetime, *, source: str) -> Batch:
    """The alert of one call. Raises Malformed."""
    action = root.detail(CALL) or "create"
    if action == "create":
        return Batch(source, (_create(root, source).as_event(received_at),))
    alias = root.identity("alias", "the alias of the alert")
    if action != "close":
        return Batch(source, (), note=f"Accepted: {action} does not change the alert's state.")
    report = Report(
        source=source, fingerprint=alias, status=AlertStatus.RESOLVED, title=alias, ended_at=received_at, group=alias
    )
    return Batch(source, (report.as_event(received_at),))


def answer_call(batch: Batch) -> Answer:
    """As Opsgenie answers. The request's id is the alias, which ends the alert later."""
    request_id = batch.events[0].fingerprint if batch.events else ""
    return Answer(202, {"result": "Request will be processed", "took": 0.0, "requestId": request_id})


def _create(root: Fields, source: str) -> Report:
    """Without an alias, what identifies the alert is computed: a repetition is the same alert."""
    message = root.required_text("message", "a short text that says what is wrong")
    details, entity = root.details("details"), root.detail("entity")
    alias = root.detail("alias") or derive_fingerprint(message, entity or "", root.detail("source") or "")
    return Report(
        source=source,
        fingerprint=alias,
        status=AlertStatus.FIRING,
        title=message,
        service=details.pop("service", None) or entity,
        severity=root.detail("priority"),
        labels={**details, "origin": root.detail("source")},
        description=root.detail("description"),
        group=alias,
    )
