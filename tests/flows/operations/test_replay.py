"""`dogwatch replay`: scenarios through bot and sandbox, with a simulated clock."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.cli.commands.replay import play, replay, run_replay
from bot.scenario.reader import read_scenario
from bot.simulation.player import PlayError
from tests.support.records.scenarios import ALERT, FIRES, RESOLVED, scenario, typed, written

EXAMPLES = Path(__file__).parents[3] / "examples"
REFERENCES = ("checkout-500s", "payment-outage", "nuru-outage", "payplug-tsr-1532")


@pytest.mark.parametrize("name", ["checkout-500s", "payment-outage"])
async def test_every_fact_of_an_example_holds(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    code = await run_replay(EXAMPLES / f"{name}.yaml", tmp_path / "out")

    said = capsys.readouterr()
    assert code == 0, said.out + said.err
    assert said.out.endswith("All expected facts match.\n")
    assert (tmp_path / "out" / "postmortem.md").read_text().startswith("# ")
    assert "<h1" in (tmp_path / "out" / "postmortem.html").read_text()
    assert json.loads((tmp_path / "out" / "incident.json").read_text())["incident"]["reference"] == "INC-1"


@pytest.mark.parametrize("name", REFERENCES)
async def test_every_fact_of_the_reference_holds_each_time_in_the_same_bytes(
    name: str, conformance: Path, tmp_path: Path
):
    for folder in ("first", "second"):
        assert await replay(conformance / "scenarios" / f"{name}.yaml", tmp_path / folder) == []

    for name_of_file in ("postmortem.md", "postmortem.html", "incident.json"):
        first, second = ((tmp_path / folder / name_of_file).read_bytes() for folder in ("first", "second"))
        assert first == second


@pytest.mark.parametrize("name", REFERENCES)
async def test_nothing_is_noted_of_a_reference(name: str, conformance: Path):
    played = await play(read_scenario(conformance / "scenarios" / f"{name}.yaml"))

    assert played.notes == []
    assert played.record["incident"]["titles"].items() >= played.scenario.titles.items()


async def test_the_record_of_the_vendors_incident(conformance: Path):
    """The head of the scenario, a message of another channel, and updates in three languages."""
    record = (await play(read_scenario(conformance / "scenarios" / "payplug-tsr-1532.yaml"))).record

    incident = record["incident"]
    assert (incident["outside_reference"], incident["severity_label"]) == ("TSR-1532", "P1")
    assert (incident["category"], incident["responsibility"]) == ("Production", "Payplug")
    assert incident["services"] == ["e-commerce payments", "in-store payments"]
    assert incident["titles"]["it"] == "Perturbazioni della piattaforma di pagamento"
    first = record["timeline"][0]
    assert (first["kinds"], first["happened_at"]) == (["impact began"], "2025-03-27T16:11:00+01:00")
    assert (first["author"], first["recorded_by"]) == ("release-engineer", "oncall")
    assert [(each["state"], each["languages"], each["published_at"]) for each in record["updates"]] == [
        ("monitoring", ["en", "fr", "it"], "2025-03-27T16:42:00+01:00"),
        ("resolved", ["en", "fr", "it"], "2025-03-27T18:00:00+01:00"),
        ("postmortem", ["fr", "en"], "2025-03-31T09:43:00+02:00"),
    ]
    assert record["updates"][0]["texts"]["it"].startswith("Tra le 16.11 e le 16.23")


@pytest.mark.parametrize("name", ["checkout-500s", "payment-outage"])
def test_an_example_says_the_same_as_the_reference(name: str, conformance: Path):
    assert read_scenario(EXAMPLES / f"{name}.yaml") == read_scenario(conformance / "scenarios" / f"{name}.yaml")


async def test_two_replays_give_the_same_bytes(tmp_path: Path):
    for folder in ("first", "second"):
        await replay(EXAMPLES / "payment-outage.yaml", tmp_path / folder)

    for name in ("postmortem.md", "postmortem.html", "incident.json"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


async def test_a_fact_that_does_not_hold_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "wrong.yaml"
    wrong = (EXAMPLES / "checkout-500s.yaml").read_text().replace("duration: 2h 0m", "duration: 1h 55m")
    path.write_text(wrong.replace("  tasks: 4", "  tasks: 3"))

    code = await run_replay(path, tmp_path / "out")

    assert code == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-3:] == [
        "  duration: expected 1h 55m, found 2h 0m",
        "  tasks: expected 3, found 4",
        "2 expected facts do not match.",
    ]
    assert (tmp_path / "out" / "postmortem.md").exists()


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([FIRES, {"say": {"who": "oncall", "txt": "x"}}], ": step 2 (say): `txt` is not a known key."),
        ([FIRES, typed("/incident resolvee")], "step 2 (command): the bot refuses it: :warning: `resolvee` is not"),
        ([FIRES, typed("/incident note at:23:58 later")], "step 2 (command): the bot refuses it: :warning: "),
        ([FIRES, {"ack": {"who": "dba", "target": "database"}}], "step 2 (ack): no escalation to database is unack"),
        ([{"at": "10:00", **typed("/incident note x")}], "step 1 (command): there is no incident"),
        ([{"at": "10:00", "alert": {**ALERT, "status": "resolved"}}], "step 1 (alert): no earlier step fires"),
        ([{"at": "10:00", "say": {"who": "dba", "text": "x", "channel": "ops"}}], "ended without an incident"),
        (
            [
                FIRES,
                {"say": {"id": "m", "who": "dba", "text": "x"}},
                {"shortcut": {"who": "dba", "name": "save-for-later", "to": "m"}},
            ],
            "step 3 (shortcut): `save-for-later` is not a message shortcut.",
        ),
        (
            [
                {"at": "10:00", "say": {"id": "m", "who": "dba", "text": "x", "channel": "ops"}},
                {"shortcut": {"who": "dba", "name": "add-to-timeline", "to": "m"}},
            ],
            "step 2 (shortcut): there is no incident",
        ),
        (
            [
                FIRES,
                {"say": {"id": "m", "who": "dba", "text": "x"}},
                {"shortcut": {"who": "dba", "name": "add-to-timeline", "to": "m", "kind": "gossip"}},
            ],
            "step 3 (shortcut): Slack refuses it",
        ),
        ([FIRES, {"vendor_status": {"vendor": "v", "id": "1", "state": "up"}}], "step 2 (vendor_status): the bot"),
    ],
)
async def test_what_cannot_be_played_is_named_by_its_step(
    steps: list[dict[str, Any]], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    code = await run_replay(written(tmp_path, *steps), tmp_path / "out")

    assert code == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


async def test_a_head_that_is_no_configuration_is_named_by_its_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    code = await run_replay(written(tmp_path, FIRES, template="clasic"), tmp_path / "out")

    assert code == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "The scenario's head is not a valid configuration:"
    assert said[1].startswith('  template = "clasic": There is no such template. Did you mean `classic`?')


async def test_acknowledging_twice_is_refused_and_named():
    ack = {"ack": {"who": "dba", "target": "database"}}

    with pytest.raises(PlayError, match=r"step 4 \(ack\): no escalation to database is unacknowledged"):
        await play(scenario(FIRES, typed("/incident escalate @database help"), ack, ack))


async def test_people_and_groups_join_as_the_scenario_names_them():
    """`cook` is not in the workspace; `kitchen` is no handle, so its group member acts for it."""
    played = await play(
        scenario(
            FIRES,
            typed("/incident escalate @kitchen The oven is cold", who="waiter"),
            {"ack": {"who": "cook", "target": "kitchen"}},
            typed("/incident escalate @cook And the fridge is warm", who="waiter"),
            {"ack": {"who": "cook", "target": "@cook"}},
            RESOLVED,
        )
    )

    first, second = played.record["escalations"]
    assert (first["target"], first["target_kind"], first["acknowledged_by"]) == ("kitchen", "group", "cook")
    assert (second["target_kind"], second["acknowledged_by"]) == ("person", "cook")
    assert [each["author"] for each in played.record["timeline"] if "escalation" in each["kinds"]] == ["waiter"] * 2


async def test_each_escalation_is_answered_by_its_own_button():
    """The reason of one names the other's target, and the older one is answered last."""
    played = await play(
        scenario(
            FIRES,
            typed("/incident escalate @database not development, surely"),
            typed("/incident escalate @development not database, surely"),
            typed("/incident escalate vendor:acme database or development?"),
            {"ack": {"who": "developer", "target": "development"}},
            {"ack": {"who": "manager", "target": "vendor:acme"}},
            {"ack": {"who": "dba", "target": "database"}},
        )
    )

    answered = {each["target"].removeprefix("@"): each["acknowledged_by"] for each in played.record["escalations"]}
    assert answered == {"database": "dba", "development": "developer", "acme": "manager"}


