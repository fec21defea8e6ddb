"""What pages people fails, hangs or loses its answer: the page arrives in the end, once where that can be known."""

import io
import logging
import re
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from bot.config import Settings, load
from bot.doctor.paging import means
from bot.domain.terms import Severity
from bot.notifiers import email
from bot.notifiers.outcome import Away, Patience, Refused
from bot.runtime import log
from bot.runtime.metrics import REGISTRY
from bot.services.paging.content import CallText, PageText
from tests.support.servers.paging_servers import PASSWORD, USER, MailServer, Opsgenie, PagerDuty, certificate
from tests.support.worlds.contact_methods import MAIL, SECRET, MeansWorld

AT = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
SHORT = Patience(step=2.0, whole=4.0, call=2.0)
"""For servers that hang on purpose: long enough for one that does not, on a machine that is busy."""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[MeansWorld]:
    async with MeansWorld(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, lambda *_: True) as built:
        yield built


@pytest.fixture
async def either_world(database_url: str, tmp_path: Path) -> AsyncIterator[MeansWorld]:
    """Once on each database: where a failure is written down again and again."""
    async with MeansWorld(database_url, tmp_path, lambda *_: True) as built:
        yield built


def sent_again() -> float:
    return REGISTRY.get_sample_value("dogwatch_sent_again_total", {"what": "page by means"}) or 0.0


async def test_a_service_that_is_away_for_an_hour_gets_the_page_when_it_is_back(either_world: MeansWorld) -> None:
    world = either_world
    await world.declares()
    world.pagerduty.answers = [503] * 1_000
    page_id = await world.calls("pagerduty:payments")
    assert "PagerDuty failed (HTTP 503)" in (await world.page(page_id)).outcome
    assert world.pagerduty.calls == 1

    await world.advance(minutes=60)
    tries = world.pagerduty.calls
    assert 55 < tries < 75, "soon at first, then once a minute"
    world.pagerduty.answers = []
    await world.advance(minutes=1)

    assert (await world.page(page_id)).outcome == "sent"
    assert len(world.pagerduty.alerts) == 1


async def test_what_is_no_longer_needed_when_the_service_is_back_is_not_sent(world: MeansWorld) -> None:
    await world.declares()
    world.opsgenie.answers = [500] * 1_000
    page_id = await world.calls("opsgenie:eu-west")
    await world.types("oncall", "/incident ack")
    world.opsgenie.answers = []
    await world.advance(minutes=2)

    assert (await world.page(page_id)).outcome == "not needed any more"
    assert world.opsgenie.acts == ["acknowledge"], "it may have taken the call that failed, so it is told to stop"


async def test_a_lost_answer_makes_no_second_alert(world: MeansWorld) -> None:
    await world.declares()
    world.pagerduty.answers, world.opsgenie.answers = ["lose"], ["lose"]
    await world.calls("pagerduty:payments")
    await world.pages_by("opsgenie:eu-west")
    await world.advance(minutes=1)

    assert (len(world.pagerduty.alerts), world.pagerduty.events) == (1, ["trigger", "trigger"])
    assert (len(world.opsgenie.alerts), world.opsgenie.acts) == (1, ["create", "create"])


async def test_a_lost_answer_of_a_webhook_is_repeated_under_the_same_id(world: MeansWorld) -> None:
    await world.declares()
    world.receiver.answers = ["lose"]
    await world.calls("webhook:bridge")
    await world.advance(minutes=1)

    first, second = world.receiver.took
    assert first["id"] == second["id"]


async def test_a_lost_answer_of_a_mail_server_doubles_the_mail_and_is_counted(world: MeansWorld) -> None:
    await world.declares()
    before = sent_again()
    world.mail.loses_answer = True
    await world.calls("email", address=MAIL)
    world.mail.loses_answer = False
    await world.advance(minutes=1)

    first, second = world.mail.took
    assert first["Message-ID"] == second["Message-ID"], "a reader that looks shows it once"
    assert sent_again() == before + 1


