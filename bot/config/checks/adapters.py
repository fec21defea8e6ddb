"""Doubts about `[alerts.sources.NAME]` and the tokens of these sources."""

from collections.abc import Iterator

from bot.config.environment import ADAPTER_PREFIX, variable_suffix
from bot.config.problems import Conflict
from bot.config.settings import Settings
from bot.domain.alerts.events import TOKEN_SOURCES
from bot.domain.errors import did_you_mean

NEVER_ENDS = "Every message is a firing alert, and none ends. Add `status` or `ended_at`, if the sender has one."


def find_adapter_doubts(settings: Settings) -> Iterator[Conflict]:
    """Yield warnings about sources that never end an alert, and tokens of unknown sources."""
    for name, adapter in settings.alerts.sources.items():
        if adapter.status is None and adapter.ended_at is None:
            yield ("alerts", "sources", name), NEVER_ENDS, None
    known = [variable_suffix(name) for name in (*TOKEN_SOURCES, *settings.alerts.sources)]
    for suffix in sorted(each.upper() for each in settings.adapter_tokens):
        if suffix not in known:
            guess = did_you_mean(ADAPTER_PREFIX + suffix, [ADAPTER_PREFIX + each for each in known])
            message = f"There is no source of this name, so it has no effect.{guess} Correct it, or remove it."
            yield ("adapter_tokens", suffix.casefold()), message, None
