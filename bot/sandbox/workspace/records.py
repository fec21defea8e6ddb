"""
Records of a workspace, and Slack's errors.

Times are Unix seconds; message times (`ts`) are Slack's strings, `seconds.micros`, which sort as text.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

EVERYONE = "USLACKBOT"


class SlackError(Exception):
    """
    An error by Slack's name, such as `channel_not_found`.

    `messages` go into `response_metadata.messages`; `extra` are further keys of the answer (`needed`, `errors`).
    """

    def __init__(self, error: str, messages: list[str] | None = None, **extra: Any) -> None:
        self.error = error
        self.messages = messages or []
        self.extra = extra
        super().__init__(": ".join([error, *self.messages]))

    def as_answer(self) -> Json:
        answer: Json = {"ok": False, "error": self.error, **self.extra}
        if self.messages:
            answer["response_metadata"] = {"messages": self.messages}
        return answer


@dataclass
class Team:
    id: str
    name: str
    domain: str


@dataclass
class App:
    """The installed app, which is under test."""

    id: str
    name: str
    bot_id: str
    bot_user_id: str


@dataclass
class User:
    id: str
    name: str
    """The handle, without `@`."""
    real_name: str
    tz: str = "Etc/UTC"
    email: str | None = None
    team_id: str = ""
    """Home workspace; empty for the sandbox's own."""
    enterprise_id: str = ""
    """Organisation of another workspace; people of the sandbox's own belong to the one that installed the app."""
    deleted: bool = False
    is_bot: bool = False
    is_admin: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    bot_id: str | None = None
    updated: int = 0

    @property
    def is_guest(self) -> bool:
        return self.is_restricted or self.is_ultra_restricted


@dataclass
class Usergroup:
    id: str
    handle: str
    name: str
    users: list[str]
    created: int = 0
    is_disabled: bool = False


@dataclass
class Note:
    """A topic or purpose, with its last author and time (0: never)."""

    value: str = ""
    creator: str = ""
    last_set: int = 0

    def as_json(self) -> Json:
        return asdict(self)


@dataclass
class Message:
    ts: str
    user: str
    text: str = ""
    subtype: str | None = None
    bot_id: str | None = None
    thread_ts: str | None = None
    """The parent's ts, in replies only."""
    is_broadcast: bool = False
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    reactions: dict[str, list[str]] = field(default_factory=dict)
    metadata: Json | None = None
    edited: Json | None = None
    pinned: Json | None = None
    """`by` and `at` of the pin."""
    username: str | None = None
    icons: Json | None = None
    client_msg_id: str | None = None
    ephemeral_to: str | None = None
    extra: Json = field(default_factory=dict)
    """Keys of some subtypes: `topic`, `purpose`, `inviter`, `name`, `old_name`."""


@dataclass
class Bookmark:
    """A link in the bar under a channel's name."""

    id: str
    title: str
    link: str
    creator: str
    created: int
    type: str = "link"
    emoji: str = ""
    updated: int = 0
    """0: never edited."""
    updated_by: str = ""
    entity_id: str | None = None
    parent_id: str | None = None


@dataclass
class Canvas:
    """A document. `sections`: id and Markdown of each, in order."""

    id: str
    title: str
    creator: str
    created: int
    sections: list[tuple[str, str]] = field(default_factory=list)
    channel: str | None = None
    """The channel whose tab it is; None: no tab."""
    is_channel_canvas: bool = False
    """It is the channel canvas."""
    updated: int = 0
    editors: list[str] = field(default_factory=list)
    last_editor: str = ""
    levels: dict[str, str] = field(default_factory=dict)
    """`read`, `write` or `owner`, by the id of a person or channel."""


@dataclass
class Plan:
    """Features of the workspace's plan. Without `standalone_canvases` each is a channel's tab."""

    canvases: bool = True
    standalone_canvases: bool = True
    channel_canvases: bool = True
    usergroups: bool = True


@dataclass
class Channel:
    id: str
    name: str
    creator: str
    created: int
    is_private: bool = False
    is_general: bool = False
    is_im: bool = False
    is_mpim: bool = False
    is_archived: bool = False
    members: list[str] = field(default_factory=list)
    topic: Note = field(default_factory=Note)
    purpose: Note = field(default_factory=Note)
    previous_names: list[str] = field(default_factory=list)
    updated: int = 0
    """Milliseconds, unlike other times."""
    bookmarks: list[Bookmark] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    threads: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_direct(self) -> bool:
        return self.is_im or self.is_mpim

    @property
    def type(self) -> str:
        """The kind of channel as in events."""
        if self.is_im:
            return "im"
        if self.is_mpim:
            return "mpim"
        return "group" if self.is_private else "channel"


@dataclass
class File:
    id: str
    name: str
    size: int
    user: str
    created: int
    title: str = ""
    alt_txt: str = ""
    content: bytes | None = None
    """None: not yet uploaded."""
    is_complete: bool = False
    is_processed: bool = True
    """Slack has determined the file's type; before that it cannot be displayed."""
    shares: list[Json] = field(default_factory=list)
    """Its messages: `{"channel", "ts", "thread_ts"}`."""


@dataclass
class View:
    id: str
    user: str
    type: str
    payload: Json
    """The app's view."""
    hash: str
    root_id: str
    previous_id: str | None = None
    state: Json = field(default_factory=dict)
    """Values by block id and action id."""
    errors: dict[str, str] = field(default_factory=dict)


@dataclass
class Trigger:
    """The right to open a modal, for seconds. `issued` is real, monotonic time."""

    id: str
    user: str
    issued: float
    view_id: str | None = None
    is_used: bool = False


@dataclass
class ResponseUrl:
    """The right to answer without membership. `issued` is workspace time."""

    id: str
    channel: str
    user: str
    issued: float
    uses: int = 0
    message_ts: str | None = None
    """The message of the pressed button, for `replace_original`."""
    is_ephemeral: bool = False


@dataclass
class Event:
    """An inner event, and whether the app may know of it."""

    body: Json
    is_for_app: bool
    channel: str | None = None
