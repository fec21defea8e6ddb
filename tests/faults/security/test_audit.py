"""The audit has each change of an incident: actor, action, origin. It is append-only."""

from typing import Any, Self

from sqlmodel import select

from bot.store.shared.audit import AuditRow
from commands import COMMANDS
from tests.support.records.entries import acts
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.worlds.world import World

BOOKKEEPING = {
    "person",
    "outbox",
    "lane",
    "timer",
    "counter",
    "rate_limit",
    "periodic_task",
    "clock_mark",
    "installation",
    "audit",
}
"""Tables that hold nothing that somebody did."""
READS = {"", "list", "find", "show", "timeline", "catchup", "private", "help", "oncall", "pages"}
ELSEWHERE = {"merge", "drill", "mute", "unmute", "maintenance"}
"""One of several incidents, a new one, or none: each has a test of its own, here or where it is told as a story."""
LINES = (
    ("oncall", "note it began at the pool"),
    ("oncall", "note at:14:00 kind:hypothesis it is the cache"),
    ("oncall", "status identified the pool"),
    ("oncall", "severity 2 all of them"),
    ("engineer", "lead"),
    ("oncall", "lead @dba"),
    ("oncall", "role scribe @engineer"),
    ("oncall", "handover scribe @dba the logs are not read yet"),
    ("oncall", "role scribe nobody"),
    ("oncall", 'edit title:"checkout is slow" category:capacity'),
    ("oncall", "escalate @engineer look at the pool"),
    ("engineer", "ack"),
    ("engineer", "unack the wrong incident"),
    ("engineer", "moretime 10"),
    ("engineer", "ack"),
    ("engineer", "reassign @dba it is the database"),
    ("dba", "cannot on a train"),
    ("oncall", "escalate vendor:payplug case:CS-1 nobody can pay"),
    ("oncall", "vendor payplug answered they look into it"),
    ("oncall", "impact users:20% nobody can pay"),
    ("oncall", "impact started:13:50 ended:14:00"),
    ("oncall", "cause a deploy"),
    ("oncall", "improve alert earlier @dba"),
    ("oncall", "task tell the partners due:2026-03-09"),
    ("oncall", "task #1 done"),
    ("oncall", "update investigating we look into it"),
    ("oncall", "redact ENTRY a password"),
    ("oncall", "postmortem"),
    ("oncall", "resolve rolled back"),
    ("oncall", "reopen it is back"),
    ("oncall", "cancel a false alarm"),
)


async def rows(world: World) -> list[dict[str, Any]]:
    def read(session: Any) -> list[dict[str, Any]]:
        return [row.model_dump() for row in session.exec(select(AuditRow).order_by(AuditRow.id))]  # type: ignore[arg-type]

    return await world.bot.database.read(read)


async def domain(world: World) -> dict[str, list[str]]:
    return {name: found for name, found in (await world.tables()).items() if name not in BOOKKEEPING}


