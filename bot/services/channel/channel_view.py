"""A part of a channel as it was read, and what the transcript lacks of it."""

from datetime import datetime

from bot.lazy_dataclass import dataclass
from bot.services.channel.messages import SlackMessage
from bot.store.incidents.transcript import Reaction


@dataclass(frozen=True, slots=True)
class ReactionMark:
    user_id: str
    emoji: str


@dataclass(frozen=True, slots=True)
class MessageSnapshot:
    """A message as read. `cut`: emoji of which Slack named fewer people than it counted."""

    message: SlackMessage
    marks: tuple[ReactionMark, ...] = ()
    cut: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ChannelSnapshot:
    """
    Part of a channel as it was at `at`; later events are not in it, and are left alone.

    It holds all messages of the channel itself that were written from `oldest` on and before `before` (None: to the
    end), and all replies of the `threads` (their parents' ts).
    """

    channel_id: str
    at: datetime
    seen: tuple[MessageSnapshot, ...] = ()
    oldest: str = ""
    before: str | None = ""
    threads: frozenset[str] = frozenset()
    name: str | None = None
    """The channel's new name, if it was renamed in this part."""
    unreadable: frozenset[str] = frozenset()
    """The ts of messages that are there and have another shape than Slack's messages."""
    is_private: bool = False
    """The channel was made private in this part."""


@dataclass(frozen=True, slots=True)
class MissedMessage:
    message: SlackMessage


@dataclass(frozen=True, slots=True)
class MissedReaction:
    reaction: Reaction
    is_on_own_message: bool


@dataclass(frozen=True, slots=True)
class MissedDeletion:
    ts: str


@dataclass(frozen=True, slots=True)
class MissedRename:
    name: str


@dataclass(frozen=True, slots=True)
class MissedConversion:
    """The channel was made private."""


MissedChange = MissedMessage | MissedReaction | MissedDeletion | MissedRename | MissedConversion
