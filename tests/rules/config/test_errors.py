"""Configuration: every error and warning at once, with key, line and remedy."""

from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import ConfigurationError, check, examine, load
from bot.config.file_schema import FILE_TABLES, SECTIONS

pytestmark = pytest.mark.usefixtures("empty_folder")


def refusal(environ, **options) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        load(environ, **options)
    return caught.value


def the_problem(path, environ=None):
    (problem,) = check(path, environ)
    return problem


@pytest.mark.parametrize(
    ("environ", "key"),
    [
        ({"SLACK_BOT_TOKEN": "xapp-hidden"}, "SLACK_BOT_TOKEN"),
        ({"SLACK_APP_TOKEN": "xoxb-hidden"}, "SLACK_APP_TOKEN"),
        ({"DATABASE_URL": "mysql://user:hidden@host/name"}, "DATABASE_URL"),
        ({"DOGWATCH_SECRET_KEY": "hidden"}, "DOGWATCH_SECRET_KEY"),
        ({"DOGWATCH_ALERT_TOKEN": "hidden"}, "DOGWATCH_ALERT_TOKEN"),
        ({"DOGWATCH_ALERT_TOKEN": "a-token-that-is-long-enough hidden"}, "DOGWATCH_ALERT_TOKEN"),
        ({"DOGWATCH_ALERT_TOKEN_GRAFANA": "hidden"}, "DOGWATCH_ALERT_TOKEN_GRAFANA"),
        ({"DOGWATCH_ALERT_SECRET_GRAFANA": "hidden"}, "DOGWATCH_ALERT_SECRET_GRAFANA"),
    ],
)
def test_a_mistake_in_a_secret_does_not_show_it(environ, key):
    error = refusal(environ)

    assert [problem.key for problem in error.problems] == [key]
    assert "hidden" not in error.message
    assert error.__context__ is None


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"DATABASE_URL": "sqlite://"}, "The file is missing"),
        ({"DATABASE_URL": "sqlite:///:memory:"}, "The file is missing"),
        ({"DATABASE_URL": "sqlite://rel.db"}, "The file is missing"),
        ({"DATABASE_URL": "sqlite://host/dogwatch.db"}, "The file is missing"),
        ({"DATABASE_URL": "dogwatch.db"}, "neither sqlite:// nor postgresql://"),
        ({"DATABASE_URL": "postgres://h/n"}, "DOGWATCH_SECRET_KEY: PostgreSQL needs a secret key"),
        ({"SLACK_API_URL": "slack.com"}, 'SLACK_API_URL = "slack.com": This is not a web address'),
        ({"DOGWATCH_PUBLIC_URL": "ftp://x"}, "DOGWATCH_PUBLIC_URL"),
        ({"DOGWATCH_PORT": "http"}, 'DOGWATCH_PORT = "http": This must be a whole number.'),
        ({"DOGWATCH_PORT": "65536"}, "at most 65535"),
        ({"DOGWATCH_PORT": "tcp://10.0.0.1:3000"}, "enableServiceLinks"),
        ({"DOGWATCH_ALERT_TOKN": "x"}, "Did you mean DOGWATCH_ALERT_TOKEN?"),
        ({"SLACK_BOT_TOKENS": "x"}, "Did you mean SLACK_BOT_TOKEN?"),
        ({"DOGWATCH_CONFIG": "/nowhere/dogwatch.toml"}, "/nowhere/dogwatch.toml: the file: The file cannot be read"),
        ({"DOGWATCH_ALERT_TOKEN": "a", "DOGWATCH_ALERT_TOKEN_FILE": "/b"}, "DOGWATCH_ALERT_TOKEN_FILE is also set"),
        ({"DOGWATCH_ALERT_TOKEN_FILE": "/nowhere/token"}, "The file cannot be read: No such file"),
    ],
)
def test_a_wrong_variable_is_named_with_its_remedy(environ, says):
    assert says in refusal(environ).message


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe", b"a\x00b"])
def test_a_file_without_a_readable_value_is_a_mistake(tmp_path, content):
    path = tmp_path / "token"
    path.write_bytes(content)

    error = refusal({"DOGWATCH_ALERT_TOKEN_FILE": str(path)})

    assert [problem.key for problem in error.problems] == ["DOGWATCH_ALERT_TOKEN_FILE"]


