"""
A story for a bot that may be killed in the middle of it, and what everybody sees at its end.

The people of a story behave as people do: who gets no answer waits until the bot is back, looks, and does it again
if it has not happened. A monitor does not look: it sends again what was not answered with 2xx.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from sqlalchemy import update as sql_update
from sqlmodel import Session, select

from bot.sandbox.server import Sandbox
from bot.sandbox.workspace.records import SlackError
from bot.slack.blocks import notices as windows
from bot.store import outbox
from bot.store.alerts.alerts import Alert
from bot.store.database.session import Database, DatabaseUnavailable, open_database
from bot.store.escalation.escalations import Escalation, Page
from bot.store.incidents.incidents import Incident
from bot.store.incidents.postmortems import Postmortem
from bot.store.incidents.timeline import TimelineEntry
from bot.store.outbox import Lane, OutboxRow
from bot.store.shared.audit import AuditRow
from bot.store.shared.timers import Timer
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.worlds.killable import Bot, Kennel, Point

CHANNEL = "inc-1-checkout-is-down"
ALERT_TOKEN = "alert-token-of-the-tests"
PATIENCE = 90.0
LEASE = 2.5
"""Seconds that the lanes of a killed bot wait on PostgreSQL. Longer than any call takes here, as it has to be."""

SOON = timedelta(seconds=3)
"""A timer that is due by then belongs to what was done: a card that is shown a second later."""

Act = Callable[["Survivor"], Awaitable[Any]]
Look = Callable[[Session], object]


@dataclass(frozen=True)
class Step:
    """What a person does, and how they see afterwards that it has happened. None: Slack itself delivers again."""

    act: Act
    has_happened: Look | None = None


@dataclass(frozen=True)
class Story:
    """`begins`: after which other story; None: with a new workspace. `before`: what happens before the bot starts."""

    name: str
    steps: tuple[Step, ...]
    begins: "Story | None" = None
    before: Act | None = None


@dataclass(frozen=True)
class Told:
    """What a monitor makes of an answer."""

    ok: bool


@dataclass
class Survivor:
    """One play of a story."""

    kennel: Kennel
    slack: Sandbox
    url: str
    points: list[str] = field(default_factory=list)
    was_killed: bool = False
    seen: dict[str, Any] = field(default_factory=dict)
    alerts: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        config = self.kennel.path.with_name("dogwatch.toml")
        if not config.exists():
            config.write_text(CONFIG)
        return {
            "DOGWATCH_CONFIG": str(config),
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_SIGNING_SECRET": self.slack.signing_secret,
            "SLACK_API_URL": self.slack.api_url,
            "DATABASE_URL": self.url,
            "DOGWATCH_PORT": "0",
            "DOGWATCH_HOST": "127.0.0.1",
            "DOGWATCH_PUBLIC_URL": "http://dogwatch.example",
            "DOGWATCH_SECRET_KEY": "a secret key that is long enough for tests",
            "DOGWATCH_ALERT_TOKEN": ALERT_TOKEN,
        }

    async def sends_alert(self, instance: str, *, group: str = "web") -> Told:
        """As Alertmanager sends it: the very same each time."""
        if instance not in self.alerts:
            alert = an_alert(at=datetime.now(UTC), instance=instance)
            self.alerts[instance] = a_notification(alert, group=group)
        return await self.sends(self.alerts[instance])

    async def sends(self, payload: dict[str, Any]) -> Told:
        address = f"http://127.0.0.1:{self.bot.port}/alerts/alertmanager"
        headers = {"Authorization": f"Bearer {ALERT_TOKEN}"}
        try:
            async with aiohttp.ClientSession() as http, http.post(address, json=payload, headers=headers) as got:
                return Told(got.status == 200)
        except aiohttp.ClientError:
            return Told(ok=False)

    async def play(self, story: Story, kill_at: Point | None) -> None:
        if story.before is not None:
            await story.before(self)
        self.bot = await self.kennel.start(self.environment, kill_at=kill_at, counts=kill_at is None, lease=LEASE)
        if self.bot.is_gone.is_set():
            await self.raise_from_the_dead()
        self.listen_to(self.bot)
        self.reading: Database = open_database(self.url, read_only=True)
        try:
            for step in story.steps:
                await self.take(step)
            self.points = self.bot.points
            await self.bot.stop()
            if self.bot.died_at and not self.was_killed:  # after all that could be waited for
                await self.raise_from_the_dead()
                await self.finish()
            lost = [each for each in self.slack.deliveries("events_api") if each["outcome"] == "lost"]
            assert not lost, lost
            self.seen = seen_by_all(self.slack) | {"record": await self.reading.read(record)}
        finally:
            await self.bot.kill()
            await self.reading.close()

    async def take(self, step: Step) -> None:
        answer = await step.act(self)
        if answer is not None and not answer.ok:
            async with asyncio.timeout(PATIENCE):
                await self.bot.is_gone.wait()
        await self.finish()
        if step.has_happened and not answer.ok and not await self.reading.read(step.has_happened):
            assert self.was_killed, answer
            again = await step.act(self)
            assert again.ok, again
            await self.finish()

    async def finish(self) -> None:
        """Until everything that was begun is done, with a bot that was started again if it was killed."""
        try:
            await self.slack.wait_until(self.is_finished, PATIENCE)
        except TimeoutError:
            rows = await self.reading.read(unfinished)
            raise TimeoutError(f"Slack {self.slack.pending()}, outbox {rows}") from None

    async def is_finished(self) -> bool:
        if self.bot.is_gone.is_set():
            await self.raise_from_the_dead()
        if self.was_killed and self.slack.pending()["waiting_retry"]:
            self.slack.retry_now()
        if not self.slack.settled():
            return False
        try:
            waiting = await self.reading.read(unfinished)
        except DatabaseUnavailable:
            return False
        return not waiting and self.slack.settled() and not self.bot.is_gone.is_set()

    async def raise_from_the_dead(self) -> None:
        assert self.bot.died_at is not None, f"the bot ended by itself: {self.bot.refusal}"
        assert not self.was_killed, "the bot was killed twice"
        self.was_killed = True
        self.bot = await self.kennel.start(self.environment, lease=LEASE, poll=0.2)
        assert self.bot.refusal is None, self.bot.refusal
        self.listen_to(self.bot)

    def listen_to(self, bot: Bot) -> None:
        address = f"http://127.0.0.1:{bot.port}/slack/events"
        if self.slack.http is None:
            self.slack.deliver_by_http(address)
        self.slack.http.url = address


def unfinished(session: Session) -> list[tuple[str, str, str, str | None]]:
    waiting = session.exec(select(OutboxRow).where(OutboxRow.state.in_(outbox.UNFINISHED)))
    soon = session.exec(select(Timer).where(Timer.due_at < datetime.now(UTC) + SOON))
    return [
        *((row.lane, row.what, row.state, row.error) for row in waiting),
        *(("timer", each.what, each.key, None) for each in soon),
    ]


# --- stories


async def declare(at: Survivor) -> Any:
    return await at.slack.command("oncall", "ops", "/incident start checkout is down sev:2")


def is_declared(session: Session) -> object:
    return session.exec(select(Incident)).first()


async def mark(at: Survivor) -> None:
    ts = at.slack.say("engineer", CHANNEL, "Reading the logs of the proxy")
    at.slack.react("engineer", CHANNEL, ts, "mag")


async def resolve(at: Survivor) -> Any:
    return await at.slack.command("oncall", CHANNEL, "/incident resolve took the release back")


def is_resolved(session: Session) -> object:
    return session.exec(select(Incident).where(Incident.status == "resolved")).first()


async def escalate(at: Survivor) -> Any:
    return await at.slack.command("oncall", CHANNEL, "/incident escalate @dba the primary is full")


def is_escalated(session: Session) -> object:
    return session.exec(select(Escalation)).first()


async def acknowledge(at: Survivor) -> Any:
    """In the channel: the page in the direct message is compared as it was sent."""
    ledgers = [each for each in at.slack.messages(CHANNEL) if "escalation_acknowledge" in json.dumps(each)]
    assert len(ledgers) == 1, ledgers
    return await at.slack.click("dba", CHANNEL, ledgers[0]["ts"], "escalation_acknowledge")


def is_acknowledged(session: Session) -> object:
    return session.exec(select(Escalation).where(Escalation.acknowledged_at.is_not(None))).first()


async def note(at: Survivor) -> Any:
    return await at.slack.command("engineer", CHANNEL, "/incident note teh pool is full")


def is_noted(session: Session) -> object:
    return session.exec(select(TimelineEntry).where(TimelineEntry.text == "teh pool is full")).first()


async def amend(at: Survivor) -> Any:
    """Ask for the timeline, choose in the menu beside the entry, fill in the form."""
    for view in reversed(at.slack.views("dba")):  # of an attempt that came to nothing
        await at.slack.close_view("dba", view["id"])
    answer = await at.slack.command("dba", CHANNEL, "/incident timeline")
    if not answer.ok:
        return answer
    listed, block = next(
        (each, block)
        for each in reversed(at.slack.ephemerals("dba", CHANNEL))
        for block in each.get("blocks") or []
        if "teh pool" in str(block.get("text")) and "accessory" in block
    )
    [choice] = [each["value"] for each in block["accessory"]["options"] if each["value"].startswith("amend:")]
    answer = await at.slack.click("dba", CHANNEL, listed["ts"], f"{block['block_id']}.entry_menu", choice)
    if not answer.ok or not at.slack.views("dba"):
        return Told(ok=False)

    def is_loading() -> bool:
        return at.slack.views("dba")[-1]["callback_id"] == windows.LOADING

    await at.slack.wait_until(lambda: at.bot.is_gone.is_set() or not is_loading(), PATIENCE)
    if is_loading():
        return Told(ok=False)
    return await at.slack.submit_view("dba", at.slack.views("dba")[-1]["id"], {"text": "the pool is full"})


def is_amended(session: Session) -> object:
    return session.exec(select(TimelineEntry).where(TimelineEntry.text == "the pool is full")).first()


async def edit(at: Survivor) -> Any:
    return await at.slack.command("oncall", CHANNEL, '/incident edit title:"Cards are refused" service:cards')


def is_edited(session: Session) -> object:
    return session.exec(select(Incident).where(Incident.title == "Cards are refused")).first()


async def update(at: Survivor) -> Any:
    return await at.slack.command("oncall", CHANNEL, "/incident update monitoring lang:en It is better.")


def is_updated(session: Session) -> object:
    return session.exec(select(TimelineEntry).where(TimelineEntry.text == "It is better.")).first()


async def cancel(at: Survivor) -> Any:
    return await at.slack.command("oncall", CHANNEL, "/incident cancel the monitor was set too low")


def is_cancelled(session: Session) -> object:
    return session.exec(select(Incident).where(Incident.status == "cancelled")).first()


async def fire(at: Survivor) -> Told:
    return await at.sends_alert("web-1")


async def fire_again(at: Survivor) -> Told:
    return await at.sends_alert("web-2")


async def storm(at: Survivor) -> Told:
    """One notification after the other; all are sent again if one of them was not taken."""
    told = [await at.sends_alert(f"web-{number}", group=f"storm {number}") for number in range(STORMING)]
    return Told(all(each.ok for each in told))


def never(_session: Session) -> None:
    """A monitor cannot see what became of what it sent."""


async def resolve_alerted(at: Survivor) -> Any:
    return await at.slack.command("oncall", "ops", "/incident resolve INC-1 took the release back")


async def work_unheard(at: Survivor) -> None:
    """People go on while nobody listens."""
    at.slack.delivery_fault("drop")
    ts = at.slack.say("engineer", CHANNEL, "Reading the logs of the proxy")
    at.slack.react("engineer", CHANNEL, ts, "mag")
    at.slack.say("dba", CHANNEL, "So do I", thread_ts=ts)
    at.slack.clear_faults()


async def nothing(_at: Survivor) -> None:
    """The bot does what there is to do by itself."""


async def let_time_pass(at: Survivor) -> None:
    """The reminder's time came while nobody ran."""
    database = open_database(at.url)
    try:
        await database.run(lambda session: session.execute(sql_update(Timer).values(due_at=datetime.now(UTC))))
    finally:
        await database.close()


