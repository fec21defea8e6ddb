"""Effects: the table from kinds of outbox rows to Slack calls."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from bot.domain.text.payload import Payload
from bot.lazy_dataclass import dataclass
from bot.services.outbox import OutboxKind, kind_of
from bot.services.outbox.payloads import EventPayload, VendorNoticePayload, VendorReplyPayload, payload_of
from bot.slack.api.rate_limits import POST_MESSAGE, PUBLISH_HOME, call_rates
from bot.slack.delivery.effects.channel.backfill import find_private_channels, read_channel_history
from bot.slack.delivery.effects.channel.bookmarks import update_bookmarks
from bot.slack.delivery.effects.channel.canvases import update_canvas
from bot.slack.delivery.effects.channel.channels import (
    INVITE,
    PIN,
    archive_channel,
    create_channel,
    invite_people,
    load_invite,
    load_pin,
    load_topic,
    pin_card,
    set_topic,
)
from bot.slack.delivery.effects.channel.comments import begin_comment_thread, show_comment
from bot.slack.delivery.effects.channel.files import delete_file, upload_draft
from bot.slack.delivery.effects.channel.kept_files import sync_kept_files
from bot.slack.delivery.effects.channel.public_preview import upload_public_preview
from bot.slack.delivery.effects.channel.reactions import (
    fetch_message,
    load_is_on_timeline,
    look_up_person,
    update_confirmation,
)
from bot.slack.delivery.effects.channel.status_notices import post_channel_notice
from bot.slack.delivery.effects.context import EffectContext, Load, load_incident
from bot.slack.delivery.effects.escalations import (
    ask_if_active,
    load_escalation,
    load_page,
    send_page,
    show_case_question,
    show_escalation,
)
from bot.slack.delivery.effects.incident_views import (
    load_alerts,
    load_announcement,
    load_card,
    load_followups,
    load_similar,
    show_alerts,
    show_announcement,
    show_card,
    show_followups,
    show_resolution,
    show_similar,
)
from bot.slack.delivery.effects.messages import (
    blank_redacted_message,
    load_event,
    post_ephemeral,
    post_event,
    post_missing_permissions,
    send_role_briefing,
)
from bot.slack.delivery.effects.people.approvals import send_approval_request
from bot.slack.delivery.effects.people.direct import send_direct_message, show_page_test
from bot.slack.delivery.effects.people.home import publish_home
from bot.slack.delivery.effects.people.oncall import send_override_notice, send_shift_handover, show_schedule_image
from bot.slack.delivery.effects.people.page_bundles import show_page_bundle
from bot.slack.delivery.effects.people.reminders import show_reminder
from bot.slack.delivery.effects.people.reviews import send_review_request
from bot.slack.delivery.effects.vendor_notices import load_notice, load_reply, post_vendor_reply, show_vendor_notice
from bot.store.outbox import Claim, OutboxRow, Outcome, Rate

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class EffectHandler:
    """
    `method`: the call by which a row is rated; None for a view, posted once and then edited.

    `load` is read in the transaction that claims the row.
    """

    run: Callable[[EffectContext, Claim], Awaitable[Outcome]]
    method: str | None = None
    load: Load[Any] | None = None


def loading(
    load: Load[T], run: Callable[[EffectContext, Claim, T], Awaitable[Outcome]], method: str | None = None
) -> EffectHandler:
    """An effect that begins with `load`."""

    async def load_and_run(context: EffectContext, claim: Claim) -> Outcome:
        return await run(context, claim, await context.load(claim, load))

    return EffectHandler(load_and_run, method, load)


def without_slack(run: Callable[[Claim], Awaitable[Outcome]]) -> EffectHandler:
    """An effect outside Slack, which knows no rate limits of it."""
    return EffectHandler(lambda _context, claim: run(claim))


EFFECTS: Mapping[OutboxKind, EffectHandler] = {
    OutboxKind.CREATE_CHANNEL: loading(load_invite, create_channel, "conversations.create"),
    OutboxKind.INVITE: loading(load_invite, invite_people, INVITE),
    OutboxKind.TOPIC: loading(load_topic, set_topic, "conversations.setTopic"),
    OutboxKind.PIN_CARD: loading(load_pin, pin_card, PIN),
    OutboxKind.ARCHIVE_CHANNEL: loading(load_incident, archive_channel, "conversations.archive"),
    OutboxKind.CARD: loading(load_card, show_card),
    OutboxKind.ANNOUNCEMENT: loading(load_announcement, show_announcement),
    OutboxKind.FOLLOWUPS: loading(load_followups, show_followups),
    OutboxKind.ALERTS: loading(load_alerts, show_alerts),
    OutboxKind.RESOLUTION: EffectHandler(show_resolution),
    OutboxKind.SIMILAR: loading(load_similar, show_similar),
    OutboxKind.VENDOR_CASE: EffectHandler(show_case_question),
    OutboxKind.VENDOR_NOTICE: loading(load_notice, show_vendor_notice),
    OutboxKind.VENDOR_REPLY: loading(load_reply, post_vendor_reply, POST_MESSAGE),
    OutboxKind.ESCALATION: loading(load_escalation, show_escalation),
    OutboxKind.EVENT: loading(load_event, post_event, POST_MESSAGE),
    OutboxKind.PAGE: loading(load_page, send_page, POST_MESSAGE),
    OutboxKind.EPHEMERAL: loading(load_incident, post_ephemeral, "chat.postEphemeral"),
    OutboxKind.ROLE_BRIEFING: EffectHandler(send_role_briefing, POST_MESSAGE),
    OutboxKind.REVIEW_REQUEST: EffectHandler(send_review_request, POST_MESSAGE),
    OutboxKind.COMMENT_THREAD: EffectHandler(begin_comment_thread, POST_MESSAGE),
    OutboxKind.COMMENT: EffectHandler(show_comment),
    OutboxKind.APPROVAL_REQUEST: EffectHandler(send_approval_request, POST_MESSAGE),
    OutboxKind.CONFIRM_ACTIVE: EffectHandler(ask_if_active, POST_MESSAGE),
    OutboxKind.BLANK_MESSAGE: EffectHandler(blank_redacted_message),
    OutboxKind.DELETE_FILE: EffectHandler(delete_file, "files.delete"),
    OutboxKind.DRAFT: EffectHandler(upload_draft, "files.getUploadURLExternal"),
    OutboxKind.PUBLIC_PREVIEW: EffectHandler(upload_public_preview, "files.getUploadURLExternal"),
    OutboxKind.CONFIRM_REACTION: loading(load_is_on_timeline, update_confirmation, "reactions.add"),
    OutboxKind.FETCH_MESSAGE: EffectHandler(fetch_message, "conversations.history"),
    OutboxKind.KEPT_FILES: EffectHandler(sync_kept_files, "conversations.history"),
    OutboxKind.USER_LOOKUP: EffectHandler(look_up_person, "users.info"),
    OutboxKind.PRIVATE_CHANNELS: EffectHandler(find_private_channels, "conversations.list"),
    OutboxKind.RECONCILE_CHANNEL: EffectHandler(read_channel_history, "conversations.history"),
    OutboxKind.HOME: EffectHandler(publish_home, "views.publish"),
    OutboxKind.BOOKMARKS: EffectHandler(update_bookmarks, "bookmarks.list"),
    OutboxKind.CANVAS: EffectHandler(update_canvas, "canvases.create"),
    OutboxKind.MISSING_PERMISSIONS: EffectHandler(post_missing_permissions, POST_MESSAGE),
    OutboxKind.DIRECT_MESSAGE: EffectHandler(send_direct_message, POST_MESSAGE),
    OutboxKind.OVERRIDE_CHANGE: EffectHandler(send_override_notice, POST_MESSAGE),
    OutboxKind.SHIFT_HANDOVER: EffectHandler(send_shift_handover, POST_MESSAGE),
    OutboxKind.SCHEDULE_IMAGE: EffectHandler(show_schedule_image, "files.getUploadURLExternal"),
    OutboxKind.REMINDER: EffectHandler(show_reminder),
    OutboxKind.CHANNEL_NOTICE: EffectHandler(post_channel_notice, POST_MESSAGE),
    OutboxKind.PAGE_BUNDLE: EffectHandler(show_page_bundle, POST_MESSAGE),
    OutboxKind.PAGE_TEST: EffectHandler(show_page_test, POST_MESSAGE),
}


def destination_of(row: OutboxRow) -> str:
    """Name of a message's destination for its rate gate, without looking up the channel."""
    payload = _payload_or_none(row)
    if user := getattr(payload, "user_id", None):
        return f"dm:{user}"
    if channel := getattr(payload, "channel", None):
        return f"channel:{channel}"
    is_for_all = row.kind in {OutboxKind.ANNOUNCEMENT, OutboxKind.MISSING_PERMISSIONS} or (
        isinstance(payload, EventPayload | VendorNoticePayload | VendorReplyPayload) and payload.is_for_all
    )
    return "digest" if is_for_all else f"incident:{row.incident_id}"


def rates_of(row: OutboxRow) -> Sequence[Rate]:
    """Rate gates of a row's first call; none for an unknown kind or one outside Slack."""
    kind = kind_of(row.kind)
    effect = None if kind is None else EFFECTS.get(kind)
    if effect is None:
        return ()
    is_posted = getattr(_payload_or_none(row), "posts", False)
    method = effect.method or (POST_MESSAGE if is_posted else "chat.update")
    return call_rates(method, destination_of(row) if method in {POST_MESSAGE, PUBLISH_HOME} else None)


def _payload_or_none(row: OutboxRow) -> Payload | None:
    """None for an unreadable row, which its effect reports."""
    try:
        return payload_of(row)
    except (KeyError, ValueError):
        return None
