"""A story in which nearly everything happens, in words that a test chooses."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.support.requests.notifications import a_notification, an_alert
from tests.support.worlds.world import World

CONFIG = """
[services.checkout]
people = ["U0ENGINEER"]
team = "payments"

[teams.payments]
members = ["U0DBA", "U0DEVELOPER"]

[vendors.psp]
"""
FORM_FIELD = 3_000
"""Characters that one field of a form takes."""


class Story:
    """`words`: used wherever people or monitors write; `answers`: replies to commands."""

    def __init__(self, world: World, words: str) -> None:
        self.world, self.words = world, words
        self.answers: list[str] = []

    async def types(self, line: str, *, user: str = "oncall", channel: str | None = None) -> None:
        answer = await self.world.types(user, line, channel)
        assert not answer.startswith(":warning:"), (line[:80], answer)
        self.answers.append(answer)

    async def fills(self, user: str, **values: Any) -> None:
        """Send the form that is open, in it the words."""
        answer = await self.world.submits(user, text=self.words[:FORM_FIELD], **values)
        assert answer.ok, (values, answer)
        assert not answer.errors, (values, answer.errors)

    async def goes(self) -> None:
        await self.by_alert()
        await self.by_command()
        await self.is_written_about()
        await self.moves_on()
        await self.calls_for_help()
        await self.ends()
        await self.in_private()

    def _alert(self, **more: Any) -> dict[str, Any]:
        alert = an_alert(at=self.world.now - timedelta(minutes=1), **more)
        alert["labels"] |= {"alertname": self.words, "instance": self.words, "service": self.words}
        alert["annotations"] = {"summary": self.words, "description": self.words}
        return alert

    async def by_alert(self) -> None:
        first = self._alert()
        status, answer = await self.world.posts("alertmanager", a_notification(first))
        assert status == 200, answer
        await self.world.finish()
        first |= {"status": "resolved", "endsAt": first["startsAt"]}
        status, answer = await self.world.posts("alertmanager", a_notification(first))
        assert (status, answer["incidents"]) == (200, ["INC-1"])
        await self.world.finish()

    async def by_command(self) -> None:
        await self.types(f"/incident start {self.words} sev:2 service:checkout", channel="ops")
        await self.world.finish()
        await self.types("/incident lead")

    async def is_written_about(self) -> None:
        world = self.world
        escaped = self.words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        said = await world.says("engineer", escaped[:40_000], raw=True)
        answered = await world.says("dba", "a reply", thread_ts=said)
        for ts, emoji in ((said, "mag"), (said, "boom"), (answered, "dart")):
            await world.reacts("dba", ts, emoji)
        await world.unreacts("dba", said, "boom")
        (card,) = world.sandbox.pins(world.channel)
        await world.reacts("oncall", card["ts"], "mag")
        await self.types(f"/incident note at:~13:50 {self.words}")
        await self.types(f"/incident note at:? kind:action {self.words}")
        await world.presses("oncall", "incident_note")
        await self.fills("oncall", at="10 min ago")
        await self.types("/incident timeline")
        await self.types("/incident")
        await world.finish()

    async def moves_on(self) -> None:
        world = self.world
        await self.types(f"/incident severity 1 {self.words}")
        await self.types(f"/incident status identified {self.words}")
        await self.types(f"/incident impact users:20% {self.words}")
        await self.types(f"/incident cause {self.words}")
        await self.types(f"/incident improve check {self.words} later")
        await self.types(f"/incident task check {self.words} later due:2026-03-09 owner:@dba")
        await world.finish()
        await world.chooses("oncall", "do_severity")
        await self.fills("oncall", severity="SEV2")
        await world.presses("oncall", "incident_status")
        await self.fills("oncall", status="monitoring")
        await world.finish()

    async def calls_for_help(self) -> None:
        world = self.world
        await self.types(f"/incident escalate @payments check {self.words}")
        await world.finish()
        await world.presses("dba", "escalation_decline")
        await world.presses("developer", "escalation_acknowledge")
        await self.types(f"/incident escalate vendor:psp check {self.words}")
        await self.types(f"/incident escalate @engineer check {self.words}")
        await world.advance(minutes=40)
        await self.types("/incident ack", user="engineer")
        await world.presses("oncall", "incident_escalate")
        await self.fills("oncall", person="U0RELEASE")
        await world.finish()

    async def ends(self) -> None:
        world = self.world
        await self.types(f"/incident resolve at:14:20 {self.words}")
        await world.finish()
        await self.types("/incident postmortem template:brief")
        await self.types(f"/incident status investigating {self.words}")
        await world.presses("oncall", "incident_resolve")
        await self.fills("oncall")
        await world.finish()

    async def in_private(self) -> None:
        await self.types(f"/incident start {self.words} private:yes drill:yes", channel="ops")
        await self.world.finish()


def sent(world: World, *methods: str) -> list[dict[str, Any]]:
    """The arguments of the bot's calls of these methods."""
    return [call["args"] for call in world.sandbox.calls() if call["method"] in methods]


def draft_files(world: World, channel: str | None = None) -> list[dict[str, Any]]:
    """The files with words that the bot has put into a channel, without pictures."""
    return [each for each in world.sandbox.files(channel) if each["name"].endswith(".md")]


def drafts(world: World, channel: str | None = None) -> list[str]:
    """The words of these files, the oldest first."""
    return [world.sandbox.file_content(each["id"]).decode() for each in draft_files(world, channel)]


def world_of(database_url: str, folder: Path) -> World:
    return World(database_url, folder, config=CONFIG)
