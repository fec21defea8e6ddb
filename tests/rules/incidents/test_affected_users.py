"""How many users an impact hits: what is a count, what a share, and what is asked back."""

import pytest

from bot.domain.errors import UserError
from bot.domain.incidents.impact import AffectedUsers, parse_affected_users


@pytest.mark.parametrize(
    ("typed", "figure", "english"),
    [
        ("12", AffectedUsers(count=12), "12 users"),
        ("1", AffectedUsers(count=1), "1 user"),
        ("0", AffectedUsers(count=0), "0 users"),
        ("1200", AffectedUsers(count=1200), "1,200 users"),
        ("1,200", AffectedUsers(count=1200), "1,200 users"),
        ("1,200,000", AffectedUsers(count=1_200_000), "1,200,000 users"),
        ("1'200", AffectedUsers(count=1200), "1,200 users"),
        ("4k", AffectedUsers(count=4000), "4,000 users"),
        ("1.5K", AffectedUsers(count=1500), "1,500 users"),
        ("~300", AffectedUsers(count=300, is_about=True), "~300 users"),
        ("12%", AffectedUsers(percent=12.0), "12% of users"),
        ("12 %", AffectedUsers(percent=12.0), "12% of users"),
        ("2,5%", AffectedUsers(percent=2.5), "2.5% of users"),
        ("0.001%", AffectedUsers(percent=0.001), "0.001% of users"),
        ("100%", AffectedUsers(percent=100.0), "100% of users"),
        ("~20%", AffectedUsers(percent=20.0, is_about=True), "~20% of users"),
        ("20％", AffectedUsers(percent=20.0), "20% of users"),
    ],
)
def test_a_count_is_a_count_and_a_share_has_its_sign(typed, figure, english):
    assert parse_affected_users(typed) == figure
    assert figure.in_english() == english


@pytest.mark.parametrize(
    ("typed", "says", "offered"),
    [
        ("1.200", "Write `1200` for a count", ["1200"]),
        ("~1.200", "Write `1200` for a count", ["~1200"]),
        ("1 200", "Write `1200` for a count", ["1200"]),
        ("12.5", "`12.5%`", ["12.5%"]),
        ("2,5", "`2,5%`", ["2,5%"]),
        ("120%", "more than all users", []),
        ("1,200k", "is not a number of users", []),
        ("2m", "is not a number of users", []),
        ("12,34", "`12,34%`", ["12,34%"]),
        ("1,20,000", "is not a number of users", []),
        ("-5", "is not a number of users", []),
        ("many", "like `20%`", []),
        ("~", "is not a number of users", []),
        ("٣", "is not a number of users", []),
    ],
)
def test_what_can_be_both_or_neither_is_asked_back(typed, says, offered):
    with pytest.raises(UserError) as problem:
        parse_affected_users(typed)

    assert says in problem.value.message
    assert [each.text for each in problem.value.offers] == offered