async def test_the_clock_of_the_scenario_is_the_clock_of_the_record():
    """Over midnight, with seconds, an alert's end, and an escalation with reminders."""
    played = await play(
        scenario(
            FIRES,
            {"at": "23:51", **typed("/incident escalate @database help")},
            {"at": "00:05:30", "say": {"id": "m", "who": "dba", "text": "Found it."}},
            {"react": {"who": "oncall", "emoji": "dart", "to": "m"}},
            {"at": "00:20", "alert": {**ALERT, "status": "resolved"}},
            {"at": "00:21", **RESOLVED},
        )
    )

    by_text = {each["text"]: datetime.fromisoformat(each["happened_at"]) for each in played.record["timeline"]}
    assert f"{by_text['Found it.']:%d %H:%M:%S %z}" == "28 00:05:30 +0100"
    assert played.record["incident"]["started_at"] == "2025-03-27T23:50:00+01:00"
    assert played.record["incident"]["ended_at"] == "2025-03-28T00:21:00+01:00"
    assert [alert["ended_at"] for alert in played.record["alerts"]] == ["2025-03-28T00:20:00+01:00"]


async def test_words_in_another_channel_are_no_part_of_the_record():
    played = await play(
        scenario(
            {"at": "10:00", "say": {"id": "m", "who": "dba", "channel": "kitchen-talk", "text": "Lunch?"}},
            {"react": {"who": "dba", "emoji": "mag", "to": "m"}},
            typed("/incident start Card payments fail"),
            {"say": {"id": "n", "who": "dba", "text": "Looking"}},
            {"react": {"who": "dba", "emoji": "mag", "to": "n"}},
        )
    )

    assert [each["text"] for each in played.record["timeline"]] == ["Card payments fail", "Looking"]


