"""Routing by labels: matchers, the first route that fits, and the severity."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alerts.routing import (
    DEFAULT_WORDS,
    Matcher,
    MatcherSyntax,
    Route,
    RouteAction,
    RoutingDefaults,
    parse_matcher,
    route_alert,
)
from bot.domain.terms import Severity

NOW = datetime(2026, 11, 18, 14, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "label", "op", "value"),
    [
        ('severity="critical"', "severity", "=", "critical"),
        (" severity = critical ", "severity", "=", "critical"),
        ("env!=dev", "env", "!=", "dev"),
        ('instance=~"web-.+"', "instance", "=~", "web-.+"),
        ('instance!~"web-\\d+"', "instance", "!~", "web-\\d+"),
        (r'path=~"a\.b\\d\"q"', "path", "=~", r'a\.b\d"q'),
        ('"k8s.io/name"="x"', "k8s.io/name", "=", "x"),
        ('team=""', "team", "=", ""),
        ("team=", "team", "=", ""),
        ("expr==1", "expr", "=", "=1"),
    ],
)
def test_a_matcher_is_read(text, label, op, value):
    assert parse_matcher(text) == Matcher(label, op, value)


@pytest.mark.parametrize("text", ["", "severity", '="x"', 'severity="x', 'a=~"["', "a=~(", 'a="b" c="d"', "{a=b}"])
def test_what_is_no_matcher_is_refused_with_an_example(text):
    with pytest.raises(MatcherSyntax) as refusal:
        parse_matcher(text)

    assert "`" in refusal.value.message


@pytest.mark.parametrize(
    "pattern", ["a(?=b)", "a(?!b)", r"(a)\1", "((a{100}){100}){100}", "(\\pL|b){999}", "a" * 1001, "\ud800"]
)
def test_an_expression_without_a_bound_is_refused(pattern):
    with pytest.raises(MatcherSyntax):
        Matcher("team", "=~", pattern)


@pytest.mark.parametrize("pattern", ["([a-z]+-?)+", "(a+)+b", "(a|aa)+$", "(.*a){20}b", "(?:a|b)*a(?:a|b){200}c"])
def test_time_grows_with_the_length_of_the_label_alone(pattern):
    matcher = Matcher("team", "=~", pattern)
    before = time.thread_time()

    assert not any(matcher.fits({"team": "a" * length + "!"}) for length in (34, 1_000, 9_999))

    assert time.thread_time() - before < 1


@given(st.text(min_size=1), st.sampled_from(["=", "!="]), st.text())
def test_a_matcher_says_itself_in_a_way_that_reads_back(label, op, value):
    quoted = '"' + label.replace("\\", "\\\\").replace('"', '\\"') + '"'
    written = str(Matcher("x", op, value))
    assert parse_matcher(quoted + written[1:]) == Matcher(label, op, value)


@given(st.text())
def test_any_text_is_a_matcher_or_a_clear_refusal(text):
    try:
        outcome = str(parse_matcher(text))
    except MatcherSyntax as refusal:
        outcome = refusal.message

    assert outcome


@pytest.mark.parametrize(
    ("matcher", "labels", "fits"),
    [
        ("severity=critical", {"severity": "critical"}, True),
        ("severity=critical", {"severity": "Critical"}, False),
        ("severity=critical", {}, False),
        ("severity!=critical", {}, True),
        ('team=""', {}, True),
        ('team!=""', {}, False),
        ("a=~b.d", {"a": "bcd"}, True),
        ("a=~b.d", {"a": "xbcdx"}, False),  # anchored at both ends, as in Alertmanager
        ("a=~b|c", {"a": "c"}, True),
        ("a=~b|c", {"a": "cb"}, False),
        ("a=~.*", {"a": "two\nlines"}, True),
        ("a=b", {"a": "b\n"}, False),
        ("a!~b.*", {"a": "abc"}, True),
        ("a!~b.*", {"a": "bcd"}, False),
        ("a=.+", {"a": "x"}, False),
    ],
)
def test_a_matcher_fits_labels(matcher, labels, fits):
    assert parse_matcher(matcher).fits(labels) is fits


def matching(*texts):
    return tuple(parse_matcher(text) for text in texts)


ROUTES = (
    Route(matching("env=dev"), RouteAction.IGNORE),
    Route(matching("team=dba", "severity=~critical|page"), service="database", severity=Severity.SEV1),
    Route(matching("severity=info"), RouteAction.ATTACH),
    Route(matching("team=dba"), severity=Severity.SEV4),
)


@pytest.mark.parametrize(
    ("labels", "action", "service", "severity", "why"),
    [
        ({"env": "dev", "team": "dba"}, RouteAction.IGNORE, None, Severity.SEV3, 'route 1 (env="dev")'),
        ({"team": "dba", "severity": "page", "service": "x"}, RouteAction.OPEN, "database", Severity.SEV1, "route 2"),
        ({"severity": "info", "service": "x"}, RouteAction.ATTACH, "x", Severity.SEV3, "route 3"),
        ({"team": "dba"}, RouteAction.OPEN, None, Severity.SEV4, "route 4"),
        (
            {"service": "x", "severity": "critical"},
            RouteAction.OPEN,
            "x",
            Severity.SEV3,
            "no route; severity by default",
        ),
        ({"service": ""}, RouteAction.OPEN, None, Severity.SEV3, "no route"),
    ],
)
def test_the_first_route_that_fits_decides(labels, action, service, severity, why):
    routing = route_alert(labels, ROUTES, RoutingDefaults(), at=NOW)

    assert (routing.action, routing.service, routing.severity) == (action, service, severity)
    assert routing.why.startswith(why)


@pytest.mark.parametrize(
    ("labels", "severity", "why"),
    [
        ({"severity": " Critical", "service": "checkout"}, Severity.SEV1, "of the label severity=critical"),
        ({"severity": "odd", "service": "checkout"}, Severity.SEV2, "of the service checkout"),
        ({"service": "checkout"}, Severity.SEV2, "of the service checkout"),
        ({"service": "other"}, Severity.SEV4, "by default"),
    ],
)
def test_severity_comes_from_label_then_service_then_default(labels, severity, why):
    defaults = RoutingDefaults(Severity.SEV4, {"critical": Severity.SEV1}, {"checkout": Severity.SEV2})

    routing = route_alert(labels, (), defaults, at=NOW)

    assert routing.severity is severity
    assert routing.why.endswith(why)


@pytest.mark.parametrize(
    ("labels", "severity", "unmapped"),
    [
        ({"severity": "critical"}, Severity.SEV2, None),
        ({"severity": "Page"}, Severity.SEV2, None),
        ({"severity": "warning"}, Severity.SEV3, None),
        ({"severity": "info"}, Severity.SEV4, None),
        ({"severity": "critical", "service": "checkout"}, Severity.SEV4, None),
        ({"severity": "own", "service": "checkout"}, Severity.SEV1, None),
        ({"severity": " Disaster "}, Severity.SEV3, "Disaster"),
        ({"severity": "disaster", "service": "checkout"}, Severity.SEV4, "disaster"),
        ({"severity": ""}, Severity.SEV3, None),
        ({}, Severity.SEV3, None),
    ],
)
def test_usual_words_mean_a_severity_where_the_workspace_says_nothing(labels, severity, unmapped):
    defaults = RoutingDefaults(
        severity_words={"own": Severity.SEV1},
        service_severities={"checkout": Severity.SEV4},
        default_words=DEFAULT_WORDS,
    )

    routing = route_alert(labels, (), defaults, at=NOW)

    assert (routing.severity, routing.unmapped) == (severity, unmapped)


def test_a_route_that_sets_the_severity_leaves_no_label_unmapped():
    routing = route_alert(
        {"severity": "disaster"},
        [Route((), severity=Severity.SEV1)],
        RoutingDefaults(default_words=DEFAULT_WORDS),
        at=NOW,
    )

    assert (routing.severity, routing.unmapped) == (Severity.SEV1, None)


def test_where_no_label_means_a_severity_none_is_unmapped():
    assert route_alert({"severity": "disaster"}, (), RoutingDefaults(), at=NOW).unmapped is None
