"""The environment variables, and the setting of each."""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from bot.config.problems import KeyPath, Problem
from bot.domain.alerts.events import SIGNING_SOURCES, TOKEN_SOURCES
from bot.domain.errors import did_you_mean
from bot.lazy_dataclass import dataclass

FILE_SUFFIX = "_FILE"
CONFIG_VARIABLE = "DOGWATCH_CONFIG"


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable and the path of its setting. The value of a `secret` one is never shown."""

    name: str
    path: KeyPath
    secret: bool = False


def variable_suffix(name: str) -> str:
    """Return the end of the variable for a name of the file: `EU_WEST` for `eu-west`."""
    return re.sub(r"[^A-Z0-9]", "_", name.upper())


VARIABLES = (
    Variable("SLACK_BOT_TOKEN", ("slack_bot_token",), secret=True),
    Variable("SLACK_APP_TOKEN", ("slack_app_token",), secret=True),
    Variable("SLACK_SIGNING_SECRET", ("slack_signing_secret",), secret=True),
    Variable("SLACK_CLIENT_ID", ("slack_client_id",)),
    Variable("SLACK_CLIENT_SECRET", ("slack_client_secret",), secret=True),
    Variable("DOGWATCH_OIDC_ISSUER", ("oidc_issuer",)),
    Variable("DOGWATCH_OIDC_CLIENT_ID", ("oidc_client_id",)),
    Variable("DOGWATCH_OIDC_CLIENT_SECRET", ("oidc_client_secret",), secret=True),
    Variable("DOGWATCH_OIDC_NAME", ("oidc_name",)),
    Variable("SLACK_API_URL", ("slack_api_url",)),
    Variable("DOGWATCH_SOCKET_CONNECTIONS", ("socket_connections",)),
    Variable("DATABASE_URL", ("database_url",), secret=True),
    Variable(CONFIG_VARIABLE, ("config_path",)),
    Variable("DOGWATCH_HOST", ("host",)),
    Variable("DOGWATCH_PORT", ("port",)),
    Variable("DOGWATCH_PUBLIC_PORT", ("public_port",)),
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
    *(
        Variable(f"DOGWATCH_ALERT_TOKEN_{variable_suffix(name)}", ("alert_tokens", name), secret=True)
        for name in TOKEN_SOURCES
    ),
    *(
        Variable(f"DOGWATCH_ALERT_SECRET_{variable_suffix(name)}", ("alert_secrets", name), secret=True)
        for name in SIGNING_SOURCES
    ),
    Variable("DOGWATCH_CHANGE_TOKEN", ("change_token",), secret=True),
    Variable("DOGWATCH_CHANGE_SECRET_GITHUB", ("change_secrets", "github"), secret=True),
    Variable("DOGWATCH_HEARTBEAT_TOKEN", ("heartbeat_token",), secret=True),
    Variable("DOGWATCH_SMTP_PASSWORD", ("smtp_password",), secret=True),
    Variable("DOGWATCH_NTFY_TOKEN", ("ntfy_token",), secret=True),
    Variable("DOGWATCH_PAGERDUTY_WEBHOOK_SECRET", ("pagerduty_webhook_secret",), secret=True),
    Variable("DOGWATCH_OPSGENIE_WEBHOOK_SECRET", ("opsgenie_webhook_secret",), secret=True),
    Variable("DOGWATCH_WEBHOOK_SECRET", ("webhook_secret",), secret=True),
)


@dataclass(frozen=True, slots=True)
class Family:
    """Secret variables that end in a name of the file: `DOGWATCH_PAGERDUTY_KEY_PAYMENTS`."""

    prefix: str
    setting: str
    """A mapping by the `variable_suffix` of the name, in lower case."""


ADAPTER_PREFIX = "DOGWATCH_ALERT_TOKEN_"
CALENDAR_PREFIX = "DOGWATCH_CALENDAR_"
FAMILIES = (
    Family("DOGWATCH_PAGERDUTY_KEY_", "pagerduty_keys"),
    Family("DOGWATCH_OPSGENIE_KEY_", "opsgenie_keys"),
    Family("DOGWATCH_APPRISE_", "apprise_addresses"),
    Family(CALENDAR_PREFIX, "calendars"),
    Family(ADAPTER_PREFIX, "adapter_tokens"),
)
FIXED_NAMES = frozenset(variable.name for variable in VARIABLES)


def find_variables(names: Iterable[str]) -> tuple[Variable, ...]:
    """Return all fixed variables, and those of families among `names`, which may end in `_FILE`."""
    found: dict[str, Variable] = {}
    for name in sorted(names):
        plain = name.removesuffix(FILE_SUFFIX)
        for family in FAMILIES:
            suffix = plain.removeprefix(family.prefix)
            is_ours = plain not in {suffix, family.prefix} and plain not in FIXED_NAMES
            if is_ours and suffix == variable_suffix(suffix):
                found[plain] = Variable(plain, (family.setting, suffix.casefold()), secret=True)
    return (*VARIABLES, *found.values())


KNOWN = tuple(name for variable in VARIABLES for name in (variable.name, variable.name + FILE_SUFFIX))
KUBERNETES = re.compile(r"DOGWATCH_(\w+_)?(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)")
"""Variables that Kubernetes sets for Services whose names begin with "dogwatch"."""

BY_PATH = {variable.path: variable for variable in VARIABLES}


def variable_at(path: KeyPath) -> Variable | None:
    """Return the variable of a setting."""
    family = next((each for each in FAMILIES if len(path) == 2 and path[0] == each.setting), None)
    if family is not None:
        return Variable(family.prefix + str(path[1]).upper(), path, secret=True)
    return BY_PATH.get(path)


def read_environment(environ: Mapping[str, str]) -> tuple[dict[str, str], list[Problem]]:
    """
    Return the values of our variables by name, and the problems.

    The value of `NAME_FILE` is the content of that file. An empty variable counts as unset: `NAME=${NAME:-}` in a
    compose file makes one of an absent variable.
    """
    values: dict[str, str] = {}
    problems: list[Problem] = list(_find_misspelt(environ))
    for variable in find_variables(environ):
        direct, path = environ.get(variable.name, ""), environ.get(variable.name + FILE_SUFFIX, "")
        if direct and path:
            problems.append(Problem(variable.name, f"{variable.name}{FILE_SUFFIX} is also set. Keep one of them."))
        elif path:
            try:
                values[variable.name] = read_secret_file(Path(path))
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) else error
                message = f"The file cannot be read: {reason}. Check its path and permissions."
                problems.append(Problem(variable.name + FILE_SUFFIX, message, path))
        elif direct:
            values[variable.name] = direct
    return values, problems


def secret_files(environ: Mapping[str, str]) -> dict[str, Path]:
    """Return the paths of `NAME_FILE` by the variable's name."""
    files = {each.name: environ.get(each.name + FILE_SUFFIX, "") for each in find_variables(environ)}
    return {name: Path(path) for name, path in files.items() if path}


