"""`[policies.NAME]`, and the places that say which one starts by itself."""

from pathlib import Path

import pytest

from bot.config import examine, load
from bot.config.problems import ConfigurationError
from bot.domain.escalation import parse_target
from bot.domain.terms import Severity

LEVEL = "[[policies.a.levels]]\ntargets = ['U1']\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "dogwatch.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "key", "line", "says"),
    [
        ("[policies.a]\n", "policies.a.levels", 1, "This key is required"),
        ("[policies.a]\nlevels = []\n", "policies.a.levels", 2, "at least one entry"),
        ("[[policies.a.levels]]\nwait = 5\n", "policies.a.levels[0].targets", 1, "This key is required"),
        ("[[policies.a.levels]]\ntargets = []\n", "policies.a.levels[0].targets", 2, "at least one entry"),
        ("[[policies.a.levels]]\ntargets = ['@dba']\n", "policies.a.levels[0].targets[0]", 2, "U0123456789"),
        ("[[policies.a.levels]]\ntargets = ['shedule:dba']\n", "policies.a.levels[0].targets[0]", 2, "schedule:NAME"),
        ("[[policies.a.levels]]\ntargets = ['group:dba']\n", "policies.a.levels[0].targets[0]", 2, "S0123456789"),
        ("[[policies.a.levels]]\ntargets = ['team:dba']\n", "policies.a.levels[0].targets[0]", 2, "[teams.dba]"),
        (
            "[teams.dbas]\nmembers = ['U1']\n[[policies.a.levels]]\ntargets = ['team:dba']\n",
            "policies.a.levels[0].targets[0]",
            4,
            "Did you mean `dbas`?",
        ),
        ("[[policies.a.levels]]\ntargets = ['vendor:x']\n", "policies.a.levels[0].targets[0]", 2, "[vendors.x]"),
        (LEVEL + "wait = 0\n", "policies.a.levels[0].wait", 3, "at least 1"),
        (LEVEL + "acknowledge = 'both'\n", "policies.a.levels[0].acknowledge", 3, "'any' or 'all'"),
        (LEVEL + "[policies.a.at_end]\npage = ['team:x']\n", "policies.a.at_end.page[0]", 4, "[teams.x]"),
        ("[policies]\n[[policies.none.levels]]\ntargets = ['U1']\n", "policies.none", 2, "another"),
        ("[services.s]\npolicy = 'a'\n", "services.s.policy", 2, "no policy of this name"),
        (LEVEL + "[services.s]\npolicy = 'aa'\n", "services.s.policy", 4, "Did you mean `a`?"),
        (LEVEL + "[services.s]\npolicy = 3\n", "services.s.policy", 4, "or one by severity"),
        (
            LEVEL + "[services.s]\npolicy = { SEV1 = 'a', P2 = 'b' }\n",
            "services.s.policy.SEV2",
            4,
            "no policy of this name",
        ),
        (LEVEL + "[services.s]\npolicy = { SEV9 = 'a' }\n", "services.s.policy.SEV9", 4, "not a severity"),
        ("[severities.SEV1]\npolicy = 'a'\n", "severities.SEV1.policy", 2, '"none"'),
        ("[incidents]\npolicy = 'a'\n", "incidents.policy", 2, "[policies.a]"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_remedy(tmp_path: Path, text: str, key: str, line: int, says: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load({}, config_path=written(tmp_path, text))

    [problem] = refused.value.problems
    assert problem.key == key
    assert says in problem.message
    assert problem.line == line


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        (
            "[vendors.x]\n[[policies.a.levels]]\ntargets = ['vendor:x']\n",
            "policies.a.levels[0].targets",
            "pages only the vendor",
        ),
        (
            "[teams.t]\n[[policies.a.levels]]\ntargets = ['team:t']\n",
            "policies.a.levels[0].targets[0]",
            "This team is empty",
        ),
    ],
)
def test_what_is_hardly_meant_is_a_warning(tmp_path: Path, text: str, key: str, says: str) -> None:
    report = examine({}, config_path=written(tmp_path, text))

    assert report.problems == ()
    [warning] = [each for each in report.warnings if each.key == key]
    assert says in warning.message


@pytest.mark.parametrize(
    ("more", "warned"),
    [
        ("", False),
        ("[alerts]\ndefault_severities = false\n", True),
        ('[alerts]\ndefault_severities = false\n[alerts.severities]\nwarning = "SEV3"\n', True),
        ('[alerts]\ndefault_severities = false\n[alerts.severities]\ncritical = "SEV2"\n', False),
        ('[[routes]]\nmatch = [\'team="payments"\']\nseverity = "SEV1"\n', False),
        ('[incidents]\ndefault_severity = "SEV1"\n', False),
    ],
)
def test_a_policy_that_no_alert_reaches_is_a_warning_where_alerts_are_taken(
    tmp_path: Path, more: str, warned: bool
) -> None:
    path = written(
        tmp_path, f"{LEVEL}[services.checkout]\npolicy = {{ SEV1 = 'a', SEV2 = 'a', SEV3 = 'none' }}\n{more}"
    )

    taken = examine({"DOGWATCH_ALERT_TOKEN": "a token of sixteen".replace(" ", "-")}, config_path=path)

    said = [each.message for each in taken.warnings if each.key == "services.checkout.policy"]
    assert ["SEV1 or SEV2" in each and "[alerts.severities]" in each for each in said] == [True] * warned
    assert examine({}, config_path=path).warnings == (), "where no alerts are taken it is meant"


def test_the_policy_of_a_severity_that_no_alert_reaches_is_a_warning_too(tmp_path: Path) -> None:
    environ = {"DOGWATCH_ALERT_TOKEN": "a-token-of-sixteen"}
    text = f"{LEVEL}[severities.SEV1]\npolicy = 'a'\n"

    [said] = examine(environ, config_path=written(tmp_path, text)).warnings
    assert said.key == "severities.SEV1.policy"
    reached = f"{text}[services.checkout]\nseverity = 'SEV1'\n"
    assert examine(environ, config_path=written(tmp_path, reached)).warnings == ()


def test_a_policy_is_read_whole(tmp_path: Path) -> None:
    settings = load(
        {},
        config_path=written(
            tmp_path,
            "[teams.dba]\nmembers = ['U2']\n"
            "[policies.major]\nrepeat = 2\nat_end = { page = ['team:dba'] }\n"
            "[[policies.major.levels]]\ntargets = ['U1', 'group:S1']\nacknowledge = 'all'\n"
            "[[policies.major.levels]]\ntargets = ['team:dba']\nwait = 10\n"
            "[services.web]\npolicy = 'major'\n[services.mail]\npolicy = { P1 = 'major', SEV4 = 'none' }\n",
        ),
    )

    policy = settings.policies["major"]
    assert [[str(target) for target in level.targets] for level in policy.levels] == [["U1", "group:S1"], ["team:dba"]]
    assert [(level.wait, level.acknowledge) for level in policy.levels] == [(5, "all"), (10, "any")]
    assert (policy.repeat, policy.at_end.announce, policy.at_end.page) == (2, True, (parse_target("team:dba"),))
    assert settings.services["web"].policy == dict.fromkeys(Severity, "major")
    assert settings.services["mail"].policy == {Severity.SEV1: "major", Severity.SEV4: "none"}
