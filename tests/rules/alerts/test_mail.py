"""Mails as alerts: proofs, forms, and mails that are none."""

import base64
import hashlib
import hmac
import json
import time
import tomllib
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.sections.alerts import AlertsSection
from bot.domain.alerts.events import AlertEvent, Batch, Credentials
from bot.domain.terms import AlertStatus
from bot.sources import SOURCES, AlertRequest, Malformed, Unauthorized, find_source
from bot.sources.mail import form, html_text, message

NOW = datetime(2026, 11, 18, 14, 6, tzinfo=UTC)
KEY = "mailgun-signing-key"
SIGNED = Credentials(("token-of-everybody",), ("older-key", KEY))
FIRING, RESOLVED = AlertStatus.FIRING, AlertStatus.RESOLVED


# Mailgun


def signature(timestamp: str, token: str, key: str = KEY) -> str:
    return hmac.new(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()


def mailgun_form(age: timedelta = timedelta(), **changes: str) -> dict[str, str]:
    """A mail that Mailgun forwards."""
    timestamp, token = str(int((NOW - age).timestamp())), "a" * 50
    fields = {
        "recipient": "alerts+checkout@mg.example.com",
        "sender": "bounce+12@monitor.example.com",
        "from": "Monitor <Monitor@example.com>",
        "subject": "[CRITICAL] Disk full on db1",
        "body-plain": "92 % used\r\nsince noon",
        "message-headers": json.dumps([["Date", "Wed, 18 Nov 2026 15:04:05 +0100"], ["X-Mailer", "m"]]),
        "timestamp": timestamp,
        "token": token,
        "signature": signature(timestamp, token),
    }
    return {name: text for name, text in {**fields, **changes}.items() if text}


def urlencoded(fields: dict[str, str]) -> bytes:
    return urlencode(fields).encode()


def multipart(fields: dict[str, str], *more: bytes, newline: bytes = b"\r\n") -> bytes:
    parts = [
        f'Content-Disposition: form-data; name="{name}"'.encode() + newline * 2 + text.encode()
        for name, text in fields.items()
    ]
    return b"".join(b"--xyz" + newline + part + newline for part in (*more, *parts)) + b"--xyz--" + newline


MULTIPART = {"Content-Type": 'multipart/form-data; boundary="xyz"'}
FILE = b'Content-Disposition: form-data; name="attachment-1"; filename="a.txt"\r\n\r\n--xy\x00\xff--xyz\r\nsubject'


def verify(body: bytes, credentials: Credentials = SIGNED, *, now: datetime = NOW, **headers: str) -> int:
    return SOURCES["mailgun"].verify(headers, body, credentials, now=now)


def read_mails(source: str, body: bytes, alerts: str = "", **headers: str) -> Batch:
    kind = find_source(source, AlertsSection.model_validate(tomllib.loads(alerts)))
    assert kind is not None
    return kind.parse(kind.read(AlertRequest(headers, body)), NOW)


def read_one(source: str, body: bytes, alerts: str = "", **headers: str) -> AlertEvent:
    (event,) = read_mails(source, body, alerts, **headers).events
    return event


@pytest.mark.parametrize("age", [timedelta(), timedelta(hours=8), -timedelta(minutes=4)])
def test_mailgun_proves_itself_while_it_repeats(age: timedelta) -> None:
    assert verify(urlencoded(mailgun_form(age))) == 1
    assert verify(multipart(mailgun_form(age), FILE), **MULTIPART) == 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"signature": ""}, "has no timestamp, token, signature"),
        ({"token": ""}, "has no timestamp"),
        ({"token": "b" * 50}, "signature is wrong"),
        ({"token": "b" * 101}, "has no timestamp"),
        ({"signature": signature(str(int(NOW.timestamp())), "a" * 50, "another key")}, "signature is wrong"),
        ({"signature": "é"}, "signature is wrong"),
        ({"timestamp": "soon"}, "Unix seconds"),
        ({"timestamp": "9" * 400}, "Unix seconds"),
        ({"timestamp": str(int((NOW - timedelta(hours=9)).timestamp()))}, "eight hours"),
        ({"timestamp": str(int((NOW + timedelta(minutes=6)).timestamp()))}, "eight hours"),
    ],
)
def test_a_forged_or_stale_mail_is_refused(changes: dict[str, str], says: str) -> None:
    for body, headers in ((urlencoded(mailgun_form(**changes)), {}), (multipart(mailgun_form(**changes)), MULTIPART)):
        with pytest.raises(Unauthorized, match=says):
            verify(body, Authorization="Bearer token-of-everybody", **headers)


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{}", b"--", b"--xyz\r\n", b"&" * 2000, b"a=1&" * 600])
def test_a_body_that_is_no_form_is_no_proof(body: bytes) -> None:
    for headers in ({}, MULTIPART, {"Content-Type": "multipart/form-data"}):
        with pytest.raises(Unauthorized):
            verify(body, **headers)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (urlencoded(mailgun_form()), {}),
        (multipart(mailgun_form(), FILE), MULTIPART),
        (multipart(mailgun_form(), FILE, newline=b"\n"), {}),
    ],
)
def test_a_mail_of_mailgun_is_an_alert(body: bytes, headers: dict[str, str]) -> None:
    event = read_one("mailgun", body, **headers)

    assert event.summary == "[CRITICAL] Disk full on db1"
    assert event.labels == {
        "alertname": "Disk full on db1",
        "service": "checkout",
        "severity": "critical",
        "from": "Monitor@example.com",
    }
    assert event.annotations["description"] == "92 % used\nsince noon"
    assert event.starts_at == datetime(2026, 11, 18, 14, 4, 5, tzinfo=UTC)


