"""Check Slack: tokens, scopes, clocks, the incidents channel and configured people."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.config import Settings
from bot.doctor.channel import check_incidents_channel
from bot.doctor.database import DatabaseFacts
from bot.doctor.people import MAX_PEOPLE, check_people
from bot.doctor.report import CheckResult, failed, ok, warning
from bot.domain.errors import UserError
from bot.domain.slack_app.api_errors import explain_error
from bot.domain.slack_app.missing_permissions import MISSING_SCOPE, MissingPermission
from bot.domain.slack_app.scopes import Permission, missing_scopes
from bot.runtime.clock import machine_now
from bot.services.workspace.installation import AnotherWorkspace
from bot.slack.api.client import Gateway
from bot.slack.api.errors import RateLimited, SlackApiError, SlackError, TokenRejected, Unreachable
from bot.slack.api.lookups import find_user_by_email, find_workspace

SECONDS = 5.0
SKEW_WARNING, SKEW_FAILURE = timedelta(seconds=60), timedelta(seconds=300)
REINSTALL = (
    "Paste the output of `dogwatch manifest` into the app's settings under App Manifest, save, and reinstall the app."
)
COPY_REMEDY = (
    "Copy the Bot User OAuth Token (xoxb-…) from the app's settings, under OAuth & Permissions. "
    "Without one, install the app in the workspace first."
)
APP_LEVEL_REMEDY = (
    "Create an app-level token with the scope connections:write in the settings of the same app, "
    "under Basic Information. Put it into SLACK_APP_TOKEN."
)
PLAN_REMEDY = "It needs another plan, or an admin must enable it. Incidents work without it."
SYNCHRONISE_CLOCK = "Synchronise the machine's clock (NTP, chrony)."


class SlackChecks:
    """
    Checks that call Slack.

    Without a valid token all but `check_token` and `check_socket_mode` return nothing.
    """

    def __init__(self, settings: Settings, facts: DatabaseFacts) -> None:
        self._settings = settings
        self._facts = facts
        token = settings.slack_bot_token
        self._gateway = Gateway(token.get_secret_value() if token else "", settings.slack_api_url, seconds=SECONDS)
        self._is_started = False
        self._is_authenticated = False
        self._clock_reading: tuple[datetime, datetime] | None = None
        """The time of Slack's answer by its own clock and by the machine's."""

    async def close(self) -> None:
        await self._gateway.close()

    async def find_users_by_mail(self, mails: Sequence[str]) -> dict[str, str] | None:
        """User ids by mail address, of those that Slack knows; None if Slack cannot be asked."""
        if not self._is_authenticated:
            return None
        try:
            users = {mail: await find_user_by_email(self._gateway, mail) for mail in mails[:MAX_PEOPLE]}
        except SlackError:
            return None
        return {mail: user for mail, user in users.items() if user}

    async def _start(self) -> None:
        if not self._is_started:
            await self._gateway.start()
            self._is_started = True

    async def check_token(self) -> list[CheckResult]:
        if self._settings.slack_bot_token is None:
            return []
        await self._start()
        name = "bot token"
        try:
            auth, at = await self._gateway.call_at("auth.test")
        except (TokenRejected, SlackApiError) as problem:
            word = getattr(problem, "error", "")
            return [failed(name, f"Slack does not accept SLACK_BOT_TOKEN ({word})", COPY_REMEDY)]
        except SlackError as problem:
            return [
                failed(
                    name, f"no response from {self._settings.slack_api_url} ({problem})", _unreachable_remedy(problem)
                )
            ]
        self._clock_reading = (at, machine_now()) if at else None
        self._is_authenticated = True
        if auth.get("is_enterprise_install"):
            try:
                self._gateway.workspace = await find_workspace(self._gateway)
            except UserError as problem:
                sentence, _, remedy = problem.message.partition(". ")
                return [failed(name, sentence, remedy)]
        return self._token_results(name, auth)

    def _token_results(self, name: str, auth: dict[str, Any]) -> list[CheckResult]:
        is_org = bool(auth.get("is_enterprise_install"))
        team_id = str(auth.get("enterprise_id") if is_org else auth.get("team_id"))
        if not auth.get("bot_id"):
            return [failed(name, f"it belongs to the user {auth.get('user')}, not to a bot", COPY_REMEDY)]
        before = self._facts.installation
        if before is not None and before.team_id != team_id:
            sentence, _, remedy = AnotherWorkspace(before, team_id, str(auth.get("team") or "")).message.partition(". ")
            return [failed(name, sentence, remedy)]
        kind = "the organisation" if is_org else "the workspace"
        return [ok(name, f"{auth.get('user')} ({auth.get('user_id')}) in {kind} {auth.get('team')} ({team_id})")]

    async def check_scopes(self) -> list[CheckResult]:
        if not self._is_authenticated:
            return []
        granted = self._gateway.granted
        if granted is None:
            return [warning("scopes", "Slack's response has no scopes", "Check whether a proxy removes headers.")]
        lacking = missing_scopes(granted)
        results = [_scope_result(each) for each in lacking]
        results += [_plan_result(each) for each in self._facts.lacks if not each.is_scope]
        return results or [ok("scopes", "all scopes of the manifest")]

    async def check_clocks(self) -> list[CheckResult]:
        results = []
        if self._clock_reading is not None:
            slacks, ours = self._clock_reading
            results.append(_skew_result("clock", "the machine's clock", ours - slacks, "Slack's", SKEW_FAILURE))
        if self._facts.clock_offset is not None and self._settings.sqlite_path is None:
            results.append(
                _skew_result(
                    "database's clock", "the database's clock", self._facts.clock_offset, "the machine's", None
                )
            )
        return results

    async def check_channel(self) -> list[CheckResult]:
        if not self._is_authenticated:
            return []
        try:
            return [await check_incidents_channel(self._settings, self._gateway)]
        except SlackError as problem:
            return [_unchecked_result("incidents channel", problem)]

    async def check_people(self) -> list[CheckResult]:
        if not self._is_authenticated:
            return []
        try:
            return await check_people(self._settings, self._gateway)
        except SlackError as problem:
            return [_unchecked_result("people", problem)]

    async def check_socket_mode(self) -> list[CheckResult]:
        """
        Check that Slack grants a connection.

        None is opened: Slack would deliver payloads over it. An address that is not used does not count towards the
        app's ten connections.
        """
        token, name = self._settings.slack_app_token, "Socket Mode"
        if token is None:
            return []
        await self._start()
        try:
            await self._gateway.call("apps.connections.open", app_token=token.get_secret_value())
        except SlackApiError as problem:
            if problem.error == MISSING_SCOPE:
                return [failed(name, "SLACK_APP_TOKEN is missing the scope connections:write", APP_LEVEL_REMEDY)]
            return [
                failed(
                    name,
                    f"Slack refuses connections ({problem.error})",
                    f"Enable it in the app's settings. {APP_LEVEL_REMEDY}",
                )
            ]
        except TokenRejected as problem:
            return [failed(name, f"Slack does not accept SLACK_APP_TOKEN ({problem.error})", APP_LEVEL_REMEDY)]
        except SlackError as problem:
            return [_unchecked_result(name, problem)]
        return [ok(name, "Slack accepts SLACK_APP_TOKEN")]


def _scope_result(permission: Permission) -> CheckResult:
    text = f"{permission.scope} is missing ({permission.purpose}). {permission.without}"
    if permission.is_required:
        return failed("scopes", text, REINSTALL)
    return warning("scopes", text, REINSTALL)


def _plan_result(lack: MissingPermission) -> CheckResult:
    text = f"not available in this workspace ({lack.error_code}): {lack.permission.purpose}. {lack.permission.without}"
    return warning("plan", text, PLAN_REMEDY)


def _skew_result(name: str, whose: str, ahead: timedelta, of: str, refused: timedelta | None) -> CheckResult:
    seconds = round(abs(ahead).total_seconds())
    text = f"{whose} is {seconds} s {'ahead of' if ahead > timedelta(0) else 'behind'} {of}"
    if refused is not None and abs(ahead) > refused:
        return failed(name, f"{text}: Slack's requests over HTTP are refused for their time", SYNCHRONISE_CLOCK)
    return warning(name, text, SYNCHRONISE_CLOCK) if abs(ahead) > SKEW_WARNING else ok(name, text)


def _unchecked_result(name: str, problem: SlackError) -> CheckResult:
    if isinstance(problem, RateLimited):
        return warning(name, "not checked: rate limited by Slack", "Run `dogwatch doctor` again in a minute.")
    if isinstance(problem, Unreachable):
        return warning(name, f"not checked: no response from Slack ({problem})", "Run `dogwatch doctor` again.")
    return warning(name, f"not checked ({problem})", explain_error(str(problem)).remedy)


def _unreachable_remedy(problem: SlackError) -> str:
    if isinstance(problem, RateLimited):
        return "Run `dogwatch doctor` again in a minute."
    return "Check the network: DNS, firewall, proxy (HTTPS_PROXY), and SLACK_API_URL if it is set."
