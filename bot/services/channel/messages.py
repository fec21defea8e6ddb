"""Messages of Slack: values, times, and limits of what is recorded."""

from datetime import UTC, datetime

from bot.lazy_dataclass import dataclass
from bot.store.incidents.incidents import Incident


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """A message from Slack. `text` is plain; `author` a user id, or a bot's with `author_name`."""

    channel_id: str
    ts: str
    text: str
    author: str | None
    author_name: str | None = None
    is_own: bool = False
    thread_ts: str | None = None
    files: tuple[str, ...] = ()
    edited_ts: str | None = None


def parse_ts(ts: str) -> datetime:
    """
    Time of Slack's `ts`: seconds since 1970 with six decimals.

    Integer arithmetic, because a float is too short for the last digit.
    """
    seconds, _, fraction = ts.partition(".")
    return datetime.fromtimestamp(int(seconds), UTC).replace(microsecond=int((fraction + "000000")[:6]))


def is_before_history(incident: Incident, ts: str) -> bool:
    """True for a message older than the last erasure of a person: unknown ones stay unknown."""
    return incident.history_from is not None and parse_ts(ts) < incident.history_from


def is_past_retention(incident: Incident, ts: str) -> bool:
    """
    True if retention has cleared the transcript up to here.

    Unknown, unmarked messages stay away.
    """
    return incident.purged_to is not None and ts <= incident.purged_to


def format_ts(moment: datetime) -> str:
    """The `ts` of a message written at that moment."""
    return f"{int(moment.timestamp())}.{moment.microsecond:06d}"
