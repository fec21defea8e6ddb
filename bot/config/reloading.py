"""
The settings in force, and their reload while the bot runs.

Each unit of work (a request, a transaction, an outbox row) asks the one holder once, and so sees one configuration
from begin to end.
"""

import asyncio
import hashlib
import json
import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from structlog import get_logger

from bot.config import Problem, Report, examine
from bot.config.environment import VARIABLES
from bot.config.secret_rotation import ROTATED, SecretRotation
from bot.config.settings import FILE_SETTINGS, Settings
from bot.lazy_dataclass import dataclass
from bot.runtime import metrics

log = get_logger(__name__)

Reader = Callable[[Path | None], Report]
"""Reads the environment and the file at the path (None: the one of the environment, if it exists). Blocks."""
FINGERPRINT_LENGTH = 8
"""Hexadecimal digits, few enough to compare by eye."""


def read_configuration(path: Path | None) -> Report:
    """The reader of a process: its own environment."""
    return examine(os.environ, config_path=path)


def fingerprint(settings: Settings) -> str:
    """Return a short hash of the file's settings, defaults included."""
    dump = json.dumps(settings.model_dump(mode="json", include=set(FILE_SETTINGS)))
    return hashlib.sha256(dump.encode()).hexdigest()[:FINGERPRINT_LENGTH]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reload that changed nothing, and why."""

    at: datetime
    problems: Sequence[Problem]


class Configuration:
    """`current` is a frozen value; a reload that succeeds replaces it, one that fails leaves it."""

    def __init__(self, settings: Settings, *, reader: Reader, changed: Callable[[Settings], None]) -> None:
        self.current = settings
        self.fingerprint = fingerprint(settings)
        self.refusal: Refusal | None = None
        """The last reload, if it changed nothing."""
        self._started_with = settings
        self._reader = reader
        self._rotation = SecretRotation(settings, changed=changed)
        self._lock = asyncio.Lock()
        self._update_metrics()

    def replace(self, settings: Settings) -> None:
        """Set what the process itself finds out, like the port that it listens on."""
        self.current = settings

    def refresh_secrets(self) -> Settings:
        """Return the settings with the current content of the secret files."""
        self.current = self._rotation.refresh(self.current)
        return self.current

    async def reload(self, at: datetime) -> bool:
        """Read the file again. False if it is refused: the errors are logged, nothing changes."""
        async with self._lock:
            self.refresh_secrets()
            report = await asyncio.to_thread(self._read_report)
            if report.settings is None:
                self._refuse(report.problems, at)
            else:
                self._apply(report.settings)
                log_warnings(report.warnings)
            self._update_metrics()
            return report.settings is not None

    def _read_report(self) -> Report:
        """
        Read the file, and refuse an absent or empty one if there was one before.

        At a start an absent file means defaults. Now it was lost, and an empty one is being rewritten by a program.
        """
        path = self.current.config_path
        report = self._reader(path)
        if report.settings is not None and path is not None and report.is_blank:
            message = "The file is empty. Restore its content, or restart to run without a file."
            return Report(None, (Problem("the file", message, origin=str(path)),))
        return report

    def _refuse(self, problems: Sequence[Problem], at: datetime) -> None:
        self.refusal = Refusal(at, tuple(problems))
        metrics.CONFIG_RELOADS.labels("refused").inc()
        for each in problems:
            log.error("configuration error", mistake=str(each))
        log.error(
            "configuration reload refused",
            mistakes=len(problems),
            in_force=self.fingerprint,
            remedy="Fix the errors (`dogwatch check` lists them) and send SIGHUP again.",
        )

    def _apply(self, found: Settings) -> None:
        kept = {name: getattr(self.current, name) for name in Settings.model_fields if name not in FILE_SETTINGS}
        new = found.model_copy(update={**kept, "config_path": found.config_path})
        changed = [name for name in sorted(FILE_SETTINGS) if getattr(new, name) != getattr(self.current, name)]
        before, self.current, self.refusal = self.fingerprint, new, None
        self.fingerprint = fingerprint(new)
        metrics.CONFIG_RELOADS.labels("taken" if changed else "unchanged").inc()
        log.info(
            "configuration reloaded",
            configuration=self.fingerprint,
            before=before,
            changed=[Settings.model_fields[name].alias or name for name in changed],
        )
        if late := list(dict.fromkeys(self._variables_needing_restart(found))):
            log.warning("configuration change needs a restart", variables=late)

    def _variables_needing_restart(self, found: Settings) -> Sequence[str]:
        """List changed secret files that are read at start only."""
        return [
            variable.name
            for variable in VARIABLES
            if variable.name in self._started_with.secret_files
            and variable.path[0] not in ROTATED | FILE_SETTINGS
            and getattr(found, str(variable.path[0])) != getattr(self._started_with, str(variable.path[0]))
        ]

    def _update_metrics(self) -> None:
        metrics.CONFIG_LAST_RELOAD.set(self.refusal is None)
        metrics.CONFIG_INFO.clear()
        metrics.CONFIG_INFO.labels(self.fingerprint).set(1)


def log_warnings(warnings: Sequence[Problem]) -> None:
    for each in warnings:
        log.warning("configuration warning", warning=str(each))
