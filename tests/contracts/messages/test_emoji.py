"""The sandbox's page shows each emoji that the bot uses as a picture."""

import re
from collections import Counter
from pathlib import Path

from bot.domain.timeline.emoji import CONFIRM_EMOJI, DEFAULT_REACTIONS, EMOJI_ALIASES

ROOT = Path(__file__).parents[3]
TABLE = (ROOT / "bot" / "sandbox" / "page" / "static" / "text" / "emoji.js").read_text().split("`")[1]
PAIRS = [tuple(pair.split(" ")) for pair in re.split(r"[\n|]", TABLE.strip())]
SOURCES = ("bot/slack/blocks", "bot/services", "bot/domain", "commands", "templates")
"""Where messages are worded."""
EMOJI = re.compile(r"(?<![\w:/.\]}]):([a-z][a-z0-9_'-]*[a-z0-9]|\+1|-1):(?![\w/:])")


def used_names() -> set[str]:
    files = [
        path for folder in SOURCES for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".toml", ".j2"}
    ]
    return {name for path in files for name in EMOJI.findall(path.read_text())}


def test_each_emoji_of_a_message_is_known():
    used = used_names()

    assert {"thunder_cloud_and_rain", "handshake"} <= used
    assert used - {name for name, _ in PAIRS} == set()


def test_each_reaction_is_known():
    names = {CONFIRM_EMOJI, *DEFAULT_REACTIONS, *EMOJI_ALIASES, *EMOJI_ALIASES.values()}

    assert names - {name for name, _ in PAIRS} == set()


def test_no_name_stands_twice():
    assert [name for name, times in Counter(name for name, _ in PAIRS).items() if times > 1] == []


def test_names_of_the_same_picture_have_the_same_picture():
    pictures = dict(PAIRS)

    for alias, name in EMOJI_ALIASES.items():
        assert pictures[alias] == pictures[name], alias
