"""What was said in an incident's channel, as plain values: the appendix of an export."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Said:
    """
    One message. `author` is a user id; `text` may hold mentions as `<@U123>`.

    `thread` is the id of the message that it answers, None where it answers none. `entry` is the ref of the timeline
    entry that was made of it. What was deleted or redacted has neither text nor files.
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
    The messages in the order in which they were written. `people` are the names by user id.

    `forgotten_to`: what was written up to then and is on no timeline was deleted by the retention rule.
    """

    channel: str | None
    messages: Sequence[Said] = ()
    people: Mapping[str, str] = field(default_factory=dict)
    forgotten_to: datetime | None = None


def threads(messages: Sequence[Said]) -> list[tuple[Said, list[Said]]]:
    """
    Each message with its answers, both in order.

    An answer to a message that is not kept, or that is an answer itself, stands by itself: nothing is left out.
    """
    firsts = {said.id for said in messages if said.thread is None}
    answers: dict[str, list[Said]] = {}
    for said in messages:
        if said.thread in firsts:
            answers.setdefault(said.thread or "", []).append(said)
    return [(said, answers.get(said.id, [])) for said in messages if said.thread not in firsts]
