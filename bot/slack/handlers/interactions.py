"""Interaction payloads: a clicked button, a submitted form, a used shortcut."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any, TypeVar

from bot.domain.errors import InvalidField, UserError
from bot.lazy_dataclass import dataclass
from bot.services.channel.messages import SlackMessage
from bot.slack.api.payloads import (
    BotIdentity,
    find_id,
    find_ts,
    is_row_id,
    parse_message,
    parse_private_metadata,
    parse_team_id,
    read_id,
    read_ts,
)
from bot.slack.blocks import menu, modals
from bot.slack.blocks.inputs import initial_values, input_value

OLD_BUTTON = "This button is from another version of Dogwatch. Use `/incident` instead."
OLD_FORM = "This window is from another version of Dogwatch. Close it and open it again."

DIRECT = "D"
"""The first letter of the ids of direct messages."""

E = TypeVar("E", bound=StrEnum)


def read_choice(field: str, value: str, kind: type[E]) -> E:
    """Return a value of a menu. Raises InvalidField for one that the menu does not have."""
    try:
        return kind(value)
    except ValueError:
        raise InvalidField(field, "Choose one of the values in the menu.") from None


@dataclass(frozen=True, slots=True)
class ButtonClick:
    """A clicked button, or a chosen option of a select or an overflow menu."""

    team_id: str
    user_id: str
    home_team_id: str | None
    action_id: str
    value: str
    trigger_id: str
    channel_id: str = ""
    response_url: str = ""
    """Of the message with the button, or in the metadata of the modal with the button; else empty."""
    channel_name: str = ""
    view_id: str = ""
    """The modal or App Home with the button; empty for a button in a message."""
    origin_channel_id: str = ""
    """The channel of the message with the button, also for a button in a modal that was opened from it."""
    is_in_home: bool = False
    hidden: frozenset[int] = frozenset()
    """Ids of incidents of the page with the button whose words the person may not see."""

    @classmethod
    def from_payload(cls, body: Mapping[str, Any]) -> "ButtonClick":
        """Source: docs.slack.dev/reference/interaction-payloads/block_actions-payload."""
        action, user, view = body["actions"][0], body["user"], body.get("view") or {}
        return cls(
            team_id=parse_team_id(body),
            user_id=find_id(user, "id") or "",
            home_team_id=find_id(user, "team_id"),
            action_id=str(action["action_id"]),
            value=str(action.get("value") or (action.get("selected_option") or {}).get("value") or ""),
            trigger_id=str(body.get("trigger_id") or ""),
            channel_id=str((body.get("channel") or {}).get("id") or ""),
            response_url=str(body.get("response_url") or parse_private_metadata(view).get(menu.URL) or ""),
            channel_name=str((body.get("channel") or {}).get("name") or ""),
            view_id=str(view.get("id") or ""),
            origin_channel_id=str(
                (body.get("channel") or {}).get("id") or parse_private_metadata(view).get(menu.CHANNEL) or ""
            ),
            is_in_home=view.get("type") == "home",
        )

    @property
    def is_direct(self) -> bool:
        """True for a button in a direct message."""
        return self.channel_id.startswith(DIRECT)

    @property
    def row_id(self) -> int:
        """The value as a row's id. Raises UserError for a button of another version."""
        if not is_row_id(self.value):
            raise UserError(OLD_BUTTON)
        return int(self.value)


