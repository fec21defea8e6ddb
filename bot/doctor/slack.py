"""Slack as the bot sees it: the token, what it may do, the clocks, the incidents channel, the people named."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.config import Settings
from bot.doctor.database import Known
from bot.doctor.report import Finding, failed, ok, warning
from bot.domain.errors import UserError
from bot.domain.slack_app.api_errors import explained
from bot.domain.slack_app.scopes import MISSING_SCOPE, Lack, Permission, missing
from bot.domain.terms import TargetKind
from bot.runtime.clock import machine_now
from bot.services.workspace.installation import AnotherWorkspace
from bot.slack.api.client import Away, Busy, Gateway, Refused, SlackError, TokenRefused
from bot.slack.api.enterprise import workspace_of
from bot.slack.api.user_lookup import find_by_mail

SECONDS = 5.0
PAGES, PAGE = 10, 1000
MOST_PEOPLE = 100
"""Who is asked about one by one: a hundred such calls a minute are granted."""
SKEW_TO_LOOK_AT, SKEW_REFUSED = timedelta(seconds=60), timedelta(seconds=300)
CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{7,}")
REINSTALL = (
    "Paste what `dogwatch manifest` prints into the app's settings under App Manifest, save, and install the app again."
)
COPY_IT = (
    "Copy the Bot User OAuth Token (xoxb-…) from the app's settings, under OAuth & Permissions; if there is none, "
    "install the app in the workspace first."
)
MAKE_ONE = (
    "Make an app-level token with the scope connections:write in the app's settings, under Basic Information, and put "
    "it into SLACK_APP_TOKEN. It has to be a token of the same app."
)
PLAN = "It comes with the workspace's plan, or an admin can switch it on. Incidents work without."
SYNCHRONISE = "Synchronise the machine's clock (NTP, chrony)."


class Slack:
    """The checks that call Slack. Each finds nothing where an earlier one has told why it cannot be made."""

    def __init__(self, settings: Settings, known: Known) -> None:
        self._settings = settings
        self._known = known
        token = settings.slack_bot_token
        self._gateway = Gateway(token.get_secret_value() if token else "", settings.slack_api_url, seconds=SECONDS)
        self._is_started = False
        self._is_in = False
        """Whether Slack takes the bot's token."""
        self._answered: tuple[datetime, datetime] | None = None
        """When Slack answered by its clock, and by the machine's."""

    async def close(self) -> None:
        await self._gateway.close()

    async def found_by_mail(self, mails: Sequence[str]) -> dict[str, str] | None:
        """The user ids of those whom Slack knows by these addresses; None if it cannot be asked."""
        if not self._is_in:
            return None
        try:
            found = {mail: await find_by_mail(self._gateway, mail) for mail in mails[:MOST_PEOPLE]}
        except SlackError:
            return None
        return {mail: user for mail, user in found.items() if user}

    async def _start(self) -> None:
        if not self._is_started:
            await self._gateway.start()
            self._is_started = True

    async def token(self) -> list[Finding]:
        if self._settings.slack_bot_token is None:
            return []
        await self._start()
        name = "bot token"
        try:
            told, at = await self._gateway.call_at("auth.test")
        except (TokenRefused, Refused) as problem:
            word = getattr(problem, "error", "")
            return [failed(name, f"Slack does not accept SLACK_BOT_TOKEN ({word})", COPY_IT)]
        except SlackError as problem:
            return [failed(name, f"Slack does not answer at {self._settings.slack_api_url} ({problem})", _way(problem))]
        self._answered = (at, machine_now()) if at else None
        self._is_in = True
        if told.get("is_enterprise_install"):
            try:
                self._gateway.workspace = await workspace_of(self._gateway)
            except UserError as problem:
                sentence, _, remedy = problem.message.partition(". ")
                return [failed(name, sentence, remedy)]
        return self._told(name, told)

    def _told(self, name: str, told: dict[str, Any]) -> list[Finding]:
        is_org = bool(told.get("is_enterprise_install"))
        team_id = str(told.get("enterprise_id") if is_org else told.get("team_id"))
        if not told.get("bot_id"):
            return [failed(name, f"it is a token of the user {told.get('user')}, not of a bot", COPY_IT)]
        before = self._known.installation
        if before is not None and before.team_id != team_id:
            sentence, _, remedy = AnotherWorkspace(before, team_id, str(told.get("team") or "")).message.partition(". ")
            return [failed(name, sentence, remedy)]
        kind = "the organisation" if is_org else "the workspace"
        return [ok(name, f"{told.get('user')} ({told.get('user_id')}) in {kind} {told.get('team')} ({team_id})")]

    async def scopes(self) -> list[Finding]:
        if not self._is_in:
            return []
        granted = self._gateway.granted
        if granted is None:
            return [
                warning("scopes", "Slack did not say which scopes the token has", "A proxy in between may hide it.")
            ]
        lacking = missing(granted)
        found = [_of_scope(each) for each in lacking]
        found += [_of_plan(each) for each in self._known.lacks if not each.is_scope]
        return found or [ok("scopes", "all that the manifest asks for")]

    async def clocks(self) -> list[Finding]:
        found = []
        if self._answered is not None:
            slacks, ours = self._answered
            found.append(_skew("clock", "the machine's clock", ours - slacks, "Slack's", SKEW_REFUSED))
        if self._known.is_ahead_by is not None and self._settings.sqlite_path is None:
            found.append(
                _skew("database's clock", "the database's clock", self._known.is_ahead_by, "the machine's", None)
            )
        return found

    async def channel(self) -> list[Finding]:
        if not self._is_in:
            return []
        wanted = self._settings.incidents.channel.removeprefix("#")
        try:
            return [_of_channel(wanted, await self._find(wanted), self._gateway.granted or frozenset())]
        except SlackError as problem:
            return [_not_looked("incidents channel", problem)]

    async def _find(self, wanted: str) -> dict[str, Any] | None:
        if CHANNEL_ID.fullmatch(wanted):
            try:
                return dict((await self._gateway.call("conversations.info", channel=wanted))["channel"])
            except Refused as problem:
                if problem.error == "channel_not_found":
                    return None
                raise
        may_private = "groups:read" in (self._gateway.granted or ())
        types, cursor = "public_channel,private_channel" if may_private else "public_channel", None
        for _ in range(PAGES):
            answer = await self._gateway.call("conversations.list", types=types, limit=PAGE, cursor=cursor)
            for channel in answer.get("channels", []):
                if channel.get("name") == wanted:
                    return dict(channel)
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or None
            if cursor is None:
                break
        return None

    async def people(self) -> list[Finding]:
        """Everybody whom the configuration names, and its user groups."""
        if not self._is_in:
            return []
        wanted = self._settings.named_people()
        if not wanted.users and not wanted.usergroups:
            return [ok("people", "the configuration names nobody")]
        try:
            problems = [*await self._users(wanted.users[:MOST_PEOPLE]), *await self._groups(wanted.usergroups)]
        except SlackError as problem:
            return [_not_looked("people", problem)]
        left = len(wanted.users) - MOST_PEOPLE
        more = f"; {left} more were not asked about" if left > 0 else ""
        told = f"{len(wanted.users)} and {len(wanted.usergroups)} user groups are known to Slack{more}"
        return problems or [ok("people", told)]

    async def _users(self, users: Iterable[str]) -> list[Finding]:
        found = []
        for user in users:
            try:
                person = (await self._gateway.call("users.info", user=user))["user"]
            except Refused as problem:
                if problem.error not in {"user_not_found", "user_not_visible", "users_not_found"}:
                    raise
                told = f"Slack does not know {user}{self._beside(user)}"
                found.append(failed("people", told, "Mend the id in dogwatch.toml."))
                continue
            found += self._doubts_of(user, person)
        return found

    def _doubts_of(self, user: str, person: Mapping[str, Any]) -> Iterator[Finding]:
        """Whoever cannot be paged, or cannot answer: at night that is found out too late."""
        name = str((person.get("profile") or {}).get("display_name") or person.get("real_name") or user)
        where = self._beside(user)
        grave = failed if where else warning
        if person.get("deleted"):
            yield grave("people", f"{name} ({user}) is deactivated{where}", "Take them out of dogwatch.toml.")
        elif person.get("is_bot"):
            yield grave("people", f"{name} ({user}) is an app{where}", "Name a person instead.")
        elif where and (person.get("is_restricted") or person.get("is_ultra_restricted")):
            told = f"{name} ({user}) is a guest and could not acknowledge a page{where}"
            yield failed("people", told, "Name a member of the workspace instead.")

    def _beside(self, user: str) -> str:
        """By what they would be paged, to be put behind what is wrong with them; empty if by nothing."""
        found = [f"the schedule {name}" for name, each in self._settings.schedules.items() if user in each.named]
        for name, policy in self._settings.policies.items():
            named = {person for each in policy.every_target for person in each.people}
            teams = [each.name for each in policy.every_target if each.kind == TargetKind.TEAM]
            if user in named.union(*(self._settings.teams[team].members for team in teams)):
                found.append(f"the policy {name}")
        return f", and is called by {' and '.join(found)}" if found else ""

    async def _groups(self, groups: Sequence[str]) -> list[Finding]:
        if not groups:
            return []
        listed = (await self._gateway.call("usergroups.list", include_users=True, include_disabled=True))["usergroups"]
        known = {str(each["id"]): each for each in listed}
        found = []
        for group in groups:
            if group not in known:
                found.append(
                    failed("people", f"Slack does not know the user group {group}", "Mend it in dogwatch.toml.")
                )
            elif known[group].get("date_delete"):
                told = f"the user group @{known[group].get('handle')} ({group}) is disabled"
                found.append(warning("people", told, "Enable it in Slack, or take it out of dogwatch.toml."))
            elif not known[group].get("users"):
                told = f"the user group @{known[group].get('handle')} ({group}) is empty"
                found.append(warning("people", told, "Nobody is called by it."))
        return found

    async def socket_mode(self) -> list[Finding]:
        """
        Whether Slack would give a connection. None is opened: Slack would deliver over it what people type meanwhile,
        and an address that nobody uses takes none of the app's ten.
        """
        token, name = self._settings.slack_app_token, "Socket Mode"
        if token is None:
            return []
        await self._start()
        try:
            await self._gateway.call("apps.connections.open", app_token=token.get_secret_value())
        except Refused as problem:
            if problem.error == MISSING_SCOPE:
                return [failed(name, "SLACK_APP_TOKEN lacks the scope connections:write", MAKE_ONE)]
            return [
                failed(
                    name,
                    f"Slack gives no connection ({problem.error})",
                    f"Switch it on in the app's settings. {MAKE_ONE}",
                )
            ]
        except TokenRefused as problem:
            return [failed(name, f"Slack does not accept SLACK_APP_TOKEN ({problem.error})", MAKE_ONE)]
        except SlackError as problem:
            return [_not_looked(name, problem)]
        return [ok(name, "Slack gives connections for SLACK_APP_TOKEN")]


