"""Scenarios as they are read: times, mistakes, what a monitor sends, and which facts hold."""

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import UserError
from bot.domain.languages import language
from bot.domain.terms import AlertStatus
from bot.scenario import Alert, Typed, differences, not_compared, notification, read, read_scenario
from bot.scenario.times import step_times
from bot.simulation.player import without_times
from bot.sources import SOURCES

HEAD = {"title": "Checkout is down", "timezone": "Africa/Nairobi", "date": "2023-05-15"}
FIRING = {"source": "alertmanager", "status": "firing", "labels": {"alertname": "Spike"}}
SAID = {"at": "12:00", "say": {"who": "oncall", "text": "x", "id": "first"}}
NOTE = {"command": {"who": "oncall", "text": "/incident note looking"}}
PARIS = ZoneInfo("Europe/Paris")


def text_of(steps: list[Any] | None = None, **head: Any) -> str:
    steps = [{"at": "12:00", "alert": FIRING}] if steps is None else steps
    return yaml.safe_dump({**HEAD, "steps": steps, **head}, sort_keys=False)


def times(*stated: str | None, day: str = "2023-05-15", zone: ZoneInfo = PARIS) -> list[str]:
    found = step_times([(f"step {n}", at) for n, at in enumerate(stated, 1)], date.fromisoformat(day), zone)
    return [f"{at.astimezone(zone):%m-%d %H:%M:%S}" for at in found]


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (("12:00", "12:05:30"), ("05-15 12:00:00", "05-15 12:05:30")),
        (("12:00", None, "12:10"), ("05-15 12:00:00", "05-15 12:05:00", "05-15 12:10:00")),
        (
            ("12:00", None, None, None, "13:00"),
            ("05-15 12:00:00", "05-15 12:15:00", "05-15 12:30:00", "05-15 12:45:00", "05-15 13:00:00"),
        ),
        (("12:00", None, None), ("05-15 12:00:00", "05-15 12:01:00", "05-15 12:02:00")),
        (("12:00", None, "12:00"), ("05-15 12:00:00",) * 3),
        (("23:50", "00:10", "00:20"), ("05-15 23:50:00", "05-16 00:10:00", "05-16 00:20:00")),
        (("12:00", "2023-05-18 09:43", "10:00"), ("05-15 12:00:00", "05-18 09:43:00", "05-18 10:00:00")),
    ],
)
def test_when_each_step_happens(stated, expected):
    assert tuple(times(*stated)) == expected


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ((None, "12:00"), "step 1: at: it is missing"),
        (("12:00", "25:00"), "step 2: at: `25:00` is no time"),
        (("noon",), "step 1: at: `noon` is no time"),
        (("12:00", "2023-05-14 12:00"), "step 2: at: `2023-05-14 12:00` is earlier than a step before it"),
    ],
)
def test_a_time_that_cannot_be_is_named_by_its_step(stated, message):
    with pytest.raises(UserError, match=message):
        times(*stated)


@pytest.mark.parametrize(
    ("day", "how_often"), [("2025-03-30", "never"), ("2025-10-26", "twice")], ids=["skipped", "repeated"]
)
def test_a_time_that_the_clocks_do_not_show_once_is_refused(day, how_often):
    with pytest.raises(UserError, match=f"`02:30` {how_often} on {day}"):
        times("02:30", day=day)


@given(st.lists(st.none() | st.integers(0, 23 * 60 + 59), max_size=30))
def test_steps_never_go_back_and_stated_times_are_kept(minutes):
    stated = ["00:00", *(None if each is None else f"{each // 60:02}:{each % 60:02}" for each in minutes)]

    found = step_times([("a step", at) for at in stated], date(2023, 5, 15), ZoneInfo("UTC"))

    assert found == sorted(found)
    assert all(text is None or f"{at:%H:%M:%S}" == f"{text}:00" for text, at in zip(stated, found, strict=True))


def test_the_head_is_read():
    found = read(
        text_of(
            title={"fr": "Panne", "en": "Outage"},
            service=["cards", "wallets"],
            severity="P1",
            reference="TSR-1",
            category="Production",
            responsibility="us",
            template="brief",
        )
    )

    assert (found.titles, found.title) == ({"fr": "Panne", "en": "Outage"}, "Panne")
    assert (found.services, found.severity, found.reference) == (("cards", "wallets"), "P1", "TSR-1")
    assert (found.category, found.responsibility, found.template) == ("Production", "us", "brief")
    assert found.steps[0].at == datetime(2023, 5, 15, 9, 0, tzinfo=UTC)


