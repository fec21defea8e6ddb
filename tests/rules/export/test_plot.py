"""The picture of an incident: what it draws, what it leaves out, and that it stays legible."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from xml.etree.ElementTree import Element, fromstring
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.record.model import Entry, Record, RoleAssignment, Update
from bot.domain.record.samples import bare_record, full_record
from bot.domain.record.sources import Moment, Source
from bot.domain.terms import LANGUAGES, Kind, Precision, SourceKind, Status, TargetKind, UpdateState
from bot.export.plot.axis import axis_ticks, choose_step
from bot.export.plot.figure import render_plot
from bot.export.plot.model import Period
from bot.export.plot.period import find_period
from bot.export.plot.text_width import fit_text, text_width
from tests.support.records.builders import RecordBuilder
from tests.support.records.strategies import records, withdrawn_text

SVG = "{http://www.w3.org/2000/svg}"
AT = datetime(2024, 3, 9, 20, 0, tzinfo=UTC)


def figure_of(record: Record, language: str = "en") -> Element:
    return fromstring(render_plot(record, language))


def drawings(figure: Element) -> list[Element]:
    return figure.findall(f"{SVG}svg")


def table_of(figure: Element) -> dict[str, str]:
    """Rows by label; of two with one label, the first."""
    rows = [[" ".join(cell.itertext()) for cell in row] for row in figure.iter("tr")]
    return {row[0]: row[1] for row in reversed(rows) if len(row) == 2}


def number(element: Element, name: str) -> float:
    return float(element.get(name, "0"))


def label_boxes(drawing: Element) -> list[tuple[str, float, float, float, float]]:
    """Each text with its left, right, upper and lower end."""
    boxes = []
    for each in drawing.iter(f"{SVG}text"):
        text, size = each.text or "", number(each, "font-size")
        wide = text_width(text, size)
        left = number(each, "x") - (wide / 2 if each.get("text-anchor") == "middle" else 0)
        boxes.append((text, left, left + wide, number(each, "y") - size * 0.75, number(each, "y") + size * 0.2))
    return boxes


def extents(drawing: Element) -> Iterator[tuple[float, float, float, float]]:
    """Left, right, upper and lower end of each shape."""
    for each in drawing.iter():
        if each.tag == f"{SVG}rect" and each.get("x") is not None:
            x, y = number(each, "x"), number(each, "y")
            yield x, x + number(each, "width"), y, y + number(each, "height")
        elif each.tag == f"{SVG}circle":
            x, y, radius = number(each, "cx"), number(each, "cy"), number(each, "r")
            yield x - radius, x + radius, y - radius, y + radius
        elif each.tag == f"{SVG}line":
            xs, ys = (number(each, "x1"), number(each, "x2")), (number(each, "y1"), number(each, "y2"))
            yield min(xs), max(xs), min(ys), max(ys)


def check_legible(figure: Element) -> None:
    """Nothing is outside the picture, and no label is on another one."""
    for drawing in drawings(figure):
        _, _, width, height = map(float, drawing.get("viewBox", "").split())
        boxes = label_boxes(drawing)
        for left, right, top, bottom in (*extents(drawing), *(box[1:] for box in boxes)):
            assert -0.01 <= left <= right <= width + 0.01, (left, right, width)
            assert -0.01 <= top <= bottom <= height + 0.01, (top, bottom, height)
        for one, other in combinations(boxes, 2):
            is_beside = one[2] <= other[1] or other[2] <= one[1]
            is_above = one[4] <= other[3] or other[4] <= one[3]
            assert is_beside or is_above, (one, other)


@given(records(), st.sampled_from(LANGUAGES))
def test_any_record_has_a_legible_picture(record, language):
    html = render_plot(record, language)
    figure = fromstring(html)

    check_legible(figure)
    assert {each.tag.removeprefix(SVG) for each in figure.iter()} <= {
        *("figure", "svg", "title", "desc", "defs", "pattern", "rect", "circle", "line", "text"),
        *("figcaption", "details", "summary", "table", "tbody", "tr", "th", "td"),
    }
    assert not [name for each in figure.iter() for name in each.attrib if name == "style" or name.startswith("on")]
    assert not any(withdrawn_text(entry.seq) in html for entry in record.entries)
    ids = [each.get("id") for each in figure.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    assert render_plot(record, language) == html


def src(ref: str) -> Source:
    return Source(SourceKind.MESSAGE, ref, None)


def outage(length: timedelta, count: int) -> Record:
    """An incident of this length with entries of all marks, all of the time."""
    record = full_record()
    start = record.incident.started.at
    kinds = list(Kind)
    entries = [
        replace(
            record.entries[0],
            source=src(f"entry-{number}"),
            seq=number,
            kinds=(kinds[number % len(kinds)],),
            happened_at=start + length * (number / count),
            precision=Precision.EXACT if number % 5 else Precision.APPROXIMATE,
        )
        for number in range(count)
    ]
    end = Moment(start + length, "resolve was typed", src("entry-1"))
    incident = replace(record.incident, resolved=end, ended=end)
    alerts = [
        replace(record.alerts[0], source=src(f"alert-{number}"), name=f"A long name of an alert {number}")
        for number in range(count // 10)
    ]
    return replace(record, incident=incident, entries=entries, alerts=alerts)


@pytest.mark.parametrize("count", [5, 500])
@pytest.mark.parametrize(
    "length", [timedelta(seconds=20), timedelta(minutes=5), timedelta(days=9), timedelta(days=800)]
)
@pytest.mark.parametrize("language", ["en", "de"])
def test_short_long_sparse_and_dense_incidents_are_legible(length, count, language):
    html = render_plot(outage(length, count), language)

    check_legible(fromstring(html))
    assert len(html) < 150_000


def sample() -> RecordBuilder:
    made = RecordBuilder("2024-03-09", "UTC", "Checkout is down", "checkout")
    made.declared_by_alert("20:00", "Errors", "Errors", origin="generic")
    return made


def test_withdrawn_and_redacted_entries_are_absent():
    made = sample()
    made.entry("20:05", "ana", "one", Kind.HYPOTHESIS)
    made.entry("20:06", "ana", "two", Kind.HYPOTHESIS, withdrawn_at=AT)
    made.entry("20:07", "ana", "three", Kind.ROLLBACK, redacted_at=AT)
    figure = figure_of(made.record())

    assert table_of(figure)["Hypothesis"] == "1 entry, 20:05"
    assert "Rollback" not in table_of(figure)
    assert "Rollback" not in render_plot(made.record())


def test_an_update_of_a_redacted_entry_is_absent():
    made = sample()
    entry = made.entry("20:05", "ana", "words", Kind.COMMUNICATION, redacted_at=AT)
    update = Update(UpdateState.IDENTIFIED, entry.happened_at, {"en": "words"}, ("en",), (entry.source,))

    assert "Public communication" not in table_of(figure_of(replace(made.record(), updates=[update])))


def test_names_are_escaped_and_shown_as_they_are():
    made = sample()
    made.escalated("20:05", "ana", '<script>"x"</script> & co', "why")
    html = render_plot(made.record())

    assert "<script" not in html
    assert '<script>"x"</script> & co' in table_of(fromstring(html))


def test_what_is_not_recorded_is_hatched_and_said():
    figure = figure_of(sample().record())
    hatched = [each for each in drawings(figure)[0].iter() if each.get("fill", "").startswith("url(#")]

    assert [each.get("class") for each in hatched] == [
        "plot-bar plot-impact",
        "plot-bar plot-response",
        "plot-bar plot-alert",
    ]
    assert table_of(figure)["Impact"] == "20:00, no end recorded"
    assert "Hatched:" in "".join(figure.itertext())


def test_a_start_that_only_the_declaration_gives_is_not_drawn_as_recorded():
    figure = figure_of(replace(bare_record(), incident=replace(bare_record().incident, started=declared())))

    assert table_of(figure)["Impact"] == "time not recorded"
    assert "Impact began" not in table_of(figure)


def declared() -> Moment:
    return Moment(bare_record().incident.declared.at, "declared", src("entry-1"))


def test_an_end_before_its_start_has_no_bar():
    record = full_record()
    ended = replace(record.incident.started, at=record.incident.started.at - timedelta(minutes=3))
    figure = figure_of(replace(record, incident=replace(record.incident, ended=ended)))

    assert table_of(figure)["Impact"] == "The recorded end, 08:57, is before the recorded start, 09:00"
    assert not [each for each in drawings(figure)[0].iter() if each.get("class") == "plot-bar plot-impact"]


def test_approximate_times_are_dashed_and_unknown_ones_in_a_column():
    made = sample()
    made.entry("20:05", "ana", "one", Kind.NOTE, precision=Precision.APPROXIMATE)
    made.entry(None, "ana", "two", Kind.NOTE)
    figure = figure_of(made.record())

    assert table_of(figure)["Note"] == "2 entries, 20:05, 1 with an approximate time, 1 without a time"
    about = [each for each in drawings(figure)[0].iter() if "plot-about" in each.get("class", "")]
    assert [each.get("stroke-dasharray") for each in about] == ["2 1.5"]
    assert [each.text for each in drawings(figure)[0].iter(f"{SVG}text") if each.text in {"?", "1"}] == ["?", "1"]


def test_escalations_show_how_long_they_waited_and_who_answered():
    made = sample()
    made.escalated("20:05", "ana", "dba", "locks")
    made.acknowledged("20:17", "bob", "dba")
    made.escalated("20:06", "ana", "bank", "down", kind=TargetKind.VENDOR)
    record = made.record()
    figure = figure_of(replace(record, incident=replace(record.incident, status=Status.RESOLVED)))

    assert table_of(figure)["dba"] == "20:05, acknowledged by bob at 20:17, after 12m"
    assert table_of(figure)["bank"] == "20:06, no answer recorded"
    labels = [each.text for each in drawings(figure)[0].iter(f"{SVG}text")]
    assert "12m, bob" in labels
    assert "no answer recorded" in labels


def test_leads_follow_one_another():
    made = sample()
    made.entry("21:00", "ana", "note", Kind.NOTE)
    roles = [
        RoleAssignment(src("role-1"), "lead", "Lead", "UANA", AT, AT + timedelta(minutes=30), handed_to="UBOB"),
        RoleAssignment(src("role-2"), "lead", "Lead", "UBOB", AT + timedelta(minutes=30)),
    ]
    figure = figure_of(replace(made.record(), roles=roles, people={"UANA": "ana", "UBOB": "bob"}))

    assert table_of(figure)["Lead"] == "ana 20:00 to 20:30, 30m; bob since 20:30"
    bars = [each for each in drawings(figure)[0].iter() if each.get("class") == "plot-bar plot-lead"]
    assert number(bars[0], "x") + number(bars[0], "width") == pytest.approx(number(bars[1], "x"))


def with_task_after(hours: float) -> tuple[Record, Entry]:
    made = sample()
    made.resolved("21:00", "ana", "done")
    task = made.entry("21:01", "ana", "later", Kind.TASK)
    record = made.record()
    late = replace(task, happened_at=AT + timedelta(hours=hours))
    return replace(record, entries=[*record.entries[:-1], late]), late


def test_the_period_is_the_incident_and_what_is_close_to_it():
    assert find_period(with_task_after(1.4)[0]).end == AT + timedelta(hours=1.4)

    record, _ = with_task_after(72)
    assert find_period(record) == Period(AT, AT + timedelta(hours=1))
    figure = figure_of(record)
    assert "»: later." in "".join(figure.itertext())
    assert table_of(figure)["Task"] == "1 entry, Mar 12, 20:00"


def test_ticks_are_round_local_times_also_when_clocks_change():
    zone = ZoneInfo("Europe/Paris")
    period = Period(datetime(2024, 3, 30, 23, 10, tzinfo=UTC), datetime(2024, 3, 31, 4, 10, tzinfo=UTC))
    step = choose_step(period, 6)

    assert step == timedelta(hours=1)
    shown = [at.astimezone(zone).strftime("%H:%M") for at in axis_ticks(period, zone, step)]
    assert shown == ["01:00", "03:00", "04:00", "05:00", "06:00"], "02:00 does not exist on that day"


@given(st.timedeltas(timedelta(minutes=5), timedelta(days=20_000)), st.integers(2, 12))
def test_there_are_never_more_ticks_than_have_room(length, most):
    period = Period(AT, AT + length)

    assert len(axis_ticks(period, ZoneInfo("America/New_York"), choose_step(period, most))) <= most + 1


@given(st.text(max_size=40), st.floats(0, 200))
def test_a_cut_text_fits_its_room(text, room):
    assert text_width(fit_text(text, 11, room), 11) <= room


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_are_of_the_documents_language(language):
    html = render_plot(full_record(), language)

    assert not re.search(r"plot_|\{[a-z]+\}", html.replace("plot-", ""))
    assert (language == "en") == ("Impact began" in html)


@pytest.mark.parametrize(
    ("because", "language", "word"),
    [
        ("first lead", "en", "First lead"),
        ("first lead", "de", "Einsatzleitung übernommen"),
        ("first acknowledgement", "en", "First response"),
    ],
)
def test_the_first_lead_is_no_response(because, language, word):
    record = full_record()
    acknowledged = replace(record.incident.acknowledged, because=because)
    record = replace(record, incident=replace(record.incident, acknowledged=acknowledged))

    assert word in " ".join(figure_of(record, language).itertext())
    assert ("First response" in " ".join(figure_of(record).itertext())) is (because == "first acknowledgement")
