"""The Slack app asks for what the bot uses: no less, and nothing more."""

import ast
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]

# Scopes that no method or event of the reference names, and what they are for.
UNLISTED_SCOPES = {
    "commands": "the slash command",
    "metadata.message:read": "conversations.history with include_all_metadata",
}
# `message.channels` and its like arrive as plain `message`.
DELIVERED_AS = {"message.channels": "message", "message.groups": "message"}


@pytest.fixture
def manifest() -> Mapping[str, Any]:
    return yaml.safe_load((ROOT / "slack-manifest.yaml").read_text())


@pytest.fixture
def scopes(manifest) -> set[str]:
    return set(manifest["oauth_config"]["scopes"]["bot"])


@pytest.fixture
def events(manifest) -> set[str]:
    return set(manifest["settings"]["event_subscriptions"]["bot_events"])


def reference(folder: Path, name: str) -> Mapping[str, Any]:
    return json.loads((folder / "slack" / f"{name}.json").read_text())


def flatten(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """`(path, value)` of every key, paths in the reference's way: `features.slash_commands[].command`."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            here = f"{path}.{key}".lstrip(".")
            yield here, inner
            yield from flatten(inner, here)
    elif isinstance(value, list):
        for inner in value:
            yield from flatten(inner, f"{path}[]")


def words_of(folder: str) -> set[str]:
    """Every attribute and every string in the folder's modules: where a method is called, its name is among them."""
    found: set[str] = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


def methods_called(folder: Path) -> dict[str, set[str]]:
    """Slack's methods that the bot calls, each with the scopes of which one is enough (none: needs no scope)."""
    words = words_of("bot/slack")
    return {
        name: set(facts.get("scope", {}).get("bot", ()))
        for name, facts in reference(folder, "web_api_methods")["methods"].items()
        if name in words or facts.get("python_sdk_3_47_0", {}).get("fn") in words
    }


def test_keys_are_known_and_values_fit(manifest, conformance: Path):
    facts = reference(conformance, "app_manifest_fields")
    parents = {**facts["keys"], "": facts["keys"]["top_level"]}

    for path, value in flatten(manifest):
        parent, _, key = path.rpartition(".")
        assert key in parents[parent], path
        if path in facts["max_length"]:
            assert len(value) <= facts["max_length"][path], path
        if path in facts["max_items"]:
            assert len(value) <= facts["max_items"][path], path
    present = {path for path, _ in flatten(manifest)}
    needed = {path for path in facts["required"] if " (if " not in path and "shortcuts" not in path}
    assert needed <= present


def test_every_event_exists_and_may_be_read(events, scopes, conformance: Path):
    known = reference(conformance, "events")["events"]

    for event in events:
        # Where several kinds of channel raise an event, each has its scope; those we lack are kinds we do not follow.
        wanted = set(known[event]["scopes"])
        assert not wanted or wanted & scopes, f"{event} needs one of {wanted}"


def test_every_subscribed_event_is_listened_to(events):
    words = words_of("bot/slack")

    assert {DELIVERED_AS.get(event, event) for event in events} <= words


def test_every_method_called_is_allowed(scopes, conformance: Path):
    called = methods_called(conformance)

    assert {"chat.postMessage", "conversations.create"} <= called.keys()
    assert {name: wanted for name, wanted in called.items() if wanted and not wanted & scopes} == {}


def test_no_scope_is_asked_for_without_use(scopes, events, conformance: Path):
    known = reference(conformance, "events")["events"]
    used = {scope for event in events for scope in known[event]["scopes"]} | UNLISTED_SCOPES.keys()
    for wanted in methods_called(conformance).values():
        used |= wanted

    assert scopes <= used


def test_private_channels_are_followed_like_public_ones(scopes, events):
    private = {scope.replace("channels:", "groups:") for scope in scopes if scope.startswith("channels:")}

    assert private - {"groups:join", "groups:manage"} | {"groups:write"} <= scopes
    assert {event.replace("channel_", "group_") for event in events if event.startswith("channel_")} - {
        "group_id_changed"
    } <= events


def test_mentions_arrive_as_ids(manifest):
    assert [command["should_escape"] for command in manifest["features"]["slash_commands"]] == [True]


def test_it_works_without_a_public_address(manifest):
    assert manifest["settings"]["socket_mode_enabled"]
    assert not any(path.endswith("url") for path, _ in flatten(manifest))