def test_the_mail_of_the_end_has_the_fingerprint_of_the_beginning() -> None:
    begun = read_one("mailgun", urlencoded(mailgun_form()))
    over = read_one("mailgun", urlencoded(mailgun_form(subject="RE: RESOLVED: disk full on db1")))
    other = read_one("mailgun", urlencoded(mailgun_form(recipient="alerts+search@mg.example.com")))

    assert (over.status, over.fingerprint) == (RESOLVED, begun.fingerprint)
    assert over.ends_at == datetime(2026, 11, 18, 14, 4, 5, tzinfo=UTC)
    assert "severity" not in over.labels
    assert other.fingerprint != begun.fingerprint


@pytest.mark.parametrize("source", ["mailgun", "postmark"])
@pytest.mark.parametrize("subject", ["", " \u200b\u202e "])
def test_a_mail_without_a_subject_is_refused(source: str, subject: str) -> None:
    bodies = {
        "mailgun": urlencoded(mailgun_form(subject=subject)),
        "postmark": json.dumps(postmark_mail(Subject=subject)).encode(),
    }

    with pytest.raises(Malformed, match="A mail needs a subject") as refusal:
        read_mails(source, bodies[source])

    assert refusal.value.field == {"mailgun": "subject", "postmark": "Subject"}[source]


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"Auto-Submitted": "auto-replied; owner-email=x"}, message.REPLY),
        ({"X-Autoreply": "yes"}, message.REPLY),
        ({"from": "Mail System <MAILER-DAEMON@example.com>"}, message.BOUNCE),
        ({"Content-Type": 'multipart/report; report-type="delivery-status"'}, message.BOUNCE),
        ({"Precedence": "Bulk"}, message.BULK),
        ({"X-Dogwatch": "sent", "Auto-Submitted": "auto-generated"}, message.OWN),
        ({"Precedence": "bulk", "Auto-Submitted": "auto-generated"}, ""),
        ({"Precedence": "list"}, ""),
        ({"Auto-Submitted": "no"}, ""),
    ],
)
def test_replies_and_bounces_are_no_alerts_but_notifications_are(changes: dict[str, str], note: str) -> None:
    batch = read_mails("mailgun", urlencoded(mailgun_form(**changes)))

    assert (batch.note, len(batch.events)) == (note, 0 if note else 1)


@pytest.mark.parametrize(("senders", "count"), [("monitor@EXAMPLE.com", 1), ("@example.com", 1), ("@ample.com", 0)])
def test_other_senders_are_ignored_where_some_are_listed(senders: str, count: int) -> None:
    assert len(read_mails("mailgun", urlencoded(mailgun_form()), f'mail.senders = ["{senders}"]').events) == count


