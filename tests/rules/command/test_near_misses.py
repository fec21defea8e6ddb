"""Options, vendors and people that are nearly right: asked about, never taken for text."""

from dataclasses import replace

import pytest

from bot.command.grammar import IncidentNotNamed, parse
from bot.command.table import Target
from bot.domain.errors import UserError
from bot.domain.terms import Owner, Severity, TargetKind
from bot.domain.text.normalize import is_visible
from commands import COMMANDS
from tests.support.requests.command_table import INSIDE

WITH_VENDORS = replace(INSIDE, vendors=("payment-gateway", "Acme Pay"), caller="U0ME")


def read(line, context=WITH_VENDORS):
    return parse(line, COMMANDS, context)


def refusal(line, context=WITH_VENDORS):
    with pytest.raises(UserError) as problem:
        read(line, context)
    return problem.value


@pytest.mark.parametrize(
    ("line", "mistake", "offered"),
    [
        ("start Login fails severty:1", "severty:1", "severity:1"),
        ("start Login fails serverity：1", "serverity：1", "severity:1"),
        ("start Login fails --severty=1", "--severty=1", "severity:1"),
        ("start Login fails sve:1", "sve:1", "sev:1"),
        ("start Login fails servce:payments", "servce:payments", "service:payments"),
        ("note kidn:action restarted", "kidn:action", "kind:action"),
        ("resolve att:14:05 restarted", "att:14:05", "at:14:05"),
        ("start Login fails sv:1", "sv:1", "sev:1"),
        ("edit titel:x", "titel:x", "title:x"),
        ("impact strated:9:00 Logins fail", "strated:9:00", "started:9:00"),
    ],
)
def test_a_word_that_is_nearly_an_option_is_asked_about(line, mistake, offered):
    problem = refusal(line)

    assert problem.mistake == mistake
    assert problem.offers[0].text == offered
    assert f"Did you mean `{offered}`?" in problem.message


def test_such_a_word_stays_text_for_somebody_who_says_so():
    context = replace(WITH_VENDORS, chosen={"severty:1": "severty:1"})

    assert refusal("start Login fails severty:1").offers[-1].text == "severty:1"
    assert read("start Login fails severty:1", context).text == "Login fails severty:1"
    assert read('start "Login fails severty:1"').text == "Login fails severty:1"


@pytest.mark.parametrize(
    "text",
    [
        "error: timeout",
        "error:timeout",
        "it began 10:30 or so",
        "see https://x.example/severty:1",
        "see stats://x",
        "server:web-1 is down",
        "set:1 dev:2 it:3",
        "node server=web-1 severty=1",
        "severty: high",
        "ts:1",
        "cat:felix",
    ],
)
def test_other_words_with_a_colon_stay_text(text):
    assert read(f"start {text}").text == text


@pytest.mark.parametrize(
    ("line", "mistake", "says"),
    [
        ("note due:friday Add a test", "due:friday", "It is an option of `/incident "),
        ("update monitoring title:Payments Payments work again", "title:Payments", "It is an option of `/incident "),
        ("update monitoring componets:payments Payments work again", "componets:payments", "which customers read"),
        ("update monitoring Payments work again due:friday", "due:friday", "which customers read"),
        ("update monitoring lang:en Payments work again owner:@ada", "owner:@ada", "which customers read"),
        ("update monitoring checkout=major Payments fail", "checkout=major", "`affects:checkout=major`"),
        ("update monitoring Payments fail checkout=major", "checkout=major", "`affects:checkout=major`"),
    ],
)
def test_an_option_of_another_command_is_not_taken_for_text(line, mistake, says):
    problem = refusal(line)

    assert problem.mistake == mistake
    assert says in problem.message
    kept = replace(WITH_VENDORS, chosen={mistake: mistake})
    assert mistake in read(line, kept).text


@pytest.mark.parametrize(
    "text",
    [
        "16:24: payments work again",
        "https://example.com/why says more",
        "Update: payments work again",
        "Mise à jour : les paiements passent",
        "Payments fail, see https://example.com/why",
        "Payments fail since 16:24",
        "Betroffen: Zahlungen",
        "支払い：復旧しました",
        "Payments work again. Next: a report",
    ],
)
def test_what_customers_read_may_have_colons(text):
    assert read(f"update monitoring {text}").text == text


