"""A token is changed while monitors send: who shows the old or the new one is heard, and nothing is restarted."""

import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from bot.config import Settings, load
from tests.support.requests.strangers import FORM, command, counted, to_slack
from tests.support.servers.serve_process import served
from tests.support.worlds.world import World

OLD, NEW, NEWEST = "the-old-token-0123", "the-new-token-4567", "the-newest-token-89"


@pytest.fixture
def logged() -> Iterator[list[EventDict]]:
    with capture_logs() as entries:
        yield entries


class Filed(World):
    """Its secrets are in files."""

    @property
    def token(self) -> Path:
        return self.folder / "token"

    @property
    def signing(self) -> Path:
        return self.folder / "signing"

    def settings(self) -> Settings:
        self.token.write_text(f"{OLD}\n")
        self.signing.write_text(f"{self.sandbox.signing_secret}\n")
        environment = self.environment() | {
            "DOGWATCH_ALERT_TOKEN_GENERIC_FILE": str(self.token),
            "SLACK_SIGNING_SECRET_FILE": str(self.signing),
        }
        del environment["SLACK_SIGNING_SECRET"]
        return load(environment)

    async def status(self, token: str) -> int:
        return (await self.posts("generic", {"title": "still the same", "id": "1"}, token=token))[0]


def replace(path: Path, text: str) -> None:
    """As people should, and as Kubernetes does: the new file takes the old one's place in one step."""
    beside = path.with_suffix(".new")
    beside.write_text(text)
    beside.replace(path)


@pytest.fixture
async def filed(tmp_path: Path) -> AsyncIterator[Filed]:
    async with Filed(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path) as built:
        yield built


def used(sender: str, which: str) -> float:
    return counted("dogwatch_proofs", sender=sender, which=which)


async def test_a_token_is_rotated_without_a_moment_in_which_it_is_refused(
    filed: Filed, logged: list[EventDict]
) -> None:
    first, second = used("generic", "first"), used("generic", "second")
    assert [await filed.status(OLD), await filed.status(NEW)] == [200, 401]

    replace(filed.token, f"{OLD}\n{NEW}\n")
    assert [await filed.status(OLD), await filed.status(NEW)] == [200, 200]
    assert (used("generic", "first") - first, used("generic", "second") - second) == (2, 1)

    replace(filed.token, f"{NEW}\n")
    assert [await filed.status(OLD), await filed.status(NEW)] == [401, 200]

    changes = [each for each in logged if each["event"] == "secret reloaded"]
    assert [(each["variable"], each["values"]) for each in changes] == [
        ("DOGWATCH_ALERT_TOKEN_GENERIC", 2),
        ("DOGWATCH_ALERT_TOKEN_GENERIC", 1),
    ]
    uses = [
        (each["which"], each["of"])
        for each in logged
        if each["event"] == "secret used for the first time" and each["sender"] != "slack"
    ]
    assert uses == [("first", 1), ("first", 2), ("second", 2)]
    assert not [secret for secret in (OLD, NEW) if secret in str(logged)]


async def test_two_changes_within_the_same_moment_are_both_seen(filed: Filed) -> None:
    """Of the same length, and quicker than the file system's clock tells apart."""
    moment = time.time_ns()
    for token in (NEW, OLD, NEW, OLD):
        filed.token.write_text(token)
        os.utime(filed.token, ns=(moment, moment))
        assert await filed.status(token) == 200


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "empty"), (b"short", "16 characters"), (b"\xff\xfe", "not UTF-8"), (None, "No such file")],
)
async def test_a_file_that_cannot_be_used_changes_nothing_and_is_told(
    filed: Filed, logged: list[EventDict], content: bytes | None, says: str
) -> None:
    assert await filed.status(OLD) == 200

    if content is None:
        filed.token.unlink()
    else:
        filed.token.write_bytes(content)

    assert [await filed.status(OLD), await filed.status("short")] == [200, 401]
    problems = [each for each in logged if each["log_level"] == "error"]
    assert len(problems) == 1, "told once, not with each request"
    assert says in problems[0]["problem"]
    assert problems[0]["variable"] == "DOGWATCH_ALERT_TOKEN_GENERIC"
    replace(filed.token, NEWEST)
    assert [await filed.status(OLD), await filed.status(NEWEST)] == [401, 200]


async def test_a_file_that_is_removed_is_told_whatever_was_wrong_with_it_before(
    filed: Filed, logged: list[EventDict]
) -> None:
    """And that it is back, although it holds what it did."""
    filed.token.write_bytes(b"\xff\xfe")
    assert await filed.status(OLD) == 200
    filed.token.unlink()
    assert [await filed.status(OLD), await filed.status(OLD)] == [200, 200]
    filed.token.write_text(OLD)
    assert await filed.status(OLD) == 200

    told = [(each["log_level"], each["event"], each.get("problem")) for each in logged if "file" in each["event"]]
    assert told == [
        ("error", "secret file unreadable", "it is not UTF-8 text"),
        ("error", "secret file unreadable", "No such file or directory"),
        ("info", "secret file readable again", None),
    ]


async def test_slacks_secret_is_rotated_like_a_token(filed: Filed, logged: list[EventDict]) -> None:
    """Slack makes a new signing secret, and signs with either until the old one is taken back."""
    old, new = filed.sandbox.signing_secret, "0123456789abcdef0123456789abcdef"
    before = used("slack", "second")

    async def status(secret: str, trigger: str) -> int:
        return (await to_slack(filed, command(filed, "list", trigger=trigger), kind=FORM, secret=secret)).status

    assert [await status(old, "1.1"), await status(new, "1.2")] == [200, 401]
    replace(filed.signing, f"{old} {new}")
    assert [await status(old, "1.3"), await status(new, "1.4")] == [200, 200]
    assert used("slack", "second") == before + 1
    replace(filed.signing, new)
    assert [await status(old, "1.5"), await status(new, "1.6")] == [401, 200]
    assert old not in str(logged)
    assert new not in str(logged)


async def test_a_hangup_reads_them_again_and_stops_nothing(tmp_path: Path) -> None:
    """SIGHUP: an operator sees at once whether the new file can be used."""
    token = tmp_path / "token"
    token.write_text(OLD)
    async with World(f"sqlite:///{tmp_path / 'world.db'}", tmp_path) as world:
        environment = world.environment() | {
            "DATABASE_URL": f"sqlite:///{tmp_path / 'served.db'}",
            "DOGWATCH_ALERT_TOKEN_GENERIC_FILE": str(token),
        }
        async with served(environment) as running:
            await running.port()
            replace(token, f"{OLD}\n{NEW}\n")

            running.process.send_signal(signal.SIGHUP)

            said = await running.says("secret reloaded")
            assert (said["variable"], said["values"]) == ("DOGWATCH_ALERT_TOKEN_GENERIC", 2)
            assert (await running.gets("/livez"))[0] == 200
