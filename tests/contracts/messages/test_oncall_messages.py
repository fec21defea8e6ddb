"""On-call messages keep Slack's limits, and no text of people acts in them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bot.slack.blocks.escalation import oncall
from bot.slack.blocks.escalation.oncall_changes import override_message, override_notice, shift_handover_message
from tests.contracts.messages.test_limits import check, something, words
from tests.support.gallery.oncall import CHANGED, LINE, OPEN, ROSTER, SCHEDULE, SHIFT
from tests.support.records.slack_limits import Limits
from tests.support.servers.requirements import conformance_data

ACTS = {"@U0ONCALL", "@U0DBA", "@U0ENGINEER", "@U0MANAGER", "#C0INC7"}
FEW = hypothesis_settings(max_examples=12)


@pytest.fixture(scope="module")
def limits() -> Limits:
    return Limits(conformance_data())


@given(words, st.booleans(), something)
@FEW
def test_a_change(limits: Limits, reason: str, is_withdrawn: bool, schedule: str) -> None:
    one = replace(CHANGED, reason=reason, is_withdrawn=is_withdrawn, schedule=schedule)
    view = replace(one, other=one)

    check(limits, override_message(view), acts=ACTS)
    check(limits, override_notice(view, "U0DBA"), acts=ACTS)


@given(words, something, something)
@FEW
def test_a_change_of_shift(limits: Limits, title: str, schedule: str, target: str) -> None:
    line = replace(OPEN, title=title, waits_for=["<@U0DBA>", f"team {target}"])
    view = replace(SHIFT, schedule=schedule, open=[line] * 10, more=9)

    for reader in ("U0ONCALL", "U0DBA", None):
        check(limits, shift_handover_message(view, reader), acts=ACTS)


@given(words, something, st.integers(0, 60), st.booleans())
@FEW
def test_a_schedule(limits: Limits, reason: str, schedule: str, count: int, has_image: bool) -> None:
    view = replace(
        SCHEDULE,
        now=replace(LINE, schedule=schedule),
        shifts=[*SCHEDULE.shifts] * (count + 1),
        overrides=[replace(SCHEDULE.overrides[0], reason=reason)] * count,
        has_image=has_image,
    )

    check(limits, oncall.schedule_message(view), acts=ACTS)


@given(something, words, words)
@FEW
def test_the_picture_and_the_words_instead_of_it(limits: Limits, title: str, name: str, why: str) -> None:
    roster = replace(ROSTER, title=title, bars=[replace(ROSTER.bars[0], name=name)] * 40)

    check(limits, oncall.schedule_image_message(roster, "F0PICTURE1"), acts=ACTS)
    check(limits, oncall.schedule_text_message(roster, why), acts=ACTS)
