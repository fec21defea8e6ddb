"""Failing, hanging and lossy contact methods: the page arrives, once where possible."""

import io
import logging
import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from bot.config import Settings, load
from bot.doctor.paging import check_contact_methods
from bot.domain.terms import Severity
from bot.notifiers import email
from bot.notifiers.outcome import PermanentFailure, TemporaryFailure, Timeouts
from bot.runtime import log
from bot.runtime.metrics import REGISTRY
from bot.services.paging.content import EscalationText, PageText
from tests.support.servers.paging_servers import PASSWORD, USER, MailServer, Opsgenie, PagerDuty, certificate
from tests.support.worlds.contact_methods import MAIL, SECRET, ContactMethodWorld
from tests.support.worlds.databases import BOTH_DATABASES

AT = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
SHORT = Timeouts(step=2.0, total=4.0, request=2.0)
"""Timeout for servers that hang on purpose; long enough for others on a busy machine."""


pytestmark = pytest.mark.world(kind=ContactMethodWorld)


def sent_again() -> float:
    return REGISTRY.get_sample_value("dogwatch_sent_again_total", {"what": "page by means"}) or 0.0


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_a_page_arrives_after_an_outage_of_an_hour(world: ContactMethodWorld) -> None:
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


async def test_a_page_that_is_not_needed_after_an_outage_is_not_sent(world: ContactMethodWorld) -> None:
    await world.declares()
    world.opsgenie.answers = [500] * 1_000
    page_id = await world.calls("opsgenie:eu-west")
    await world.types("oncall", "/incident ack")
    world.opsgenie.answers = []
    await world.advance(minutes=2)

    assert (await world.page(page_id)).outcome == "no longer needed"
    assert world.opsgenie.acts == ["acknowledge"], "it may have taken the call that failed, so it is told to stop"


async def test_a_lost_response_makes_no_second_alert(world: ContactMethodWorld) -> None:
    await world.declares()
    world.pagerduty.answers, world.opsgenie.answers = ["lose"], ["lose"]
    await world.calls("pagerduty:payments")
    await world.pages_by("opsgenie:eu-west")
    await world.advance(minutes=1)

    assert (len(world.pagerduty.alerts), world.pagerduty.events) == (1, ["trigger", "trigger"])
    assert (len(world.opsgenie.alerts), world.opsgenie.acts) == (1, ["create", "create"])


async def test_a_lost_response_of_a_webhook_is_retried_with_the_same_id(world: ContactMethodWorld) -> None:
    await world.declares()
    world.receiver.answers = ["lose"]
    await world.calls("webhook:bridge")
    await world.advance(minutes=1)

    first, second = world.receiver.took
    assert first["id"] == second["id"]


async def test_a_lost_response_of_a_mail_server_duplicates_the_mail_and_is_counted(world: ContactMethodWorld) -> None:
    await world.declares()
    before = sent_again()
    world.mail.loses_answer = True
    await world.calls("email", address=MAIL)
    world.mail.loses_answer = False
    await world.advance(minutes=1)

    first, second = world.mail.took
    assert first["Message-ID"] == second["Message-ID"], "a reader that looks shows it once"
    assert sent_again() == before + 1


async def test_a_hanging_contact_method_delays_no_other(tmp_path: Path) -> None:
    database_url = f"sqlite:///{tmp_path / 'dogwatch.db'}"
    async with ContactMethodWorld(database_url, tmp_path, lambda *_: True, timeouts=SHORT) as world:
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


async def test_retry_after_is_respected(world: ContactMethodWorld) -> None:
    await world.declares()
    world.pagerduty.headers, world.pagerduty.answers = {"Retry-After": "45"}, [429]
    await world.calls("pagerduty:payments")

    await world.advance(seconds=44)
    assert world.pagerduty.calls == 1
    await world.advance(seconds=2)
    assert world.pagerduty.events == ["trigger"]


async def test_a_refusal_is_reported_and_not_retried(world: ContactMethodWorld) -> None:
    await world.declares()
    world.mail.refuses["RCPT"] = "550 no such mailbox dba@example.test"
    page_id = await world.calls("email", address=MAIL)
    await world.advance(minutes=30)

    assert (await world.page(page_id)).outcome == "The mail server does not accept mail for this address (550)."
    assert "does not accept mail for this address" in world.card()
    assert MAIL not in await world.stored()


