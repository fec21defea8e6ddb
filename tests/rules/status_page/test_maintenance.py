"""Published maintenance: its phases, the components during it, the bars, and what programs read."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest

from bot.domain.errors import UserError
from bot.domain.status_page.components import Component, ComponentState, Indicator, parse_keys
from bot.domain.status_page.maintenance import MaintenancePhase, PublishedMaintenance
from bot.domain.status_page.page import PageFrame
from bot.domain.status_page.publication import PublishedIncident, PublishedState, PublishedUpdate
from bot.domain.status_page.state import PublicState, build_state
from bot.domain.terms import UpdateState
from bot.export.status_page.history_json import HistoryWriter
from bot.export.status_page.maintenance_calendar import CalendarWriter
from bot.export.status_page.statuspage_json import StatuspageWriter

BEGIN = datetime(2026, 11, 18, 22, tzinfo=UTC)
END = BEGIN + timedelta(hours=4)
MINUTE = timedelta(minutes=1)
FRAME = PageFrame("Example Pay", "https://status.example.test", ("en", "fr"))
CARD = Component("card", {"en": "Card", "fr": "Carte"})
PLANNED = PublishedMaintenance(
    "abc123",
    {"en": "New disks", "fr": "Maintenance programmée"},
    {"en": "Card payments, refunds; maybe slow.\nSorry."},
    {"card": {"en": "Card", "fr": "Carte"}},
    BEGIN,
    END,
    BEGIN - timedelta(days=1),
)
CANCELLED = replace(PLANNED, ended_at=BEGIN - MINUTE, changed_at=BEGIN - MINUTE, sequence=1)
ENDED_EARLY = replace(PLANNED, ended_at=BEGIN + 30 * MINUTE, changed_at=BEGIN + 30 * MINUTE, sequence=1)


def page(now: datetime, maintenance: PublishedMaintenance = PLANNED, *incidents: PublishedIncident) -> PublicState:
    parts = (CARD, Component("portal", {"en": "Portal"}))
    return build_state(parts, incidents, now, ZoneInfo("UTC"), (maintenance,))


def an_incident(at: datetime, state: ComponentState | None) -> PublishedIncident:
    components = {"card": PublishedState(state, CARD.names)} if state else {}
    update = PublishedUpdate(1, UpdateState.INVESTIGATING, at, {"en": "We look."}, ("en",), components)
    return PublishedIncident("def456", {"en": "Cards fail"}, (update,))


@pytest.mark.parametrize(
    ("maintenance", "now", "phase", "is_announced"),
    [
        (PLANNED, BEGIN - MINUTE, MaintenancePhase.SCHEDULED, True),
        (PLANNED, BEGIN, MaintenancePhase.IN_PROGRESS, True),
        (PLANNED, END - MINUTE, MaintenancePhase.IN_PROGRESS, True),
        (PLANNED, END, MaintenancePhase.COMPLETED, False),
        (ENDED_EARLY, BEGIN + 30 * MINUTE, MaintenancePhase.COMPLETED, False),
        (CANCELLED, BEGIN + MINUTE, MaintenancePhase.CANCELLED, True),
        (CANCELLED, END, MaintenancePhase.CANCELLED, False),
    ],
)
def test_it_begins_and_ends_by_itself(
    maintenance: PublishedMaintenance, now: datetime, phase: MaintenancePhase, is_announced: bool
) -> None:
    assert maintenance.phase_at(now) is phase
    assert bool(page(now, maintenance).announced_maintenances) is is_announced


@pytest.mark.parametrize(
    ("maintenance", "now", "edge"),
    [
        (PLANNED, BEGIN - MINUTE, BEGIN),
        (PLANNED, BEGIN, END),
        (PLANNED, END, None),
        (CANCELLED, BEGIN - MINUTE, BEGIN),
        (CANCELLED, BEGIN, END),
    ],
)
def test_the_page_knows_when_it_changes_next(
    maintenance: PublishedMaintenance, now: datetime, edge: datetime | None
) -> None:
    assert page(now, maintenance).next_edge == edge


def test_its_components_are_under_maintenance_which_is_no_downtime() -> None:
    before, during, after = (page(at) for at in (BEGIN - MINUTE, BEGIN + 90 * MINUTE, END + MINUTE))

    assert [state.components[0].state for state in (before, during, after)] == [
        ComponentState.OPERATIONAL,
        ComponentState.MAINTENANCE,
        ComponentState.OPERATIONAL,
    ]
    assert during.components[1].state is ComponentState.OPERATIONAL
    assert [state.indicator for state in (before, during, after)] == [
        Indicator.NONE,
        Indicator.MAINTENANCE,
        Indicator.NONE,
    ]
    assert during.components[0].days[-1].minutes == {ComponentState.MAINTENANCE: 90}, "minutes to come do not count"
    assert [day.minutes for day in after.components[0].days[-2:]] == [
        {ComponentState.MAINTENANCE: 120},
        {ComponentState.MAINTENANCE: 120},
    ]
    assert after.components[0].uptime == 100
    assert after.components[0].changed_at == END


def test_a_cancelled_one_leaves_no_trace_in_the_bars_and_stays_in_the_history() -> None:
    state = page(END + timedelta(days=30), CANCELLED)

    assert all(not day.minutes for day in state.components[0].days)
    assert [month.isoformat() for month, _ in state.months] == ["2026-12-01", "2026-11-01"]
    assert state.find_finished(state.months[1][0]) == (CANCELLED,)


@pytest.mark.parametrize(("impact", "indicator"), [(None, Indicator.MINOR), (ComponentState.MAJOR, Indicator.CRITICAL)])
def test_an_incident_during_a_maintenance_is_worse(impact: ComponentState | None, indicator: Indicator) -> None:
    state = page(BEGIN + MINUTE, PLANNED, an_incident(BEGIN, impact))

    assert state.indicator is indicator
    assert state.components[0].state is (impact or ComponentState.MAINTENANCE)


@pytest.mark.parametrize(
    ("maintenance", "now", "lists", "updates"),
    [
        (PLANNED, BEGIN - MINUTE, ["upcoming"], ["scheduled"]),
        (PLANNED, BEGIN, ["active"], ["in_progress", "scheduled"]),
        (PLANNED, END, [], ["completed", "in_progress", "scheduled"]),
        (CANCELLED, BEGIN, [], ["completed", "scheduled"]),
    ],
)
def test_aggregators_find_it_in_the_list_of_its_phase(
    maintenance: PublishedMaintenance, now: datetime, lists: list[str], updates: list[str]
) -> None:
    files = StatuspageWriter(page(now, maintenance), FRAME, "en").write_files()

    found = {name: json.loads(body).get("scheduled_maintenances") for name, body in files.items()}
    (written,) = found["scheduled-maintenances.json"]
    named = [name for name in ("upcoming", "active") if found[f"scheduled-maintenances/{name}.json"]]
    assert named == lists
    assert bool(found["summary.json"]) is bool(lists)
    assert [each["status"] for each in written["incident_updates"]] == updates
    assert written["status"] == updates[0]
    assert (written["resolved_at"] is None) is bool(lists)
    assert (written["scheduled_for"], written["impact"]) == ("2026-11-18T22:00:00.000+00:00", "maintenance")
    if maintenance is CANCELLED:
        assert "was cancelled" in written["incident_updates"][0]["body"]


def test_the_calendar_follows_changes_and_says_that_it_was_cancelled() -> None:
    events = {}
    for name, each in {"planned": PLANNED, "cancelled": CANCELLED, "early": ENDED_EARLY}.items():
        body = CalendarWriter(page(BEGIN + timedelta(hours=1), each), FRAME, "en").write_calendar()
        (events[name],) = icalendar.Calendar.from_ical(body).walk("VEVENT")

    planned, cancelled = events["planned"], events["cancelled"]
    assert planned["uid"] == cancelled["uid"] == "abc123@status.example.test"
    assert (planned["status"], cancelled["status"]) == ("CONFIRMED", "CANCELLED")
    assert (planned["sequence"], cancelled["sequence"]) == (0, 1)
    assert (planned["dtstart"].dt, planned["dtend"].dt) == (BEGIN, END)
    assert events["early"]["dtend"].dt == BEGIN + 30 * MINUTE
    assert planned["summary"] == "New disks"
    assert planned["description"] == "Card payments, refunds; maybe slow.\nSorry.\n\nAffected: Card"
    assert "was cancelled" in cancelled["description"]


def test_the_calendar_stays_the_same_until_something_changes_and_forgets_old_ones() -> None:
    written = [CalendarWriter(page(at), FRAME, "fr").write_calendar() for at in (BEGIN, BEGIN + MINUTE)]
    old = CalendarWriter(page(END + timedelta(days=91)), FRAME, "fr").write_calendar()

    assert written[0] == written[1]
    assert b"VEVENT" not in old


def test_the_calendar_survives_hostile_words() -> None:
    hostile = "x\r\nEND:VEVENT\nBEGIN:VEVENT \x00\x08; \\, \N{SNOWMAN}" + "a" * 100
    maintenance = replace(PLANNED, titles={"en": hostile}, texts={"en": hostile})
    body = CalendarWriter(page(BEGIN, maintenance), FRAME, "en").write_calendar()

    (event,) = icalendar.Calendar.from_ical(body).walk("VEVENT")
    assert "\N{SNOWMAN}" in event["summary"]
    assert max(len(line) for line in body.split(b"\r\n")) <= 75
    assert b"\x00" not in body


def test_the_history_has_the_days_the_incidents_and_the_maintenance() -> None:
    incident = an_incident(BEGIN, ComponentState.MAJOR)
    history = json.loads(HistoryWriter(page(BEGIN + 60 * MINUTE, PLANNED, incident), FRAME, "fr").write_history())

    today = history["components"][0]["days"][-1]
    assert len(history["components"][0]["days"]) == 90
    assert today == {
        "date": "2026-11-18",
        "status": "major_outage",
        "minutes": {"major_outage": 60},
        "incidents": ["def456"],
        "maintenances": ["abc123"],
    }
    assert history["components"][0]["uptime_percent"] < 100
    assert [(each["id"], each["resolved_at"]) for each in history["incidents"]] == [("def456", None)]
    (maintenance,) = history["maintenances"]
    assert (maintenance["name"], maintenance["status"]) == ("Maintenance programmée", "in_progress")
    assert maintenance["components"] == [history["components"][0]["id"]]


@pytest.mark.parametrize(
    ("text", "keys"), [("card", ("card",)), (" Portal, card,card ", ("portal", "card")), ("none", ()), ("", ())]
)
def test_components_are_named_by_their_keys(text: str, keys: tuple[str, ...]) -> None:
    assert parse_keys(text, (CARD, Component("portal", {}))) == keys


def test_an_unknown_component_is_refused() -> None:
    with pytest.raises(UserError, match="Did you mean `card`"):
        parse_keys("crad", (CARD,))
