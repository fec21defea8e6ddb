"""
Scopes of the Slack app: what each is for, and what does not work without it.

Names: docs.slack.dev/reference/scopes.
"""

from collections.abc import Iterable

from bot.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Permission:
    """
    A scope. `without`: what does not work without it, as a sentence.

    Without a required one no incident can be run.
    """

    scope: str
    purpose: str
    without: str
    is_required: bool = False


def _required(scope: str, purpose: str, without: str) -> Permission:
    return Permission(scope, purpose, without, is_required=True)


PERMISSIONS = (
    _required("commands", "the command /incident and the shortcuts", "Nobody can type /incident or use a shortcut."),
    _required("chat:write", "post and edit messages", "Nothing can be posted: no card, no updates, no pages."),
    _required("channels:manage", "make an incident's channel, set its topic, invite", "No incident gets a channel."),
    _required("channels:read", "find channels, follow their renaming", "The incidents channel cannot be found."),
    _required(
        "channels:history",
        "keep what is written in an incident's channel",
        "Messages are not kept, so a reaction finds no message.",
    ),
    _required("reactions:read", "see the reactions that put messages on the timeline", "Reactions mark nothing."),
    Permission(
        "app_mentions:read",
        "answer messages that mention the bot, like @dogwatch help",
        "A message that mentions the bot gets no answer; /incident help does.",
    ),
    Permission("bookmarks:read", "see which bookmarks a channel has", "An incident's channel gets no bookmarks."),
    Permission(
        "bookmarks:write",
        "bookmark the incident's page, ticket and postmortem in its channel",
        "An incident's channel gets no bookmarks.",
    ),
    Permission(
        "canvases:read",
        "take in what people write in a postmortem's canvas",
        "A postmortem's canvas is not updated after changes; the file is.",
    ),
    Permission(
        "canvases:write", "put the postmortem draft into a canvas", "The postmortem draft is posted as a file only."
    ),
    Permission(
        "channels:join",
        "join the incidents channel if somebody else made it",
        "Invite the bot to the incidents channel, unless the bot created it.",
    ),
    Permission(
        "files:read",
        "keep the files of marked messages, and see whether an upload arrived before repeating it",
        "Files of marked messages are not kept, and a draft may be posted twice after Slack was away.",
    ),
    Permission(
        "files:write",
        "post the postmortem draft",
        "The draft is not posted; `dogwatch export` and the incident's page have it.",
    ),
    Permission(
        "groups:history",
        "keep what is written in private incidents' channels",
        "Messages in a private incident's channel are not kept.",
    ),
    Permission("groups:read", "see private channels", "A private incidents channel cannot be found."),
    Permission("groups:write", "make private incidents' channels", "A private incident gets no channel."),
    Permission(
        "im:write", "write to one person", "Nobody is paged by a direct message: the escalation says so in the channel."
    ),
    Permission(
        "metadata.message:read",
        "find our own post again when Slack's answer was lost",
        "A message may be posted twice after Slack was away.",
    ),
    Permission("pins:write", "pin the card", "The card is not pinned to its channel."),
    Permission("reactions:write", "confirm a mark", "The bot does not confirm entries with a reaction."),
    Permission(
        "usergroups:read", "invite and page user groups", "User groups are not invited or paged; individual people are."
    ),
    Permission(
        "users:read", "names, time zones, who is a guest", "People are shown by id, and guests are treated as members."
    ),
    Permission(
        "users:read.email",
        "find people by the mail addresses in a calendar that is an on-call schedule",
        "List the mail addresses of a calendar under [schedules.NAME.names].",
    ),
)
BY_SCOPE = {each.scope: each for each in PERMISSIONS}


def missing_scopes(granted: Iterable[str]) -> list[Permission]:
    """Permissions that were not granted, required ones first."""
    have = set(granted)
    return sorted((each for each in PERMISSIONS if each.scope not in have), key=lambda each: not each.is_required)
