"""What a misleading path cost: until the first thing that ended it, and never more than the record shows."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.postmortem import build_draft
from bot.domain.terms import Kind, Precision, TargetKind
from tests.support.records.builders import RecordBuilder


def told(**more: Any) -> RecordBuilder:
    builder = RecordBuilder("2023-12-31", "UTC", "It broke", "shop", **more)
    builder.declared_by_alert("10:00", "Down", "Shop is down", origin="generic")
    return builder


def costs(builder: RecordBuilder) -> list[str]:
    """The remarks on each misleading path."""
    (document,) = build_draft(builder.record(), languages=["en"]).documents
    return ["; ".join(block.notes) for block in document.sections["misleading_paths"]]


def follows_disk(builder: RecordBuilder, at: str | None = "10:10", **more: Any) -> None:
    builder.entry(at, "engineer", "It must be the disk.", Kind.HYPOTHESIS, Kind.MISLEADING_PATH, **more)


@pytest.mark.parametrize("kind", [Kind.ACTION, Kind.ESCALATION, Kind.ROLLBACK, Kind.FIXED, Kind.RULED_OUT, Kind.CAUSE])
@pytest.mark.parametrize("who", ["dba", "engineer"])
def test_a_path_ends_at_the_first_contradiction_of_anybody(who: str, kind: Kind) -> None:
    builder = told()
    follows_disk(builder)
    builder.entry("10:40", who, "Not the disk, a missing index.", kind)
    builder.resolved("11:00", "engineer", "An index was added")
    builder.entry("11:30", "engineer", "A missing index", Kind.CAUSE)

    assert costs(builder) == ["cost 30m, until 10:40"]


def test_others_may_look_elsewhere_at_the_same_time() -> None:
    builder = told()
    follows_disk(builder)
    builder.entry("10:20", "dba", "Reading the slow query log.", Kind.INVESTIGATION)
    builder.entry("10:50", "engineer", "Looking at the indexes.", Kind.INVESTIGATION)

    assert costs(builder) == ["cost 40m, until 10:50"]


def suspects_elsewhere(builder: RecordBuilder) -> None:
    """Two people look in two places at the same time."""
    follows_disk(builder)
    builder.entry("10:15", "dba", "Could be DNS.", Kind.HYPOTHESIS)


@pytest.mark.parametrize(
    ("who", "text"), [("dba", "DNS answers are right."), ("manager", "DNS is fine."), ("engineer", "Not DNS either.")]
)
def test_what_others_suspect_is_ruled_out_without_an_end_of_the_path(who: str, text: str) -> None:
    builder = told()
    suspects_elsewhere(builder)
    builder.entry("10:20", who, text, Kind.RULED_OUT)
    builder.entry("10:45", "manager", "The disk is fine, too.", Kind.RULED_OUT)

    assert costs(builder) == ["cost 35m, until 10:45"]


def test_an_action_for_another_suspicion_does_not_end_the_path() -> None:
    builder = told()
    suspects_elsewhere(builder)
    builder.entry("10:20", "manager", "Restarted DNS.", Kind.ACTION)
    builder.entry("10:45", "manager", "The disk is fine.", Kind.RULED_OUT)

    assert costs(builder) == ["cost 35m, until 10:45"]


@pytest.mark.parametrize(
    ("who", "text", "kind"),
    [
        ("dba", "Restarted the gateway.", Kind.ACTION),
        ("manager", "Please look at the gateway.", Kind.ESCALATION),
        ("engineer", "Replaced the disk.", Kind.ACTION),
        ("dba", "It is something else.", Kind.RULED_OUT),
    ],
)
def test_a_step_that_may_have_ended_the_path_leaves_a_bound(who: str, text: str, kind: Kind) -> None:
    builder = told()
    suspects_elsewhere(builder)
    builder.entry("10:20", who, text, kind)
    builder.entry("10:45", "manager", "It works again.", Kind.FIXED)

    assert costs(builder) == ["cost at most 35m, until 10:45"]


@pytest.mark.parametrize(("who", "text"), [("manager", "The disk is fine."), ("engineer", "That was not it.")])
def test_nobody_left_the_path_before_it_was_named(who: str, text: str) -> None:
    builder = told()
    suspects_elsewhere(builder)
    builder.entry("10:20", "operator", "Added two servers.", Kind.ACTION)
    builder.entry("10:45", who, text, Kind.RULED_OUT)

    assert costs(builder) == ["cost 35m, until 10:45"]


def test_somebody_else_finds_that_the_path_is_wrong() -> None:
    builder = told()
    follows_disk(builder)
    builder.entry("10:20", "dba", "Reading the log of the disk.", Kind.INVESTIGATION)
    builder.entry("10:30", "dba", "The disk works properly.", Kind.INVESTIGATION)
    builder.entry("10:45", "manager", "It works again.", Kind.FIXED)

    assert costs(builder) == ["cost 20m, until 10:30"]


@pytest.mark.parametrize(("text", "minutes"), [("The disk has 2 % left.", 35), ("Nothing wrong with the disk.", 10)])
def test_a_path_goes_on_while_its_author_follows_it(text: str, minutes: int) -> None:
    builder = told()
    follows_disk(builder)
    builder.entry("10:20", "engineer", text, Kind.INVESTIGATION)
    builder.entry("10:45", "manager", "The disk is fine.", Kind.RULED_OUT)

    assert costs(builder) == [f"cost {minutes}m, until 10:{10 + minutes}"]


def test_a_path_is_over_when_it_is_marked_as_one() -> None:
    builder = told()
    follows_disk(builder, marked_misleading_at=builder.at("10:32"))
    builder.entry("10:40", "dba", "Not the disk, a missing index.", Kind.ACTION)

    assert costs(builder) == ["cost at most 22m, until 10:32"]


def test_a_mark_put_on_at_once_tells_nothing() -> None:
    builder = told()
    follows_disk(builder, marked_misleading_at=builder.at("10:10:20"))
    builder.entry("10:40", "dba", "Not the disk, a missing index.", Kind.ACTION)

    assert costs(builder) == ["cost 30m, until 10:40"]


def test_a_path_never_goes_past_the_end_of_the_impact() -> None:
    builder = told()
    follows_disk(builder, marked_misleading_at=builder.at("12:00"))
    resolved = builder.entry("11:00", "engineer", "It works again.", Kind.RESOLVED)
    builder.sets("resolved", resolved, "resolved")
    builder.sets("ended", resolved, "resolve was typed")
    builder.cause("11:30", "engineer", "A missing index")

    assert costs(builder) == ["cost at most 50m, until 11:00"]


def test_nothing_is_said_while_nothing_ended_it() -> None:
    builder = told()
    follows_disk(builder)

    assert costs(builder) == [""]


def test_a_contradiction_without_a_time_came_before_the_next_timed_entry() -> None:
    builder = told()
    follows_disk(builder)
    builder.entry(None, "dba", "Not the disk.", Kind.RULED_OUT)
    builder.entry("10:50", "support", "Customers still complain.", Kind.NOTE)

    assert costs(builder) == ["cost at most 40m, until 10:50"]


def test_a_path_without_a_time_began_after_the_entry_before_it() -> None:
    builder = told()
    follows_disk(builder, None)
    builder.entry("10:50", "dba", "Not the disk.", Kind.RULED_OUT)

    assert costs(builder) == ["cost at most 50m, until 10:50"]


def test_an_approximate_time_makes_a_bound() -> None:
    builder = told()
    follows_disk(builder)
    builder.entry("10:30", "dba", "Not the disk.", Kind.RULED_OUT, precision=Precision.APPROXIMATE)
    builder.entry("10:50", "support", "Customers still complain.", Kind.NOTE)

    assert costs(builder) == ["cost at most 40m, until 10:50"]


def test_a_path_of_which_neither_end_is_known_has_no_cost() -> None:
    builder = told()
    follows_disk(builder, None)
    builder.resolved("11:00", "engineer", "It works again")

    assert costs(builder) == [""]


@pytest.mark.parametrize("kind", [TargetKind.TEAM, TargetKind.VENDOR])
def test_an_answer_to_an_escalation_of_unknown_time_has_no_time_either(kind: TargetKind) -> None:
    """The button was pressed when the escalation was written down, not when the answer came."""
    builder = told()
    builder.escalated(None, "oncall", "acme", "Your gateway is down", kind=kind)
    builder.acknowledged("10:25", "dba", "acme")
    (document,) = build_draft(builder.record()).documents

    [escalation] = document.sections["escalations"]
    assert "10:25" not in " ".join(escalation.notes)
    assert "time not recorded" in " ".join(escalation.notes)
    assert document.sections["timeline"][-1].time == ""


def test_an_answer_whose_time_was_typed_keeps_it() -> None:
    builder = told()
    builder.escalated(None, "oncall", "acme", "Your gateway is down", kind=TargetKind.VENDOR)
    builder.acknowledged("10:25", "oncall", "acme")
    builder.entries[-1] = replace(builder.entries[-1], recorded_at=builder.at("12:00"))
    (document,) = build_draft(builder.record()).documents

    assert document.sections["timeline"][-1].time == "10:25"
