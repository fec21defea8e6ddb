"""
Argo CD's notifications, with the application itself as the body: `{{toJson .app}}`.

https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/services/webhook/
"""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.alerts.events import Credentials
from bot.domain.changes.events import ChangeBatch, ChangeEvent, ChangeKind, ChangeStatus
from bot.sources.authentication import check_token
from bot.sources.json_fields import Fields

NAME = "argocd"
PHASES = {
    "running": ChangeStatus.STARTED,
    "terminating": ChangeStatus.STARTED,
    "succeeded": ChangeStatus.SUCCEEDED,
    "failed": ChangeStatus.FAILED,
    "error": ChangeStatus.FAILED,
}


def verify(headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int:  # noqa: ARG001  the signature of `Verify`
    """A bearer token. Raises Unauthorized."""
    return check_token(headers, credentials)


def parse(payload: object, headers: Mapping[str, str], received_at: datetime) -> ChangeBatch:  # noqa: ARG001  the signature of `Parse`
    """The last operation of the application. Raises Malformed."""
    root = Fields.from_value(payload)
    metadata = root.inner("metadata")
    name = metadata.required_text("name", "the application's name")
    operation = root.part("status").part("operationState")
    if not operation.has("phase"):
        return ChangeBatch.ignored(NAME, "this application has no operation yet.")
    status, started_at = operation.choice("phase", PHASES), operation.time("startedAt")
    asked_by = operation.part("operation").part("initiatedBy")
    revision = operation.part("syncResult").detail("revision") or root.part("status").part("sync").detail("revision")
    event = ChangeEvent(
        source=NAME,
        key=f"{metadata.detail('namespace')}/{name}/{started_at.isoformat() if started_at else revision}",
        kind=ChangeKind.DEPLOYMENT,
        title=f"{name} synced" if status is not ChangeStatus.FAILED else f"{name}: sync failed",
        services=(name,),
        status=status,
        started_at=started_at,
        finished_at=operation.time("finishedAt"),
        environment=root.part("spec").part("destination").detail("name", "namespace") or "",
        version=(revision or "")[:8],
        author=asked_by.detail("username") or ("Argo CD" if asked_by.values.get("automated") else ""),
    )
    return ChangeBatch(NAME, (event,))
