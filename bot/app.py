"""The composition root: creates all parts of the bot, and starts and stops them in order."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypedDict, Unpack

from aiohttp import web
from structlog import get_logger

from bot.config import Settings
from bot.config.crypto import ensure_secret_key
from bot.config.environment_settings import SLACK_API
from bot.config.reloading import Configuration, Reader, read_configuration
from bot.domain.errors import LookupUnavailable, UserError
from bot.engine.clock_sync import sync_clock
from bot.engine.health import STARTING, STOPPING, Health
from bot.engine.heartbeat import Heartbeat
from bot.engine.runner import Engine
from bot.lazy_loader import LazyModule
from bot.notifiers.delivery import PageDelivery
from bot.notifiers.outcome import Timeouts
from bot.notifiers.subscribers.delivery import SubscriberDelivery
from bot.runtime.clock import Clock, SystemClock
from bot.runtime.log import hide_secrets
from bot.runtime.supervision import restart_on_failure
from bot.services.alerts.heartbeats import watch_heartbeats
from bot.services.channel import backfill
from bot.services.oncall.handover import watch_schedules
from bot.services.postmortem.templates import find_template_problems
from bot.services.workspace.access import ORGANISATION_PREFIX
from bot.slack.api.client import CALL_SECONDS, Gateway
from bot.slack.api.errors import SlackError
from bot.slack.api.identity import IdentityLookup
from bot.slack.api.lookups import find_user_by_email, list_user_groups
from bot.slack.api.missing_permissions import MissingPermissionReporter
from bot.slack.api.pacing import Pacer
from bot.slack.delivery.effects import EFFECTS, without_slack
from bot.slack.delivery.effects.context import EffectContext
from bot.slack.delivery.effects.people.private_incidents import ChannelMembers
from bot.slack.delivery.worker import LEASE, MAX_LANES, POLL, Sender
from bot.slack.inbound.deps import Deps
from bot.slack.inbound.modal_opener import ModalOpener
from bot.slack.inbound.user_cache import UserCache
from bot.slack.listeners import SlackApp, build_slack_app
from bot.slack.socket_mode.connection import PING_SECONDS
from bot.slack.socket_mode.pool import SocketModePool
from bot.store import outbox
from bot.store.database.migrate import migrate
from bot.store.database.session import Database, DatabaseUnavailable, open_database
from bot.store.database.sqlite_database import SqliteDatabase
from bot.store.database.transaction_state import DueWork, Wakeup
from bot.store.incidents import installations
from bot.store.shared import timers
from bot.web import health
from bot.web.lazy_pages import LazyPages
from bot.web.live.changes import LiveChanges
from bot.web.pages.acknowledgement import AcknowledgementPage
from bot.web.pages.oncall import oncall_calendar
from bot.web.pages.operations.outbox_link import OutboxRoutes
from bot.web.secret_usage import SecretUsage
from bot.web.server import Listener
from bot.web.status.server import StatusPageServer
from bot.web.webhooks.acknowledgements import PagingWebhooks
from bot.web.webhooks.receivers import WebhookIntakes
from bot.web.webhooks.slack import SlackIntake
from bot.web.webhooks.sns_client import SnsClient

if TYPE_CHECKING:
    from bot import doctor
    from bot.web.pages import responders
else:
    doctor, responders = LazyModule("bot.doctor"), LazyModule("bot.web.pages.responders")

log = get_logger(__name__)

Probe = Callable[[str], None]
RETRY_SECONDS = 5.0
"""Pause between attempts to reach the database in the background."""
MAX_ANSWER_SECONDS = 5.0
"""The share of a stop's time for requests and payloads in progress."""
HANG_TIMEOUT = timedelta(minutes=2)


def _hide_secrets(settings: Settings) -> None:
    hide_secrets(settings.secret_values())


class Timing(TypedDict, total=False):
    """Limits that tests shorten, and addresses that they replace."""

    call_seconds: float
    lease: timedelta
    poll: timedelta
    hangs_after: timedelta
    ping_seconds: float
    page_timeouts: Timeouts
    lanes_at_once: int
    sns: SnsClient