def test_unquoted_times_and_words_are_texts():
    """YAML 1.1 would read 12:05 as a number, 2023-05-15 as a date, and `on` as true."""
    text = (
        "timezone: UTC\ndate: 2023-05-15\ntitle: on\nsteps:\n"
        "  - {at: 12:05, command: {who: no, text: /incident note x}}\n"
    )

    found = read(text)

    assert found.title == "on"
    assert found.steps[0].act == Typed("no", "/incident note x")
    assert found.steps[0].at == datetime(2023, 5, 15, 12, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("steps", "head", "message"),
    [
        (None, {"tempate": "brief"}, "`tempate` is not known here. Did you mean `template`?"),
        (None, {"timezone": "Africa/Nairobbi"}, "timezone: .*Did you mean `Africa/Nairobi`?"),
        (None, {"timezone": None}, "the scenario: timezone: it is missing"),
        (None, {"date": "15.5.2023"}, "date: `15.5.2023` is no date"),
        (None, {"service": [1]}, "service: a text, or a list of texts"),
        ([], {}, "steps: there are none"),
        (None, {"expect": {"tsks": 3}}, "expect: `tsks` is not known here. Did you mean `tasks`?"),
        (None, {"expect": {"duration": "long"}}, "expect: duration: `long` is no duration"),
        (None, {"expect": {"started": "2023-05-15T12:00:00"}}, "expect: started: .* no time with an offset"),
        (None, {"expect": {"timeline_times": ["noon"]}}, "expect: timeline_times: `noon` is no clock time"),
        (None, {"expect": {"tasks": "three"}}, "expect: tasks: a number from 0 is needed, not 'three'"),
        (None, {"expect": {"conclusion": "yes"}}, "expect: conclusion: write true or false"),
        (None, {"expect": {"escalations": [{"too": "x"}]}}, "escalations: number 1: `too` is not known"),
        ([{"at": "12:00", "alarm": {}}], {}, "step 1: `alarm` is not something that can happen. Did you mean `alert`?"),
        ([{"at": "12:00"}], {}, "step 1: one of .* is needed"),
        ([{"at": "12:00", **NOTE, "ack": {"who": "dba", "target": "x"}}], {}, "step 1: one of .* here are 2"),
        ([{"at": "12:00", "alert": FIRING}, {"say": {"who": "oncall"}}], {}, r"step 2 \(say\): text: it is missing"),
        ([{"at": "12:00", "say": {"who": "oncall", "txt": "x"}}], {}, r"step 1 \(say\): `txt` .* Did you mean `text`?"),
        ([{"at": "12:00", "say": {"who": "oncall", "text": 5}}], {}, r"step 1 \(say\): text: a text is needed, not 5"),
        ([{"at": "12:00", "command": {"who": "oncall", "text": "incident"}}], {}, "begins with a slash"),
        ([{"at": "12:00", "alert": {**FIRING, "source": "nagios"}}], {}, r"step 1 \(alert\): source: `nagios`"),
        ([{"at": "12:00", "alert": {**FIRING, "labels": {}}}], {}, r"step 1 \(alert\): labels: `alertname` is missing"),
        (
            [SAID, {"react": {"who": "dba", "emoji": "mag", "to": "frist"}}],
            {},
            r"step 2 \(react\): to: no step before it writes a message `frist`. Did you mean `first`?",
        ),
        ([{"at": "12:00", **NOTE}, "later"], {}, "step 2: a table of keys is needed here, not 'later'"),
    ],
)
def test_a_mistake_is_named_by_step_and_key(steps, head, message):
    with pytest.raises(UserError, match=message):
        read(text_of(steps, **head))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title: [", "line 1: This is not YAML"),
        ("- a list", "the scenario: a table of keys is needed"),
        ("", "the scenario: a table of keys is needed here, not nothing"),
        ("title: a\ntitle: b", "line 2: `title` stands twice"),
        ("a: !!python/object/apply:os.getcwd []", "This is not YAML"),
        ("[" * 5000, "nested too deeply|This is not YAML"),
    ],
)
def test_what_is_no_scenario_is_refused(text, message):
    with pytest.raises(UserError, match=message):
        read(text)


