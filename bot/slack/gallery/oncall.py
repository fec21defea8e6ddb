"""Fixtures of the gallery: who is on call, what changes of it people are told, and the form that changes it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.terms import TargetKind
from bot.export.schedule_image import Bar, Roster
from bot.services.oncall.handover import ChangeView, OpenLine
from bot.services.oncall.ics_feed import Address
from bot.services.oncall.on_call_view import Called, ChangeLine, Mine, NowLine, NowView, PolicyView, ScheduleView
from bot.services.oncall.overrides import Changed
from bot.slack.blocks.escalation import oncall, oncall_form
from bot.slack.blocks.message import Message

NOW = datetime(2026, 3, 2, 14, 4, tzinfo=UTC)
DAY = timedelta(days=1)
NAMES = {"U0ONCALL": "On-call engineer", "U0DBA": "Database administrator"}
LINE = NowLine("payments", ["U0ONCALL"], NOW + 3 * DAY, ["U0DBA"], (NOW + 9 * DAY, NOW + 10 * DAY))
SCHEDULE = ScheduleView(
    now=LINE,
    zone=ZoneInfo("Europe/Paris"),
    turns=[
        (NOW, NOW + 3 * DAY, ["U0ONCALL"], False),
        (NOW + 3 * DAY, NOW + 9 * DAY, ["U0DBA", "U0ENGINEER"], True),
        (NOW + 9 * DAY, NOW + 10 * DAY, [], False),
        (NOW + 10 * DAY, None, ["U0ONCALL"], False),
    ],
    changes=[
        ChangeLine(12, "U0DBA", "U0ONCALL", NOW + 3 * DAY, NOW + 9 * DAY, "The dentist", is_swap=False),
        ChangeLine(13, "U0DBA", None, NOW + 9 * DAY, NOW + 10 * DAY, "", is_swap=True),
    ],
    place=1,
    is_drawn=True,
    names=NAMES,
)
CHANGED = Changed(12, "payments", "U0DBA", ["U0ONCALL"], NOW, NOW + DAY, "The dentist")
SWAPPED = replace(CHANGED, other=replace(CHANGED, override_id=13, person="U0ONCALL", relieved=["U0DBA"]))
BACK = replace(CHANGED, is_withdrawn=True)
OPEN = OpenLine("INC-7", "Checkout is down", "SEV2", NOW - DAY, None, "C0INC7", ["<@U0DBA>", "payments"])
SHIFT = ChangeView(
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
MINE = [Mine("payments", None, NOW + 3 * DAY), Mine("platform", NOW + 3 * DAY, NOW + 9 * DAY)]


DBA = Called(TargetKind.TEAM, "dba", [], ["S0DATABASE"])
POLICY = PolicyView(
    "payments",
    [
        (timedelta(minutes=5), [Called(TargetKind.SCHEDULE, "payments", ["U0ONCALL"])]),
        (
            timedelta(minutes=10),
            [Called(TargetKind.PERSON, "U0DBA", ["U0DBA"]), Called(TargetKind.TEAM, "dba", [], ["S0DATABASE"])],
        ),
        (timedelta(hours=1), [Called(TargetKind.GROUP, "S0DATABASE", []), Called(TargetKind.VENDOR, "gateway", [])]),
    ],
    repeat=1,
    at_end=[Called(TargetKind.PERSON, "U0MANAGER", ["U0MANAGER"])],
)


def messages() -> Iterator[tuple[str, Message]]:
    nobody = NowLine("platform", [], NOW + DAY, ["U0DBA"], (NOW, NOW + DAY))
    shown: dict[str, oncall.Shown] = {
        "now": NowView([LINE, nobody, replace(LINE, until=None, then=[], next_gap=None), replace(LINE, then=[])]),
        "no schedule": NowView([]),
        "many schedules": NowView([LINE] * 60),
        "a schedule": SCHEDULE,
        "a schedule of many turns": replace(SCHEDULE, turns=[*SCHEDULE.turns] * 30, changes=[*SCHEDULE.changes] * 9),
        "a policy": POLICY,
        "changed": CHANGED,
        "changed: they are muted": replace(CHANGED, muted_until=NOW + DAY),
        "swapped": SWAPPED,
        "taken back": BACK,
        "taken back, nobody instead": replace(BACK, relieved=[]),
        "calendar": Address("https://dogwatch.example/oncall/" + "x" * 43 + ".ics", NOW),
        "calendar of this machine": Address("http://127.0.0.1:3000/oncall/" + "x" * 43 + ".ics", NOW, is_local=True),
        "calendar that is there": Address(None, NOW),
        "calendar ended": Address(None, None),
    }
    yield from ((f"on call: {name}", oncall.shown(view)) for name, view in shown.items())
    yield "on call: told of a change", oncall.told(CHANGED, "U0DBA")
    yield "on call: told of a swap", oncall.told(SWAPPED, "U0DBA")
    yield "on call: told that it is taken back", oncall.told(BACK, None)
    for reader in ("U0ONCALL", "U0DBA", None):
        yield f"change of shift: {reader or 'in a channel'}", oncall.shift(SHIFT, reader)
    yield "change of shift: nobody comes", oncall.shift(UNCOVERED, "U0ONCALL")
    yield "change of shift: nobody comes, in a channel", oncall.shift(UNCOVERED, None)
    yield "change of shift: after nobody", oncall.shift(replace(SHIFT, left=[]), None)
    yield "on call: drawn", oncall.drawn(ROSTER, PICTURE)
    yield "on call: not drawn", oncall.not_drawn(ROSTER, "missing_scope")


def forms() -> Iterator[tuple[str, dict[str, Any]]]:
    yield "form: who is on call", oncall_form.form(["payments", "platform"], 2)
    yield "form: who is on call, without a schedule", oncall_form.form([], 0)