@pytest.mark.parametrize(
    ("text", "key", "line", "says"),
    [
        ("[incident]\n", "incident", 1, "Did you mean `incidents`?"),
        ("port = 3000\n", "port", 1, "Set DOGWATCH_PORT"),
        ('slack_bot_token = "xoxb-1"\n', "slack_bot_token", 1, "Set SLACK_BOT_TOKEN"),
        ("[server.tls]\ny = 1\n", "server", 1, "There is no such key."),
        ('\n[incidents]\ntimezone = "UTC"\n', "incidents.timezone", 3, "Valid keys: channel"),
        ('[incidents]\nzone = "CEST"\n', "incidents.zone", 2, "no such time zone"),
        ('[incidents]\nzone = "../../etc/passwd"\n', "incidents.zone", 2, "no such time zone"),
        ("[incidents]\nzone = 7\n", "incidents.zone", 2, "no such time zone"),
        ('[incidents]\nlanguages = ["en", "xx"]\n', "incidents.languages[1]", 2, "Use one of en, fr"),
        ("[incidents]\nlanguages = []\n", "incidents.languages", 2, "at least one entry"),
        ('[incidents]\nlanguages = "en"\n', "incidents.languages", 2, "must be a list"),
        ('[incidents]\ntemplate = "clasic"\n', "incidents.template", 2, "Did you mean `classic`?"),
        ('[incidents]\nchannel_prefix = "Inc"\n', "incidents.channel_prefix", 2, "lower-case letters"),
        ('[incidents]\nchannel = ""\n', "incidents.channel", 2, "must not be empty"),
        ('[incidents]\ndefault_severity = "P1a"\n', "incidents.default_severity", 2, "Did you mean `p1`?"),
        ("[incidents]\ndefault_severity = 2\n", "incidents.default_severity", 2, "This is not a severity"),
        ('[incidents]\nconfirm_emoji = "MAG"\n', "incidents.confirm_emoji", 2, "Choose another"),
        ('[incidents]\nconfirm_emoji = "a b"\n', "incidents.confirm_emoji", 2, "not the name of an emoji"),
        ("incidents = 3\n", "incidents", 1, "a table of keys and values"),
        ('[severities]\nSEV5 = "P5"\n', "severities.SEV5", 2, "`words` of [severities.SEV4]"),
        ('[severities]\nSEV7 = "P7"\n', "severities.SEV7", 2, "Use one of 'SEV1'"),
        ('[incidents]\ndefault_severity = "P5"\n', "incidents.default_severity", 2, 'words = ["P5"]'),
        ('[incidents]\nchannel = "War Room"\n', "incidents.channel", 2, "lower-case letters"),
        ('[incidents]\nzone = "Europe/Pariss"\n', "incidents.zone", 2, "Did you mean `Europe/Paris`?"),
        ('[services.""]\n', 'services.""', 1, "must have 1 to 80 characters"),
        ('[vendors.x]\nname = ""\n', "vendors.x.name", 2, "must not be empty"),
        ('[vendors.x]\nurl = "support.example"\n', "vendors.x.url", 2, "http://"),
        ('[alerts.severities]\na = "SEV1"\nA = "SEV2"\n', "alerts.severities.A", 3, "`a`"),
        ('[severities]\nSEV1 = "P1"\nSEV2 = "p1"\n', "severities.SEV2", 3, "already a word for SEV1"),
        ('[severities.SEV1]\ndemands = ["impct"]\n', "severities.SEV1.demands[0]", 2, "Did you mean `impact`?"),
        (
            '[statuses.resolved]\ndemands = ["dba"]\n',
            "statuses.resolved.demands[0]",
            2,
            "There is no such requirement.",
        ),
        ('[statuses]\nfixing = "x"\n', "statuses.fixing", 2, "Use one of 'triage'"),
        ('[statuses]\nidentified = "Monitoring"\n', "statuses.identified", 2, "a word for the status monitoring"),
        ('[roles.scribe]\nwords = ["a"]\n[roles.lead]\nwords = ["A"]\n', "roles.lead", 3, "a word for the role scribe"),
        ('[roles."The Boss"]\nlabel = "x"\n', 'roles."The Boss"', 1, "lower-case letters"),
        ("[severities.SEV1]\nlabel = 5\n", "severities.SEV1.label", 2, "a text in quotation marks"),
        ('[services.a]\nteam = "b"\n', "services.a.team", 2, "There is no team of this name."),
        ('[services.a]\npeople = ["ana"]\n', "services.a.people[0]", 2, "A person is given by user id"),
        ('[services."a b"]\nteam = "c"\n', 'services."a b".team', 2, "There is no team"),
        ('[teams.a]\nmembers = ["@ana"]\n', "teams.a.members[0]", 2, "not a Slack user id"),
        ('[teams.a]\nusergroup = "U1"\n', "teams.a.usergroup", 2, "like S0123456789"),
        ('[vendors.a]\nfax = "1"\n', "vendors.a.fax", 2, "Valid keys: name, url, contact"),
        ('[vendors.a]\nphone = "ask them"\n', "vendors.a.phone", 2, "no digit"),
        ('[vendors.a.links]\nstatus = "status.example"\n', "vendors.a.links.status", 2, "http://"),
        ('[vendors.a]\nhours = { from = "9" }\n', "vendors.a.hours.from", 2, '"09:00"'),
        ('[vendors.a.hours]\nfrom = "09:00"\nto = "09:00"\n', "vendors.a.hours.to", 3, "Work ends when it begins"),
        ("[vendors.a]\nask_for_case_minutes = -1\n", "vendors.a.ask_for_case_minutes", 2, "0"),
        ('[reactions]\nfish = "missleading path"\n', "reactions.fish", 2, "Did you mean `misleading path`?"),
        ('[reactions]\nfish = "resolved"\n', "reactions.fish", 2, "There is no such kind"),
        ('[reactions]\nboom = "cause"\ncollision = "task"\n', "reactions.collision", 3, "`boom` is the same emoji"),
        ('[reactions]\nwriting_hand = "note"\n', "incidents.confirm_emoji", None, "is in the table of reactions"),
        ("[[routes]]\nmatch = ['a']\n", "routes[0].match[0]", 2, "is not a matcher"),
        ("[[routes]]\n[[routes]]\nmatch = ['a=~\"(\"']\n", "routes[1].match[0]", 3, "not a regular expression of RE2"),
        ('[[routes]]\naction = "opne"\n', "routes[0].action", 2, "Use one of 'open'"),
        ('[[routes]]\nseverity = "SEV9"\n', "routes[0].severity", 2, "This is not a severity"),
        ('[services.a]\n[[routes]]\nservice = "b"\n', "routes[0].service", 3, "There is no service of this name."),
        ('[routes]\nservice = "b"\n', "routes", 1, "two brackets"),
        ('[alerts.severities]\ncritical = "SEV0"\n', "alerts.severities.critical", 2, "This is not a severity"),
        ("[alerts]\nseverites = {}\n", "alerts.severites", 2, "Did you mean `severities`?"),
        ("[escalation]\nremind_after_minutes = 0\n", "escalation.remind_after_minutes", 2, "at least 1"),
        ('[escalation]\nremind_times = "3"\n', "escalation.remind_times", 2, "without quotation marks"),
        ("[escalation]\nremind_times = true\n", "escalation.remind_times", 2, "without quotation marks"),
        ("[escalation\n", "the file", 1, "This is not valid TOML"),
        ("[a]\n[a]\n", "the file", 2, "This is not valid TOML"),
    ],
)
def test_a_mistake_is_reported_with_key_line_and_remedy(write, text, key, line, says):
    path = write(text)
    problem = the_problem(path)

    assert (problem.key, problem.line) == (key, line)
    assert says in problem.message
    assert len(str(problem).replace(str(path), "")) < 360


