"""Property tests: messages of any record keep Slack's limits, and none of its texts act."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, note
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bot.command.forms.choices import Choice
from bot.config import load
from bot.domain.catchup import build_catchup
from bot.domain.changes.events import ChangeStatus
from bot.domain.errors import Ambiguous, UserError
from bot.domain.incidents.lifecycle import alternative_channel_name, channel_name
from bot.domain.incidents.roles import Role
from bot.domain.record.model import Record
from bot.domain.timeline.candidates import ChannelMessage
from bot.services.channel.candidates import MAX_CANDIDATES, CandidatesView
from bot.services.entries.form_view import EntryView
from bot.services.escalation.view import EscalationView
from bot.services.incidents.role_briefing import RoleBriefingView
from bot.services.postmortem.catchup import CatchupView
from bot.services.views.card import CardView
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
from bot.slack.blocks.message import Message
from bot.slack.blocks.postmortem import catchup
from bot.slack.blocks.postmortem.candidates import choose_messages_form, parse_message_values
from bot.slack.blocks.postmortem.entry_forms import FORMS
from bot.slack.blocks.postmortem.missing_facts import FACT_LABELS
from bot.slack.replies.render import render_error
from tests.support.gallery.cards import BEGAN
from tests.support.gallery.forms import INCIDENT_FORMS
from tests.support.records import markup
from tests.support.records.hostile import (
    ACTING,
    addresses,
    any_of,
    entries_of_forms,
    hostile_records,
    moments,
    people,
    something,
    words,
)
from tests.support.records.slack_limits import Limits, is_channel_name
from tests.support.servers.requirements import conformance_data


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


@hypothesis_settings(max_examples=100)
@given(data=st.data())
def test_every_line_in_the_channel(limits: Limits, data: st.DataObject) -> None:
    values = {
        "by": data.draw(st.none() | people),
        "lead": "U0ENGINEER",
        "person": "U0ENGINEER",
        "author": "U0ENGINEER",
        "why": data.draw(words),
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
        "began_at": "2026-03-02T19:00:00+00:00",
        "status": data.draw(st.sampled_from(ChangeStatus)),
        "change_kind": "deployment",
        "title": data.draw(words),
        "link": data.draw(addresses),
        "details": data.draw(st.lists(words, max_size=5)),
        "channel_id": "C0INCIDENT",
        "alerts": data.draw(st.integers(0, 5_000)),
        "firing": data.draw(st.integers(0, 5_000)),
        "truncated": data.draw(st.integers(0, 5_000)),
    }
    view = data.draw(any_of(EventView))

    for event in LINE_BUILDERS:
        note(event)
        before = "investigating" if event == "status" else "SEV2" if event == "severity" else "U0DBA"
        to = {"status": "monitoring", "answered": "U0ENGINEER"}.get(event, "SEV1")
        check(limits, channel_line(_with(view, event=event, values={**values, "before": before, "to": to})))


def _with(view: EventView, **changes: Any) -> EventView:
    return EventView(**{each.name: changes.get(each.name, getattr(view, each.name)) for each in fields(EventView)})


@given(hostile_records(), moments, words, words, words, st.booleans())
@hypothesis_settings(max_examples=40)
def test_a_briefing(
    limits: Limits, record: Record, now: datetime, label: str, says: str, why: str, is_taken: bool
) -> None:
    told = CatchupView(build_catchup(record, now), "https://monitor.test/x", now, record.people)
    view = RoleBriefingView(
        3,
        Role("scribe", label, briefing=says),
        "U0DBA",
        "U0ENGINEER",
        why,
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
