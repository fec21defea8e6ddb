"""Changes that nobody looked at, and causes that no recorded change shows."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.changes.change import Change
from bot.domain.changes.events import ChangeKind, ChangeStatus
from bot.domain.findings.rules.changes import check_change_overlooked, check_change_unrecorded
from bot.domain.record.model import Record, RecordedChange
from bot.domain.record.sources import Source
from bot.domain.terms import Kind, SourceKind
from tests.support.records.builders import RecordBuilder


def a_record(*, reported: str = "13:49", cause: str = "The deployment dropped a header", path: str = "14:20") -> Record:
    """Began at 14:00; a change of 13:48 is the cause."""
    builder = RecordBuilder("2026-03-02", "UTC", "It broke", "shop")
    builder.declared_by_alert("14:00", "Down", "Shop is down", origin="generic")
    builder.entry(path, "dba", "Reading the logs of the database", Kind.MISLEADING_PATH)
    builder.entry("14:40", "dba", "Rolled back the deployment", Kind.ROLLBACK)
    builder.cause("14:50", "dba", cause)
    kind, status, at = ChangeKind.DEPLOYMENT, ChangeStatus.SUCCEEDED, builder.at("13:48")
    change = Change(4, "generic", kind, "v42", ("shop",), status, at, received_at=builder.at(reported))
    source = Source(SourceKind.CHANGE, change.ref)
    return replace(builder.record(), changes=[RecordedChange(source, change, is_cause=True)], reports_changes=True)


@pytest.mark.parametrize(
    ("reported", "path", "known_for"),
    [
        ("13:49", "14:20", 31),
        ("13:49", "14:03", None),
        ("14:10", "14:20", 10),
        ("14:16", "14:20", None),
        ("15:30", "14:20", None),
    ],
)
def test_a_change_that_was_known_before_the_first_wrong_path(reported: str, path: str, known_for: int | None) -> None:
    found = list(check_change_overlooked(a_record(reported=reported, path=path)))

    assert [each.values["length"] for each in found] == ([timedelta(minutes=known_for)] if known_for else [])


def test_a_change_that_nobody_called_the_cause_was_not_overlooked() -> None:
    record = a_record()
    unsure = [replace(each, is_cause=False) for each in record.changes]

    assert not list(check_change_overlooked(replace(record, changes=unsure)))


@pytest.mark.parametrize(
    ("cause", "variant"), [("The deployment dropped a header", ""), ("A certificate expired", "rollback")]
)
def test_a_deployment_or_a_rollback_without_a_change(cause: str, variant: str) -> None:
    record = replace(a_record(cause=cause), changes=[])

    assert [each.variant for each in check_change_unrecorded(record)] == [variant]
    assert not list(check_change_unrecorded(replace(record, reports_changes=False)))
    assert not list(check_change_unrecorded(a_record(cause=cause)))
