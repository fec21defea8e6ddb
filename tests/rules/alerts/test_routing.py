"""Routing by labels, times that can be believed, and what an alert does to incidents."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alerts.events import (
    KEY_LIMIT,
    TITLE_LIMIT,
    AlertEvent,
    bound_key,
    credible_times,
    group_key,
    incident_title,
)
from bot.domain.alerts.placement import Attach, GroupIncident, Ignore, Open, OpenLinked, RecordOnly, Reopen, place_alert
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
from bot.domain.terms import AlertStatus, Precision, Severity

NOW = datetime(2026, 11, 18, 14, 6, tzinfo=UTC)
FIRING, RESOLVED = AlertStatus.FIRING, AlertStatus.RESOLVED
EXACT, APPROXIMATE = Precision.EXACT, Precision.APPROXIMATE


def ago(**span):
    return NOW - timedelta(**span)


def an_alert(summary="Checkout is down", *, status=FIRING, is_test=False):
    return AlertEvent(
        source="generic",
        fingerprint="f1",
        status=status,
        labels={"service": "checkout"},
        annotations={"summary": summary},
        starts_at=NOW,
        starts_at_precision=EXACT,
        ends_at=None,
        group="g1",
        occurrence="",
        is_test=is_test,
    )


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


@pytest.mark.parametrize(
    ("start", "expected", "precision"),
    [
        (ago(seconds=30), ago(seconds=30), EXACT),
        (ago(days=7), ago(days=7), EXACT),
        (ago(days=7, seconds=1), NOW, APPROXIMATE),
        (ago(seconds=-60), ago(seconds=-60), EXACT),
        (ago(seconds=-61), NOW, APPROXIMATE),
        (None, NOW, APPROXIMATE),
    ],
)
def test_the_start_of_a_firing_alert(start, expected, precision):
    assert credible_times(start, None, FIRING, now=NOW) == (expected, precision, None)


def test_a_firing_alert_has_no_end_whatever_it_states():
    assert credible_times(ago(hours=1), ago(minutes=5), FIRING, now=NOW)[2] is None


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (ago(hours=1), ago(minutes=5), (ago(hours=1), EXACT, ago(minutes=5))),
        (ago(hours=1), None, (ago(hours=1), EXACT, NOW)),
        (ago(hours=1), ago(hours=2), (ago(hours=1), EXACT, NOW)),  # an end before the start
        (ago(hours=1), ago(hours=-1), (ago(hours=1), EXACT, NOW)),  # an end in the future
        (ago(days=9), ago(minutes=5), (ago(minutes=5), APPROXIMATE, ago(minutes=5))),
        (ago(days=9), None, (NOW, APPROXIMATE, NOW)),
        (None, ago(minutes=5), (ago(minutes=5), APPROXIMATE, ago(minutes=5))),
        (None, ago(days=8), (NOW, APPROXIMATE, NOW)),
        (ago(hours=-1), ago(minutes=5), (ago(minutes=5), APPROXIMATE, ago(minutes=5))),
    ],
)
def test_the_end_of_a_resolved_alert(start, end, expected):
    assert credible_times(start, end, RESOLVED, now=NOW) == expected


MOMENTS = st.none() | st.datetimes(
    min_value=datetime(2026, 1, 1),  # noqa: DTZ001  hypothesis adds the zone
    max_value=datetime(2027, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(MOMENTS, MOMENTS, st.sampled_from(AlertStatus))
def test_times_are_always_in_order_and_never_far_off(start, end, status):
    starts_at, precision, ends_at = credible_times(start, end, status, now=NOW)

    assert NOW - timedelta(days=7) <= starts_at <= NOW + timedelta(minutes=1)
    assert (ends_at is None) is (status is FIRING)
    assert ends_at is None or starts_at <= ends_at <= NOW + timedelta(minutes=1)
    assert precision is APPROXIMATE or starts_at == start


OPEN_7 = GroupIncident(7, is_open=True)
OPEN_9 = GroupIncident(9, is_open=True)
JUST_RESOLVED = GroupIncident(5, is_open=False, resolved_at=ago(minutes=29, seconds=59))
LONG_RESOLVED = GroupIncident(4, is_open=False, resolved_at=ago(minutes=30))
CANCELLED = GroupIncident(6, is_open=False)


@pytest.mark.parametrize(
    ("incidents", "expected"),
    [
        ([], Open()),
        ([OPEN_7], Attach(7)),
        ([OPEN_7, OPEN_9, JUST_RESOLVED], Attach(9)),
        ([OPEN_7, GroupIncident(8, is_open=False, resolved_at=NOW)], Attach(7)),
        ([JUST_RESOLVED], Reopen(5)),
        ([LONG_RESOLVED, JUST_RESOLVED], Reopen(5)),
        ([LONG_RESOLVED], OpenLinked(4)),
        ([CANCELLED], OpenLinked(6)),
        ([CANCELLED, JUST_RESOLVED], OpenLinked(6)),  # the later one was cancelled: its group starts anew
    ],
)
def test_where_a_firing_alert_goes(incidents, expected):
    assert place_alert(an_alert(), RouteAction.OPEN, now=NOW, of_group=incidents) == expected


@pytest.mark.parametrize("action", [RouteAction.OPEN, RouteAction.ATTACH])
@pytest.mark.parametrize(
    ("incidents", "expected"),
    [([], RecordOnly()), ([OPEN_7], Attach(7)), ([JUST_RESOLVED], RecordOnly(5)), ([LONG_RESOLVED], RecordOnly(4))],
)
def test_a_resolved_alert_opens_and_reopens_nothing(action, incidents, expected):
    assert place_alert(an_alert(status=RESOLVED), action, now=NOW, of_group=incidents) == expected


@pytest.mark.parametrize(
    ("of_group", "of_service", "expected"),
    [
        ([], [], RecordOnly()),
        ([], [OPEN_7], Attach(7)),
        ([OPEN_9], [OPEN_7], Attach(9)),
        ([JUST_RESOLVED], [], RecordOnly()),
        ([JUST_RESOLVED], [CANCELLED], RecordOnly()),
    ],
)
def test_an_attaching_route_never_opens(of_group, of_service, expected):
    placement = place_alert(an_alert(), RouteAction.ATTACH, now=NOW, of_group=of_group, of_service=of_service)
    assert placement == expected


def test_only_attaching_looks_at_the_neighbours_of_the_service():
    assert place_alert(an_alert(), RouteAction.OPEN, now=NOW, of_service=[OPEN_7]) == Open()


@pytest.mark.parametrize("status", AlertStatus)
def test_an_ignored_alert_leaves_no_trace(status):
    assert place_alert(an_alert(status=status), RouteAction.IGNORE, now=NOW, of_group=[OPEN_7]) == Ignore()


@pytest.mark.parametrize("action", [RouteAction.OPEN, RouteAction.ATTACH])
def test_a_test_button_opens_nothing(action):
    placement = place_alert(an_alert(is_test=True), action, now=NOW, of_service=[OPEN_7])
    assert placement == RecordOnly()


@pytest.mark.parametrize(
    ("summaries", "truncated", "title"),
    [
        (["Disk full"], 0, "Disk full"),
        (["Disk full", "Disk full"], 0, "Disk full"),
        (["Disk full on a", "Disk full on b"], 0, "Disk full on a (and 1 more)"),
        (["Disk full on a", "Disk full on b"], 5, "Disk full on a (and 6 more)"),
        ([" two\n lines\t "], 0, "two lines"),
        (["safe \u202e txt"], 0, "safe txt"),
        (["\u200b\x00"], 0, "Alert without a name"),
        (["x" * 200], 0, "x" * (TITLE_LIMIT - 1) + "…"),
    ],
)
def test_the_title_of_an_incident(summaries, truncated, title):
    assert incident_title([an_alert(each) for each in summaries], truncated) == title


def test_the_name_stands_in_for_an_absent_summary():
    alert = AlertEvent("generic", "f1", FIRING, {"alertname": "HighCPU"}, {}, NOW, EXACT, None, "g", "")
    assert incident_title([alert]) == "HighCPU"


@given(st.lists(st.text(min_size=1), min_size=1, max_size=5), st.integers(0, 10_000))
def test_any_summary_makes_a_title_of_one_line_within_the_limit(summaries, truncated):
    title = incident_title([an_alert(each) for each in summaries], truncated)
    assert 0 < len(title) <= TITLE_LIMIT
    assert title.splitlines() == [title]


def test_groups_of_different_senders_stay_apart():
    assert group_key("grafana", stated="g", service=None, name="n") != group_key(
        "alertmanager", stated="g", service=None, name="n"
    )


def test_without_a_stated_group_service_and_name_make_one():
    key = group_key("generic", stated=None, service="checkout", name="HighCPU")

    assert key == group_key("generic", stated=None, service="checkout", name="HighCPU")
    assert key != group_key("generic", stated=None, service="search", name="HighCPU")
    assert key != group_key("generic", stated=None, service="checkout", name="DiskFull")


@given(st.text(), st.text())
def test_long_keys_are_bounded_and_still_tell_things_apart(one, other):
    padding = "x" * KEY_LIMIT
    first, second = bound_key(padding + one), bound_key(padding + other)

    assert len(first) <= KEY_LIMIT
    assert (first == second) is (one == other)