def test_a_wide_colon_is_a_colon():
    assert read("start Login fails sev：1").options == {"sev": Severity.SEV1}
    assert read("start Login fails service：“card payments”").options == {"service": "card payments"}


@pytest.mark.parametrize(
    ("typed", "vendor"),
    [
        ("vendor:payment-gateway", "payment-gateway"),
        ("vendor:payment_gateway", "payment-gateway"),
        ("vendor:Payment-Gateway", "payment-gateway"),
        ('vendor:"payment gateway"', "payment-gateway"),
        ("vendor:acme-pay", "Acme Pay"),
        ("vendor:adyen", "adyen"),
    ],
)
def test_a_vendor_is_the_configured_one_however_it_is_written(typed, vendor):
    assert read(f"escalate {typed} cards fail").positionals["target"] == (Target(TargetKind.VENDOR, vendor),)


def test_a_vendor_that_is_nearly_a_configured_one_is_asked_about():
    problem = refusal("escalate vendor:paymnt-gateway cards fail")

    assert "Did you mean `payment-gateway`?" in problem.message
    assert [each.text for each in problem.offers] == ["payment-gateway", "paymnt-gateway"]
    insisted = replace(WITH_VENDORS, chosen={"paymnt-gateway": "paymnt-gateway"})
    target = read("escalate vendor:paymnt-gateway cards fail", insisted).positionals["target"]
    assert target == (Target(TargetKind.VENDOR, "paymnt-gateway"),)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("improve Renew it @ana", "`@ana` is not a mention."),
        ("lead <!subteam^S1|@dba>", "`@dba` is a user group"),
        ("handover <!subteam^S1|@dba>", "`@dba` is a user group"),
        ("lead @ana", "`@ana` is not a mention."),
    ],
)
def test_a_name_that_is_no_person_does_not_become_text(line, says):
    assert says in refusal(line).message


def test_a_name_may_belong_to_the_text_of_a_task():
    kept = replace(WITH_VENDORS, chosen={"@dba-team": "@dba-team"})

    assert refusal("task Tell @dba-team").offers[0].text == "@dba-team"
    assert read("task Tell @dba-team", kept).text == "Tell @dba-team"
    assert read("task Ask <!subteam^S1|@dba-team> for logs").text == "Ask @dba-team for logs"
    assert read("task Call them @me").positionals == {"owner": Owner("U0ME")}


@pytest.mark.parametrize(
    "line",
    [
        "task Renew it <!subteam^S1|@dba-team> due:2033-12-04",
        "task <!subteam^S1|@dba-team> Renew it",
        "improve Renew it owner:<!subteam^S1|@dba-team>",
    ],
)
def test_a_user_group_may_own_a_task(line):
    typed = read(line)

    assert {**typed.positionals, **typed.options}["owner"] == Owner("S1", "dba-team")
    assert typed.text == "Renew it"


@pytest.mark.parametrize("line", ["escalate it burns policy:payments", "escalate policy:payments it burns"])
def test_the_target_of_an_escalation_may_be_the_last_word(line):
    found = read(line)

    assert found.positionals == {"target": (Target(TargetKind.POLICY, "payments"),)}
    assert found.text == "it burns"


def test_a_wrong_target_is_the_first_word():
    assert "`it` is not a target." in refusal("escalate it burns badly").message


@pytest.mark.parametrize(
    ("line", "suggested"),
    [
        ("status fixed", "resolved"),
        ("status mitigated", "monitoring"),
        ("status known", "identified"),
        ("i lead", "lead"),
    ],
)
def test_a_word_that_people_use_is_led_to_the_one_that_counts(line, suggested):
    refused = refusal(line)

    assert f"Did you mean `{suggested}`?" in refused.message
    assert [each.text for each in refused.offers] == [suggested]


@pytest.mark.parametrize("text", ["\u200b", "\u2060 \u200d", "\u3164", "\u2800\ufe0f", " "])
def test_a_text_of_invisible_signs_is_none(text):
    assert not is_visible(text)
    assert "needs a text" in refusal(f"note {text}").message


def test_a_command_about_no_incident_can_be_told_apart():
    problem = refusal("log it began", replace(WITH_VENDORS, inside=None))

    assert isinstance(problem, IncidentNotNamed)
    assert problem.mistake == "log"
