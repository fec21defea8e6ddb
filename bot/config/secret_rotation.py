"""Rotation of secrets at run time: their files are read again when they change."""

import time
from collections.abc import Callable
from pathlib import Path

from pydantic import SecretStr, ValidationError
from structlog import get_logger

from bot.config.environment import Variable, find_variables, read_secret_file
from bot.config.settings import Settings
from bot.lazy_dataclass import dataclass

log = get_logger(__name__)

ROTATED = frozenset(
    {
        "slack_signing_secret",
        "alert_token",
        "alert_tokens",
        "adapter_tokens",
        "alert_secrets",
        "change_token",
        "change_secrets",
        "heartbeat_token",
        "smtp_password",
        "pagerduty_webhook_secret",
        "pagerduty_keys",
        "opsgenie_webhook_secret",
        "opsgenie_keys",
        "webhook_secret",
        "apprise_addresses",
        "calendars",
    }
)
"""Settings that each request or page reads again. Other secrets belong to open connections."""
SETTLED_NS = 2_000_000_000
"""Age of a file, in ns, below which it may change once more with the same modification time."""

FileVersion = tuple[int, int, int]
"""Modification time (ns), inode and size. A mounted secret changes by a replacement of its file."""


@dataclass(slots=True)
class _Watched:
    variable: Variable
    path: Path
    version: FileVersion | None = None
    text: str = ""
    problem: str = ""
    """Why it cannot be read; empty if it can."""


class SecretRotation:
    """Watched secret files. A check is cheap enough for every request: one `stat` per file."""

    def __init__(self, settings: Settings, *, changed: Callable[[Settings], None] = lambda _settings: None) -> None:
        self._changed = changed
        self._watched = [
            _Watched(variable, settings.secret_files[variable.name], text=_secret_of(settings, variable))
            for variable in find_variables(settings.secret_files)
            if variable.name in settings.secret_files and variable.path[0] in ROTATED
        ]

    def refresh(self, settings: Settings) -> Settings:
        """Return the settings with the files' content, or the old value if a file is invalid."""
        for each in self._watched:
            text = self._read_if_changed(each)
            if text is None or text == each.text:
                continue
            each.text = text
            try:
                settings = _with_secret(settings, each.variable, text)
            except ValidationError as wrong:
                reason = wrong.errors(include_input=False, include_url=False)[0]["msg"].removeprefix("Value error, ")
                log.error("secret change refused", variable=each.variable.name, problem=reason)  # noqa: TRY400
            else:
                log.info("secret reloaded", variable=each.variable.name, values=len(text.split()))
                self._changed(settings)
        return settings

    def _read_if_changed(self, watched: _Watched) -> str | None:
        """Return the file's content; None if it has not changed or cannot be read."""
        try:
            found = watched.path.stat()
            version = (found.st_mtime_ns, found.st_ino, found.st_size)
            if version == watched.version and not watched.problem:
                return None
            text = read_secret_file(watched.path)
        except (OSError, ValueError) as problem:
            _log_problem(watched, (problem.strerror or str(problem)) if isinstance(problem, OSError) else str(problem))
            return None
        _log_problem(watched, "")
        watched.version = version if time.time_ns() - found.st_mtime_ns > SETTLED_NS else None
        return text


def _log_problem(watched: _Watched, problem: str) -> None:
    """Log a file's problem, or its end, once and not with every request."""
    if problem == watched.problem:
        return
    watched.problem = problem
    if problem:
        log.error(
            "secret file unreadable",
            variable=watched.variable.name,
            problem=problem,
            meanwhile="the old value is used until the next start, which will fail",
        )
    else:
        log.info("secret file readable again", variable=watched.variable.name)


def _secret_of(settings: Settings, variable: Variable) -> str:
    name, *key = map(str, variable.path)
    value = getattr(settings, name)
    found = value.get(key[0]) if key else value
    return found.get_secret_value() if isinstance(found, SecretStr) else ""


def _with_secret(settings: Settings, variable: Variable, text: str) -> Settings:
    """Raises ValidationError for a value that the start would refuse."""
    name, *key = map(str, variable.path)
    given = {**getattr(settings, name), key[0]: SecretStr(text)} if key else SecretStr(text)
    checked = Settings.model_validate({name: given})
    return settings.model_copy(update={name: getattr(checked, name)})