class Watch:
    """Checks that an action is audited, and that earlier audit rows have not changed."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def __aenter__(self) -> Self:
        self.before, self.was = await domain(self.world), await rows(self.world)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.has_changed = await domain(self.world) != self.before
        now = await rows(self.world)
        self.added = now[len(self.was) :]
        self.is_append_only = now[: len(self.was)] == self.was


async def test_every_command_that_changes_something_is_in_the_audit(world: World) -> None:
    async with Watch(world) as watch:
        await world.declares()
    assert ("U0ONCALL", "command") in [(row["user_id"], row["origin"]) for row in watch.added]
    done = {"start"}

    for user, line in LINES:
        entry = (await world.timeline())[-1]["ref"]
        async with Watch(world) as watch:
            answer = await world.types(user, f"/incident {line.replace('ENTRY', entry)}")
            await world.finish()
        assert not answer.startswith(":warning:"), (line, answer)
        assert watch.has_changed, line
        by = [(row["user_id"], row["origin"], row["incident_id"]) for row in watch.added]
        assert (f"U0{user.upper()}", "command", 1) in by, (line, watch.added)
        assert all(row["action"] for row in watch.added), line
        if not line.startswith("redact"):  # which removes words from it: who and what stay
            assert watch.is_append_only, line
        done.add(line.split()[0])

    assert done | READS | ELSEWHERE == {each.name for each in COMMANDS}


async def test_a_merge_is_in_the_audit_of_both(world: World) -> None:
    await world.declares("search is slow")
    second = await world.declares("checkout is down")
    async with Watch(world) as watch:
        await world.types("dba", "/incident merge INC-1", second)
    assert not watch.has_changed
    assert watch.added == []

    async with Watch(world) as watch:
        await world.presses("dba", "merge_confirmed")
    assert watch.has_changed
    assert watch.is_append_only
    assert {row["incident_id"] for row in watch.added if row["user_id"] == "U0DBA"} == {1, 2}


async def test_a_drill_is_in_the_audit(world: World) -> None:
    async with Watch(world) as watch:
        await world.types("dba", "/incident drill checkout-500s", "ops")
    assert watch.has_changed
    assert ("U0DBA", "command", 1) in [(row["user_id"], row["origin"], row["incident_id"]) for row in watch.added]


async def test_what_only_shows_something_is_not(world: World) -> None:
    await world.declares()

    for name in READS:
        async with Watch(world) as watch:
            await world.types("oncall", f"/incident {name}")
        assert not watch.has_changed, name
        assert watch.added == [], name


async def test_buttons_forms_reactions_messages_alerts_and_timers_are_too(world: World) -> None:
    await world.declares()
    seen: dict[str, str] = {}

    async def noted(name: str, origin: str, who: str | None, watch: Watch) -> None:
        assert watch.has_changed, name
        assert watch.is_append_only, name
        assert (who, origin) in [(row["user_id"], row["origin"]) for row in watch.added], (name, watch.added)
        seen[name] = origin

    async with Watch(world) as watch:
        await world.presses("engineer", "incident_lead")
    await noted("a button", "button", "U0ENGINEER", watch)

    await world.chooses("oncall", "do_severity")
    async with Watch(world) as watch:
        await world.submits("oncall", severity="SEV1", text="worse")
    await noted("a form", "modal", "U0ONCALL", watch)

    await world.chooses("oncall", "do_edit")
    async with Watch(world) as watch:
        await world.submits("oncall", category="capacity")
    await noted("the form of details", "modal", "U0ONCALL", watch)

    ts = await world.says("dba", "reading the logs")
    async with Watch(world) as watch:
        await world.reacts("oncall", ts, "mag")
    await noted("a reaction", "reaction", "U0ONCALL", watch)

    async with Watch(world) as watch:
        await world.unreacts("oncall", ts, "mag")
    await noted("a reaction taken back", "reaction", "U0ONCALL", watch)

    await world.reacts("oncall", ts, "mag")
    async with Watch(world) as watch:
        await world.deletes("dba", ts)
    assert watch.added, "a deletion takes words out of the record"

    elsewhere = world.sandbox.say("support", "ops", "customers write to us")
    for kind in ("detection", "communication"):
        await world.sandbox.shortcut("engineer", "ops", elsewhere, "add_to_timeline")
        async with Watch(world) as watch:
            await world.submits("engineer", incident="INC-1", kind=kind)
        await noted(f"the shortcut: {kind}", "modal", "U0ENGINEER", watch)

    async with Watch(world) as watch:
        await world.posts("alertmanager", a_notification(an_alert(at=world.now)))
        await world.finish()
    await noted("an alert", "alert", None, watch)

    await world.types("oncall", "/incident escalate @engineer look", channel=world.channels[0])
    await world.finish()
    async with Watch(world) as watch:
        await world.advance(minutes=6)
    await noted("a reminder", "timer", None, watch)

    async with Watch(world) as watch:
        await world.presses("engineer", "escalation_decline", channel=world.channels[0])
    await noted("no", "button", "U0ENGINEER", watch)

    await world.types("oncall", "/incident escalate @engineer look again", channel=world.channels[0])
    await world.finish()
    async with Watch(world) as watch:
        await world.presses("engineer", "escalation_acknowledge", channel=world.channels[0])
    await noted("an answer", "button", "U0ENGINEER", watch)

    assert set(seen.values()) == {"button", "modal", "reaction", "alert", "timer"}


async def test_what_is_done_to_an_entry_is_too(world: World) -> None:
    """Amended, merged, taken off, put back, undone; each by the menu beside it."""
    await world.declares()
    for words in ("the pool is exhausted", "the cache is cold"):
        await world.types("oncall", f"/incident note {words}")
        await world.advance(minutes=2)
    steps: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("the pool is exhausted", "amend", {"text": "the pool is used up"}),
        ("the pool is used up", "history", {"act": "undo"}),
        ("the cache is cold", "remove", {"act": "take off", "text": "it was warm"}),
    )

    for text, name, values in steps:
        async with Watch(world) as watch:
            answer = await acts(world, "engineer", text, name, **values)
        assert not answer.errors, (name, answer.errors)
        assert watch.has_changed, name
        assert watch.is_append_only, name
        assert ("U0ENGINEER", "modal") in [(row["user_id"], row["origin"]) for row in watch.added], (name, watch.added)
