"""Payloads of outbox rows: one class for each shape, and the class of each kind."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from bot.domain.text.payload import Payload
from bot.domain.timeline.kept_files import EntryPayload
from bot.lazy_dataclass import dataclass
from bot.services.outbox.kinds import OutboxKind
from bot.store.outbox import OutboxRow


@dataclass(frozen=True, slots=True)
class NoPayload(Payload):
    """The row's kind and incident say everything."""


@dataclass(frozen=True, slots=True)
class ViewPayload(Payload):
    """A message that is rendered from present state. `posts`: it is posted, not edited."""

    posts: bool = False
    entry_id: int | None = None
    """The entry of the resolve that it tells of."""


@dataclass(frozen=True, slots=True)
class EscalationViewPayload(Payload):
    escalation_id: int
    posts: bool = False


@dataclass(frozen=True, slots=True)
class VendorNoticePayload(Payload):
    """`is_for_all`: it is in the incidents channel."""

    notice_id: int
    is_for_all: bool = False
    posts: bool = False


@dataclass(frozen=True, slots=True)
class VendorReplyPayload(Payload):
    """
    One piece of news for the thread of a notice.

    `news` is its kind, `at` the vendor's time of it, `written_at` when it was written, if that was later. `was` and
    `became`: titles, or levels. `page`: the address of the whole text, if `text` is cut.
    """

    notice_id: int
    news: str
    state: str = ""
    text: str = ""
    page: str = ""
    title: str = ""
    was: str = ""
    became: str = ""
    at: datetime | None = None
    written_at: datetime | None = None
    is_for_all: bool = False


@dataclass(frozen=True, slots=True)
class ReminderPayload(Payload):
    """`user_id`: the one person it goes to instead of the channel."""

    reminder_id: int
    user_id: str | None = None
    posts: bool = False


@dataclass(frozen=True, slots=True)
class InvitePayload(Payload):
    """`from_channel`: a channel whose members at sending time are invited too."""

    users: tuple[str, ...] = ()
    usergroups: tuple[str, ...] = ()
    from_channel: str | None = None


@dataclass(frozen=True, slots=True)
class EventPayload(Payload):
    """
    A line that is worded from `event` and `values` when it is sent.

    `entry_id`: the entry whose permalink it becomes. `user_id`: its one reader. `is_for_all`: in the incidents channel.
    """

    event: str
    values: Mapping[str, Any] = field(default_factory=dict)
    entry_id: int | None = None
    user_id: str | None = None
    is_for_all: bool = False


@dataclass(frozen=True, slots=True)
class PagePayload(Payload):
    user_id: str
    page_id: int
    escalation_id: int


@dataclass(frozen=True, slots=True)
class ConfirmActivePayload(Payload):
    user_id: str
    escalation_id: int


@dataclass(frozen=True, slots=True)
class ContactMethodPagePayload(Payload):
    """`page_ids`, or all pages of `bundle_key`. `user_id`: empty for a paging service."""

    method: str
    user_id: str
    page_ids: tuple[int, ...] = ()
    bundle_key: str | None = None


@dataclass(frozen=True, slots=True)
class ExternalPagePayload(Payload):
    """`ref`: the alarm's reference at the paging service."""

    method: str
    user_id: str
    ref: str


@dataclass(frozen=True, slots=True)
class ContactMethodTestPayload(Payload):
    method: str
    user_id: str
    test_id: int


@dataclass(frozen=True, slots=True)
class PageBundlePayload(Payload):
    user_id: str
    bundle_key: str


@dataclass(frozen=True, slots=True)
class PageTestPayload(Payload):
    user_id: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class DraftPayload(Payload):
    """
    A draft in the channel, or for `user_id` alone.

    `template` and `languages`: None for the incident's own. `went`: text was redacted, so earlier drafts are deleted.
    `waits`: the canvas is written after it. `with_transcript`: the channel's messages follow as an appendix.
    """

    template: str | None = None
    languages: tuple[str, ...] | None = None
    asked_by: str | None = None
    user_id: str | None = None
    went: bool = False
    with_transcript: bool = False


