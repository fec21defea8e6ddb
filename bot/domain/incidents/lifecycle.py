"""State machine of an incident, and the names of its channel."""

import re
from collections.abc import Callable
from enum import StrEnum

from anyascii import anyascii

from bot.domain.errors import StateError
from bot.domain.terms import Status

CHANNEL_NAME_LENGTH = 80
"""Slack's limit, in characters of `a-z 0-9 - _`."""
SHORT_NAME_LENGTH = 60
"""Length up to which words of the title are added to the channel's name."""
EMOJI_NAME = re.compile(r":[a-z0-9_+'-]+:")


class Event(StrEnum):
    """Event that changes an incident's status."""

    ACCEPT = "accept"
    INVESTIGATE = "investigate"
    IDENTIFY = "identify"
    MONITOR = "monitor"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    CLOSE = "close"
    CANCEL = "cancel"
    MERGE = "merge"


def _moves() -> dict[tuple[Status, Event], Status]:
    steps = {
        Event.INVESTIGATE: Status.INVESTIGATING,
        Event.IDENTIFY: Status.IDENTIFIED,
        Event.MONITOR: Status.MONITORING,
        Event.RESOLVE: Status.RESOLVED,
        Event.CANCEL: Status.CANCELLED,
        Event.MERGE: Status.MERGED,
    }
    moves = {
        (status, event): target
        for status in Status
        if status.is_open
        for event, target in steps.items()
        if status != target
    }
    moves[Status.TRIAGE, Event.ACCEPT] = Status.INVESTIGATING
    moves[Status.RESOLVED, Event.CLOSE] = Status.CLOSED
    for status in (Status.RESOLVED, Status.CLOSED, Status.CANCELLED):
        moves[status, Event.REOPEN] = Status.INVESTIGATING
    return moves


NEXT = _moves()
"""The state machine: target by status and event. Everything else is refused."""

EVENT_FOR_STATUS = {
    Status.INVESTIGATING: Event.INVESTIGATE,
    Status.IDENTIFIED: Event.IDENTIFY,
    Status.MONITORING: Event.MONITOR,
    Status.RESOLVED: Event.RESOLVE,
    Status.CANCELLED: Event.CANCEL,
    Status.CLOSED: Event.CLOSE,
}
"""Event by the status that a person asks for."""


EVENT_COMMANDS = {
    Event.INVESTIGATE: "status investigating",
    Event.IDENTIFY: "status identified",
    Event.MONITOR: "status monitoring",
    Event.RESOLVE: "resolve",
    Event.REOPEN: "reopen WHY",
    Event.CANCEL: "cancel WHY",
}
"""Command that a person types for an event, if there is one."""


class NotAllowed(StateError):
    """The incident's status does not permit the step. `allowed`: what it does permit."""

    def __init__(self, message: str, allowed: list[Event]) -> None:
        self.allowed = allowed
        super().__init__(message)


def transition(status: Status, event: Event, label: Callable[[Status], str]) -> Status:
    """
    The status that `event` leads to. `label` is the workspace's name of a status.

    Raises NotAllowed, with the possible events.
    """
    target = NEXT.get((status, event))
    if target is not None:
        return target
    allowed = [step for (source, step) in NEXT if source == status]
    if status == Status.MERGED:
        message = f"An incident that is {label(status)} cannot {event}. Continue in the incident that its card names."
    elif (status, EVENT_FOR_STATUS.get(status)) == (status, event):
        message = f"Nothing to change: it is already {label(status)}."
    elif event == Event.REOPEN:
        message = f"It is {label(status)}, so there is nothing to reopen."
    else:
        message = f"An incident that is {label(status)} cannot {event}."
    ways = ", ".join(f"`/incident {EVENT_COMMANDS[step]}`" for step in allowed if step in EVENT_COMMANDS)
    raise NotAllowed(f"{message} Possible now: {ways}." if ways else message, allowed)


def channel_name(prefix: str, number: int, title: str) -> str:
    """
    Name of an incident's channel, valid in Slack for any title: `inc-7-checkout-is-down`.

    Other scripts are transliterated (anyascii), emoji dropped. A title without letters gives `inc-7`. Cut at a word.
    """
    latin = _transliterate(re.sub(r"(?i):[a-z0-9_+'-]+:", " ", title)).lower()
    words = re.findall(r"[a-z0-9]+", latin.replace("'", ""))
    stem = re.sub(r"[^a-z0-9_-]+", "-", anyascii(prefix).lower()).strip("-") or "inc"
    name = f"{stem}-{number}"
    for word in words:
        if len(name) + 1 + len(word) > SHORT_NAME_LENGTH:
            break
        name += f"-{word}"
    if name == f"{stem}-{number}" and words:
        name += f"-{words[0]}"[: SHORT_NAME_LENGTH - len(name)]
    return name[:CHANNEL_NAME_LENGTH]


def _transliterate(text: str) -> str:
    """Latin letters for other scripts, a blank for an emoji, which anyascii names like `:fire:`."""
    latin = ((letter, anyascii(letter)) for letter in text)
    return "".join(" " if letter != name and EMOJI_NAME.fullmatch(name) else name for letter, name in latin)


def is_channel_name(name: str, prefix: str, number: int) -> bool:
    """True if the name can be that of the incident's channel, whatever its present title."""
    stem = channel_name(prefix, number, "")
    return name == stem or name.startswith(f"{stem}-")


def alternative_channel_name(name: str, attempt: int) -> str:
    """The name to try next when `name` is taken: `…-2`, `…-3`, within the limit."""
    suffix = f"-{attempt}"
    return name[: CHANNEL_NAME_LENGTH - len(suffix)].rstrip("-_") + suffix
