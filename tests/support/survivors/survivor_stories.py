"""Stories for a bot that may be killed at any point."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import update as sql_update
from sqlmodel import Session, select

from bot.slack.blocks import notices as windows
from bot.store.database.session import open_database
from bot.store.escalation.escalations import Escalation
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.shared.timers import Timer
from tests.support.survivors.survivor import CHANNEL, PATIENCE, Step, Story, Survivor, Told


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
    return session.exec(select(TimelineEntry).where(TimelineEntry.own_text == "teh pool is full")).first()


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
    return session.exec(select(TimelineEntry).where(TimelineEntry.own_text == "the pool is full")).first()


async def edit(at: Survivor) -> Any:
    return await at.slack.command("oncall", CHANNEL, '/incident edit title:"Cards are refused" service:cards')


def is_edited(session: Session) -> object:
    return session.exec(select(Incident).where(Incident.title == "Cards are refused")).first()


async def update(at: Survivor) -> Any:
    return await at.slack.command("oncall", CHANNEL, "/incident update monitoring lang:en It is better.")


def is_updated(session: Session) -> object:
    return session.exec(select(TimelineEntry).where(TimelineEntry.own_text == "It is better.")).first()


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
    channel = next(name for each in at.slack.channels() if (name := each.get("name", "")).startswith("inc-1-"))
    return await at.slack.command("oncall", channel, "/incident resolve took the release back")


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
