"""The sandbox's table of Web API methods, compared with what Slack documents."""

import json

import pytest

from bot.sandbox.app_link.delivery import QUEUE_MAX
from bot.sandbox.app_link.http import MAX_REDIRECTS
from bot.sandbox.app_link.sockets import MAX_SOCKETS
from bot.sandbox.server import Sandbox
from bot.sandbox.web_api import response_url
from bot.sandbox.web_api.dispatch import HANDLERS
from bot.sandbox.web_api.faults import RateLimits
from bot.sandbox.web_api.methods import METHODS, PER_MINUTE
from bot.sandbox.workspace import bookmarks, canvases, channels, files, messages, views
from bot.sandbox.workspace.block_kit import validation
from tests.support.servers.requirements import conformance_data

TIERS = {"t1": 1, "t2": 2, "t3": 3, "t4": 4}
UNLIMITED = {"auth.test", "chat.getPermalink", "chat.postMessage"}
"""Methods with special limits, which the table gives as 0 or 5."""


@pytest.fixture(scope="module")
def documented():
    """Add the official client's arguments where the reference has no others."""
    methods = json.loads((conformance_data() / "slack" / "web_api_methods.json").read_text())["methods"]
    for about in methods.values():
        if "args" not in about:
            client = about["python_sdk_3_47_0"]
            about["args"] = {name: {"required": name in client["required"]} for name in client["args"]}
    return methods


@pytest.fixture(scope="module")
def limits():
    return json.loads((conformance_data() / "slack" / "limits.json").read_text())


def test_every_method_of_the_table_is_answered():
    assert METHODS.keys() == HANDLERS.keys()


@pytest.mark.parametrize("name", METHODS)
def test_arguments_are_those_that_slack_documents(name, documented):
    ours = {argument.name: argument.is_required for argument in METHODS[name].arguments}
    theirs = {key: bool(about["required"]) for key, about in documented[name]["args"].items()}

    assert ours == theirs


@pytest.mark.parametrize("name", METHODS)
def test_argument_types_fit(name, documented):
    fitting = {
        "s": {"string"},
        "b": {"boolean"},
        "i": {"number", "integer"},
        "j": {"string", "array", "object", "boolean"},
        "l": {"array"},
    }
    for argument in METHODS[name].arguments:
        about = documented[name]["args"][argument.name].get("type")
        said = {each for each in (about if isinstance(about, list) else [about]) if each not in (None, "null")}
        if said:
            assert said & fitting[argument.type], argument


@pytest.mark.parametrize("name", METHODS)
def test_scopes_and_tiers(name, documented):
    ours, theirs = METHODS[name], documented[name]
    if "scope" not in theirs:
        assert name == "canvases.getContent"
        return

    if name != "apps.connections.open":  # the app's own token; the reference lists scopes of bot tokens
        assert set(ours.scopes) == set((theirs["scope"] or {}).get("bot") or [])
    if name not in UNLIMITED:
        assert ours.tier == TIERS[theirs["rate_limit"]]


def test_the_official_client_sends_no_argument_that_the_table_lacks(documented):
    extra = {
        name: set(documented[name]["python_sdk_3_47_0"]["args"]) - {each.name for each in METHODS[name].arguments}
        for name in METHODS
    }

    # Arguments of the client that the reference does not know either: Slack ignores them.
    assert {name: names for name, names in extra.items() if names} == {
        "apps.connections.open": {"app_token"},
        "chat.postMessage": {"container_id"},
        "team.info": {"include_slackbot_availability"},
    }


def test_limits_are_those_that_slack_documents(limits):
    assert limits["rate_limit"]["per_minute"] == {name: PER_MINUTE[tier] for name, tier in TIERS.items()}
    assert limits["timing"]["trigger_id_seconds"] == views.TRIGGER_SECONDS
    assert limits["timing"]["response_url_uses"] == response_url.USES
    assert limits["timing"]["response_url_minutes"] * 60 == response_url.SECONDS
    assert limits["events_http"]["max_events_per_workspace_app_hour"] == QUEUE_MAX
    assert limits["events_http"]["max_redirects"] == MAX_REDIRECTS
    assert limits["socket_mode"]["max_connections"] == MAX_SOCKETS
    assert limits["message"]["text_truncated_over"] == messages.TEXT_CUT
    assert limits["message"]["text_split_over_observed"] == messages.TEXT_SPLIT
    assert limits["message"]["text_update_max"] == messages.UPDATE_MAX
    assert limits["message"]["blocks"] == validation.MESSAGE_BLOCKS
    assert limits["message"]["blocks_total_chars_observed"] == validation.MAX_MESSAGE_TEXT
    assert limits["view"]["blocks"] == validation.VIEW_BLOCKS
    assert limits["view"]["stack"] == views.STACK_MAX
    assert limits["view"]["bytes"] == views.VIEW_BYTES
    assert {limits["view"][name] for name in ("title", "submit", "close")} == set(validation.VIEW_FIELDS.values())
    assert limits["channel"]["name"] == channels.NAME_MAX
    assert limits["channel"]["topic"] == limits["channel"]["purpose"] == channels.NOTE_MAX
    assert limits["channel"]["invite_users_per_call"] == channels.INVITE_MAX
    assert limits["channel"]["dm_users"] == channels.DIRECT_MAX
    assert limits["channel"]["pins"] == messages.PINS_MAX
    assert limits["channel"]["bookmark_title"] == bookmarks.TITLE_MAX
    assert limits["channel"]["bookmark_link"] == bookmarks.LINK_MAX
    assert limits["canvas"]["markdown_bytes_per_change"] == canvases.CHANGE_BYTES
    assert limits["canvas"]["table_cells"] == canvases.TABLE_CELLS
    assert set(limits["canvas"]["edit_operations"]) == set(canvases.OPERATIONS)
    assert set(limits["canvas"]["section_types"]) == {*canvases.SECTION_TYPES, "any_header"}
    assert limits["file"]["alt_text"] == files.ALT_MAX


