"""
GitLab's webhooks: deployments, releases, pipelines of the default branch.

https://docs.gitlab.com/user/project/integrations/webhook_events/
"""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.alerts.events import Credentials
from bot.domain.changes.events import ChangeBatch, ChangeEvent, ChangeKind, ChangeStatus
from bot.sources.authentication import check_token_header
from bot.sources.json_fields import Fields

NAME = "gitlab"
TOKEN_HEADER = "X-Gitlab-Token"  # noqa: S105  the name of a header
STATUSES = {
    "running": ChangeStatus.STARTED,
    "success": ChangeStatus.SUCCEEDED,
    "failed": ChangeStatus.FAILED,
    "canceled": ChangeStatus.FAILED,
}


def verify(headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int:  # noqa: ARG001  the signature of `Verify`
    """The token in GitLab's header, or as a bearer token. Raises Unauthorized."""
    return check_token_header(headers, credentials, TOKEN_HEADER)


def parse(payload: object, headers: Mapping[str, str], received_at: datetime) -> ChangeBatch:  # noqa: ARG001  the signature of `Parse`
    """The change of one delivery. Raises Malformed."""
    root = Fields.from_value(payload)
    kind = root.required_text("object_kind", "GitLab's webhook itself")
    match kind:
        case "deployment":
            return _deployment(root)
        case "release":
            return _release(root)
        case "pipeline":
            return _pipeline(root)
        case _:
            return ChangeBatch.ignored(NAME, f"{kind[:60]} is no change.")


def _services(project: Fields) -> tuple[str, ...]:
    return tuple(filter(None, (project.detail("path_with_namespace"), project.detail("name"))))


def _time(fields: Fields, name: str) -> datetime | None:
    """`2026-11-18 14:05:30 UTC`, `2026-11-18 14:05:30 +0100`, or RFC 3339."""
    text = fields.text(name)
    return Fields({name: text.replace(" UTC", "Z")}, fields.path).time(name) if text else None


def _deployment(root: Fields) -> ChangeBatch:
    state = root.detail("status") or ""
    if state not in STATUSES:
        return ChangeBatch.ignored(NAME, f"the state {state[:60]} changes nothing.")
    project, status, changed_at = root.inner("project"), STATUSES[state], _time(root, "status_changed_at")
    is_start = status is ChangeStatus.STARTED
    return ChangeBatch(
        NAME,
        (
            ChangeEvent(
                source=NAME,
                key=f"deployment/{root.identity('deployment_id', 'the id of the deployment')}",
                kind=ChangeKind.DEPLOYMENT,
                title=root.detail("commit_title") or f"{project.detail('name')} {root.detail('ref') or ''}".strip(),
                services=_services(project),
                status=status,
                started_at=changed_at if is_start else None,
                finished_at=None if is_start else changed_at,
                environment=root.detail("environment") or "",
                version=root.detail("short_sha", "ref") or "",
                author=root.part("user").detail("username", "name") or "",
                link=root.detail_link("deployable_url", "commit_url"),
            ),
        ),
    )


def _release(root: Fields) -> ChangeBatch:
    action = root.detail("action") or ""
    if action != "create":
        return ChangeBatch.ignored(NAME, f"a release counts once it is created, not at {action[:60]}.")
    tag = root.detail("tag") or ""
    return ChangeBatch(
        NAME,
        (
            ChangeEvent(
                source=NAME,
                key=f"release/{root.identity('id', 'the id of the release')}",
                kind=ChangeKind.RELEASE,
                title=root.detail("name") or tag,
                services=_services(root.inner("project")),
                status=ChangeStatus.SUCCEEDED,
                finished_at=_time(root, "released_at") or _time(root, "created_at"),
                version=tag,
                author=root.part("commit").part("author").detail("name") or "",
                link=root.detail_link("url"),
            ),
        ),
    )


def _pipeline(root: Fields) -> ChangeBatch:
    run, project = root.inner("object_attributes"), root.inner("project")
    branch, state = run.detail("ref"), run.detail("status") or ""
    if run.detail("source") == "merge_request_event" or branch != project.detail("default_branch"):
        return ChangeBatch.ignored(NAME, f"pipelines count on the branch {project.detail('default_branch')}.")
    if state not in STATUSES:
        return ChangeBatch.ignored(NAME, f"the state {state[:60]} changes nothing.")
    return ChangeBatch(
        NAME,
        (
            ChangeEvent(
                source=NAME,
                key=f"pipeline/{run.identity('id', 'the id of the pipeline')}",
                kind=ChangeKind.PIPELINE,
                title=run.detail("name") or root.part("commit").detail("title") or f"Pipeline on {branch}",
                services=_services(project),
                status=STATUSES[state],
                started_at=_time(run, "created_at"),
                finished_at=_time(run, "finished_at"),
                version=(run.detail("sha") or "")[:8],
                author=root.part("user").detail("username", "name") or "",
                link=run.detail_link("url"),
            ),
        ),
    )
