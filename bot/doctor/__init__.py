"""
`dogwatch doctor`: is everything there that the bot needs, and if not, what to do.

It only looks: nothing is written, posted or acknowledged. So it may run beside a running bot, and before the first
start. A check that cannot be made is told of as such; none of them ends in a traceback.
"""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from bot.config import DEFAULT_PATH, Settings
from bot.config.environment import CONFIG_VARIABLE
from bot.doctor.database import Known, database
from bot.doctor.network import Local, alerts, heartbeat, public_address, running_bot, signing_secret
from bot.doctor.paging import means
from bot.doctor.report import Finding, failed, ok, warning
from bot.doctor.schedules import schedules
from bot.doctor.slack import Slack
from bot.runtime.log import scrubbed
from bot.services.postmortem.templates import problems_of

__all__ = ["Finding", "configuration", "examine"]

Check = Callable[[], Awaitable[list[Finding]]]


def configuration(settings: Settings, environ: Mapping[str, str]) -> list[Finding]:
    """Of settings that can be read: the templates, and whether the tokens make a way to Slack."""
    named = environ.get(CONFIG_VARIABLE)
    path = Path(named) if named else DEFAULT_PATH
    where = str(path) if path.exists() else "the environment; there is no configuration file, and none is needed"
    found = [warning("configuration", each.message, "Mend the template.") for each in problems_of(settings)]
    found = found or [ok("configuration", f"no mistakes in {where}")]
    if problem := settings.no_way_to_slack:
        sentence, _, remedy = problem.partition(". ")
        found.append(failed("tokens", sentence, remedy))
    else:
        way = "Socket Mode, by SLACK_APP_TOKEN" if settings.uses_socket_mode else "HTTP, by SLACK_SIGNING_SECRET"
        found.append(ok("tokens", f"Slack is reached by {way}"))
    return found


async def examine(settings: Settings) -> list[Finding]:
    """Everything behind the configuration, in the order in which one thing needs another."""
    known, local = Known(), Local()
    slack = Slack(settings, known)
    checks: tuple[tuple[str, Check], ...] = (
        ("database", lambda: database(settings, known)),
        ("bot token", slack.token),
        ("scopes", slack.scopes),
        ("clock", slack.clocks),
        ("incidents channel", slack.channel),
        ("people", slack.people),
        ("Socket Mode", slack.socket_mode),
        ("running bot", lambda: running_bot(settings, local)),
        ("public address", lambda: public_address(settings, local)),
        ("signing secret", lambda: signing_secret(settings, local)),
        ("alerts", lambda: alerts(settings)),
        ("schedules", lambda: schedules(settings, slack)),
        ("paging", lambda: means(settings)),
        ("heartbeat", lambda: heartbeat(settings)),
    )
    found: list[Finding] = []
    try:
        for name, check in checks:
            found += await _tried(name, check)
    finally:
        await slack.close()
    return found


async def _tried(name: str, check: Check) -> list[Finding]:
    try:
        return await check()
    except Exception as problem:  # noqa: BLE001  an operator who asks what is wrong gets an answer for the rest, too
        told = scrubbed(f"{type(problem).__name__}: {problem}")
        return [
            failed(
                name, f"the check itself failed ({told})", "This is a mistake of Dogwatch: report it with this line."
            )
        ]
