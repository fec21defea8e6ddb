"""
The workspace: its content, its ids and times, and its listeners.

Pure: no I/O, and the time is an argument. The rules are functions in the modules `channels`, `messages`, `files` and
`views`.
"""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from bot.sandbox.workspace.records import (
    App,
    Canvas,
    Channel,
    Event,
    File,
    Json,
    Message,
    Plan,
    ResponseUrl,
    SlackError,
    Team,
    Trigger,
    User,
    Usergroup,
    View,
)

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
EARLIEST = 1_000_000_000
"""Message times before 2001 have fewer digits and would not sort as text."""


class Workspace:
    """
    All content of one workspace.

    `site_url` (without a trailing slash) is the base of permalinks and file addresses. `emit` notifies the `listeners`
    of an event, `mark_changed` the `watchers` of a changed channel or view.
    """

    def __init__(self, team: Team, app: App) -> None:
        self.team = team
        self.app = app
        self.site_url = f"https://{team.domain}.example"
        self.users: dict[str, User] = {}
        self.usergroups: dict[str, Usergroup] = {}
        self.channels: dict[str, Channel] = {}
        self.names: dict[str, str] = {}
        self.directs: dict[str, str] = {}
        self.files: dict[str, File] = {}
        self.canvases: dict[str, Canvas] = {}
        self.plan = Plan()
        self.organisation: str | None = None
        """The Enterprise organisation that installed the app; None: the workspace did."""
        self.approved: list[str] = []
        """The organisation's workspaces with the app."""
        self.views: dict[str, View] = {}
        self.stacks: dict[str, list[str]] = {}
        self.homes: dict[str, str] = {}
        self.ephemerals: list[tuple[str, Message]] = []
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.offered: dict[tuple[str, str, str], list[Json]] = {}
        """Options last offered by external selects, by person, block id and action id."""
        self.counter = 0
        self.last_micros = 0
        self.edit_window: float | None = None
        """Seconds during which a message may be edited; None: always."""
        self.listeners: list[Callable[[Event], None]] = []
        self.watchers: list[Callable[[str, str], None]] = []

    # --- ids and times

    def new_id(self, prefix: str) -> str:
        """Return the next id; equal sequences of actions give equal ids."""
        self.counter += 1
        number, text = self.counter, ""
        while number:
            number, digit = divmod(number, 36)
            text = DIGITS[digit] + text
        return f"{prefix}0B{text.rjust(7, '0')}"

    @staticmethod
    def new_secret(length: int = 12) -> str:
        return secrets.token_hex(length)

    def new_ts(self, now: datetime) -> str:
        """Return a unique message time at or after `now`."""
        self.last_micros = max(self.last_micros + 1, to_micros(now))
        return format_ts(self.last_micros)

    def ts_at(self, channel: Channel, at: datetime | str) -> str:
        """Return the message time for `at`, or the next free one in the channel."""
        wanted = int(at.replace(".", "").ljust(16, "0")) if isinstance(at, str) else to_micros(at)
        if wanted < EARLIEST * 1_000_000:
            raise SlackError("bad_timestamp", ["a message cannot be older than 2001"])
        while format_ts(wanted) in channel.messages:
            wanted += 1
        self.last_micros = max(self.last_micros, wanted)
        return format_ts(wanted)

    # --- finding

    def user(self, name: str) -> User:
        """Return a user by id or handle, with or without `@`."""
        found = self.users.get(name) or self.user_by_handle(name.removeprefix("@"))
        if found is None:
            raise SlackError("user_not_found", [f"there is no person {name!r}"])
        return found

    def user_by_handle(self, handle: str) -> User | None:
        return next((user for user in self.users.values() if user.name == handle), None)

    def usergroup_by_handle(self, handle: str) -> Usergroup | None:
        return next((group for group in self.usergroups.values() if group.handle == handle), None)

    def channel(self, name: str) -> Channel:
        """Return a channel by id or name, with or without `#`."""
        found = self.channels.get(name) or self.channels.get(self.names.get(name.removeprefix("#"), ""))
        if found is None:
            raise SlackError("channel_not_found", [f"there is no channel {name!r}"])
        return found

    def is_member(self, channel: Channel, user_id: str) -> bool:
        return user_id in channel.members

    def can_see(self, channel: Channel, user_id: str) -> bool:
        """Return whether the channel exists for this person."""
        if user_id in channel.members:
            return True
        if channel.is_private or channel.is_direct:
            return False
        user = self.users.get(user_id)
        return user is not None and not user.is_guest

    @property
    def bot(self) -> User:
        return self.users[self.app.bot_user_id]

    # --- telling

    def emit(self, body: Json, channel: Channel | None = None, *, for_app: bool | None = None) -> None:
        """Emit an event of a channel or of the workspace (None), for the app if it may know."""
        if for_app is None:
            for_app = channel is None or self.app.bot_user_id in channel.members
        event = Event(body, for_app, channel.id if channel else None)
        for listener in self.listeners:
            listener(event)
        if channel is not None:
            self.mark_changed("channel", channel.id)

    def mark_changed(self, kind: str, which: str) -> None:
        for watcher in self.watchers:
            watcher(kind, which)

    def permalink(self, channel: Channel, message: Message) -> str:
        link = f"{self.site_url}/archives/{channel.id}/p{message.ts.replace('.', '')}"
        if message.thread_ts:
            link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
        return link


def to_micros(at: datetime) -> int:
    """Return microseconds since 1970. Raises ValueError for a naive time."""
    if at.tzinfo is None:
        raise ValueError("the time must have a time zone")
    delta = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def to_seconds(at: datetime) -> int:
    return to_micros(at) // 1_000_000


def format_ts(value: int) -> str:
    return f"{value // 1_000_000}.{value % 1_000_000:06d}"
