"""Changes over HTTP: each sender with its own proof, each change once."""

import json
from datetime import datetime, timedelta

import pytest

from tests.support.requests.changes import (
    CHANGE_TOKEN,
    SERVICES,
    ChangeWorld,
    a_change_event,
    a_deployment,
    a_gitlab_deployment,
    a_gitlab_pipeline,
    a_release,
    a_run,
    an_application,
    github_headers,
    stamp,
)
from tests.support.worlds.world import TOKEN

pytestmark = pytest.mark.world(kind=ChangeWorld, config=SERVICES)


async def test_every_sender_is_read_and_a_repetition_counts_once(world: ChangeWorld) -> None:
    at = world.now - timedelta(minutes=30)
    release, run = a_release(at), a_run(at)
    sent = [
        ("github", a_deployment(at), github_headers("deployment", a_deployment(at))),
        ("github", release, github_headers("release", release)),
        ("github", run, github_headers("workflow_run", run)),
        ("gitlab", a_gitlab_deployment(at), {"X-Gitlab-Token": CHANGE_TOKEN}),
        ("gitlab", a_gitlab_pipeline(at), {"X-Gitlab-Token": CHANGE_TOKEN}),
        ("argocd", an_application(at), None),
        ("pagerduty", a_change_event(at), {}),
        ("generic", {"title": "Checkout v43", "service": "checkout", "finished_at": stamp(at)}, None),
    ]
    first = [await world.tells(*each) for each in sent]
    again = [await world.tells(*each) for each in sent]
    by_path = await world.tells("pagerduty/v2/change/enqueue", a_change_event(at), {}, root="alerts")

    assert [answer["recorded"] for _, answer in first] == [1] * len(sent)
    assert [answer["recorded"] for _, answer in again] == [0] * len(sent)
    assert {status for status, _ in first} == {200, 202}
    assert by_path == (202, {"ok": True, "recorded": 0, "known": 1})

    await world.declares("payments fail service:checkout")
    found = (await world.exported())["changes"]
    assert len(found) == len(sent)
    assert {tuple(each["services"]) for each in found} == {("checkout",)}


async def test_the_end_of_a_deployment_is_added_to_its_begin(world: ChangeWorld) -> None:
    at = world.now - timedelta(minutes=30)
    await world.deploys(at, ended="success")
    await world.deploys(at)
    await world.deploys(at, ended="inactive")
    await world.declares("payments fail service:checkout")

    [change] = (await world.exported())["changes"]
    times = [datetime.fromisoformat(change[key]) for key in ("started_at", "finished_at")]
    assert (change["status"], times) == ("succeeded", [at, at + timedelta(minutes=5)])
    assert (change["version"], change["author"], change["environment"]) == ("v1.42 (4f2c9a7b)", "ana", "production")


@pytest.mark.parametrize(
    ("source", "payload", "headers", "status", "words"),
    [
        ("github", {}, {"X-GitHub-Event": "deployment", "X-Hub-Signature-256": "sha256=00"}, 401, "X-Hub-Signature"),
        ("github", {}, {"Authorization": f"Bearer {CHANGE_TOKEN}"}, 401, "no X-Hub-Signature-256"),
        ("gitlab", {}, {"X-Gitlab-Token": TOKEN}, 401, "DOGWATCH_CHANGE_TOKEN"),
        ("generic", {"title": "x"}, {}, 401, "Authorization"),
        ("generic", {"title": "x"}, {"Authorization": f"Bearer {TOKEN}"}, 401, "DOGWATCH_CHANGE_TOKEN"),
        ("pagerduty", {"payload": {}}, {}, 401, "routing_key"),
        ("generic", {"text": "x"}, None, 400, "title: This is missing."),
        ("generic", {"title": "x", "kind": "deploy"}, None, 400, "Did you mean `deployment`?"),
        ("generic", {"title": "x", "started_at": "14:05"}, None, 400, "started_at"),
        ("generic", {"title": "x", "services": "checkout"}, None, 400, "is not a list of names"),
        ("generic", [], None, 400, "is not an object"),
        ("argocd", {"app": 1}, None, 400, "metadata: This is missing."),
        ("jenkins", {}, None, 404, "/changes/generic"),
    ],
)
async def test_a_request_that_cannot_be_taken_says_why(
    world: ChangeWorld, source: str, payload: object, headers: dict | None, status: int, words: str
) -> None:
    got, answer = await world.tells(source, payload, headers)

    assert got == status
    assert words in json.dumps(answer)


async def test_what_is_no_change_is_taken_and_left_out(world: ChangeWorld) -> None:
    at = world.now
    ignored = [
        ("ping", {"zen": "Keep it simple."}),
        ("release", a_release(at, action="edited")),
        ("workflow_run", a_run(at, head_branch="topic")),
        ("workflow_run", a_run(at, conclusion="skipped")),
    ]
    for event, payload in ignored:
        status, answer = await world.tells("github", payload, github_headers(event, payload))
        assert (status, answer["recorded"]) == (200, 0)
        assert answer["note"].startswith("Ignored: ")
    branch = a_gitlab_pipeline(at, ref="topic")
    assert (await world.tells("gitlab", branch, {"X-Gitlab-Token": CHANGE_TOKEN}))[1]["recorded"] == 0