@dataclass(frozen=True, slots=True)
class ViewSubmission:
    """A submitted modal. `values`: its fields by name; `metadata`: its `private_metadata`."""

    team_id: str
    user_id: str
    home_team_id: str | None
    callback_id: str
    metadata: Mapping[str, Any]
    values: Mapping[str, str]
    key: str
    """Identifies this submission; a redelivery has the same key."""
    initial: Mapping[str, str] = field(default_factory=dict)
    """The fields' values when the modal was opened."""
    view_id: str = ""
    """The modal; all submissions of one modal count as one. Empty if the payload has none."""
    digest: str = ""
    """A digest of the values, to detect a repeated submission."""
    chosen_people: tuple[str, ...] = ()
    """Ids chosen in the form's pickers of people."""

    @classmethod
    def from_payload(cls, body: Mapping[str, Any]) -> "ViewSubmission":
        """Source: docs.slack.dev/reference/interaction-payloads/view-interactions-payload."""
        view, user = body["view"], body["user"]
        blocks = (view.get("state") or {}).get("values", {}).values()
        elements = {name: element for block in blocks for name, element in block.items()}
        values = {name: input_value(element) for name, element in elements.items()}
        people = (element.get("selected_user") for element in elements.values())
        digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
        return cls(
            team_id=parse_team_id(body),
            user_id=find_id(user, "id") or "",
            home_team_id=find_id(user, "team_id"),
            callback_id=str(view.get("callback_id") or ""),
            metadata=parse_private_metadata(view),
            values=values,
            key=str(body.get("trigger_id") or f"{view.get('id')}:{digest}"),
            initial=initial_values(view.get("blocks") or []),
            view_id=str(view.get("id") or ""),
            digest=digest,
            chosen_people=tuple(str(each) for each in people if each),
        )

    @property
    def incident_id(self) -> int:
        """Raises UserError for a modal of another version, which has none."""
        return self.metadata_id(modals.INCIDENT)

    def metadata_id(self, name: str) -> int:
        """Return an id in the metadata. Raises UserError for a modal of another version."""
        found = self.metadata.get(name)
        if not isinstance(found, int):
            raise UserError(OLD_FORM)
        return found

    @property
    def channel_id(self) -> str:
        """The channel of the message from which the modal was opened; empty if it is not known."""
        return str(self.metadata.get(menu.CHANNEL) or "")

    @property
    def message(self) -> SlackMessage:
        """
        The message on which the shortcut was used that opened the modal.

        Raises UserError for a modal of another version, which names none.
        """
        metadata = self.metadata
        try:
            return SlackMessage(
                channel_id=read_id(metadata, "channel"),
                ts=read_ts(metadata, "ts"),
                text=str(metadata.get("text") or ""),
                author=find_id(metadata, "author"),
                author_name=find_id(metadata, "author_name"),
                thread_ts=find_ts(metadata, "thread_ts"),
            )
        except (KeyError, ValueError):
            raise UserError(OLD_FORM) from None

    def text(self, name: str = modals.TEXT) -> str:
        return self.values.get(name, "").strip()

    def choice(self, name: str, kind: type[E]) -> E:
        """Return the chosen value. Raises InvalidField for one that the menu does not have."""
        return read_choice(name, self.text(name), kind)


@dataclass(frozen=True, slots=True)
class ShortcutUse:
    """A used shortcut. `message`: the message of a message shortcut, None for a global one."""

    team_id: str
    user_id: str
    home_team_id: str | None
    trigger_id: str
    channel_id: str
    message: SlackMessage | None
    response_url: str = ""

    @classmethod
    def from_payload(cls, body: Mapping[str, Any], *, is_on_message: bool) -> "ShortcutUse":
        """Source: docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload."""
        user, channel_id = body["user"], str((body.get("channel") or {}).get("id") or "")
        return cls(
            team_id=parse_team_id(body),
            user_id=find_id(user, "id") or "",
            home_team_id=find_id(user, "team_id"),
            trigger_id=str(body.get("trigger_id") or ""),
            channel_id=channel_id,
            message=parse_message(body["message"], channel_id, BotIdentity("", "")) if is_on_message else None,
            response_url=str(body.get("response_url") or ""),
        )

    @property
    def text(self) -> str:
        return self.message.text if self.message else ""

    @property
    def metadata(self) -> dict[str, object]:
        """The message, as metadata of the modal for `ViewSubmission.message`."""
        if self.message is None:
            return {}
        return {
            "channel": self.channel_id,
            "ts": self.message.ts,
            "thread_ts": self.message.thread_ts,
            "author": self.message.author,
            "author_name": self.message.author_name,
            "text": self.message.text,
        }