STORMING = 2
"""Alerts, each of which would open an incident. One may, and it is there already."""
CONFIG = """
[storms]
incidents = 1
minutes = 60
"""
ESCALATE = Step(escalate, is_escalated)
RESOLVE = Step(resolve, is_resolved)
DECLARED = Story("declare", (Step(declare, is_declared),))
CALLED = Story("call for help", (ESCALATE,), DECLARED)
FIRED = Story("alert", (Step(fire, never),))
OVER = Story("an alert's incident is over", (Step(resolve_alerted, is_resolved),), FIRED)
CATCH_UP = Story("catch up", (Step(nothing),), DECLARED, before=work_unheard)
STORIES = (
    DECLARED,
    Story("reaction", (Step(mark),), DECLARED),
    Story("resolve", (RESOLVE,), DECLARED),
    Story("escalation", (ESCALATE, Step(acknowledge, is_acknowledged)), DECLARED),
    FIRED,
    Story("alert reopens", (Step(fire_again, never),), OVER),
    Story("put right", (Step(note, is_noted), Step(amend, is_amended), Step(edit, is_edited)), DECLARED),
    Story("update and cancel", (Step(update, is_updated), Step(cancel, is_cancelled)), DECLARED),
    CATCH_UP,
    Story("storm", (Step(storm, never),), FIRED),
    Story("reminder", (Step(nothing),), CALLED, before=let_time_pass),
)


