"""Which changes come into question for an incident."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.changes.change import Change, affected_services, select_changes
from bot.domain.changes.events import ChangeKind, ChangeStatus

FIRST_ERROR = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
WINDOW = timedelta(hours=2)


def a_change(minutes: float, *services: str, change_id: int = 1) -> Change:
    """A change that began so many minutes before the first error."""
    began_at = FIRST_ERROR - timedelta(minutes=minutes)
    return Change(
        change_id, "generic", ChangeKind.DEPLOYMENT, "v1", services, ChangeStatus.SUCCEEDED, began_at, began_at
    )


def test_services_come_with_all_that_they_depend_on_even_in_a_circle() -> None:
    depends_on = {"Checkout": ["ledger", "Auth"], "ledger": ["storage"], "storage": ["checkout"], "search": ["auth"]}

    assert affected_services(["checkout"], depends_on) == {"checkout", "ledger", "auth", "storage"}
    assert affected_services([], depends_on) == frozenset()


@given(st.lists(st.tuples(st.floats(-300, 300), st.sampled_from(["checkout", "Ledger", "search"])), max_size=12))
def test_the_newest_before_the_first_error_stand_first(made: list[tuple[float, str]]) -> None:
    changes = [a_change(minutes, service, change_id=number) for number, (minutes, service) in enumerate(made)]

    found = select_changes(changes, frozenset({"checkout", "ledger"}), FIRST_ERROR, WINDOW)

    distances = [FIRST_ERROR - each.began_at for each in found]
    assert distances == sorted(distances)
    expected = {n for n, (minutes, service) in enumerate(made) if 0 <= minutes <= 120 and service != "search"}
    assert {each.change_id for each in found} >= {n for n in expected if made[n][0] > 1e-6}
    assert {each.change_id for each in found} <= expected | {n for n, (m, s) in enumerate(made) if abs(m) < 1e-6}
