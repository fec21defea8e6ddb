"""What is known of the people who were paged."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.escalation import PagedLevel, Position, level_paged_instead


def at(minutes: float) -> datetime:
    return datetime(2026, 3, 2, 3, 0, tzinfo=UTC) + timedelta(minutes=minutes)


FIRST, SECOND = Position(1, 0), Position(2, 0)
OF_DBA = PagedLevel(FIRST, at(0), at(0), people=("U0DBA",))
OF_ENGINEER = PagedLevel(SECOND, at(5), at(5), people=("U0ENGINEER",))
OF_GROUP = PagedLevel(SECOND, at(5), at(5), groups=("S0DATABASE",))
OF_SERVICE = PagedLevel(SECOND, at(5), at(5), services=("pagerduty:payments",))
OF_NOBODY = PagedLevel(SECOND, at(5), at(5), people=("U0MANAGER",), gone=("U0MANAGER",))


@pytest.mark.parametrize(
    ("levels", "user_id", "is_caller", "expected"),
    [
        ([], "U0ONCALL", True, None),
        ([OF_NOBODY], "U0ONCALL", True, None),
        ([OF_DBA], "U0DBA", False, None),
        ([OF_DBA], "U0DBA", True, None),
        ([OF_DBA], "U0ONCALL", False, OF_DBA),
        ([OF_DBA, OF_ENGINEER], "U0DBA", False, None),
        ([OF_DBA, OF_ENGINEER], "U0ONCALL", False, OF_ENGINEER),
        ([OF_DBA, OF_NOBODY], "U0ONCALL", False, OF_DBA),
        ([OF_DBA, OF_GROUP], "U0SUPPORT", False, None),
        ([OF_DBA, OF_GROUP], "U0ONCALL", True, OF_GROUP),
        ([OF_DBA, OF_SERVICE], "U0SUPPORT", False, None),
        ([OF_DBA, OF_SERVICE], "U0ONCALL", True, OF_SERVICE),
    ],
)
def test_who_was_surely_not_paged_is_known(
    levels: list[PagedLevel], user_id: str, is_caller: bool, expected: PagedLevel | None
) -> None:
    assert level_paged_instead(levels, user_id, is_caller=is_caller) == expected