# --- what there is to see

DIFFERS = (
    (re.compile(r"https?://127\.0\.0\.1:\d+"), "SLACK"),
    (re.compile(r"\bp?\d{10}\.?\d{6}\b"), "TS"),
    (re.compile(r"\b\d{10}\b"), "TIME"),
    (re.compile(r"\b\d{4}-\d\d-\d\d\b"), "DAY"),
    (re.compile(r"\b[A-Z][a-z]+ \d{1,2}, \d{4}\b"), "DAY"),
    (re.compile(r"\b\d{1,2}:\d\d(:\d\d)?([\s\u202f][AP]M)?\b"), "TIME"),
    (re.compile(r"\b\d+ ?(s|m|sec|min|seconds?|minutes?)\b"), "LENGTH"),
    (re.compile(r" — (after LENGTH|LENGTH after [a-z]+)"), ""),  # told from a minute on
    (re.compile(r"\b[CDF]0[0-9A-Z]{8}\b"), "ID"),
    (re.compile(r'"value": "\d+"'), '"value": "KEY"'),  # PostgreSQL does not give out again what a rollback took
)
"""What is never the same in two plays: moments, ids, ports."""


def steady(text: str) -> str:
    for pattern, word in DIFFERS:
        text = pattern.sub(word, text)
    return text