@dataclass(frozen=True, slots=True)
class PublicPreviewPayload(Payload):
    """The public postmortem. `languages` None: those that it is published in."""

    languages: tuple[str, ...] | None = None
    asked_by: str | None = None
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class CanvasPayload(Payload):
    """`went`: text was redacted. `looks`: it is only looked at for what people wrote."""

    template: str | None = None
    languages: tuple[str, ...] | None = None
    went: bool = False
    looks: bool = False


@dataclass(frozen=True, slots=True)
class RoleBriefingPayload(Payload):
    user_id: str
    role_id: int


@dataclass(frozen=True, slots=True)
class ReviewRequestPayload(Payload):
    """`user_id`: a person, or a user group whose members at sending time are asked."""

    review_id: int
    user_id: str


@dataclass(frozen=True, slots=True)
class CommentThreadPayload(Payload):
    thread_id: int


@dataclass(frozen=True, slots=True)
class CommentPayload(Payload):
    """A comment on a block of the postmortem. `posts`: it is posted, not edited."""

    comment_id: int
    posts: bool = False


@dataclass(frozen=True, slots=True)
class ApprovalRequestPayload(Payload):
    """`user_id` None: it goes to the incident's channel."""

    request_id: int
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class MessagePayload(Payload):
    """A message in Slack."""

    channel_id: str
    message_ts: str


@dataclass(frozen=True, slots=True)
class BlankMessagePayload(Payload):
    """`page_of`, `reader`, `is_left_behind`: see `blank_message`."""

    channel_id: str
    message_ts: str
    page_of: int | None = None
    reader: str | None = None
    is_left_behind: bool = False


@dataclass(frozen=True, slots=True)
class FilePayload(Payload):
    file_id: str


@dataclass(frozen=True, slots=True)
class UserPayload(Payload):
    user_id: str


@dataclass(frozen=True, slots=True)
class MissingPermissionsPayload(Payload):
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OverrideChangePayload(Payload):
    user_id: str
    override_id: int
    by: str | None = None
    is_withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class ShiftHandoverPayload(Payload):
    """Users who left, came and stay on call. It goes to `user_id` or to `channel` (name or id)."""

    schedule: str
    since: datetime
    left: tuple[str, ...] = ()
    came: tuple[str, ...] = ()
    stay: tuple[str, ...] = ()
    is_late: bool = False
    user_id: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class ScheduleImagePayload(Payload):
    user_id: str
    schedule: str
    response_url: str


@dataclass(frozen=True, slots=True)
class ReconcilePayload(Payload):
    """`whole`: read the whole channel, not only what is cheap."""

    whole: bool = False


@dataclass(frozen=True, slots=True)
class SignUpPayload(Payload):
    """`token`: the encrypted wishes and address of the link. Empty once it is sent."""

    token: str = ""


@dataclass(frozen=True, slots=True)
class PublicationPayload(Payload):
    """
    Something that was published, for subscribers of before `published_at`.

    `notice`: a NoticeKind. `subject` is the id of an update, or of a maintenance. `languages`: those of its texts then;
    `changed`: those that are new. `sequence` of a reminder is the maintenance's: after a change there is another one.
    """

    notice: str
    subject: int
    published_at: datetime
    languages: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    is_maintenance: bool = False
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class SubscriberNoticesPayload(Payload):
    """
    Tell the subscribers of one kind. `publication`: a PublicationPayload.

    `only`: ids of those whose first attempt has to be repeated; empty: everybody.
    """

    kind: str
    publication: Mapping[str, Any]
    only: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ChannelNoticePayload(Payload):
    """Tell a Slack channel (name or id) of a PublicationPayload."""

    channel: str
    publication: Mapping[str, Any]


