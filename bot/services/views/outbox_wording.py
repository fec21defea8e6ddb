"""
Outbox rows in words: what a row does, what blocks it, and its outcome.

Rows are described by kind and incident number, never by their text: an operator need not be a member of every private
incident.
"""

from datetime import datetime

from bot.domain.text.durations import format_duration
from bot.services.outbox import OutboxKind, kind_of
from bot.store.outbox import State
from bot.store.outbox.inspection import BlockedMethod, PendingRow

ACT_WORDS = {
    OutboxKind.CREATE_CHANNEL: "Open the channel",
    OutboxKind.INVITE: "Invite people",
    OutboxKind.PIN_CARD: "Pin the card",
    OutboxKind.ARCHIVE_CHANNEL: "Archive the channel",
    OutboxKind.EVENT: "Post what happened",
    OutboxKind.PAGE: "Page somebody",
    OutboxKind.CONTACT_METHOD_PAGE: "Page somebody outside Slack",
    OutboxKind.EXTERNAL_PAGE: "Tell a paging service to stop",
    OutboxKind.DRAFT: "Post the postmortem draft",
    OutboxKind.PUBLIC_PREVIEW: "Post the preview of the public postmortem",
    OutboxKind.EPHEMERAL: "Answer one person",
    OutboxKind.DIRECT_MESSAGE: "Send a direct message",
    OutboxKind.PAGE_TEST: "Test somebody's pages",
    OutboxKind.PAGE_BUNDLE: "Page somebody for several incidents",
    OutboxKind.CONTACT_METHOD_TEST: "Test somebody's pages outside Slack",
    OutboxKind.CONFIRM_ACTIVE: "Ask somebody whether they are still on it",
    OutboxKind.REMINDER: "Remind people of what is due",
    OutboxKind.COMMENT_THREAD: "Begin a thread for comments on the postmortem",
    OutboxKind.COMMENT: "Show a comment on the postmortem",
    OutboxKind.REVIEW_REQUEST: "Ask somebody for a review",
    OutboxKind.APPROVAL_REQUEST: "Ask for the approval of a public update",
    OutboxKind.PUBLICATION: "Tell subscribers of a public update",
    OutboxKind.SUBSCRIBER_NOTICES: "Send notices to subscribers",
    OutboxKind.CHANNEL_NOTICE: "Post a public update in a channel",
    OutboxKind.SIGN_UP_MAIL: "Send the mail that confirms a sign-up",
    OutboxKind.ROLE_BRIEFING: "Brief somebody on their role",
    OutboxKind.FETCH_MESSAGE: "Read a message with a reaction",
    OutboxKind.KEPT_FILES: "Keep or delete the files of a message",
    OutboxKind.ALERT_IMAGES: "Keep or delete the graphs of alerts",
    OutboxKind.USER_LOOKUP: "Look up a name",
    OutboxKind.PRIVATE_CHANNELS: "Find channels that were made private",
    OutboxKind.CARD: "Update the card",
    OutboxKind.ANNOUNCEMENT: "Update the announcement",
    OutboxKind.TOPIC: "Set the topic",
    OutboxKind.FOLLOWUPS: "Update the follow-ups",
    OutboxKind.ALERTS: "Show the current alerts",
    OutboxKind.RESOLUTION: "Show the resolution and what is missing",
    OutboxKind.VENDOR_CASE: "Ask for a vendor's case reference",
    OutboxKind.VENDOR_NOTICE: "Show a vendor's incident",
    OutboxKind.VENDOR_REPLY: "Post news of a vendor's incident",
    OutboxKind.ESCALATION: "Show the escalation",
    OutboxKind.HOME: "Show somebody's App Home",
    OutboxKind.CONFIRM_REACTION: "Confirm a reaction",
    OutboxKind.RECONCILE_CHANNEL: "Read missed messages",
    OutboxKind.BLANK_MESSAGE: "Edit an older message",
    OutboxKind.DELETE_FILE: "Delete a draft or a picture",
    OutboxKind.BOOKMARKS: "Set the channel's bookmarks",
    OutboxKind.CANVAS: "Put the draft into the canvas",
    OutboxKind.SIMILAR: "Name a similar incident",
    OutboxKind.MISSING_PERMISSIONS: "Report missing permissions",
    OutboxKind.OVERRIDE_CHANGE: "Notify somebody of an on-call change",
    OutboxKind.SHIFT_HANDOVER: "Announce a shift handover",
    OutboxKind.SCHEDULE_IMAGE: "Post the on-call picture",
}
FAILED_STATES = (State.FAILED, State.DEAD)
OUTSIDE_SLACK = (
    OutboxKind.CONTACT_METHOD_PAGE,
    OutboxKind.EXTERNAL_PAGE,
    OutboxKind.SUBSCRIBER_NOTICES,
    OutboxKind.SIGN_UP_MAIL,
)
"""Kinds that do not go to Slack."""
RATE_LIMITED = "ratelimited"
PERSONAL_LANES = ("dm", "home", "means")
"""Prefixes of lanes that are named after a person."""


