"""The composition root: the only file that knows all the others, and the order in which they start and stop."""

import asyncio
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from aiohttp import web
from structlog import get_logger

from bot.config import Report, Settings, examine
from bot.config.reloading import Configuration, Reader
from bot.config.settings import SLACK_API
from bot.crypto.signed_links import with_secret_key
from bot.domain.alerts.routing import SOURCE_NAMES
from bot.domain.errors import UserError
from bot.engine.calendar_sync import CannotAsk
from bot.engine.clock_sync import keep_time
from bot.engine.heartbeat import Heartbeat
from bot.engine.runner import Engine
from bot.notifiers.delivery import MeansOfPaging
from bot.notifiers.outcome import Patience
from bot.runtime.clock import Clock, SystemClock
from bot.runtime.log import hide
from bot.runtime.supervision import kept_going
from bot.services.channel import backfill as catching_up
from bot.services.oncall import handover as shift_changes
from bot.services.outbox import What
from bot.services.postmortem import templates as forms
from bot.services.workspace import installation as workspace
from bot.services.workspace.access import ORGANISATION
from bot.slack.api.client import CALL_SECONDS, Gateway, SlackError, TokenRefused
from bot.slack.api.enterprise import workspace_of
from bot.slack.api.missing_permissions import Noticing
from bot.slack.api.pacing import Pacer
from bot.slack.api.user_lookup import find_by_mail
from bot.slack.delivery.effects import EFFECTS
from bot.slack.delivery.effects.context import Tools
from bot.slack.delivery.worker import AT_ONCE, LEASE, POLL, Sender
from bot.slack.inbound.deps import Deps
from bot.slack.inbound.modal_opener import Opening
from bot.slack.inbound.user_cache import Meeting
from bot.slack.listeners import build
from bot.slack.socket_mode.connection import PING_SECONDS
from bot.slack.socket_mode.pool import SocketLink
from bot.store import outbox
from bot.store.database.migrate import migrate
from bot.store.database.session import Database, DatabaseUnavailable, SqliteDatabase, open_database
from bot.store.database.wakeups import Due
from bot.store.incidents import incidents
from bot.store.shared import timers
from bot.web import health
from bot.web.pages import incident as pages
from bot.web.pages import oncall_calendar as oncall
from bot.web.pages.outbox import OutboxDesk
from bot.web.server import Listener
from bot.web.webhooks.acknowledgements import Answers
from bot.web.webhooks.alerts import AlertIntake
from bot.web.webhooks.slack import SlackIntake
from commands import COMMANDS

log = get_logger(__name__)

Probe = Callable[[str], None]
ASK_AGAIN = 5.0
"""Seconds between attempts to learn from Slack who the bot is."""
LET_IT_LOOK = "Run `dogwatch doctor` where the bot runs."
MEETING_SECONDS = 3.0
"""How long a start waits for Slack; after that it goes on with what an earlier one learned, and asks again."""
ANSWERING_SECONDS = 5.0
"""How long a stop waits for requests and payloads under way, of all the time that it has."""
HANGS_AFTER = timedelta(minutes=2)
SOCKET_MODE = "socket mode"
STARTING, STOPPING = "it is starting", "it is stopping"


def _hide_secrets(settings: Settings) -> None:
    hide(settings.secret_values())


def _from_environment(path: Path | None) -> Report:
    """What this process is told by its environment and the file."""
    return examine(os.environ, config_path=path)


def _quiet(_point: str) -> None:
    """The probe of a process that nobody tests."""


