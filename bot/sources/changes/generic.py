"""
Any other sender: one change as a JSON object.

Format: `docs/alerts/changes.md`.
"""

import json
from collections.abc import Mapping
from datetime import datetime

from bot.domain.alerts.events import Credentials, bound_key
from bot.domain.changes.events import MAX_NAMED_SERVICES, ChangeBatch, ChangeEvent, ChangeKind, ChangeStatus
from bot.sources.authentication import check_token
from bot.sources.json_fields import Fields
from bot.sources.json_reader import Malformed, quote_value
from bot.sources.report import derive_fingerprint

NAME = "generic"
KINDS = {kind.value: kind for kind in ChangeKind}
STATUSES = {
    **{status.value: status for status in ChangeStatus},
    "running": ChangeStatus.STARTED,
    "success": ChangeStatus.SUCCEEDED,
    "finished": ChangeStatus.SUCCEEDED,
    "failure": ChangeStatus.FAILED,
}


def verify(headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int:  # noqa: ARG001  the signature of `Verify`
    """Bearer, or Basic with the token as its password. Raises Unauthorized."""
    return check_token(headers, credentials)


def parse(payload: object, headers: Mapping[str, str], received_at: datetime) -> ChangeBatch:  # noqa: ARG001  the signature of `Parse`
    """The change of one request. Raises Malformed."""
    root = Fields.from_value(payload)
    title = root.required_text("title", "a short text that says what changed")
    started_at, finished_at = root.time("started_at"), root.time("finished_at")
    status = root.choice("status", STATUSES) if root.has("status") else _implied_status(started_at, finished_at)
    services = _services(root)
    stated = next((each for each in (started_at, finished_at) if each), received_at.replace(second=0, microsecond=0))
    version, environment = root.detail("version") or "", root.detail("environment") or ""
    own = root.identity("id", "an id") if root.has("id") else ""
    event = ChangeEvent(
        source=NAME,
        key=bound_key(own) or derive_fingerprint(title, json.dumps(services), version, environment, stated.isoformat()),
        kind=root.choice("kind", KINDS) if root.has("kind") else ChangeKind.DEPLOYMENT,
        title=title,
        services=services,
        status=status,
        started_at=started_at,
        finished_at=finished_at,
        environment=environment,
        version=version,
        author=root.detail("author") or "",
        link=root.link("url", "link"),
    )
    return ChangeBatch(NAME, (event,))


def _implied_status(started_at: datetime | None, finished_at: datetime | None) -> ChangeStatus:
    """A change that has begun and states no end still runs."""
    return ChangeStatus.STARTED if started_at and not finished_at else ChangeStatus.SUCCEEDED


def _services(root: Fields) -> tuple[str, ...]:
    """`service`, or a list in `services`."""
    listed = root.values.get("services")
    if listed is None:
        return tuple(filter(None, [root.text("service")]))
    if not isinstance(listed, list) or not all(isinstance(each, str) and each for each in listed):
        raise Malformed(root.at("services"), f"{quote_value(listed)} is not a list of names.")
    if len(listed) > MAX_NAMED_SERVICES:
        raise Malformed(
            root.at("services"), f"This has {len(listed)} services. Send up to {MAX_NAMED_SERVICES} in one change."
        )
    return tuple(dict.fromkeys(listed))
