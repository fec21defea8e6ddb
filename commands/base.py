"""Input and output of a command."""

from dataclasses import field, replace
from enum import StrEnum
from typing import Any

from sqlmodel import Session

from bot.command.table import Invocation, Mention, Option, Value
from bot.config import Settings
from bot.domain.errors import UserError
from bot.lazy_dataclass import dataclass
from bot.services.workspace.actor import Actor
from bot.store.incidents.incidents import Incident
from bot.store.incidents.visibility import Visibility

__all__ = [
    "LANGUAGE",
    "SELF_WORDS",
    "Caller",
    "Invocation",
    "Reply",
    "ReplyView",
    "Session",
    "reply_beside_line",
    "with_language",
]

SELF_WORDS = frozenset({"me", "myself", "@me"})
"""Words for the caller, where a person can be named."""
LANGUAGE = Option("lang", Value.LANGUAGE, about="the language of the text")


class ReplyView(StrEnum):
    """The view beside a reply's text."""

    NOTHING = "nothing"
    CARD = "card"
    TIMELINE = "timeline"
    CATCHUP = "catchup"
    OVERVIEW = "whole"
    LIST = "list"
    FOUND = "found"
    MERGE = "merge"
    ARCHIVED = "archived"
    ON_CALL = "on call"
    PAGES = "pages"
    PAGE_AGAIN = "page again"
    NOTE_TIME = "note time"
    BLOCK_FORM = "block form"


@dataclass(frozen=True, slots=True)
class Caller:
    """
    The caller and the incident: the channel's, or the named one.

    `here` is the channel's incident, None elsewhere; `sight` the incidents that exist for the caller there.
    `response_url` takes further private replies for half an hour; empty if there is none.
    """

    actor: Actor
    settings: Settings
    incident: Incident | None
    here: Incident | None
    visibility: Visibility
    response_url: str = ""

    @property
    def reads_channel(self) -> bool:
        """True if the caller is in the incident's channel, and lines can be posted there."""
        is_here = self.here is not None and self.incident is not None and self.here.key == self.incident.key
        return is_here and self.about.channel_id is not None and self.about.archived_at is None

    @property
    def as_mention(self) -> Mention:
        return Mention(self.actor.user_id or "")

    @property
    def about(self) -> Incident:
        """
        The incident of a command that needs one.

        Raises UserError outside, with what to type instead.
        """
        if self.incident is None:
            raise UserError("Type this in an incident's channel, or name the incident first: `/incident note INC-7 …`.")
        return self.incident

    @property
    def typed_before(self) -> str:
        """The number before a command about this incident, `INC-3 `; empty in its own channel."""
        return "" if self.incident is None or self.incident is self.here else f"{self.incident.reference} "


@dataclass(frozen=True, slots=True)
class Reply:
    """
    The answer to the caller; only they see it.

    `text` is markup with mentions as `<@U…>`; other people's words are escaped on sending. It is empty where a line in
    the channel says it. `shows` adds a view of the incident.
    """

    text: str
    shows: ReplyView = ReplyView.NOTHING
    incident_id: int | None = None
    values: dict[str, Any] = field(default_factory=dict)


def with_language(actor: Actor, typed: Invocation) -> Actor:
    """The actor, with the language of the text if `lang:` names it."""
    language = typed.options.get(LANGUAGE.name)
    return replace(actor, language=language) if isinstance(language, str) else actor


def reply_beside_line(caller: Caller, text: str, more: str = "") -> Reply:
    """The answer to a command that posts a line: only `more` where the caller reads the line."""
    return Reply((more if caller.reads_channel else f"{text} {more}").strip())
