"""Rules of subscribers: who gets a notice, which webhooks are taken, which refusals end a subscription."""

import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.config import examine, load
from bot.domain.status_page.subscribers import (
    Notice,
    NoticeKind,
    SignUpProblem,
    SignUpRefused,
    SubscriberKind,
    Wishes,
    check_webhook,
    find_concerned,
    is_for,
    is_private_address,
)
from bot.notifiers.subscribers.email import MailFrame, compose_notice, encode_mail
from bot.notifiers.subscribers.outcome import Result, read_refusal
from bot.notifiers.subscribers.webhook import PublicResolver
from bot.services.status_page.notice_text import word_notice
from bot.services.status_page.subscriptions import SignUp, read_token, write_token

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ORDER = ("en", "fr", "it")


def notice(kind: NoticeKind = NoticeKind.UPDATE, **given: Any) -> Notice:
    texts = {"en": "It fails.", "fr": "Panne."}
    return Notice(kind, "id", "incidents/id.html", "public_resolved", "resolved", NOON, {"en": "Title"}, texts, **given)


@pytest.mark.parametrize(
    ("given", "wishes", "expected"),
    [
        ({}, Wishes("it"), True),
        ({"concerns": frozenset({"online"})}, Wishes("en", frozenset({"online", "store"})), True),
        ({"concerns": frozenset({"online"})}, Wishes("en", frozenset({"store"})), False),
        ({"concerns": None}, Wishes("en", frozenset({"store"})), True),
        ({"kind": NoticeKind.TRANSLATION, "changed": ("fr",)}, Wishes("fr"), True),
        ({"kind": NoticeKind.TRANSLATION, "changed": ("fr",)}, Wishes("it"), False),
        ({"kind": NoticeKind.CORRECTION, "changed": ("en",)}, Wishes("it"), True),
        ({"kind": NoticeKind.CORRECTION, "changed": ("fr",)}, Wishes("it"), False),
        ({"kind": NoticeKind.CORRECTION, "changed": ("it",)}, Wishes("it"), True),
    ],
    ids=[
        "everybody",
        "one of their components",
        "another component",
        "no component named",
        "a translation into theirs",
        "a translation into another",
        "a correction of the text they read",
        "a correction of another",
        "a text of theirs that was withdrawn",
    ],
)
def test_a_notice_goes_to_those_whom_it_concerns(given: dict[str, Any], wishes: Wishes, expected: bool) -> None:
    assert is_for(notice(**given), wishes, ORDER) is expected


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ([["online"], ["store"]], {"online", "store"}),
        ([["online"], []], {"online"}),
        ([[], ["online"]], None),
        ([], None),
    ],
    ids=["each that was named", "an end without components", "a beginning without", "none"],
)
def test_an_incident_concerns_those_who_were_told_of_it_to_its_end(named: list[list[str]], expected: Any) -> None:
    assert find_concerned(named) == expected


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("http://example.com/x", SignUpProblem.WEBHOOK_HTTPS),
        ("ftp://example.com", SignUpProblem.WEBHOOK_HTTPS),
        ("example.com", SignUpProblem.WEBHOOK_HTTPS),
        ("https://", SignUpProblem.WEBHOOK_HTTPS),
        ("https://[::1", SignUpProblem.WEBHOOK_HTTPS),
        ("https://example.com:99999/", SignUpProblem.WEBHOOK_HTTPS),
        ("https://me:secret@example.com/", SignUpProblem.WEBHOOK_UNUSABLE),
        ("https://example.com/\r\nHost: x", SignUpProblem.WEBHOOK_UNUSABLE),
        ("https://example.com/" + "x" * 1000, SignUpProblem.WEBHOOK_UNUSABLE),
        ("https://localhost/", SignUpProblem.WEBHOOK_PRIVATE),
        ("https://169.254.169.254/latest", SignUpProblem.WEBHOOK_PRIVATE),
        ("https://[::ffff:10.0.0.1]/", SignUpProblem.WEBHOOK_PRIVATE),
    ],
)
def test_a_webhook_is_refused(address: str, problem: SignUpProblem) -> None:
    with pytest.raises(SignUpRefused) as refused:
        check_webhook(address, ["intranet.example"])

    assert refused.value.problem is problem


