"""Every call that the bot makes is one that Slack documents, with the arguments and scopes that it asks for."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.records.slack_limits import Limits, is_channel_name
from tests.support.worlds.story import Story, sent, world_of
from tests.support.worlds.world import World

ROOT = Path(__file__).parents[3]

DONE_ALREADY = {"reactions.add: already_reacted", "conversations.invite: already_in_channel"}
"""Refusals that the bot reckons with: it is as it should be."""


@pytest.fixture
async def told(tmp_path: Path) -> AsyncIterator[World]:
    """A world in which nearly everything has happened."""
    async with world_of(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path) as world:
        await Story(world, "checkout answers slowly").goes()
        yield world


@pytest.fixture
def methods(conformance: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((conformance / "slack" / "web_api_methods.json").read_text())["methods"]
    return found


def scopes_asked_for() -> set[str]:
    manifest = yaml.safe_load((ROOT / "slack-manifest.yaml").read_text())
    return set(manifest["oauth_config"]["scopes"]["bot"])


async def test_every_call_is_documented(told: World, methods: dict[str, Any], conformance: Path) -> None:
    limits, asked_for = Limits(conformance), scopes_asked_for()
    problems: set[str] = set()
    called: set[str] = set()

    for call in told.sandbox.calls():
        name, args = call["method"], {key for key, value in call["args"].items() if value not in (None, "")}
        called.add(name)
        if name not in methods:
            problems.add(f"{name} is no method")
            continue
        client = methods[name]["python_sdk_3_47_0"]
        known = methods[name].get("args") or {key: {"required": key in client["required"]} for key in client["args"]}
        needed = {key for key, fact in known.items() if fact.get("required")}
        problems |= {f"{name} lacks {key}" for key in needed - args}
        problems |= {f"{name} does not know {key}" for key in args - known.keys() - {"token"}}
        wanted = set(methods[name].get("scope", {}).get("bot", ()))
        if wanted and not wanted & asked_for:
            problems.add(f"{name} needs one of {sorted(wanted)}")
        if not call["ok"]:
            problems.add(f"{name}: {call['error']}")

    assert problems <= DONE_ALREADY
    assert len(called) >= 16, called
    for args in sent(told, "conversations.create"):
        assert is_channel_name(args["name"], limits)
    for args in sent(told, "conversations.setTopic"):
        assert len(args["topic"]) <= limits.facts["channel"]["topic"]


async def test_every_message_and_form_is_within_the_limits(told: World, conformance: Path) -> None:
    limits = Limits(conformance)

    messages = sent(told, "chat.postMessage", "chat.update", "chat.postEphemeral")
    forms = sent(told, "views.open")

    assert len(messages) > 60
    assert len(forms) >= 5
    for message in messages:
        assert limits.problems_of_message({**message, "blocks": decoded(message.get("blocks") or [])}) == []
    for form in forms:
        assert limits.problems_of_view(decoded(form["view"])) == []


async def test_a_bot_with_only_the_manifests_scopes_does_the_whole_job(tmp_path: Path) -> None:
    async with world_of(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path) as world:
        world.sandbox.set_scopes(sorted(scopes_asked_for()))

        await Story(world, "checkout answers slowly").goes()

        refused = {f"{each['method']}: {each['error']}" for each in world.sandbox.calls() if not each["ok"]}
        assert refused <= DONE_ALREADY


def decoded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
