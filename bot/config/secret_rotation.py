"""Secrets that change while the bot runs: the files that hold them are read again when they are written anew."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr, ValidationError
from structlog import get_logger

from bot.config.environment import Variable, content_of, variables_in
from bot.config.settings import Settings

log = get_logger(__name__)

ROTATED = frozenset(
    {
        "slack_signing_secret",
        "alert_token",
        "alert_tokens",
        "alert_secrets",
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
"""
Settings that are only compared with what comes in, or shown with each single page: whatever else holds a secret is
connected already.
"""
SETTLED_NS = 2_000_000_000
"""A file as young as this may be written once more without its time of change telling: it is read again."""

Seen = tuple[int, int, int]
"""Time of change (ns), inode and size. A mounted secret is changed by putting another file in its place."""


@dataclass(slots=True)
class _Watched:
    variable: Variable
    path: Path
    seen: Seen | None = None
    text: str = ""
    problem: str = ""
    """Why it cannot be read; empty if it can."""


class Rotation:
    """`settings()` are the current ones. Looking costs a `stat` of each such file, so every request can do it."""

    def __init__(self, settings: Settings, *, changed: Callable[[Settings], None] = lambda _settings: None) -> None:
        self._changed = changed
        self._watched = [
            _Watched(variable, settings.secret_files[variable.name])
            for variable in variables_in(settings.secret_files)
            if variable.name in settings.secret_files and variable.place[0] in ROTATED
        ]
        for each in self._watched:
            each.text = _value_at(settings, each.variable)

    def refreshed(self, settings: Settings) -> Settings:
        """The settings with what the files hold now. What cannot be read or used is logged, and the old value stays."""
        for each in self._watched:
            text = self._read(each)
            if text is None or text == each.text:
                continue
            each.text = text
            try:
                settings = _with(settings, each.variable, text)
            except ValidationError as wrong:
                reason = wrong.errors(include_input=False, include_url=False)[0]["msg"].removeprefix("Value error, ")
                log.error("a secret was not changed", variable=each.variable.name, problem=reason)  # noqa: TRY400
            else:
                log.info("a secret was read again", variable=each.variable.name, values=len(text.split()))
                self._changed(settings)
        return settings

    def _read(self, watched: _Watched) -> str | None:
        """What the file holds; None if it is the same file as before, or none that can be read."""
        try:
            found = watched.path.stat()
            seen = (found.st_mtime_ns, found.st_ino, found.st_size)
            if seen == watched.seen and not watched.problem:
                return None
            text = content_of(watched.path)
        except (OSError, ValueError) as problem:
            _tell(watched, (problem.strerror or str(problem)) if isinstance(problem, OSError) else str(problem))
            return None
        _tell(watched, "")
        watched.seen = seen if time.time_ns() - found.st_mtime_ns > SETTLED_NS else None
        return text


def _tell(watched: _Watched, problem: str) -> None:
    """Say what became of a file: each change once, not with every request."""
    if problem == watched.problem:
        return
    watched.problem = problem
    if problem:
        log.error(
            "a secret's file cannot be read",
            variable=watched.variable.name,
            problem=problem,
            meanwhile="what it held before stays right until the next start, which will fail",
        )
    else:
        log.info("a secret's file can be read again", variable=watched.variable.name)


def _value_at(settings: Settings, variable: Variable) -> str:
    name, *key = map(str, variable.place)
    value = getattr(settings, name)
    found = value.get(key[0]) if key else value
    return found.get_secret_value() if isinstance(found, SecretStr) else ""


def _with(settings: Settings, variable: Variable, text: str) -> Settings:
    """Raises ValidationError for a value that the start would have refused."""
    name, *key = map(str, variable.place)
    given = {**getattr(settings, name), key[0]: SecretStr(text)} if key else SecretStr(text)
    checked = Settings.model_validate({name: given})
    return settings.model_copy(update={name: getattr(checked, name)})
