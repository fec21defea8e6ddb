"""Malformed payloads that Slack signed. A 4xx, and no change."""

import copy
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from structlog.typing import EventDict

from bot.command.forms.parameters import command_parameters
from bot.domain.text.normalize import MAX_ID
from bot.slack.blocks.commands.note_time import SET_TIME
from bot.slack.handlers import BUTTONS, FORMS
from commands import COMMANDS
from tests.support.requests.strangers import (
    FORM,
    JSON,
    channel_id,
    command,
    errors_of,
    interaction,
    sending,
    signed,
    to_slack,
)
from tests.support.worlds.world import World

DEEP = 10_000


def without_people(tables: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: rows for name, rows in tables.items() if name != "person"}


SIGNED_NONSENSE = [
    b"{",
    b"[]",
    b'"text"',
    b"null",
    b"[" * DEEP,
    b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    b'{"type": "event_callback", "event": ' + b"[" * DEEP + b"]" * DEEP + b"}",
]


async def test_what_slack_signed_and_nobody_can_read_is_a_bad_request(world: World, logged: list[EventDict]) -> None:
    before = await world.tables()

    for body in SIGNED_NONSENSE:
        assert (await to_slack(world, body)).status == 400, body[:50]
        form = b"payload=" + body.replace(b"+", b"%2B")
        assert (await to_slack(world, form, kind=FORM)).status == 400, form[:50]

    assert await world.tables() == before
    assert errors_of(logged) == []


async def test_an_object_that_is_odd_but_signed_is_no_error_of_ours(world: World, logged: list[EventDict]) -> None:
    """As deep as Python parses, with duplicate keys, NaN and huge numbers."""
    nested = b'{"type": "event_callback", "event": {"type": "message", "x": ' + b"[" * 900 + b"]" * 900 + b"}}"
    odd = [
        nested,
        b'{"type": "event_callback", "event": {"type": "message", "ts": NaN}}',
        b'{"type": "event_callback", "event": {"type": "message", "ts": 1e999, "channel": 5, "text": {}}}',
        b'{"type": "event_callback", "type": "block_actions", "event": {}, "event": {"type": "message"}}',
        b'{"type": "view_submission", "view": {}}',
        b'{"type": "view_submission", "view": {"id": 5, "state": []}, "user": []}',
        b'{"type": "view_submission", "view": {"id": "V1", "callback_id": ["note_modal"]}, "user": {"id": "U1"}}',
        b'{"type": "block_actions", "actions": [], "user": {"id": "U1"}}',
        *(
            b'{"type": "block_actions", "actions": [{"action_id": "%s", "value": "%s"}], '
            b'"user": {"id": "U0ONCALL"}, "team": {"id": "T0HARBOUR"}, "trigger_id": "1.%s"}' % (name, value, value)
            for name in (b"incident_lead", b"incident_edit", b"incident_note", b"entry_menu", b"timeline_older")
            for value in (b"9" * 20, b"9" * 400, b"\\u0661", b"-1", b"1.2.3.4", b"amend:" + b"9" * 30, b"")
        ),
    ]
    before = await world.tables()

    for body in odd:
        for sent, kind in ((body, JSON), (b"payload=" + body.replace(b"+", b"%2B"), FORM)):
            answer = await to_slack(world, sent, kind=kind)
            assert answer.status in {200, 400}, (body[:80], answer.status)

    assert without_people(await world.tables()) == without_people(before), "only people who click are stored"
    assert errors_of(logged) == []


SAID = "1772460000.000100"
ODD_VALUES = [
    None,
    [],
    ["x"],
    {},
    {"id": 5},
    True,
    -1,
    1.5,
    10**30,
    float("nan"),
    "",
    "\x00",
    "\ud83d",
    "nan",
    "-5",
    "1.\u0661",
]
LONG = [bytes((33 + number * 7919 % 89,)).decode() for number in range(5_000)]


