"""
Scenarios: an incident as a list of what people, monitors and vendors did, and the facts its record has to hold.

Pure: `read` makes a `Scenario` of a YAML text, `differences` compares what was expected with what came out. The format
is described in `docs/scenarios.md`.
"""

from bot.scenario.check import differences, not_compared
from bot.scenario.model import (
    Ack,
    Act,
    Alert,
    Expected,
    ExpectedEscalation,
    ExpectedImpact,
    React,
    Say,
    Scenario,
    Shortcut,
    Step,
    Typed,
    VendorStatus,
)
from bot.scenario.reader import read, read_scenario
from bot.scenario.webhooks import fingerprint, notification

__all__ = [
    "Ack",
    "Act",
    "Alert",
    "Expected",
    "ExpectedEscalation",
    "ExpectedImpact",
    "React",
    "Say",
    "Scenario",
    "Shortcut",
    "Step",
    "Typed",
    "VendorStatus",
    "differences",
    "fingerprint",
    "not_compared",
    "notification",
    "read",
    "read_scenario",
]
