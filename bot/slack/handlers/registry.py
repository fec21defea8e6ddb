"""
The entries of the tables of buttons, forms and shortcuts.

An entry is all there is to add: a request finds it by its id, and passes the same checks of access and repetition.
"""

from collections.abc import Callable, Collection
from dataclasses import KW_ONLY
from typing import Any, Generic, TypeVar

from sqlmodel import Session

from bot.config import Settings
from bot.lazy_dataclass import dataclass
from bot.services.workspace.actor import Actor
from bot.slack.blocks.limits import View
from bot.slack.blocks.message import Message
from bot.slack.blocks.modals import TEXT
from bot.slack.handlers.interactions import ButtonClick, ShortcutUse, ViewSubmission
from bot.slack.replies.render import escape_markup, render_ephemeral
from bot.store.incidents.visibility import visibility_in_channel

Answer = dict[str, Any]
"""The body of a message for a response URL; the answer to a form can be a modal."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class EphemeralMessage:
    """A message for the person who clicked; the message with the button stays."""

    message: Message


ButtonReply = str | Message | EphemeralMessage | Answer | None
"""An ephemeral text, the new content of the message with the button, or None if another message shows the result."""


@dataclass(frozen=True, slots=True)
class About(Generic[T]):
    """
    The subject of a button.

    `read` parses the value; UserError for a button of another version. `incident` finds the id of the incident that has
    to be visible where the button is, 0 for none.
    `pages` finds the ids of the incidents of a page instead. People may answer a page of theirs about an incident that
    is hidden from them: see `ButtonClick.hidden`.
    """

    read: Callable[[ButtonClick], T]
    incident: Callable[[Session, ButtonClick], int] | None = None
    pages: Callable[[Session, ButtonClick], Collection[int]] | None = None


def read_row_id(click: ButtonClick) -> int:
    return click.row_id


INCIDENT = About(read_row_id, incident=lambda _session, click: click.row_id)
"""The value is an incident's id; 0 for a button that is about none."""
ROW = About(read_row_id)
"""The value is the id of a row that belongs to no incident, or nothing."""
CLICK = About(lambda click: click)
"""The value is read by the handler."""


@dataclass(frozen=True, slots=True)
class Button(Generic[T]):
    """A button, select or overflow menu, by its action id. It runs, shows or opens a modal."""

    action_id: str
    _: KW_ONLY
    about: About[T]
    run: Callable[[Session, Settings, Actor, T], ButtonReply] | None = None
    """Acts, in a transaction."""
    show: Callable[[Session, Settings, T], ButtonReply] | None = None
    """Answers, in a read-only transaction."""
    modal: Callable[[Settings, T], View] | None = None
    """Builds the modal to open, without the database."""
    filled_modal: Callable[[Session, Settings, T], View] | None = None
    """Builds the modal from the record; `modal`, if given, replaces it while the database is unavailable."""
    refresh: Callable[[Session, Settings, ButtonClick, bool], Message | None] | None = None
    """Rebuilds the message with the button after `run`; the flag says that it raised UserError. None: as `run` says."""
    carries_url: bool = False
    """The modal carries the response URL: its form, and the buttons in it, answer there."""


@dataclass(frozen=True, slots=True)
class Form:
    """A modal that is submitted, by its callback id."""

    callback_id: str
    run: Callable[[Session, Settings, Actor, ViewSubmission], Answer | None]
    """Acts, in a transaction. Returns a message or a modal for the person, None if the channel shows the result."""
    first_field: str = TEXT
    """The field at which errors of no particular field are shown."""
    refresh: Callable[[Session, Settings, ViewSubmission], ButtonReply] | None = None
    """Rebuilds, after the commit, the message from which the modal was opened."""


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A shortcut, by its callback id. All of them open a modal."""

    callback_id: str
    _: KW_ONLY
    modal: Callable[[Settings, ShortcutUse], View] | None = None
    """Builds the modal without the database."""
    filled_modal: Callable[[Session, Settings, ShortcutUse], View] | None = None
    """Builds the modal from the record; `modal`, if given, replaces it while the database is unavailable."""
    is_on_message: bool = True


def check_visible(session: Session, click: ButtonClick, incident_id: int) -> None:
    """
    Refuse a button of an old message elsewhere about an incident that has become private.

    Raises IncidentNotFound. For modals and App Home see `bot.slack.inbound.modals`. In direct messages no incident that
    is private is visible.
    """
    if incident_id and click.channel_id and not click.view_id:
        seen = visibility_in_channel(session, click.team_id, click.channel_id, viewer=click.user_id)
        seen.get(session, incident_id)


def check_subject(session: Session, about: About[Any], click: ButtonClick) -> None:
    """
    Raise UserError if the button's incident is not visible in its channel.

    In direct messages the person decides, not the channel: see `bot.slack.inbound.modals`.
    """
    if about.incident is not None and not click.is_direct:
        check_visible(session, click, about.incident(session, click))


def render_reply(reply: ButtonReply) -> Answer | None:
    """Return the body for a response URL."""
    match reply:
        case EphemeralMessage():
            return {**render_ephemeral(reply.message), "replace_original": False}
        case Message():
            return {"text": reply.text, "blocks": reply.blocks, "replace_original": True}
        case str():
            return {"text": escape_markup(reply), "response_type": "ephemeral", "replace_original": False}
        case _:
            return reply
