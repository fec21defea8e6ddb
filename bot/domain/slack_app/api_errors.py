"""Explanations of Slack's error codes and of our own, with remedies."""

import re
from collections.abc import Mapping

from bot.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class ErrorExplanation:
    """`error_code` is Slack's own, None without one. `remedy` may be empty."""

    error_code: str | None
    meaning: str
    remedy: str = ""

    @property
    def sentence(self) -> str:
        said = f"{self.meaning} ({self.error_code})." if self.error_code else f"{self.meaning}."
        return f"{said} {self.remedy}".strip()


_INSTALL = "Install the app again with slack-manifest.yaml"
_MEND_IT = "Install the app again, set SLACK_BOT_TOKEN and restart Dogwatch. It then sends the waiting messages."
_ADMIN = "A workspace admin can allow it in Slack's settings."
_DEFECT = "This is a bug in Dogwatch: report it with the log lines."

MEANINGS: Mapping[str, tuple[str, str]] = {
    "missing_scope": ("The app lacks a permission", f"{_INSTALL}."),
    "restricted_action": ("The workspace does not allow apps to do this", _ADMIN),
    "restricted_action_read_only_channel": ("Only some people may write in that channel", _ADMIN),
    "restricted_action_thread_only_channel": ("That channel allows threads only", _ADMIN),
    "restricted_action_non_threadable_channel": ("That channel allows no threads", _ADMIN),
    "not_in_channel": ("Dogwatch is not in the channel", "Invite it there: /invite @Dogwatch."),
    "channel_not_found": ("Dogwatch cannot see the channel", "If the channel still exists, invite Dogwatch there."),
    "is_archived": ("The channel is archived", "Unarchive it if it is still needed."),
    "name_taken": ("Every name for the channel is taken", "Rename the channels that have the incident's name."),
    "too_many_pins": ("The channel has the maximum number of pins", "Remove one."),
    "too_many_bookmarks": ("The channel has the maximum number of bookmarks", "Remove one."),
    "too_many_tabs": ("The channel has the maximum number of tabs", "Remove one."),
    "invalid_link": ("Slack does not accept the link", "Check DOGWATCH_PUBLIC_URL and the incident's reference."),
    "canvas_creation_failed": ("Slack cannot show the draft as a canvas", "The file has it."),
    "canvas_editing_failed": ("Slack cannot show the draft as a canvas", "The file has it."),
    "canvas_too_large": ("The draft is too large for a canvas", "The file has it."),
    "no_item_specified": ("The message is gone", ""),
    "message_not_found": ("The message is gone", ""),
    "no_pin": ("The message is gone", ""),
    "not_pinnable": ("Slack does not pin that message", ""),
    "permission_denied": ("Slack does not permit it to the app", _ADMIN),
    "user_is_restricted": ("A guest cannot be invited by an app", "Invite them by hand."),
    "user_is_ultra_restricted": ("A guest cannot be invited by an app", "Invite them by hand."),
    "ura_max_channels": ("The guest is in the maximum number of channels", "Invite somebody else."),
    "cant_invite": ("Slack does not let the app invite this person", "Invite them by hand."),
    "user_not_found": ("Slack does not know this person", "Check the ids in dogwatch.toml."),
    "user_disabled": ("Their account is deactivated", "Remove them from dogwatch.toml."),
    "cannot_dm_bot": ("Apps cannot get direct messages", "Name a person instead."),
    "messages_tab_disabled": ("The app's messages tab is switched off", f"{_INSTALL}."),
    "user_not_in_channel": ("They are not in the channel", ""),
    "no_permission": ("Slack does not permit it to the app", "Invite it to the channel: /invite @Dogwatch."),
    "ekm_access_denied": ("Access to the messages is suspended by an admin", "Try again when it is restored."),
    "file_uploads_disabled": ("The workspace does not allow files", _ADMIN),
    "storage_limit_reached": ("The workspace's storage is full", "A workspace admin can make room."),
    "plan_upgrade_required": ("The workspace's plan does not include it", ""),
    "msg_too_long": ("The message is too long for Slack", _DEFECT),
    "invalid_blocks": ("Slack cannot show the message", _DEFECT),
    "invalid_arguments": ("Slack does not understand the call", _DEFECT),
    "invalid_auth": ("Slack does not accept the bot's token", _MEND_IT),
    "not_authed": ("Slack does not accept the bot's token", _MEND_IT),
    "token_revoked": ("Slack does not accept the bot's token", _MEND_IT),
    "token_expired": ("Slack does not accept the bot's token", _MEND_IT),
    "account_inactive": ("Slack does not accept the bot's token", _MEND_IT),
    "org_login_required": ("Slack is moving the workspace", ""),
    "ratelimited": ("Slack asked to wait", ""),
    "fatal_error": ("Slack failed", ""),
    "internal_error": ("Slack failed", ""),
    "service_unavailable": ("Slack is not available", ""),
    "request_timeout": ("Slack got an incomplete request", ""),
    "team_added_to_org": ("Slack is moving the workspace", ""),
}
"""Meaning and remedy by Slack's error code."""

PAGING_PREFIX = "paging: "
"""Prefix of an error of a page that another service than Slack carries: a sentence of our own."""
AWAY = re.compile(r"no connection|no answer within|the connection broke|HTTP \d+|no JSON object")
WORD = re.compile(r"(?:^|[ :])([a-z]+(?:_[a-z]+)+|ratelimited)\b")
NEEDS = re.compile(r"\(needs ([a-z:,. _]+)\)")
OF_OURS = re.compile(r"^([A-Z]\w+): ")


def explain_error(error: str | None) -> ErrorExplanation:
    """
    Explain the error that a step's last attempt left.

    Of the error only Slack's own codes and the names of our exceptions are passed on: it may contain words of the
    record.
    """
    text = error or ""
    if not text:
        return ErrorExplanation(None, "It was not done")
    if text.startswith(PAGING_PREFIX):
        meaning, _, remedy = text.removeprefix(PAGING_PREFIX).rstrip(".").partition(". ")
        return ErrorExplanation(None, meaning, f"{remedy}." if remedy else "")
    if defect := OF_OURS.match(text):
        return ErrorExplanation(defect[1], "Dogwatch had an internal error", _DEFECT)
    if AWAY.search(text):
        return ErrorExplanation(None, "Slack did not answer", "Slack or the network is down. Try again later.")
    found = [word for word in WORD.findall(text) if word in MEANINGS] or WORD.findall(text)
    if not found:
        return ErrorExplanation(None, "It was not done", "See the log.")
    word = found[0]
    meaning, remedy = MEANINGS.get(word, ("Slack refuses it", "Look up the code in Slack's documentation."))
    if needed := NEEDS.search(text):
        remedy = f"It needs {needed[1]}. {_INSTALL}."
    return ErrorExplanation(word, meaning, remedy)
