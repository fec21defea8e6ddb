"""What a refused call lacked, from Slack's words."""

import pytest

from bot.domain.slack_app.missing_permissions import MissingPermission, find_missing_permission, is_missing_permission
from bot.domain.slack_app.scopes import BY_SCOPE, PERMISSIONS, missing_scopes

PROVIDED = "channels:manage,channels:read,chat:write"


@pytest.mark.parametrize(
    ("method", "error", "needed", "provided", "key"),
    [
        ("pins.add", "missing_scope", "pins:write", PROVIDED, "missing_scope:pins:write"),
        # any of several would do: it is the one that the app asks for and was not given
        (
            "conversations.create",
            "missing_scope",
            "channels:manage,groups:write",
            PROVIDED,
            "missing_scope:groups:write",
        ),
        ("conversations.open", "missing_scope", "im:write, mpim:write", PROVIDED, "missing_scope:im:write"),
        ("pins.add", "missing_scope", "", "", "missing_scope:pins:write"),
        ("pins.add", "missing_scope", "some:new.scope", "", "missing_scope:pins:write"),
        ("usergroups.list", "paid_teams_only", "", "", "not_available:usergroups:read"),
        ("conversations.canvases.create", "canvas_disabled_user_team", "", "", "not_available:canvases:write"),
        ("bookmarks.add", "unknown_method", "", "", "not_available:bookmarks:write"),
        ("chat.postMessage", "not_allowed_token_type", "", "", None),
        ("pins.add", "too_many_pins", "", "", None),
        ("conversations.create", "restricted_action", "", "", None),
    ],
)
def test_what_a_call_lacked(method: str, error: str, needed: str, provided: str, key: str | None) -> None:
    found = find_missing_permission(method, error, needed, provided)

    assert (found.key if found else None) == key
    if found is not None:
        assert MissingPermission.from_key(found.key, error) == found


def test_what_a_later_release_knew_is_passed_over() -> None:
    assert MissingPermission.from_key("missing_scope:calls:write", "missing_scope") is None


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("missing_scope", True),
        ("pins.add: missing_scope (needs pins:write)", True),
        ("usergroups.list: paid_teams_only", True),
        ("too_many_pins", False),
        ("", False),
        (None, False),
    ],
)
def test_a_step_that_failed_for_want_of_something(error: str | None, expected: bool) -> None:
    assert is_missing_permission(error) is expected


def test_what_is_needed_comes_first() -> None:
    assert missing_scopes(BY_SCOPE) == []
    assert missing_scopes([*BY_SCOPE, "calls:read"]) == []
    found = missing_scopes({"chat:write"})
    assert len(found) == len(PERMISSIONS) - 1
    assert [each.is_required for each in found] == sorted((each.is_required for each in found), reverse=True)


def test_each_permission_is_said_in_sentences() -> None:
    for each in PERMISSIONS:
        assert each.without.endswith(".")
        assert not each.purpose.endswith(".")
        assert len(f"{each.scope} {each.purpose} {each.without}") < 250
