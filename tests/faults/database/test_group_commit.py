"""What waits for SQLite's one writer is committed together: each still stands or falls by itself."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel import Session

from bot.store.database import sqlite_writer
from bot.store.database.session import DatabaseUnavailable, open_database
from bot.store.database.sqlite_database import SqliteDatabase

Work = Callable[[Session], Any]


class Probed:
    """A database with one table, which fails at the point named."""

    def __init__(self, folder: Path) -> None:
        self.fails_at: str | None = None
        self.commits = 0
        opened = open_database(f"sqlite:///{folder}/dogwatch.db", probe=self._pass)
        assert isinstance(opened, SqliteDatabase)
        assert opened.writing is not None
        self.database = opened
        event.listen(opened.writing, "commit", self._count)

    def _pass(self, point: str) -> None:
        if point == self.fails_at:
            raise OSError(point)

    def _count(self, _connection: object) -> None:
        self.commits += 1

    async def together(self, *works: Work, behind: Sequence[Work] = (), first: Work | None = None) -> list[Any]:
        """
        What comes of each, when all of them waited for the writer at once; those `behind` asked first.

        `first` is done before all of them, as the first of their group.
        """
        started, gate = threading.Event(), threading.Event()

        def hold(session: Session) -> None:
            started.set()
            gate.wait(10)
            if first is not None:
                first(session)

        held = asyncio.ensure_future(self.database.run(hold))
        await asyncio.to_thread(started.wait, 10)
        waiting = [asyncio.ensure_future(self.database.run_low_priority(work)) for work in behind]
        waiting += [asyncio.ensure_future(self.database.run(work)) for work in works]
        await asyncio.sleep(0)  # each has asked now
        self.commits = 0
        gate.set()
        found = await asyncio.gather(held, *waiting, return_exceptions=True)
        return found[1:]

    async def words(self) -> list[str]:
        return await self.database.read(lambda session: list(session.execute(text("SELECT word FROM said")).scalars()))


@pytest.fixture
async def probed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Probed]:
    monkeypatch.setattr(sqlite_writer, "GROUP_SECONDS", 60.0)  # whatever the machine does meanwhile, all are one group
    opened = Probed(tmp_path)
    await opened.database.run(lambda session: session.execute(text("CREATE TABLE said (word TEXT PRIMARY KEY)")))
    yield opened
    await opened.database.close()


def say(word: str) -> Work:
    def saying(session: Session) -> str:
        session.execute(text("INSERT INTO said VALUES (:word)"), {"word": word})
        return word

    return saying


def say_and_fail(word: str, problem: Exception) -> Work:
    def failing(session: Session) -> None:
        say(word)(session)
        raise problem

    return failing


async def test_what_waits_is_one_commit(probed: Probed):
    assert await probed.together(say("one"), say("two"), say("three")) == ["one", "two", "three"]

    assert probed.commits == 1
    assert sorted(await probed.words()) == ["one", "three", "two"]


async def test_who_fails_takes_only_his_own_part_back(probed: Probed):
    found = await probed.together(say("one"), say_and_fail("two", ValueError("no")), say("three"))

    assert [found[0], repr(found[1]), found[2]] == ["one", "ValueError('no')", "three"]
    assert sorted(await probed.words()) == ["one", "three"]


async def test_the_first_of_a_group_fails_alone(probed: Probed):
    found = await probed.together(say("two"), say("three"), first=say_and_fail("one", ValueError("no")))

    assert found == ["two", "three"]
    assert sorted(await probed.words()) == ["three", "two"]


async def test_the_first_of_a_group_stays_when_a_later_one_fails(probed: Probed):
    await probed.together(say_and_fail("two", ValueError("no")), first=say("one"))

    assert await probed.words() == ["one"]


async def test_a_broken_rule_of_the_database_is_its_author_s_alone(probed: Probed):
    found = await probed.together(say("one"), say("one"), say("two"))

    assert found[0] == "one"
    assert type(found[1]).__name__ == "IntegrityError"
    assert sorted(await probed.words()) == ["one", "two"]


async def test_a_group_that_the_database_refuses_is_tried_one_by_one(probed: Probed):
    def breaks_everything(session: Session) -> None:
        session.execute(text("ROLLBACK"))
        session.execute(text("INSERT INTO nowhere VALUES (1)"))

    found = await probed.together(say("one"), breaks_everything, say("two"))

    assert [found[0], type(found[1]), found[2]] == ["one", DatabaseUnavailable, "two"]
    assert sorted(await probed.words()) == ["one", "two"]


async def test_nobody_is_told_of_success_when_the_commit_fails(probed: Probed):
    probed.fails_at = "before commit of failing"

    def failing(session: Session) -> None:
        say("two")(session)

    found = await probed.together(say("one"), failing)

    assert [type(each) for each in found] == [OSError, OSError]
    assert await probed.words() == []


async def test_a_wish_that_was_given_up_is_not_carried_out(probed: Probed):
    started, gate = threading.Event(), threading.Event()

    def hold(_session: Session) -> None:
        started.set()
        gate.wait(10)

    held = asyncio.ensure_future(probed.database.run(hold))
    await asyncio.to_thread(started.wait, 10)
    given_up = asyncio.ensure_future(probed.database.run(say("never")))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.sleep(0)
    gate.set()
    await held

    assert await probed.database.run(say("after")) == "after"
    assert await probed.words() == ["after"]


async def test_what_somebody_waits_for_goes_first(probed: Probed, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sqlite_writer, "LOW_PRIORITY_WAIT", 60.0)
    order: list[str] = []

    await probed.together(*noted(order, "two", "three"), behind=noted(order, "one"))

    assert order == ["two", "three", "one"]


async def test_what_goes_behind_does_not_wait_for_ever(probed: Probed, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sqlite_writer, "LOW_PRIORITY_WAIT", 0.0)
    order: list[str] = []

    await probed.together(*noted(order, "two", "three"), behind=noted(order, "one"))

    assert order == ["one", "two", "three"]


def noted(order: list[str], *words: str) -> list[Work]:
    def noting(word: str) -> Work:
        return lambda _session: order.append(word)

    return [noting(word) for word in words]