async def test_the_head_goes_into_the_command_that_opens_the_incident():
    played = await play(
        scenario(
            {"at": "10:00", **typed("/incident start Card payments fail at:9:55 ref:OWN-1")},
            RESOLVED,
            service=["cards", "in-store payments"],
            reference="TSR-1",
            severity="P2",
            template="brief",
        )
    )

    incident = played.record["incident"]
    assert incident["services"] == ["cards", "in-store payments"]
    assert incident["outside_reference"] == "OWN-1"
    assert (incident["severity"], incident["severity_label"], incident["zone"]) == ("SEV2", "P2", "Europe/Paris")
    assert incident["started_at"] == "2025-03-27T09:55:00+01:00"
    assert played.markdown.startswith("# Card payments fail\n")
    assert played.notes == []


async def test_the_head_is_told_of_an_incident_that_an_alert_opened():
    played = await play(
        scenario(
            FIRES,
            typed("/incident note x", who="dba"),
            RESOLVED,
            title="“Gold” cards fail",
            reference="TSR-1",
            category="Production",
            responsibility="The gateway's vendor",
        )
    )

    incident = played.record["incident"]
    assert (incident["title"], incident["outside_reference"]) == ("“Gold” cards fail", "TSR-1")
    assert (incident["category"], incident["responsibility"]) == ("Production", "The gateway's vendor")
    (edited,) = [entry for entry in played.record["timeline"] if entry["kinds"] == ["details"]]
    assert edited["author"] == "dba"
    assert set(edited["changes"]) == {"title", "reference", "category", "responsibility"}


