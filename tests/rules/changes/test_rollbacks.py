"""Rollbacks matched to the changes that they took back."""

from datetime import UTC, datetime
from time import process_time

import pytest

from bot.domain.changes.change import Change
from bot.domain.changes.events import ChangeKind, ChangeStatus
from bot.domain.changes.rollbacks import find_rolled_back

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def a_change(number: int, title: str, version: str = "") -> Change:
    return Change(
        number, "generic", ChangeKind.DEPLOYMENT, title, ("shop",), ChangeStatus.SUCCEEDED, NOON, version=version
    )


POOL, LIMIT, SHORT = a_change(1, "Use the new pool", "v1.42"), a_change(2, "Raise the limit", "v1.4"), a_change(3, "x")


@pytest.mark.parametrize(
    ("text", "changes", "causes", "expected"),
    [
        ("Rolled back v1.42", [POOL, LIMIT], (), POOL),
        ("Rolled back V1.4.", [POOL, LIMIT], (), LIMIT),
        ("Reverted use the new POOL", [POOL, LIMIT], (), POOL),
        ("Rolled back to v1.4", [POOL, LIMIT], (1,), POOL),
        ("Back to version v1.4", [POOL, LIMIT], (), None),
        ("Retour vers v1.4", [POOL, LIMIT], (1,), POOL),
        ("Rolled back v1.42 to v1.4", [POOL, LIMIT], (2,), POOL),
        ("Rolled it back", [POOL, LIMIT], (), None),
        ("Rolled it back", [POOL, LIMIT], (2,), LIMIT),
        ("Rolled it back", [POOL, LIMIT], (1, 2), None),
        ("Rolled back the deployment", [POOL], (), POOL),
        ("Rolled back the Deployment", [POOL, LIMIT], (), None),
        ("Rolled back the feature flag", [POOL], (), None),
        ("Rolled it back", [POOL], (), None),
        ("Rolled back x", [SHORT, POOL], (), None),
        ("Rolled it back", [], (), None),
    ],
)
def test_the_named_one_then_the_cause_then_the_only_one_of_its_kind(text, changes, causes, expected):
    assert find_rolled_back(text, changes, frozenset(causes)) == expected


def test_a_text_that_names_changes_thousands_of_times_is_read_at_once():
    started = process_time()

    found = find_rolled_back("to x v1.4 " * 4_000, [LIMIT] * 10, frozenset())

    assert found is None
    assert process_time() - started < 0.3
