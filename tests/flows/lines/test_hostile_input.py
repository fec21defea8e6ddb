"""Texts of people and monitors are shown as they are: no mention, link or script works."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from tests.support.records import markup
from tests.support.records.slack_limits import Limits
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.story import Story, drafts, sent, world_of
from tests.support.worlds.world import World

pytestmark = pytest.mark.world(databases=BOTH_DATABASES)

HOSTILE = (
    "<!channel> <!here> &lt;!everyone&gt; <@U0MANAGER> <!subteam^S0ENGINEERING> <https://evil.test|click> "
    "[click](https://evil.test) <https://evil.test> ![x](https://evil.test/x.png) `code` ``` *bold* _x_ ~y~ "
    "\u202egnp.exe {{7*7}} {% raw %} ${7*7} <script>alert(1)</script> <img src=x onerror=alert(1)> | & @here =1+1"
)
POSTED = ("chat.postMessage", "chat.update", "chat.postEphemeral")
ALLOWED = re.compile(
    r"@U0(ONCALL|ENGINEER|DBA|DEVELOPER|RELEASE|DOGWATCH)|#C[A-Z0-9]+|https://prometheus\.example\.test/.*"
)
"""What the bot mentions and links by itself."""
LONG = {
    "3,000 characters": "x" * 3_000,
    "40,000 characters": "word " * 8_000,
    "40,000 signs that are escaped": "&<>" * 13_333,
    "40,000 marks": "*_`~" * 10_000,
    "40,000 emoji": "🔥" * 40_000,
    "many lines": "line\n" * 8_000,
}


@pytest.fixture
async def large(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with world_of(database_url, tmp_path) as built:
        yield built


def arguments(world: World) -> list[dict[str, Any]]:
    """The bot's posts, with blocks as values."""
    found = []
    for args in sent(world, *POSTED):
        blocks = args.get("blocks") or []
        found.append({**args, "blocks": json.loads(blocks) if isinstance(blocks, str) else blocks})
    return found


def visible_to(world: World, *users: str) -> list[dict[str, Any]]:
    return [each for user in users for each in world.sandbox.ephemerals(user)]


async def test_hostile_words_stay_words_everywhere(large: World) -> None:
    await Story(large, HOSTILE).goes()

    messages = [*arguments(large), *visible_to(large, "oncall", "engineer", "dba")]
    assert len(messages) > 60
    for message in messages:
        nothing_acts(large, message)
    posted = "\n".join(map(markup.read, messages))
    for words in ("{{7*7}}", "{% raw %}", "<script>alert(1)</script>", "<https://evil.test|click>", "`code`"):
        assert words in posted
    for channel in large.channels:
        can_be_read_in(large, channel)
    written = drafts(large)
    assert len(written) == 2
    for draft in written:
        nothing_runs_in(draft)


def nothing_acts(world: World, message: dict[str, Any]) -> None:
    acting = {token for token in markup.acting(message) if not ALLOWED.fullmatch(token)}
    own = {token for token in acting if token.startswith((world.sandbox.base_url, world.url))}
    assert acting == own, message
    assert markup.broken({"blocks": message.get("blocks")}) == []
    assert "\u202e" not in markup.read(message)


def can_be_read_in(world: World, channel: str) -> None:
    """A command tells `@channel`, because Slack resolves it; an alert tells what it says."""
    (card,) = world.sandbox.pins(channel)
    assert "<!channel> <!here>" in markup.read(card) or "@channel @here" in markup.read(card)
    topic = world.sandbox.channel(channel)["topic"]["value"]
    assert not set("<>") & set(topic)
    assert "‹!channel› ‹!here›" in topic or "@channel @here" in topic


def nothing_runs_in(draft: str) -> None:
    tokens = [each for token in MarkdownIt("commonmark").parse(draft) for each in (token, *(token.children or []))]
    assert not [each for each in tokens if each.type in {"html_inline", "html_block", "image"}]
    assert {each.content for each in tokens if each.type == "code_inline"} == {"code"}
    links = [str(each.attrGet("href")) for each in tokens if each.type == "link_open"]
    assert links
    assert not [link for link in links if "evil.test" in link]
    shown = "".join(each.content for each in tokens if each.type == "text")
    assert "{{7*7}}" in shown
    assert "<script>alert(1)</script>" in shown
    assert "\u202e" not in shown


async def test_a_line_that_takes_long_to_read_is_refused(large: World) -> None:
    await large.declares()
    before = await large.timeline()

    answer = await large.types("oncall", f"/incident note {'&<>' * 20_000}")

    assert answer.startswith(":warning: The line has 60,005 characters; at most 50,000 are read. Nothing was changed.")
    assert await large.timeline() == before


@pytest.mark.parametrize("words", LONG.values(), ids=LONG)
async def test_long_words_break_no_limit(large: World, words: str, conformance: Path) -> None:
    limits = Limits(conformance)

    await Story(large, words).goes()

    refused = {call["error"] for call in large.sandbox.calls() if not call["ok"]}
    assert refused <= {"already_reacted", "already_in_channel"}
    for message in arguments(large):
        assert limits.problems_of_message(message) == []
    assert len(drafts(large)) == 2
