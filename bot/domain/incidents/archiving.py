"""When the channel of an incident that is over is archived."""

from datetime import datetime, timedelta

from bot.lazy_dataclass import dataclass

NOTICE = timedelta(days=1)
"""Time between the notice in the channel and its archiving."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again at `until`: people wrote there in the meantime."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Announce:
    """Say in the channel that it is archived at `archive_at`."""

    archive_at: datetime


@dataclass(frozen=True, slots=True)
class Archive:
    pass


def next_step(
    quiet_since: datetime, after: timedelta, announced_at: datetime | None, now: datetime
) -> Wait | Announce | Archive:
    """
    Return the step that is due at `now`.

    `quiet_since`: the end, or the newest message of a person after it. `announced_at`: None before the notice.
    """
    if announced_at is not None and quiet_since > announced_at:
        announced_at = None
    archive_at = quiet_since + after
    if announced_at is not None:
        archive_at = max(archive_at, announced_at + NOTICE)
        return Archive() if now >= archive_at else Wait(archive_at)
    if now < archive_at - NOTICE:
        return Wait(archive_at - NOTICE)
    return Announce(max(archive_at, now + NOTICE))
