"""The environment: which variables there are, and where in the settings each one goes."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from bot.config.problems import Place, Problem
from bot.domain.alerts.routing import SOURCE_NAMES
from bot.domain.errors import did_you_mean

FILE_SUFFIX = "_FILE"
CONFIG_VARIABLE = "DOGWATCH_CONFIG"


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable and the setting it gives. The value of a `secret` one is never shown."""

    name: str
    place: Place
    secret: bool = False


VARIABLES = (
    Variable("SLACK_BOT_TOKEN", ("slack_bot_token",), secret=True),
    Variable("SLACK_APP_TOKEN", ("slack_app_token",), secret=True),
    Variable("SLACK_SIGNING_SECRET", ("slack_signing_secret",), secret=True),
    Variable("SLACK_API_URL", ("slack_api_url",)),
    Variable("DOGWATCH_SOCKET_CONNECTIONS", ("socket_connections",)),
    Variable("DATABASE_URL", ("database_url",), secret=True),
    Variable(CONFIG_VARIABLE, ("config_path",)),
    Variable("DOGWATCH_HOST", ("host",)),
    Variable("DOGWATCH_PORT", ("port",)),
    Variable("DOGWATCH_DRAIN_SECONDS", ("drain_seconds",)),
    Variable("DOGWATCH_STOP_SECONDS", ("stop_seconds",)),
    Variable("DOGWATCH_LOG_LEVEL", ("log_level",)),
    Variable("DOGWATCH_LOG_FORMAT", ("log_format",)),
    Variable("DOGWATCH_PUBLIC_URL", ("public_url",)),
    Variable("DOGWATCH_SECRET_KEY", ("secret_key",), secret=True),
    Variable("DOGWATCH_HEARTBEAT_URL", ("heartbeat_url",), secret=True),
    Variable("DOGWATCH_HEARTBEAT_SECONDS", ("heartbeat_seconds",)),
    Variable("DOGWATCH_INCIDENTS_CHANNEL", ("incidents", "channel")),
    Variable("DOGWATCH_ALERT_TOKEN", ("alert_token",), secret=True),
    *(Variable(f"DOGWATCH_ALERT_TOKEN_{name.upper()}", ("alert_tokens", name), secret=True) for name in SOURCE_NAMES),
    Variable("DOGWATCH_ALERT_SECRET_GRAFANA", ("alert_secrets", "grafana"), secret=True),
    Variable("DOGWATCH_SMTP_PASSWORD", ("smtp_password",), secret=True),
    Variable("DOGWATCH_PAGERDUTY_WEBHOOK_SECRET", ("pagerduty_webhook_secret",), secret=True),
    Variable("DOGWATCH_OPSGENIE_WEBHOOK_SECRET", ("opsgenie_webhook_secret",), secret=True),
    Variable("DOGWATCH_WEBHOOK_SECRET", ("webhook_secret",), secret=True),
)


@dataclass(frozen=True, slots=True)
class Family:
    """Variables whose names end in one of `dogwatch.toml`: `DOGWATCH_PAGERDUTY_KEY_PAYMENTS`. All are secret."""

    prefix: str
    setting: str
    """A mapping by that name as `end_of` writes it, in small letters."""


CALENDAR_PREFIX = "DOGWATCH_CALENDAR_"
FAMILIES = (
    Family("DOGWATCH_PAGERDUTY_KEY_", "pagerduty_keys"),
    Family("DOGWATCH_OPSGENIE_KEY_", "opsgenie_keys"),
    Family("DOGWATCH_APPRISE_", "apprise_addresses"),
    Family(CALENDAR_PREFIX, "calendars"),
)


def end_of(name: str) -> str:
    """How a variable's name ends that belongs to a name of the file: `eu-west` is `EU_WEST`."""
    return re.sub(r"[^A-Z0-9]", "_", name.upper())


