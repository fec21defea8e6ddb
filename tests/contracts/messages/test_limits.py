"""Property tests: messages of any record keep Slack's limits, and none of its texts act."""

import types
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bot.config import load
from bot.domain.alerts.links import AlertLink, LinkKind
from bot.domain.catchup import build_catchup
from bot.domain.errors import Ambiguous, UserError
from bot.domain.incidents.lifecycle import alternative_channel_name, channel_name
from bot.domain.incidents.roles import Role
from bot.domain.record.facts import RoleAssigned
from bot.domain.record.model import Record
from bot.domain.terms import Kind, Severity, UpdateState
from bot.domain.timeline.candidates import ChannelMessage
from bot.domain.timeline.details import EntryDetails
from bot.domain.timeline.marks import DEFAULT_REACTIONS
from bot.services.channel.candidates import MAX_CANDIDATES, CandidatesView
from bot.services.entries.form_view import EntryView, Neighbour
from bot.services.escalation.view import EscalationView
from bot.services.incidents.role_briefing import RoleBriefingView
from bot.services.postmortem.catchup import CatchupView
from bot.services.views.alert_lines import AlertLine
from bot.services.views.card import ALERTS_SHOWN, CardAlerts, CardView
from bot.services.views.event import EventView
from bot.services.views.lists import AlertsView, FollowUpsView
from bot.services.views.missing_facts import MissingFactsView
from bot.services.views.resolution import ResolutionView
from bot.slack.blocks import modals
from bot.slack.blocks.escalation import page
from bot.slack.blocks.escalation.message import escalation_message, moved_escalation_message
from bot.slack.blocks.incidents import card
from bot.slack.blocks.incidents.alerts import alerts_message
from bot.slack.blocks.incidents.channel_lines import LINE_BUILDERS, channel_line, ephemeral_text
from bot.slack.blocks.incidents.followups import followups_message
from bot.slack.blocks.incidents.forms.declare_form import declare_form
from bot.slack.blocks.incidents.resolution import resolution_message
from bot.slack.blocks.incidents.role_briefing import role_briefing_message
from bot.slack.blocks.inputs import Choice
from bot.slack.blocks.message import Message
from bot.slack.blocks.postmortem import catchup
from bot.slack.blocks.postmortem.candidates import choose_messages_form, parse_message_values
from bot.slack.blocks.postmortem.entry_forms import FORMS
from bot.slack.blocks.postmortem.missing_facts import FACT_LABELS
from bot.slack.replies.render import render_error
from tests.support.gallery.cards import BEGAN
from tests.support.gallery.forms import INCIDENT_FORMS
from tests.support.records import markup
from tests.support.records.slack_limits import Limits, is_channel_name
from tests.support.records.strategies import records
from tests.support.servers.requirements import conformance_data

PIECES = (
    "<!channel>",
    "<!here>",
    "<@U0MANAGER>",
    "<https://evil.test|click>",
    "<!subteam^S0ALL>",
    "&",
    "&lt;",
    "<",
    ">",
    "|",
    "`",
    "```",
    "`code`",
    "```\n<!channel>\n`x` <b>\n```",
    "*bold*",
    "_",
    "~",
    "\n",
    "\n>",
    " ",
    "a",
    "word ",
    "ünï",
    "😀",
    "支付",
    "\u202e",
    "\u2066",
    "• ",
    "{{7*7}}",
    "<script>",
    "https://evil.test/",
    "@here",
    "\u0301",
)
ACTING = {"@U0ENGINEER", "@U0DBA", "#C0INCIDENT", "!subteam^S0DATABASE"}
"""What the bot itself mentions in these views."""

