"""The Slack app asks for what the bot uses: no less, and nothing more."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.command.help import help_text
from bot.domain.errors import UserError
from bot.domain.slack_app.scopes import BY_SCOPE
from bot.slack.handlers import SHORTCUTS
from bot.slack.inbound.events.record import EVENTS
from bot.slack.manifest import EVENTS_PATH, for_http, read_manifest, render_manifest

ROOT = Path(__file__).parents[3]

# Scopes that no method or event of the reference names, and what they are for.
UNLISTED_SCOPES = {
    "canvases:read": "canvases.getContent, which the reference only names",
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


CALLING = {"call", "call_at", "_asked"}


@cache
def nodes() -> tuple[ast.AST, ...]:
    """Of every module that Slack is talked to in. Which methods are rated is a table of limits and no call."""
    paths = [*(ROOT / "bot/slack").rglob("*.py"), ROOT / "bot/app.py"]
    return tuple(node for path in paths if path.name != "rates.py" for node in ast.walk(ast.parse(path.read_text())))


def words() -> set[str]:
    """Every string: where a method is called its name is among them, also if a variable holds it."""
    return {node.value for node in nodes() if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def named_in_calls(functions: set[str]) -> set[str]:
    """The strings that are the first argument where one of these is called."""
    return {
        node.args[0].value
        for node in nodes()
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in functions
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


def methods_called(folder: Path) -> dict[str, set[str]]:
    """Slack's methods that the bot calls, each with the scopes of which one is enough (none: needs no scope)."""
    known = reference(folder, "web_api_methods")["methods"]
    called = named_in_calls(CALLING)
    assert {name for name in called if "." in name} <= known.keys()
    return {
        name: set(facts.get("scope", {}).get("bot", ()))
        for name, facts in known.items()
        if name in called | {word for word in words() if "." in word}
    }


@pytest.mark.parametrize("address", [None, "https://bot.example.org"])
def test_keys_are_known_and_values_fit(address: str | None, conformance: Path):
    manifest = yaml.safe_load(render_manifest(address))
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


def test_exactly_what_is_listened_to_is_subscribed(events):
    listened = {*EVENTS, *named_in_calls({"event"})}

    assert {DELIVERED_AS.get(event, event) for event in events} == listened


def test_exactly_the_shortcuts_that_the_bot_knows_are_offered(manifest):
    offered = [(each["callback_id"], each["type"]) for each in manifest["features"]["shortcuts"]]

    known = {each.callback_id: "message" if each.is_on_message else "global" for each in SHORTCUTS}
    assert sorted(offered) == sorted(known.items())


def test_the_command_is_the_one_that_texts_name(manifest):
    told = set(re.findall(r"`(/[a-z]+)", help_text()))

    assert told == {each["command"] for each in manifest["features"]["slash_commands"]}


def test_the_bot_knows_what_each_scope_is_for(scopes):
    assert set(BY_SCOPE) == scopes
    required = {each.scope for each in BY_SCOPE.values() if each.is_required}
    assert required == {
        "commands",
        "chat:write",
        "channels:manage",
        "channels:read",
        "channels:history",
        "reactions:read",
    }


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


def test_the_home_tab_is_switched_on_if_the_bot_fills_it(manifest, events, conformance: Path):
    fills = "views.publish" in methods_called(conformance)

    assert manifest["features"]["app_home"]["home_tab_enabled"] is fills
    assert ("app_home_opened" in events) is fills


def test_mentions_arrive_as_ids(manifest):
    assert [command["should_escape"] for command in manifest["features"]["slash_commands"]] == [True]


def test_it_works_without_a_public_address(manifest):
    assert manifest["settings"]["socket_mode_enabled"]
    assert not any(path.endswith("url") for path, _ in flatten(manifest))


def test_what_is_printed_for_http_differs_in_the_addresses_only(manifest):
    printed = json.loads(render_manifest("https://bot.example.org/", as_json=True))

    before, after = dict(flatten(manifest)), dict(flatten(printed))
    leaves = {path for path, value in after.items() if not isinstance(value, Mapping | list)}
    added = {path: after[path] for path in leaves - before.keys()}
    assert set(added.values()) == {"https://bot.example.org/slack/events"}
    assert added.keys() == {
        "features.slash_commands[].url",
        "settings.event_subscriptions.request_url",
        "settings.interactivity.request_url",
        "settings.interactivity.message_menu_options_url",
    }
    changed = {path for path in leaves & before.keys() if not path.count("[]") and after[path] != before[path]}
    assert changed == {"settings.socket_mode_enabled"}


def test_for_socket_mode_it_is_the_file_with_its_comments():
    assert render_manifest(None) == (ROOT / "slack-manifest.yaml").read_text()
    assert json.loads(render_manifest(None, as_json=True)) == read_manifest()


def test_an_address_that_slack_does_not_call_is_refused():
    with pytest.raises(UserError, match="https://"):
        render_manifest("http://bot.example.org")


def test_the_documents_name_each_permission_with_what_it_is_for():
    written = (ROOT / "docs" / "operate" / "doctor.md").read_text().partition("## Permissions")[2]

    rows = re.findall(r"^\| `([a-z.:_]+)`( \(needed\))? \| (.+) \| (.+) \|$", written, re.MULTILINE)
    assert [(scope, bool(needed), purpose, without) for scope, needed, purpose, without in rows] == [
        (each.scope, each.is_required, each.purpose, each.without) for each in BY_SCOPE.values()
    ]


@pytest.mark.parametrize("path", ["", "/", EVENTS_PATH])
def test_the_path_of_an_address_is_added_once(manifest, path: str):
    called = for_http(manifest, f"https://bot.example.com{path}")["settings"]["event_subscriptions"]["request_url"]

    assert called == f"https://bot.example.com{EVENTS_PATH}"
