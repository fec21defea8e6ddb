"""Notifications of delivery tools, in their documented shapes, and a world that takes them."""

import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

from tests.support.worlds.world import World

CHANGE_TOKEN = "change-token-of-the-tests"
SECRET = "secret-of-the-github-webhook"
SERVICES = """
[services.checkout]
aliases = ["harbour/checkout"]
depends_on = ["ledger"]
[services.ledger]
aliases = ["harbour/ledger"]
"""


def signature(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def github_headers(event: str, payload: Any, secret: str = SECRET) -> dict[str, str]:
    return {"X-GitHub-Event": event, "X-Hub-Signature-256": signature(json.dumps(payload).encode(), secret)}


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def a_repository(name: str = "checkout") -> dict[str, Any]:
    return {
        "name": name,
        "full_name": f"harbour/{name}",
        "html_url": f"https://code.example.com/harbour/{name}",
        "default_branch": "main",
    }


def a_deployment(at: datetime, *, name: str = "checkout", number: int = 7, ended: str | None = None) -> dict[str, Any]:
    """GitHub's `deployment`; with `ended` its `deployment_status`, five minutes later."""
    deployment = {
        "id": number,
        "sha": "4f2c9a7be1d04c1fa2cc5de1e2a0ab3f5a9d1b77",
        "ref": "v1.42",
        "task": "deploy",
        "environment": "production",
        "description": "Use the new connection pool",
        "creator": {"login": "ana"},
        "payload": {},
        "created_at": stamp(at),
    }
    told: dict[str, Any] = {"action": "created", "deployment": deployment, "repository": a_repository(name)}
    if ended:
        end = stamp(at + timedelta(minutes=5))
        told["deployment_status"] = {
            "id": 1,
            "state": ended,
            "created_at": end,
            "log_url": "https://code.example.com/7",
        }
    return told


def a_run(at: datetime, **more: Any) -> dict[str, Any]:
    run = {
        "id": 91,
        "name": "Deploy",
        "display_title": "Raise the limit",
        "head_branch": "main",
        "head_sha": "0a1b2c3d4e5f",
        "event": "push",
        "status": "completed",
        "conclusion": "success",
        "run_attempt": 1,
        "run_started_at": stamp(at),
        "updated_at": stamp(at + timedelta(minutes=3)),
        "html_url": "https://code.example.com/runs/91",
        "actor": {"login": "bo"},
        **more,
    }
    return {"action": "completed", "workflow_run": run, "repository": a_repository()}


def a_release(at: datetime, action: str = "published") -> dict[str, Any]:
    release = {"id": 5, "tag_name": "v1.42", "name": "Faster checkout", "published_at": stamp(at)}
    return {"action": action, "release": {**release, "author": {"login": "ana"}}, "repository": a_repository()}


def gitlab_project() -> dict[str, Any]:
    return {"name": "checkout", "path_with_namespace": "harbour/checkout", "default_branch": "main"}


def a_gitlab_deployment(at: datetime, status: str = "success") -> dict[str, Any]:
    return {
        "object_kind": "deployment",
        "status": status,
        "status_changed_at": at.strftime("%Y-%m-%d %H:%M:%S +0000"),
        "deployment_id": 15,
        "deployable_url": "https://code.example.com/jobs/796",
        "environment": "production",
        "project": gitlab_project(),
        "short_sha": "279484c0",
        "user": {"name": "Ana", "username": "ana"},
        "commit_title": "Use the new connection pool",
        "ref": "main",
    }


def a_gitlab_pipeline(at: datetime, **more: Any) -> dict[str, Any]:
    run = {
        "id": 31,
        "ref": "main",
        "sha": "bcbb5ec396a2c0f8",
        "source": "push",
        "status": "success",
        "created_at": at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        "finished_at": (at + timedelta(minutes=4)).strftime("%Y-%m-%d %H:%M:%S UTC"),
        "url": "https://code.example.com/pipelines/31",
        **more,
    }
    return {
        "object_kind": "pipeline",
        "object_attributes": run,
        "project": gitlab_project(),
        "user": {"username": "ana"},
        "commit": {"title": "Raise the limit"},
    }


def an_application(at: datetime, phase: str = "Succeeded") -> dict[str, Any]:
    """Argo CD's application, as `{{toJson .app}}` writes it."""
    operation = {
        "phase": phase,
        "startedAt": stamp(at),
        "operation": {"initiatedBy": {"username": "ana"}},
        "syncResult": {"revision": "53e28ff20cc530b9ada2173fbbd64d48338583ba"},
    }
    if phase != "Running":
        operation["finishedAt"] = stamp(at + timedelta(minutes=1))
    return {
        "metadata": {"name": "checkout", "namespace": "argocd"},
        "spec": {"destination": {"namespace": "shop"}},
        "status": {"operationState": operation},
    }


def a_change_event(at: datetime, key: str = CHANGE_TOKEN) -> dict[str, Any]:
    """PagerDuty's change event."""
    return {
        "routing_key": key,
        "payload": {
            "summary": "Build Success - Increase snapshot create timeout",
            "timestamp": stamp(at),
            "source": "checkout",
            "custom_details": {"version": "v1.42"},
        },
        "links": [{"href": "https://code.example.com/builds/12", "text": "View"}],
    }


class ChangeWorld(World):
    """A world with a token for changes, and the secret of GitHub's webhook."""

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "DOGWATCH_CHANGE_TOKEN": CHANGE_TOKEN, "DOGWATCH_CHANGE_SECRET_GITHUB": SECRET}

    async def tells(
        self, source: str, payload: Any, headers: dict[str, str] | None = None, *, root: str = "changes"
    ) -> tuple[int, Any]:
        """Send a change; without `headers` with the bearer token."""
        assert self._http is not None
        proof = {"Authorization": f"Bearer {CHANGE_TOKEN}"} if headers is None else headers
        sent = {"Content-Type": "application/json", **proof}
        async with self._http.post(f"{self.url}/{root}/{source}", headers=sent, data=json.dumps(payload)) as got:
            answer, status = await got.json(), got.status
        await self.settle()
        return status, answer

    async def deploys(self, at: datetime, **more: Any) -> tuple[int, Any]:
        """GitHub tells of a deployment."""
        payload = a_deployment(at, **more)
        event = "deployment_status" if "deployment_status" in payload else "deployment"
        return await self.tells("github", payload, github_headers(event, payload))
