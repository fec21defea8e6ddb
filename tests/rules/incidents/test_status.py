"""An incident's states as a table that says everything, and names of channels for any title."""

import re
from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.command.grammar import parse
from bot.command.table import Context
from bot.domain.incidents.lifecycle import (
    EVENT_COMMANDS,
    EVENT_FOR_STATUS,
    NEXT,
    Event,
    NotAllowed,
    alternative_channel_name,
    channel_name,
    transition,
)
from bot.domain.terms import Status
from commands import COMMANDS

VALID = re.compile(r"[a-z0-9_-]{1,80}")

ALLOWED = {
    Status.TRIAGE: "accept investigate identify monitor resolve cancel merge",
    Status.INVESTIGATING: "identify monitor resolve cancel merge",
    Status.IDENTIFIED: "investigate monitor resolve cancel merge",
    Status.MONITORING: "investigate identify resolve cancel merge",
    Status.RESOLVED: "reopen close",
    Status.CLOSED: "reopen",
    Status.CANCELLED: "reopen",
    Status.MERGED: "",
}
LEADS_TO = {
    Event.ACCEPT: Status.INVESTIGATING,
    Event.INVESTIGATE: Status.INVESTIGATING,
    Event.IDENTIFY: Status.IDENTIFIED,
    Event.MONITOR: Status.MONITORING,
    Event.RESOLVE: Status.RESOLVED,
    Event.REOPEN: Status.INVESTIGATING,
    Event.CLOSE: Status.CLOSED,
    Event.CANCEL: Status.CANCELLED,
    Event.MERGE: Status.MERGED,
}


@pytest.mark.parametrize(("status", "event"), list(product(Status, Event)))
def test_every_event_in_every_status_leads_somewhere_or_is_refused(status: Status, event: Event) -> None:
    """The whole machine: 8 statuses by 9 events, none left to chance."""
    if event.value in ALLOWED[status].split():
        assert transition(status, event, str) is LEADS_TO[event]
        assert NEXT[status, event] is LEADS_TO[event]
        return

    with pytest.raises(NotAllowed) as refused:
        transition(status, event, str)

    assert sorted(step.value for step in refused.value.allowed) == sorted(ALLOWED[status].split())
    assert (status, event) not in NEXT
    message = refused.value.message
    assert message.endswith(".")
    for step in set(refused.value.allowed) & set(EVENT_COMMANDS):
        assert f"`/incident {EVENT_COMMANDS[step]}`" in message


def test_the_ways_out_that_a_refusal_names_can_be_typed() -> None:
    context = Context(now=datetime(2026, 3, 2, 14, tzinfo=UTC), inside="INC-7")

    for words in EVENT_COMMANDS.values():
        assert parse(words, COMMANDS, context).incident == "INC-7"


@pytest.mark.parametrize(
    ("status", "event", "words"),
    [
        (Status.RESOLVED, Event.RESOLVE, "Nothing to change: it is already resolved."),
        (Status.INVESTIGATING, Event.INVESTIGATE, "Nothing to change: it is already investigating."),
        (Status.MERGED, Event.REOPEN, "An incident that is merged cannot reopen."),
        (Status.CLOSED, Event.RESOLVE, "An incident that is closed cannot resolve."),
    ],
)
def test_a_refusal_says_how_it_stands(status: Status, event: Event, words: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        transition(status, event, str)

    assert refused.value.message.startswith(words)


def test_a_named_status_is_reached_by_its_event() -> None:
    for status, event in EVENT_FOR_STATUS.items():
        assert LEADS_TO[event] is status


def test_an_open_incident_is_never_stuck() -> None:
    for status in Status:
        if status.is_open:
            assert transition(status, Event.RESOLVE, str) is Status.RESOLVED


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Checkout is down", "inc-7-checkout-is-down"),
        ("  Checkout   IS\tdown!! ", "inc-7-checkout-is-down"),
        ("Ünïcode & ção", "inc-7-unicode-cao"),
        ("can't pay", "inc-7-cant-pay"),
        ("5xx > 5% (p99)", "inc-7-5xx-5-p99"),
        (":fire: search :boom: slow", "inc-7-search-slow"),
        ("Überlanger Titel 🚨 Feuer", "inc-7-uberlanger-titel-feuer"),
        ("⏰ down👍🏽 1️⃣", "inc-7-down-1"),
        ("🔥🔥", "inc-7"),
        ("", "inc-7"),
        ("!!!", "inc-7"),
        ("<!channel>", "inc-7-channel"),
        ("x" * 3000, "inc-7-" + "x" * 54),
        ("one " * 40, "inc-7" + "-one" * 13),
    ],
)
def test_channel_name(title: str, name: str) -> None:
    assert channel_name("INC", 7, title) == name


@pytest.mark.parametrize("title", ["الدفع معطل", "支付服务中断", "Оплата не работает", "決済が停止", "결제 장애"])
def test_a_title_in_another_script_is_written_in_latin_letters(title: str) -> None:
    name = channel_name("inc", 7, title)

    assert VALID.fullmatch(name)
    assert re.fullmatch(r"inc-7(-[a-z0-9]+)+", name)


@given(st.text(), st.integers(1, 10**9), st.text(max_size=30))
def test_any_title_gives_a_name_that_slack_takes(title: str, number: int, prefix: str) -> None:
    name = channel_name(prefix, number, title)

    assert VALID.fullmatch(name)
    assert re.search(r"[a-z0-9]", name)
    assert str(number) in name


@given(st.text(), st.integers(2, 999))
def test_the_next_name_to_try_is_valid_and_another(title: str, attempt: int) -> None:
    name = channel_name("inc", 7, title)
    again = alternative_channel_name(name, attempt)

    assert VALID.fullmatch(again)
    assert again != name
    assert again.endswith(f"-{attempt}")
    assert again.startswith("inc-7")


def test_the_next_name_stays_within_the_limit() -> None:
    longest = "inc-7-" + "x" * 74

    assert alternative_channel_name(longest, 12) == longest[:77] + "-12"