class Dogwatch:
    """
    One running bot. `start`, then `stop`; between them it answers Slack, monitors and the clock.

    A test hands in its own `clock`, a `probe` that is called between any two effects, and shorter leases; `reader` is
    how the configuration is read again.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        reader: Reader = _from_environment,
        clock: Clock | None = None,
        probe: Probe = _quiet,
        call_seconds: float = CALL_SECONDS,
        lease: timedelta = LEASE,
        poll: timedelta = POLL,
        lanes_at_once: int = AT_ONCE,
        hangs_after: timedelta = HANGS_AFTER,
        ping_seconds: float = PING_SECONDS,
        patience: Patience | None = None,
    ) -> None:
        if problem := settings.no_way_to_slack:
            raise UserError(problem)
        assert settings.slack_bot_token is not None  # noqa: S101  or there were no way
        self.configuration = Configuration(with_secret_key(settings), reader=reader, changed=_hide_secrets)
        _hide_secrets(self.settings)
        self._reload_asked = asyncio.Event()
        self.clock: Clock = clock or SystemClock()
        self._token = settings.slack_bot_token.get_secret_value()
        self._is_clock_given = clock is not None
        self._hangs_after = hangs_after
        self._ping_seconds = ping_seconds
        self.database: Database = open_database(settings.database_url.get_secret_value(), probe=probe)
        self.gateway = Gateway(self._token, settings.slack_api_url, seconds=call_seconds, probe=probe)
        self.noticing = Noticing(self.database, self.clock)
        self.gateway.refused = self.noticing.heard
        self.opening = Opening(self.gateway)
        pacer = None if clock is not None else Pacer()
        self.tools = Tools(self.database, self.gateway, self.clock, lambda: self.settings, pacer)
        self.means = MeansOfPaging(self.database, self.clock, self.configuration.with_secrets, patience)
        effects = {
            **EFFECTS,
            What.PAGE_BY_MEANS: lambda _tools, claim: self.means.page(claim),
            What.TEST_BY_MEANS: lambda _tools, claim: self.means.test(claim),
            What.STAND_DOWN: lambda _tools, claim: self.means.stand_down(claim),
        }
        self.sender = Sender(self.tools, lease=lease, poll=poll, lanes_at_once=lanes_at_once, effects=effects)
        self.engine = Engine(self.database, self.clock, lambda: self.settings, self._find_by_mail)
        self.alerts = AlertIntake(self.database, self.clock, self.configuration.with_secrets)
        self.slack: SlackIntake | None = None
        self.sockets: SocketLink | None = None
        self._heartbeat: Heartbeat | None = None
        self._listener = Listener(lambda: self._phase != STARTING)
        self._tasks: list[asyncio.Task[None]] = []
        self.port = settings.port
        self._stranger: str | None = None
        """Why nothing is sent although Slack answers."""
        self._phase: str | None = STARTING
        """Why it can do nothing yet, or nothing any more; None while it works."""
        self._was_ready: bool | None = None

    @property
    def settings(self) -> Settings:
        """Those in force. A unit of work asks once, and so sees one configuration from begin to end."""
        return self.configuration.current

    async def _find_by_mail(self, mail: str) -> str | None:
        try:
            return await find_by_mail(self.gateway, mail)
        except SlackError as problem:
            raise CannotAsk(str(problem)) from problem

    def ask_to_reload(self) -> None:
        """For a signal. What comes while the file is read makes it be read once more."""
        self._reload_asked.set()

    async def reload(self) -> bool:
        """Read the configuration again; False if it was refused, and the old one stays."""
        is_taken = await self.configuration.read_again(self.clock.real_now())
        for broken in await asyncio.to_thread(list, forms.problems_of(self.settings)):
            log.warning("a template cannot be used", problem=broken.message, instead="the built-in form of the name")
        await self._watch_shifts()
        return is_taken

    async def _watch_shifts(self) -> None:
        """Look who is on call by each schedule, and when that changes. A database that is away is asked later."""
        try:
            await self.database.run(shift_changes.watch_all, self.settings, self.clock.now())
        except DatabaseUnavailable as problem:
            log.warning("who is on call could not be looked at", problem=str(problem))

    async def _keep_reloading(self) -> None:
        while await self._reload_asked.wait():
            self._reload_asked.clear()
            await self.reload()

    async def start(self) -> None:
        """Raises UserError for what an operator has to mend, DatabaseUnavailable if the database does not answer."""
        await self._listen()
        await migrate(self.database)
        await keep_time(self.database, self.clock)
        if isinstance(self.database, SqliteDatabase):
            await self.database.run(outbox.release_all)  # this is the file's only process: no lease has an owner
        self.database.on_commit = self._wake
        await self.gateway.start()
        self.means.start()
        is_known = await self._meet_slack()
        meeting = Meeting(self.database, self.gateway, self.clock)
        deps = Deps(self.database, self.gateway, self.clock, lambda: self.settings, COMMANDS, meeting, self.opening)
        met = await self.database.read(incidents.installation) if is_known else None
        app = build(deps, self._token, met)
        if self.settings.slack_signing_secret is not None:
            self.slack = SlackIntake(app, self.configuration.with_secrets)
        self._phase = None
        if not self.settings.uses_socket_mode:  # else the first connection is what ends the gap
            await self.database.run(catching_up.catch_up, self.clock.now())
        await self._watch_shifts()
        met = await self.database.read(incidents.installation)
        # An organisation's app has to name a workspace with some calls, and which one only Slack knows.
        if is_known or met is None or not met.team_id.startswith(ORGANISATION):
            self.sender.start()
        self.engine.start()
        self._tasks.append(asyncio.create_task(kept_going("reload", self._keep_reloading), name="reload"))
        if not is_known:
            self._tasks.append(asyncio.create_task(self._keep_asking(), name="meet slack"))
        if self.settings.slack_app_token is not None:
            token = self.settings.slack_app_token.get_secret_value()
            self.sockets = SocketLink(
                app,
                token,
                self.gateway,
                self._catch_up,
                count=self.settings.socket_connections,
                ping_seconds=self._ping_seconds,
            )
            self.sockets.start()
        if self.settings.heartbeat_url is not None:
            interval = timedelta(seconds=self.settings.heartbeat_seconds)
            self._heartbeat = Heartbeat(self.settings.heartbeat_url.get_secret_value(), interval, self._problems)
            self._heartbeat.start()
        if self.settings.alert_token is None and not self.settings.alert_tokens:
            log.warning("alerts are refused", reason="DOGWATCH_ALERT_TOKEN is not set")
        if self.settings.public_url is None:
            log.warning("links to incidents' pages work on this machine only", reason="DOGWATCH_PUBLIC_URL is not set")
        log.info("dogwatch is up", **self._described(await self.database.read(incidents.installation)))

    def _described(self, met: incidents.Installation | None) -> dict[str, object]:
        """What this process is, in one line for whoever started it."""
        settings = self.settings
        return {
            "workspace": f"{met.team_name} ({met.team_id})" if met else "not known yet: Slack does not answer",
            "bot": met.bot_user_id if met else None,
            "socket_mode": self.sockets is not None,
            "takes": "Socket Mode" if self.sockets is not None else "requests to /slack/events",
            "slack": None if settings.slack_api_url == SLACK_API else settings.slack_api_url,
            "host": settings.host,
            "port": self.port,
            "public_url": settings.public_url,
            "database": self.database.dialect,
            "configuration": self.configuration.fingerprint,
            "configuration_file": str(settings.config_path) if settings.config_path else None,
            "incidents_channel": settings.incidents.channel,
            "alerts_from": [name for name in SOURCE_NAMES if settings.credentials(name).are_set],
        }

    def _wake(self, due: Due) -> None:
        if due & (Due.ROWS | Due.ROWS_LATER):
            self.sender.wake()
        if Due.TIMERS in due:
            self.engine.wake()

    async def _meet_slack(self) -> bool:
        """Ask Slack who we are. A start without Slack goes on with what an earlier one learned."""
        try:
            async with asyncio.timeout(MEETING_SECONDS):
                told = await self.gateway.call("auth.test")
                if told.get("is_enterprise_install"):
                    self.gateway.workspace = await workspace_of(self.gateway)
        except (SlackError, TimeoutError) as problem:
            tell = log.error if isinstance(problem, TokenRefused) else log.warning
            tell("Slack did not say who the bot is", problem=str(problem) or "no answer", remedy=LET_IT_LOOK)
            return False
        await self.database.run(
            workspace.installed,
            team_id=str(told.get("enterprise_id") if told.get("is_enterprise_install") else told["team_id"]),
            team_name=str(told.get("team") or ""),
            url=str(told.get("url") or ""),
            bot_user_id=str(told["user_id"]),
            bot_id=str(told.get("bot_id") or ""),
            at=self.clock.now(),
        )
        if self.gateway.granted is not None:
            await self.noticing.started(self.gateway.granted)
        return True

    async def _keep_asking(self) -> None:
        known = False
        while not known:
            await asyncio.sleep(ASK_AGAIN)
            try:
                known = await self._meet_slack()
            except DatabaseUnavailable as problem:
                log.warning("who the bot is could not be kept", problem=str(problem))
            except UserError as problem:
                self._stranger = problem.message
                log.error("nothing is sent", problem=problem.message)  # noqa: TRY400  an operator's business
                await self.sender.stop()
                return
        await self._watch_shifts()
        self.sender.start()
        self.sender.wake()

    async def _listen(self) -> None:
        site = self._listener.site
        site.add_routes(health.routes(self._not_ready, lambda: self.configuration.fingerprint))
        site.add_routes(pages.routes(self.database, lambda: self.settings))
        site.add_routes(oncall.routes(self.database, lambda: self.settings, self.clock))
        site.add_routes(OutboxDesk(self.database, self.configuration, self.clock).routes())
        site.add_routes(Answers(self.database, self.configuration, self.clock).routes())
        site.router.add_post("/alerts/{source}", self.alerts.handle)
        site.router.add_put("/alerts/{source}", self.alerts.handle)
        if self.settings.slack_signing_secret is not None:
            site.router.add_post("/slack/events", self._take_from_slack)
        self.port = await self._listener.open(self.settings, self._answering_seconds)
        # Links name the port that was given.
        self.configuration.put(self.settings.model_copy(update={"port": self.port}))

    async def _take_from_slack(self, request: web.Request) -> web.Response:
        if self.slack is None:  # it is made before the listener lets anything through
            raise RuntimeError("a request of Slack's came before there was anybody to take it")
        return await self.slack.handle(request)

    @property
    def _answering_seconds(self) -> float:
        return min(ANSWERING_SECONDS, self.settings.stop_seconds)

    async def _catch_up(self) -> None:
        """Ask Slack for what was said while nobody listened: as soon as the database can keep the question."""
        while True:
            try:
                await self.database.run(catching_up.catch_up, self.clock.now())
            except DatabaseUnavailable as problem:
                log.warning("what was missed is looked for later", problem=str(problem))
                await asyncio.sleep(ASK_AGAIN)
            else:
                return

    async def _not_ready(self) -> dict[str, str]:
        """
        Why nobody should send this process anything, by name.

        Once it has been connected, a Socket Mode that is away is no such reason: Slack is away for every replica, and
        what monitors send is kept all the same. The heartbeat tells of it.
        """
        problems = {"process": self._phase} if self._phase else await self._problems()
        if self.sockets is not None and self.sockets.was_connected:
            problems.pop(SOCKET_MODE, None)
        self._tell_of_readiness(problems)
        return problems

    def _tell_of_readiness(self, problems: dict[str, str]) -> None:
        """In the log, when it changes: who asks does so every few seconds."""
        is_ready = not problems
        if is_ready != self._was_ready:
            (log.warning if self._was_ready and not self._phase else log.info)(
                "ready" if is_ready else "not ready", **problems
            )
        self._was_ready = is_ready

    async def _problems(self) -> dict[str, str]:
        """Why this process cannot do all of its work, by name."""
        problems: dict[str, str] = {}
        try:
            if await self.database.read(incidents.installation) is None:
                problems["slack"] = "Slack has not told yet which workspace this is"
        except DatabaseUnavailable:
            problems["database"] = "does not answer"
        if self._stranger is not None:
            problems["slack"] = self._stranger
        if self.sockets is not None and (problem := self.sockets.problem()) is not None:
            problems[SOCKET_MODE] = problem
        for name, beat in (("sender", self.sender.beat_at), ("timers", self.engine.beat_at)):
            if not self._is_clock_given and (beat is None or self.clock.now() - beat > self._hangs_after):
                problems[name] = "does not work"
        return problems

    @property
    def is_quiet(self) -> bool:
        """No request under way, nothing being sent or carried out."""
        over_http = self.slack is None or self.slack.is_idle
        over_sockets = self.sockets is None or self.sockets.is_idle
        intake = self.alerts.is_idle and over_http and over_sockets
        return (
            intake
            and self.noticing.is_idle
            and self.opening.is_idle
            and self.sender.is_idle
            and self.engine.is_idle
            and not self.gateway.in_flight
        )

    async def is_settled(self) -> bool:
        """Quiet, and nothing is due at this moment of the clock."""
        if not self.is_quiet:
            return False
        due = await self.next_due()
        return self.is_quiet and (due is None or due > self.clock.now())

    async def next_due(self) -> datetime | None:
        """When the next lane or timer is due; None if nothing waits."""
        found = [await self.database.read(outbox.next_due), await self.database.read(timers.next_due)]
        return min((each for each in found if each is not None), default=None)

    async def stop(self) -> None:
        """
        Take nothing new, finish what is under way, let go of the rest: it is in the database.

        From now on it is not ready. With `drain_seconds` it goes on listening for so long, until a load balancer has
        noticed; the time for what is under way, `stop_seconds`, begins after that.
        """
        drain_seconds = 0 if self._phase == STARTING else self.settings.drain_seconds
        self._phase = STOPPING
        log.info("dogwatch is stopping", listens_for=drain_seconds, finishes_for=self.settings.stop_seconds)
        if self._heartbeat is not None:
            await self._heartbeat.stop()
        drained = asyncio.create_task(asyncio.sleep(drain_seconds))
        if self.sockets is not None:
            await self.sockets.stop(self._answering_seconds)
        await drained
        ends_at = asyncio.get_running_loop().time() + self.settings.stop_seconds
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._listener.close()
        await self.opening.stop()
        await self.engine.stop()
        await self.sender.stop(max(ends_at - asyncio.get_running_loop().time(), 0.0))
        await self.means.stop()
        await self.noticing.stop()
        await self.gateway.close()
        await self.database.close()
        log.info("dogwatch is down")
