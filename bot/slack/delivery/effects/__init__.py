"""Outbox rows to Slack calls: the table of what each kind of row does."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from bot.services.outbox import What
from bot.slack.api.rate_limits import POST, rates
from bot.slack.delivery.effects import messages as posts
from bot.slack.delivery.effects.channel import backfill as look
from bot.slack.delivery.effects.channel import bookmarks, canvases, channels, files
from bot.slack.delivery.effects.channel import reactions as marks
from bot.slack.delivery.effects.context import Tools
from bot.slack.delivery.effects.people import direct, home, oncall, vendors
from bot.slack.delivery.effects.people import page_bundles as bundles
from bot.slack.delivery.effects.people import reminders as nudges
from bot.store.outbox import Claim, OutboxRow, Outcome, Rate

Effect = Callable[[Tools, Claim], Awaitable[Outcome]]

EFFECTS: Mapping[What, Effect] = {
    What.CREATE_CHANNEL: channels.create_channel,
    What.INVITE: channels.invite,
    What.TOPIC: channels.topic,
    What.PIN_CARD: channels.pin_card,
    What.CARD: posts.card,
    What.ANNOUNCEMENT: posts.announcement,
    What.FOLLOWUPS: posts.followups,
    What.ALERTS: posts.alerts,
    What.QUESTIONS: posts.questions,
    What.VENDOR_CASE: vendors.case_question,
    What.FINDINGS: posts.findings,
    What.ESCALATION: posts.escalation,
    What.SAY: posts.say,
    What.PAGE: posts.page,
    What.WHISPER: posts.whisper,
    What.BRIEF: posts.brief,
    What.ASK_FOR_SIGN: posts.ask_for_sign,
    What.UNSAY: posts.unsay,
    What.DELETE_FILE: files.delete,
    What.DRAFT: files.draft,
    What.CONFIRM: marks.confirm,
    What.FETCH_MESSAGE: marks.fetch_message,
    What.LEARN_PERSON: marks.learn_person,
    What.LOOK: look.look,
    What.HOME: home.publish,
    What.BOOKMARKS: bookmarks.show,
    What.CANVAS: canvases.show,
    What.NOTICE: posts.notice,
    What.DIRECT: direct.told,
    What.DUTY_CHANGED: oncall.duty_changed,
    What.SHIFT_CHANGED: oncall.shift_changed,
    What.SHIFTS_DRAWN: oncall.drawn,
    What.NUDGE: nudges.nudge,
    What.PAGE_BUNDLE: bundles.show,
    What.PAGE_TEST: direct.page_test,
}

METHOD: Mapping[What, str] = {
    What.CREATE_CHANNEL: "conversations.create",
    What.INVITE: "conversations.invite",
    What.TOPIC: "conversations.setTopic",
    What.PIN_CARD: "pins.add",
    What.SAY: POST,
    What.NOTICE: POST,
    What.DIRECT: POST,
    What.DUTY_CHANGED: POST,
    What.SHIFT_CHANGED: POST,
    What.SHIFTS_DRAWN: "files.getUploadURLExternal",
    What.PAGE_BUNDLE: POST,
    What.PAGE_TEST: POST,
    What.PAGE: POST,
    What.WHISPER: "chat.postEphemeral",
    What.BRIEF: POST,
    What.ASK_FOR_SIGN: POST,
    What.DELETE_FILE: "files.delete",
    What.HOME: "views.publish",
    What.DRAFT: "files.getUploadURLExternal",
    What.CONFIRM: "reactions.add",
    What.BOOKMARKS: "bookmarks.list",
    What.CANVAS: "canvases.create",
    What.FETCH_MESSAGE: "conversations.history",
    What.LEARN_PERSON: "users.info",
    What.LOOK: "conversations.history",
}
"""The call by which a row is rated. Views are not in it: they post the first time and are edited from then on."""


def place_of(row: OutboxRow) -> str:
    """Where a row's message goes, as a name for its gate: rows are rated before anybody asks which channel it is."""
    if user := row.details.get("user_id"):
        return f"dm:{user}"
    if channel := row.details.get("channel"):
        return f"channel:{channel}"
    is_for_all = row.what in {What.ANNOUNCEMENT, What.NOTICE} or row.details.get("is_for_all")
    return "digest" if is_for_all else f"incident:{row.incident_id}"


def rates_of(row: OutboxRow) -> Sequence[Rate]:
    """The gates a row has to pass before its first call; none for what this release does not know, or not in Slack."""
    if row.what not in set(What) or What(row.what) not in EFFECTS:
        return ()
    what = What(row.what)
    method = METHOD.get(what) or (POST if row.details.get("posts") else "chat.update")
    return rates(method, place_of(row) if method == POST else None)
