"""Dependencies of the listeners."""

from collections.abc import Callable

from bot.config import Settings
from bot.lazy_dataclass import dataclass
from bot.runtime.clock import Clock
from bot.slack.api.client import Gateway
from bot.slack.inbound.modal_opener import ModalOpener
from bot.slack.inbound.user_cache import UserCache
from bot.store.database.session import Database


@dataclass(frozen=True, slots=True)
class Deps:
    """`settings` is called for each request, because an operator may reload the configuration."""

    database: Database
    gateway: Gateway
    clock: Clock
    settings: Callable[[], Settings]
    user_cache: UserCache
    modal_opener: ModalOpener