async def test_one_that_hangs_holds_up_nobody_else(tmp_path: Path) -> None:
    database_url = f"sqlite:///{tmp_path / 'dogwatch.db'}"
    async with MeansWorld(database_url, tmp_path, lambda *_: True, patience=SHORT) as world:
        await world.declares()
        world.mail.hangs = True
        world.pagerduty.answers = ["hang"]
        mailed = await world.calls("email", address=MAIL, settles=False)
        rung = await world.pages_by("pagerduty:payments", settles=False)
        bridged = await world.pages_by("webhook:bridge")

        assert (await world.page(bridged)).outcome == "sent"
        assert "did not answer within 2 s" in (await world.page(rung)).outcome
        assert "The mail server did not" in (await world.page(mailed)).outcome
        world.mail.hangs = False
        await world.advance(minutes=1)
        assert (await world.page(mailed)).outcome == (await world.page(rung)).outcome == "sent"


async def test_who_asks_to_wait_is_waited_for(world: MeansWorld) -> None:
    await world.declares()
    world.pagerduty.headers, world.pagerduty.answers = {"Retry-After": "45"}, [429]
    await world.calls("pagerduty:payments")

    await world.advance(seconds=44)
    assert world.pagerduty.calls == 1
    await world.advance(seconds=2)
    assert world.pagerduty.events == ["trigger"]


async def test_a_refusal_is_told_and_not_repeated(world: MeansWorld) -> None:
    await world.declares()
    world.mail.refuses["RCPT"] = "550 no such mailbox dba@example.test"
    page_id = await world.calls("email", address=MAIL)
    await world.advance(minutes=30)

    assert (await world.page(page_id)).outcome == "The mail server does not take mail for that address (550)."
    assert "does not take mail for that address" in world.card()
    assert MAIL not in await world.stored()


def text_of(title: str = "checkout is down") -> PageText:
    call = CallText(
        page_id=1,
        escalation_id=1,
        reference="INC-1",
        title=title,
        severity=Severity.SEV1,
        severity_label="SEV1",
        status_label="investigating",
        target="dba",
        reason="the pool is full",
        asked_by="oncall",
        level="",
        paged_at=AT,
        zone=ZoneInfo("UTC"),
        acknowledge_url="https://dogwatch.example.test/ack/1.2.3",
        page_url=None,
        channel_url=None,
        is_drill=False,
    )
    return PageText("dogwatch.T0HARBOUR.1", "dba", "Harbour", (call,))


def mail_settings(folder: Path, port: int, ca_file: Path | None, *, security: str, host: str = "localhost") -> Settings:
    lines = [
        f'host = "{host}"',
        f"port = {port}",
        f'security = "{security}"',
        f'user = "{USER}"',
        'from = "d@example.test"',
    ]
    lines += [f'ca_file = "{ca_file}"'] if ca_file else []
    path = folder / "dogwatch.toml"
    path.write_text("\n".join(["[paging.email]", *lines]))
    return load({"DOGWATCH_SMTP_PASSWORD": PASSWORD}, config_path=path)


async def mails(settings: Settings, text: PageText | None = None) -> None:
    with ThreadPoolExecutor(1) as threads:
        await email.send(
            text or text_of(), MAIL, settings, message_id="m-1", at=AT, threads=threads, patience=Patience()
        )


async def test_a_mail_goes_over_tls_from_the_first_byte(tmp_path: Path) -> None:
    ca_file, context = certificate(tmp_path, "localhost")
    async with MailServer(context, security="tls") as server:
        await mails(mail_settings(tmp_path, server.port, ca_file, security="tls"))

        assert server.was_secured == [True]


@pytest.mark.parametrize(
    ("security", "client", "trusts", "names", "password", "said"),
    [
        ("starttls", "starttls", False, ["localhost"], PASSWORD, "certificate is not valid for localhost"),
        ("starttls", "starttls", True, ["other.test"], PASSWORD, "certificate is not valid for localhost"),
        ("tls", "tls", False, ["localhost"], PASSWORD, "certificate is not valid for localhost"),
        ("starttls", "starttls", True, ["localhost"], "a wrong one", "does not accept user and DOGWATCH_SMTP_PASSWORD"),
        ("plain", "starttls", True, ["localhost"], PASSWORD, "does not offer STARTTLS"),
    ],
)
async def test_what_an_operator_has_to_mend_is_refused(
    tmp_path: Path, security: str, client: str, trusts: bool, names: list[str], password: str, said: str
) -> None:
    ca_file, context = certificate(tmp_path, *names)
    async with MailServer(context, security=security) as server:
        settings = mail_settings(tmp_path, server.port, ca_file if trusts else None, security=client)
        settings = settings.model_copy(update={"smtp_password": SecretStr(password)})

        with pytest.raises(Refused, match=said):
            await mails(settings)
        assert server.took == []


