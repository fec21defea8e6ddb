"""The settings in force: what a reading takes over, and what it leaves."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.config import Report, Settings, examine, load
from bot.config.reloading import Configuration, fingerprint

AT = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)


def load_configuration(environ: dict[str, str]) -> Configuration:
    def read(path: Path | None) -> Report:
        return examine(environ, config_path=path)

    return Configuration(load(environ), reader=read, changed=lambda _settings: None)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def test_a_file_that_was_not_there_at_the_start_is_found(folder: Path) -> None:
    configuration = load_configuration({})
    assert await configuration.reload(AT), "there still is none, and none is needed"
    (folder / "dogwatch.toml").write_text('[severities]\nSEV1 = "P1"\n')

    assert await configuration.reload(AT)

    assert configuration.current.severity_label(next(iter(configuration.current.severities))) == "P1"
    (folder / "dogwatch.toml").unlink()
    assert not await configuration.reload(AT), "what was in force is lost, not done without"


async def test_a_unit_of_work_keeps_what_it_began_with(folder: Path) -> None:
    (folder / "dogwatch.toml").write_text('[severities]\nSEV1 = "P1"\n')
    configuration = load_configuration({})
    mine, words = configuration.current, configuration.current.severity_words()
    assert mine.reactions["boom"] == "impact began"
    (folder / "dogwatch.toml").write_text('[severities]\nSEV1 = "K1"\n[reactions]\nboom = "note"\n')

    assert await configuration.reload(AT)

    assert (mine.severity_words(), mine.reactions["boom"]) == (words, "impact began")
    assert ("k1" in configuration.current.severity_words(), configuration.current.reactions["boom"]) == (True, "note")


async def test_a_changed_token_outlives_a_reading(folder: Path) -> None:
    token = folder / "token"
    token.write_text("the-old-token-0123")
    configuration = load_configuration(
        {"DOGWATCH_ALERT_TOKEN_FILE": str(token), "DOGWATCH_INCIDENTS_CHANNEL": "C0123456789"}
    )
    token.write_text("the-new-token-4567")
    (folder / "dogwatch.toml").write_text('[incidents]\nchannel = "elsewhere"\n')

    assert await configuration.reload(AT)

    assert configuration.current.credentials("generic").tokens == ("the-new-token-4567",)
    assert configuration.current.incidents.channel == "C0123456789", "the environment goes before the file"


async def test_readings_follow_one_another(folder: Path) -> None:
    file, configuration = folder / "dogwatch.toml", load_configuration({})
    file.write_text("[storms]\nminutes = 7\n")

    assert all(await asyncio.gather(*(configuration.reload(AT) for _ in range(5))))

    assert configuration.current.storms.minutes == 7
    assert configuration.fingerprint == fingerprint(configuration.current)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("", "# a word\n", True),
        ("", "[storms]\nminutes = 5\n", True),
        ("", "[storms]\nminutes = 6\n", False),
        ("[teams.a]\n[teams.b]\n", "[teams.b]\n[teams.a]\n", False),  # who is in two teams belongs to the first
        ("[[routes]]\nmatch = ['a=b']\n[[routes]]\n", "[[routes]]\n[[routes]]\nmatch = ['a=b']\n", False),
    ],
)
def test_fingerprints_are_equal_where_the_same_is_done(folder: Path, one: str, other: str, *, same: bool) -> None:
    def fingerprint_of(text: str) -> str:
        (folder / "dogwatch.toml").write_text(text)
        return fingerprint(load({}))

    assert (fingerprint_of(one) == fingerprint_of(other)) == same
    assert fingerprint(Settings()) == fingerprint_of("")
