"""Direction controls, invisible characters and odd titles: shown as text, or removed."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.cli.commands.export import ExportOptions, export_incident
from bot.config.crypto import incident_page_link
from tests.support.records import markup
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.worlds.story import Story, drafts, sent, world_of
from tests.support.worlds.world import World

TURNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Signs that turn the direction of what follows: `\u202egnp.exe` reads as `exe.png`."""
HIDDEN = "\u200b\u2060\ufeff\u00ad\U000e0041"
"""Signs that nobody sees: zero width, byte order, soft hyphen, tags."""
WORDS = f"pay{TURNS}gnp.exe{HIDDEN} <!channel> <!here> <@U0MANAGER> <https://evil.test|click> `x` ```y``` @everyone"
NAME = re.compile(r"[a-z0-9-]{1,80}")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with world_of(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path) as built:
        yield built


def posted(world: World) -> Iterator[dict[str, Any]]:
    for args in sent(world, "chat.postMessage", "chat.update", "chat.postEphemeral"):
        blocks = args.get("blocks") or []
        yield {**args, "blocks": json.loads(blocks) if isinstance(blocks, str) else blocks}


def notifies(text: str) -> list[str]:
    return [token for token in re.findall(r"<([^<>]*)>", text) if token.startswith(("!channel", "!here", "!everyone"))]


async def test_nothing_turns_or_notifies_wherever_it_is_shown(world: World) -> None:
    await Story(world, WORDS).goes()

    for message in posted(world):
        for text in markup.markups(message):
            assert notifies(text) == [], text
            assert "<@U0MANAGER>" not in text, text
        for text in markup.plain_texts(message["blocks"]):
            assert not re.search(r"<([!@#]|https?:)", text), text
        for text in (*markup.markups(message), *markup.plain_texts(message["blocks"])):
            assert not set(TURNS) & set(text), ascii(text)
    for args in sent(world, "conversations.create", "conversations.rename"):
        assert NAME.fullmatch(args["name"]), args["name"]
    for args in sent(world, "conversations.setTopic", "conversations.setPurpose"):
        text = args.get("topic") or args.get("purpose") or ""
        assert not set(TURNS) & set(text), ascii(text)
        assert "<" not in text
        assert len(text) <= 250
    for args in sent(world, "files.completeUploadExternal"):
        assert notifies(args["initial_comment"]) == []
        assert not set(TURNS) & set(args["initial_comment"]), ascii(args["initial_comment"])
    for args in sent(world, "bookmarks.add"):
        assert not set(TURNS) & set(args["title"])
    for draft in drafts(world):
        assert not set(TURNS) & set(draft)


async def test_nothing_turns_in_a_page_or_an_export_and_the_record_keeps_what_was_written(world: World) -> None:
    await Story(world, WORDS).goes()
    settings = world.bot.settings
    link = incident_page_link(settings, "INC-1")

    _, page = await world.gets(link[link.index("/incidents/") :])
    html = await export_incident(settings, "INC-1", ExportOptions("html", with_transcript=True))
    markdown = await export_incident(settings, "INC-1", ExportOptions("markdown", with_transcript=True))
    record = json.loads(await export_incident(settings, "INC-1", ExportOptions("json")))

    for name, text in (("html", html), ("markdown", markdown), ("page", page)):
        assert not set(TURNS) & set(text), name
    assert "<script" not in html
    assert TURNS in json.dumps(record, ensure_ascii=False), "the record is what was written"


TITLES = {
    "emoji": "🔥🔥",
    "emoji by name": ":fire: :fire:",
    "one letter": "x",
    "dots": "...",
    "signs that no channel's name can have": "支付 Оплата платежи",
    "hidden signs only": HIDDEN + "\u200d",
    "turns only": TURNS,
    "a code block": "```",
    "a mention": "<!channel>",
    "long": "checkout is down " * 100,
    "long without a blank": "x" * 2_000,
    "a name that is taken": "general",
    "a list": "- a\n- b\n# c",
}


@pytest.mark.parametrize("title", TITLES.values(), ids=TITLES)
async def test_a_title_of_whatever_signs_gets_its_channel_or_a_refusal(world: World, title: str) -> None:
    line = title.replace("\n", " ")
    answer = await world.types("oncall", f"/incident start {line}", "ops")
    await world.finish()

    if answer.startswith(":warning:"):
        assert "describe the problem" in answer.casefold(), answer
        assert world.channels == []
        return
    (channel,) = world.channels
    assert NAME.fullmatch(channel)
    (card,) = world.sandbox.pins(channel)
    assert markup.read(card).strip()
    refused = {call["error"] for call in world.sandbox.calls() if not call["ok"]}
    assert refused <= {"already_reacted", "already_in_channel", "name_taken"}


@pytest.mark.parametrize("title", ["", " ", "\t\n", "\u200b", "\ufeff", "\u3000"])
async def test_an_empty_title_is_refused_whoever_sends_it(world: World, title: str) -> None:
    status, answer = await world.posts("generic", {"title": title})
    alert = an_alert(title, at=world.now)
    alert["annotations"] = {}
    named, _ = await world.posts("alertmanager", a_notification(alert))
    await world.finish()

    assert (status, named) in {(400, 200), (200, 200)}, answer
    for channel in world.channels:
        (card,) = world.sandbox.pins(channel)
        title_line = markup.read(card).strip().splitlines()[0]
        assert re.search(r"\w{3}", title_line.partition("·")[2] or title_line), ascii(title_line)