def seen_by_all(slack: Sandbox) -> dict[str, Any]:
    """Every channel as a person sees it: people, topic, pins, what is kept beside, and each message with its marks."""
    places = {place["name"]: _place(slack, place["id"]) for place in slack.channels() if place.get("name")}
    for user in slack.users():
        try:
            direct = slack.open_dm(user["id"])
        except SlackError:
            continue
        if said := _messages(slack, direct):
            places[f"dm {user['name']}"] = said
    files = {f"{number} {each['title']}": _content(slack, each["id"]) for number, each in enumerate(slack.files())}
    return {"places": places, "files": files}


def _content(slack: Sandbox, file_id: str) -> list[str]:
    return steady(slack.file_content(file_id).decode()).splitlines()


def _place(slack: Sandbox, channel: str) -> dict[str, Any]:
    return {
        "members": sorted(slack.members(channel)),
        "topic": slack.channel(channel)["topic"]["value"],
        "pins": [steady(each["text"]) for each in slack.pins(channel)],
        "messages": _messages(slack, channel),
        "bookmarks": [each["title"] for each in slack.bookmarks(channel)],
        "canvases": [
            [each["title"], *steady(slack.canvas_content(each["id"])).splitlines()] for each in slack.canvases(channel)
        ],
    }


def _messages(slack: Sandbox, channel: str) -> Counter[str]:
    return Counter(_shown(each) for each in slack.messages(channel))


