"""The settings that come from the environment, to keep secrets out of shared files."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from bot.config.database_url import parse_database_url
from bot.config.environment import variable_suffix
from bot.config.sections.schedules import normalize_calendar_address
from bot.config.tokens import find_token_problem, wrong_app_token, wrong_bot_token, wrong_signing_secret

SLACK_API = "https://slack.com/api/"
SHORTEST_SECRET_KEY = 32
"""Characters."""
SHORTEST_TOKEN = 16
"""
Characters of an alert token.

A shorter one could be guessed, because attempts are not limited.
"""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
POSTGRESQL = ("postgres://", "postgresql://")


def secret_alternatives(secret: SecretStr | None) -> tuple[str, ...]:
    """Return the values of a secret, of which several are valid during a rotation."""
    return tuple(secret.get_secret_value().split()) if secret else ()


def calendar_secrets(address: str) -> Iterator[str]:
    """Yield the secret parts of a calendar's address: the long parts behind the host."""
    address_parts = urlsplit(address)
    for part in re.split(r"[/?&=]+", f"{address_parts.path}?{address_parts.query}"):
        if len(part) >= SHORTEST_TOKEN:
            yield from {part, unquote(part)}


def apprise_secrets(address: str) -> Iterator[str]:
    """Yield the parts of an Apprise address, any of which may be a token."""
    for part in re.split(r"[/:@?&=#]+", address):
        yield from {part, unquote(part)}


def service_secret(secrets: Mapping[str, SecretStr], service: str) -> str | None:
    """Return the secret of a service of the file; None if it is not set."""
    found = secrets.get(variable_suffix(service).casefold())
    return found.get_secret_value() if found else None


def _check_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("This is not a web address. Use http:// or https:// and the host.")
    return value.rstrip("/")


def _check_issuer(value: str) -> str:
    """The issuer as it is, for it is compared: some end in a slash."""
    parts = urlsplit(_check_url(value))
    if parts.query or parts.fragment:
        raise ValueError("An issuer has no ? or #. Copy it from the provider's own description.")
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise ValueError("The sign-in provider needs https://.")
    return value


def _check_api_url(value: str) -> str:
    return _check_url(value) + "/"  # slack_sdk appends the method's name


def _check_secret_url(value: SecretStr) -> SecretStr:
    _check_url(value.get_secret_value())
    return value


def _check_token(value: SecretStr) -> SecretStr:
    if min(map(len, secret_alternatives(value)), default=0) < SHORTEST_TOKEN:
        raise ValueError(
            f"A token is too short: each needs {SHORTEST_TOKEN} characters, with a space or line end "
            "between several. Create one with `openssl rand -hex 32`."
        )
    return value