@given(st.text(alphabet=st.characters(codec="utf-8")) | st.text(alphabet=" \n:-[]{}\"'abt1,&*!|>"))
def test_any_text_is_a_scenario_or_a_clear_refusal(text):
    try:
        read(text)
    except UserError as problem:
        assert problem.message  # noqa: PT017  a refusal is as good as a scenario


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "latin.yaml").write_bytes(b"title: \xe9")

    with pytest.raises(UserError, match=r"none\.yaml: it cannot be opened"):
        read_scenario(tmp_path / "none.yaml")
    with pytest.raises(UserError, match=r"latin\.yaml: this is not UTF-8"):
        read_scenario(tmp_path / "latin.yaml")


# --- what a monitor sends

NOON = datetime(2023, 5, 15, 12, 0, tzinfo=UTC)


def sent(source: str, *, status: AlertStatus = AlertStatus.FIRING, ends_at: datetime | None = None, run: str = ""):
    alert = Alert(source, status, {"alertname": "Spike", "service": "checkout"}, {"summary": "Many errors"})
    body = notification(alert, starts_at=NOON, ends_at=ends_at, run=run)
    (event,) = SOURCES[source].parse(body, NOON + timedelta(hours=1)).events
    return event


@pytest.mark.parametrize("source", ["alertmanager", "grafana", "generic"])
def test_what_a_monitor_sends_is_read_as_meant(source):
    event = sent(source)

    assert (event.name, event.summary, event.status) == ("Spike", "Many errors", AlertStatus.FIRING)
    assert (event.starts_at, event.ends_at, event.labels["service"]) == (NOON, None, "checkout")


@pytest.mark.parametrize("source", ["alertmanager", "grafana", "generic"])
def test_an_alert_that_ends_is_the_one_that_fired(source):
    fired = sent(source)

    ended = sent(source, status=AlertStatus.RESOLVED, ends_at=NOON + timedelta(minutes=5))

    assert (ended.fingerprint, ended.group, ended.occurrence) == (fired.fingerprint, fired.group, fired.occurrence)
    assert (ended.status, ended.ends_at) == (AlertStatus.RESOLVED, NOON + timedelta(minutes=5))


@pytest.mark.parametrize("source", ["alertmanager", "grafana", "generic"])
def test_another_run_is_another_group(source):
    assert sent(source, run="/2").group != sent(source).group


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("/incident start Payments down sev:P1 at:16:11", "/incident start Payments down sev:P1"),
        ("/incident resolve at:16:24 It is over.", "/incident resolve It is over."),
        ("/incident note at:? kind:misleading The logs", "/incident note at:? kind:misleading The logs"),
        ("/incident note at:~14:05 Seen", "/incident note Seen"),
        ("/incident impact started:12:05PM EAT ended:2023-11-07 08:45 PST bad", "/incident impact bad"),
        ('/incident note at:"10 min ago" Seen', "/incident note Seen"),
        ("/incident note look at: the logs", "/incident note look at: the logs"),
    ],
)
def test_times_are_left_out_of_a_command(command, expected):
    assert without_times(command) == expected


# --- which facts hold

EXPECTED = {
    "started": "2023-05-15T12:00:00+03:00",
    "resolved": "2023-05-15T14:00:00+03:00",
    "identified": "2023-05-15T13:00:00+03:00",
    "duration": "2h 0m",
    "zone_label": "EAT",
    "detected_by": "Spike",
    "impact": {"text": "20% of users", "percent_of_users": 20},
    "languages": ["en"],
    "timeline_times": ["12:00", None, "14:00"],
    "actions_taken": 2,
    "misleading_paths": 1,
    "escalations": [{"to": "dba", "acknowledged": True}, {"to": "supplier", "external": True}],
    "improvements": 1,
    "tasks": 2,
    "symptom_table": 1,
    "conclusion": True,
}
MARKDOWN = """\
# Postmortem: Checkout is down

- **Duration:** 2h 0m, from May 15, 2023, 12:00 PM to 2:00 PM (EAT) [↗](https://x.example/2h-5m)

## Timeline (EAT)

### Detection

- *Alert Spike:* Many errors

### Alerts

- *Other*

## Conclusion

It lasted 2h 0m\\. [↗](https://x.example/a_b) Cause: *code*.
"""


def entry(at: str | None, *kinds: str) -> dict[str, Any]:
    return {"happened_at": at and f"2023-05-15T{at}:00+00:00", "kinds": list(kinds), "withdrawn_at": None}