def text_of(title: str = "checkout is down") -> PageText:
    call = EscalationText(
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
    await email.send(text or text_of(), MAIL, settings, message_id="m-1", at=AT, timeouts=Timeouts())


async def test_a_mail_goes_over_tls_from_the_first_byte(tmp_path: Path) -> None:
    ca_file, context = certificate(tmp_path, "localhost")
    async with MailServer(context, security="tls") as server:
        await mails(mail_settings(tmp_path, server.port, ca_file, security="tls"))

        assert server.was_secured == [True]


@pytest.mark.parametrize(
    ("security", "client", "trusts", "names", "password", "message"),
    [
        ("starttls", "starttls", False, ["localhost"], PASSWORD, "certificate is not valid for localhost"),
        ("starttls", "starttls", True, ["other.test"], PASSWORD, "certificate is not valid for localhost"),
        ("tls", "tls", False, ["localhost"], PASSWORD, "certificate is not valid for localhost"),
        ("starttls", "starttls", True, ["localhost"], "a wrong one", "does not accept user and DOGWATCH_SMTP_PASSWORD"),
        ("plain", "starttls", True, ["localhost"], PASSWORD, "does not offer STARTTLS"),
    ],
)
async def test_configuration_errors_are_permanent(
    tmp_path: Path, security: str, client: str, trusts: bool, names: list[str], password: str, message: str
) -> None:
    ca_file, context = certificate(tmp_path, *names)
    async with MailServer(context, security=security) as server:
        settings = mail_settings(tmp_path, server.port, ca_file if trusts else None, security=client)
        settings = settings.model_copy(update={"smtp_password": SecretStr(password)})

        with pytest.raises(PermanentFailure, match=message):
            await mails(settings)
        assert server.took == []


@pytest.mark.parametrize(("word", "answer"), [("RCPT", "451 later"), ("DATA", "452 full")])
async def test_temporary_and_permanent_mail_errors(tmp_path: Path, word: str, answer: str) -> None:
    ca_file, context = certificate(tmp_path, "localhost")
    async with MailServer(context) as server:
        settings = mail_settings(tmp_path, server.port, ca_file, security="starttls")
        server.refuses[word] = answer
        with pytest.raises(TemporaryFailure) as passing:
            await mails(settings)
        server.refuses[word] = "554 never"
        with pytest.raises(PermanentFailure):
            await mails(settings)

    assert passing.value.maybe_done is False
    with pytest.raises(TemporaryFailure, match="cannot be reached") as gone:  # the server has gone
        await mails(settings)
    assert gone.value.maybe_done is False


async def test_text_becomes_no_header(tmp_path: Path) -> None:
    ca_file, context = certificate(tmp_path, "localhost")
    async with MailServer(context) as server:
        text = text_of("down\r\nBcc: x@example.test\x00\u2028\u202e ünïcode " + "x" * 500)
        await mails(mail_settings(tmp_path, server.port, ca_file, security="starttls"), text)

        [mail] = server.took
    assert mail["Subject"].startswith("INC-1 SEV1 down Bcc: x@example.test ünïcode xxx")
    assert len(mail["Subject"]) == 150
    assert mail["Bcc"] is None


async def test_doctor_checks_contact_methods_without_a_page(world: ContactMethodWorld) -> None:
    found = await check_contact_methods(world.settings())
    assert [each.state for each in found if each.state == "failed"] == []
    assert any("the mail server at localhost" in each.found and "logged in" in each.found for each in found)

    environ = {**world.environment(), "DOGWATCH_SMTP_PASSWORD": "a wrong one", "DOGWATCH_APPRISE_PUSH": "nothing"}
    del environ["DOGWATCH_PAGERDUTY_KEY_PAYMENTS"], environ["DOGWATCH_WEBHOOK_SECRET"]
    broken = [
        f"{each.found} {each.remedy}" for each in await check_contact_methods(load(environ)) if each.state == "failed"
    ]
    for words in (
        "does not accept user and DOGWATCH_SMTP_PASSWORD",
        "Set DOGWATCH_PAGERDUTY_KEY_PAYMENTS.",
        "Set DOGWATCH_WEBHOOK_SECRET",
        "Set DOGWATCH_APPRISE_PUSH",
    ):
        assert any(words in each for each in broken), broken
    assert len(broken) == 4
    assert world.mail.took == []
    assert world.pagerduty.calls == world.opsgenie.calls == world.receiver.calls == 0


async def test_no_secret_or_address_in_the_log(world: ContactMethodWorld) -> None:
    """All contact methods succeed, then fail, at log level DEBUG."""
    stream, root = io.StringIO(), logging.getLogger()
    kept, level = root.handlers, root.level
    log.configure_logging(level="DEBUG", form="json")
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
    message = stream.getvalue()
    assert message.count("page refused") >= 3
    [link] = re.findall(r"/ack/(\S+)", world.mail.took[0].get_body(("plain",)).get_content())
    secrets = (PASSWORD, PagerDuty.KEY, Opsgenie.KEY, SECRET, "a-very-secret-token", MAIL, "33612345678", link)
    assert [each for each in secrets if each in message] == []