def test_all_mistakes_come_at_once_also_those_that_need_two_places(write):
    path = write(
        '[incidents]\nzone = "Mars"\n[services.a]\nteam = "dbs"\nseverity = "high"\n'
        '[teams.dba]\nmembers = ["x"]\n[severities]\nSEV2 = "high"\n[[routes]]\nservice = "b"\nmatch = 1\n'
    )

    error = refusal({"DOGWATCH_PORT": "x", "DATABASE_URL": "postgres://h/n"}, config_path=path)

    assert [problem.key for problem in error.problems] == [
        "DOGWATCH_PORT",
        "DOGWATCH_SECRET_KEY",
        "incidents.zone",
        "services.a.team",
        "teams.dba.members[0]",
        "routes[0].service",
        "routes[0].match",
    ]
    assert "The configuration has 7 errors:" in error.message


def test_a_mistake_reads_like_a_compiler_says_it(write):
    path = write('[incidents]\nzone = "Mars"\n')

    assert str(the_problem(path)) == (
        f'{path}:2: incidents.zone = "Mars": There is no such time zone. Use a name like Europe/Paris or UTC.'
    )


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "dogwatch.toml"
    path.write_bytes(b"\xff\xfe")

    assert "This is not valid TOML" in the_problem(path).message


def test_a_folder_is_no_file(tmp_path):
    assert "The file cannot be read" in the_problem(tmp_path).message


SECTION_KEYS = sorted({key for section in SECTIONS.values() for key in section.model_fields})


