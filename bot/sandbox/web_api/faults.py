"""
Injected faults of Web API calls and deliveries, and rate limits.

Pure: it decides what happens to a call or delivery; the caller carries it out.
"""

import math
from collections import deque
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from bot.sandbox.web_api.methods import METHODS, PER_MINUTE
from bot.sandbox.workspace.records import Json, SlackError

CALL_KINDS = {"latency", "error", "status", "cut_before", "cut_after", "truncated", "hang", "mute", "ratelimited"}
DELIVERY_KINDS = {"duplicate", "delay", "reorder", "drop", "unheard", "cut"}
NEEDED = {
    "latency": "seconds",
    "error": "error",
    "status": "status",
    "hang": "seconds",
    "mute": "seconds",
    "delay": "seconds",
}
NEEDED |= {"ratelimited": "retry_after"}


@dataclass
class Fault:
    id: int
    kind: str
    what: str
    """The affected method or event; `*`: all."""
    channel: str | None = None
    times: int | None = None
    """Remaining occurrences; None: until it is cleared."""
    params: Json = field(default_factory=dict)

    def matches(self, what: tuple[str, ...], channels: tuple[str, ...]) -> bool:
        if self.what != "*" and self.what not in what:
            return False
        return self.channel is None or self.channel in channels

    def as_json(self) -> Json:
        return asdict(self)


class Faults:
    def __init__(self) -> None:
        self.counter = 0
        self.on_calls: list[Fault] = []
        self.on_deliveries: list[Fault] = []
        self.is_down = False

    def add(self, kind: str, what: str, channel: str | None, times: int | None, params: Json) -> int:
        if kind not in CALL_KINDS | DELIVERY_KINDS:
            raise SlackError(
                "unknown_fault", [f"{kind!r} is not one of {', '.join(sorted(CALL_KINDS | DELIVERY_KINDS))}"]
            )
        if kind in NEEDED and NEEDED[kind] not in params:
            raise SlackError("invalid_arguments", [f"{kind} needs {NEEDED[kind]!r}"])
        if kind in CALL_KINDS and what != "*" and what not in METHODS:
            raise SlackError("unknown_method", [f"there is no method {what!r}"])
        self.counter += 1
        fault = Fault(self.counter, kind, what, channel, times, params)
        (self.on_calls if kind in CALL_KINDS else self.on_deliveries).append(fault)
        return fault.id

    def clear(self, fault_id: int | None = None) -> None:
        self.on_calls = [each for each in self.on_calls if fault_id is not None and each.id != fault_id]
        self.on_deliveries = [each for each in self.on_deliveries if fault_id is not None and each.id != fault_id]

    def take_for_call(self, method: str, channels: tuple[str, ...]) -> list[Fault]:
        """Return the faults of a call, and count them down."""
        return self._take(self.on_calls, (method,), channels) if self.on_calls else []

    def take_for_delivery(self, what: tuple[str, ...], channels: tuple[str, ...] = ()) -> list[Fault]:
        return self._take(self.on_deliveries, what, channels) if self.on_deliveries else []

    def _take(self, faults: list[Fault], what: tuple[str, ...], channels: tuple[str, ...]) -> list[Fault]:
        found = [fault for fault in faults if fault.matches(what, channels)]
        for fault in found:
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    faults.remove(fault)
        return found


class RateLimits:
    """Slack's limits per method and minute, and per channel and second, in workspace time."""

    def __init__(self) -> None:
        self.by_tier = False
        self.per_channel = False
        self.calls: dict[str, deque[float]] = {}

    def retry_after(self, method: str, channel: str | None, now: datetime) -> int | None:
        """Return the seconds to wait; None if the call is allowed, which is then counted."""
        at = now.timestamp()
        waits = []
        if self.by_tier and (tier := METHODS[method].tier if method in METHODS else 0):
            waits.append((method, PER_MINUTE[tier], 60.0))
        if self.per_channel and method == "chat.postMessage" and channel:
            waits.append((f"{method} {channel}", 1, 1.0))
        for key, most, window in waits:
            log = self.calls.setdefault(key, deque())
            while log and log[0] <= at - window:
                log.popleft()
            if len(log) >= most:
                return max(1, math.ceil(log[0] + window - at))
        for key, _, _ in waits:
            self.calls[key].append(at)
        return None


def first_fault(faults: list[Fault], kind: str) -> Fault | None:
    return next((fault for fault in faults if fault.kind == kind), None)


def fault_param(fault: Fault, name: str, default: Any = None) -> Any:
    return fault.params.get(name, default)
