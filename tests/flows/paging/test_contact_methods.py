"""Pages by contact methods other than Slack: delivered once, in the receiver's format."""

import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.notifiers import webhook
from tests.support.servers.paging_servers import PagerDuty
from tests.support.worlds.contact_methods import MAIL, SECRET, ContactMethodWorld

DOCS = (Path(__file__).parents[3] / "docs/oncall/contact-methods.md").read_text()


def documented_check() -> Callable[[Mapping[str, str], bytes, str], bool]:
    """The receiver's code as the documentation has it."""
    [code] = re.findall(r"^```python\n(.*?)^```", DOCS, flags=re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    check: Callable[[Mapping[str, str], bytes, str], bool] = names["is_from_dogwatch"]
    return check


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[ContactMethodWorld]:
    """On SQLite: what leaves is the same with either database."""
    check, database_url = documented_check(), f"sqlite:///{tmp_path / 'dogwatch.db'}"
    async with ContactMethodWorld(database_url, tmp_path, lambda headers, body: check(headers, body, SECRET)) as built:
        yield built


def parts(mail: Any) -> tuple[str, str]:
    """Its words as plain text and as HTML."""
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    return text.get_content(), html.get_content()


async def test_a_mail_says_what_is_needed_and_its_link_acknowledges(world: ContactMethodWorld) -> None:
    await world.declares("checkout is down <b>now</b> sev:1")

    page_id = await world.calls("email", address=MAIL)

    [mail] = world.mail.took
    assert (mail["To"], mail["From"]) == (MAIL, "Dogwatch <dogwatch@example.test>")
    assert mail["Subject"] == "INC-1 SEV1 checkout is down <b>now</b>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert world.mail.was_secured == [True]
    text, html = parts(mail)
    for words in ("you are needed", "the pool is full", "Asked by", "investigating"):
        assert words in text
        assert words in html
    assert "&lt;b&gt;now&lt;/b&gt;" in html
    page = await world.page(page_id)
    assert (page.outcome, page.external_ref is not None) == ("sent", True)


async def test_what_people_write_adds_no_header(world: ContactMethodWorld) -> None:
    await world.declares("checkout is down")

    await world.calls("email", address=MAIL, text="full\\r\\nBcc: everybody@example.test")

    [mail] = world.mail.took
    assert mail["Bcc"] is None
    assert world.mail.recipients == [MAIL]


async def test_pagerduty_is_triggered_and_stops_when_somebody_answers_in_slack(world: ContactMethodWorld) -> None:
    await world.declares("checkout is down sev:1")
    await world.calls("pagerduty:payments")

    [alert] = world.pagerduty.alerts.values()
    assert alert["payload"]["summary"] == "INC-1 SEV1 checkout is down"
    assert alert["payload"]["severity"] == "critical"
    assert "the pool is full" in alert["payload"]["custom_details"]["page"]

    await world.presses("dba", "escalation_acknowledge")
    await world.finish()
    assert alert["state"] == "acknowledged"

    await world.types("oncall", "/incident resolve")
    await world.finish()
    assert alert["state"] == "resolved"
    assert world.pagerduty.events == ["trigger", "acknowledge", "resolve"]


async def test_opsgenie_is_told_and_closes_when_nobody_is_needed(world: ContactMethodWorld) -> None:
    await world.declares("checkout is down sev:2")
    await world.calls("opsgenie:eu-west")

    [alert] = world.opsgenie.alerts.values()
    assert (alert["message"], alert["priority"], alert["state"]) == ("INC-1 SEV2 checkout is down", "P2", "open")

    await world.types("oncall", "/incident resolve")
    await world.finish()
    assert alert["state"] == "closed"


async def test_a_webhook_is_signed_as_documented(world: ContactMethodWorld) -> None:
    await world.declares("checkout is down")

    await world.calls("webhook:bridge")

    [told] = world.receiver.took
    [documented] = re.findall(r"^```json\n(.*?)^```", DOCS, flags=re.MULTILINE | re.DOTALL)
    assert set(re.findall(r'"(\w+)":', documented)) == set(told) | set(told["calls"][0])
    assert told["calls"][0]["title"] == "checkout is down"
    assert told["calls"][0]["acknowledge_url"].startswith(world.bot.settings.base_url + "/ack/")


@pytest.mark.parametrize(
    ("age", "secret", "body", "expected"),
    [
        (0, SECRET, b"{}", True),
        (299, SECRET, b"{}", True),
        (301, SECRET, b"{}", False),
        (-301, SECRET, b"{}", False),
        (0, "another secret of 16 signs", b"{}", False),
        (0, SECRET, b"{ }", False),
    ],
)
def test_the_documented_check_takes_what_is_ours_and_new(age: int, secret: str, body: bytes, expected: bool) -> None:
    stamp = str(int(time.time()) - age)
    headers = {webhook.TIMESTAMP_HEADER: stamp, webhook.SIGNATURE_HEADER: webhook.sign(secret, stamp, b"{}")}

    assert documented_check()(headers, body, SECRET) is expected


async def press_on_telephone(action: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    """Do what the app of ntfy does with the button of a notification."""
    async with (
        aiohttp.ClientSession() as http,
        http.request(action["method"], action["url"], headers=action["headers"]) as answer,
    ):
        return answer.status, await answer.json()


async def test_the_button_of_an_ntfy_notification_acknowledges(world: ContactMethodWorld) -> None:
    await world.declares("checkout is down sev:1")

    page_id = await world.calls("ntfy", address="pages-3f9ac1d07b")

    [told] = world.ntfy.topics["pages-3f9ac1d07b"]
    assert (told["title"], told["priority"]) == ("INC-1 SEV1 checkout is down", 5)
    assert "Why: the pool is full" in told["message"]
    assert (await world.page(page_id)).outcome == "sent"
    acknowledge, channel = told["actions"]
    assert (acknowledge["label"], channel["label"]) == ("Acknowledge", "Open channel")
    assert told["click"] == acknowledge["url"]

    assert await press_on_telephone(acknowledge) == (200, {"ok": True})
    await world.finish()
    assert any("acknowledged by <@U0DBA>" in text for text in world.texts())

    status, refused = await press_on_telephone(acknowledge)
    assert (status, refused["error"]) == (409, "This link was used already.")


async def test_the_button_of_a_notification_says_when_somebody_was_first(world: ContactMethodWorld) -> None:
    await world.declares("checkout is down sev:1")
    await world.calls("ntfy", address="pages-3f9ac1d07b")
    await world.presses("dba", "escalation_acknowledge")

    [told] = world.ntfy.topics["pages-3f9ac1d07b"]
    status, refused = await press_on_telephone(told["actions"][0])

    assert status == 409
    assert "cknowledged" in refused["error"]


async def test_apprise_sends_what_fits_a_small_screen(world: ContactMethodWorld) -> None:
    world.receiver._check = lambda *_: True
    await world.declares("checkout is down")

    page_id = await world.calls("apprise:push", address="+33612345678")

    assert (await world.page(page_id)).outcome == "sent"
    [told] = world.receiver.took
    assert told["message"].startswith("INC-1 SEV3 checkout is down Answer: http")
    assert "a-very-secret-token" not in await world.stored()
    assert "+33612345678" not in await world.stored()


async def test_a_private_incident_tells_a_service_nothing_but_that_somebody_is_needed(
    world: ContactMethodWorld,
) -> None:
    await world.declares("the board was phished private:yes")
    await world.types("oncall", "/incident escalate @dba the mails are in a folder")
    await world.pages_by("pagerduty:payments", user="")
    await world.pages_by("webhook:bridge", user="")

    [alert] = world.pagerduty.alerts.values()
    [told] = world.receiver.took
    for words in ("phished", "folder"):
        assert words not in str(alert)
        assert words not in str(told)
    assert "a private incident" in alert["payload"]["summary"]


async def test_whoever_is_needed_no_more_gets_no_page(world: ContactMethodWorld) -> None:
    """Between the decision and the page somebody answered."""
    await world.declares()
    await world.types("oncall", "/incident escalate @dba")
    await world.presses("dba", "escalation_acknowledge")

    page_id = await world.pages_by("pagerduty:payments")

    assert world.pagerduty.calls == 0
    assert (await world.page(page_id)).outcome == "no longer needed"


async def test_a_means_that_was_taken_away_is_refused_with_the_remedy(world: ContactMethodWorld) -> None:
    await world.declares()

    page_id = await world.calls("pagerduty:old")
    await world.finish()

    assert "The PagerDuty service old is not set up" in (await world.page(page_id)).outcome
    assert "The PagerDuty service old is not set up" in world.card()
    assert PagerDuty.KEY not in await world.stored()
