"""The text of a message as it was typed, from its markup or its blocks and attachments."""

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.api.payloads import (
    BotIdentity,
    DeletedMessage,
    parse_message,
    parse_message_event,
    parse_team_id,
    parse_user,
)
from bot.slack.api.plain_text import MAX_CHARACTERS, message_text
from bot.slack.inbound.events.record import IGNORED_SUBTYPES, is_ignored

Json = dict[str, Any]
US = BotIdentity("U0DOGWATCH", "B0DOGWATCH")


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


def item(text: str) -> Json:
    return {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"text": "  plain words "}, "plain words"),
        ({"text": "5 &lt; 6 &amp;&amp; a &gt; b"}, "5 < 6 && a > b"),
        ({"text": "<@U1|ana> asked <!subteam^S1|@dba> in <#C1|ops>"}, "<@U1> asked @dba in #ops"),
        ({"text": "<https://x.example/a?b=1&amp;c=2|the graph>"}, "the graph (https://x.example/a?b=1&c=2)"),
        ({"text": "<!channel> read this"}, "@channel read this"),
        ({"text": "words", "blocks": [{"type": "section", "text": mrkdwn("the same words, nicer")}]}, "words"),
        ({"blocks": [{"type": "section", "text": mrkdwn("*Deploy* &amp; go")}]}, "*Deploy* & go"),
        (
            {
                "blocks": [
                    {"type": "header", "text": {"type": "plain_text", "text": "Deploy 4711"}},
                    {"type": "section", "fields": [mrkdwn("env: prod"), mrkdwn("by: <@U1>")]},
                    {"type": "divider"},
                    {"type": "context", "elements": [mrkdwn("took 3 min"), {"type": "image", "image_url": "x"}]},
                    {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "no"}}]},
                ]
            },
            "Deploy 4711\nenv: prod\nby: <@U1>\ntook 3 min",
        ),
        ({"blocks": [{"type": "image", "alt_text": "error rate", "image_url": "x"}]}, "error rate"),
        ({"attachments": [{"title": "Alert", "text": "5xx", "fallback": "Alert: 5xx"}]}, "Alert\n5xx"),
        ({"attachments": [{"fallback": "only for old clients"}]}, "only for old clients"),
        ({"attachments": [{"fields": [{"title": "service", "value": "pay"}]}]}, "service: pay"),
        ({"attachments": [{"blocks": [{"type": "section", "text": mrkdwn("inside")}]}]}, "inside"),
        ({"text": "look", "attachments": [{"text": "quoted"}]}, "look\nquoted"),
        (
            {"text": "https://x.example", "attachments": [{"from_url": "https://x.example", "text": "preview"}]},
            "https://x.example",
        ),
        ({"text": "see", "attachments": [{"is_msg_unfurl": True, "text": "another message"}]}, "see"),
        ({"text": "", "blocks": [], "attachments": []}, ""),
        ({}, ""),
        ({"text": None, "blocks": None, "attachments": None}, ""),
        (
            {
                "blocks": [
                    rich(
                        {"type": "text", "text": "ask "},
                        {"type": "user", "user_id": "U1"},
                        {"type": "text", "text": " "},
                        {"type": "emoji", "name": "fire"},
                        {"type": "text", "text": " "},
                        {"type": "link", "url": "https://x.example", "text": "here"},
                    )
                ]
            },
            "ask <@U1> :fire: here (https://x.example)",
        ),
        (
            {
                "blocks": [
                    rich(
                        {"type": "text", "text": "run "},
                        {"type": "text", "text": "df -h", "style": {"code": True, "bold": True}},
                        {"type": "text", "text": " now ", "style": {"italic": True, "strike": True}},
                        {"type": "text", "text": " ", "style": {"bold": True}},
                        {"type": "text", "text": "please"},
                    )
                ]
            },
            "run *`df -h`* ~_now_~  please",
        ),
        ({"blocks": [rich({"type": "link", "url": "https://x.example"})]}, "https://x.example"),
        ({"blocks": [rich({"type": "broadcast", "range": "here"})]}, "@here"),
        (
            {
                "blocks": [
                    {
                        "type": "rich_text",
                        "elements": [
                            {"type": "rich_text_section", "elements": [{"type": "text", "text": "steps:"}]},
                            {"type": "rich_text_list", "style": "bullet", "elements": [item("one"), item("two")]},
                            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "SELECT 1"}]},
                            {"type": "rich_text_quote", "elements": [{"type": "text", "text": "said so"}]},
                        ],
                    }
                ]
            },
            "steps:\n- one\n- two\n```\nSELECT 1\n```\n> said so",
        ),
    ],
)
def test_message_text(message: Json, text: str) -> None:
    assert message_text(message) == text


