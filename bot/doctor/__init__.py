"""
`dogwatch doctor`: check everything that the bot needs, with a remedy for each problem.

Read-only: nothing is written, posted or acknowledged, so it may run beside a running bot and before the first start.
A check that cannot be made is reported as such; none of them ends in a traceback.
"""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from bot.config import DEFAULT_PATH, Settings
from bot.config.checks.status_page import find_folder_problem
from bot.config.environment import CONFIG_VARIABLE
from bot.doctor.database import DatabaseFacts, check_database
from bot.doctor.network import (
    RunningBot,
    check_alert_tokens,
    check_heartbeat,
    check_public_address,
    check_running_bot,
    check_signing_secret,
)
from bot.doctor.paging import check_contact_methods
from bot.doctor.report import CheckResult, failed, ok, report_as_json, warning
from bot.doctor.schedules import check_schedules
from bot.doctor.slack import SlackChecks
from bot.doctor.vendors import check_vendors
from bot.runtime.log import scrub_text
from bot.services.postmortem.templates import find_template_problems

__all__ = ["check_configuration", "run_checks", "run_report"]

Check = Callable[[], Awaitable[list[CheckResult]]]


def check_configuration(settings: Settings, environ: Mapping[str, str]) -> list[CheckResult]:
    """Check templates and tokens of settings that could be loaded."""
    named = environ.get(CONFIG_VARIABLE)
    path = Path(named) if named else DEFAULT_PATH
    where = str(path) if path.exists() else "the environment (no configuration file, which is optional)"
    found = [warning("configuration", each.message, "Fix the template.") for each in find_template_problems(settings)]
    found = found or [ok("configuration", f"no errors in {where}")]
    if problem := settings.token_problem:
        sentence, _, remedy = problem.partition(". ")
        found.append(failed("tokens", sentence, remedy))
    else:
        way = "Socket Mode (SLACK_APP_TOKEN)" if settings.uses_socket_mode else "HTTP (SLACK_SIGNING_SECRET)"
        found.append(ok("tokens", way))
    if settings.status is not None and settings.status.folder is not None:
        found.append(_check_status_folder(settings.status_path(settings.status.folder)))
    return found


def _check_status_folder(folder: Path) -> CheckResult:
    problem = find_folder_problem(folder)
    if not problem:
        return ok("status folder", str(folder))
    sentence, _, remedy = problem.rpartition(". ")
    return warning("status folder", sentence, remedy)


async def run_checks(settings: Settings) -> list[CheckResult]:
    """Run all checks but the configuration's, dependencies first."""
    facts, bot = DatabaseFacts(), RunningBot()
    slack = SlackChecks(settings, facts)
    checks: tuple[tuple[str, Check], ...] = (
        ("database", lambda: check_database(settings, facts)),
        ("bot token", slack.check_token),
        ("scopes", slack.check_scopes),
        ("clock", slack.check_clocks),
        ("incidents channel", slack.check_channel),
        ("people", slack.check_people),
        ("Socket Mode", slack.check_socket_mode),
        ("running bot", lambda: check_running_bot(settings, bot)),
        ("public address", lambda: check_public_address(settings, bot)),
        ("signing secret", lambda: check_signing_secret(settings, bot)),
        ("alerts", lambda: check_alert_tokens(settings)),
        ("schedules", lambda: check_schedules(settings, slack)),
        ("paging", lambda: check_contact_methods(settings)),
        ("vendors", lambda: check_vendors(settings)),
        ("heartbeat", lambda: check_heartbeat(settings)),
    )
    results: list[CheckResult] = []
    try:
        for name, check in checks:
            results += await _run_check(name, check)
    finally:
        await slack.close()
    return results


async def run_report(settings: Settings) -> list[dict[str, str]]:
    """The findings about the settings in force, as in the report's JSON."""
    path = settings.config_path
    results = check_configuration(settings, {CONFIG_VARIABLE: str(path)} if path else {})
    findings: list[dict[str, str]] = report_as_json([*results, *await run_checks(settings)])["findings"]
    return findings


async def _run_check(name: str, check: Check) -> list[CheckResult]:
    try:
        return await check()
    except Exception as problem:  # noqa: BLE001  one broken check must not hide the results of the others
        error = scrub_text(f"{type(problem).__name__}: {problem}")
        remedy = "This is a bug in Dogwatch. Report it with this line."
        return [failed(name, f"the check itself failed ({error})", remedy)]
