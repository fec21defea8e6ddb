"""
`kill -9` between any two effects, then a restart: the work is finished, nothing is lost, nothing stands there twice.

Each story is played once in peace, counting every point that the bot passes (before and after each commit and each call
of Slack), and then once for each gap between two effects, killed in it. What people see at the end, and what the record
holds, has to be the same each time.

A point before an effect stands for the whole gap since the last one: nothing else can be told from outside. Two things
happen in a gap that no point tells of: somebody is answered, so what answers is killed after its commit too. What only
looks for work changes nothing. How the bot starts, and catches up with a channel, is the same in all stories: it is
killed there in one of them. What a gap holds is the same on both databases: each is killed in every other one, SQLite
in the first, third and so on, PostgreSQL in those between.
"""

import asyncio
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.sandbox.server import Sandbox
from tests.support.servers.postgres import PostgresServer
from tests.support.survivors.killable import Kennel, Point, kennel
from tests.support.survivors.survivor import Story, Survivor
from tests.support.survivors.survivor_outcome import same
from tests.support.survivors.survivor_stories import CATCH_UP, STORIES

AT_ONCE = 8
"""Plays side by side: most of a play is waiting, for leases and for one message a second and channel."""
PATIENCE = 90.0
"""Seconds that Slack waits for an answer: longer than in earnest, because eight bots share the machine here."""
LOOKING = ("delete_old", "delete_finished", "claim_lanes", "check_clock")
"""Commits of what looks for work, or keeps the house: whose work it is, nobody knows yet."""
WORKING = (
    *LOOKING,
    "finish",
    "finish_several",
    "save_progress",
    "run_due_timers",
    "apply_missed_changes",
    "save_profile",
    "save_incidents_channel",
    "save_direct_channel",
)
"""Commits after which nobody is answered."""
STARTING = (
    "_on_session",
    "release_leases",
    "auth.test",
    "save_installation",
    "reconcile_after_gap",
    "revive_abandoned",
)
CATCHING_UP = ("conversations.history", "apply_missed_changes")


@dataclass
class Databases:
    """Copies of a database that a story begins with."""

    folder: Path
    server: PostgresServer | None

    def make(self, place: Path, like: str | None) -> str:
        """An empty database, or a copy of the one called `like`."""
        if self.server is not None:
            return self.server.create_database(template=like.rpartition("/")[2] if like else "template0")
        if like is not None:
            old = Path(like.removeprefix("sqlite:///"))
            for name in (old.name, f"{old.name}-wal"):
                if (old.parent / name).exists():
                    shutil.copy(old.parent / name, place / name)
        return f"sqlite:///{place / 'dogwatch.db'}"

    def drop(self, url: str) -> None:
        if self.server is not None:
            self.server.drop_database(url)


@dataclass
class Stage:
    """Everything a story is played on."""

    kennel: Kennel
    databases: Databases
    folder: Path
    begun: dict[str, str] = field(default_factory=dict)
    """The databases with which stories begin, by name of what happened before; `folder`/name is the workspace."""

    async def play(self, story: Story, name: str, kill_at: Point | None) -> Survivor:
        place = self.folder / name
        place.mkdir()
        like = None
        if story.begins is not None:
            like = await self.prepare(story.begins)
            shutil.copytree(self.folder / story.begins.name, place / "slack")
        url = await asyncio.to_thread(self.databases.make, place, like)
        try:
            async with Sandbox(state=place / "slack", answer_seconds=PATIENCE) as slack:
                survivor = Survivor(self.kennel, slack, url)
                await survivor.play(story, kill_at)
        finally:
            await asyncio.to_thread(self.databases.drop, url)
        return survivor

    async def prepare(self, story: Story) -> str:
        """Play, once, what other stories begin with; returns its database."""
        if story.name not in self.begun:
            like = None if story.begins is None else await self.prepare(story.begins)
            place = self.folder / story.name
            if story.begins is not None:
                shutil.copytree(self.folder / story.begins.name, place)
            place.mkdir(exist_ok=True)
            url = await asyncio.to_thread(self.databases.make, place, like)
            async with Sandbox(state=place, answer_seconds=PATIENCE) as slack:
                await Survivor(self.kennel, slack, url).play(story, None)
            self.begun[story.name] = url
        return self.begun[story.name]


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Databases:
    server = request.getfixturevalue("postgres_server") if request.param == "postgresql" else None
    return Databases(tmp_path, server)


@pytest.fixture
async def stage(databases: Databases, tmp_path: Path) -> AsyncIterator[Stage]:
    async with kennel(tmp_path) as bots:
        yield Stage(bots, databases, tmp_path)


def points_of(story: Story, passed: list[str]) -> list[Point]:
    """Each by its name and how often the name came before: what runs side by side swaps places."""
    elsewhere = (*(STARTING if story is not STORIES[0] else ()), *(CATCHING_UP if story is not CATCH_UP else ()))
    seen: Counter[str] = Counter()
    points = []
    for name in passed:
        seen[name] += 1
        if is_worth_it(name) and not name.endswith(elsewhere):
            points.append((name, seen[name]))
    return points


def is_worth_it(name: str) -> bool:
    """Whether something has happened since the point before, or since it was in another story's way."""
    when, _, effect = name.partition(" ")
    if not effect.startswith("commit of "):
        return when == "before"
    work = effect.removeprefix("commit of ")
    return work not in LOOKING if when == "before" else work not in WORKING


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
async def test_killed_anywhere_and_started_again(stage: Stage, story: Story, capsys: pytest.CaptureFixture) -> None:
    began = time.monotonic()
    clean = await stage.play(story, "clean", None)
    points = points_of(story, clean.points)[0 if stage.databases.server is None else 1 :: 2]
    gate = asyncio.Semaphore(AT_ONCE)

    async def killed_at(number: int, point: Point) -> str | None:
        async with gate:
            try:
                played = await stage.play(story, f"at-{number}", point)
            except (AssertionError, TimeoutError) as problem:
                return f"killed {point}: {type(problem).__name__} {problem}"
        missed.extend([point] if not played.was_killed else [])
        difference = same(clean.seen, played.seen)
        return f"killed {point}: {difference}" if difference else None

    missed: list[Point] = []
    told = await asyncio.gather(*(killed_at(number, point) for number, point in enumerate(points)))

    figures = f"{story.name}: {len(points)} points, {len(missed)} not met, {time.monotonic() - began:.1f} s"
    with capsys.disabled():
        print(f"\n  {figures}")  # noqa: T201  for who wants to know how much was tried
    assert not [each for each in told if each], "\n".join(each for each in told if each)
    # How often the bot looks for work, and how many rows a burst of views comes to, is a matter of timing.
    assert len(missed) <= max(2, len(points) // 5)