words = st.builds(
    lambda parts, times, end: ("".join(parts) * times)[:40_000] + end,
    st.lists(st.sampled_from(PIECES), max_size=8),
    st.sampled_from((1, 1, 1, 2, 30, 400, 10_000)),
    st.sampled_from(("", "end")),
)
something = words.filter(str.strip)
people = st.sampled_from(("U0ENGINEER", "U0DBA"))
moments = st.integers(1_600_000_000, 2_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
addresses = words.map(lambda text: f"https://monitor.test/{text}") | words.map(lambda text: f"javascript:{text}")

BY_NAME: dict[str, st.SearchStrategy[Any]] = {
    "reactions": st.sampled_from([DEFAULT_REACTIONS, {}]),
    "title": something,
    "reference": st.just("INC-7"),
    "previous": st.none() | st.just("INC-6"),
    "severity": something,
    "severity_rank": st.integers(1, 4),
    "channel_id": st.none() | st.just("C0INCIDENT"),
    "mention": st.sampled_from(("<@U0DBA>", "<!subteam^S0DATABASE>", "payments")),
    "target": st.sampled_from(("<@U0DBA>", "<!subteam^S0DATABASE>", "payments")),
    "lead": st.none() | people,
    "asked_by": st.none() | people,
    "acknowledged_by": st.none() | people,
    "author": st.none() | people,
    "owner": st.none() | people,
    "user_id": people,
    "giver": st.none() | people,
    "recipient": st.sampled_from(("", "<@U0DBA>", "payments")),
    "members": st.lists(people, max_size=3).map(tuple),
    "declined_by": st.lists(people, max_size=3).map(tuple),
    "unreached": st.lists(people, max_size=3).map(tuple),
    "still_needed": st.lists(people, max_size=3).map(tuple),
    "groups": st.lists(st.just("S0DATABASE"), max_size=3).map(tuple),
    "due": st.none() | st.just("2026-03-09"),
    "name": something,
    "link": st.none() | addresses,
    "links": st.lists(
        st.builds(AlertLink, st.sampled_from(LinkKind), addresses), max_size=4, unique_by=lambda each: each.kind
    ).map(tuple),
    "labels": st.lists(st.tuples(words, words), max_size=2).map(lambda some: tuple(some * 8)),
    "roles": st.lists(st.tuples(words, people), max_size=8).map(tuple),
    "other_roles": st.lists(st.tuples(words, people), max_size=8).map(tuple),
    "how": st.just("role scribe @USER"),
    "status_labels": st.fixed_dictionaries({"monitoring": something}),
    "kinds": st.just(("note",)),
    "severity_labels": st.fixed_dictionaries({severity.value: something for severity in Severity}),
    "names": st.dictionaries(st.sampled_from(("U0MANAGER", "U0ENGINEER", "U0DBA")), something),
    "details": st.builds(
        EntryDetails,
        users=st.none() | st.integers(0, 10**12),
        users_percent=st.none() | st.floats(0, 100),
        changes=st.dictionaries(st.sampled_from(("title", "title.fr", "services")) | something, words),
        role=st.just("scribe"),
        role_label=words,
        user=people,
        public=st.none() | st.sampled_from([each.value for each in UpdateState]),
        public_languages=st.lists(st.sampled_from(("fr", "en"))).map(tuple),
    ),
    "fact": st.none() | st.builds(RoleAssigned, st.just("scribe"), words, people, people, words),
    "event": st.just(""),
    "values": st.just({}),
}


def entries_of_forms() -> st.SearchStrategy[EntryView]:
    """An entry whose form can be opened: it has neighbours, places and a history."""
    neighbours = st.lists(
        st.builds(Neighbour, st.integers(1, 99), words.map(lambda said: f"14:02 {said}")), min_size=1, max_size=99
    )
    return st.builds(
        EntryView,
        entry_id=st.integers(1, 10**9),
        incident_id=st.integers(1, 10**9),
        incident=st.just("INC-7"),
        version=st.just("a1b2c3"),
        text=words,
        typed_at=st.sampled_from(("?", "~2026-03-02 14:02")),
        zone=st.just("America/Argentina/ComodRivadavia"),
        kinds=st.lists(st.sampled_from(Kind), min_size=1, unique=True).map(tuple),
        fixed=st.frozensets(st.sampled_from(Kind)),
        language=st.none() | st.just("fr"),
        is_withdrawn=st.booleans(),
        has_words=st.just(True),
        neighbours=neighbours.map(tuple),
        places=neighbours.map(tuple),
        history=st.lists(words.filter(str.strip), min_size=1, max_size=20).map(tuple),
        undoable=st.none() | st.just("Undo the last amendment"),
    )


def any_of(kind: type) -> st.SearchStrategy[Any]:
    """Any view of that class: hostile, long and odd words wherever words of others stand."""
    hints = get_type_hints(kind)
    is_part = {name for name, hint in hints.items() if is_dataclass(hint) and hint is not EntryDetails}
    if kind is CardAlerts:
        shown = st.lists(any_of(AlertLine), max_size=ALERTS_SHOWN).map(tuple)
        counts = st.integers(0, 1_000_000)
        return st.builds(CardAlerts, counts, counts, shown, st.none() | words)
    known = BY_NAME | {name: _of_type(hint) for name, hint in hints.items() if name not in BY_NAME or name in is_part}
    return st.builds(kind, **{each.name: known[each.name] for each in fields(kind)})


def _of_type(kind: Any) -> st.SearchStrategy[Any]:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return st.one_of([_of_type(each) for each in inner])
    if origin is tuple:
        return st.lists(_of_type(inner[0]), max_size=4).map(lambda some: tuple(some * 6))
    if kind is str:
        return words
    if kind is datetime:
        return moments
    if is_dataclass(kind):
        return any_of(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    if kind is timedelta:
        return st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=400))
    return {bool: st.booleans(), int: st.integers(0, 1_000_000), type(None): st.none()}[kind]