def _check_access_token(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[!-~]+", value.get_secret_value()):
        raise ValueError("This is not an access token. Copy it from ntfy: tk_ and 29 letters and digits.")
    return value


def _slack_secret(find_problem: Callable[[str], str | None]) -> AfterValidator:
    """Return a validator that applies `find_problem` to each alternative of a secret."""

    def check(value: SecretStr) -> SecretStr:
        for each in secret_alternatives(value):
            if problem := find_problem(each):
                raise ValueError(problem)
        return value

    return AfterValidator(check)


def _check_secret_key(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < SHORTEST_SECRET_KEY:
        raise ValueError(
            f"This is too short: it needs {SHORTEST_SECRET_KEY} characters. Create one with `openssl rand -hex 32`."
        )
    return value


def _refuse_service_link(value: object) -> object:
    if isinstance(value, str) and value.startswith("tcp://"):
        raise ValueError("Kubernetes sets this for a Service named dogwatch. Set enableServiceLinks: false in the pod.")
    return value


def _check_database_url(value: SecretStr) -> SecretStr:
    url = value.get_secret_value()
    if url.startswith("sqlite://"):
        # Between the second and the third slash is a host, which a file does not have.
        path = url.removeprefix("sqlite:///").partition("?")[0] if url.startswith("sqlite:///") else ""
        if path in {"", ":memory:"}:
            raise ValueError("The file is missing. Use sqlite:///dogwatch.db, or sqlite:////var/lib/dogwatch.db.")
    elif not url.startswith(POSTGRESQL):
        raise ValueError("This is neither sqlite:// nor postgresql://. Use an address like sqlite:///dogwatch.db.")
    else:
        parse_database_url(url)
    return value


def _normalize_calendar(value: SecretStr) -> SecretStr:
    return SecretStr(normalize_calendar_address(value.get_secret_value()))


Token = Annotated[SecretStr, AfterValidator(_check_token)]
"""A monitor's token or signing secret, or several alternatives."""
CalendarAddress = Annotated[SecretStr, AfterValidator(_normalize_calendar)]


class EnvironmentSettings(BaseModel):
    """Settings of the environment. The variable of each field is in `bot.config.environment`."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, defer_build=True)

    slack_bot_token: Annotated[SecretStr, _slack_secret(wrong_bot_token)] | None = None
    slack_app_token: Annotated[SecretStr, _slack_secret(wrong_app_token)] | None = None
    slack_signing_secret: Annotated[SecretStr, _slack_secret(wrong_signing_secret)] | None = None
    slack_client_id: str | None = None
    slack_client_secret: SecretStr | None = None
    """Both are for Sign in with Slack."""
    oidc_issuer: Annotated[str, AfterValidator(_check_issuer)] | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    """All three are for a sign-in provider of the company's own."""
    oidc_name: Annotated[str, Field(min_length=1, max_length=40)] = "your company account"
    """Shown on the button: `Sign in with {oidc_name}`."""
    slack_api_url: Annotated[str, AfterValidator(_check_api_url)] = SLACK_API
    socket_connections: Annotated[int, Field(ge=1, le=10)] = 2
    database_url: Annotated[SecretStr, AfterValidator(_check_database_url)] = SecretStr("sqlite:///dogwatch.db")
    host: str = "127.0.0.1"
    port: Annotated[int, BeforeValidator(_refuse_service_link), Field(ge=0, le=65535)] = 3000
    public_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    """Port that serves the public status page and nothing else."""
    drain_seconds: Annotated[int, Field(ge=0, le=300)] = 0
    """How long a stopping process still listens, with `/readyz` at 503."""
    stop_seconds: Annotated[int, Field(ge=1, le=300)] = 20
    """How long it then finishes work in progress."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "text"] | None = None
    """None: text on a terminal, else JSON."""
    public_url: Annotated[str, AfterValidator(_check_url)] | None = None
    secret_key: Annotated[SecretStr, AfterValidator(_check_secret_key)] | None = None
    heartbeat_url: Annotated[SecretStr, AfterValidator(_check_secret_url)] | None = None
    heartbeat_seconds: Annotated[int, Field(ge=1, le=3600)] = 60
    alert_token: Token | None = None
    alert_tokens: Mapping[str, Token] = Field(default_factory=dict)
    adapter_tokens: Mapping[str, Token] = Field(default_factory=dict)
    """By the `variable_suffix` of the adapter's name, in lower case."""
    alert_secrets: Mapping[str, Token] = Field(default_factory=dict)
    change_token: Token | None = None
    change_secrets: Mapping[str, Token] = Field(default_factory=dict)
    heartbeat_token: Token | None = None
    smtp_password: SecretStr | None = None
    ntfy_token: Annotated[SecretStr, AfterValidator(_check_access_token)] | None = None
    pagerduty_webhook_secret: Token | None = None
    opsgenie_webhook_secret: Token | None = None
    webhook_secret: Token | None = None
    pagerduty_keys: Mapping[str, SecretStr] = Field(default_factory=dict)
    """By the `variable_suffix` of the service's name, in lower case; so are those below."""
    opsgenie_keys: Mapping[str, SecretStr] = Field(default_factory=dict)
    apprise_addresses: Mapping[str, SecretStr] = Field(default_factory=dict)
    calendars: Mapping[str, CalendarAddress] = Field(default_factory=dict)
    config_path: Path | None = None
    secret_files: Mapping[str, Path] = Field(default_factory=dict)
    """Path by variable, where `NAME_FILE` named a file."""
    set_variables: frozenset[str] = frozenset()
    """Names of the variables that were set, directly or by a file."""

    @property
    def token_problem(self) -> str | None:
        """The missing Slack tokens, with the remedy; None if the bot can run."""
        return find_token_problem(
            bot=self.slack_bot_token is not None,
            app=self.slack_app_token is not None,
            signing=self.slack_signing_secret is not None,
        )

    @property
    def uses_socket_mode(self) -> bool:
        return self.slack_app_token is not None

    @property
    def signing_secrets(self) -> tuple[str, ...]:
        """The alternatives; each request tells which of them Slack uses."""
        return secret_alternatives(self.slack_signing_secret)

    @property
    def sqlite_path(self) -> Path | None:
        """The database file, as it is written; None with PostgreSQL."""
        url = self.database_url.get_secret_value()
        if not url.startswith("sqlite://"):
            return None
        return Path(url.removeprefix("sqlite://").partition("?")[0].removeprefix("/"))

    @property
    def base_url(self) -> str:
        """The address of the bot's own pages, without a trailing slash."""
        # A server listens on 0.0.0.0, which no browser can open.
        host = "localhost" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104  read, not bound
        return self.public_url or f"http://{host}:{self.port}"

    def pagerduty_key(self, service: str) -> str | None:
        """The integration key of a service; None if it is not set."""
        return service_secret(self.pagerduty_keys, service)

    def opsgenie_key(self, service: str) -> str | None:
        return service_secret(self.opsgenie_keys, service)

    def apprise_address(self, service: str) -> str | None:
        """The address of a contact method, which may hold `{to}` for each person's own part."""
        return service_secret(self.apprise_addresses, service)

    def secret_values(self) -> tuple[str, ...]:
        """Every text that may appear in no log, page or message."""
        single = (
            self.slack_bot_token,
            self.slack_app_token,
            self.slack_client_secret,
            self.oidc_client_secret,
            self.secret_key,
            self.heartbeat_url,
            self.smtp_password,
            self.ntfy_token,
            *self.pagerduty_keys.values(),
            *self.opsgenie_keys.values(),
            *self.apprise_addresses.values(),
            *self.calendars.values(),
        )
        several = (
            self.pagerduty_webhook_secret,
            self.opsgenie_webhook_secret,
            self.webhook_secret,
            self.slack_signing_secret,
            self.alert_token,
            self.change_token,
            self.heartbeat_token,
            *self.alert_tokens.values(),
            *self.adapter_tokens.values(),
            *self.alert_secrets.values(),
            *self.change_secrets.values(),
        )
        password = urlsplit(self.database_url.get_secret_value()).password if self.sqlite_path is None else None
        found = [each.get_secret_value() for each in single if each]
        found += [value for each in several for value in secret_alternatives(each)]
        found += [part for each in self.calendars.values() for part in calendar_secrets(each.get_secret_value())]
        found += [part for each in self.apprise_addresses.values() for part in apprise_secrets(each.get_secret_value())]
        return tuple(filter(None, [*found, password, unquote(password) if password else None]))