def test_words_and_services_of_the_configuration_apply() -> None:
    alerts = 'mail = { severities = { "CRITICAL" = "P1" }, services = { "db1" = "database" } }'
    event = read_one("mailgun", urlencoded(mailgun_form(recipient="alerts@mg.example.com")), alerts)

    assert (event.labels["severity"], event.labels["service"]) == ("SEV1", "database")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"body-plain": "x" * 20_000}, "x" * (message.MAX_TEXT - 1) + "…"),
        ({"body-plain": "a\x00b"}, "a\ufffdb"),
        ({"body-plain": "", "stripped-text": "short"}, "short"),
        (
            {
                "body-plain": " ",
                "body-html": "<head><title>t</title></head><p>92&nbsp;% <b>used</b></p><p>since<br>noon",
            },
            "92 % used\nsince\nnoon",
        ),
        ({"body-plain": "", "body-html": "<![x[<script>no</script>"}, None),
    ],
)
def test_the_text_of_a_mail_is_bounded_and_clean(changes: dict[str, str], text: str | None) -> None:
    assert read_one("mailgun", urlencoded(mailgun_form(**changes))).annotations.get("description") == text


@pytest.mark.parametrize("piece", ["<a ", "<a b=", "<a", "<!--", "<![if>", "</", "<a b='>", "&#", "<"])
def test_tags_that_never_end_take_no_time(piece: str) -> None:
    """A mail of 100 kB held up everything for more than a minute."""
    html = f"<p>before</p>{piece * 33_000}"
    started = time.process_time()

    text = html_text.extract_text(html)

    assert text.startswith("before")
    assert time.process_time() - started < 1


def test_comments_and_pictures_in_a_mail_are_no_text() -> None:
    html = (
        f"<p>a<!-- <b>no</b> -->b<img src='data:{'x' * 3_000}'>c</p><!--[if mso]><p>no</p><![endif]-->1 < 2 <![if x]>d"
    )

    assert html_text.extract_text(html) == "a b c\n1 < 2 d"


@pytest.mark.parametrize(
    ("charset", "content", "text"),
    [
        (b"iso-8859-1", "Größe".encode("latin-1"), "Größe"),
        (b"x-unknown", "Größe".encode(), "Größe"),
        (b"utf-8", b"Gr\xf6\xdfe", "Gr\ufffd\ufffde"),
        (b"utf-7", b"+2AA-", "\ufffd"),
        (b"hex", b"zz", "zz"),
    ],
)
def test_an_odd_charset_loses_letters_at_most(charset: bytes, content: bytes, text: str) -> None:
    part = b'Content-Disposition: form-data; name="body-plain"\r\nContent-Type: text/plain; charset="%s"\r\n\r\n%s'
    body = multipart(mailgun_form(**{"body-plain": ""}), part % (charset, content))

    assert read_one("mailgun", body, **MULTIPART).annotations["description"] == text


def test_a_form_is_read_within_limits() -> None:
    long = multipart({"subject": "s", "body-plain": "x" * 2 * form.MAX_TEXT_BYTES})
    assert len(form.read_form(AlertRequest(MULTIPART, long))["body-plain"]) == form.MAX_TEXT_BYTES

    with pytest.raises(Malformed, match="more than 500 parts"):
        form.read_form(AlertRequest(MULTIPART, multipart({f"f{number}": "" for number in range(501)})))


@pytest.mark.parametrize(
    ("source", "body", "field"),
    [
        ("mailgun", b'{"signature": {}, "event-data": {}}', ""),
        ("mailgun", b"", ""),
        ("postmark", b'{"RecordType": "Bounce", "Subject": "x"}', "RecordType"),
        ("postmark", b"[]", "the body"),
    ],
)
def test_what_is_no_mail_is_refused(source: str, body: bytes, field: str) -> None:
    with pytest.raises(Malformed) as refusal:
        read_mails(source, body)

    assert refusal.value.field == field


@given(st.binary(max_size=300), st.sampled_from([{}, MULTIPART]))
def test_any_bytes_are_a_form_or_a_clear_refusal(body: bytes, headers: dict[str, str]) -> None:
    for prefix in (b"", b"--xyz\r\n"):
        try:
            fields = form.read_form(AlertRequest(headers, prefix + body))
        except Malformed:
            continue
        assert fields


# Postmark


def postmark_mail(**changes: Any) -> dict[str, Any]:
    """An inbound mail as Postmark sends it."""
    return {
        "FromName": "Monitor",
        "From": "monitor@example.com",
        "FromFull": {"Email": "monitor@example.com", "Name": "Monitor", "MailboxHash": ""},
        "To": "alerts+checkout@inbound.example.com",
        "ToFull": [{"Email": "alerts+checkout@inbound.example.com", "Name": "", "MailboxHash": "checkout"}],
        "OriginalRecipient": "alerts+checkout@inbound.example.com",
        "Subject": "PROBLEM: Disk full on db1",
        "MessageID": "73e6d360-66eb-11e1-8e72-a8904824019b",
        "Date": "Wed, 18 Nov 2026 14:04:05 +0000 (UTC)",
        "TextBody": "92 % used",
        "StrippedTextReply": "",
        "HtmlBody": "<p>no</p>",
        "Headers": [{"Name": "X-Spam-Status", "Value": "No"}],
        "Attachments": [{"Name": "a.txt", "Content": "YQ==", "ContentType": "text/plain", "ContentLength": 1}],
        **changes,
    }


