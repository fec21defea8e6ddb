"""The index of words: it follows each change of the record, in the order and with the visibility that people see."""

import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import Session, SQLModel, col, select

from bot.domain.text.search_terms import make_excerpt, search_terms
from bot.engine.index_merge import IndexMerge
from bot.store.database.session import Database, open_database
from bot.store.database.tables import table_of
from bot.store.incidents.document.blocks import PostmortemBlock
from bot.store.incidents.incidents import Incident
from bot.store.incidents.postmortems import Postmortem
from bot.store.incidents.search.filter import IncidentFilter
from bot.store.incidents.search.index_parts import merge_parts, set_options
from bot.store.incidents.search.text_index import find_matches, load_entries, purge_removed_words
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.visibility import Visibility
from bot.store.upkeep.text_locations import iter_values, replace_everywhere
from tests.support.worlds.databases import BOTH_DATABASES

AT = datetime(2026, 3, 2, 14, tzinfo=UTC)
ALL = IncidentFilter(drills=None)
SECRET = "xylophone7"
COMMITS = 40


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = open_database(database_url)
    yield opened
    await opened.close()


def add_incident(session: Session, title: str, *texts: str, **values: Any) -> Incident:
    number = len(session.exec(select(Incident.id)).all()) + 1
    at = values.pop("at", AT + timedelta(hours=number))
    given = {"severity": "SEV2", "status": "resolved", "zone": "UTC", "languages": ["en"], "template": "classic"}
    given |= {"titles": {"": title}, "services": []} | values
    incident = Incident(
        team_id="T", series="INC", number=number, declared_at=at, started_at=at, detected_at=at, next_seq=9, **given
    )
    session.add(incident)
    session.flush()
    for text in texts:
        add_entry(session, incident, own_text=text)
    return incident


def add_entry(session: Session, incident: Incident, **values: Any) -> TimelineEntry:
    entry = TimelineEntry(
        incident_id=incident.key,
        seq=1,
        kinds=["note"],
        precision="exact",
        sort_at=AT,
        recorded_at=AT,
        source="x",
        **values,
    )
    session.add(entry)
    session.flush()
    return entry


def add_postmortem(session: Session, incident: Incident) -> None:
    """A block that was moved, and a draft."""
    place = {"incident_id": incident.key, "language": "en"}
    block = {"section": "cause", "source": "cause", "state": "untouched", "rank": 0, "is_placed": True}
    session.add(PostmortemBlock(**place, **block, refs=[], after=[]))
    draft = {"version": 1, "template": "classic", "languages": ["en"], "created_at": AT}
    session.add(Postmortem(incident_id=incident.key, **draft, blocks=[]))
    session.flush()


def found(session: Session, text: str, visibility: Visibility | None = None, wanted: IncidentFilter = ALL) -> list[str]:
    """References, the best first."""
    session.flush()
    ids = list(find_matches(session, visibility or Visibility("T"), search_terms(text), wanted))
    references = {each.key: each.reference for each in session.exec(select(Incident))}
    return [references[each] for each in ids]


async def test_titles_come_before_entries_and_then_the_newest(database: Database):
    def check(session: Session) -> None:
        add_incident(session, "proxy timeout", "checkout was slow")
        add_incident(session, "checkout is down", "the proxy timed out")
        add_incident(session, "mail is late", "checkout calls the proxy", "its checkout proxy failed")
        add_incident(session, "checkout proxy", at=AT)
        add_incident(session, "nothing of it", "checkout alone")

        assert found(session, "checkout proxy") == ["INC-4", "INC-2", "INC-1", "INC-3"]
        matches = find_matches(session, Visibility("T"), search_terms("checkout proxy"), ALL)
        shown = {each.incident_id: each.own_text for each in load_entries(session, matches).values()}
        assert shown == {1: "checkout was slow", 2: "the proxy timed out", 3: "checkout calls the proxy"}

    await database.run(check)


def count_parts(session: Session) -> int:
    return int(session.connection().exec_driver_sql("SELECT count(DISTINCT segid) FROM search_index_idx").scalar_one())