def test_times_are_those_that_slack_documents(limits):
    sandbox = Sandbox()

    assert list(sandbox.delivery.retry_delays) == limits["events_http"]["retry_delays_seconds"]
    assert sandbox.delivery.answer_seconds == limits["events_http"]["response_seconds"]
    assert RateLimits().by_tier is False


RAW = {"type": "raw_text", "text": "c"}
LENGTHS = [
    ("section text", lambda n: {"type": "section", "text": mrkdwn(n)}, "block", "section_text"),
    ("field", lambda n: {"type": "section", "fields": [mrkdwn(n)]}, "block", "section_field_text"),
    ("fields", lambda n: {"type": "section", "fields": [mrkdwn(3)] * n}, "block", "section_fields"),
    ("header", lambda n: {"type": "header", "text": plain(n)}, "block", "header_text"),
    ("context", lambda n: {"type": "context", "elements": [mrkdwn(3)] * n}, "block", "context_elements"),
    ("actions", lambda n: {"type": "actions", "elements": list(map(button, range(n)))}, "block", "actions_elements"),
    ("block id", lambda n: {"type": "divider", "block_id": "b" * n}, "block", "block_id"),
    ("image alt", lambda n: {"type": "image", "image_url": "u", "alt_text": "a" * n}, "block", "image_alt_text"),
    ("image url", lambda n: {"type": "image", "image_url": "u" * n, "alt_text": "a"}, "block", "image_url"),
    ("action id", lambda n: actions(button(key="a" * n)), "block", "action_id"),
    ("button text", lambda n: actions(button(text=n)), "element", "button_text"),
    ("button value", lambda n: actions(button(value="v" * n)), "element", "button_value"),
    ("button url", lambda n: actions(button(url="u" * n)), "element", "button_url"),
    ("options", lambda n: actions(select(n)), "element", "options"),
    ("option text", lambda n: actions(select(1, text=n)), "element", "option_text"),
    ("option value", lambda n: actions(select(1, value=n)), "element", "option_value"),
    ("overflow", lambda n: actions(select(n) | {"type": "overflow"}), "element", "overflow_options_max"),
    ("radio", lambda n: actions(select(n) | {"type": "radio_buttons"}), "element", "radio_options"),
    ("checkboxes", lambda n: actions(select(n) | {"type": "checkboxes"}), "element", "checkbox_options"),
    ("placeholder", lambda n: actions(select(1) | {"placeholder": plain(n)}), "element", "placeholder"),
    ("confirm text", lambda n: actions(button() | {"confirm": confirm(text=n)}), "element", "confirm_text"),
    ("confirm title", lambda n: actions(button() | {"confirm": confirm(title=n)}), "element", "confirm_title"),
    ("confirm button", lambda n: actions(button() | {"confirm": confirm(confirm=n)}), "element", "confirm_button"),
    ("table rows", lambda n: {"type": "table", "rows": [[RAW]] * n}, "block", "table_rows"),
]


def plain(n):
    return {"type": "plain_text", "text": "x" * n}


def mrkdwn(n):
    return {"type": "mrkdwn", "text": "x" * n}


def actions(element):
    return {"type": "actions", "elements": [element]}


def button(key="a", text=3, **more):
    return {"type": "button", "action_id": str(key), "text": plain(text), **more}


def select(n, text=3, value=3):
    options = [{"text": plain(text), "value": str(i).rjust(value, "v")} for i in range(n)]
    return {"type": "static_select", "action_id": "s", "options": options}


def confirm(**lengths):
    return {key: plain(lengths.get(key, 3)) for key in ("title", "text", "confirm", "deny")}


@pytest.mark.parametrize(("make", "group", "name"), [row[1:] for row in LENGTHS], ids=[row[0] for row in LENGTHS])
def test_block_limits(make, group, name, limits):
    most = limits[group][name]

    assert validation.find_message_problems([make(most)]) == []
    assert validation.find_message_problems([make(most + 1)]) != []


def test_an_empty_text_object_is_refused():
    assert validation.find_message_problems([{"type": "section", "text": mrkdwn(0)}]) != []


def test_the_same_block_id_twice_is_refused():
    assert validation.find_message_problems([{"type": "divider", "block_id": "b"}] * 2) != []
