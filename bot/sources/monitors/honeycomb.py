"""
Honeycomb's triggers: the default payload of a webhook recipient.

https://docs.honeycomb.io/reference/honeycomb-ui/integrations/webhooks/
"""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.alerts.events import Batch, Credentials
from bot.domain.terms import AlertStatus
from bot.sources.authentication import check_token_header
from bot.sources.json_fields import Fields
from bot.sources.json_reader import Malformed, quote_value
from bot.sources.report import Report

NAME = "honeycomb"
TOKEN_HEADER = "X-Honeycomb-Webhook-Token"  # noqa: S105  the name of a header
STATUSES = {"triggered": AlertStatus.FIRING, "ok": AlertStatus.RESOLVED}


def verify(headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int:  # noqa: ARG001  the signature of `Verify`
    """The shared secret in Honeycomb's header, or as Bearer. Raises Unauthorized."""
    return check_token_header(headers, credentials, TOKEN_HEADER)


def parse(payload: object, received_at: datetime) -> Batch:
    """
    The trigger of one notification. Raises Malformed.

    The body may repeat the shared secret: only fields that are named here are read. It states no times.
    """
    root = Fields.from_value(payload)
    version = root.text("version")
    if version is not None and not version.startswith("v0."):
        raise Malformed("version", f"{quote_value(version)} is not known. Dogwatch reads version v0.1.0.")
    name = root.required_text("name", "the trigger's name")
    report = Report(
        source=NAME,
        fingerprint=root.identity("id", "the trigger's id"),
        status=root.choice("status", STATUSES),
        title=name,
        rule=name,
        labels=_group_labels(root),
        description="\n".join(filter(None, (root.detail("description"), root.detail("trigger_description")))),
        dashboard=root.detail_link("result_url"),
        url=root.detail_link("trigger_url"),
        value=_values(root),
        is_test=root.values.get("is_test") is True,
    )
    return Batch(NAME, (report.as_event(received_at),))


def _group_labels(root: Fields) -> dict[str, str | None]:
    """Labels of the first group that triggered."""
    groups = root.parts("result_groups_triggered")
    return dict(groups[0].details("Group")) if groups else {}


def _values(root: Fields) -> str:
    results = (each.detail("Result") for each in root.parts("result_groups_triggered"))
    return ", ".join(text for text in results if text)