@st.composite
def hostile_records(draw: st.DrawFn) -> Record:
    """Any record, with very long and hostile words in place of some of its own."""
    record = draw(records())
    entries = [replace(each, text=draw(words)) for each in record.entries]
    said = [replace(each, text=draw(words)) for each in record.impacts]
    return replace(record, entries=entries, impacts=said)


@pytest.fixture(scope="module")
def limits() -> Limits:
    return Limits(conformance_data())


def check(limits: Limits, message: Message, *, acts: set[str] = ACTING) -> None:
    sent = message.arguments()
    assert limits.problems_of_message(sent) == []
    assert {token for token in markup.acting(sent) if not token.startswith("https://monitor.test/")} <= acts
    assert markup.broken({"blocks": sent["blocks"]}) == []
    assert not markup.TURNING.search(markup.read(sent))
    assert markup.open_fences(sent) == []


@given(any_of(CardView))
def test_card_announcement_and_topic(limits: Limits, view: CardView) -> None:
    check(limits, card.card_message(view))
    check(limits, card.announcement_message(view))
    topic = card.channel_topic(view)
    assert 1 <= len(topic) <= limits.facts["channel"]["topic"]
    assert not set("<>") & set(topic)
    assert not markup.TURNING.search(topic)


@given(any_of(AlertsView).filter(lambda view: view.alerts))
def test_the_alerts(limits: Limits, view: AlertsView) -> None:
    check(limits, alerts_message(view))


@given(any_of(EscalationView), people)
def test_an_escalation_and_its_page(limits: Limits, view: EscalationView, reader: str) -> None:
    for message in (
        escalation_message(view),
        moved_escalation_message(view),
        page.page_message(view, reader),
        page.page_message(view),
    ):
        check(limits, message)


@pytest.mark.parametrize("event", LINE_BUILDERS)
@hypothesis_settings(max_examples=40)
@given(data=st.data())
def test_every_line_in_the_channel(limits: Limits, event: str, data: st.DataObject) -> None:
    values = {
        "by": data.draw(st.none() | people),
        "before": "investigating" if event == "status" else "SEV2" if event == "severity" else "U0DBA",
        "to": {"status": "monitoring", "answered": "U0ENGINEER"}.get(event, "SEV1"),
        "lead": "U0ENGINEER",
        "person": "U0ENGINEER",
        "label": data.draw(words),
        "calls": data.draw(st.integers(0, 5_000)),
        "lacks": data.draw(st.sampled_from(([], ["impact", "cause"]))),
        "page": data.draw(addresses),
        "asks": data.draw(st.lists(st.tuples(words, st.just("impact TEXT")).map(list), max_size=12)),
        "asks_by": data.draw(words),
        "error": data.draw(words),
        "reference": "INC-11",
        "service": data.draw(words),
        "until": "2026-03-02T20:00:00+00:00",
        "archive_at": "2026-03-30T20:00:00+00:00",
        "channel_id": "C0INCIDENT",
        "alerts": data.draw(st.integers(0, 5_000)),
        "firing": data.draw(st.integers(0, 5_000)),
        "truncated": data.draw(st.integers(0, 5_000)),
    }
    view = data.draw(any_of(EventView).map(lambda view: _with(view, event=event, values=values)))

    check(limits, channel_line(view))


def _with(view: EventView, **changes: Any) -> EventView:
    return EventView(**{each.name: changes.get(each.name, getattr(view, each.name)) for each in fields(EventView)})


@given(hostile_records(), moments, words, words, words, st.booleans())
@hypothesis_settings(max_examples=40)
def test_a_briefing(
    limits: Limits, record: Record, now: datetime, label: str, says: str, note: str, is_taken: bool
) -> None:
    told = CatchupView(build_catchup(record, now), "https://monitor.test/x", now, record.people)
    view = RoleBriefingView(
        3,
        Role("scribe", label, briefing=says),
        "U0DBA",
        "U0ENGINEER",
        note,
        is_over=False,
        channel_id="C0INCIDENT",
        catchup=told,
    )
    sent = role_briefing_message(view, is_taken=is_taken).arguments()

    assert limits.problems_of_message(sent) == []
    acting = {token for token in markup.acting(sent) if not token.startswith("https://")}
    assert acting <= {"@UONCALL", "@UDBA", "@UENG", "@U0DBA", "@U0ENGINEER", "#C0INCIDENT"}


@given(any_of(FollowUpsView))
def test_the_follow_ups(limits: Limits, view: FollowUpsView) -> None:
    check(limits, followups_message(view))