@pytest.mark.parametrize(("word", "answer"), [("RCPT", "451 later"), ("DATA", "452 full")])
async def test_what_passes_is_told_from_what_does_not(tmp_path: Path, word: str, answer: str) -> None:
    ca_file, context = certificate(tmp_path, "localhost")
    async with MailServer(context) as server:
        settings = mail_settings(tmp_path, server.port, ca_file, security="starttls")
        server.refuses[word] = answer
        with pytest.raises(Away) as passing:
            await mails(settings)
        server.refuses[word] = "554 never"
        with pytest.raises(Refused):
            await mails(settings)

    assert passing.value.maybe_done is False
    with pytest.raises(Away, match="cannot be reached") as gone:  # the server has gone
        await mails(settings)
    assert gone.value.maybe_done is False


async def test_no_word_becomes_a_header(tmp_path: Path) -> None:
    ca_file, context = certificate(tmp_path, "localhost")
    async with MailServer(context) as server:
        text = text_of("down\r\nBcc: x@example.test\x00\u2028\u202e ünïcode " + "x" * 500)
        await mails(mail_settings(tmp_path, server.port, ca_file, security="starttls"), text)

        [mail] = server.took
    assert mail["Subject"].startswith("INC-1 SEV1 down Bcc: x@example.test ünïcode xxx")
    assert len(mail["Subject"]) == 150
    assert mail["Bcc"] is None


async def test_doctor_tries_them_and_pages_nobody(world: MeansWorld) -> None:
    found = await means(world.settings())
    assert [each.state for each in found if each.state == "failed"] == []
    assert any("the mail server at localhost" in each.found and "signed in" in each.found for each in found)

    environ = {**world.environment(), "DOGWATCH_SMTP_PASSWORD": "a wrong one", "DOGWATCH_APPRISE_PUSH": "nothing"}
    del environ["DOGWATCH_PAGERDUTY_KEY_PAYMENTS"], environ["DOGWATCH_WEBHOOK_SECRET"]
    broken = [f"{each.found} {each.remedy}" for each in await means(load(environ)) if each.state == "failed"]
    for words in (
        "does not accept user and DOGWATCH_SMTP_PASSWORD",
        "Set DOGWATCH_PAGERDUTY_KEY_PAYMENTS.",
        "set DOGWATCH_WEBHOOK_SECRET",
        "Set DOGWATCH_APPRISE_PUSH",
    ):
        assert any(words in each for each in broken), broken
    assert len(broken) == 4
    assert world.mail.took == []
    assert world.pagerduty.calls == world.opsgenie.calls == world.receiver.calls == 0


async def test_no_secret_and_no_address_reaches_the_log(world: MeansWorld) -> None:
    """Each means works, then fails; at the most talkative level."""
    stream, root = io.StringIO(), logging.getLogger()
    kept, level = root.handlers, root.level
    log.configure(level="DEBUG", form="json")
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # the server of this test, which is none of the bot's
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    try:
        await world.declares()
        for answers in ([], [500], [400], ["lose"]):
            for each in (world.pagerduty, world.opsgenie, world.receiver):
                each.answers = list(answers)
            world.mail.refuses = {"RCPT": f"550 {MAIL} is nobody"} if answers else {}
            await world.calls("email", address=MAIL)
            await world.pages_by("apprise:push", address="+33612345678")
            for means_of_service in ("pagerduty:payments", "opsgenie:eu-west", "webhook:bridge"):
                await world.pages_by(means_of_service)
    finally:
        root.handlers = kept
        root.setLevel(level)
    told = stream.getvalue()
    assert told.count("a page was refused") >= 3
    [link] = re.findall(r"/ack/(\S+)", world.mail.took[0].get_body(("plain",)).get_content())
    secrets = (PASSWORD, PagerDuty.KEY, Opsgenie.KEY, SECRET, "a-very-secret-token", MAIL, "33612345678", link)
    assert [each for each in secrets if each in told] == []
