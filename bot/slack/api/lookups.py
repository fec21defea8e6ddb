"""Lookups outside of the outbox: the app's workspace, people, groups, channel members."""

from bot.domain.errors import UserError
from bot.services.workspace.user_groups import UserGroup
from bot.slack.api.client import Gateway
from bot.slack.api.errors import SlackApiError
from bot.slack.api.payload_validation import ListCursors

TEAM_LIMIT = 100
"""Workspaces of an organisation to ask for."""
MEMBER_LIMIT = 1_000
"""Members of one page."""
NOT_FOUND_ERRORS = frozenset({"users_not_found", "invalid_arguments"})
"""Error codes for an unknown address; the second is for a text that Slack takes for no address."""


async def find_workspace(gateway: Gateway) -> str:
    """
    Return the id of the only workspace for which an organisation approved the app.

    Channels need it where a whole organisation installed the app: docs.slack.dev/enterprise/organization-ready-apps.
    Raises SlackError, and UserError for no or several workspaces: nothing says to which an incident belongs.
    """
    teams = (await gateway.call("auth.teams.list", limit=TEAM_LIMIT)).get("teams", [])
    if len(teams) == 1:
        return str(teams[0]["id"])
    names = ", ".join(f"{each.get('name')} ({each.get('id')})" for each in teams) or "none"
    raise UserError(
        f"The app is installed for a whole organisation, and approved for {len(teams)} of its workspaces: {names}. "
        "Dogwatch makes its channels in one: approve it for that one only in the organisation's settings, or install "
        "it there instead."
    )


async def find_user_by_email(gateway: Gateway, address: str) -> str | None:
    """
    Return the user id for an e-mail address.

    None for unknown and closed accounts and for bots. Raises SlackError.
    """
    try:
        user = (await gateway.call("users.lookupByEmail", email=address))["user"]
    except SlackApiError as problem:
        if problem.error in NOT_FOUND_ERRORS:
            return None
        raise
    return None if user.get("deleted") or user.get("is_bot") else str(user["id"])


async def list_user_groups(gateway: Gateway) -> list[UserGroup]:
    """Return the user groups that are in use, by handle. Raises SlackError."""
    listed = (await gateway.call("usergroups.list")).get("usergroups", [])
    groups = [UserGroup(str(each["id"]), str(each["handle"]), str(each.get("name") or "")) for each in listed]
    return sorted(groups, key=lambda each: each.handle)


async def is_channel_member(gateway: Gateway, channel_id: str, user_id: str) -> bool:
    """Return whether a person is in a channel; False if Slack refuses to say. Raises SlackError."""
    method = "conversations.members"
    cursors, cursor = ListCursors(method), None
    while True:
        try:
            answer = await gateway.call(method, channel=channel_id, limit=MEMBER_LIMIT, cursor=cursor)
        except SlackApiError:
            return False
        if user_id in answer["members"]:
            return True
        cursor = cursors.find_next(answer)
        if cursor is None:
            return False
