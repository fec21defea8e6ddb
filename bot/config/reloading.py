"""
The settings in force, and how others take their place while the bot runs.

There is one holder, and each unit of work (a request, a transaction, a message that is sent) asks it once: so it sees
one configuration from its begin to its end.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from structlog import get_logger

from bot.config import Problem, Report
from bot.config.environment import VARIABLES
from bot.config.secret_rotation import ROTATED, Rotation
from bot.config.settings import IN_THE_FILE, Settings
from bot.runtime import metrics

log = get_logger(__name__)

Reader = Callable[[Path | None], Report]
"""Reads everything anew: the environment, and the file at that path (None: where the environment says, if it is there).
It blocks."""
FINGERPRINT = 8
"""Digits: enough to tell a handful of replicas apart, few enough to compare by eye."""


def fingerprint(settings: Settings) -> str:
    """A short hash of what the file can decide, defaults included: equal where two processes do the same."""
    told = json.dumps(settings.model_dump(mode="json", include=set(IN_THE_FILE)))
    return hashlib.sha256(told.encode()).hexdigest()[:FINGERPRINT]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reading that changed nothing, and why."""

    at: datetime
    problems: Sequence[Problem]


class Configuration:
    """`current` is one frozen value; a reading that succeeds puts another in its place, one that fails leaves it."""

    def __init__(self, settings: Settings, *, reader: Reader, changed: Callable[[Settings], None]) -> None:
        self.current = settings
        self.fingerprint = fingerprint(settings)
        self.refusal: Refusal | None = None
        """What became of the last reading, if it changed nothing."""
        self._started_with = settings
        self._reader = reader
        self._rotation = Rotation(settings, changed=changed)
        self._is_reading = asyncio.Lock()
        self._show()

    def put(self, settings: Settings) -> None:
        """Settings that the process itself knows better, like the port that it was given."""
        self.current = settings

    def with_secrets(self) -> Settings:
        """The settings, with the secrets that stand in their files now."""
        self.current = self._rotation.refreshed(self.current)
        return self.current

    async def read_again(self, at: datetime) -> bool:
        """Take over what the file says now. False if it is refused: every mistake is in the log, nothing changes."""
        async with self._is_reading:
            self.with_secrets()
            report = await asyncio.to_thread(self._read)
            if report.settings is None:
                self._refused(report.problems, at)
            else:
                self._taken(report.settings)
                tell_warnings(report.warnings)
            self._show()
            return report.settings is not None

    def _read(self) -> Report:
        """
        The file that is in force has to be there, with something in it. At a start an absent one is none; now it is
        one that was lost, and an empty one is what a program leaves for a moment that is writing it anew.
        """
        path = self.current.config_path
        report = self._reader(path)
        if report.settings is not None and path is not None and report.is_blank:
            lost = "The file is empty. Put its content back; to run without one, start again."
            return Report(None, (Problem("the file", lost, origin=str(path)),))
        return report

    def _refused(self, problems: Sequence[Problem], at: datetime) -> None:
        self.refusal = Refusal(at, tuple(problems))
        metrics.CONFIG_RELOADS.labels("refused").inc()
        for each in problems:
            log.error("a mistake in the new configuration", mistake=str(each))
        log.error(
            "the new configuration was refused",
            mistakes=len(problems),
            in_force=self.fingerprint,
            remedy="Mend them (`dogwatch check` finds the same) and send SIGHUP again.",
        )

    def _taken(self, found: Settings) -> None:
        kept = {name: getattr(self.current, name) for name in Settings.model_fields if name not in IN_THE_FILE}
        new = found.model_copy(update={**kept, "config_path": found.config_path})
        changed = [name for name in sorted(IN_THE_FILE) if getattr(new, name) != getattr(self.current, name)]
        before, self.current, self.refusal = self.fingerprint, new, None
        self.fingerprint = fingerprint(new)
        metrics.CONFIG_RELOADS.labels("taken" if changed else "unchanged").inc()
        log.info(
            "the configuration was read again",
            configuration=self.fingerprint,
            before=before,
            changed=[_KEYS.get(name, name) for name in changed],
        )
        if late := list(dict.fromkeys(self._needing_a_start(found))):
            log.warning("a change waits for the next start", variables=late)

    def _needing_a_start(self, found: Settings) -> Sequence[str]:
        """A process's environment cannot change, but the files can that `NAME_FILE` names."""
        return [
            variable.name
            for variable in VARIABLES
            if variable.name in self._started_with.secret_files
            and variable.place[0] not in ROTATED | IN_THE_FILE
            and getattr(found, str(variable.place[0])) != getattr(self._started_with, str(variable.place[0]))
        ]

    def _show(self) -> None:
        metrics.CONFIG_LAST_RELOAD.set(self.refusal is None)
        metrics.CONFIG_INFO.clear()
        metrics.CONFIG_INFO.labels(self.fingerprint).set(1)


_KEYS = {"own_reactions": "reactions"}


def tell_warnings(warnings: Sequence[Problem]) -> None:
    """What is no mistake, but hardly meant."""
    for each in warnings:
        log.warning("a warning about the configuration", warning=str(each))