def read_secret_file(path: Path) -> str:
    """Return the secret, without white space around it. Raises OSError or ValueError."""
    try:
        text = path.read_bytes().decode().strip()
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None
    if not text or "\x00" in text:
        raise ValueError("it is empty or not text")
    return text


def find_unknown_variables(environ: Mapping[str, str]) -> Iterator[Problem]:
    """Yield a warning for each unknown `DOGWATCH_` variable that `_find_misspelt` leaves."""
    known = _known_names(environ)
    for name in sorted(environ):
        is_ours = name.startswith("DOGWATCH_") and not KUBERNETES.fullmatch(name)
        if is_ours and name not in known and not _near_name(name):
            guess = did_you_mean(name, KNOWN)
            message = f"There is no such variable, so it has no effect.{guess} Correct the name, or remove it."
            yield Problem(name, message)


def _known_names(environ: Mapping[str, str]) -> frozenset[str]:
    return frozenset(name for each in find_variables(environ) for name in (each.name, each.name + FILE_SUFFIX))


def _find_misspelt(environ: Mapping[str, str]) -> Iterator[Problem]:
    """Yield an error for each near miss, like SLACK_BOT_TOKN."""
    known = _known_names(environ)
    for name in environ:
        if name.startswith(("DOGWATCH_", "SLACK_")) and name not in known and (near := _near_name(name)):
            yield Problem(name, f"There is no such variable. Did you mean {near}?")


def _near_name(name: str) -> str | None:
    return next(iter(get_close_matches(name, KNOWN, n=1, cutoff=0.9)), None)
