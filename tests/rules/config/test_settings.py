"""Reading the configuration: right ones as typed values, wrong ones with every mistake at once."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import ConfigurationError, Invitees, Settings, check, examine, load
from bot.config.file_schema import FILE_TABLES, SECTIONS
from bot.config.problems import lines_of
from bot.domain.alerts.routing import Matcher, Route, RouteAction
from bot.domain.terms import MARKS, Kind, Severity
from bot.domain.timeline.marks import ALIASES, CONFIRM_EMOJI, DEFAULT_REACTIONS, normalise_emoji

LONG_KEY = "k" * 32


@pytest.fixture
def write(tmp_path):
    """Writes a configuration and returns its path."""

    def _write(text: str) -> Path:
        path = tmp_path / "dogwatch.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return _write


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    """Nothing lies around that could be taken for a configuration."""
    folder = tmp_path / "cwd"
    folder.mkdir()
    monkeypatch.chdir(folder)


def refusal(environ, **options) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        load(environ, **options)
    return caught.value


def the_problem(path, environ=None):
    (problem,) = check(path, environ)
    return problem


def test_nothing_is_needed():
    settings = load({})

    assert settings == Settings()
    assert settings.sqlite_path == Path("dogwatch.db")
    assert (settings.host, settings.port, settings.base_url) == ("127.0.0.1", 3000, "http://127.0.0.1:3000")
    assert settings.incidents.zone == ZoneInfo("UTC")
    assert not settings.uses_socket_mode
    assert settings.alert_routes == ()
    assert settings.people_of("checkout") == Invitees()
    assert settings.credentials("generic").tokens == ()


def test_the_real_environment_is_not_looked_at(monkeypatch):
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-real")
    monkeypatch.setenv("PORT", "1")
    monkeypatch.setenv("ROUTES", "x")

    assert load({}) == Settings()


def test_each_variable_has_its_place():
    settings = load(
        {
            "SLACK_BOT_TOKEN": "xoxb-1",
            "SLACK_APP_TOKEN": "xapp-1",
            "SLACK_SIGNING_SECRET": "sign",
            "SLACK_API_URL": "http://127.0.0.1:8080/api",
            "DATABASE_URL": "postgres://user:word@host/name",
            "DOGWATCH_HOST": "0.0.0.0",
            "DOGWATCH_PORT": "8000",
            "DOGWATCH_PUBLIC_URL": "https://dogwatch.example.test/",
            "DOGWATCH_SECRET_KEY": LONG_KEY,
            "DOGWATCH_INCIDENTS_CHANNEL": "C0123456789",
            "DOGWATCH_ALERT_TOKEN": "common" * 4,
            "DOGWATCH_ALERT_TOKEN_GRAFANA": "own" * 8,
            "DOGWATCH_ALERT_SECRET_GRAFANA": "hmac" * 4,
            "HOME": "/root",
        }
    )

    assert settings.uses_socket_mode
    assert settings.slack_api_url == "http://127.0.0.1:8080/api/"
    assert settings.sqlite_path is None
    assert (settings.host, settings.port) == ("0.0.0.0", 8000)
    assert settings.base_url == "https://dogwatch.example.test"
    assert settings.incidents.channel == "C0123456789"
    assert settings.credentials("alertmanager").tokens == settings.credentials("generic").tokens == ("common" * 4,)
    assert settings.credentials("grafana").tokens == ("own" * 8,)
    assert settings.credentials("grafana").secrets == ("hmac" * 4,)
    assert settings.credentials("alertmanager").secrets == ()


def test_secrets_do_not_show_themselves():
    secrets = {
        "SLACK_BOT_TOKEN": "xoxb-hidden",
        "SLACK_SIGNING_SECRET": "hidden",
        "DATABASE_URL": "postgresql://user:hidden@host/name",
        "DOGWATCH_SECRET_KEY": "hidden" * 6,
        "DOGWATCH_ALERT_TOKEN": "hidden" * 3,
        "DOGWATCH_ALERT_TOKEN_GENERIC": "hidden" * 3,
        "DOGWATCH_ALERT_SECRET_GRAFANA": "hidden" * 3,
    }
    settings = load(secrets)

    assert "hidden" not in repr(settings)
    assert "hidden" not in str(settings)
    assert "hidden" not in repr(settings.credentials("grafana"))
    assert "hidden" not in settings.model_dump_json(exclude={"own_reactions"})


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
        ({"DATABASE_URL": "sqlite://"}, "names no file"),
        ({"DATABASE_URL": "sqlite:///:memory:"}, "names no file"),
        ({"DATABASE_URL": "sqlite://rel.db"}, "names no file"),
        ({"DATABASE_URL": "sqlite://host/dogwatch.db"}, "names no file"),
        ({"DATABASE_URL": "dogwatch.db"}, "neither sqlite:// nor postgresql://"),
        ({"DATABASE_URL": "postgres://h/n"}, "DOGWATCH_SECRET_KEY: It is needed with PostgreSQL"),
        ({"SLACK_API_URL": "slack.com"}, 'SLACK_API_URL = "slack.com": This is no web address'),
        ({"DOGWATCH_PUBLIC_URL": "ftp://x"}, "DOGWATCH_PUBLIC_URL"),
        ({"DOGWATCH_PORT": "http"}, 'DOGWATCH_PORT = "http": This has to be a whole number.'),
        ({"DOGWATCH_PORT": "65536"}, "at most 65535"),
        ({"DOGWATCH_PORT": "tcp://10.0.0.1:3000"}, "enableServiceLinks"),
        ({"DOGWATCH_ALERT_TOKN": "x"}, "Did you mean DOGWATCH_ALERT_TOKEN?"),
        ({"SLACK_BOT_TOKENS": "x"}, "Did you mean SLACK_BOT_TOKEN?"),
        ({"DOGWATCH_CONFIG": "/nowhere/dogwatch.toml"}, "/nowhere/dogwatch.toml: the file: The file cannot be read"),
        ({"DOGWATCH_ALERT_TOKEN": "a", "DOGWATCH_ALERT_TOKEN_FILE": "/b"}, "DOGWATCH_ALERT_TOKEN_FILE is set too"),
        ({"DOGWATCH_ALERT_TOKEN_FILE": "/nowhere/token"}, "The file cannot be read: No such file"),
    ],
)
def test_a_wrong_variable_is_named_with_its_remedy(environ, says):
    assert says in refusal(environ).message


def test_variables_that_kubernetes_makes_of_a_service_are_left_alone():
    names = ["DOGWATCH_SERVICE_HOST", "DOGWATCH_SERVICE_PORT", "DOGWATCH_PORT_3000_TCP_ADDR", "SLACK_TEAM"]
    assert load(dict.fromkeys(names, "x")) == Settings()


def test_an_empty_variable_is_unset():
    assert load({"DATABASE_URL": "", "DOGWATCH_PORT": "", "DOGWATCH_CONFIG": ""}) == Settings()


def test_a_value_can_come_from_a_file(tmp_path):
    path = tmp_path / "token"
    path.write_text("s3cret-that-is-long-enough\n")

    settings = load({"DOGWATCH_ALERT_TOKEN_FILE": str(path)})

    assert settings.credentials("generic").tokens == ("s3cret-that-is-long-enough",)


@pytest.mark.parametrize("between", [" ", "\n", "\r\n", "\n\n  "])
def test_several_values_are_right_at_the_same_time(tmp_path, between):
    path = tmp_path / "token"
    path.write_text(f"the-old-token-of-them{between}the-new-token-of-them\n")

    from_file = load({"DOGWATCH_ALERT_TOKEN_GENERIC_FILE": str(path), "SLACK_SIGNING_SECRET": f"one{between}two"})

    assert from_file.credentials("generic").tokens == ("the-old-token-of-them", "the-new-token-of-them")
    assert from_file.signing_secrets == ("one", "two")


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe", b"a\x00b"])
def test_a_file_without_a_readable_value_is_a_mistake(tmp_path, content):
    path = tmp_path / "token"
    path.write_bytes(content)

    error = refusal({"DOGWATCH_ALERT_TOKEN_FILE": str(path)})

    assert [problem.key for problem in error.problems] == ["DOGWATCH_ALERT_TOKEN_FILE"]


def test_the_file_is_found_by_default_by_variable_and_by_argument(write):
    named = write('[incidents]\nzone = "Europe/Paris"\n')
    Path("dogwatch.toml").write_text('[incidents]\nzone = "Europe/Rome"\n')

    assert load({}).incidents.zone == ZoneInfo("Europe/Rome")
    assert load({"DOGWATCH_CONFIG": str(named)}).incidents.zone == ZoneInfo("Europe/Paris")
    assert load({"DOGWATCH_CONFIG": "/nowhere"}, config_path=named).config_path == named


def test_the_environment_goes_before_the_file(write):
    path = write('[incidents]\nchannel = "ops"\nzone = "Europe/Paris"\n')
    settings = load({"DOGWATCH_INCIDENTS_CHANNEL": "war-room"}, config_path=path)

    assert (settings.incidents.channel, settings.incidents.zone) == ("war-room", ZoneInfo("Europe/Paris"))


WHOLE = """
[incidents]
default_severity = "P2"
[severities]
SEV1 = "P1"
[severities.SEV2]
label = "P2"
words = ["Major"]
[services.checkout]
people = ["U1", "payments", "U2"]
team = "database"
severity = "major"
template = "brief"
zone = "Africa/Nairobi"
[teams.payments]
members = ["U2", "U3"]
[teams.database]
usergroup = "S1"
[vendors.payplug]
name = "PayPlug"
[reactions]
fire_engine = "detection"
":collision:" = "misleading_path"
fish = "none"
[[routes]]
match = ['severity="critical"', 'env!~"dev.*"']
service = "checkout"
severity = "P1"
[[routes]]
action = "attach"
[alerts.severities]
Critical = "P1"
[escalation]
remind_after_minutes = 10
"""


@pytest.fixture
def whole(write):
    return load({}, config_path=write(WHOLE))


def test_severities_go_by_their_own_names(whole):
    words = whole.severity_words()

    assert whole.incidents.default_severity is Severity.SEV2
    assert [whole.severity_label(each) for each in Severity] == ["P1", "P2", "SEV3", "SEV4"]
    assert words["major"] is words["p2"] is words["sev2"] is words["2"] is Severity.SEV2


def test_a_label_that_ends_in_a_number_claims_it(write):
    settings = load({}, config_path=write('[severities]\nSEV1 = "SEV0"\nSEV2 = "SEV1"\nSEV3 = "SEV2"\nSEV4 = "SEV3"\n'))
    words = settings.severity_words()

    assert words["0"] is words["sev0"] is Severity.SEV1
    assert words["1"] is words["sev1"] is Severity.SEV2
    assert words["sev3"] is Severity.SEV4


def test_a_service_invites_its_people_and_its_team(whole):
    assert whole.people_of("checkout") == Invitees(users=("U1", "U2", "U3"), usergroups=("S1",))
    assert whole.people_of("search") == whole.people_of(None) == Invitees()


def test_a_service_has_its_own_zone_and_template(whole):
    assert (whole.zone_of("checkout"), whole.template_of("checkout")) == (ZoneInfo("Africa/Nairobi"), "brief")
    assert (whole.zone_of("search"), whole.template_of(None)) == (ZoneInfo("UTC"), "classic")


def test_reactions_come_on_top_of_the_defaults(whole):
    assert whole.reactions["fire_engine"] is Kind.DETECTION
    assert whole.reactions["boom"] is Kind.MISLEADING_PATH
    assert "fish" not in whole.reactions
    assert whole.reactions["mag"] is Kind.INVESTIGATION


def test_routes_and_defaults_are_ready_for_the_rules(whole):
    assert whole.alert_routes == (
        Route(
            (Matcher("severity", "=", "critical"), Matcher("env", "!~", "dev.*")),
            RouteAction.OPEN,
            "checkout",
            Severity.SEV1,
        ),
        Route((), RouteAction.ATTACH),
    )
    assert whole.alert_defaults.severity_words == {"critical": Severity.SEV1}
    assert whole.alert_defaults.service_severities == {"checkout": Severity.SEV2}


@pytest.mark.parametrize(
    ("text", "key", "line", "says"),
    [
        ("[incident]\n", "incident", 1, "Did you mean `incidents`?"),
        ("port = 3000\n", "port", 1, "set DOGWATCH_PORT"),
        ('slack_bot_token = "xoxb-1"\n', "slack_bot_token", 1, "set SLACK_BOT_TOKEN"),
        ("[server.tls]\ny = 1\n", "server", 1, "There is no such key."),
        ('\n[incidents]\ntimezone = "UTC"\n', "incidents.timezone", 3, "Known here: channel"),
        ('[incidents]\nzone = "CEST"\n', "incidents.zone", 2, "no such time zone"),
        ('[incidents]\nzone = "../../etc/passwd"\n', "incidents.zone", 2, "no such time zone"),
        ("[incidents]\nzone = 7\n", "incidents.zone", 2, "no such time zone"),
        ('[incidents]\nlanguages = ["en", "xx"]\n', "incidents.languages[1]", 2, "Use one of en, fr"),
        ("[incidents]\nlanguages = []\n", "incidents.languages", 2, "at least one entry"),
        ('[incidents]\nlanguages = "en"\n', "incidents.languages", 2, "has to be a list"),
        ('[incidents]\ntemplate = "clasic"\n', "incidents.template", 2, "Did you mean `classic`?"),
        ('[incidents]\nchannel_prefix = "Inc"\n', "incidents.channel_prefix", 2, "small letters"),
        ('[incidents]\nchannel = ""\n', "incidents.channel", 2, "may not be empty"),
        ('[incidents]\ndefault_severity = "P1a"\n', "incidents.default_severity", 2, "Did you mean `p1`?"),
        ("[incidents]\ndefault_severity = 2\n", "incidents.default_severity", 2, "This is no severity"),
        ('[incidents]\nconfirm_emoji = "MAG"\n', "incidents.confirm_emoji", 2, "Choose another"),
        ('[incidents]\nconfirm_emoji = "a b"\n', "incidents.confirm_emoji", 2, "not the name of an emoji"),
        ("incidents = 3\n", "incidents", 1, "a table of keys and values"),
        ('[severities]\nSEV5 = "P5"\n', "severities.SEV5", 2, "`words` of [severities.SEV4]"),
        ('[severities]\nSEV7 = "P7"\n', "severities.SEV7", 2, "Use one of 'SEV1'"),
        ('[incidents]\ndefault_severity = "P5"\n', "incidents.default_severity", 2, 'words = ["P5"]'),
        ('[incidents]\nchannel = "War Room"\n', "incidents.channel", 2, "small letters"),
        ('[incidents]\nzone = "Europe/Pariss"\n', "incidents.zone", 2, "Did you mean `Europe/Paris`?"),
        ('[services.""]\n', 'services.""', 1, "Give it one"),
        ('[vendors.x]\nname = ""\n', "vendors.x.name", 2, "may not be empty"),
        ('[vendors.x]\nurl = "support.example"\n', "vendors.x.url", 2, "http://"),
        ('[alerts.severities]\na = "SEV1"\nA = "SEV2"\n', "alerts.severities.A", 3, "`a`"),
        ('[severities]\nSEV1 = "P1"\nSEV2 = "p1"\n', "severities.SEV2", 3, "a word for SEV1 already"),
        ('[severities.SEV1]\ndemands = ["impct"]\n', "severities.SEV1.demands[0]", 2, "Did you mean `impact`?"),
        ('[statuses.resolved]\ndemands = ["dba"]\n', "statuses.resolved.demands[0]", 2, "This cannot be asked for."),
        ('[statuses]\nfixing = "x"\n', "statuses.fixing", 2, "Use one of 'triage'"),
        ('[statuses]\nidentified = "Monitoring"\n', "statuses.identified", 2, "a word for the status monitoring"),
        ('[roles.scribe]\nwords = ["a"]\n[roles.lead]\nwords = ["A"]\n', "roles.lead", 3, "a word for the role scribe"),
        ('[roles."The Boss"]\nlabel = "x"\n', 'roles."The Boss"', 1, "small letters"),
        ("[severities.SEV1]\nlabel = 5\n", "severities.SEV1.label", 2, "a text in quotation marks"),
        ('[services.a]\nteam = "b"\n', "services.a.team", 2, "There is no team of this name."),
        ('[services.a]\npeople = ["ana"]\n', "services.a.people[0]", 2, "A person is given by user id"),
        ('[services."a b"]\nteam = "c"\n', 'services."a b".team', 2, "There is no team"),
        ('[teams.a]\nmembers = ["@ana"]\n', "teams.a.members[0]", 2, "not a Slack user id"),
        ('[teams.a]\nusergroup = "U1"\n', "teams.a.usergroup", 2, "It begins with S"),
        ('[vendors.a]\nfax = "1"\n', "vendors.a.fax", 2, "Known here: name, url, contact"),
        ('[vendors.a]\nphone = "ask them"\n', "vendors.a.phone", 2, "no digit"),
        ('[vendors.a.links]\nstatus = "status.example"\n', "vendors.a.links.status", 2, "http://"),
        ('[vendors.a]\nhours = { from = "9" }\n', "vendors.a.hours.from", 2, '"09:00"'),
        ('[vendors.a.hours]\nfrom = "09:00"\nto = "09:00"\n', "vendors.a.hours.to", 3, "Work ends when it begins"),
        ("[vendors.a]\nask_for_case_minutes = -1\n", "vendors.a.ask_for_case_minutes", 2, "0"),
        ('[reactions]\nfish = "missleading path"\n', "reactions.fish", 2, "Did you mean `misleading path`?"),
        ('[reactions]\nfish = "resolved"\n', "reactions.fish", 2, "There is no such kind"),
        ('[reactions]\nboom = "cause"\ncollision = "task"\n', "reactions.collision", 3, "the same emoji as `boom`"),
        ('[reactions]\nwriting_hand = "note"\n', "incidents.confirm_emoji", None, "is a mark in the table"),
        ("[[routes]]\nmatch = ['a']\n", "routes[0].match[0]", 2, "is not a matcher"),
        ("[[routes]]\n[[routes]]\nmatch = ['a=~\"(\"']\n", "routes[1].match[0]", 3, "not a regular expression"),
        ('[[routes]]\naction = "opne"\n', "routes[0].action", 2, "Use one of 'open'"),
        ('[[routes]]\nseverity = "SEV9"\n', "routes[0].severity", 2, "This is no severity"),
        ('[services.a]\n[[routes]]\nservice = "b"\n', "routes[0].service", 3, "There is no service of this name."),
        ('[routes]\nservice = "b"\n', "routes", 1, "two brackets"),
        ('[alerts.severities]\ncritical = "SEV0"\n', "alerts.severities.critical", 2, "This is no severity"),
        ("[alerts]\nseverites = {}\n", "alerts.severites", 2, "Did you mean `severities`?"),
        ("[escalation]\nremind_after_minutes = 0\n", "escalation.remind_after_minutes", 2, "at least 1"),
        ('[escalation]\nremind_times = "3"\n', "escalation.remind_times", 2, "without quotation marks"),
        ("[escalation]\nremind_times = true\n", "escalation.remind_times", 2, "without quotation marks"),
        ("[escalation\n", "the file", 1, "This is not TOML"),
        ("[a]\n[a]\n", "the file", 2, "This is not TOML"),
    ],
)
def test_a_mistake_is_reported_with_key_line_and_remedy(write, text, key, line, says):
    path = write(text)
    problem = the_problem(path)

    assert (problem.key, problem.line) == (key, line)
    assert says in problem.message
    assert len(str(problem).replace(str(path), "")) < 320


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
    assert "The configuration has 7 mistakes:" in error.message


def test_a_mistake_reads_like_a_compiler_says_it(write):
    path = write('[incidents]\nzone = "Mars"\n')

    assert str(the_problem(path)) == (
        f'{path}:2: incidents.zone = "Mars": There is no such time zone. Use a name like Europe/Paris or UTC.'
    )


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "dogwatch.toml"
    path.write_bytes(b"\xff\xfe")

    assert "This is not TOML" in the_problem(path).message


def test_a_folder_is_no_file(tmp_path):
    assert "The file cannot be read" in the_problem(tmp_path).message


def test_a_route_may_name_any_service_where_none_are_listed(write):
    assert check(write('[[routes]]\nservice = "checkout"\n')) == []


def test_lines_are_found_in_each_way_of_writing_a_table():
    text = '[a]\nb = 1\n\n[[c]] # first\nd = 2\n[[c]]\n"e f" = 3\n[a.x]\ny.z = 4\n'

    assert lines_of(text) == {
        ("a",): 1,
        ("a", "b"): 2,
        ("c", 0): 4,
        ("c", 0, "d"): 5,
        ("c", 1): 6,
        ("c", 1, "e f"): 7,
        ("a", "x"): 8,
        ("a", "x", "y", "z"): 9,
    }


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


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("thumbsup::skin-tone-3", "+1"),
        (":hand::skin-tone-6:", "hand"),
        (":Boom:", "boom"),
        ("collision", "boom"),
        ("pencil", "memo"),
        ("thinking", "thinking_face"),
        ("heavy_check_mark", "heavy_check_mark"),
        ("round_pushpin", "round_pushpin"),
        ("skin-tone-3", "skin-tone-3"),
        ("", ""),
    ],
)
def test_an_emoji_has_one_name(written, name):
    assert normalise_emoji(written) == name


def test_the_default_reactions_cover_every_mark_once_and_leave_one_to_confirm():
    hindsight = {Kind.WENT_WELL, Kind.WENT_BADLY, Kind.GOT_LUCKY}  # said afterwards, by `kind:`; no emoji is worth it
    assert sorted(DEFAULT_REACTIONS.values()) == sorted(set(MARKS) - hindsight)
    assert CONFIRM_EMOJI not in DEFAULT_REACTIONS
    assert all(normalise_emoji(name) == name for name in (*DEFAULT_REACTIONS, *ALIASES.values(), CONFIRM_EMOJI))


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
        ("[[routes]]\n[[routes]]\nmatch = ['a=\"b\"']\n", "routes[1]", 2, "routes[0] comes first"),
        ("[[routes]]\nmatch = ['a=b']\n[[routes]]\nmatch = ['c=d', 'a=b']\n", "routes[1]", 3, "routes[0] comes first"),
        ("[teams.payments]\n", "teams.payments", 1, "Nobody is in this team"),
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


def test_a_fifth_level_is_a_word_for_the_least(write):
    settings = load(
        {}, config_path=write('[severities.SEV4]\nlabel = "P4"\nwords = ["P5"]\n[alerts.severities]\nP5 = "P5"\n')
    )

    words = settings.severity_words()
    assert {words[each] for each in ("p4", "p5", "4", "5", "sev4")} == {Severity.SEV4}
    assert settings.alerts.severities == {"P5": Severity.SEV4}
    assert settings.severity_label(Severity.SEV4) == "P4"


MEANS = """
[paging.email]
host = "smtp.example.test"
user = "dogwatch"
from = "Dogwatch <dogwatch@example.test>"

