"""What is told of being on call keeps to Slack's limits, and nothing that people wrote acts in it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bot.slack.blocks.escalation import oncall
from bot.slack.gallery import oncall as shown
from tests.contracts.messages.test_limits import check, something, words
from tests.support.records.slack_limits import Limits
from tests.support.servers import requirements as needs

ACTS = {"@U0ONCALL", "@U0DBA", "@U0ENGINEER", "@U0MANAGER", "#C0INC7"}
FEW = hypothesis_settings(max_examples=12)


@pytest.fixture(scope="module")
def limits() -> Limits:
    return Limits(needs.conformance_data())


@given(words, st.booleans(), something)
@FEW
def test_a_change(limits: Limits, reason: str, is_withdrawn: bool, schedule: str) -> None:
    one = replace(shown.CHANGED, reason=reason, is_withdrawn=is_withdrawn, schedule=schedule)
    view = replace(one, other=one)

    check(limits, oncall.changed(view), acts=ACTS)
    check(limits, oncall.told(view, "U0DBA"), acts=ACTS)


@given(words, something, something)
@FEW
def test_a_change_of_shift(limits: Limits, title: str, schedule: str, target: str) -> None:
    line = replace(shown.OPEN, title=title, waits_for=["<@U0DBA>", f"team {target}"])
    view = replace(shown.SHIFT, schedule=schedule, open=[line] * 10, more=9)

    for reader in ("U0ONCALL", "U0DBA", None):
        check(limits, oncall.shift(view, reader), acts=ACTS)


@given(words, something, st.integers(0, 60), st.booleans())
@FEW
def test_a_schedule(limits: Limits, reason: str, schedule: str, count: int, is_drawn: bool) -> None:
    view = replace(
        shown.SCHEDULE,
        now=replace(shown.LINE, schedule=schedule),
        turns=[*shown.SCHEDULE.turns] * (count + 1),
        changes=[replace(shown.SCHEDULE.changes[0], reason=reason)] * count,
        is_drawn=is_drawn,
    )

    check(limits, oncall.schedule(view), acts=ACTS)


@given(something, words, words)
@FEW
def test_the_picture_and_the_words_instead_of_it(limits: Limits, title: str, name: str, why: str) -> None:
    roster = replace(shown.ROSTER, title=title, bars=[replace(shown.ROSTER.bars[0], name=name)] * 40)

    check(limits, oncall.drawn(roster, "F0PICTURE1"), acts=ACTS)
    check(limits, oncall.not_drawn(roster, why), acts=ACTS)