def describe_act(what: str) -> str:
    """A row's action in words; the kind's own name if it is unknown here."""
    kind = kind_of(what)
    return what if kind is None else ACT_WORDS[kind]


def describe_lane(lane: str) -> str:
    """Name of a lane without the person: direct messages of private incidents stay private."""
    kind, _, whose = lane.partition(":")
    return kind if kind in PERSONAL_LANES else f"{kind}:{whose}" if whose else kind


def describe_state(row: PendingRow, now: datetime) -> str:
    """The nearest reason that blocks a row, or its outcome."""
    match row.state:
        case State.FAILED:
            return "it was refused" if row.kind in OUTSIDE_SLACK else "Slack refused it"
        case State.DEAD:
            return f"given up after {count_tries(row.attempts)}"
        case State.RUNNING if row.lease_until is not None and row.lease_until < now:
            return "its worker is gone: another one checks in Slack whether it arrived"
    if not row.is_lane_open:
        return "its channel is not open yet"
    if row.state == State.RUNNING:
        return "being sent now" if row.attempts < 2 else f"being sent, for the {ordinal(row.attempts)} time"
    return _describe_delay(row, now) if row.is_first else "an earlier one goes first"


def _describe_delay(row: PendingRow, now: datetime) -> str:
    who = "the service" if row.kind in OUTSIDE_SLACK else "Slack"
    due = max(row.not_before, row.lane_due_at or row.not_before)
    wait = max(0, round((due - now).total_seconds()))
    soon = f"{wait} s" if wait < 120 else format_duration(due - now)
    if row.error == RATE_LIMITED and wait:
        return f"Slack asked to wait; tried again in {soon}"
    if row.state == State.UNKNOWN:
        again = "sending again" if row.kind in OUTSIDE_SLACK else "checking whether it arrived"
        return f"{who} did not reply: {again}" + (f" in {soon}" if wait else "")
    if row.error:
        return f"{who} did not accept it; tried again {f'in {soon}' if wait else 'now'}"
    return f"sent in {soon}, at the rate that Slack allows" if wait else "it is next"


def describe_gate(gate: BlockedMethod) -> str:
    """The calls that a gate holds back, without the person."""
    method, _, place = gate.key.partition(":")
    where = {"dm": " to one person", "digest": " in the incidents channel", "incident": f" in {gate.reference}"}
    return method + where.get(place.partition(":")[0], "")


def capitalize_first(words: str) -> str:
    return words[:1].upper() + words[1:]


def ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10 if number % 100 not in {11, 12, 13} else 0, "th")
    return f"{number}{ending}"


def count_tries(number: int) -> str:
    return "one try" if number == 1 else f"{number} tries"


def show_age(moment: datetime, now: datetime) -> str:
    return f"{format_duration(now - moment)} ago"
