"""
GitHub's webhooks: deployments, releases, workflow runs of the default branch.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.alerts.events import Credentials
from bot.domain.changes.events import ChangeBatch, ChangeEvent, ChangeKind, ChangeStatus
from bot.sources.authentication import check_body_signature, get_header
from bot.sources.json_fields import Fields
from bot.sources.json_reader import Malformed

NAME = "github"
SIGNATURE_HEADER = "X-Hub-Signature-256"
EVENT_HEADER = "X-GitHub-Event"
ENDS = {"success": ChangeStatus.SUCCEEDED, "failure": ChangeStatus.FAILED, "error": ChangeStatus.FAILED}
"""States of a deployment that end it. `inactive` tells of an older one."""
BEGINS = frozenset({"pending", "queued", "in_progress"})
CONCLUSIONS = {
    "success": ChangeStatus.SUCCEEDED,
    "failure": ChangeStatus.FAILED,
    "timed_out": ChangeStatus.FAILED,
    "cancelled": ChangeStatus.FAILED,
}
"""Conclusions of a run that did something."""


def verify(headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int:  # noqa: ARG001  the signature of `Verify`
    """The signature of the webhook, or a token where no secret is set. Raises Unauthorized."""
    return check_body_signature(headers, body, credentials, header=SIGNATURE_HEADER, prefix="sha256=")


def parse(payload: object, headers: Mapping[str, str], received_at: datetime) -> ChangeBatch:  # noqa: ARG001  the signature of `Parse`
    """The change of one delivery. Raises Malformed."""
    root, event = Fields.from_value(payload), get_header(headers, EVENT_HEADER)
    if event is None:
        raise Malformed("", f"The request has no {EVENT_HEADER}. Send GitHub's webhook itself.")
    match event:
        case "deployment" | "deployment_status":
            return _deployment(root)
        case "release":
            return _release(root)
        case "workflow_run":
            return _workflow_run(root)
        case _:
            return ChangeBatch.ignored(NAME, f"{event[:60]} is no change.")


def _services(root: Fields, *more: str | None) -> tuple[str, ...]:
    repository = root.inner("repository")
    names = (*more, repository.detail("full_name"), repository.detail("name"))
    return tuple(dict.fromkeys(filter(None, names)))


def _deployment(root: Fields) -> ChangeBatch:
    deployment, status = root.inner("deployment"), root.part("deployment_status")
    state = status.detail("state")
    if state is not None and state not in {*ENDS, *BEGINS}:
        return ChangeBatch.ignored(NAME, f"the state {state[:60]} changes nothing.")
    end = ENDS.get(state or "")
    repository = root.inner("repository")
    what = deployment.detail("description") or f"{repository.detail('name')} {deployment.detail('ref') or ''}".strip()
    return ChangeBatch(
        NAME,
        (
            ChangeEvent(
                source=NAME,
                key=f"deployment/{deployment.identity('id', 'the id of the deployment')}",
                kind=ChangeKind.DEPLOYMENT,
                title=what,
                services=_services(root, deployment.part("payload").detail("service")),
                status=end or ChangeStatus.STARTED,
                started_at=deployment.time("created_at"),
                finished_at=status.time("created_at") if end else None,
                environment=deployment.detail("environment") or "",
                version=_short_version(deployment.detail("ref"), deployment.detail("sha")),
                author=deployment.part("creator").detail("login") or "",
                link=status.detail_link("log_url", "target_url", "environment_url")
                or repository.detail_link("html_url"),
            ),
        ),
    )


def _release(root: Fields) -> ChangeBatch:
    action = root.detail("action") or ""
    if action != "published":
        return ChangeBatch.ignored(NAME, f"a release counts once it is published, not {action[:60]}.")
    release = root.inner("release")
    tag = release.detail("tag_name") or ""
    return ChangeBatch(
        NAME,
        (
            ChangeEvent(
                source=NAME,
                key=f"release/{release.identity('id', 'the id of the release')}",
                kind=ChangeKind.RELEASE,
                title=release.detail("name") or tag,
                services=_services(root),
                status=ChangeStatus.SUCCEEDED,
                finished_at=release.time("published_at"),
                version=tag,
                author=release.part("author").detail("login") or "",
                link=release.detail_link("html_url"),
            ),
        ),
    )


def _workflow_run(root: Fields) -> ChangeBatch:
    run, default_branch = root.inner("workflow_run"), root.inner("repository").detail("default_branch")
    branch = run.detail("head_branch")
    if run.detail("event") == "pull_request" or branch != default_branch:
        return ChangeBatch.ignored(NAME, f"runs count on the branch {default_branch}.")
    is_over = run.detail("status") == "completed"
    conclusion = run.detail("conclusion") or ""
    if is_over and conclusion not in CONCLUSIONS:
        return ChangeBatch.ignored(NAME, f"a run that is {conclusion[:60]} changes nothing.")
    attempt = run.detail("run_attempt") or "1"
    return ChangeBatch(
        NAME,
        (
            ChangeEvent(
                source=NAME,
                key=f"workflow_run/{run.identity('id', 'the id of the run')}/{attempt}",
                kind=ChangeKind.PIPELINE,
                title=f"{run.detail('name') or 'Workflow'}: {run.detail('display_title') or branch}",
                services=_services(root),
                status=CONCLUSIONS[conclusion] if is_over else ChangeStatus.STARTED,
                started_at=run.time("run_started_at") or run.time("created_at"),
                finished_at=run.time("updated_at") if is_over else None,
                version=_short_version(None, run.detail("head_sha")),
                author=run.part("actor").detail("login") or "",
                link=run.detail_link("html_url"),
            ),
        ),
    )


def _short_version(ref: str | None, commit: str | None) -> str:
    """A tag or branch, and the first eight digits of the commit."""
    short = (commit or "")[:8]
    return f"{ref} ({short})" if ref and short and not (commit or "").startswith(ref) else ref or short
