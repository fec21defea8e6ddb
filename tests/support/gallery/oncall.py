"""Examples of the gallery: schedules, overrides with their form, shift handovers."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.terms import TargetKind
from bot.export.schedule_text import Bar, Roster
from bot.services.oncall.handover import HandoverView, OpenIncident
from bot.services.oncall.ics_feed import FeedAddress
from bot.services.oncall.on_call_view import (
    NowLine,
    NowView,
    OverrideLine,
    OwnShift,
    PolicyTarget,
    PolicyView,
    ScheduleView,
)
from bot.services.oncall.override_change import OverrideChange
from bot.slack.blocks.escalation import oncall
from bot.slack.blocks.escalation.oncall_changes import override_form_for, override_notice, shift_handover_message
from bot.slack.blocks.message import Message

NOW = datetime(2026, 3, 2, 14, 4, tzinfo=UTC)
DAY = timedelta(days=1)
NAMES = {"U0ONCALL": "On-call engineer", "U0DBA": "Database administrator"}
LINE = NowLine("payments", ["U0ONCALL"], NOW + 3 * DAY, ["U0DBA"], (NOW + 9 * DAY, NOW + 10 * DAY))
SCHEDULE = ScheduleView(
    now=LINE,
    zone=ZoneInfo("Europe/Paris"),
    shifts=[
        (NOW, NOW + 3 * DAY, ["U0ONCALL"], False),
        (NOW + 3 * DAY, NOW + 9 * DAY, ["U0DBA", "U0ENGINEER"], True),
        (NOW + 9 * DAY, NOW + 10 * DAY, [], False),
        (NOW + 10 * DAY, None, ["U0ONCALL"], False),
    ],
    overrides=[
        OverrideLine(12, "U0DBA", "U0ONCALL", NOW + 3 * DAY, NOW + 9 * DAY, "The dentist", is_swap=False),
        OverrideLine(13, "U0DBA", None, NOW + 9 * DAY, NOW + 10 * DAY, "", is_swap=True),
    ],
    number=1,
    has_image=True,
    names=NAMES,
)
CHANGED = OverrideChange(12, "payments", "U0DBA", ["U0ONCALL"], NOW, NOW + DAY, "The dentist")
SWAPPED = replace(CHANGED, other=replace(CHANGED, override_id=13, person="U0ONCALL", relieved=["U0DBA"]))
BACK = replace(CHANGED, is_withdrawn=True)
OPEN = OpenIncident("INC-7", "Checkout is down", "SEV2", NOW - DAY, None, "C0INC7", ["<@U0DBA>", "payments"])
SHIFT = HandoverView(
    "payments",
    ["U0ONCALL"],
    ["U0DBA"],
    [],
    NOW,
    is_late=False,
    until=NOW + 7 * DAY,
    open=[OPEN, OPEN],
    more=3,
    names=NAMES,
)
UNCOVERED = replace(SHIFT, came=[], is_late=True, open=[], more=0)
ROSTER = Roster(
    "On call for payments",
    ZoneInfo("Europe/Paris"),
    NOW,
    [Bar(NOW - DAY, NOW + 9 * DAY, "U0ONCALL", "On-call engineer")],
    [(NOW + 9 * DAY, NOW + 10 * DAY)],
)
PICTURE = "F0PICTURE1"
"""The file that would hold it."""
MINE = [OwnShift("payments", None, NOW + 3 * DAY), OwnShift("platform", NOW + 3 * DAY, NOW + 9 * DAY)]


DBA = PolicyTarget(TargetKind.TEAM, "dba", [], ["S0DATABASE"])
POLICY = PolicyView(
    "payments",
    [
        (timedelta(minutes=5), [PolicyTarget(TargetKind.SCHEDULE, "payments", ["U0ONCALL"])]),
        (
            timedelta(minutes=10),
            [
                PolicyTarget(TargetKind.PERSON, "U0DBA", ["U0DBA"]),
                PolicyTarget(TargetKind.TEAM, "dba", [], ["S0DATABASE"]),
            ],
        ),
        (
            timedelta(hours=1),
            [PolicyTarget(TargetKind.GROUP, "S0DATABASE", []), PolicyTarget(TargetKind.VENDOR, "gateway", [])],
        ),
    ],
    repeat=1,
    at_end=[PolicyTarget(TargetKind.PERSON, "U0MANAGER", ["U0MANAGER"])],
)


def oncall_messages() -> Iterator[tuple[str, Message]]:
    nobody = NowLine("platform", [], NOW + DAY, ["U0DBA"], (NOW, NOW + DAY))
    shown: dict[str, oncall.OncallView] = {
        "now": NowView([LINE, nobody, replace(LINE, until=None, then=[], next_gap=None), replace(LINE, then=[])]),
        "no schedule": NowView([]),
        "many schedules": NowView([LINE] * 60),
        "a schedule": SCHEDULE,
        "a schedule of many turns": replace(
            SCHEDULE, shifts=[*SCHEDULE.shifts] * 30, overrides=[*SCHEDULE.overrides] * 9
        ),
        "a policy": POLICY,
        "changed": CHANGED,
        "changed: they are muted": replace(CHANGED, muted_until=NOW + DAY),
        "swapped": SWAPPED,
        "taken back": BACK,
        "taken back, nobody instead": replace(BACK, relieved=[]),
        "calendar": FeedAddress("https://dogwatch.example/oncall/" + "x" * 43 + ".ics", NOW),
        "calendar of this machine": FeedAddress(
            "http://127.0.0.1:3000/oncall/" + "x" * 43 + ".ics", NOW, is_local=True
        ),
        "calendar that is there": FeedAddress(None, NOW),
        "calendar ended": FeedAddress(None, None),
    }
    yield from ((f"on call: {name}", oncall.oncall_message(view)) for name, view in shown.items())
    yield "on call: told of a change", override_notice(CHANGED, "U0DBA")
    yield "on call: told of a swap", override_notice(SWAPPED, "U0DBA")
    yield "on call: told that it is taken back", override_notice(BACK, None)
    for reader in ("U0ONCALL", "U0DBA", None):
        yield f"change of shift: {reader or 'in a channel'}", shift_handover_message(SHIFT, reader)
    yield "change of shift: nobody comes", shift_handover_message(UNCOVERED, "U0ONCALL")
    yield "change of shift: nobody comes, in a channel", shift_handover_message(UNCOVERED, None)
    yield "change of shift: after nobody", shift_handover_message(replace(SHIFT, left=[]), None)
    yield "on call: drawn", oncall.schedule_image_message(ROSTER, PICTURE)
    yield "on call: not drawn", oncall.schedule_text_message(ROSTER, "missing_scope")


def oncall_forms() -> Iterator[tuple[str, dict[str, Any]]]:
    yield "form: who is on call", override_form_for(["payments", "platform"], 2)
    yield "form: who is on call, without a schedule", override_form_for([], 0)