def _of_scope(permission: Permission) -> Finding:
    told = f"{permission.scope} is missing ({permission.purpose}). {permission.without}"
    if permission.is_required:
        return failed("scopes", told, REINSTALL)
    return warning("scopes", told, REINSTALL)


def _of_plan(lack: Lack) -> Finding:
    told = f"the workspace does not offer it ({lack.word}): {lack.permission.purpose}. {lack.permission.without}"
    return warning("plan", told, PLAN)


def _skew(name: str, whose: str, ahead: timedelta, of: str, refused: timedelta | None) -> Finding:
    seconds = round(abs(ahead).total_seconds())
    told = f"{whose} is {seconds} s {'ahead of' if ahead > timedelta(0) else 'behind'} {of}"
    if refused is not None and abs(ahead) > refused:
        return failed(
            name, f"{told}: all that Slack sends over HTTP is refused as too old, or from the future", SYNCHRONISE
        )
    return warning(name, told, SYNCHRONISE) if abs(ahead) > SKEW_TO_LOOK_AT else ok(name, told)


def _of_channel(wanted: str, channel: dict[str, Any] | None, granted: frozenset[str]) -> Finding:
    name = "incidents channel"
    if channel is None:
        if CHANNEL_ID.fullmatch(wanted):
            return failed(
                name, f"the bot sees no channel {wanted}", "Mend DOGWATCH_INCIDENTS_CHANNEL, or invite the bot there."
            )
        return ok(
            name,
            f"there is no #{wanted} that the bot sees; it makes one with the first incident. If the workspace "
            "lets only admins make channels, make it and invite the bot",
        )
    label = f"#{channel.get('name') or wanted}"
    if channel.get("is_archived"):
        return failed(
            name,
            f"{label} is archived, and keeps its name",
            "Unarchive it and invite the bot, rename it, or set DOGWATCH_INCIDENTS_CHANNEL to another name.",
        )
    if channel.get("is_member"):
        return ok(name, f"{label}, with the bot in it")
    if channel.get("is_private") or "channels:join" not in granted:
        return failed(name, f"the bot is not in {label}, and cannot join it by itself", "Type /invite @Dogwatch there.")
    return ok(name, f"{label}; the bot joins it with the first incident")


def _not_looked(name: str, problem: SlackError) -> Finding:
    if isinstance(problem, Busy):
        return warning(
            name, "Slack asked to wait, so this was not looked at", "Run `dogwatch doctor` again in a minute."
        )
    if isinstance(problem, Away):
        return warning(name, f"Slack did not answer ({problem})", "Run `dogwatch doctor` again.")
    return warning(name, f"this cannot be looked at ({problem})", explained(str(problem)).remedy)


def _way(problem: SlackError) -> str:
    if isinstance(problem, Busy):
        return "Run `dogwatch doctor` again in a minute."
    return (
        "See whether this machine may reach it: DNS, firewall, a proxy (HTTPS_PROXY), and SLACK_API_URL if it is set."
    )