RECORD: dict[str, Any] = {
    "incident": {
        "started_at": "2023-05-15T12:00:00+03:00",
        "ended_at": "2023-05-15T14:00:00+03:00",
        "identified_at": "2023-05-15T10:00:00+00:00",
        "duration_seconds": 7200,
        "impact": {"percent_of_users": 20.0, "texts": [{"text": "About 20% of users could not pay"}]},
        "conclusion": "It lasted 2h 0m. Cause: code.",
    },
    "timeline": [
        entry("09:00", "detection"),
        entry("09:30", "investigation", "hypothesis"),
        entry(None, "misleading path"),
        entry("10:30", "rollback"),
        entry("11:00", "resolved"),
    ],
    "escalations": [
        {"target": "@dba", "external": False, "acknowledged_at": "2023-05-15T12:30:00+03:00"},
        {"target": "engineering", "external": False, "acknowledged_at": None},
        {"target": "supplier", "external": True, "acknowledged_at": None},
    ],
    "actions": [
        {"kind": "improvement", "symptom": None},
        {"kind": "task", "symptom": "Deployment failed"},
        {"kind": "task", "symptom": None},
    ],
    "alerts": [{"name": "Spike"}, {"name": "Other"}],
    "findings": [{"code": "task-without-owner"}, {"code": "repeated-entry"}, {"code": "repeated-entry"}],
}


def found(record: dict[str, Any] = RECORD, markdown: str = MARKDOWN, **expect: Any) -> list[str]:
    return differences(read(text_of(expect=expect)), record, markdown)


def test_facts_that_hold_are_not_mentioned():
    assert found(**EXPECTED) == []


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        (
            "started",
            "2023-05-15T12:01:00+03:00",
            "started: expected 2023-05-15T12:01:00+03:00, found 2023-05-15T12:00:00+03:00",
        ),
        (
            "resolved",
            "2023-05-15T14:00:00+02:00",
            "resolved: expected 2023-05-15T14:00:00+02:00, found 2023-05-15T14:00:00+03:00",
        ),
        (
            "identified",
            "2023-05-15T12:00:00+03:00",
            "identified: expected 2023-05-15T12:00:00+03:00, found 2023-05-15T10:00:00+00:00",
        ),
        ("duration", "1h 55m", "duration: expected 1h 55m, found 2h 0m"),
        ("zone_label", "PST", "zone_label: expected PST beside the times of the draft, and it stands beside none"),
        ("detected_by", "Outage", "detected_by: expected Outage, found Spike, Other"),
        ("detected_by", "Other", "detected_by: expected Other, which the draft's detection does not name"),
        (
            "impact",
            {"text": "30% of users"},
            "impact: text: expected 30% of users, found About 20% of users could not pay",
        ),
        ("impact", {"percent_of_users": 30}, "impact: percent_of_users: expected 30, found 20.0"),
        ("languages", ["fr", "en"], "languages: expected fr, en, found en"),
        (
            "findings",
            ["repeated-entry", "long-gap"],
            "findings: long-gap is missing among task-without-owner, repeated-entry",
        ),
        (
            "timeline_times",
            ["14:00", "12:00"],
            "timeline_times: number 2, 12:00, is missing or out of order among 12:00, 12:30, no time, 13:30, 14:00",
        ),
        (
            "timeline_times",
            [None, None],
            "timeline_times: number 2, no time, is missing or out of order among 12:00, 12:30, no time, 13:30, 14:00",
        ),
        ("actions_taken", 3, "actions_taken: expected at least 3, found 2"),
        ("misleading_paths", 0, "misleading_paths: expected 0, found 1"),
        ("improvements", 2, "improvements: expected 2, found 1"),
        ("tasks", 1, "tasks: expected 1, found 2"),
        ("symptom_table", 2, "symptom_table: expected 2, found 1"),
        (
            "escalations",
            [{"to": "supplier"}, {"to": "dba"}],
            "escalations: dba is missing or out of order among @dba, engineering, supplier",
        ),
        (
            "escalations",
            [{"to": "engineering", "acknowledged": True}],
            "escalations: engineering: acknowledged: expected yes, found no",
        ),
        ("escalations", [{"to": "dba", "external": True}], "escalations: dba: external: expected yes, found no"),
        ("conclusion", False, "conclusion: expected no, found yes"),
    ],
)
def test_a_fact_that_does_not_hold_is_one_line(key, value, line):
    assert found(**{**EXPECTED, key: value}) == [line]


