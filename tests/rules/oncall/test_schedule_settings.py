"""Settings under `[schedules]`, and their errors."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.config import examine, load
from bot.doctor.schedules import check_schedules
from bot.domain.oncall.schedule import Hours, Layer, gaps_between, on_call_at
from bot.services.oncall.coverage import GAP_REMEDY

LAYER = '[[schedules.payments.layers]]\npeople = ["U0123456789"]\nstarts = "2026-01-05 09:00"\n'
WEEKLY = LAYER + 'every = "week"\n'


def read(tmp_path, text, environ=None):
    path = tmp_path / "dogwatch.toml"
    path.write_text(text)
    return examine(environ or {}, config_path=path)


def test_a_schedule_is_read(tmp_path):
    path = tmp_path / "dogwatch.toml"
    path.write_text(
        '[schedules.payments]\nzone = "Europe/Paris"\n'
        "[[schedules.payments.layers]]\n"
        'people = ["UANA", ["UBO", "UCY"]]\nstarts = 2026-01-05 09:00:00\nevery = "2 weeks"\nlength = "5 days"\n'
        'ends = "2027-01-04 09:00"\nhours = { days = ["monday", "Tue"], from = "22:00", to = "06:00" }\n'
        "[[schedules.payments.layers]]\n"
        'people = ["UDEE"]\nstarts = "2026-01-05T09:00"\nrule = "rrule:freq=weekly;byday=mo,fr"\nzone = "Asia/Tokyo"\n'
    )

    found = load({}, config_path=path).schedule_table["payments"]

    paris = ZoneInfo("Europe/Paris")
    starts, ends = datetime.fromisoformat("2026-01-05 09:00"), datetime.fromisoformat("2027-01-04 09:00")
    assert found.zone == paris
    assert found.layers == (
        Layer(
            (("UANA",), ("UBO", "UCY")),
            starts,
            paris,
            every=timedelta(weeks=2),
            length=timedelta(days=5),
            ends=ends,
            hours=(Hours(frozenset({0, 1}), 22 * 60, 6 * 60),),
        ),
        Layer((("UDEE",),), starts, ZoneInfo("Asia/Tokyo"), rule="FREQ=WEEKLY;BYDAY=MO,FR"),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LAYER, "The change of shifts is missing or doubled"),
        (LAYER + 'every = "week"\nrule = "FREQ=DAILY"', "The change of shifts is missing or doubled"),
        (LAYER + 'every = "month"', "This is not a length of time"),
        (LAYER + 'every = "0 hours"', 'Use a length from "1 hour"'),
        (LAYER + "every = 7", "This is not a length of time"),
        (LAYER + 'rule = "every monday"', "FREQ is missing"),
        (LAYER + 'rule = "FREQ=HOURLY"', "FREQ must be one of"),
        (LAYER + 'rule = "FREQ=DAILY;COUNT=3"', "Remove COUNT"),
        (LAYER + 'rule = "FREQ=DAILY;BYEASTER=1"', "BYEASTER is not allowed with FREQ=DAILY"),
        (LAYER + 'rule = "FREQ=DAILY;INTERVAL=7;BYDAY=TU"', "Use FREQ=WEEKLY"),
        (LAYER + 'rule = "FREQ=WEEKLY;BYDAY=XX"', "This is not a recurrence rule"),
        (LAYER + 'rule = "FREQ=WEEKLY;INTERVAL=x"', "INTERVAL must be a whole number, 1 or more"),
        (LAYER + 'rule = "FREQ=WEEKLY;INTERVAL=0"', "INTERVAL must be a whole number, 1 or more"),
        (LAYER + 'rule = "FREQ=WEEKLY;INTERVAL=-1"', "INTERVAL must be a whole number, 1 or more"),
        (LAYER + 'rule = "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30"', "This rule never occurs"),
        (LAYER + 'rule = "FREQ=MONTHLY;BYMONTH=2;INTERVAL=12"', "This rule never occurs"),
        (LAYER + 'rule = "FREQ=DAILY;BYMONTH=13"', "This rule never occurs"),
        (WEEKLY + 'ends = "2026-01-01 00:00"', "The layer ends before it starts"),
        (WEEKLY + 'hours = { from = "09:00", to = "09:00" }', "These hours end when they begin"),
        (WEEKLY + 'hours = { form = "09:00" }', "Did you mean `from`?"),
        (WEEKLY + 'zone = "Europe/Pariss"', "Did you mean `Europe/Paris`?"),
        (WEEKLY.replace("U0123456789", "ana"), "Entry 1, 'ana', is not a Slack user id"),
        (WEEKLY.replace('["U0123456789"]', "[]"), "The list is empty"),
        (WEEKLY.replace('["U0123456789"]', '["UANA", []]'), "Entry 2 is an empty list"),
        (WEEKLY.replace(" 09:00", ""), "This is not a day with a time"),
        (WEEKLY.replace(" 09:00", " 09:00+01:00"), "Remove the offset"),
        ("[schedules.payments]\nlayers = { people = [] }", "two brackets"),
        ("[schedules.payments]\ncalendar = true\n" + WEEKLY, "This schedule has layers and a calendar"),
        ('[schedules.payments.names]\nana = "UANA"', "this schedule has none"),
        ('[schedules.payments]\ncalendar = "absent.ics"', "There is no such file"),
        ("[schedules.a-b]\ncalendar = true\n[schedules.a_b]\ncalendar = true", "both use DOGWATCH_CALENDAR_A_B"),
    ],
)
def test_invalid_settings(tmp_path, text, message):
    report = read(tmp_path, text)

    assert report.settings is None
    assert [each for each in report.problems if message in each.message], report.problems
    assert all(each.line is not None for each in report.problems)


def test_an_invalid_address_is_refused_and_not_shown(tmp_path):
    report = read(
        tmp_path, "[schedules.eu-west]\ncalendar = true", {"DOGWATCH_CALENDAR_EU_WEST": "file:///etc/hidden-away"}
    )

    assert [each.key for each in report.problems] == ["DOGWATCH_CALENDAR_EU_WEST"]
    assert "hidden-away" not in str(report.problems)


def test_webcal_addresses_are_accepted(tmp_path):
    secret = "webcal://calendar.example.com/private-0123456789abcdef/basic.ics"

    settings = read(tmp_path, "[schedules.legacy]\ncalendar = true", {"DOGWATCH_CALENDAR_LEGACY": secret}).settings

    assert settings.calendar_address("legacy") == secret.replace("webcal", "https")
    assert "private-0123456789abcdef" in settings.secret_values()
    assert "calendar.example.com" not in settings.secret_values()


@pytest.mark.parametrize(
    ("text", "environ", "message"),
    [
        ("[schedules.legacy]\ncalendar = true", {}, "Set DOGWATCH_CALENDAR_LEGACY to the calendar's address"),
        ("", {"DOGWATCH_CALENDAR_LEGACY": "https://example.com/a"}, "No schedule of this name has calendar = true"),
        ("[schedules.payments]", {}, "Nobody is ever on call in this schedule"),
    ],
)
def test_warnings(tmp_path, text, environ, message):
    report = read(tmp_path, text, environ)

    assert report.settings is not None
    assert [each for each in report.warnings if message in each.message], report.warnings


def test_the_doctor_looks_up_people_of_schedules(tmp_path):
    text = WEEKLY + '[schedules.legacy]\ncalendar = true\n[schedules.legacy.names]\nDBA = "U0123456780"'

    assert set(read(tmp_path, text).settings.configured_people().users) == {"U0123456789", "U0123456780"}


def test_schedules_of_the_documentation_are_valid(tmp_path):
    """A block is valid by itself; its layers leave no gap unless `may_have_gaps`."""
    from tests.contracts.docs.test_configuration import fenced

    blocks = fenced("docs/oncall/schedules.md", "toml")
    assert blocks
    now = datetime(2026, 11, 21, tzinfo=UTC)
    for block in blocks:
        report = read(tmp_path, block)
        assert report.problems == (), block
        for name, found in report.settings.schedule_table.items():
            section = report.settings.schedules[name]
            missing = gaps_between(found, (), now, now + timedelta(days=28))
            assert section.calendar or bool(missing) == section.may_have_gaps, block
            assert section.calendar or section.may_have_gaps or on_call_at(found, (), now)


@pytest.mark.parametrize(("scheme", "doubts"), [("http", 1), ("https", 0), ("webcal", 0)])
def test_a_calendar_over_http_is_a_warning(tmp_path, scheme, doubts):
    address = {"DOGWATCH_CALENDAR_LEGACY": f"{scheme}://calendar.example.test/secret.ics"}

    report = read(tmp_path, "[schedules.legacy]\ncalendar = true\n", address)

    assert report.problems == ()
    assert ["https://" in str(each) for each in report.warnings] == [True] * doubts
    assert "secret.ics" not in str(report.warnings)


async def test_the_doctor_quotes_titles_with_full_stops(tmp_path):
    event = "BEGIN:VEVENT\nUID:1\nDTSTART:20200101T000000Z\nDTEND:20991231T000000Z\nSUMMARY:Dr. J. Smith\nEND:VEVENT\n"
    (tmp_path / "oncall.ics").write_text(f"BEGIN:VCALENDAR\n{event}END:VCALENDAR\n")
    settings = read(tmp_path, '[schedules.legacy]\ncalendar = "oncall.ics"').settings

    found = await check_schedules(settings, slack=None)

    assert [(each.found, each.remedy) for each in found] == [
        ('legacy: its calendar has the unknown name "Dr. J. Smith"', "Add it under [schedules.legacy.names]."),
        ("legacy: nobody is on call in the next 4 weeks", GAP_REMEDY),
    ]
