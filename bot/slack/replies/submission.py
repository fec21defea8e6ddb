"""A form that was sent off, as a typed value."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.domain.errors import UserError
from bot.services.channel.transcript import Said
from bot.slack.api.payloads import carried_in, team_of
from bot.slack.blocks import inputs as forms
from bot.slack.blocks import modals


@dataclass(frozen=True, slots=True)
class Submitted:
    """A modal that was sent off: what stood in its fields, by name, and what it carried for us."""

    team_id: str
    user_id: str
    home_team_id: str | None
    callback_id: str
    carried: Mapping[str, Any]
    values: Mapping[str, str]
    key: str
    """Names this submission: the same one delivered again has the same."""
    shown: Mapping[str, str] = field(default_factory=dict)
    """What stood in the fields when the modal was opened."""
    window: str = ""
    """Names the window: whatever is sent from it, however often, is meant once. Empty if the payload has no id."""
    told: str = ""
    """A digest of the values, to tell whether the same was sent again."""

    @classmethod
    def from_payload(cls, body: Mapping[str, Any]) -> "Submitted":
        """Source: docs.slack.dev/reference/interaction-payloads/view-interactions-payload."""
        view, user = body["view"], body["user"]
        values = {
            name: forms.given(element)
            for block in (view.get("state") or {}).get("values", {}).values()
            for name, element in block.items()
        }
        told = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
        return cls(
            team_id=team_of(body),
            user_id=str(user["id"]),
            home_team_id=user.get("team_id"),
            callback_id=str(view.get("callback_id") or ""),
            carried=carried_in(view),
            values=values,
            key=str(body.get("trigger_id") or f"{view.get('id')}:{told}"),
            shown=forms.shown_in(view.get("blocks") or []),
            window=str(view.get("id") or ""),
            told=told,
        )

    @property
    def incident_id(self) -> int:
        """Raises UserError for a modal that carries none: it is from another version."""
        found = self.carried.get(modals.INCIDENT)
        if not isinstance(found, int):
            raise UserError("This window is from another version of Dogwatch. Close it and open it again.")
        return found

    @property
    def said(self) -> Said:
        """The message that it was opened on."""
        carried = self.carried
        return Said(
            channel_id=str(carried["channel"]),
            ts=str(carried["ts"]),
            text=str(carried.get("text") or ""),
            author=carried.get("author"),
            author_name=carried.get("author_name"),
            thread_ts=carried.get("thread_ts"),
        )

    def text(self, name: str = modals.TEXT) -> str:
        return self.values.get(name, "").strip()


class FieldError(UserError):
    """What is wrong with one field of a modal."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)