async def test_commits_add_parts_and_the_engine_merges_them(database: Database):
    if database.dialect != "sqlite":
        assert not await database.run(merge_parts)
        return
    await database.run(set_options)
    await database.run(add_incident, "checkout is down")
    before = await database.read(count_parts)
    for number in range(COMMITS):
        await database.run(add_incident, f"mail is late, time {number}")

    assert await database.read(count_parts) == before + COMMITS  # no commit merged others' parts
    assert len(await database.read(found, "mail")) == COMMITS
    await IndexMerge(database, pause=0).merge()

    assert await database.read(count_parts) < COMMITS / 4
    assert len(await database.read(found, "mail")) == COMMITS
    assert await database.read(found, "checkout") == ["INC-1"]


async def test_a_private_incident_is_found_by_its_members_alone(database: Database):
    def check(session: Session) -> None:
        hidden = add_incident(session, "salaries leaked", "the salaries are public", is_private=True)
        add_incident(session, "salaries late", is_drill=True)

        assert found(session, "salaries") == ["INC-2"]
        assert found(session, "salaries", Visibility("T", inside=hidden.key)) == ["INC-2", "INC-1"]
        assert found(session, "salaries", Visibility("T", among=frozenset({hidden.key})), IncidentFilter()) == ["INC-1"]
        assert found(session, "salaries", Visibility("T2")) == []

    await database.run(check)


