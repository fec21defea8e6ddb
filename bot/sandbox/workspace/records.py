"""
The things a workspace is made of, as plain records, and the refusals Slack answers with.

Times are Unix seconds; message times (`ts`) are Slack's strings, `seconds.micros`, which sort as text.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

EVERYONE = "USLACKBOT"


class SlackError(Exception):
    """
    A refusal by Slack's own name, such as `channel_not_found`.

    `messages` are the explanations that Slack puts into `response_metadata.messages`; `extra` are further keys of the
    answer (`needed`, `provided`, `errors`).
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
    """The one app that is installed: the bot under trial."""

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
    """A topic or a purpose: who said it last, and when (0: never)."""

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
    """Who pinned it and when: `{"by", "at"}`."""
    username: str | None = None
    icons: Json | None = None
    client_msg_id: str | None = None
    ephemeral_to: str | None = None
    extra: Json = field(default_factory=dict)
    """What only some subtypes have: `topic`, `purpose`, `inviter`, `name`, `old_name`."""


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
    """0 until it was edited first."""
    updated_by: str = ""
    entity_id: str | None = None
    parent_id: str | None = None


@dataclass
class Canvas:
    """A document. `sections`: its id and its Markdown, one each, in order."""

    id: str
    title: str
    creator: str
    created: int
    sections: list[tuple[str, str]] = field(default_factory=list)
    channel: str | None = None
    """Where it is a tab; None: it stands alone."""
    is_channel_canvas: bool = False
    """The one canvas that a channel has of its own."""
    updated: int = 0
    editors: list[str] = field(default_factory=list)
    levels: dict[str, str] = field(default_factory=dict)
    """Who may `read`, `write` or `owner` it: by the id of a person or of a channel."""


@dataclass
class Plan:
    """What the workspace's plan includes. Without `standalone_canvases` a canvas has to be a channel's tab."""

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
    """Milliseconds, as Slack has it."""
    bookmarks: list[Bookmark] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    threads: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_direct(self) -> bool:
        return self.is_im or self.is_mpim

    @property
    def type(self) -> str:
        """The word that events use."""
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
    """None until the bytes were uploaded."""
    is_complete: bool = False
    is_processed: bool = True
    """Whether Slack knows by now what kind of file it is; before that it cannot be shown as a picture."""
    shares: list[Json] = field(default_factory=list)
    """Where it was posted: `{"channel", "ts", "thread_ts"}`."""


@dataclass
class View:
    id: str
    user: str
    type: str
    payload: Json
    """The view as the app gave it."""
    hash: str
    root_id: str
    previous_id: str | None = None
    state: Json = field(default_factory=dict)
    """What was typed and chosen: block id to action id to value."""
    errors: dict[str, str] = field(default_factory=dict)


@dataclass
class Trigger:
    """A short-lived right to open a modal. `issued` is real, monotonic time."""

    id: str
    user: str
    issued: float
    view_id: str | None = None
    is_used: bool = False


@dataclass
class ResponseUrl:
    """A right to answer without being a member. `issued` is workspace time."""

    id: str
    channel: str
    user: str
    issued: float
    uses: int = 0
    message_ts: str | None = None
    """The message with the button that was pressed: what `replace_original` replaces."""
    is_ephemeral: bool = False


@dataclass
class Event:
    """What the app would be told: the inner event, and whether the app may know of it."""

    body: Json
    is_for_app: bool
    channel: str | None = None
