"""Mails of a mail service over HTTP: the beginning, the end, and a signature that is used again."""

import hashlib
import hmac
import json
from urllib.parse import urlencode

import pytest

from tests.support.requests.senders import SenderWorld, bearer
from tests.support.worlds.world import TOKEN

KEY = "mailgun-signing-key"


class MailWorld(SenderWorld):
    """Mailgun's signing key is set."""

    def environment(self) -> dict[str, str]:
        return super().environment() | {"DOGWATCH_ALERT_SECRET_MAILGUN": KEY}


pytestmark = pytest.mark.world(kind=MailWorld, config='[alerts.mail]\nseverities = { "CRITICAL" = "SEV1" }\n')
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def form(world: MailWorld, subject: str, token: str) -> bytes:
    timestamp = str(int(world.clock.real_now().timestamp()))
    signature = hmac.new(KEY.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    fields = {"recipient": "alerts+checkout@mg.example.com", "from": "monitor@example.com", "subject": subject}
    return urlencode({**fields, "timestamp": timestamp, "token": token, "signature": signature}).encode()


async def test_a_mail_opens_an_incident_and_another_ends_its_alert(world: MailWorld) -> None:
    begun = await world.sends("mailgun", form(world, "[CRITICAL] Disk full on db1", "a" * 50), FORM)
    await world.advance(minutes=5)
    over = await world.sends("mailgun", form(world, "RESOLVED: Disk full on db1", "b" * 50), FORM)

    assert (begun.status, begun.body["incidents"]) == (200, ["INC-1"])
    assert (over.status, over.body["recorded"]) == (200, 1)
    assert await world.rows() == {"mailgun": ["resolved"]}


async def test_a_signature_counts_once_whatever_mail_comes_with_it(world: MailWorld) -> None:
    await world.sends("mailgun", form(world, "Disk full on db1", "a" * 50), FORM)
    before = await world.tables()

    again = await world.sends("mailgun", form(world, "Disk full on db2", "a" * 50), FORM)
    forged = await world.sends("mailgun", form(world, "Disk full on db2", "b" * 50).replace(b"b" * 50, b"c" * 50), FORM)
    by_token = await world.sends("mailgun", form(world, "Disk full", "d" * 50).split(b"&timestamp")[0], FORM | bearer())

    assert (again.status, again.body["recorded"]) == (200, 0)
    assert "with this token was stored before" in again.body["note"]
    assert [forged.status, by_token.status] == [401, 401]
    assert await world.tables() == before


async def test_a_mail_of_postmark_proves_itself_by_the_address(world: MailWorld) -> None:
    mail = {"From": "monitor@example.com", "Subject": "PROBLEM: Disk full", "TextBody": "92 %"}
    body, json_type = json.dumps(mail).encode(), {"Content-Type": "application/json"}

    answer = await world.sends(f"postmark?token={TOKEN}", body, json_type)
    refused = await world.sends(f"postmark?token={TOKEN}x", body, json_type)
    bounced = await world.sends(
        "postmark", json.dumps({**mail, "From": "MAILER-DAEMON@example.com"}).encode(), bearer()
    )

    assert (answer.status, answer.body["incidents"]) == (200, ["INC-1"])
    assert refused.status == 401
    assert (bounced.status, bounced.body["recorded"]) == (200, 0)
    assert "not delivered" in bounced.body["note"]