CHANGES: dict[str, tuple[type[SQLModel], dict[str, Any], bool]] = {
    "a text": (TimelineEntry, {"own_text": f"it was {SECRET}"}, True),
    "a translation": (TimelineEntry, {"translations": {"fr": {"text": SECRET, "at": "2026"}}}, True),
    "who translated": (TimelineEntry, {"translations": {"fr": {"by": SECRET}}}, False),
    "a value of a fact": (TimelineEntry, {"fact": {"kind": "made", "values": {"note": [SECRET]}}}, True),
    "a withdrawn entry": (TimelineEntry, {"own_text": SECRET, "withdrawn_at": AT}, False),
    "a title in another language": (Incident, {"titles": {"": "down", "fr": f"le {SECRET}"}}, True),
    "a service": (Incident, {"services": ["a", SECRET]}, True),
    "a reason of closing": (Incident, {"closure_reason": SECRET}, True),
    "a person's block": (PostmortemBlock, {"edited": f"it was {SECRET}", "state": "edited"}, True),
    "a removed block": (PostmortemBlock, {"edited": SECRET, "state": "removed"}, False),
    "a published line": (Postmortem, {"blocks": [{"generated": {"text": SECRET}}], "state": "published"}, True),
    "a draft's line": (Postmortem, {"blocks": [{"generated": {"text": SECRET}}]}, False),
    "a lead": (Incident, {"lead": SECRET}, False),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_the_index_follows_a_change_and_its_removal(database: Database, name: str):
    model, values, is_searched = CHANGES[name]

    def check(session: Session) -> None:
        add_postmortem(session, add_incident(session, "down", "entry one"))
        row = session.exec(select(model)).one()
        row.sqlmodel_update(values)
        session.add(row)
        assert found(session, SECRET) == ["INC-1"] * is_searched
        assert bool(indexed(session)) == is_searched

        replace_everywhere(session, (SECRET,), forget, forget)
        assert found(session, SECRET) == []
        assert indexed(session) == []

    await database.run(check)


def forget(text: str) -> str:
    return text.replace(SECRET, "gone")


def indexed(session: Session) -> list[str]:
    """Stored parts of the index with the secret."""
    return [name for name, value in iter_values(session) if name == "search_index" and SECRET in str(value)]


WORDS = ("Café", "pool", "checkout", "502", "naïve", "größe", "ÉTÉ", "привет", "e_mail", "a-b", "x.y/z", "50%")


class RandomRecord:
    """Changes of a record by chance, by rows and by statements."""

    def __init__(self, session: Session, seed: int) -> None:
        self._session = session
        self._chance = random.Random(seed)
        for _ in range(4):
            add_incident(session, self._text(), self._text(), self._text())

    def _text(self) -> str:
        return " ".join(self._chance.choices(WORDS, k=self._chance.randrange(5)))

    def change(self) -> None:
        entry = self._chance.choice(self._session.exec(select(TimelineEntry)).all())
        acts = (self._amend, self._withdraw, self._update, self._delete, self._rename, self._record)
        self._chance.choice(acts)(entry)
        self._session.flush()

    def _amend(self, entry: TimelineEntry) -> None:
        entry.own_text = self._text()

    def _withdraw(self, entry: TimelineEntry) -> None:
        entry.withdrawn_at = None if entry.withdrawn_at else AT

    def _update(self, entry: TimelineEntry) -> None:
        table = table_of(TimelineEntry)
        values = {"own_text": self._text(), "withdrawn_at": None}
        self._session.execute(update(table).where(table.c.incident_id == entry.incident_id).values(values))
        self._session.expire_all()

    def _delete(self, entry: TimelineEntry) -> None:
        self._session.delete(entry)
        purge_removed_words(self._session)

    def _rename(self, entry: TimelineEntry) -> None:
        incident = self._session.get_one(Incident, entry.incident_id)
        incident.titles = {"": self._text(), "de": self._text()}

    def _record(self, entry: TimelineEntry) -> None:
        add_entry(self._session, self._session.get_one(Incident, entry.incident_id), own_text=self._text())

    def references_with(self, word: str) -> set[str]:
        """The incidents in which a title or a standing entry has the word: by looking at all."""
        wanted = search_terms(f'"{word}"')
        texts = [(each.key, "\n".join(each.titles.values())) for each in self._session.exec(select(Incident))]
        standing = select(TimelineEntry).where(col(TimelineEntry.withdrawn_at).is_(None))
        texts += [(each.incident_id, each.own_text) for each in self._session.exec(standing)]
        return {f"INC-{key}" for key, text in texts if any(part.is_match for part in make_excerpt(text, wanted))}


@pytest.mark.world(databases=BOTH_DATABASES)
@pytest.mark.parametrize("seed", range(3))
async def test_after_any_changes_the_index_has_what_the_record_has(database: Database, seed: int):
    def check(session: Session) -> None:
        record = RandomRecord(session, seed)
        for _ in range(40):
            record.change()
        for word in WORDS:
            assert set(found(session, f'"{word}"')) == record.references_with(word), word

    await database.run(check)


@pytest.mark.parametrize("odd", ["\x00", "\ud800", "\\u0000", "\U0001f525"])
async def test_odd_characters_stop_no_change(database: Database, odd: str):
    def check(session: Session) -> None:
        incident = add_incident(session, f"proxy down {odd}")
        incident.titles = {"": f"checkout down {odd}", "fr": "panne"}
        session.add(incident)

        assert (found(session, "panne checkout"), found(session, "proxy")) == (["INC-1"], [])

    await database.run(check)


async def test_purged_words_are_in_no_table_of_sqlite(database: Database):
    """FTS5 keeps removed words beside a mark, until they are purged."""
    if database.dialect != "sqlite":
        return

    def write(session: Session) -> None:
        add_incident(session, "down", f"the {SECRET}", "xylophone8 xylem")

    def clear(session: Session) -> None:
        entry = session.exec(select(TimelineEntry).where(col(TimelineEntry.own_text).contains(SECRET))).one()
        entry.own_text = ""
        session.add(entry)

    for work in (write, clear):
        await database.run(work)
    assert leftovers(database.path)
    await database.run(purge_removed_words)

    assert leftovers(database.path) == []


def leftovers(path: Any) -> list[str]:
    """Tables with the secret, shadow tables and the terms of the index included."""
    with closing(sqlite3.connect(path)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        connection.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, search_index, 'row')")
        rows = {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in [*names, "terms"]}
    return [
        name for name, values in rows.items() if any("lophone7" in str(row) or "phone7" in str(row) for row in values)
    ]