@pytest.mark.parametrize("address", ["https://example.com:8443/x?y=1", "http://intranet.example/x", "https://1.1.1.1/"])
def test_a_webhook_is_taken(address: str) -> None:
    assert check_webhook(f" {address} ", ["intranet.example"]) == address


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("10.1.2.3", True),
        ("100.64.0.1", True),
        ("224.0.0.1", True),
        ("fe80::1%eth0", True),
        ("fd00::1", True),
        ("2002:a00:1::1", True),
        ("64:ff9b::a00:1", True),
        ("8.8.8.8", False),
        ("2606:4700::1111", False),
        ("64:ff9b::808:808", False),
        ("example.com", False),
    ],
)
def test_an_address_of_a_private_network_is_recognized(host: str, expected: bool) -> None:
    assert is_private_address(host) is expected


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        (550, "5.1.1 User unknown", Result.ENDED),
        (550, "no such user", Result.ENDED),
        (554, "5.7.1 Relay access denied", Result.FAILED),
        (552, "5.2.2 Mailbox full", Result.FAILED),
        (554, "rejected", Result.FAILED),
        (450, "4.2.0 Greylisted", Result.AGAIN),
    ],
)
def test_only_an_address_that_does_not_exist_ends_a_subscription(code: int, text: str, expected: Result) -> None:
    assert read_refusal(code, text) is expected


def test_the_link_of_a_sign_up_holds_the_wishes_until_it_expires() -> None:
    settings = load({"DOGWATCH_SECRET_KEY": "a secret key that is long enough for tests"})
    other = load({"DOGWATCH_SECRET_KEY": "another key that is long enough for tests"})
    wanted = SignUp(SubscriberKind.WEBHOOK, "https://example.com/x", "a@example.com", "fr", ("online",))

    token = write_token(settings, wanted, NOON)

    assert read_token(settings, token, NOON) == wanted
    assert "example" not in token
    assert read_token(settings, token, NOON.replace(hour=13)) is None
    assert read_token(other, token, NOON) is None
    assert read_token(settings, f"{token[:-4]}AAAA", NOON) is None
    assert read_token(settings, "v1.%%%", NOON) is None


ADDRESSES = {"outside.example": ["10.0.0.8", "93.184.216.34"], "inside.example": ["10.0.0.8"]}


class Names(AbstractResolver):
    """A name server with two names."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=each, port=port, family=family, proto=0, flags=0)
            for each in ADDRESSES[host]
        ]

    async def close(self) -> None:
        pass


async def test_a_name_leads_to_public_addresses_alone() -> None:
    resolver = PublicResolver([], Names())
    allowing = PublicResolver(["inside.example"], Names())

    assert [each["host"] for each in await resolver.resolve("outside.example")] == ["93.184.216.34"]
    with pytest.raises(OSError, match="private network"):
        await resolver.resolve("inside.example")
    assert [each["host"] for each in await allowing.resolve("inside.example")] == ["10.0.0.8"]


def test_a_mail_has_the_headers_of_one_click_as_mail_programs_read_them(tmp_path: Path) -> None:
    config = tmp_path / "dogwatch.toml"
    config.write_text(
        '[status]\ntitle = "Harbour"\n[paging.email]\nhost = "mail.example.com"\nfrom = "Dogwatch <bot@example.com>"\n'
    )
    settings = load({"DOGWATCH_CONFIG": str(config)})
    assert settings.status
    leave_url = f"https://status.example.com/subscribe/leave/{'0f' * 16}?lang=fr"
    frame = MailFrame("a@example.com", "status.1.2", NOON, "fr", "id", leave_url)
    text = word_notice(settings, settings.status, notice(), "en")

    sent = encode_mail(compose_notice(settings, settings.status, text, frame), frame).decode("ascii")

    headers = sent.partition("\r\n\r\n")[0].split("\r\n")
    assert f"List-Unsubscribe: <{leave_url}>" in headers
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in headers
    assert "Content-Language: fr" in headers
    assert max(len(line) for line in sent.partition("\r\n\r\n")[2].split("\r\n")) <= 78


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("[status.subscribers]\nwebhooks = true", "A webhook is confirmed by e-mail. Set email = true, too."),
        ("[status.subscribers]\nemail = true", "Nobody can subscribe: e-mail is not set up."),
        ('[status.subscribers.channels.ops]\nlanguage = "fr"', "The page is not in this language."),
        ('[status.subscribers.channels.ops]\ncomponents = ["onlin"]', "Did you mean `online`?"),
    ],
)
def test_a_configuration_that_reaches_nobody_is_pointed_out(lines: str, problem: str, tmp_path: Path) -> None:
    config = tmp_path / "dogwatch.toml"
    page = '[status]\ntitle = "Harbour"\nurl = "https://status.example.com"\n'
    config.write_text(f'{page}{lines}\n[status.components.online]\nname = "Online"\n')

    found = examine({"SLACK_BOT_TOKEN": "x", "SLACK_SIGNING_SECRET": "x"}, config_path=config)

    [named] = [*found.problems, *found.warnings]
    assert problem in str(named)