def test_a_message_of_blocks_is_no_longer_than_slack_s_own_limit() -> None:
    blocks = [{"type": "section", "text": mrkdwn("x" * 3000)} for _ in range(50)]

    assert len(message_text({"blocks": blocks})) == MAX_CHARACTERS


words = st.text(string.ascii_letters + string.digits + " .,!", min_size=1).filter(str.strip)


@given(words)
def test_text_without_marks_is_itself(text: str) -> None:
    assert message_text({"text": text}) == text.strip()


@given(st.text())
def test_escaped_text_comes_back_as_it_was_typed(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    assert message_text({"text": escaped}) == text.strip()


BLOCK_TYPES = ("section", "context", "header", "image", "rich_text", "divider", "video", "table", "newer_than_this")


@given(st.sampled_from(BLOCK_TYPES), st.dictionaries(st.sampled_from(["alt_text", "block_id", "title"]), st.text()))
def test_blocks_without_the_parts_we_know_say_nothing_wrong(kind: str, parts: Json) -> None:
    assert isinstance(message_text({"blocks": [{"type": kind, **parts}]}), str)


def event(**more: Any) -> Json:
    return {"type": "message", "channel": "C1", "user": "U1", "text": "hello", "ts": "1700000000.000100", **more}


def test_a_person_s_message() -> None:
    said = parse_message_event(event(thread_ts="1700000000.000000"), US)

    assert not isinstance(said, DeletedMessage)
    assert said is not None
    assert (said.author, said.text, said.ts, said.thread_ts, said.is_own) == (
        "U1",
        "hello",
        "1700000000.000100",
        "1700000000.000000",
        False,
    )


@pytest.mark.parametrize(
    "own", [event(user="U0DOGWATCH"), event(bot_id="B0DOGWATCH"), event(user=None, bot_id="B0DOGWATCH")]
)
def test_our_own_messages_are_known(own: Json) -> None:
    said = parse_message_event(own, US)

    assert not isinstance(said, DeletedMessage)
    assert said is not None
    assert said.is_own


def test_nothing_is_our_own_before_slack_told_who_we_are() -> None:
    said = parse_message(event(bot_id=""), "C1", BotIdentity("", ""))

    assert not said.is_own


@pytest.mark.parametrize(
    ("more", "author", "name"),
    [
        ({"user": None, "bot_id": "B7", "username": "Watchtower", "subtype": "bot_message"}, "B7", "Watchtower"),
        ({"user": None, "bot_id": "B7", "bot_profile": {"name": "Grafana"}}, "B7", "Grafana"),
        ({"user": "U7", "bot_id": "B7", "bot_profile": {"name": "Grafana"}}, "U7", None),
        ({"user": None}, None, None),
    ],
)
def test_who_wrote_it(more: Json, author: str | None, name: str | None) -> None:
    said = parse_message(event(**more), "C1", US)

    assert (said.author, said.author_name) == (author, name)


@pytest.mark.parametrize(
    ("file", "shown"),
    [
        ({"id": "F1", "name": "graph.png", "title": "Error rate"}, "Error rate"),
        ({"id": "F1", "name": "graph.png"}, "graph.png"),
        ({"id": "F1", "mode": "tombstone"}, "F1"),
        ({}, "file"),
    ],
)
def test_files_are_named(file: Json, shown: str) -> None:
    assert parse_message(event(files=[file]), "C1", US).files == (shown,)


@pytest.mark.parametrize(
    "subtype",
    ["channel_join", "channel_topic", "group_leave", "pinned_item", "bot_add", "channel_archive", "reminder_add"],
)
def test_slack_s_own_lines_are_nobody_s_words(subtype: str) -> None:
    assert parse_message_event(event(subtype=subtype), US) is None


@pytest.mark.parametrize("subtype", sorted(IGNORED_SUBTYPES))
def test_what_opens_no_transaction_changes_nothing(subtype: str) -> None:
    assert is_ignored(event(subtype=subtype))
    assert parse_message_event(event(subtype=subtype), US) is None


@pytest.mark.parametrize("subtype", [None, "bot_message", "message_changed", "message_deleted", "tombstone"])
def test_words_and_deletions_are_recorded(subtype: str | None) -> None:
    assert not is_ignored(event(subtype=subtype))


@pytest.mark.parametrize("subtype", ["file_share", "me_message", "thread_broadcast", "bot_message"])
def test_other_subtypes_are_words(subtype: str) -> None:
    assert parse_message_event(event(subtype=subtype), US) is not None


def test_an_edit_carries_its_own_time() -> None:
    changed = {
        "type": "message",
        "subtype": "message_changed",
        "channel": "C1",
        "hidden": True,
        "ts": "1700000009.000000",
        "message": {**event(text="better"), "edited": {"user": "U1", "ts": "1700000009.000000"}},
        "previous_message": event(),
    }

    said = parse_message_event(changed, US)

    assert not isinstance(said, DeletedMessage)
    assert said is not None
    assert (said.ts, said.text, said.edited_ts) == ("1700000000.000100", "better", "1700000009.000000")


@pytest.mark.parametrize(
    "gone",
    [
        {"type": "message", "subtype": "message_deleted", "channel": "C1", "deleted_ts": "1.2", "ts": "9.9"},
        {"type": "message", "subtype": "message_deleted", "channel": "C1", "previous_message": {"ts": "1.2"}},
        {
            "type": "message",
            "subtype": "message_changed",
            "channel": "C1",
            "message": {"subtype": "tombstone", "ts": "1.2", "text": "This message was deleted."},
        },
    ],
)
def test_each_form_of_a_deletion(gone: Json) -> None:
    assert parse_message_event(gone, US) == DeletedMessage("C1", "1.2")


@pytest.mark.parametrize("form", [{"type": "message"}, {"type": "message", "subtype": "message_changed"}, event(ts="")])
def test_forms_that_say_nothing(form: Json) -> None:
    assert parse_message_event(form, US) is None


@pytest.mark.parametrize(
    ("body", "team"),
    [
        ({"team_id": "T1"}, "T1"),
        ({"team": {"id": "T1", "domain": "x"}}, "T1"),
        ({"team": None, "user": {"id": "U1", "team_id": "T1"}}, "T1"),
        ({"team_id": "T1", "enterprise_id": "E1", "is_enterprise_install": "false"}, "T1"),
        ({"team_id": "T1", "enterprise_id": "E1", "is_enterprise_install": "true"}, "E1"),
        ({"team": {"id": "T1"}, "enterprise": {"id": "E1"}, "is_enterprise_install": True}, "E1"),
        ({"team_id": "T1", "authorizations": [{"enterprise_id": "E1", "is_enterprise_install": True}]}, "E1"),
        ({"team_id": "T1", "authorizations": [{"enterprise_id": "E1", "is_enterprise_install": False}]}, "T1"),
    ],
)
def test_the_team_of_a_payload(body: Json, team: str) -> None:
    assert parse_team_id(body) == team


def test_a_payload_without_a_team_is_refused() -> None:
    with pytest.raises(ValueError, match="without a team"):
        parse_team_id({"team": None})


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ({"name": "ana", "real_name": "Ana B", "profile": {"display_name": "anab"}}, "anab"),
        ({"name": "ana", "real_name": "Ana B", "profile": {"display_name": ""}}, "Ana B"),
        ({"name": "ana", "profile": {"real_name": "Ana B"}}, "Ana B"),
        ({"name": "ana"}, "ana"),
    ],
)
def test_a_person_is_called_what_people_see(user: Json, name: str) -> None:
    known = parse_user({"id": "U1", **user})

    assert (known.name, known.handle) == (name, "ana")


def test_guests_bots_and_strangers_are_told_apart() -> None:
    guest = parse_user(
        {"id": "U1", "is_ultra_restricted": True, "team_id": "T2", "deleted": True, "tz": "Asia/Kolkata"}
    )

    assert (guest.is_guest, guest.is_bot, guest.is_deleted) == (True, False, True)
    assert (guest.home_team_id, guest.zone) == ("T2", "Asia/Kolkata")
