"""Messages that likely belong on the timeline, ranked by countable signs."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from bot.lazy_dataclass import dataclass

MESSAGE_LINK = re.compile(r"/archives/(?P<channel>[CDG][A-Z0-9]+)/p(?P<seconds>\d{10})(?P<rest>\d{6})")
WEB_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
CLOCK_TIME = re.compile(r"(?<![\d:.])(?:[01]?\d|2[0-3])[:h][0-5]\d(?!\d)")
CODE = "`"
LONG, VERY_LONG = 120, 300
"""Characters of a message that says more than most, and of one that explains."""
MIN_WORDS = 3
"""A shorter message without any other sign is chatter."""
MOST_COUNTED = 3
"""Reactions and replies that count; more of them add nothing."""


@dataclass(frozen=True, slots=True)
class ChannelMessage:
    """
    A message of a person or another app in an incident's channel.

    `author`: a user id, or a name. `reactions`: how many it has that are no marks. `thread`: ts of the parent of a
    reply.
    """

    channel_id: str
    ts: str
    at: datetime
    author: str
    text: str
    has_files: bool = False
    reactions: int = 0
    thread: str | None = None

    @property
    def message_key(self) -> tuple[str, str]:
        return self.channel_id, self.ts


def rank_candidates(
    messages: Sequence[ChannelMessage],
    on_timeline: Collection[tuple[str, str]],
    with_role: Collection[str],
    *,
    limit: int,
) -> list[ChannelMessage]:
    """
    Up to `limit` messages that likely belong on the timeline, in order of their time.

    `on_timeline`: channel and ts of messages that have an entry. `with_role`: authors who had a role.
    """
    replies = Counter((each.channel_id, each.thread) for each in messages if each.thread)
    linked = find_linked_messages(each.text for each in messages)

    def score(each: ChannelMessage) -> int:
        key = each.message_key
        return _score(each, replies[key], is_linked=key in linked, has_role=each.author in with_role)

    unmarked = [each for each in messages if each.message_key not in on_timeline]
    scored = [(score(each), each) for each in unmarked if each.text.strip() or each.has_files]
    likely = [(score, each) for score, each in scored if score or len(each.text.split()) >= MIN_WORDS]
    likely.sort(key=lambda pair: (-pair[0], -len(pair[1].text), pair[1].at))
    return sorted((each for _, each in likely[:limit]), key=lambda each: (each.at, each.ts))


def find_linked_messages(texts: Iterable[str]) -> set[tuple[str, str]]:
    """Channel and ts of the messages that these texts link to."""
    found = (link for text in texts for link in MESSAGE_LINK.finditer(text))
    return {(link["channel"], f"{link['seconds']}.{link['rest']}") for link in found}


def _score(message: ChannelMessage, replies: int, *, is_linked: bool, has_role: bool) -> int:
    """Weight of all signs. A role alone says nothing of a short message."""
    text = message.text
    signs = (
        4 * is_linked
        + 2 * min(max(message.reactions, 0), MOST_COUNTED)
        + min(replies, MOST_COUNTED)
        + 2 * bool(WEB_ADDRESS.search(text))
        + 2 * (CODE in text)
        + 2 * bool(CLOCK_TIME.search(text))
        + 2 * message.has_files
        + (len(text) >= LONG)
        + (len(text) >= VERY_LONG)
    )
    says_something = signs or len(text.split()) >= MIN_WORDS
    return signs + 2 * (has_role and bool(says_something))
