"""What the listeners work with."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.command.table import Command
from bot.config import Settings
from bot.runtime.clock import Clock
from bot.slack.api.client import Gateway
from bot.slack.inbound.modal_opener import Opening
from bot.slack.inbound.user_cache import Meeting
from bot.store.database.session import Database


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