TOML_VALUES = st.recursive(
    st.sampled_from(['"SEV1"', '"x"', "1", "-1", "1.5", "true", "2026-01-01", '["a"]', "[]", "{}", "[[1]]"]),
    lambda inner: (
        st.lists(inner, max_size=2).map(lambda values: f"[{', '.join(values)}]")
        | st.dictionaries(st.sampled_from(SECTION_KEYS), inner, max_size=3).map(
            lambda table: "{" + ", ".join(f"{key} = {value}" for key, value in table.items()) + "}"
        )
    ),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*FILE_TABLES, "other"]), TOML_VALUES))
def test_any_file_is_settings_or_a_list_of_mistakes(tmp_path_factory, tables):
    path = tmp_path_factory.mktemp("any") / "dogwatch.toml"
    path.write_text("".join(f"{key} = {value}\n" for key, value in tables.items()))

    try:
        outcome = repr(load({}, config_path=path))
    except ConfigurationError as error:
        outcome = "\n".join(problem.message for problem in error.problems)

    assert outcome


def test_check_needs_no_file_unless_one_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert check(None, {}) == []
    assert "cannot be read" in check(tmp_path / "dogwatch.toml")[0].message
    assert "cannot be read" in check(None, {"DOGWATCH_CONFIG": "elsewhere.toml"})[0].message


def test_a_secret_in_the_wrong_place_is_not_repeated(write):
    problem = the_problem(write('[incidents]\nslack_bot_token = "a-very-secret-thing"\n'))

    assert problem.value is None
    assert "a-very-secret-thing" not in str(problem)


def test_a_label_that_is_another_severitys_fixed_name_is_a_mistake(write):
    problem = the_problem(write('[severities]\nSEV1 = "SEV2"\n'))

    assert (problem.key, problem.line, problem.value) == ("severities.SEV1", 2, '"SEV2"')
    assert check(write('[severities]\nSEV1 = "SEV0"\nSEV2 = "SEV1"\nSEV3 = "SEV2"\nSEV4 = "SEV3"\n')) == []


@pytest.mark.parametrize(
    ("text", "key", "line", "says"),
    [
        ("[[routes]]\n[[routes]]\nmatch = ['a=\"b\"']\n", "routes[1]", 2, "routes[0] matches the same alerts first"),
        (
            "[[routes]]\nmatch = ['a=b']\n[[routes]]\nmatch = ['c=d', 'a=b']\n",
            "routes[1]",
            3,
            "routes[0] matches the same alerts first",
        ),
        ("[teams.payments]\n", "teams.payments", 1, "This team is empty"),
    ],
)
def test_what_is_hardly_meant_is_a_warning(write, text, key, line, says):
    report = examine({}, config_path=write(text))

    assert report.settings is not None
    (warning,) = report.warnings
    assert (warning.key, warning.line) == (key, line)
    assert says in warning.message


def test_routes_that_each_decide_something_are_no_warning(write):
    text = "[[routes]]\nmatch = ['a=b', 'c=d']\n[[routes]]\nmatch = ['a=b']\n[[routes]]\nmatch = ['c=d']\n[[routes]]\n"

    assert examine({}, config_path=write(text)).warnings == ()


@pytest.mark.parametrize(
    ("name", "near"), [("DOGWATCH_PUBLIC_ADDRESS", "DOGWATCH_PUBLIC_URL"), ("DOGWATCH_DATABASE_URL", "DATABASE_URL")]
)
def test_a_variable_that_means_nothing_is_a_warning(name, near):
    report = examine({name: "https://example.test"})

    assert report.settings is not None
    assert [(each.key, near in each.message, each.value) for each in report.warnings] == [(name, True, None)]


@pytest.mark.parametrize(
    "name", ["DOGWATCH_SERVICE_HOST", "DOGWATCH_PORT_3000_TCP_ADDR", "DOGWATCH_PG_SERVICE_PORT_SQL", "DOGWATCH_PG_PORT"]
)
def test_what_kubernetes_sets_is_none(name):
    assert examine({name: "10.0.0.1"}).warnings == ()


@pytest.mark.parametrize(
    ("head", "entry"),
    [("[incidents]\n", "k{} = 1\n"), ("", "[teams.t{}]\n"), ("", "[[routes]]\nmatch = ['a={}']\n")],
    ids=["errors", "warnings", "routes"],
)
def test_a_long_file_takes_time_that_grows_with_its_length(write, head, entry):
    text = head + "".join(entry.format(number) for number in range(4_000))
    started = process_time()

    examine({}, config_path=write(text))

    assert process_time() - started < 1.2
