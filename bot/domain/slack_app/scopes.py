"""
What the Slack app may be allowed to do: each scope of slack-manifest.yaml, what it is for, and what goes without it.

Pure: from the scopes that Slack names to words for people. Names: docs.slack.dev/reference/scopes.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Permission:
    """
    A scope. `without`: what does not work as long as it is missing, as a sentence.

    Without one that is required no incident can be run; without another one incidents work, with less.
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
        "What people write is not kept, so a reaction finds no message.",
    ),
    _required("reactions:read", "see the reactions that put messages on the timeline", "Reactions mark nothing."),
    Permission("bookmarks:read", "see which bookmarks a channel has", "An incident's channel gets no bookmarks."),
    Permission(
        "bookmarks:write",
        "bookmark the incident's page, ticket and postmortem in its channel",
        "An incident's channel gets no bookmarks.",
    ),
    Permission(
        "canvases:read",
        "see whether people wrote in a postmortem's canvas",
        "A postmortem's canvas is not written anew after changes; the file is.",
    ),
    Permission(
        "canvases:write",
        "put the postmortem draft into a canvas",
        "The postmortem draft is not put into a canvas; it is posted as a file, as always.",
    ),
    Permission(
        "channels:join",
        "join the incidents channel if somebody else made it",
        "Somebody has to invite the bot to the incidents channel, if it did not make it.",
    ),
    Permission(
        "files:read",
        "see whether an upload arrived before repeating it",
        "A draft may be posted twice after Slack was away.",
    ),
    Permission(
        "files:write",
        "post the postmortem draft",
        "The draft is not posted; `dogwatch export` and the incident's page have it.",
    ),
    Permission(
        "groups:history",
        "keep what is written in private incidents' channels",
        "What people write in a private incident's channel is not kept.",
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
    Permission("reactions:write", "confirm a mark", "The bot does not confirm with a reaction what it has recorded."),
    Permission(
        "usergroups:read",
        "invite and page user groups",
        "User groups are not invited or paged; people who are named one by one are.",
    ),
    Permission(
        "users:read",
        "names, time zones, who is a guest",
        "People are shown by their id, and guests are not told from members.",
    ),
    Permission(
        "users:read.email",
        "find people by the mail addresses in a calendar that is an on-call schedule",
        "Whom a calendar's mail addresses mean has to stand under [schedules.NAME.names].",
    ),
)
BY_SCOPE = {each.scope: each for each in PERMISSIONS}

PLAN_WORDS = frozenset(
    {
        "paid_only",
        "paid_teams_only",
        "plan_upgrade_required",
        "team_not_on_paid_plan",
        "feature_not_enabled",
        "canvas_disabled",
        "canvas_disabled_user_team",
        "canvas_disabled_file_team",
        "canvas_globally_disabled",
        "free_teams_cannot_create_non_tabbed_canvases",
        "not_implemented",
        "free_teams_cannot_edit_standalone_canvases",
        "free_teams_cannot_create_standalone_canvases",
        "team_tier_cannot_create_channel_canvases",
        "file_uploads_disabled",
        "not_enabled",
        "unknown_method",
        "not_allowed_token_type",
    }
)
"""Slack's refusals of what the workspace does not have: its plan, an admin's switch, or a Slack without the method."""
MISSING_SCOPE = "missing_scope"

SERVED_BY = (
    ("bookmarks.list", "bookmarks:read"),
    ("bookmarks.", "bookmarks:write"),
    ("canvases.getContent", "canvases:read"),
    ("canvases.", "canvases:write"),
    ("conversations.canvases.", "canvases:write"),
    ("files.", "files:write"),
    ("pins.", "pins:write"),
    ("reactions.", "reactions:write"),
    ("usergroups.", "usergroups:read"),
    ("users.lookupByEmail", "users:read.email"),
    ("users.", "users:read"),
    ("conversations.open", "im:write"),
)
"""By how a method's name begins, the permission whose work it does."""


@dataclass(frozen=True, slots=True)
class Lack:
    """
    Something that the app cannot do: its `permission` was not granted, or the workspace does not have what it is for.

    `word` is Slack's own: `missing_scope`, or one of PLAN_WORDS.
    """

    permission: Permission
    word: str = MISSING_SCOPE

    @property
    def is_scope(self) -> bool:
        return self.word == MISSING_SCOPE

    @property
    def key(self) -> str:
        """By which it is told once."""
        return f"{MISSING_SCOPE if self.is_scope else 'not_available'}:{self.permission.scope}"

    @classmethod
    def of(cls, key: str, word: str | None) -> "Lack | None":
        """From its `key`; None for one of another release, which knew other permissions."""
        permission = BY_SCOPE.get(key.partition(":")[2])
        return cls(permission, word or MISSING_SCOPE) if permission else None


def is_lack(error: str | None) -> bool:
    """Whether a step failed because the app or the workspace lacks something. `error`: what the step left."""
    return bool(error) and not PLAN_WORDS.union({MISSING_SCOPE}).isdisjoint(re.findall(r"\w+", error or ""))


def missing(granted: Iterable[str]) -> list[Permission]:
    """What the app was not allowed, required things first."""
    have = set(granted)
    return sorted((each for each in PERMISSIONS if each.scope not in have), key=lambda each: not each.is_required)


def lacking(method: str, error: str, needed: str = "", provided: str = "") -> Lack | None:
    """
    What a refused call lacked: by what Slack says is `needed`, or by the method. None if that was not why.

    `needed` and `provided` are Slack's lists, with commas between. Where any of several would do, it is the one that
    the app asks for and was not given.
    """
    if error == MISSING_SCOPE:
        have = set(_listed(provided))
        found = [BY_SCOPE[each] for each in _listed(needed) if each in BY_SCOPE and each not in have]
        permission = found[0] if found else _served_by(method)
    else:
        permission = _served_by(method) if error in PLAN_WORDS else None
    return Lack(permission, error) if permission else None


def _served_by(method: str) -> Permission | None:
    return next((BY_SCOPE[scope] for start, scope in SERVED_BY if method.startswith(start)), None)


def _listed(scopes: str) -> Collection[str]:
    return [each for each in (part.strip() for part in scopes.split(",")) if each]