def test_a_mail_of_postmark_is_an_alert_and_the_next_one_ends_it() -> None:
    event = read_one("postmark", json.dumps(postmark_mail()).encode())
    over = read_one("postmark", json.dumps(postmark_mail(Subject="RECOVERY: Disk full on db1")).encode())

    assert (event.name, event.service, event.annotations["description"]) == (
        "Disk full on db1",
        "checkout",
        "92 % used",
    )
    assert event.starts_at == datetime(2026, 11, 18, 14, 4, 5, tzinfo=UTC)
    assert (over.status, over.fingerprint) == (RESOLVED, event.fingerprint)


@pytest.mark.parametrize("date", ["", "yesterday", "Wed, 99 Nov 2026 14:04:05 +0000", "1 Jan 0001 00:00:00 +2359"])
def test_a_mail_without_a_time_begins_when_it_comes(date: str) -> None:
    assert read_one("postmark", json.dumps(postmark_mail(Date=date)).encode()).starts_at == NOW


def test_an_automatic_reply_is_seen_in_the_headers_of_postmark() -> None:
    mail = postmark_mail(Headers=[{"Name": "Auto-Submitted", "Value": "auto-replied"}])

    assert read_mails("postmark", json.dumps(mail).encode()).note == message.REPLY


# Amazon SES

CONTENT = (
    "From: monitor@example.com\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
    'Content-Type: multipart/alternative; boundary="b"\r\n\r\n'
    "--b\r\nContent-Type: text/html\r\n\r\n<p>no</p>\r\n"
    "--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    "92 % gro=DF\r\n--b--\r\n"
)


def ses_notification(content: str | None = CONTENT, *, encoding: str = "UTF8", **changes: Any) -> bytes:
    """A notification of Amazon SNS with a mail that Amazon SES received."""
    common = {"from": ["Monitor <monitor@example.com>"], "date": "Wed, 18 Nov 2026 14:04:05 +0000"}
    mail = {
        "timestamp": "2026-11-18T14:04:09.000Z",
        "source": "bounce@example.com",
        "destination": ["alerts+checkout@example.com"],
        "headers": [{"name": "X-Mailer", "value": "m"}],
        "commonHeaders": {**common, "subject": "=?utf-8?q?PROBLEM=3A_Gr=C3=B6=C3=9Fe?="},
        **changes,
    }
    receipt = {"recipients": ["alerts+checkout@example.com"], "action": {"type": "SNS", "encoding": encoding}}
    sent = {"notificationType": "Received", "receipt": receipt, "mail": mail, "content": content}
    return json.dumps({"Type": "Notification", "MessageId": "1", "Message": json.dumps(sent)}).encode()


@pytest.mark.parametrize(
    "body", [ses_notification(), ses_notification(base64.b64encode(CONTENT.encode()).decode(), encoding="BASE64")]
)
def test_a_mail_of_amazon_ses_is_an_alert(body: bytes) -> None:
    event = read_one("sns", body)

    assert (event.source, event.name, event.service) == ("sns", "Größe", "checkout")
    assert event.annotations["description"] == "92 % groß"
    assert event.starts_at == datetime(2026, 11, 18, 14, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (ses_notification("?", encoding="Base64"), "content"),
        (ses_notification(commonHeaders={}), "Message.mail.commonHeaders.subject"),
        (
            ses_notification("".join(f"Content-Type: multipart/mixed; boundary={n}\n\n--{n}\n" for n in range(2000))),
            "content",
        ),
    ],
)
def test_a_mail_of_amazon_ses_that_cannot_be_read_is_refused(body: bytes, field: str) -> None:
    with pytest.raises(Malformed) as refusal:
        read_mails("sns", body)

    assert refusal.value.field.endswith(field)


def test_a_mail_without_its_content_has_its_subject() -> None:
    assert "description" not in read_one("sns", ses_notification(None)).annotations
