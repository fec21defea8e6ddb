"""One message for one act: how much the bot posts, and what it says only to one person."""

from typing import Any

import pytest

from tests.support.worlds.databases import SQLITE
from tests.support.worlds.world import World, rendered

pytestmark = pytest.mark.world(databases=SQLITE)

ALERT = {"title": "Checkout fails", "service": "checkout", "id": "checkout-1"}


def posts(world: World, channel: str, reader: str | None = None) -> list[dict[str, Any]]:
    """What the bot posted, in threads too, without lines about topics and joins."""
    return [
        each
        for each in world.sandbox.messages(channel, reader)
        if each.get("user") == "U0DOGWATCH" and each.get("subtype") in {None, "file_share"}
    ]


async def alerted(world: World) -> None:
    assert (await world.posts("generic", ALERT))[0] == 200
    await world.finish()


async def types_all(world: World, *lines: str) -> None:
    for line in lines:
        await world.types("oncall", f"/incident {line}")
        await world.finish()


async def test_a_plain_incident_from_the_alert_to_the_draft(world: World) -> None:
    await alerted(world)
    await types_all(world, "lead", "note the pool is full", "escalate @dba the database is slow")
    await world.types("dba", "/incident ack")
    await types_all(world, "cause the pool was halved", "impact started:13:50 nobody could pay", "resolve rolled back")

    said = posts(world, world.channel)
    top = [rendered(each) for each in said if "thread_ts" not in each or each["thread_ts"] == each["ts"]]
    assert len(top) <= 8, "\n---\n".join(top)
    assert len(said) - len(top) == 2, "the draft and the word to the caller are in threads"
    assert len(posts(world, "incidents")) == 1
    for user in ("oncall", "dba", "engineer", "developer"):
        direct = posts(world, world.sandbox.open_dm(user), user)
        assert len(direct) <= 1, [rendered(each) for each in direct]
    assert [each["text"] for each in world.sandbox.ephemerals("oncall", world.channel)] == []


async def test_a_vendor_incident_in_two_languages(world: World) -> None:
    await alerted(world)
    await types_all(
        world,
        "lead",
        "escalate vendor:payplug case:CS-1 payments fail",
        'edit title:"Payments fail" lang:en',
        'edit title:"Les paiements échouent" lang:fr',
        "edit service:checkout,payments",
        "vendor payplug answered looking",
        "impact lang:en Nobody could pay",
        "impact lang:fr Personne ne pouvait payer",
        "update investigating lang:en We look into it",
        "update investigating lang:fr Nous cherchons",
        "cause lang:en A deploy",
        "cause lang:fr Un déploiement",
        "vendor payplug fixed rolled back",
        "resolve rolled back",
    )

    said = [rendered(each) for each in posts(world, world.channel)]
    assert len(said) <= 12, "\n---\n".join(said)


async def test_changes_of_details_share_a_line_until_somebody_writes(world: World) -> None:
    await world.declares()
    await types_all(world, 'edit title:"Payments fail"', "edit category:Production", 'edit title:"All payments fail"')

    [line] = [text for text in world.texts() if "changed the details" in text]
    assert "title: *All payments fail*" in line
    assert "category: *Production*" in line
    assert "*Payments fail*" not in line

    await world.says("dba", "which payments?")
    await types_all(world, "edit category:Test")
    await world.types("dba", "/incident edit category:Production")
    await world.finish()
    lines = [text for text in world.texts() if "changed the details" in text]
    assert len(lines) == 3, "one after the message, one of another person"


async def test_a_translation_shares_the_line_of_its_statement(world: World) -> None:
    await world.declares()
    await types_all(
        world,
        "impact lang:en Nobody could pay",
        "impact lang:fr Personne ne pouvait payer",
        "update investigating lang:en We look into it",
        "update identified lang:fr Nous savons pourquoi",
    )

    [impact] = [text for text in world.texts() if "*Impact*" in text]
    assert "Nobody could pay" in impact
    assert "Personne ne pouvait payer" in impact
    assert len([text for text in world.texts() if "The public was told" in text]) == 2, "another state"
    await types_all(world, "impact lang:en Nobody can pay at all")
    assert len([text for text in world.texts() if "*Impact*" in text]) == 2


async def test_the_topic_is_set_once_for_each_text(world: World) -> None:
    await world.declares()
    await types_all(world, 'edit title:"Zahlungen scheitern" lang:de', 'edit title:"Zahlungen gehen nicht" lang:de')
    assert len(world.sandbox.calls("conversations.setTopic")) == 1

    await types_all(world, "severity 1", "severity 2", "severity 1")
    assert len(world.sandbox.calls("conversations.setTopic")) == 4


@pytest.mark.parametrize(
    ("line", "public"),
    [
        ("note the pool is full", "the pool is full"),
        ("impact nobody can pay", "nobody can pay"),
        ("cause a deploy", "a deploy"),
        ("lead", "leads INC-1"),
        ("status identified", "set the status"),
        ("severity 1", "changed the severity"),
        ("edit category:Test", "changed the details"),
        ("resolve rolled back", "*Resolved* by"),
        ("cancel a false alarm", "*Cancelled* by"),
    ],
)
async def test_where_the_channel_says_it_nobody_is_told_privately(world: World, line: str, public: str) -> None:
    await world.declares()

    here = await world.types("oncall", f"/incident {line}")
    await world.finish()

    assert here == ""
    assert any(public in text for text in world.texts())


@pytest.mark.parametrize("line", ["note the pool is full", "cause a deploy", "lead", "resolve rolled back"])
async def test_typed_elsewhere_it_is_answered(world: World, line: str) -> None:
    await world.declares()

    assert await world.types("oncall", f"/incident INC-1 {line}", "ops") != ""


async def test_a_resolve_is_one_message_with_its_draft_in_the_thread(world: World) -> None:
    await world.declares()
    before = len(posts(world, world.channel))
    await types_all(world, "resolve rolled back")

    resolved, draft = posts(world, world.channel)[before:]
    text = rendered(resolved)
    for words in ("*Resolved* by", "rolled back", "Postmortem draft", "Help finish the postmortem", "Impact"):
        assert words in text
    assert draft["thread_ts"] == resolved["ts"]
    assert [each["filetype"] for each in draft["files"]] == ["markdown", "png"]

    await types_all(world, "impact nobody could pay", "postmortem")
    resolved = next(each for each in posts(world, world.channel) if each["ts"] == resolved["ts"])
    assert "Impact" not in [element["text"]["text"] for block in resolved["blocks"] for element in buttons(block)]
    assert len(world.sandbox.files(world.channel)) == 2, "the new draft and picture replace the older ones"


async def test_after_a_reopening_each_resolve_has_its_message(world: World) -> None:
    await world.declares()
    await types_all(world, "resolve rolled back", "reopen it came back", "resolve fixed the pool")

    first, second = [text for text in world.texts() if "*Resolved* by" in text]
    assert "was reopened since" in first
    assert "Help finish" not in first
    assert "fixed the pool" in second
    assert "Help finish" in second


def buttons(block: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in block.get("elements") or [] if each["type"] == "button"]
