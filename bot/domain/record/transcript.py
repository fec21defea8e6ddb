"""Messages of an incident's channel as plain values: the appendix of an export."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime

from bot.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class TranscriptMessage:
    """
    One message. `author` is a user id; `text` may hold mentions as `<@U123>`.

    `thread` is the id of the message that it answers, None where it answers none. `entry` is the ref of the timeline
    entry that was made of it. A deleted or redacted message has neither text nor files.
    """

    id: str
    """Slack's `ts`: unique in its channel."""
    at: datetime
    author: str | None
    text: str
    files: tuple[str, ...] = ()
    thread: str | None = None
    is_edited: bool = False
    is_deleted: bool = False
    is_redacted: bool = False
    link: str | None = None
    entry: str | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """
    Messages in the order in which they were written. `people` are names by user id.

    `forgotten_to`: messages up to then that are on no timeline were deleted by the retention rule.
    """

    channel: str | None
    messages: Sequence[TranscriptMessage] = ()
    people: Mapping[str, str] = field(default_factory=dict)
    purged_to: datetime | None = None


def group_threads(messages: Sequence[TranscriptMessage]) -> list[tuple[TranscriptMessage, list[TranscriptMessage]]]:
    """
    Messages with their replies, both in order.

    A reply to a message that is not kept, or that is a reply itself, stands by itself: nothing is left out.
    """
    firsts = {said.id for said in messages if said.thread is None}
    answers: dict[str, list[TranscriptMessage]] = {}
    for said in messages:
        if said.thread in firsts:
            answers.setdefault(said.thread or "", []).append(said)
    return [(said, answers.get(said.id, [])) for said in messages if said.thread not in firsts]
