"""Parsing of typed lines."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.command.grammar import parse
from bot.command.help import command_help, help_text
from bot.command.table import Command, Context, Mention, Option, Target, Value
from bot.domain.errors import Ambiguous, UserError
from bot.domain.incidents.impact import AffectedUsers
from bot.domain.terms import Kind, Owner, Precision, Severity, Status, TargetKind
from bot.domain.times import ParsedTime
from bot.slack.replies.render import escape_markup
from commands import role
from tests.support.requests.command_table import COMMANDS, INSIDE, NOW, PACIFIC

OUTSIDE = replace(INSIDE, inside=None)


def at(clock, precision=Precision.EXACT):
    return ParsedTime(datetime.fromisoformat(f"2023-11-07 {clock}").replace(tzinfo=PACIFIC).astimezone(UTC), precision)


def read(line, context=INSIDE):
    return parse(line, COMMANDS, context)


def refusal(line, context=INSIDE):
    with pytest.raises(UserError) as problem:
        read(line, context)
    assert not isinstance(problem.value, Ambiguous)
    return problem.value.message


@pytest.mark.parametrize(
    ("line", "command", "options", "text"),
    [
        ("start checkout is down sev:2", "start", {"sev": Severity.SEV2}, "checkout is down"),
        ("START checkout is down", "start", {}, "checkout is down"),
        ("declare checkout is down", "start", {}, "checkout is down"),
        ("start sev:2 checkout is down", "start", {"sev": Severity.SEV2}, "checkout is down"),
        ("start checkout sev:2 is down", "start", {"sev": Severity.SEV2}, "checkout is down"),
        ("start checkout is down --sev 2", "start", {"sev": Severity.SEV2}, "checkout is down"),
        ("start checkout is down --sev=2", "start", {"sev": Severity.SEV2}, "checkout is down"),
        ("start checkout is down —sev 2", "start", {"sev": Severity.SEV2}, "checkout is down"),
        ("start checkout is down –sev 2", "start", {"sev": Severity.SEV2}, "checkout is down"),
        ("start checkout is down sev: 2", "start", {"sev": Severity.SEV2}, "checkout is down"),
        ("start checkout is down SEV:2", "start", {"sev": Severity.SEV2}, "checkout is down"),
        ("start checkout is down severity:2", "start", {"sev": Severity.SEV2}, "checkout is down"),
        ("start sev:2, checkout is down", "start", {"sev": Severity.SEV2}, "checkout is down"),
        ("start", "start", {}, ""),
        ('start "checkout is down"', "start", {}, "checkout is down"),
        ("start “checkout is down” sev:2", "start", {"sev": Severity.SEV2}, "checkout is down"),
        ('start "sev:2 was lost"', "start", {}, "sev:2 was lost"),
        ("start leak sev:2 private drill", "start", {"private": True, "drill": True, "sev": Severity.SEV2}, "leak"),
        ("start private sev:2 leak", "start", {"private": True, "sev": Severity.SEV2}, "leak"),
        ("start leak retro", "start", {"retro": True}, "leak"),
        ("start retro leak", "start", {}, "retro leak"),
        ("start leak --private of keys", "start", {"private": True}, "leak of keys"),
        ("start leak private:yes", "start", {"private": True}, "leak"),
        ("start leak private:no", "start", {"private": False}, "leak"),
        ("start private: yes leak drill:no", "start", {"private": True, "drill": False}, "leak"),
        ("start private keys leaked private:no", "start", {"private": False}, "private keys leaked"),
        ("start the private key leaked", "start", {}, "the private key leaked"),
        ("start private", "start", {"private": True}, ""),
        ('start "keys gone private"', "start", {}, "keys gone private"),
        ("start Payments at:09:11 ref:TSR-1532", "start", {"at": at("09:11"), "ref": "TSR-1532"}, "Payments"),
        ("start at:10 min ago Payments", "start", {"at": at("09:50")}, "Payments"),
        ('start at:"10 min ago" Payments', "start", {"at": at("09:50")}, "Payments"),
        ("start at: 10 min ago Payments", "start", {"at": at("09:50")}, "Payments"),
        ("start --at 9:50 Payments", "start", {"at": at("09:50")}, "Payments"),
        ("start Payments at:9:50, sev:1", "start", {"at": at("09:50"), "sev": Severity.SEV1}, "Payments"),
        ("start error:timeout on https://x.y:80/z?at:1", "start", {}, "error:timeout on https://x.y:80/z?at:1"),
        ("start --force it", "start", {}, "--force it"),
        (
            "note at:? kind:misleading It",
            "note",
            {"at": ParsedTime(None, Precision.UNKNOWN), "kind": Kind.MISLEADING_PATH},
            "It",
        ),
        ("note at:~9:50 The db", "note", {"at": at("09:50", Precision.APPROXIMATE)}, "The db"),
        ("note kind:fish The db", "note", {"kind": Kind.MISLEADING_PATH}, "The db"),
        ("note kind:lucky The db", "note", {"kind": Kind.GOT_LUCKY}, "The db"),
        ("note kind:began The db", "note", {"kind": Kind.IMPACT_BEGAN}, "The db"),
        ("note kind::mag: The db", "note", {"kind": Kind.INVESTIGATION}, "The db"),
        ('note kind:"Ruled out" The db', "note", {"kind": Kind.RULED_OUT}, "The db"),
        ("note kind:red-herring The db", "note", {"kind": Kind.MISLEADING_PATH}, "The db"),
        ("note at 9:50 sev:2 users saw it", "note", {}, "at 9:50 sev:2 users saw it"),
        ("note <@U1|ana> said &lt;no&gt;, see <https://x.y>", "note", {}, "<@U1> said <no>, see https://x.y"),
        ('note he said "at:14:05 it broke" twice', "note", {}, 'he said "at:14:05 it broke" twice'),
        ('note "a" is not "b"', "note", {}, '"a" is not "b"'),
        ("note  two  blanks\n• and\n\n• lines ", "note", {}, "two  blanks\n• and\n\n• lines"),
        ("impact users:20% 20% of users", "impact", {"users": AffectedUsers(percent=20.0)}, "20% of users"),
        ("impact users:2,5 % of them", "impact", {"users": AffectedUsers(percent=2.5)}, "of them"),
        ("impact users:~20 % of them", "impact", {"users": AffectedUsers(percent=20.0, is_about=True)}, "of them"),
        ("impact users:1,200 Logins fail", "impact", {"users": AffectedUsers(count=1200)}, "Logins fail"),
        ("impact users:12 Logins fail", "impact", {"users": AffectedUsers(count=12)}, "Logins fail"),
        ("impact started:9:00 ended:now", "impact", {"started": at("09:00"), "ended": at("10:00")}, ""),
        ("cause lang:fr,en La cause", "cause", {"lang": ("fr", "en")}, "La cause"),
        ("cause La cause lang:fr", "cause", {"lang": ("fr",)}, "La cause"),
        ('cause La "lang:fr" cause', "cause", {}, 'La "lang:fr" cause'),
        ("cause #2 lang:fr La cause", "cause", {"lang": ("fr",)}, "#2 La cause"),
        ("cause La --lang:fr cause", "cause", {"lang": ("fr",)}, "La cause"),
        ("task due:in 2 weeks Audit", "task", {"due": date(2023, 11, 21)}, "Audit"),
        ("task Audit due:friday", "task", {"due": date(2023, 11, 10)}, "Audit"),
        ('task symptom:"It failed." Look', "task", {"symptom": "It failed."}, "Look"),
        ("edit title:'it is down' service:pay", "edit", {"title": "it is down", "service": "pay"}, ""),
        ('edit title:""', "edit", {"title": ""}, ""),
        ("pm template:Brief", "postmortem", {"template": "brief"}, ""),
        ("help start", "help", {}, "start"),
    ],
)
def test_options_and_text(line, command, options, text):
    found = read(line)

    assert (found.command.name, dict(found.options), found.text) == (command, options, text)


@pytest.mark.parametrize(
    ("line", "positionals", "text"),
    [
        ("status identified", {"status": Status.IDENTIFIED}, ""),
        ("status Identified, it was the db", {"status": Status.IDENTIFIED}, "it was the db"),
        ("severity SEV-1 everyone is hit", {"sev": Severity.SEV1}, "everyone is hit"),
        ("sev 1", {"sev": Severity.SEV1}, ""),
        ("lead <@U1|ana>", {"user": Mention("U1")}, ""),
        ("escalate <@U1> the db", {"target": Target(TargetKind.PERSON, "U1", "U1")}, "the db"),
        ("escalate <!subteam^S1|@dba> the db", {"target": Target(TargetKind.GROUP, "dba", "S1")}, "the db"),
        ("escalate @senior-engineers the db", {"target": Target(TargetKind.TEAM, "senior-engineers")}, "the db"),
        ("escalate @dba: the db", {"target": Target(TargetKind.TEAM, "dba")}, "the db"),
        ("escalate policy:payments the db", {"target": Target(TargetKind.POLICY, "payments")}, "the db"),
        ("escalate vendor:payment-gateway the db", {"target": Target(TargetKind.VENDOR, "payment-gateway")}, "the db"),
        ('escalate vendor:"Acme Pay" the db', {"target": Target(TargetKind.VENDOR, "Acme Pay")}, "the db"),
        ("escalate at:? @dba the db", {"target": Target(TargetKind.TEAM, "dba")}, "the db"),
        ("escalate @dba at:9:50 the db", {"target": Target(TargetKind.TEAM, "dba")}, "the db"),
        ("task Review logs <@U1>", {"owner": Owner("U1")}, "Review logs"),
        ("task <@U1> Review logs", {"owner": Owner("U1")}, "Review logs"),
        ("task Review logs <@U1> due:friday", {"owner": Owner("U1")}, "Review logs"),
        ("task Ask <@U1> for logs", {}, "Ask <@U1> for logs"),
        ("update monitoring lang:en We watch it", {"state": "monitoring"}, "We watch it"),
        ("merge INC-3", {"other": "INC-3"}, ""),
        ("merge inc-3", {"other": "INC-3"}, ""),
        ("merge 3", {"other": "INC-3"}, ""),
        ("merge <#C1|inc-3-checkout-is-down>", {"other": "INC-3"}, ""),
        ("show DRILL-3", {"incident": "DRILL-3"}, ""),
    ],
)
def test_positionals(line, positionals, text):
    found = read(line)

    assert (dict(found.positionals), found.text) == (positionals, text)


@pytest.mark.parametrize(
    ("line", "context", "incident", "text"),
    [
        ("note hello", INSIDE, "INC-7", "hello"),
        ("note INC-8 hello", INSIDE, "INC-8", "hello"),
        ("note inc-8: hello", OUTSIDE, "INC-8", "hello"),
        ("note at:9:50 DRILL-2 hello", OUTSIDE, "DRILL-2", "hello"),
        ("INC-8 note hello", OUTSIDE, "INC-8", "hello"),
        ("note as in INC-8", INSIDE, "INC-7", "as in INC-8"),
        ("start INC-8 again", INSIDE, None, "INC-8 again"),
        ("merge INC-3", INSIDE, "INC-7", ""),
        ("merge INC-8 INC-3", OUTSIDE, "INC-8", ""),
        ("show INC-8", OUTSIDE, None, ""),
    ],
)
def test_which_incident(line, context, incident, text):
    found = read(line, context)

    assert (found.incident, found.text) == (incident, text)


@pytest.mark.parametrize(
    ("line", "about", "without", "whole"),
    [
        ("start private Customer data leaked", "private", "Customer data leaked", "private Customer data leaked"),
        ("start private: Customer data leaked", "private", "Customer data leaked", "private: Customer data leaked"),
        ("start sev:1 private beta is down", "private", "beta is down", "private beta is down"),
        ("start Data leaked by mail, PRIVATE!", "private", "Data leaked by mail", "Data leaked by mail, PRIVATE!"),
        (
            "start The repository was not private sev:1",
            "private",
            "The repository was not",
            "The repository was not private",
        ),
        ("start drill Evacuate room 4", "drill", "Evacuate room 4", "drill Evacuate room 4"),
        ("start Evacuate room 4 (drill)", "drill", "Evacuate room 4", "Evacuate room 4 (drill)"),
    ],
)
def test_a_flag_beside_the_title_is_asked_about(line, about, without, whole):
    with pytest.raises(Ambiguous) as question:
        read(line)

    assert question.value.about == about
    assert f"*: {without}\n" in question.value.message
    for chosen, is_set, text in zip(
        question.value.candidates, (True, True, False), (without, whole, whole), strict=True
    ):
        found = read(line, replace(INSIDE, chosen={about: chosen}))
        assert (found.options[about], found.text) == (is_set, text)


def test_the_readings_of_a_flag_are_ready_to_be_typed():
    with pytest.raises(Ambiguous) as question:
        read("start The repository was not private")

    typed = [read(f"start The repository was not {each}") for each in question.value.candidates]
    assert [(each.options["private"], each.text) for each in typed] == [
        (True, "The repository was not"),
        (True, "The repository was not private"),
        (False, "The repository was not private"),
    ]


def test_each_of_two_flags_is_asked_about():
    with pytest.raises(Ambiguous) as question:
        read("start leak private drill", replace(INSIDE, chosen={"private": "private:yes"}))

    assert question.value.about == "drill"
    both = {"private": "private:yes", "drill": "drill drill:no"}
    found = read("start leak private drill", replace(INSIDE, chosen=both))
    assert (found.options, found.text) == ({"private": True, "drill": False}, "leak drill")


@pytest.mark.parametrize(
    ("line", "may_be_text"),
    [
        ("resolve INC-3 was the reason", True),
        ("resolve at:9:50 INC-3: was the reason", True),
        ("note INC-3 looks alike", True),
        ("cause DRILL-3 was no drill", True),
        ("task INC-3 <@U1> has the same", True),
        ("resolve INC-3", False),
        ("resolve INC-7 was this", False),
        ("INC-3 resolve INC-4 was the reason", False),
        ("impact INC-3 users:20%", False),
        ("status INC-3 resolved by itself", False),
        ("escalate INC-3 @dba the pool", False),
        ("lead INC-3 <@U1>", False),
        ("note it is as in INC-3", False),
    ],
)
def test_another_incident_s_number_before_a_text_may_be_text(line, may_be_text):
    assert read(line).may_be_text == may_be_text


@pytest.mark.parametrize(
    ("chosen", "incident", "text"), [("INC-3", "INC-3", "was the reason"), ("INC-7", "INC-7", "INC-3 was the reason")]
)
def test_the_chosen_incident_of_a_number_before_a_text(chosen, incident, text):
    found = read("resolve INC-3 was the reason", replace(INSIDE, chosen={"INC-3": chosen}))

    assert (found.incident, found.text, found.may_be_text) == (incident, text, False)


def test_the_series_are_the_workspaces_own():
    context = replace(OUTSIDE, series=("OUTAGE", "GAME-DAY"))

    assert read("note outage-3 hello", context).incident == "OUTAGE-3"
    assert read("note game-day-3 hello", context).incident == "GAME-DAY-3"
    assert read("show 3", context).positionals == {"incident": "OUTAGE-3"}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("P1", Severity.SEV1),
        ("p5", Severity.SEV4),
        ("1", Severity.SEV1),
        ("5", Severity.SEV4),
        ("P-2", Severity.SEV2),
        ("critical", Severity.SEV1),
        ("sev3", Severity.SEV3),
    ],
)
def test_severities_by_the_workspaces_own_words(typed, expected):
    words = {
        "P1": Severity.SEV1,
        "P2": Severity.SEV2,
        "P3": Severity.SEV3,
        "P4": Severity.SEV4,
        "P5": Severity.SEV4,
        "critical": Severity.SEV1,
    }

    assert read(f"start x sev:{typed}", replace(INSIDE, severities=words)).options["sev"] is expected


OWN = replace(
    INSIDE,
    severities={"sev 1": Severity.SEV1, "sev1": Severity.SEV1, "sev2": Severity.SEV2},
    statuses={"cause known": Status.IDENTIFIED, "cause": Status.MONITORING, "identified": Status.IDENTIFIED},
    roles={"customer liaison": "customer-liaison", "customer-liaison": "customer-liaison", "lead": "lead"},
)


@pytest.mark.parametrize(
    ("line", "values", "text"),
    [
        ("status cause known", {"status": Status.IDENTIFIED}, ""),
        ("status Cause Known: a full disk", {"status": Status.IDENTIFIED}, "a full disk"),
        ("status INC-7 cause-known", {"status": Status.IDENTIFIED}, ""),
        ("status cause unknown", {"status": Status.MONITORING}, "unknown"),
        ('status "cause" known', {"status": Status.MONITORING}, "known"),
        ("role customer liaison <@U1> call them", {"role": "customer-liaison", "person": Mention("U1")}, "call them"),
        ("role lead <@U1>", {"role": "lead", "person": Mention("U1")}, ""),
        ("sev sev 1 all are hit", {"sev": Severity.SEV1}, "all are hit"),
        ("start x sev:sev 1", {"sev": Severity.SEV1}, "x"),
        ("start x sev:sev1 2 of 3", {"sev": Severity.SEV1}, "x 2 of 3"),
    ],
)
def test_names_of_several_words_are_typed_as_they_are_shown(line, values, text):
    found = parse(line, [*COMMANDS, role.COMMAND], OWN)

    assert ({**found.positionals, **found.options}, found.text) == (values, text)


def test_the_zone_of_the_line_is_the_zone_of_its_times():
    """Also behind the time."""
    found = read("start at:20:30 Checkout tz:Africa/Nairobi")

    assert found.options["at"].at == NOW - timedelta(minutes=30)
    assert found.zone == ZoneInfo("Africa/Nairobi")


def test_a_time_to_come_where_the_option_allows_it():
    commands = [Command("remind", "remind at:", "", options=(Option("at", Value.TIME, may_be_future=True),))]

    assert parse("remind at:14:05", commands, INSIDE).options["at"] == at("14:05")


@pytest.mark.parametrize("typed", ["00:01", "Mon 00:01", '"00:01"'])
def test_a_time_to_come_is_the_next_one(typed):
    commands = [Command("remind", "remind at:", "", options=(Option("at", Value.TIME, may_be_future=True),))]

    assert parse(f"remind at:{typed}", commands, INSIDE).options["at"].at > INSIDE.now


def test_a_command_without_a_name_is_what_stands_alone():
    commands = [Command("", "", "Open the form.", needs_incident=False), *COMMANDS]

    assert parse("  ", commands, OUTSIDE).command is commands[0]


def test_now_needs_a_zone():
    with pytest.raises(ValueError, match="zone"):
        Context(now=datetime(2023, 11, 7))  # noqa: DTZ001  that is the point


def test_help_names_every_command_and_every_option():
    text = help_text()

    for command in COMMANDS:
        assert not command.name or f"`{command.name}` " in text
        assert f"`/incident {command.usage}`" in command_help(command)
        assert command.summary in command_help(command)
        assert all(f"`{option.name}" in command_help(command) for option in command.options)


def test_the_list_of_commands_is_one_answer_that_nothing_is_cut_off():
    text = help_text()

    assert escape_markup(text).endswith("`/incident note INC-7 …`.")
    assert len(text.splitlines()) < 15


DBA, OPS = Target(TargetKind.PERSON, "U1", "U1"), Target(TargetKind.TEAM, "ops")
