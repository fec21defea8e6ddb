"""What each command is handed, and what it answers."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlmodel import Session

from bot.command.table import Invocation
from bot.config import Settings
from bot.domain.errors import UserError
from bot.services.workspace.actor import Actor
from bot.store.incidents.incidents import Incident
from bot.store.incidents.visibility import Sight

__all__ = ["Asked", "Caller", "Invocation", "Reply", "Session"]


class Asked(StrEnum):
    """What a command's answer shows beside its words."""

    NOTHING = "nothing"
    CARD = "card"
    TIMELINE = "timeline"
    CATCHUP = "catchup"
    WHOLE = "whole"
    LIST = "list"
    FOUND = "found"
    MERGE = "merge"
    ARCHIVED = "archived"
    ON_CALL = "on call"
    PAGES = "pages"


@dataclass(frozen=True, slots=True)
class Caller:
    """
    Who typed, and the incident it is about: the channel's, or the one named. `here` is the channel's, None elsewhere;
    `sight` which incidents exist for them there. `response_url` is where more can be told to them alone for half an
    hour; empty where there is no such place.
    """

    actor: Actor
    settings: Settings
    incident: Incident | None
    here: Incident | None
    sight: Sight
    response_url: str = ""

    @property
    def about(self) -> Incident:
        """
        The incident of a command that needs one.

        Raises UserError outside, with what to type instead.
        """
        if self.incident is None:
            raise UserError("Type this in an incident's channel, or name the incident first: `/incident note INC-7 …`.")
        return self.incident


@dataclass(frozen=True, slots=True)
class Reply:
    """
    The answer to the one who typed; only they see it.

    `text` is markup with mentions as `<@U…>`; words of others in it are escaped where the reply is sent. `shows` asks
    for a view of the incident beside the words.
    """

    text: str
    shows: Asked = Asked.NOTHING
    incident_id: int | None = None
    values: dict[str, Any] = field(default_factory=dict)