def variables_in(names: Iterable[str]) -> tuple[Variable, ...]:
    """All that there are: the fixed ones, and those of families among these names, which may end in `_FILE`."""
    found: dict[str, Variable] = {}
    for name in sorted(names):
        plain = name.removesuffix(FILE_SUFFIX)
        for family in FAMILIES:
            end = plain.removeprefix(family.prefix)
            if plain not in {end, family.prefix} and end == end_of(end):
                found[plain] = Variable(plain, (family.setting, end.casefold()), secret=True)
    return (*VARIABLES, *found.values())


KNOWN = tuple(name for variable in VARIABLES for name in (variable.name, variable.name + FILE_SUFFIX))
CLUSTER = re.compile(r"DOGWATCH_(\w+_)?(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)")
"""What Kubernetes sets by itself for Services whose names begin with "dogwatch"."""

BY_PLACE = {variable.place: variable for variable in VARIABLES}


def variable_at(place: Place) -> Variable | None:
    """The one that gives this setting."""
    family = next((each for each in FAMILIES if len(place) == 2 and place[0] == each.setting), None)
    if family is not None:
        return Variable(family.prefix + str(place[1]).upper(), place, secret=True)
    return BY_PLACE.get(place)


def read_environment(environ: Mapping[str, str]) -> tuple[dict[str, str], list[Problem]]:
    """
    The values of our variables by name, those of `NAME_FILE` read from their files, and what is wrong with them.

    An empty variable counts as unset: that is what `NAME=${NAME:-}` in a compose file makes of an absent one.
    """
    values: dict[str, str] = {}
    problems: list[Problem] = list(_misspelt(environ))
    for variable in variables_in(environ):
        direct, path = environ.get(variable.name, ""), environ.get(variable.name + FILE_SUFFIX, "")
        if direct and path:
            problems.append(Problem(variable.name, f"{variable.name}{FILE_SUFFIX} is set too. Keep one of the two."))
        elif path:
            try:
                values[variable.name] = content_of(Path(path))
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) else error
                problems.append(
                    Problem(
                        variable.name + FILE_SUFFIX, f"The file cannot be read: {reason}. Mend path or rights.", path
                    )
                )
        elif direct:
            values[variable.name] = direct
    return values, problems


def secret_files(environ: Mapping[str, str]) -> dict[str, Path]:
    """The files that hold our variables' values, by the name of the variable."""
    files = {each.name: environ.get(each.name + FILE_SUFFIX, "") for each in variables_in(environ)}
    return {name: Path(path) for name, path in files.items() if path}


def content_of(path: Path) -> str:
    """What a secret's file holds, without the line end behind it. Raises OSError or ValueError."""
    try:
        text = path.read_bytes().decode().strip()
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None
    if not text or "\x00" in text:
        raise ValueError("it is empty or not text")
    return text


def unknown_variables(environ: Mapping[str, str]) -> Iterator[Problem]:
    """Those that look like ours and mean nothing: what is nearer to one of ours is a mistake, see `_misspelt`."""
    known = _known(environ)
    for name in sorted(environ):
        if name.startswith("DOGWATCH_") and name not in known and not CLUSTER.fullmatch(name) and not _near(name):
            guess = did_you_mean(name, KNOWN)
            message = f"There is no such variable, so it does nothing.{guess} Mend the name, or take it away."
            yield Problem(name, message)


def _known(environ: Mapping[str, str]) -> frozenset[str]:
    return frozenset(name for each in variables_in(environ) for name in (each.name, each.name + FILE_SUFFIX))


def _misspelt(environ: Mapping[str, str]) -> Iterator[Problem]:
    """Only near misses: whoever has set SLACK_BOT_TOKN meant something by it, and would miss it in the night."""
    known = _known(environ)
    for name in environ:
        if name.startswith(("DOGWATCH_", "SLACK_")) and name not in known and (near := _near(name)):
            yield Problem(name, f"There is no such variable. Did you mean {near}?")


def _near(name: str) -> str | None:
    return next(iter(get_close_matches(name, KNOWN, n=1, cutoff=0.9)), None)
