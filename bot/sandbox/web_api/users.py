"""Web API methods about the app itself, the team, its people and groups."""

from bot.sandbox.web_api.call import Call, ok
from bot.sandbox.workspace import serialize
from bot.sandbox.workspace.records import Json, SlackError


def auth_test(call: Call) -> Json:
    workspace = call.workspace
    user = workspace.users[call.actor]
    answer = ok(
        url=f"{workspace.site_url}/",
        team=workspace.team.name,
        user=user.name,
        team_id=workspace.organisation or workspace.team.id,
        user_id=user.id,
        is_enterprise_install=workspace.organisation is not None,
    )
    if workspace.organisation is not None:
        answer["enterprise_id"] = workspace.organisation
    return answer | {"bot_id": workspace.app.bot_id} if call.grant.kind == "bot" else answer


def auth_teams_list(call: Call) -> Json:
    """Return the approved workspaces of an organisation, or the one that installed the app."""
    workspace = call.workspace
    teams = workspace.approved if workspace.organisation else [workspace.team.id]
    return ok(
        teams=[{"id": each, "name": workspace.team.name} for each in teams], response_metadata={"next_cursor": ""}
    )


def connections_open(call: Call) -> Json:
    if call.grant.kind != "app":
        raise SlackError("not_allowed_token_type")
    address = call.base_url.replace("http", "ws", 1)
    return ok(url=f"{address}/link/?ticket={call.new_ticket()}&app_id={call.workspace.app.id}")


def team_info(call: Call) -> Json:
    team = call.workspace.team
    if call.text("team") not in ("", team.id):
        raise SlackError("team_not_found")
    icon = f"{call.workspace.site_url}/avatar/team.svg"
    return ok(
        team={
            "id": team.id,
            "name": team.name,
            "url": f"{call.workspace.site_url}/",
            "domain": team.domain,
            "email_domain": "",
            "icon": {"image_34": icon, "image_68": icon, "image_132": icon, "image_default": True},
        }
    )


def user_info(call: Call) -> Json:
    user = call.workspace.users.get(call.text("user"))
    if user is None:
        raise SlackError("user_not_found")
    return ok(
        user=serialize.user_json(call.workspace, user, with_email=call.grant.has("users:read.email"), at=call.now)
    )


def users_list(call: Call) -> Json:
    users, metadata = call.page(list(call.workspace.users.values()), default=1000)
    with_email = call.grant.has("users:read.email")
    members = [serialize.user_json(call.workspace, user, with_email=with_email, at=call.now) for user in users]
    return ok(members=members, cache_ts=int(call.now.timestamp()), response_metadata=metadata)


def lookup_by_email(call: Call) -> Json:
    wanted = call.text("email").lower()
    for user in call.workspace.users.values():
        if user.email and user.email.lower() == wanted and not user.deleted:
            return ok(user=serialize.user_json(call.workspace, user, at=call.now))
    raise SlackError("users_not_found")


def _require_usergroups(call: Call) -> None:
    if not call.workspace.plan.usergroups:
        raise SlackError("plan_upgrade_required")


def usergroups_list(call: Call) -> Json:
    _require_usergroups(call)
    groups = [
        serialize.usergroup_json(
            call.workspace, group, with_users=call.flag("include_users"), with_count=call.flag("include_count")
        )
        for group in call.workspace.usergroups.values()
        if call.flag("include_disabled") or not group.is_disabled
    ]
    return ok(usergroups=groups)


def usergroup_users(call: Call) -> Json:
    _require_usergroups(call)
    group = call.workspace.usergroups.get(call.text("usergroup"))
    if group is None or (group.is_disabled and not call.flag("include_disabled")):
        raise SlackError("no_such_subteam")
    return ok(users=list(group.users))
