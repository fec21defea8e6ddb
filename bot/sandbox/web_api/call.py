"""One call of a Web API method: caller, arguments and helpers."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from bot.sandbox.workspace.records import Channel, Json, SlackError
from bot.sandbox.workspace.workspace import Workspace

T = TypeVar("T")


@dataclass
class Grant:
    """The rights of a token. `kind`: `bot`, `app` or `user`. `scopes` None: all."""

    kind: str
    user: str
    scopes: tuple[str, ...] | None = None

    def has(self, scope: str) -> bool:
        return self.scopes is None or scope in self.scopes


@dataclass
class Deferred:
    """An effect shortly after the answer."""

    act: Callable[[], object]


@dataclass
class Call:
    workspace: Workspace
    grant: Grant
    args: Json
    now: datetime
    real_now: float
    base_url: str
    later: list[Deferred] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    new_ticket: Callable[[], str] = str

    @property
    def actor(self) -> str:
        return self.grant.user

    def text(self, name: str) -> str:
        value = self.args.get(name)
        return "" if value is None else str(value)

    def flag(self, name: str) -> bool:
        return str(self.args.get(name, "")).lower() in ("1", "true")

    def channel(self, name: str = "channel") -> Channel:
        """Return a channel that the caller can see, by id, or a public one by name."""
        wanted = self.text(name)
        if wanted.startswith(("C", "D", "G")) and wanted in self.workspace.channels:
            found = self.workspace.channels[wanted]
        else:
            found = self.workspace.channels.get(self.workspace.names.get(wanted.removeprefix("#"), ""))  # type: ignore[assignment]
        if found is None or not self.workspace.can_see(found, self.actor):
            raise SlackError("channel_not_found")
        return found

    def page(self, items: Sequence[T], *, default: int, most: int = 1000) -> tuple[list[T], Json]:
        """Return the page of `cursor` and `limit`, and its `response_metadata`."""
        size = self.limit(default, most)
        start = read_cursor(self.text("cursor"))
        end = start + size
        cursor = write_cursor(end) if end < len(items) else ""
        return list(items[start:end]), {"next_cursor": cursor}

    def limit(self, default: int, most: int) -> int:
        raw = self.args.get("limit")
        if raw in (None, "", 0, "0"):
            return default
        try:
            size = int(str(raw))
        except ValueError:
            raise SlackError("invalid_limit") from None
        if not 1 <= size <= most:
            raise SlackError("invalid_limit")
        return size


def read_cursor(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix("next:"))
    except (binascii.Error, ValueError, UnicodeDecodeError):
        raise SlackError("invalid_cursor") from None


def write_cursor(start: int) -> str:
    return base64.b64encode(f"next:{start}".encode()).decode()


Handler = Callable[[Call], Json]


def ok(**keys: Any) -> Json:
    return {"ok": True, **keys}
