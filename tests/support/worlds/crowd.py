"""A scripted half hour in an incident channel, for a bot that is there or away."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Self

import aiohttp

from bot.app import Dogwatch
from tests.support.worlds.world import World

CHANNEL = "inc-1-checkout-is-down"


class OverSockets(World):
    """A world whose bot connects to Slack itself."""

    def environment(self) -> dict[str, str]:
        told = super().environment()
        del told["SLACK_SIGNING_SECRET"]
        return told | {"SLACK_APP_TOKEN": self.sandbox.app_token}

    async def __aenter__(self) -> Self:
        await self.sandbox.start()
        self._http = aiohttp.ClientSession()
        await self.starts()
        return self

    async def starts(self) -> None:
        self.bot = Dogwatch(self.settings(), clock=self.clock)
        await self.bot.start()
        await self.sandbox.wait_until(lambda: self.sandbox.sockets() == 2)


@dataclass
class Crowd:
    """People who write, change their minds and mark. They remember each message by a name."""

    world: World
    place: str = ""
    ts: dict[str, str] = field(default_factory=dict)

    def says(self, name: str, text: str, by: str = "engineer", under: str | None = None, **more: Any) -> None:
        thread = self.ts[under] if under else None
        self.ts[name] = self.world.sandbox.say(by, self.place, text, thread_ts=thread, **more)

    def edits(self, name: str, text: str, by: str = "engineer") -> None:
        self.world.sandbox.edit(by, self.place, self.ts[name], text)

    def deletes(self, name: str, by: str = "engineer") -> None:
        self.world.sandbox.delete(by, self.place, self.ts[name])

    def marks(self, name: str, emoji: str, by: str = "oncall") -> None:
        self.world.sandbox.react(by, self.place, self.ts[name], emoji)

    def unmarks(self, name: str, emoji: str, by: str = "oncall") -> None:
        self.world.sandbox.unreact(by, self.place, self.ts[name], emoji)

    def uploads(self, name: str) -> None:
        self.ts[name] = self.world.sandbox.say(
            "dba", self.place, "the slow query log", files=[{"name": "slow.log", "content": b"SELECT 1"}]
        )

    def renames(self, to: str) -> None:
        self.world.sandbox.rename("manager", self.place, to)
        self.place = to


Act = Callable[[Crowd], None]

BEFORE: tuple[Act, ...] = (
    lambda crowd: crowd.says("kept", "reading the logs"),
    lambda crowd: crowd.says("misspelt", "it is the cahce"),
    lambda crowd: crowd.marks("misspelt", "thinking_face"),
    lambda crowd: crowd.says("secret", "the password is hunter2"),
    lambda crowd: crowd.marks("secret", "mag"),
    lambda crowd: crowd.says("chatter", "coffee anyone?"),
    lambda crowd: crowd.says("parent", "the release of 14:00"),
    lambda crowd: crowd.says("reply", "it chnaged the pool", by="developer", under="parent"),
    lambda crowd: crowd.marks("reply", "dart"),
    lambda crowd: crowd.says("doomed parent", "who is on the database?"),
    lambda crowd: crowd.says("its reply", "I am", by="dba", under="doomed parent"),
    lambda crowd: crowd.says("lonely parent", "look at this"),
    lambda crowd: crowd.says("only reply", "at what? hunter2", by="dba", under="lonely parent"),
    lambda crowd: crowd.says("quiet parent", "numbers below"),
    lambda crowd: crowd.says("quiet reply", "the queue has 4,000", by="dba", under="quiet parent"),
    lambda crowd: crowd.says("by two", "maybe the network"),
    lambda crowd: crowd.marks("by two", "mag"),
    lambda crowd: crowd.marks("by two", "mag", by="manager"),
    lambda crowd: crowd.says("by one", "maybe the disk"),
    lambda crowd: crowd.marks("by one", "mag"),
    lambda crowd: crowd.says("two kinds", "took the release back"),
    lambda crowd: crowd.marks("two kinds", "rewind"),
    lambda crowd: crowd.marks("two kinds", "memo"),
    lambda crowd: crowd.says("by chance", "hm"),
)
AWAY: tuple[Act, ...] = (
    lambda crowd: crowd.says("new", "emptied the cache", by="dba"),
    lambda crowd: crowd.marks("new", "hammer_and_wrench", by="manager"),
    lambda crowd: crowd.edits("misspelt", "it is the cache"),
    lambda crowd: crowd.edits("kept", "reading the logs of the proxy"),
    lambda crowd: crowd.marks("kept", "mag"),
    lambda crowd: crowd.deletes("secret"),
    lambda crowd: crowd.deletes("chatter"),
    lambda crowd: crowd.deletes("doomed parent"),
    lambda crowd: crowd.deletes("only reply", by="dba"),
    lambda crowd: crowd.edits("reply", "it changed the pool", by="developer"),
    lambda crowd: crowd.marks("quiet reply", "mag", by="manager"),
    lambda crowd: crowd.says("late reply", "and restarted it", by="dba", under="kept"),
    lambda crowd: crowd.marks("late reply", "hammer_and_wrench"),
    lambda crowd: crowd.says("told all", "checkout answers again", by="dba", under="parent", broadcast=True),
    lambda crowd: crowd.marks("told all", "white_check_mark"),
    lambda crowd: crowd.uploads("log"),
    lambda crowd: crowd.marks("log", "mag"),
    lambda crowd: crowd.unmarks("by two", "mag"),
    lambda crowd: crowd.unmarks("by one", "mag"),
    lambda crowd: crowd.unmarks("two kinds", "memo"),
    lambda crowd: crowd.marks("by chance", "mag"),
    lambda crowd: crowd.unmarks("by chance", "mag"),
    lambda crowd: crowd.says("corrected", "version 3.2 has the buf"),
    lambda crowd: crowd.marks("corrected", "dart"),
    lambda crowd: crowd.edits("corrected", "version 3.2 has the bug"),
    lambda crowd: crowd.says("taken back", "it is Friday's fault"),
    lambda crowd: crowd.deletes("taken back"),
    lambda crowd: crowd.world.sandbox.join("release-engineer", crowd.place),
    lambda crowd: crowd.world.sandbox.set_topic("manager", crowd.place, "join the call"),
    lambda crowd: crowd.renames("inc-1-the-pool"),
)


async def live_through(world: World, *, is_there: bool) -> Crowd:
    await world.declares()
    crowd = Crowd(world, CHANNEL)
    for act in BEFORE:
        act(crowd)
        await world.advance(seconds=20)
    await world.advance_to(world.now.replace(minute=20, second=0, microsecond=0))
    if not is_there:
        await world.bot.stop()
        world.sandbox.delivery_fault("drop")
    for act in AWAY:
        act(crowd)
        if is_there:
            await world.advance(minutes=1)
        else:
            world.clock.move_to(world.now + timedelta(minutes=1))
    if not is_there:
        world.sandbox.clear_faults()
        await world.starts()
    await world.finish()
    return crowd