def _shown(message: dict[str, Any]) -> str:
    marks = sorted((each["name"], tuple(each["users"])) for each in message.get("reactions", []))
    parts = [
        message.get("user"),
        message.get("subtype"),
        message.get("text"),
        "reply" if message.get("thread_ts") else "",
        _without_block_ids(message.get("blocks")),
        [each["name"] for each in message.get("files", [])],
        marks,
    ]
    return steady(json.dumps(parts, sort_keys=True))


def _without_block_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_block_ids(each) for key, each in value.items() if key != "block_id"}
    return [_without_block_ids(each) for each in value] if isinstance(value, list) else value


def record(session: Session) -> dict[str, Any]:
    """What the database holds, without the moments and the counters of how it came about."""
    rows = session.exec(select(OutboxRow)).all()
    incidents = session.exec(select(Incident)).all()
    entries = session.exec(select(TimelineEntry)).all()
    named = {each.id: each.reference for each in incidents}
    return {
        "incidents": sorted((each.reference, each.status, each.severity, each.channel_name) for each in incidents),
        "stands": sorted((bool(each.card_ts), bool(each.announcement_ts), bool(each.channel_id)) for each in incidents),
        "timeline": sorted((steady(each.text), str(each.kinds), bool(each.withdrawn_at)) for each in entries),
        "pages": [(each.user_id, each.outcome) for each in session.exec(select(Page))],
        "acknowledged": [each.acknowledged_by for each in session.exec(select(Escalation))],
        "drafts": len(session.exec(select(Postmortem)).all()),
        "alerts": sorted((each.name, each.status, named.get(each.incident_id)) for each in session.exec(select(Alert))),
        "acts": sorted((each.who or "", each.what, each.origin) for each in session.exec(select(AuditRow))),
        "timers": sorted(each.key.partition(":")[0] for each in session.exec(select(Timer))),
        "not done": [(row.what, row.state, row.error) for row in rows if row.state != outbox.State.DONE],
        "held lanes": [lane.key for lane in session.exec(select(Lane)) if lane.owner],
    }


def same(expected: dict[str, Any], found: dict[str, Any], where: str = "") -> str:
    """Where two results differ, in words; empty if they do not."""
    if isinstance(expected, dict) and isinstance(found, dict):
        keys = {**expected, **found}
        told = [same(expected.get(key), found.get(key), f"{where}/{key}") for key in keys]
        return "; ".join(each for each in told if each)
    if isinstance(expected, list) and isinstance(found, list):
        gone = [each for each in expected if each not in found]
        new = [each for each in found if each not in expected]
        return "" if expected == found else f"{where}: {gone!r:.400} became {new!r:.400}"
    return "" if expected == found else f"{where}: {expected!r:.400} became {found!r:.400}"