def ordinary_events(channel: str) -> list[dict[str, Any]]:
    """One of each shape that is recorded. The channel is an incident's."""
    item = {"type": "message", "channel": channel, "ts": SAID}
    message = {
        "type": "message",
        "channel": channel,
        "user": "U0DBA",
        "text": "the pool is full",
        "ts": SAID,
        "thread_ts": SAID,
    }
    edited = {**message, "edited": {"user": "U0DBA", "ts": "1772460000.000200"}}
    changed = {"type": "message", "subtype": "message_changed", "channel": channel, "ts": "1772460000.000300"}
    profile = {"id": "U0DBA", "name": "dba", "tz": "Europe/Paris", "profile": {"display_name": "dba"}}
    return [
        message,
        {**message, "user": None, "bot_id": "B1", "username": "robot"},
        {**changed, "message": edited, "previous_message": message},
        {**changed, "subtype": "message_deleted", "deleted_ts": SAID, "previous_message": message},
        {"type": "reaction_added", "user": "U0DBA", "reaction": "mag", "item": item, "event_ts": "1772460000.000400"},
        {"type": "reaction_removed", "user": "U0DBA", "reaction": "mag", "item": item, "user_team": "T1"},
        {"type": "reaction_added", "user": "U0DBA", "reaction": "mag", "item": {"type": "file", "file": "F1"}},
        {"type": "user_change", "user": {**profile, "team_id": "T1"}},
        {"type": "channel_rename", "channel": {"id": "C0NONE", "name": "x"}},
        {"type": "channel_archive", "channel": "C0NONE"},
        {"type": "channel_id_changed", "old_channel_id": "C0NONE", "new_channel_id": "C1NONE"},
        {"type": "app_home_opened", "user": "U0DBA", "tab": "home"},
        {"type": "app_mention", "user": "U0DBA", "text": "list", "channel": channel, "thread_ts": SAID},
        {"type": "file_change", "file_id": "F1"},
    ]


def odd_versions(value: Any) -> Iterator[Any]:
    """The object with one field, at any depth, without value or with an odd one."""
    for key in value:
        for odd in (*ODD_VALUES, "".join(LONG)):
            yield {**value, key: odd}
        yield {name: each for name, each in value.items() if name != key}
        if isinstance(value[key], dict):
            for inner in odd_versions(value[key]):
                yield {**value, key: copy.deepcopy(inner)}


async def test_an_event_with_any_odd_field_is_taken_or_a_bad_request(either: World, logged: list[EventDict]) -> None:
    """Slack sends an event again that is answered 500, and in the end switches events off."""
    world = either
    await to_slack(world, command(world, "start the pool is full", trigger="7.1"), kind=FORM)
    await world.finish()
    events = [odd for each in ordinary_events(channel_id(world)) for odd in odd_versions(each)]

    for number, event in enumerate(events):
        envelope = {"type": "event_callback", "team_id": world.sandbox.team_id, "event_id": f"Ev{number}"}
        body = json.dumps({**envelope, "event": event}).encode()
        async with sending(world, "/slack/events", body, signed(body, world.sandbox.signing_secret)) as answer:
            assert answer.status in {200, 400}, event
    await world.finish()

    assert len(events) > 1_000
    assert errors_of(logged) == []


async def test_a_click_that_names_no_button_is_a_bad_request(world: World, logged: list[EventDict]) -> None:
    by = {"user": {"id": "U0ONCALL"}, "team": {"id": "T0HARBOUR"}, "trigger_id": "1.1"}

    for actions in (None, "x", 5, [], ["x"], [None], [{}], [{"action_id": 5}], [{"action_id": ["incident_lead"]}]):
        payload = json.dumps({"type": "block_actions", "actions": actions, **by})
        answer = await to_slack(world, f"payload={quote(payload)}".encode(), kind=FORM)
        assert answer.status == 400, actions

    assert errors_of(logged) == []


async def test_a_click_with_odd_values_is_answered_or_refused(world: World, logged: list[EventDict]) -> None:
    click: dict[str, Any] = {
        "type": "block_actions",
        "actions": [{"action_id": "home_declare", "value": "1"}],
        "user": {"id": "U0ONCALL", "team_id": "T0HARBOUR"},
        "team": {"id": "T0HARBOUR"},
        "channel": {"id": "C1", "name": "ops"},
        "response_url": "",
    }
    addresses = [{**click, "response_url": odd} for odd in (["x"], 5, "https://" + "a" * 300, "http://[::1", "ftp:x")]

    for odd in (*odd_versions(click), *addresses):
        answer = await to_slack(world, f"payload={quote(json.dumps(odd))}".encode(), kind=FORM)
        assert answer.status in {200, 400}, odd

    assert errors_of(logged) == []