async def test_a_scenarios_own_words_go_before_its_head():
    played = await play(
        scenario(
            {"at": "10:00", **typed("/incident start Cards fail")},
            typed("/incident edit category:Test"),
            typed("/incident update monitoring lang:fr Cela va mieux."),
            typed("/incident cancel a drill that looked real"),
            title={"fr": "Cartes en panne", "de": "Kartenzahlung gestört"},
            category="Production",
        )
    )

    incident = played.record["incident"]
    assert incident["titles"] == {"": "Cards fail", "fr": "Cartes en panne", "de": "Kartenzahlung gestört"}
    assert incident["languages"] == ["fr", "de"]
    assert incident["category"] == "Test"
    assert incident["closure_reason"] == "a drill that looked real"
    assert played.record["updates"][0]["texts"] == {"fr": "Cela va mieux."}


async def test_a_message_of_the_incidents_own_channel_takes_the_shortcut_too():
    played = await play(
        scenario(
            FIRES,
            {"say": {"id": "m", "who": "dba", "text": "The replica lags"}},
            {"shortcut": {"who": "oncall", "name": "add-to-timeline", "to": "m", "kind": "hypothesis"}},
        )
    )

    (entry,) = [each for each in played.record["timeline"] if each["text"] == "The replica lags"]
    assert (entry["kinds"], entry["author"]) == (["hypothesis"], "dba")


async def test_an_alert_without_a_service_is_of_the_scenarios():
    alert = {**ALERT, "labels": {"alertname": "CardsFail"}, "status": "firing"}

    played = await play(scenario({"at": "10:00", "alert": alert}, service="cards"))

    assert played.record["incident"]["services"] == ["cards"]


# --- live


async def test_two_monitors_tell_of_one_incident():
    other = {"source": "grafana", "labels": {"alertname": "QueueGrows"}, "annotations": {"summary": "It grows"}}
    played = await play(
        scenario(
            FIRES,
            {"at": "23:55", "alert": {**other, "status": "firing"}},
            {"at": "23:58", **typed("/incident severity P1 all are refused")},
            RESOLVED,
            service=["payments", "refunds"],
            severity="P2",
        )
    )

    assert sorted(alert["name"] for alert in played.record["alerts"]) == ["CardsFail", "QueueGrows"]
    assert played.record["incident"]["services"] == ["payments", "refunds"]
    assert "Severity changed from P2 to P1" in played.markdown
    assert played.notes == []


async def test_an_incident_that_is_not_the_scenario_s_is_named():
    again = {"at": "2025-03-28 02:00", "alert": {**ALERT, "status": "firing", "labels": {"alertname": "CardsFail"}}}
    played = await play(
        scenario(FIRES, RESOLVED, {"at": "2025-03-28 01:00", "alert": {**ALERT, "status": "resolved"}}, again)
    )

    assert played.record["incident"]["reference"] == "INC-1"
    assert played.notes == ["also opened, but not in the documents: #inc-2-card-payments-fail"]


async def test_whoever_does_something_in_a_private_incident_is_let_in():
    played = await play(
        scenario(
            {"at": "10:00", **typed("/incident start Card numbers leaked private:yes")},
            {"say": {"id": "m1", "who": "dba", "text": "Only <@engineer> had that key."}},
            {"react": {"who": "engineer", "emoji": "mag", "to": "m1"}},
            {"react": {"who": "engineer", "emoji": "mag", "to": "m1"}},
            RESOLVED,
        )
    )

    [said] = [entry for entry in played.record["timeline"] if entry["kinds"] == ["investigation"]]
    assert (said["text"], said["author"]) == ("Only @engineer had that key.", "dba")


async def test_one_that_does_not_come_to_rest_is_not_blamed_on_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bot.local.replay_world.SETTLE_SECONDS", 0.0)

    assert await run_replay(EXAMPLES / "checkout-500s.yaml", tmp_path / "out") == 2

    told = capsys.readouterr().err
    assert "does not finish (not settled within 0 s" in told
    assert "written" not in told