@given(hostile_records(), moments)
@hypothesis_settings(max_examples=60)
def test_catching_up(limits: Limits, record: Record, now: datetime) -> None:
    reminders = {each.source.ref: now for each in record.escalations[:1]}
    view = CatchupView(build_catchup(record, now, reminders=reminders), "https://monitor.test/x", now, record.people)
    sent = catchup.catchup_message(view).arguments()

    assert limits.problems_of_message(sent) == []
    acting = {token for token in markup.acting(sent) if not token.startswith("https://")}
    assert acting <= {"@UONCALL", "@UDBA", "@UENG"}
    assert markup.broken({"blocks": sent["blocks"]}) == []
    assert not markup.TURNING.search(markup.read(sent))


@given(any_of(ResolutionView), st.lists(st.sampled_from(tuple(FACT_LABELS)), unique=True))
def test_the_message_of_a_resolve(limits: Limits, view: ResolutionView, missing: list[str]) -> None:
    check(limits, resolution_message(replace(view, missing=MissingFactsView(7, tuple(missing)))))


@given(entries_of_forms(), st.sampled_from(sorted(FORMS)))
@hypothesis_settings(max_examples=60)
def test_forms_about_an_entry(limits: Limits, view: EntryView, name: str) -> None:
    form = FORMS[name](view, {"page": "7.0.123.1", "url": "https://hooks.slack.test/actions/" + "x" * 200})

    assert limits.problems_of_view(form) == []
    assert markup.acting(form) == set()
    assert markup.broken(form) == []


@given(st.lists(something, min_size=1, max_size=MAX_CANDIDATES), words)
@hypothesis_settings(max_examples=60)
def test_the_form_to_choose_messages_gives_back_what_was_ticked(limits: Limits, texts: list[str], name: str) -> None:
    said = [
        ChannelMessage("C0INC7", f"17724600{n:02}.000100", BEGAN + timedelta(minutes=n), "UENG", text)
        for n, text in enumerate(texts)
    ]
    form = choose_messages_form(CandidatesView(7, "INC-7", ZoneInfo("UTC"), 306, 2, tuple(said), {"UENG": name}))

    assert limits.problems_of_view(form) == []
    assert markup.acting(form) == set()
    boxes = [option for block in form["blocks"] if "element" in block for option in block["element"]["options"]]
    ticked = ",".join(option["value"] for option in boxes)
    assert parse_message_values(ticked) == [each.message_key for each in said]


def test_a_whisper(limits: Limits) -> None:
    assert limits.problems_of_message({"text": ephemeral_text("own message", {"emoji": "mag"})}) == []


@pytest.mark.parametrize("opening", INCIDENT_FORMS, ids=lambda opening: opening.__name__)
def test_every_form(limits: Limits, opening: Callable[..., Any], tmp_path: Path) -> None:
    assert limits.problems_of_view(opening(settings(tmp_path), 10**12)) == []


@given(title=words, seen=words, metadata=st.dictionaries(st.sampled_from(("channel", "ts", "said")), words))
def test_the_form_that_declares(limits: Limits, title: str, seen: str, metadata: dict[str, str]) -> None:
    view = declare_form(load({}), title=title, seen=seen, metadata=metadata)

    assert limits.problems_of_view(view) == []


@given(
    st.lists(st.builds(Choice, st.just("1"), something, something), max_size=150),
    st.dictionaries(st.sampled_from(("channel", "ts", "said")), words),
)
def test_the_form_that_marks(limits: Limits, choices: list[Choice], metadata: dict[str, str]) -> None:
    assert limits.problems_of_view(modals.add_to_timeline_form(choices, metadata)) == []


def settings(folder: Path) -> Any:
    """A configuration with as many teams, vendors and services as a large company has."""
    lines = [f'[services."service-{number}"]\n' for number in range(150)]
    lines += [f'[teams."team-{number}"]\nmembers = ["U0DBA"]\n' for number in range(150)]
    (folder / "dogwatch.toml").write_text("".join(lines))
    return load({"DOGWATCH_CONFIG": str(folder / "dogwatch.toml")})


@given(something, words, st.lists(words, max_size=200))
def test_a_refusal(limits: Limits, message: str, about: str, candidates: list[str]) -> None:
    for problem in (UserError(message), Ambiguous(message, about=about, candidates=candidates)):
        answer = render_error(problem)
        assert limits.problems_of_message(answer) == []
        assert {token[0] for token in markup.acting(answer)} <= {"@"}, "who is named may be, to one person only"


@given(st.sampled_from(("INC", "DRILL", "Störung")), st.integers(1, 10**9), words, st.integers(2, 20))
def test_a_channels_name(limits: Limits, series: str, number: int, title: str, attempt: int) -> None:
    name = channel_name(series, number, title)

    assert is_channel_name(name, limits)
    assert is_channel_name(alternative_channel_name(name, attempt), limits)