PAYLOADS: Mapping[OutboxKind, type[Payload]] = MappingProxyType(
    {
        OutboxKind.CREATE_CHANNEL: InvitePayload,
        OutboxKind.INVITE: InvitePayload,
        OutboxKind.PIN_CARD: NoPayload,
        OutboxKind.ARCHIVE_CHANNEL: NoPayload,
        OutboxKind.EVENT: EventPayload,
        OutboxKind.PAGE: PagePayload,
        OutboxKind.CONTACT_METHOD_PAGE: ContactMethodPagePayload,
        OutboxKind.DRAFT: DraftPayload,
        OutboxKind.PUBLIC_PREVIEW: PublicPreviewPayload,
        OutboxKind.EPHEMERAL: EventPayload,
        OutboxKind.ROLE_BRIEFING: RoleBriefingPayload,
        OutboxKind.REVIEW_REQUEST: ReviewRequestPayload,
        OutboxKind.COMMENT_THREAD: CommentThreadPayload,
        OutboxKind.COMMENT: CommentPayload,
        OutboxKind.APPROVAL_REQUEST: ApprovalRequestPayload,
        OutboxKind.CONFIRM_ACTIVE: ConfirmActivePayload,
        OutboxKind.FETCH_MESSAGE: MessagePayload,
        OutboxKind.KEPT_FILES: MessagePayload,
        OutboxKind.ALERT_IMAGES: EntryPayload,
        OutboxKind.USER_LOOKUP: UserPayload,
        OutboxKind.PRIVATE_CHANNELS: NoPayload,
        OutboxKind.BLANK_MESSAGE: BlankMessagePayload,
        OutboxKind.DELETE_FILE: FilePayload,
        OutboxKind.MISSING_PERMISSIONS: MissingPermissionsPayload,
        OutboxKind.DIRECT_MESSAGE: EventPayload,
        OutboxKind.OVERRIDE_CHANGE: OverrideChangePayload,
        OutboxKind.SHIFT_HANDOVER: ShiftHandoverPayload,
        OutboxKind.SCHEDULE_IMAGE: ScheduleImagePayload,
        OutboxKind.PAGE_BUNDLE: PageBundlePayload,
        OutboxKind.PAGE_TEST: PageTestPayload,
        OutboxKind.CONTACT_METHOD_TEST: ContactMethodTestPayload,
        OutboxKind.SIGN_UP_MAIL: SignUpPayload,
        OutboxKind.PUBLICATION: PublicationPayload,
        OutboxKind.SUBSCRIBER_NOTICES: SubscriberNoticesPayload,
        OutboxKind.CHANNEL_NOTICE: ChannelNoticePayload,
        OutboxKind.CARD: ViewPayload,
        OutboxKind.ANNOUNCEMENT: ViewPayload,
        OutboxKind.TOPIC: NoPayload,
        OutboxKind.FOLLOWUPS: ViewPayload,
        OutboxKind.ALERTS: ViewPayload,
        OutboxKind.RESOLUTION: ViewPayload,
        OutboxKind.VENDOR_CASE: EscalationViewPayload,
        OutboxKind.VENDOR_NOTICE: VendorNoticePayload,
        OutboxKind.VENDOR_REPLY: VendorReplyPayload,
        OutboxKind.ESCALATION: EscalationViewPayload,
        OutboxKind.REMINDER: ReminderPayload,
        OutboxKind.HOME: UserPayload,
        OutboxKind.CONFIRM_REACTION: MessagePayload,
        OutboxKind.EXTERNAL_PAGE: ExternalPagePayload,
        OutboxKind.RECONCILE_CHANNEL: ReconcilePayload,
        OutboxKind.BOOKMARKS: NoPayload,
        OutboxKind.CANVAS: CanvasPayload,
        OutboxKind.SIMILAR: ViewPayload,
    }
)


def payload_of(row: OutboxRow) -> Payload:
    """Payload of a row. Raises ValueError for an unknown kind, KeyError for a missing field."""
    return PAYLOADS[OutboxKind(row.kind)].from_json(row.details)
