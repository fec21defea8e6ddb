"""Permissions and plan features that a refused call of Slack's API lacked."""

import re
from collections.abc import Collection

from bot.domain.slack_app.scopes import BY_SCOPE, Permission
from bot.lazy_dataclass import dataclass

PLAN_ERRORS = frozenset(
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
"""Slack's errors for what the workspace does not have: by plan, by an admin's switch, by Slack's version."""
MISSING_SCOPE = "missing_scope"

METHOD_SCOPES = (
    ("bookmarks.list", "bookmarks:read"),
    ("bookmarks.", "bookmarks:write"),
    ("canvases.getContent", "canvases:read"),
    ("canvases.", "canvases:write"),
    ("conversations.canvases.", "canvases:write"),
    ("files.info", "files:read"),
    ("files.", "files:write"),
    ("pins.", "pins:write"),
    ("reactions.", "reactions:write"),
    ("usergroups.", "usergroups:read"),
    ("users.lookupByEmail", "users:read.email"),
    ("users.", "users:read"),
    ("conversations.open", "im:write"),
)
"""Prefixes of methods, with the scope that each needs. The first match counts."""


@dataclass(frozen=True, slots=True)
class MissingPermission:
    """
    A permission that was not granted, or whose feature the workspace does not have.

    `error_code` is Slack's own: `missing_scope`, or one of PLAN_ERRORS.
    """

    permission: Permission
    error_code: str = MISSING_SCOPE

    @property
    def is_scope(self) -> bool:
        return self.error_code == MISSING_SCOPE

    @property
    def key(self) -> str:
        """Key under which it is reported once."""
        return f"{MISSING_SCOPE if self.is_scope else 'not_available'}:{self.permission.scope}"

    @classmethod
    def from_key(cls, key: str, error_code: str | None) -> "MissingPermission | None":
        """Parse `key`. None for an unknown scope."""
        permission = BY_SCOPE.get(key.partition(":")[2])
        return cls(permission, error_code or MISSING_SCOPE) if permission else None


def is_missing_permission(error: str | None) -> bool:
    """True if `error`, left by a step, is a missing scope or plan feature."""
    return bool(error) and not PLAN_ERRORS.union({MISSING_SCOPE}).isdisjoint(re.findall(r"\w+", error or ""))


def find_missing_permission(method: str, error: str, needed: str = "", provided: str = "") -> MissingPermission | None:
    """
    The permission that a refused call lacked; None if it was refused for another reason.

    `needed` and `provided` are Slack's comma-separated lists. If any of several would do, it is the one that the app
    asks for and was not given.
    """
    if error == MISSING_SCOPE:
        have = set(_split_scopes(provided))
        found = [BY_SCOPE[each] for each in _split_scopes(needed) if each in BY_SCOPE and each not in have]
        permission = found[0] if found else _method_permission(method)
    else:
        permission = _method_permission(method) if error in PLAN_ERRORS else None
    return MissingPermission(permission, error) if permission else None


def _method_permission(method: str) -> Permission | None:
    return next((BY_SCOPE[scope] for start, scope in METHOD_SCOPES if method.startswith(start)), None)


def _split_scopes(scopes: str) -> Collection[str]:
    return [each for each in (part.strip() for part in scopes.split(",")) if each]
