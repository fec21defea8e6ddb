"""Environments of `dogwatch doctor`, each with one fault, and the expected result."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bot.config import load
from bot.doctor import check_configuration, run_checks
from bot.doctor.report import CheckResult
from bot.domain.slack_app.scopes import PERMISSIONS
from bot.sandbox.server import Sandbox

ROOT = Path(__file__).parents[3]
ALL = [each.scope for each in PERMISSIONS]
SECRET_KEY = "a secret key that is long enough for tests"


@dataclass
class Patient:
    """A sandbox, and an environment that tests change."""

    sandbox: Sandbox
    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def configured(self, text: str) -> None:
        path = self.folder / "dogwatch.toml"
        path.write_text(text)
        self.environ["DOGWATCH_CONFIG"] = str(path)

    async def examined(self) -> list[CheckResult]:
        settings = load(self.environ)
        return [*check_configuration(settings, self.environ), *await run_checks(settings)]


def environment(sandbox: Sandbox, folder: Path) -> dict[str, str]:
    return {
        "SLACK_BOT_TOKEN": sandbox.bot_token,
        "SLACK_SIGNING_SECRET": sandbox.signing_secret,
        "SLACK_API_URL": sandbox.api_url,
        "DATABASE_URL": f"sqlite:///{folder / 'dogwatch.db'}",
        "DOGWATCH_PORT": "1",
        "DOGWATCH_ALERT_TOKEN": "token-of-the-alerts",
    }


def socket_mode(patient: Patient) -> None:
    del patient.environ["SLACK_SIGNING_SECRET"]
    patient.environ["SLACK_APP_TOKEN"] = patient.sandbox.app_token


def results_of(found: list[CheckResult], check: str) -> list[tuple[str, str]]:
    return [(each.state.value, f"{each.found} / {each.remedy}") for each in found if each.check == check]


# --- one thing wrong at a time: what is broken, which check tells of it, as what, in which words


Break = Callable[[Patient], object]


def sets(**variables: str | None) -> Break:
    def breaking(patient: Patient) -> None:
        for name, value in variables.items():
            patient.environ.pop(name, None)
            if value is not None:
                patient.environ[name] = value

    return breaking


def lacks(*scopes: str) -> Break:
    return lambda patient: patient.sandbox.set_scopes(sorted(set(ALL) - set(scopes)))


def refuses(method: str, error: str) -> Break:
    return lambda patient: patient.sandbox.fault("error", method, error=error)


def names(toml: str) -> Break:
    return lambda patient: patient.configured(toml)


def both(first: Break, second: Break) -> Break:
    def breaking(patient: Patient) -> None:
        first(patient)
        second(patient)

    return breaking


def by_socket(then: Break) -> Break:
    def breaking(patient: Patient) -> None:
        socket_mode(patient)
        then(patient)

    return breaking


def a_users_token(patient: Patient) -> None:
    patient.sandbox.add_token("xox-of-a-person", "oncall")
    patient.environ["SLACK_BOT_TOKEN"] = "xox-of-a-person"


def archived(patient: Patient) -> None:
    patient.sandbox.add_channel("incidents", members=["oncall"])
    patient.sandbox.archive("oncall", "incidents")


def private(patient: Patient) -> None:
    patient.sandbox.add_channel("incidents", is_private=True, members=["oncall"])


def public(patient: Patient) -> None:
    patient.sandbox.add_channel("incidents", members=["oncall"])


def nobody_may_join(patient: Patient) -> None:
    public(patient)
    lacks("channels:join")(patient)


def deactivated_member(patient: Patient) -> None:
    patient.configured('[teams.payments]\nmembers = ["U0DBA"]\n')
    patient.sandbox.change_user("dba", deleted=True)


def on_call(who: str, **changes: bool) -> Break:
    def change(patient: Patient) -> None:
        patient.configured(
            '[schedules.night]\nzone = "UTC"\n[[schedules.night.layers]]\npeople = ["U0DBA"]\n'
            'starts = "2026-01-05 09:00"\nevery = "week"\n'
        )
        patient.sandbox.change_user(who, **changes)

    return change


def an_empty_group(patient: Patient) -> None:
    patient.configured('[teams.payments]\nusergroup = "S0EMPTY"\n')
    patient.sandbox.add_usergroup("nobody", [], id="S0EMPTY")


def a_file_of_something_else(patient: Patient) -> None:
    (patient.folder / "dogwatch.db").write_bytes(b"this is a letter and no database" * 100)


def no_rights(patient: Patient) -> None:
    patient.environ["DATABASE_URL"] = "sqlite:////proc/dogwatch.db"


FAULTS: dict[str, tuple[Break, str, str, str]] = {
    "token unknown": (sets(SLACK_BOT_TOKEN="xoxb-wrong"), "bot token", "failed", "invalid_auth"),
    "token revoked": (refuses("auth.test", "token_revoked"), "bot token", "failed", "OAuth & Permissions"),
    "a user's token": (a_users_token, "bot token", "failed", "belongs to the user"),
    "Slack away": (sets(SLACK_API_URL="http://127.0.0.1:1/api/"), "bot token", "failed", "no connection"),
    "Slack broken": (
        lambda patient: patient.sandbox.fault("status", "auth.test", status=503),
        "bot token",
        "failed",
        "HTTP 503",
    ),
    "no page of Slack's": (
        lambda patient: patient.sandbox.fault("truncated", "auth.test"),
        "bot token",
        "failed",
        "no response from",
    ),
    "nothing set": (
        sets(SLACK_BOT_TOKEN=None, SLACK_SIGNING_SECRET=None),
        "tokens",
        "failed",
        "SLACK_BOT_TOKEN is not set",
    ),
    "no way in": (sets(SLACK_SIGNING_SECRET=None), "tokens", "failed", "Socket Mode"),
    "a scope that is needed": (lacks("channels:manage"), "scopes", "failed", "No incident gets a channel"),
    "a scope to do without": (lacks("pins:write"), "scopes", "warning", "reinstall the app"),
    "archived channel": (archived, "incidents channel", "failed", "is archived, so its name is taken"),
    "private channel": (private, "incidents channel", "ok", "the bot cannot see #incidents"),
    "channel to join": (public, "incidents channel", "ok", "joins it with the first incident"),
    "channel not to join": (nobody_may_join, "incidents channel", "failed", "/invite @Dogwatch"),
    "no such channel id": (
        sets(DOGWATCH_INCIDENTS_CHANNEL="C0NOWHERE"),
        "incidents channel",
        "failed",
        "cannot see a channel C0NOWHERE",
    ),
    "channels not listed": (
        lambda patient: patient.sandbox.fault("ratelimited", "conversations.list", retry_after=30),
        "incidents channel",
        "warning",
        "in a minute",
    ),
    "unknown person": (names('[teams.a]\nmembers = ["U0NOBODY"]\n'), "people", "failed", "does not know U0NOBODY"),
    "person who left": (deactivated_member, "people", "warning", "is deactivated"),
    "who left and is on call": (on_call("dba", deleted=True), "people", "failed", "paged by the schedule night"),
    "a guest on call": (on_call("dba", is_restricted=True), "people", "failed", "cannot acknowledge pages"),
    "unknown in a policy": (
        names('[policies.a]\n[[policies.a.levels]]\ntargets = ["U0NOBODY"]\n'),
        "people",
        "failed",
        "does not know U0NOBODY, but paged by the policy a",
    ),
    "unknown group": (names('[teams.a]\nusergroup = "S0NOBODY"\n'), "people", "failed", "user group S0NOBODY"),
    "empty group": (an_empty_group, "people", "warning", "is empty"),
    "no user groups": (
        lambda patient: (an_empty_group(patient), refuses("usergroups.list", "paid_teams_only")(patient)),
        "people",
        "warning",
        "paid_teams_only",
    ),
    "app token unknown": (
        by_socket(sets(SLACK_APP_TOKEN="xapp-wrong")),
        "Socket Mode",
        "failed",
        "does not accept SLACK_APP_TOKEN",
    ),
    "app token without its scope": (
        by_socket(refuses("apps.connections.open", "missing_scope")),
        "Socket Mode",
        "failed",
        "connections:write",
    ),
    "Socket Mode switched off": (
        by_socket(refuses("apps.connections.open", "socket_mode_not_enabled")),
        "Socket Mode",
        "failed",
        "Enable it",
    ),
    "file of something else": (a_file_of_something_else, "database", "failed", "not an SQLite database"),
    "no folder": (sets(DATABASE_URL="sqlite:////no/such/folder/x.db"), "database", "failed", "there is no folder"),
    "no server": (
        sets(DATABASE_URL="postgresql://dogwatch:word@127.0.0.1:1/dogwatch", DOGWATCH_SECRET_KEY=SECRET_KEY),
        "database",
        "failed",
        "does not answer",
    ),
    "public address unknown": (
        sets(DOGWATCH_PUBLIC_URL="https://no-such-host.invalid"),
        "public address",
        "warning",
        "does not lead to a bot",
    ),
    "public address without TLS": (
        sets(DOGWATCH_PUBLIC_URL="http://bot.example.org"),
        "public address",
        "failed",
        "Slack only calls https:// addresses",
    ),
    "odd signing secret": (
        sets(SLACK_SIGNING_SECRET="not-so"),
        "signing secret",
        "warning",
        "is not in Slack's format",
    ),
    "no alert token": (sets(DOGWATCH_ALERT_TOKEN=None), "alerts", "warning", "alerts are refused"),
    "nobody on call": (
        names(
            '[[schedules.payments.layers]]\npeople = ["U0ONCALL"]\nstarts = "2020-01-01 09:00"\n'
            'every = "day"\nlength = "12 hours"\n'
        ),
        "schedules",
        "warning",
        "payments: nobody is on call from",
    ),
    "calendar without address": (
        names("[schedules.legacy]\ncalendar = true\n"),
        "schedules",
        "failed",
        "legacy: nobody is on call, because the calendar's address is not set / Set DOGWATCH_CALENDAR_LEGACY",
    ),
    "calendar away": (
        both(names("[schedules.legacy]\ncalendar = true"), sets(DOGWATCH_CALENDAR_LEGACY="http://127.0.0.1:1/hidden")),
        "schedules",
        "failed",
        "legacy: the calendar cannot be read: the server cannot be reached",
    ),
    "heartbeat away": (
        sets(DOGWATCH_HEARTBEAT_URL="http://127.0.0.1:1/ping"),
        "heartbeat",
        "warning",
        "cannot be reached",
    ),
}
