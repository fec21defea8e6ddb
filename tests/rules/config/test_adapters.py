"""`[alerts.sources.NAME]`: what `dogwatch check` refuses and doubts, by line and key."""

from pathlib import Path
from typing import Any

import pytest

from bot.config import examine, load
from bot.config.reloading import fingerprint
from bot.config.values import list_values

pytestmark = pytest.mark.usefixtures("empty_folder")
TOKEN, OWN = "a-token-of-sixteen", "its-own-token-of-sixteen"
ACME = '[alerts.sources.acme]\ntitle = "/title"\nkey = "{/host}/{/check}"\nstatus = "/state"\n'


def with_status(text: str) -> str:
    return ACME.replace('"/state"', text)


def problems(path: Path, environ: dict[str, str] | None = None) -> list[str]:
    return [str(each).removeprefix(f"{path}:") for each in examine(environ or {}, config_path=path).problems]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (ACME + 'link = "url"\n', "5: alerts.sources.acme.link = \"url\": 'url' is not a JSON pointer"),
        (ACME + 'sevrity = "/x"\n', '5: alerts.sources.acme.sevrity = "/x": There is no such key. Did you mean `sever'),
        (ACME + 'labels = "/x"\n', '5: alerts.sources.acme.labels = "/x": This must be a table'),
        (ACME + 'labels = { a = "x" }\n', '5: alerts.sources.acme.labels.a = "x":'),
        (ACME + "items = 5\n", "5: alerts.sources.acme.items = 5: This must be a pointer"),
        (
            with_status('{ values = { UP = "fine" }, from = "/s" }'),
            '4: alerts.sources.acme.status: "fine" is not a sta',
        ),
        (ACME.replace("acme", "grafana"), '1: alerts.sources.grafana = "grafana": Dogwatch has a source of this na'),
        (ACME.replace("acme", "heartbeat"), '1: alerts.sources.heartbeat = "heartbeat": Dogwatch has a source'),
        (ACME.replace("acme", "Acme_1"), '1: alerts.sources.Acme_1 = "Acme_1": Use up to 40 lower-case letters'),
        ('[alerts.sources.acme]\ntitle = "/title"\n', "1: alerts.sources.acme.key: This key is required"),
    ],
)
def test_a_wrong_description_is_refused_by_line_and_key(write: Any, text: str, problem: str) -> None:
    (found,) = problems(write(text))

    assert found.startswith(problem)


def test_a_source_that_never_ends_an_alert_is_doubted(write: Any) -> None:
    report = examine({}, config_path=write(ACME.replace('status = "/state"\n', "")))

    assert [(each.key, "none ends" in each.message) for each in report.warnings] == [("alerts.sources.acme", True)]


def test_a_source_has_the_common_token_or_its_own(write: Any) -> None:
    path = write(ACME + ACME.replace("acme", "two-b"))
    settings = load({"DOGWATCH_ALERT_TOKEN": TOKEN, "DOGWATCH_ALERT_TOKEN_TWO_B": OWN}, config_path=path)

    assert settings.credentials("acme").tokens == (TOKEN,)
    assert settings.credentials("two-b").tokens == (OWN,)
    assert {"acme", "two-b"} <= {*settings.alert_sources}
    assert OWN in settings.secret_values()
    assert OWN not in str(list_values(settings))


def test_a_token_without_its_source_is_doubted_and_a_short_one_refused(write: Any) -> None:
    path = write(ACME)
    doubtful = examine({"DOGWATCH_ALERT_TOKEN_ACMEE": OWN}, config_path=path)

    assert [each.key for each in doubtful.warnings] == ["DOGWATCH_ALERT_TOKEN_ACMEE"]
    assert "Did you mean `DOGWATCH_ALERT_TOKEN_ACME`?" in doubtful.warnings[0].message
    (short,) = problems(path, {"DOGWATCH_ALERT_TOKEN_ACME": "hidden"})
    assert "DOGWATCH_ALERT_TOKEN_ACME" in short
    assert "hidden" not in short


def test_the_settings_show_a_description_and_know_when_it_changes(write: Any) -> None:
    first = load({}, config_path=write(with_status('{ from = ["/s", "/t"], values = { UP = "resolved" } }')))
    texts = {each.key: each.text for each in list_values(first)}
    second = load({}, config_path=write(with_status('{ from = ["/s", "/t"], values = { UP = "firing" } }')))

    assert texts["alerts.sources.acme.key"] == '"{/host}/{/check}"'
    assert texts["alerts.sources.acme.status"] == '"/s or /t (up = resolved)"'
    assert fingerprint(first) != fingerprint(second)
