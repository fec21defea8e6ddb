"""Configuration: valid values as typed settings."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.config import ConfigurationError, Invitees, Settings, check, load, load_environment
from bot.config.problems import key_lines
from bot.domain.alerts.routing import Matcher, Route, RouteAction
from bot.domain.terms import MARKS, Kind, Severity
from bot.domain.timeline.emoji import CONFIRM_EMOJI, DEFAULT_REACTIONS, EMOJI_ALIASES, normalise_emoji

pytestmark = pytest.mark.usefixtures("empty_folder")

LONG_KEY = "k" * 32


def test_nothing_is_needed():
    settings = load({})

    assert settings == Settings()
    assert settings.sqlite_path == Path("dogwatch.db")
    assert (settings.host, settings.port, settings.base_url) == ("127.0.0.1", 3000, "http://127.0.0.1:3000")
    assert settings.incidents.zone == ZoneInfo("UTC")
    assert not settings.uses_socket_mode
    assert settings.alert_routes == ()
    assert settings.invitees_for("checkout") == Invitees()
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


FULL_CONFIG = """
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
def full_settings(write):
    return load({}, config_path=write(FULL_CONFIG))


def test_the_environment_alone_is_enough_where_it_goes_with_a_file_that_is_not_read(write):
    page = {"DOGWATCH_PUBLIC_PORT": "8081"}

    assert load_environment(page).public_port == 8081
    assert load({**page, "DOGWATCH_CONFIG": str(write('[status]\ntitle = "Harbour"\n'))}).public_port == 8081
    with pytest.raises(ConfigurationError, match="There is no status page to serve"):
        load(page)
    with pytest.raises(ConfigurationError, match="PostgreSQL needs a secret key"):
        load_environment({**page, "DATABASE_URL": "postgresql://dogwatch@localhost/dogwatch"})


def test_severities_go_by_their_own_names(full_settings):
    words = full_settings.severity_words()

    assert full_settings.incidents.default_severity is Severity.SEV2
    assert [full_settings.severity_label(each) for each in Severity] == ["P1", "P2", "SEV3", "SEV4"]
    assert words["major"] is words["p2"] is words["sev2"] is words["2"] is Severity.SEV2


def test_a_label_that_ends_in_a_number_claims_it(write):
    settings = load({}, config_path=write('[severities]\nSEV1 = "SEV0"\nSEV2 = "SEV1"\nSEV3 = "SEV2"\nSEV4 = "SEV3"\n'))
    words = settings.severity_words()

    assert words["0"] is words["sev0"] is Severity.SEV1
    assert words["1"] is words["sev1"] is Severity.SEV2
    assert words["sev3"] is Severity.SEV4


def test_a_service_invites_its_people_and_its_team(full_settings):
    assert full_settings.invitees_for("checkout") == Invitees(users=("U1", "U2", "U3"), usergroups=("S1",))
    assert full_settings.invitees_for("search") == full_settings.invitees_for(None) == Invitees()


def test_a_service_has_its_own_zone_and_template(full_settings):
    assert (full_settings.zone_of("checkout"), full_settings.template_of("checkout")) == (
        ZoneInfo("Africa/Nairobi"),
        "brief",
    )
    assert (full_settings.zone_of("search"), full_settings.template_of(None)) == (ZoneInfo("UTC"), "classic")


def test_reactions_come_on_top_of_the_defaults(full_settings):
    assert full_settings.reactions["fire_engine"] is Kind.DETECTION
    assert full_settings.reactions["boom"] is Kind.MISLEADING_PATH
    assert "fish" not in full_settings.reactions
    assert full_settings.reactions["mag"] is Kind.INVESTIGATION


def test_routes_and_defaults_are_ready_for_the_rules(full_settings):
    assert full_settings.alert_routes == (
        Route(
            (Matcher("severity", "=", "critical"), Matcher("env", "!~", "dev.*")),
            RouteAction.OPEN,
            "checkout",
            Severity.SEV1,
        ),
        Route((), RouteAction.ATTACH),
    )
    assert full_settings.alert_defaults.severity_words["critical"] is Severity.SEV1
    assert full_settings.alert_defaults.service_severities == {"checkout": Severity.SEV2}


def test_words_of_the_workspace_are_read_in_labels_and_bare_numbers_are_not(write):
    settings = load({}, config_path=write('[severities.SEV1]\nlabel = "P0"\nwords = ["Disaster"]\n'))

    words = settings.alert_defaults.severity_words
    assert (words["p0"], words["disaster"], words["sev2"]) == (Severity.SEV1, Severity.SEV1, Severity.SEV2)
    assert [word for word in words if word.isdecimal()] == []
    assert settings.alert_defaults.default_words["critical"] is Severity.SEV2


def test_the_known_words_of_labels_can_be_switched_off(write):
    text = '[alerts]\ndefault_severities = false\n[alerts.severities]\nurgent = "SEV1"\n'
    defaults = load({}, config_path=write(text)).alert_defaults

    assert (defaults.severity_words, defaults.default_words) == ({"urgent": Severity.SEV1}, {})


def test_a_route_may_name_any_service_where_none_are_listed(write):
    assert check(write('[[routes]]\nservice = "checkout"\n')) == []


def test_lines_are_found_in_each_way_of_writing_a_table():
    text = '[a]\nb = 1\n\n[[c]] # first\nd = 2\n[[c]]\n"e f" = 3\n[a.x]\ny.z = 4\n'

    assert key_lines(text) == {
        ("a",): 1,
        ("a", "b"): 2,
        ("c",): 4,
        ("c", 0): 4,
        ("c", 0, "d"): 5,
        ("c", 1): 6,
        ("c", 1, "e f"): 7,
        ("a", "x"): 8,
        ("a", "x", "y"): 9,
        ("a", "x", "y", "z"): 9,
    }


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
    assert all(normalise_emoji(name) == name for name in (*DEFAULT_REACTIONS, *EMOJI_ALIASES.values(), CONFIRM_EMOJI))


def test_a_fifth_level_is_a_word_for_the_least(write):
    settings = load(
        {}, config_path=write('[severities.SEV4]\nlabel = "P4"\nwords = ["P5"]\n[alerts.severities]\nP5 = "P5"\n')
    )

    words = settings.severity_words()
    assert {words[each] for each in ("p4", "p5", "4", "5", "sev4")} == {Severity.SEV4}
    assert settings.alerts.severities == {"P5": Severity.SEV4}
    assert settings.severity_label(Severity.SEV4) == "P4"