def test_a_withdrawn_entry_counts_for_nothing():
    record = deepcopy(RECORD)
    record["timeline"][2]["withdrawn_at"] = "2023-05-15T14:00:00+03:00"

    assert found(record, misleading_paths=1, timeline_times=[None]) == [
        "timeline_times: number 1, no time, is missing or out of order among 12:00, 12:30, 13:30, 14:00",
        "misleading_paths: expected 1, found 0",
    ]


def test_an_incident_that_goes_on_has_no_end_and_no_duration():
    record = deepcopy(RECORD)
    record["incident"] |= {"ended_at": None, "duration_seconds": None}

    assert found(record, resolved=EXPECTED["resolved"], duration="2h 0m") == [
        "resolved: expected 2023-05-15T14:00:00+03:00, found nothing",
        "duration: expected 2h 0m, found nothing",
    ]


@pytest.mark.parametrize(
    ("key", "without"),
    [("duration", "2h 0m"), ("zone_label", "EAT"), ("detected_by", "Spike"), ("conclusion", "It lasted 2h 0m\\. ")],
)
def test_what_the_draft_does_not_say_is_a_difference(key, without):
    """The record holds it, and the reader of the draft does not see it."""
    assert without in MARKDOWN

    lines = found(markdown=MARKDOWN.replace(without, ""), **{key: EXPECTED[key]})

    assert [line.partition(":")[0] for line in lines] == [key]


def test_a_draft_says_the_duration_as_its_language_does():
    assert found(markdown=MARKDOWN.replace("2h 0m", "2 h 0 min"), duration="2h 0m") == []
    assert found(markdown=MARKDOWN.replace("2h 0m", "12 h 0 min"), duration="2h 0m") != []


def test_a_draft_that_goes_on_after_its_conclusion_does_not_end_with_it():
    assert found(markdown=MARKDOWN + "\nLessons were learned.\n", conclusion=True) == [
        "conclusion: expected yes, found no"
    ]


def test_a_draft_without_a_section_for_it_tells_of_the_detection_first():
    first = "## Timeline (EAT)\n\n- **12:00 PM** *Detection:* Spike\n- **12:30 PM** Other\n"

    assert found(markdown=first, detected_by="Spike") == []
    assert found(markdown=first, detected_by="Other") != []


def test_the_detection_is_found_in_the_drafts_first_language():
    record = deepcopy(RECORD)
    record["incident"]["languages"] = ["fr", "en"]
    markdown = MARKDOWN.replace("### Detection", f"### {language('fr').words['detection']}")

    assert markdown != MARKDOWN
    assert found(record, markdown, detected_by="Spike") == []


@pytest.mark.parametrize("code", ["en", "fr", "it", "es", "de", "pt"])
def test_a_document_is_known_by_its_headings_and_labels(code):
    words = language(code).words
    headings = "".join(
        f"## {words[key]} (CET)\n\n- **{words[key]}\u202f:** x\n" for key in ("timeline", "impact", "cause")
    )
    document = f"# Outage of Friday\n\n{headings}"

    assert found(markdown=document, languages=[code]) == []
    assert found(markdown=f"{MARKDOWN}\n---\n\n{document}", languages=["en", code]) == []
    assert found(markdown=document, languages=[code, "en"]) == [f"languages: expected {code}, en, found {code}"]


def test_a_draft_in_more_languages_than_expected_differs():
    french = f"# Panne\n\n## {language('fr').words['timeline']}\n"

    assert found(markdown=f"{MARKDOWN}\n---\n\n{french}", languages=["en"]) == ["languages: expected en, found en, fr"]
    assert found(markdown=f"{french}\n---\n\n{MARKDOWN}", languages=["en", "fr"]) == [
        "languages: expected en, fr, found fr, en"
    ]


def test_a_text_without_a_document_is_in_no_language():
    assert found(markdown="Nothing.\n", languages=["en"]) == ["languages: expected en, found nothing"]
    assert found(markdown="# Only a title\n", languages=["en"]) == ["languages: expected en, found nothing"]


def test_what_is_not_compared_is_said():
    scenario = read(text_of(expect={"public_page": {}}, vendor_view=[]))

    assert not_compared(scenario) == ["public_page: not compared", "vendor_view: not compared"]
