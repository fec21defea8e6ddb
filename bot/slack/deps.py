"""What the listeners work with."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.clock import Clock
from bot.command.table import Command
from bot.config import Settings
from bot.slack.gateway import Gateway
from bot.slack.meeting import Meeting
from bot.slack.opening import Opening
from bot.store.session import Database


@dataclass(frozen=True, slots=True)
class Deps:
    """`settings` is asked each time, because an operator may load a new configuration."""

    database: Database
    gateway: Gateway
    clock: Clock
    settings: Callable[[], Settings]
    commands: tuple[Command, ...]
    meeting: Meeting
    opening: Opening
