"""
Configuration: environment and `dogwatch.toml` as one typed value.

`load` reads both once, at start, reports every error at once, and connects to nothing.
"""

from collections.abc import Mapping
from pathlib import Path

from bot.config.loader import DEFAULT_PATH, Report, examine
from bot.config.problems import ConfigurationError, Problem
from bot.config.sections.policies import Invitees
from bot.config.settings import Settings

__all__ = [
    "DEFAULT_PATH",
    "ConfigurationError",
    "Invitees",
    "Problem",
    "Report",
    "Settings",
    "check",
    "examine",
    "load",
    "load_environment",
]


def load(environ: Mapping[str, str], *, config_path: Path | None = None) -> Settings:
    """
    Return the settings.

    `config_path` overrides `DOGWATCH_CONFIG`. A file that is named has to exist, the default one not.
    Raises ConfigurationError with every error.
    """
    return _require_settings(examine(environ, config_path=config_path))


def load_environment(environ: Mapping[str, str]) -> Settings:
    """
    Return the settings of the environment alone: enough to reach a running bot.

    The file is ignored, because it may be broken now. Raises ConfigurationError with every error in the environment.
    """
    return _require_settings(examine(environ, reads_file=False))


def check(path: Path | None, environ: Mapping[str, str] | None = None) -> list[Problem]:
    """
    Return every error in the file at `path`, and in the environment if one is given.

    None is the file that `load` would read: the one that `DOGWATCH_CONFIG` names, or the default one, if it exists.
    """
    return list(examine(environ or {}, config_path=path).problems)


def _require_settings(report: Report) -> Settings:
    if report.settings is None:
        raise ConfigurationError(report.problems)
    return report.settings
