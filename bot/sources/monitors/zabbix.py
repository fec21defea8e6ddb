"""
Zabbix: the body of the guide's media type, made of macros.

https://www.zabbix.com/documentation/current/en/manual/appendix/macros/supported_by_location
"""

import re
from collections.abc import Mapping
from datetime import datetime

from bot.domain.alerts.events import Batch, Credentials
from bot.domain.terms import AlertStatus
from bot.sources.authentication import check_token
from bot.sources.json_fields import Fields
from bot.sources.json_reader import Malformed, decode
from bot.sources.report import Report

NAME = "zabbix"
STATUSES = {
    **dict.fromkeys(("problem", "1"), AlertStatus.FIRING),
    **dict.fromkeys(("resolved", "ok", "0"), AlertStatus.RESOLVED),
}
_UNREPLACED = re.compile(r"\{[A-Z][A-Z0-9_.]*(?:\.\{[^}]*\}|\([^)]*\))?\}|\*UNKNOWN\*")


def verify(headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int:  # noqa: ARG001  the signature of `Verify`
    """The token that the script sends. Raises Unauthorized."""
    return check_token(headers, credentials)


def parse(payload: object, received_at: datetime) -> Batch:
    """
    The problem of one notification. Raises Malformed.

    A server without the timestamp macros states date and time in its own zone, which it does not name: then the start
    is the time of receipt.
    """
    root = _without_unreplaced(Fields.from_value(payload))
    status = root.choice("value" if root.has("value") else "status", STATUSES)
    name = root.required_text("name", "{EVENT.NAME}")
    tags = _tags(root.detail("tags") or "")
    report = Report(
        source=NAME,
        fingerprint=root.identity("event_id", "{EVENT.ID}"),
        status=status,
        title=name,
        started_at=root.unix_time("timestamp"),
        ended_at=root.unix_time("recovery_timestamp") if status is AlertStatus.RESOLVED else None,
        stated_at=root.unix_time("timestamp"),
        rule=name,
        service=tags.pop("service", None),
        severity=root.detail("severity"),
        labels={**tags, "host": root.detail("host"), "address": root.detail("ip")},
        description=root.detail("description"),
        value=root.detail("opdata"),
        url=root.detail_link("url"),
    )
    return Batch(NAME, (report.as_event(received_at),))


def _without_unreplaced(root: Fields) -> Fields:
    """Without macros that do not apply: they arrive as their own names."""
    kept = {
        name: value
        for name, value in root.values.items()
        if not (isinstance(value, str) and _UNREPLACED.fullmatch(value.strip()))
    }
    return Fields(kept)


def _tags(text: str) -> dict[str, str | None]:
    """Event tags, as a text that is a JSON list; empty if it is none."""
    try:
        value = decode(text.encode("utf-8", "surrogatepass"))
    except Malformed:
        return {}
    tags = Fields({"tags": value}).parts("tags")
    return {name: each.detail("value") for each in tags if (name := each.detail("tag"))}