[paging.pagerduty]
services = ["eu-west"]

[paging.webhook.services]
bridge = "https://bridge.example.test/pages"
"""


def means_file(tmp_path, text=MEANS):
    path = tmp_path / "dogwatch.toml"
    path.write_text(text)
    return path


def test_a_variable_may_end_in_a_name_of_the_file(tmp_path):
    key = tmp_path / "key"
    key.write_text("the integration key\n")
    environ = {"DOGWATCH_PAGERDUTY_KEY_EU_WEST_FILE": str(key), "DOGWATCH_APPRISE_SMS": "twilio://sid:token@1/{to}"}

    settings = load(environ, config_path=means_file(tmp_path))

    assert settings.pagerduty_key("eu-west") == "the integration key"
    assert settings.apprise_address("sms") == "twilio://sid:token@1/{to}"
    assert settings.opsgenie_key("eu-west") is None
    assert "the integration key" in settings.secret_values()


def test_what_a_means_lacks_is_a_warning_with_the_name_of_the_variable(tmp_path):
    """Whoever checks the file elsewhere need not have the secrets."""
    report = examine({"DOGWATCH_OPSGENIE_KEY_OLD": "x"}, config_path=means_file(tmp_path))

    assert report.problems == ()
    said = "\n".join(map(str, report.warnings))
    for words in (
        "set DOGWATCH_SMTP_PASSWORD",
        "set DOGWATCH_PAGERDUTY_KEY_EU_WEST",
        "set DOGWATCH_WEBHOOK_SECRET",
        "DOGWATCH_OPSGENIE_KEY_OLD is set",
    ):
        assert words in said
    assert "There is no such variable" not in said


@pytest.mark.parametrize(("host", "doubts"), [("localhost", 0), ("127.0.0.1", 0), ("bridge.example.test", 2)])
def test_what_goes_unsealed_over_a_network_is_a_warning_and_on_this_machine_is_none(tmp_path, host, doubts):
    path = tmp_path / "open.toml"
    path.write_text(
        f'[paging.email]\nhost = "{host}"\nfrom = "a@b.test"\nuser = "a"\nsecurity = "none"\n'
        f'[paging.webhook.services]\nbridge = "http://{host}/pages"\n'
    )
    environ = {"DOGWATCH_SMTP_PASSWORD": "secret", "DOGWATCH_WEBHOOK_SECRET": "sixteen-characters"}

    report = examine(environ, config_path=path)

    assert report.problems == ()
    assert len(report.warnings) == doubts


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('[paging.email]\nhost = "smtp.example.test"', "Mail needs a sender"),
        ('[paging.email]\nhost = "smtp.example.test:587"', "the port has a key of its own"),
        ('[paging.email]\nfrom = "Dogwatch <nobody>"', "no e-mail address"),
        ('[paging.email]\nfrom = "Dogwatch <a@b.test>\\nBcc: c@d.test"', "no e-mail address"),
        ('[paging.email]\ndomains = ["@example.test"]', "what stands behind the @"),
        ('[paging.pagerduty]\nservices = ["EU West"]', "small letters"),
        ('[paging.pagerduty]\nurl = "events.pagerduty.com"', "https://"),
        ('[paging.webhook.services]\nbridge = "ftp://bridge"', "https://"),
    ],
)
def test_a_wrong_means_is_refused_with_its_remedy(tmp_path, lines, said):
    found = check(means_file(tmp_path, lines))

    assert len(found) == 1, found
    assert said in str(found[0])


def test_no_secret_is_shown_with_a_mistake(tmp_path):
    report = examine({"DOGWATCH_WEBHOOK_SECRET": "too short"}, config_path=means_file(tmp_path))

    [problem] = report.problems
    assert (problem.key, problem.value) == ("DOGWATCH_WEBHOOK_SECRET", None)
