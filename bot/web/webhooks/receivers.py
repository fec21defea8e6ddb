"""The webhooks of monitors, jobs and delivery tools together."""

from collections.abc import Callable

from aiohttp import web

from bot.config import Settings
from bot.runtime.clock import Clock
from bot.store.database.session import Database
from bot.web.secret_usage import SecretUsage
from bot.web.webhooks.alerts import AlertIntake
from bot.web.webhooks.changes import ChangeIntake
from bot.web.webhooks.heartbeats import HeartbeatIntake
from bot.web.webhooks.sns_client import SnsClient


class WebhookIntakes:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Callable[[], Settings],
        usage: SecretUsage,
        sns: SnsClient | None = None,
    ) -> None:
        self.alerts = AlertIntake(database, clock, settings, usage, sns)
        self.changes = ChangeIntake(database, clock, settings, usage)
        self.heartbeats = HeartbeatIntake(database, clock, settings, usage)

    @property
    def is_idle(self) -> bool:
        return self.alerts.is_idle and self.changes.is_idle

    def routes(self) -> list[web.RouteDef]:
        return [*self.alerts.routes(), *self.heartbeats.routes(), *self.changes.routes()]