class Dogwatch:
    """
    One running bot. Between `start` and `stop` it serves Slack, monitors and timers.

    Tests provide a `clock`, and a `probe` between any two effects. `reader` reads the configuration for a reload.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        reader: Reader = read_configuration,
        clock: Clock | None = None,
        probe: Probe = lambda _point: None,
        **timing: Unpack[Timing],
    ) -> None:
        if problem := settings.token_problem:
            raise UserError(problem)
        assert settings.slack_bot_token is not None  # noqa: S101  else there is a token problem
        self.configuration = Configuration(ensure_secret_key(settings), reader=reader, changed=_hide_secrets)
        _hide_secrets(self.settings)
        self._token = settings.slack_bot_token.get_secret_value()
        self._timing = timing
        self._is_clock_given = clock is not None
        self.clock: Clock = clock or SystemClock()
        self.database: Database = open_database(settings.database_url.get_secret_value(), probe=probe)
        call_seconds = timing.get("call_seconds", CALL_SECONDS)
        self.gateway = Gateway(self._token, settings.slack_api_url, seconds=call_seconds, probe=probe)
        self._create_workers()
        self.secret_usage = SecretUsage(self.clock.real_now)
        intake = (self.database, self.clock, self.configuration.refresh_secrets, self.secret_usage)
        self.webhooks = WebhookIntakes(*intake, timing.get("sns"))
        self.slack: SlackIntake | None = None
        self.sockets: SocketModePool | None = None
        self._heartbeat: Heartbeat | None = None
        self._listener = Listener(
            lambda: self.health.phase != STARTING, self.status_page.find_file, self.database.urgent
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._reload_requested = asyncio.Event()
        self.port = settings.port

    def _create_workers(self) -> None:
        """Create the parts that work in the background."""
        self.missing_permissions = MissingPermissionReporter(self.database, self.clock)
        self.gateway.on_api_error = self.missing_permissions.on_api_error
        self._identity = IdentityLookup(self.gateway, self.database, self.clock, self.missing_permissions)
        self.modal_opener = ModalOpener(self.gateway)
        self.live = LiveChanges(self.database, self.clock)
        self.status_page = StatusPageServer(self.database, lambda: self.settings, self.clock)
        self._users = UserCache(self.database, self.gateway, self.clock)
        pacer = None if self._is_clock_given else Pacer()
        self.effect_context = EffectContext(self.database, self.gateway, self.clock, lambda: self.settings, pacer)
        self.page_delivery = PageDelivery(
            self.database, self.clock, self.configuration.refresh_secrets, self._timing.get("page_timeouts")
        )
        subscribers = SubscriberDelivery(
            self.database, self.clock, self.configuration.refresh_secrets, self._timing.get("page_timeouts")
        )
        self.engine = Engine(self.database, self.clock, lambda: self.settings, self._find_by_mail)
        outside = {**self.page_delivery.effects(), **subscribers.effects(), **self.engine.images.effects()}
        effects = {**EFFECTS, **{kind: without_slack(run) for kind, run in outside.items()}}
        lease, poll = self._timing.get("lease", LEASE), self._timing.get("poll", POLL)
        lanes = self._timing.get("lanes_at_once", MAX_LANES)
        self.sender = Sender(self.effect_context, lease=lease, poll=poll, lanes_at_once=lanes, effects=effects)
        beat_times = {"sender": lambda: self.sender.beat_at, "timers": lambda: self.engine.beat_at}
        hang_timeout = None if self._is_clock_given else self._timing.get("hangs_after", HANG_TIMEOUT)
        self.health = Health(self.database, self.clock, beat_times, hang_timeout=hang_timeout)

    @property
    def settings(self) -> Settings:
        """The settings in force. Each unit of work reads them once."""
        return self.configuration.current

    async def _find_by_mail(self, mail: str) -> str | None:
        try:
            return await find_user_by_email(self.gateway, mail)
        except SlackError as problem:
            raise LookupUnavailable(str(problem)) from problem

    def request_reload(self) -> None:
        """Reload soon, for a signal. A request during a reload causes another one."""
        self._reload_requested.set()

    async def reload(self) -> bool:
        """Reload the configuration; False if it was refused, and the old one stays."""
        is_taken = await self.configuration.reload(self.clock.real_now())
        for broken in await asyncio.to_thread(list, find_template_problems(self.settings)):
            log.warning("template unusable", problem=broken.message, instead="the built-in template of this name")
        await self._watch_shifts()
        return is_taken

    async def _watch_shifts(self) -> None:
        """Compare who is on call by each schedule, and set the timers of handovers and heartbeats."""
        try:
            await self.database.run(watch_schedules, self.settings, self.clock.now())
            await self.database.run(watch_heartbeats, self.settings, self.clock.now())
        except DatabaseUnavailable as problem:
            log.warning("on-call and heartbeat check failed", problem=str(problem))

    async def _keep_reloading(self) -> None:
        while await self._reload_requested.wait():
            self._reload_requested.clear()
            await self.reload()

    async def start(self) -> None:
        """Start all parts. Raises UserError for a wrong configuration, and DatabaseUnavailable."""
        await self._listen()
        path = str(self.database.path.absolute()) if isinstance(self.database, SqliteDatabase) else None
        log.info("database opened", database=self.database.dialect, path=path)
        await migrate(self.database)
        await sync_clock(self.database, self.clock)
        if isinstance(self.database, SqliteDatabase):
            await self.database.run(outbox.release_leases)  # this is the file's only process: no lease has an owner
        self.database.on_commit = self._wake
        await self.gateway.start()
        self.page_delivery.start()
        is_known = await self._identity.look_up()
        app = await self._build_app(is_known=is_known)
        if self.settings.slack_signing_secret is not None:
            self.slack = SlackIntake(app.bolt, app.events.handle, self.configuration.refresh_secrets, self.secret_usage)
        self.health.phase = None
        if not self.settings.uses_socket_mode:  # else the first connection ends the gap
            await self.database.run(backfill.reconcile_after_gap, self.clock.now())
        await self._watch_shifts()
        installation = await self.database.read(installations.find_installation)
        # An organisation's app has to name a workspace with some calls, and only Slack knows which one.
        if is_known or installation is None or not installation.team_id.startswith(ORGANISATION_PREFIX):
            self.sender.start()
        self.engine.start()
        self.live.start()
        self.status_page.publisher.start()
        self._tasks.append(asyncio.create_task(restart_on_failure("reload", self._keep_reloading), name="reload"))
        if not is_known:
            self._tasks.append(asyncio.create_task(self._keep_identifying(), name="identify bot"))
        self._start_sockets(app)
        self._start_heartbeat()
        self._log_start(await self.database.read(installations.find_installation))

    async def _build_app(self, *, is_known: bool) -> SlackApp:
        deps = Deps(self.database, self.gateway, self.clock, lambda: self.settings, self._users, self.modal_opener)
        installation = await self.database.read(installations.find_installation) if is_known else None
        return build_slack_app(deps, self._token, installation)

    def _start_sockets(self, app: SlackApp) -> None:
        if self.settings.slack_app_token is None:
            return
        self.sockets = SocketModePool(
            app.bolt,
            app.events.handle,
            self.settings.slack_app_token.get_secret_value(),
            self.gateway,
            self._catch_up,
            count=self.settings.socket_connections,
            ping_seconds=self._timing.get("ping_seconds", PING_SECONDS),
        )
        self.health.connections = self.sockets
        self.sockets.start()

    def _start_heartbeat(self) -> None:
        if self.settings.heartbeat_url is None:
            return
        interval = timedelta(seconds=self.settings.heartbeat_seconds)
        self._heartbeat = Heartbeat(self.settings.heartbeat_url.get_secret_value(), interval, self.health.find_problems)
        self._heartbeat.start()

    def _log_start(self, installation: installations.Installation | None) -> None:
        settings = self.settings
        for event, variable in settings.start_warnings:
            log.warning(event, reason=f"{variable} is not set")
        team = f"{installation.team_name} ({installation.team_id})" if installation else None
        log.info(
            "dogwatch started",
            workspace=team or "unknown: no response from Slack yet",
            bot=installation.bot_user_id if installation else None,
            socket_mode=self.sockets is not None,
            takes="Socket Mode" if self.sockets is not None else "requests to /slack/events",
            slack=None if settings.slack_api_url == SLACK_API else settings.slack_api_url,
            host=settings.host,
            port=self.port,
            public_url=settings.public_url,
            database=self.database.dialect,
            configuration=self.configuration.fingerprint,
            configuration_file=str(settings.config_path) if settings.config_path else None,
            incidents_channel=settings.incidents.channel,
            alerts_from=list(settings.alert_sources),
        )

    def _wake(self, due: DueWork) -> None:
        if due.wakeup & (Wakeup.ROWS | Wakeup.ROWS_LATER):
            self.sender.wake(is_later=Wakeup.ROWS_LATER in due.wakeup)
        if Wakeup.TIMERS in due.wakeup:
            self.engine.wake(due.timers_at)
        self.live.wake(due.wakeup)
        self.status_page.publisher.wake(due.wakeup)

    async def _keep_identifying(self) -> None:
        try:
            await self._identity.retry()
        except UserError as problem:
            self.health.workspace_problem = problem.message
            log.error("sending disabled", problem=problem.message)  # noqa: TRY400  the operator has to act
            await self.sender.stop()
            return
        await self._watch_shifts()
        self.sender.start()
        self.sender.wake()

    async def _listen(self) -> None:
        site = self._listener.site
        site.add_routes(health.routes(self.health.find_unreadiness, lambda: self.configuration.fingerprint))
        site.add_routes(oncall_calendar.routes(self.database, lambda: self.settings, self.clock))
        for routes in (OutboxRoutes, AcknowledgementPage, PagingWebhooks):
            site.add_routes(routes(self.database, self.configuration, self.clock).routes())
        site.add_routes([*self.webhooks.routes(), *self.status_page.routes()])
        if self.settings.slack_signing_secret is not None:
            site.router.add_post("/slack/events", self._handle_slack)
        site.router.register_resource(LazyPages("bot.web.pages.responders", self._responder_pages))
        self.port = await self._listener.open(self.settings, self._answer_seconds)
        await self.status_page.open(self._answer_seconds)
        # Links contain the port.
        self.configuration.replace(self.settings.model_copy(update={"port": self.port}))

    def _responder_pages(self) -> list[web.RouteDef]:
        find_private = ChannelMembers(self.effect_context).find_private
        people = (self._users.ensure_known, find_private, self._find_by_mail)
        lookups = responders.SlackLookups(*people, lambda: list_user_groups(self.gateway))
        common = (self.database, self.configuration, self.clock, self.live, lookups, self.secret_usage)
        run_doctor = lambda: doctor.run_report(self.settings)  # noqa: E731
        return responders.routes(*common, run_doctor, self.status_page.publisher.refresh)

    async def _handle_slack(self, request: web.Request) -> web.Response:
        if self.slack is None:  # it is created before the listener admits requests
            raise RuntimeError("a request from Slack arrived before the app was built")
        return await self.slack.handle(request)

    @property
    def _answer_seconds(self) -> float:
        return min(MAX_ANSWER_SECONDS, self.settings.stop_seconds)

    async def _catch_up(self) -> None:
        """Request what was missed since the connection was lost, as soon as the database answers."""
        self._users.note_gap()
        while True:
            try:
                await self.database.run(backfill.reconcile_after_gap, self.clock.now())
            except DatabaseUnavailable as problem:
                log.warning("backfill postponed", problem=str(problem))
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return

    @property
    def is_quiet(self) -> bool:
        """No request, delivery or timer is in progress."""
        sending = (self.missing_permissions, self.modal_opener, self.sender, self.engine)
        parts = (self.webhooks, self.slack, self.sockets, *sending)
        return all(part is None or part.is_idle for part in parts) and not self.gateway.in_flight

    async def is_settled(self) -> bool:
        """Return whether nothing is in progress, and nothing is due at the clock's time."""
        due = await self.next_due() if self.is_quiet else None
        return self.is_quiet and (due is None or due > self.clock.now())

    async def next_due(self) -> datetime | None:
        """Return the time of the next lane or timer; None if nothing waits."""
        found = [await self.database.read(outbox.find_next_due), await self.database.read(timers.find_next_due)]
        return min((each for each in found if each is not None), default=None)

    async def stop(self) -> None:
        """
        Accept nothing new, finish the work in progress, and leave the rest in the database.

        `/readyz` fails from now on. The listener stays open for `drain_seconds`, until load balancers have noticed; the
        time for work in progress, `stop_seconds`, begins after that.
        """
        drain_seconds = 0 if self.health.phase == STARTING else self.settings.drain_seconds
        self.health.phase = STOPPING
        log.info("dogwatch stopping", listens_for=drain_seconds, finishes_for=self.settings.stop_seconds)
        await self.live.stop()
        if self._heartbeat is not None:
            await self._heartbeat.stop()
        drained = asyncio.create_task(asyncio.sleep(drain_seconds))
        if self.sockets is not None:
            await self.sockets.stop(self._answer_seconds)
        await drained
        ends_at = asyncio.get_running_loop().time() + self.settings.stop_seconds
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(self._listener.close(), self.status_page.close())
        await self.modal_opener.stop()
        await self.engine.stop()
        await self.sender.stop(max(ends_at - asyncio.get_running_loop().time(), 0.0))
        await self.page_delivery.stop()
        await self.missing_permissions.stop()
        await self.gateway.close()
        await self.database.close()
        log.info("dogwatch stopped")