def submission(world: World, name: str, carried: Any, trigger: str, **values: str) -> bytes:
    """A sent window. `carried`: its `private_metadata`."""
    fields = {field: {field: {"type": "plain_text_input", "value": value}} for field, value in values.items()}
    view = {"id": f"V{trigger}", "type": "modal", "callback_id": name, "state": {"values": fields}}
    by = {"user": {"id": "U0ONCALL"}, "team": {"id": world.sandbox.team_id}, "trigger_id": trigger}
    return interaction({"type": "view_submission", "view": {**view, "private_metadata": json.dumps(carried)}, **by})


@pytest.mark.parametrize("number", [MAX_ID + 1, 10**17, 10**30, -1, True])
async def test_a_number_that_no_row_can_have_is_that_of_another_version(
    either: World, logged: list[EventDict], number: int
) -> None:
    """PostgreSQL takes no number beyond its type, SQLite none of more than 64 bits."""
    world = either
    await to_slack(world, command(world, "start the pool is full", trigger="7.1"), kind=FORM)
    await world.finish()
    place = {"team": {"id": world.sandbox.team_id}, "channel": {"id": channel_id(world)}}
    before = await world.tables()

    for count, (name, carried) in enumerate(
        (
            ("note_modal", {"incident": number}),
            ("amend_modal", {"incident": number}),
            ("amend_modal", {"incident": 1, "entry": number}),
            ("escalation_hand_over_modal", {"escalation": number}),
        )
    ):
        sent = submission(world, name, carried, f"8.{count}", text="it began", person="U0DBA")
        answer = await to_slack(world, sent, kind=FORM)
        assert (answer.status, "another version" in answer.text) == (200, True), (name, carried)
    for name, value in (
        ("incident_lead", f"{number}"),
        ("entry_menu", f"amend:{number}:1.0.0.0"),
        ("entry_menu", f"amend:1:1.{number}.0.0"),
        (SET_TIME, f"1:{number}:exact:2026-03-02T14:00:00+00:00"),
        (SET_TIME, f"{number}:1:exact:2026-03-02T14:00:00+00:00"),
    ):
        press = {"actions": [{"action_id": name, "value": value}], "user": {"id": "U0ONCALL"}, "trigger_id": "8.9"}
        answer = await to_slack(world, interaction({"type": "block_actions", **press, **place}), kind=FORM)
        assert answer.status == 200, (name, value)

    await world.finish()
    assert without_people(await world.tables()) == without_people(before)
    assert errors_of(logged) == []


MESSAGE = {"channel": "C1", "ts": SAID, "text": "x", "author": "U0DBA", "author_name": None, "thread_ts": None}


@pytest.mark.parametrize("name", ["mark_modal", "task_of_message_modal"])
async def test_a_window_that_names_no_message_is_that_of_another_version(
    world: World, logged: list[EventDict], name: str
) -> None:
    await to_slack(world, command(world, "start the pool is full", trigger="7.1"), kind=FORM)
    await world.finish()
    odd = [{}, *({**MESSAGE, "ts": ts} for ts in (5, "9" * 30, "now", "")), {**MESSAGE, "channel": "C" * 300}]
    before = len(await world.timeline())

    for count, carried in enumerate(odd):
        sent = submission(world, name, carried, f"8.{count}", incident="INC-1", text="INC-1", kind="note")
        answer = await to_slack(world, sent, kind=FORM)
        assert (answer.status, "another version" in answer.text) == (200, True), (carried, answer.text)

    assert len(await world.timeline()) == before
    assert errors_of(logged) == []


async def test_a_message_that_a_window_carries_is_stored_without_nul(either: World, logged: list[EventDict]) -> None:
    world = either
    await to_slack(world, command(world, "start the pool is full", trigger="7.1"), kind=FORM)
    await world.finish()
    carried = {**MESSAGE, "channel": channel_id(world), "text": "half\x00 of it", "author_name": "d\x00ba"}

    answer = await to_slack(
        world, submission(world, "mark_modal", carried, "8.1", incident="INC-1", kind="note"), kind=FORM
    )

    assert answer.status == 200
    assert "half\ufffd of it" in [entry["text"] for entry in await world.timeline()]
    assert errors_of(logged) == []


