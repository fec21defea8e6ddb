"""Slack's view of a message: the markup that acts, and the text that people read."""

import re
from collections.abc import Iterator
from typing import Any

TOKEN = re.compile(r"<([^<>]*)>")
JOINER = "\u2060"
TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def parts_of(value: Any) -> Iterator[dict[str, Any]]:
    """Yield each JSON object in a value, the outer ones first."""
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from parts_of(each)
    elif isinstance(value, list):
        for each in value:
            yield from parts_of(each)


def markups(message: dict[str, Any]) -> Iterator[str]:
    """Yield each text of a message or call in which `<…>` is markup."""
    if isinstance(message.get("text"), str):
        yield message["text"]
    yield from _inside(message.get("blocks") or [])


def _inside(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield value["text"]
        else:
            for each in value.values():
                yield from _inside(each)
    elif isinstance(value, list):
        for each in value:
            yield from _inside(each)


def plain_texts(value: Any) -> Iterator[str]:
    """The texts in which nothing acts, but which people read."""
    if isinstance(value, dict):
        if value.get("type") == "plain_text":
            yield value["text"]
        for each in value.values():
            yield from plain_texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from plain_texts(each)


def acting(message: dict[str, Any]) -> set[str]:
    """Markup that acts: `@U1`, `!here`, `https://…|label`. Dates are not included."""
    found = {token for text in markups(message) for token in TOKEN.findall(text)}
    return {token for token in found if not token.startswith("!date^")}


def broken(message: dict[str, Any]) -> list[str]:
    """Texts in which a `<…>` was cut in two: people would see the half of it."""
    return [text for text in markups(message) if "<" in TOKEN.sub("", text) or ">" in _without_quotes(text)]


def open_fences(message: dict[str, Any]) -> list[str]:
    """Texts in which code is not closed: what stands below would be code, too."""
    return [text for text in markups(message) if text.replace(f"`{JOINER}", "").count("```") % 2]


def _without_quotes(text: str) -> str:
    return TOKEN.sub("", "\n".join(line.removeprefix(">") for line in text.splitlines()))


def read(message: dict[str, Any]) -> str:
    """Text as people read it, without escapes and invisible joiners."""
    whole = "\n".join([*markups(message), *plain_texts(message.get("blocks") or [])])
    for escaped, letter in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"), (JOINER, "")):
        whole = whole.replace(escaped, letter)
    return whole
