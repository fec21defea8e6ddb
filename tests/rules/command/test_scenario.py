"""Scenario files: times, errors, webhooks, and checked facts."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import UserError
from bot.domain.terms import AlertStatus
from bot.scenario.model import Alert, SlashCommand
from bot.scenario.reader import read_scenario, read_scenario_text
from bot.scenario.times import step_times
from bot.scenario.webhooks import build_notification
from bot.simulation.player import remove_times
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
        (("12:00", "25:00"), "step 2: at: `25:00` is not a time"),
        (("noon",), "step 1: at: `noon` is not a time"),
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
    found = read_scenario_text(
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

    found = read_scenario_text(text)

    assert found.title == "on"
    assert found.steps[0].action == SlashCommand(who="no", text="/incident note x")
    assert found.steps[0].at == datetime(2023, 5, 15, 12, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("steps", "head", "message"),
    [
        (None, {"tempate": "brief"}, "`tempate` is not a known key. Did you mean `template`?"),
        (None, {"timezone": "Africa/Nairobbi"}, "timezone: .*Did you mean `Africa/Nairobi`?"),
        (None, {"timezone": None}, "the scenario: timezone: it is missing"),
        (None, {"date": "15.5.2023"}, "date: `15.5.2023` is not a date"),
        (None, {"service": [1]}, "service: a text, or a list of texts"),
        ([], {}, "steps: there are none"),
        (None, {"expect": {"tsks": 3}}, "expect: `tsks` is not a known key. Did you mean `tasks`?"),
        (None, {"expect": {"duration": "long"}}, "expect: duration: `long` is not a duration"),
        (None, {"expect": {"started": "2023-05-15T12:00:00"}}, "expect: started: .* not a time with an offset"),
        (None, {"expect": {"timeline_times": ["noon"]}}, "expect: timeline_times: `noon` is not a clock time"),
        (None, {"expect": {"tasks": "three"}}, "expect: tasks: a number from 0 is needed, not 'three'"),
        (None, {"expect": {"conclusion": "yes"}}, "expect: conclusion: write true or false"),
        (None, {"expect": {"escalations": [{"too": "x"}]}}, "escalations: number 1: `too` is not a known key"),
        ([{"at": "12:00", "alarm": {}}], {}, "step 1: `alarm` is not a known action. Did you mean `alert`?"),
        ([{"at": "12:00"}], {}, "step 1: a step needs exactly one of .*, not 0"),
        (
            [{"at": "12:00", **NOTE, "ack": {"who": "dba", "target": "x"}}],
            {},
            "step 1: a step needs exactly one of .*, not 2",
        ),
        ([{"at": "12:00", "alert": FIRING}, {"say": {"who": "oncall"}}], {}, r"step 2 \(say\): text: it is missing"),
        ([{"at": "12:00", "say": {"who": "oncall", "txt": "x"}}], {}, r"step 1 \(say\): `txt` .* Did you mean `text`?"),
        ([{"at": "12:00", "say": {"who": "oncall", "text": 5}}], {}, r"step 1 \(say\): text: a text is needed, not 5"),
        ([{"at": "12:00", "command": {"who": "oncall", "text": "incident"}}], {}, "Begin it with a slash"),
        ([{"at": "12:00", "alert": {**FIRING, "source": "nagios"}}], {}, r"step 1 \(alert\): source: `nagios`"),
        ([{"at": "12:00", "alert": {**FIRING, "labels": {}}}], {}, r"step 1 \(alert\): labels: `alertname` is missing"),
        (
            [SAID, {"react": {"who": "dba", "emoji": "mag", "to": "frist"}}],
            {},
            r"step 2 \(react\): to: no earlier step writes a message `frist`. Did you mean `first`?",
        ),
        ([{"at": "12:00", **NOTE}, "later"], {}, "step 2: a table of keys is needed here, not 'later'"),
    ],
)
def test_a_mistake_is_named_by_step_and_key(steps, head, message):
    with pytest.raises(UserError, match=message):
        read_scenario_text(text_of(steps, **head))


@pytest.mark.parametrize(
    ("steps", "line"),
    [
        ("  - at: noon\n    command: {who: dba, text: /incident note x}\n", 5),
        ("  - at: 12:05\n    command:\n      who: dba\n      text: no command\n", 8),
        ("  - {at: 12:05, command: {who: dba,\n    txt: x}}\n", 6),
        ("  - {at: 12:05, say: {who: dba, text: x}}\n  -\n    react: {who: dba, emoji: mag, to: m1}\n", 7),
        ("expect:\n  timeline_times:\n    - 12:00\n    - noon\n", 8),
    ],
    ids=["time", "value", "key", "reference", "item"],
)
def test_a_mistake_is_named_by_its_line(steps, line):
    head = "title: x\ntimezone: UTC\ndate: 2023-05-15\nsteps:\n"
    if steps.startswith("expect"):
        head = head.replace(
            "steps:", "steps: [{at: 12:00, alert: {source: generic, status: firing, labels: {alertname: x}}}]"
        )

    with pytest.raises(UserError, match=f"^line {line}: "):
        read_scenario_text(head + steps)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title: [", "line 1: This is not YAML"),
        ("- a list", "the scenario: a table of keys is needed"),
        ("", "the scenario: a table of keys is needed here, not nothing"),
        ("title: a\ntitle: b", "line 2: `title` is given twice"),
        ("a: !!python/object/apply:os.getcwd []", "This is not YAML"),
        ("[" * 5000, "nested too deeply|This is not YAML"),
    ],
)
def test_what_is_no_scenario_is_refused(text, message):
    with pytest.raises(UserError, match=message):
        read_scenario_text(text)


@given(st.text(alphabet=st.characters(codec="utf-8")) | st.text(alphabet=" \n:-[]{}\"'abt1,&*!|>"))
def test_any_text_is_a_scenario_or_a_clear_refusal(text):
    try:
        read_scenario_text(text)
    except UserError as problem:
        assert problem.message  # noqa: PT017  a refusal is as good as a scenario


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "latin.yaml").write_bytes(b"title: \xe9")

    with pytest.raises(UserError, match=r"none\.yaml: it cannot be opened"):
        read_scenario(tmp_path / "none.yaml")
    with pytest.raises(UserError, match=r"latin\.yaml: this is not UTF-8"):
        read_scenario(tmp_path / "latin.yaml")


NOON = datetime(2023, 5, 15, 12, 0, tzinfo=UTC)


def sent(source: str, *, status: AlertStatus = AlertStatus.FIRING, ends_at: datetime | None = None, run: str = ""):
    labels, annotations = {"alertname": "Spike", "service": "checkout"}, {"summary": "Many errors"}
    alert = Alert(source=source, status=status, labels=labels, annotations=annotations)
    body = build_notification(alert, starts_at=NOON, ends_at=ends_at, run=run)
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
    assert remove_times(command) == expected
