"""News of a page: told once, in the vendor's order, whatever the page does."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.status_page.components import Indicator
from bot.domain.vendor_status.look import Listing, Look, VendorIncident, VendorPage, VendorState, VendorUpdate
from bot.domain.vendor_status.news import LONGEST_COPY, MOST_ABSENT, NewsKind, Outcome, find_news
from bot.domain.vendor_status.state import KnownPage

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def update(
    key: str, minutes: float | None, state: str | None = "investigating", text: str = "", **fields
) -> VendorUpdate:
    said_at = None if minutes is None else after(minutes)
    return VendorUpdate(key, text or f"text of {key}", VendorState(state) if state else None, said_at, **fields)


def incident(*updates: VendorUpdate, key: str = "one", state: str | None = "investigating", **fields) -> VendorIncident:
    times = [each.told_at for each in updates if each.told_at]
    changed_at = fields.pop("changed_at", max(times, default=None))
    title = fields.pop("title", f"title of {key}")
    return VendorIncident(
        key, title, state=VendorState(state) if state else None, updates=updates, changed_at=changed_at, **fields
    )


def look(*incidents: VendorIncident, **fields) -> Look:
    return Look(fields.pop("kind", "statuspage"), incidents=incidents, **fields)


def play(*looks: Look, minutes: float = 5) -> list[list[tuple[str, str, str]]]:
    """Kind, incident and update of the news of each look. Every look comes twice, and the state is JSON in between."""
    known, told = None, []
    for place, each in enumerate(looks):
        now = after(minutes * (place + 1))
        outcome = find_news(known, each, now)
        told.append([(news.kind.value, news.incident_key, news.update_key) for news in outcome.news])
        again = find_news(outcome.known, each, now + timedelta(seconds=1))
        assert again.news == ()
        assert again.known == outcome.known
        known = KnownPage.from_json(json.loads(json.dumps(outcome.known.to_json())))
    return told


FIRST = update("a", 1)
SECOND = update("b", 6, "identified")
END = update("c", 11, "resolved")
POSTMORTEM = update("d", None, "postmortem", written_at=after(16))
OPEN = incident(FIRST)
OVER = incident(FIRST, SECOND, END, state="resolved", ended_at=after(11))


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        pytest.param(look(), look(OPEN), [("opened", "one", "a")], id="opened"),
        pytest.param(
            look(OPEN), look(incident(FIRST, SECOND, state="identified")), [("update", "one", "b")], id="update"
        ),
        pytest.param(
            look(OPEN),
            look(incident(update("a", 1, text="other"), changed_at=after(7))),
            [("edited", "one", "a")],
            id="edited",
        ),
        pytest.param(
            look(incident(SECOND, state="identified")),
            look(incident(FIRST, SECOND, state="identified")),
            [("backdated", "one", "a")],
            id="backdated",
        ),
        pytest.param(
            look(incident(SECOND)),
            look(incident(replace(SECOND, said_at=after(2)))),
            [],
            id="older copy of an incident",
        ),
        pytest.param(
            look(incident(SECOND)),
            look(incident(replace(SECOND, said_at=after(2)), changed_at=after(8))),
            [("backdated", "one", "b")],
            id="time of an update moved back",
        ),
        pytest.param(look(OPEN), look(replace(OPEN, title="new")), [("renamed", "one", "")], id="renamed"),
        pytest.param(
            look(replace(OPEN, level=Indicator.MINOR)),
            look(replace(OPEN, level=Indicator.MAJOR)),
            [("impact", "one", "")],
            id="level",
        ),
        pytest.param(look(OPEN), look(replace(OPEN, level=Indicator.MAJOR)), [], id="level said for the first time"),
        pytest.param(look(incident(FIRST, SECOND)), look(OVER), [("resolved", "one", "c")], id="resolved in words"),
        pytest.param(
            look(OPEN), look(replace(OPEN, ended_at=after(4))), [("resolved", "one", "")], id="resolved without"
        ),
        pytest.param(
            look(incident(FIRST, state=None)),
            look(incident(FIRST, update("b", 6, None), state="resolved")),
            [("resolved", "one", "b")],
            id="last words of a page whose updates have no state",
        ),
        pytest.param(
            look(OPEN), look(OVER), [("update", "one", "b"), ("resolved", "one", "c")], id="two updates between looks"
        ),
        pytest.param(
            look(OVER),
            look(replace(OVER, state=VendorState.POSTMORTEM, updates=(POSTMORTEM, FIRST, SECOND, END))),
            [("postmortem", "one", "d")],
            id="postmortem",
        ),
        pytest.param(
            look(OVER),
            look(replace(OVER, state=VendorState.POSTMORTEM)),
            [("postmortem", "one", "")],
            id="postmortem without its text",
        ),
        pytest.param(
            look(OVER),
            look(incident(FIRST, SECOND, END, update("e", 15))),
            [("reopened", "one", "e")],
            id="reopened in words",
        ),
        pytest.param(
            look(OVER),
            look(replace(OVER, state=VendorState.MONITORING, ended_at=None)),
            [("reopened", "one", "")],
            id="reopened without",
        ),
        pytest.param(
            look(incident(FIRST, SECOND)),
            look(incident(FIRST, changed_at=after(8))),
            [("removed", "one", "b")],
            id="update removed",
        ),
        pytest.param(
            look(incident(FIRST, SECOND), has_all_updates=False),
            look(incident(FIRST, changed_at=after(8)), has_all_updates=False),
            [],
            id="feed without the earlier updates",
        ),
        pytest.param(
            look(OPEN), look(replace(OPEN, state=VendorState.MONITORING)), [("update", "one", "")], id="state alone"
        ),
        pytest.param(look(OPEN), look(), [("gone", "one", "")], id="open and gone"),
        pytest.param(look(OVER), look(), [], id="over and gone"),
        pytest.param(look(OPEN), look(listing=Listing.NONE), [], id="a list of components"),
        pytest.param(
            look(),
            look(incident(update("a", 6), SECOND, END, state="resolved")),
            [("opened", "one", "a"), ("update", "one", "b"), ("resolved", "one", "c")],
            id="opened and resolved between looks",
        ),
        pytest.param(
            look(incident(update("z", 30, "resolved"), key="new", state="resolved")),
            look(incident(update("z", 30, "resolved"), key="new", state="resolved"), OVER),
            [],
            id="an older one comes back into the list",
        ),
        pytest.param(
            look(OPEN, kind="statuspage_feed"), look(replace(OPEN, updates=(update("9", 1),))), [], id="other kind"
        ),
        pytest.param(
            look(incident(FIRST, SECOND)),
            look(incident(replace(FIRST, key="x"), replace(SECOND, key="y"))),
            [],
            id="ids of updates changed",
        ),
        pytest.param(
            look(replace(OPEN, started_at=NOON)),
            look(replace(OPEN, key="two", title=OPEN.title, started_at=NOON)),
            [],
            id="ids changed",
        ),
        pytest.param(
            look(incident(changed_at=after(4), state="investigating")),
            look(incident(FIRST, SECOND, END, state="resolved")),
            [("update", "one", "b"), ("resolved", "one", "c")],
            id="a summary without updates, then the history",
        ),
    ],
)
def test_news_between_two_looks(before: Look, now: Look, expected: list[tuple[str, str, str]]):
    quiet = look(incident(update("q", -60, "resolved"), key="quiet", state="resolved"))

    told = play(*([quiet] if not before.incidents else []), before, now)

    assert told[-1] == expected


def test_the_first_look_tells_open_incidents_alone():
    old = [incident(update("x", -each, "resolved"), key=f"old-{each}", state="resolved") for each in range(1, 150)]

    outcome = find_news(None, look(*old, OPEN), NOON)

    assert [(each.incident_key, each.is_already_open) for each in outcome.news] == [("one", True)]


def test_past_incidents_of_a_history_that_is_read_later_are_no_news():
    """A summary lists the open ones alone. The first look into the history must not tell a week of others."""
    address = "https://status.example.test/history"
    summary = look(OPEN, listing=Listing.OPEN, history_address=address)
    over = incident(update("x", 3), update("y", 4, "resolved"), key="past", state="resolved")

    known = find_news(None, summary, after(60)).known
    known = find_news(known, look(listing=Listing.OPEN, history_address=address), after(65)).known
    outcome = find_news(known, look(over, OVER), after(66))

    assert {each.incident_key for each in outcome.news} == {"one"}


def test_an_older_copy_from_before_an_incident_does_not_end_it():
    told = play(
        look(page=VendorPage(changed_at=after(0))),
        look(incident(update("a", 7)), page=VendorPage(changed_at=after(7))),
        look(page=VendorPage(changed_at=after(0))),
    )

    assert told == [[], [("opened", "one", "a")], []]


def test_a_level_that_is_left_out_for_a_while_is_kept():
    levels = [Indicator.MAJOR, None, Indicator.MAJOR, None, Indicator.MINOR]

    told = play(*(look(replace(OPEN, level=level)) for level in levels))

    assert told[1:] == [[], [], [], [("impact", "one", "")]]


def test_gone_and_back():
    assert play(look(OPEN), look(), look(OPEN), look(OVER))[1:] == [
        [("gone", "one", "")],
        [("reopened", "one", "")],
        [("update", "one", "b"), ("resolved", "one", "c")],
    ]


def test_an_incident_that_leaves_a_list_of_open_ones_is_looked_up():
    summary = look(listing=Listing.OPEN, history_address="https://status.example.test/history")
    known = find_news(None, look(OPEN, listing=Listing.OPEN), after(2)).known

    left = find_news(known, summary, after(7))
    over = find_news(left.known, look(OVER), after(12))

    assert (left.news, left.missing) == ((), ("one",))
    assert [each.kind for each in over.news] == [NewsKind.UPDATE, NewsKind.RESOLVED]
    assert find_news(over.known, summary, after(13)) == Outcome(over.known)


@pytest.mark.parametrize(
    ("known", "changed", "days", "expected"),
    [
        (OVER, 80, 0, True),
        (OVER, 60, 0, False),
        (OVER, 80, 40, False),
        (replace(OVER, state=VendorState.POSTMORTEM), 80, 0, False),
        (OPEN, 80, 0, False),
    ],
    ids=["page changed", "page as before", "long over", "has its postmortem", "open"],
)
def test_a_change_that_a_list_of_open_ones_does_not_explain_is_looked_up(
    known: VendorIncident, changed: int, days: int, expected: bool
):
    """A postmortem comes after the end, when a summary does not list the incident any more."""
    before = find_news(None, look(replace(known, changed_at=after(60)), page=VendorPage(changed_at=after(60))), NOON)
    summary = look(listing=Listing.OPEN, history_address="https://x.test/h", page=VendorPage(changed_at=after(changed)))

    found = find_news(before.known, summary, after(80) + timedelta(days=days))

    assert found.may_be_past is expected


def test_an_older_copy_is_ignored_until_it_lasts():
    """Caches keep copies for an hour. What is older for longer is the page as it is now."""
    newer = look(OVER, page=VendorPage(changed_at=after(11)))
    older = look(incident(FIRST, SECOND), page=VendorPage(changed_at=after(6)))
    known = find_news(None, newer, after(12)).known

    first = find_news(known, older, after(13))
    second = find_news(first.known, older, after(100))
    at_last = find_news(second.known, older, after(13) + LONGEST_COPY)

    assert (first.news, second.news) == ((), ())
    assert first.is_older
    assert second.known == first.known
    assert [each.kind for each in at_last.news] == [NewsKind.REMOVED, NewsKind.REOPENED]
    assert find_news(first.known, newer, after(14)).known == known


def test_a_maintenance_is_announced_moved_and_followed():
    def planned(state: str, *updates: VendorUpdate, start: float = 600) -> Look:
        times = {"planned_start": after(start), "started_at": after(start)}
        return look(incident(*updates, key="m", state=state, is_maintenance=True, changed_at=after(10), **times))

    announced, begun, done = update("a", 1, "scheduled"), update("b", 600, "in_progress"), update("c", 700, "completed")

    told = play(
        look(),
        planned("scheduled", announced),
        planned("scheduled", announced, start=700),
        planned("in_progress", announced, begun, start=700),
        planned("completed", announced, begun, done, start=700),
        look(),
    )

    assert told == [
        [],
        [("maintenance", "m", "a")],
        [("maintenance", "m", "")],
        [("maintenance", "m", "b")],
        [("maintenance", "m", "c")],
        [],
    ]


def test_the_state_stays_small():
    """Of past incidents that the page dropped, the newest hundred are kept; texts only as digests."""
    text = "many words " * 1000
    past = [incident(update("x", -each, "resolved", text), key=f"old-{each}", state="resolved") for each in range(300)]

    known = find_news(find_news(None, look(*past), NOON).known, look(), after(5)).known

    assert len(known.incidents) == MOST_ABSENT
    assert ("old-0" in known.incidents, "old-299" in known.incidents) == (True, False)
    assert len(json.dumps(known.to_json())) < 250 * MOST_ABSENT


STATES = st.sampled_from([None, *VendorState])
UPDATES = st.builds(
    VendorUpdate,
    key=st.sampled_from("abcde"),
    text=st.sampled_from(["", "one", "two", "three"]),
    state=STATES,
    said_at=st.one_of(st.none(), st.integers(-90, 90).map(after)),
    written_at=st.one_of(st.none(), st.integers(-90, 90).map(after)),
)
INCIDENTS = st.builds(
    VendorIncident,
    key=st.sampled_from(["1", "2", "3"]),
    title=st.sampled_from(["one", "two"]),
    state=STATES,
    level=st.sampled_from([None, *Indicator]),
    started_at=st.one_of(st.none(), st.integers(-90, 90).map(after)),
    changed_at=st.one_of(st.none(), st.integers(-90, 90).map(after)),
    updates=st.lists(UPDATES, max_size=4, unique_by=lambda each: each.key).map(tuple),
    is_maintenance=st.booleans(),
)
LOOKS = st.builds(
    Look,
    kind=st.sampled_from(["statuspage", "statuspage_feed"]),
    incidents=st.lists(INCIDENTS, max_size=3, unique_by=lambda each: each.key).map(tuple),
    listing=st.sampled_from(Listing),
    history_address=st.sampled_from(["", "https://status.example.test/history"]),
    has_all_updates=st.booleans(),
)


@given(st.lists(LOOKS, max_size=5))
def test_a_look_that_is_repeated_tells_nothing(looks: list[Look]):
    known = None
    for place, each in enumerate(looks):
        outcome = find_news(known, each, after(place))
        again = find_news(outcome.known, each, after(place))

        assert again.news == ()
        assert again.known == outcome.known
        known = KnownPage.from_json(json.loads(json.dumps(outcome.known.to_json())))
        assert known == outcome.known


@given(st.lists(LOOKS, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_lists_does_not_matter(looks: list[Look], random):
    def shuffle(values: tuple) -> tuple:
        return tuple(random.sample(values, len(values)))

    def mix(each: Look) -> Look:
        incidents = tuple(replace(one, updates=shuffle(one.updates)) for one in shuffle(each.incidents))
        return replace(each, incidents=incidents)

    straight = mixed = None
    for place, each in enumerate(looks):
        straight = find_news(straight.known if straight else None, each, after(place))
        mixed = find_news(mixed.known if mixed else None, mix(each), after(place))

        parts = [(news.kind, news.incident_key, news.update_key, news.state, news.at) for news in straight.news]
        assert [(news.kind, news.incident_key, news.update_key, news.state, news.at) for news in mixed.news] == parts
        assert mixed.known.to_json() == straight.known.to_json()
