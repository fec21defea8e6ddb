"""Slack mentions in plain text."""

import re
from collections.abc import Mapping

MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|[^<>]*)?>")


def resolve_mentions(text: str, people: Mapping[str, str]) -> str:
    """Replace mentions by `@name`; a user who is not among `people` stays an id."""
    if "<@" not in text:
        return text
    return MENTION.sub(lambda found: f"@{people.get(found[1], found[1])}", text)