@pytest.mark.parametrize("field", ["starts", "ends"])
async def test_a_time_that_no_picker_has_is_that_of_another_version(
    world: World, logged: list[EventDict], field: str
) -> None:
    for count, odd in enumerate(("9" * 12, "9" * 30, "9" * 2_000, "soon", "-1")):
        times = {"starts": "1772460000", "ends": "1772463600", field: odd}
        sent = submission(world, "oncall_change_form", {}, f"8.{count}", schedule="x", person="U0DBA", **times)
        answer = await to_slack(world, sent, kind=FORM)
        assert (answer.status, "another version" in answer.text) == (200, True), (odd, answer.text)

    assert errors_of(logged) == []


NOW = "2026-03-02T14:00:00"
VALUES_OF_OTHERS = [
    "",
    "x",
    "1",
    "1.1.x",
    "1:2",
    "1:2:exact",
    "1:2:x:y",
    *(f"1:2:exact:{at}" for at in ("now", NOW, "9999-12-31T23:59:59-23:00")),
    "amend:1:1",
    "{}",
    json.dumps(["U0ONCALL", "x", "C1", "list", "1.1", NOW, {}]),
    json.dumps([1, [["x", 1, 1]], "", "", ""]),
]
"""As buttons of other versions may have them: too short, too long, of other words."""


async def test_every_button_refuses_the_values_of_others(world: World, logged: list[EventDict]) -> None:
    await to_slack(world, command(world, "start the pool is full", trigger="7.1"), kind=FORM)
    await world.finish()
    place = {"team": {"id": world.sandbox.team_id}, "channel": {"id": channel_id(world)}}
    odd = [(each.action_id, value) for each in BUTTONS for value in VALUES_OF_OTHERS]

    statuses = {}
    for number, (name, value) in enumerate(odd):
        press = {
            "actions": [{"action_id": name, "value": value}],
            "user": {"id": "U0ONCALL"},
            "trigger_id": f"9.{number}",
        }
        body = interaction({"type": "block_actions", **press, **place})
        async with sending(world, "/slack/events", body, signed(body, world.sandbox.signing_secret, kind=FORM)) as got:
            statuses[name, value] = got.status

    assert {each: status for each, status in statuses.items() if status != 200} == {}
    assert errors_of(logged) == []


FIELDS = {
    *("title", "text", "at", "severity", "status", "service", "person", "team", "case", "incident", "kind", "act"),
    *("flags", "users", "language", "beside", "place", "other", "texts", "kinds", "means", "address", "delay"),
    *("schedule", "starts", "ends", "instead"),
    *(each.name for command in COMMANDS for each in command_parameters(command)),
}


async def test_every_form_refuses_the_elements_of_others(world: World, logged: list[EventDict]) -> None:
    await to_slack(world, command(world, "start the pool is full", trigger="7.1"), kind=FORM)
    await world.finish()
    carried = json.dumps({"incident": 1, "entry": 1, "escalation": 1, "request": 1, "page": "1", "seen": ""})
    elements: list[dict[str, Any]] = [
        *({"type": "static_select", "selected_option": {"value": value}} for value in ("x:y", "9" * 30)),
        {"type": "multi_static_select", "selected_options": [{"value": "x:y"}, {}]},
        {"type": "users_select", "selected_user": "x"},
        {"type": "datetimepicker", "selected_date_time": 5},
        {"type": "plain_text_input", "value": {"x": ["y"]}},
    ]

    statuses = {}
    for number, (form, element) in enumerate((form, element) for form in FORMS for element in elements):
        view = {
            "id": f"V{number}",
            "type": "modal",
            "callback_id": form.callback_id,
            "private_metadata": carried,
            "state": {"values": {name: {name: element} for name in FIELDS}},
        }
        by = {"user": {"id": "U0ONCALL"}, "team": {"id": world.sandbox.team_id}, "trigger_id": f"9.{number}"}
        body = interaction({"type": "view_submission", "view": view, **by})
        async with sending(world, "/slack/events", body, signed(body, world.sandbox.signing_secret, kind=FORM)) as got:
            statuses[form.callback_id, str(element)] = got.status

    assert {each: status for each, status in statuses.items() if status != 200} == {}
    assert errors_of(logged) == []
