"""
Mailgun: a route that forwards mails as forms.

Format: "Receiving Messages via HTTP through a forward() action" and "Securing Webhooks" in Mailgun's user manual.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.domain.alerts.events import Batch, Credentials
from bot.domain.alerts.mail import MailRules
from bot.sources.authentication import Unauthorized, check_token, encode_header, hex_signature, match_index
from bot.sources.json_fields import Fields
from bot.sources.json_reader import Malformed, decode
from bot.sources.mail.form import read_form
from bot.sources.mail.message import Mail, choose_text, index_headers, parse_date, read_alert
from bot.sources.request import AlertRequest

NAME = "mailgun"
LATEST = timedelta(hours=8, minutes=30)
"""Accepted age of a signature: Mailgun repeats a request for eight hours, with the signature of the first time."""
EARLIEST = timedelta(minutes=5)
MAX_TOKEN = 100
SIGNED = ("timestamp", "token", "signature")


def verify(headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int:
    """
    Mailgun's signature if its signing key is set, else the token. Raises Unauthorized.

    HMAC-SHA256 in lower-case hex over timestamp and token. It does not cover the mail: the token makes it valid once.
    """
    if not any(credentials.secrets):
        return check_token(headers, credentials)
    try:
        form = read_form(AlertRequest(headers, body))
    except Malformed as problem:
        raise Unauthorized(f"The form has no signature that can be read. {problem.message}") from None
    timestamp, token, signature = (form.get(name, "") for name in SIGNED)
    if not all((timestamp, token, signature)) or len(token) > MAX_TOKEN:
        raise Unauthorized(f"The form has no {', '.join(SIGNED)}. Let a route of Mailgun forward the mail.")
    _check_age(timestamp, now)
    signed = encode_header(timestamp + token)
    index = match_index(encode_header(signature), (hex_signature(secret, signed) for secret in credentials.secrets))
    if index is None:
        raise Unauthorized("The signature is wrong. Compare Mailgun's webhook signing key with the one in Dogwatch.")
    return index


def _check_age(timestamp: str, now: datetime) -> None:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise Unauthorized("The timestamp is not a number of Unix seconds.")
    if not -EARLIEST.total_seconds() <= now.timestamp() - int(timestamp) <= LATEST.total_seconds():
        raise Unauthorized("The timestamp is over eight hours old, or from the future. Check the clock.")


def read(request: AlertRequest) -> object:
    """The texts of the form. Raises Malformed."""
    if request.body[:1].lstrip() == b"{":
        raise Malformed("", "This is JSON, as of Mailgun's events. Forward mails by a route, with forward(…).")
    return read_form(request)


def parse(payload: object, received_at: datetime) -> Batch:
    """The alert of one mail, by the default words. Raises Malformed."""
    return parse_by_rules(payload, received_at, MailRules())


def parse_by_rules(payload: object, received_at: datetime, rules: MailRules) -> Batch:
    """The alert of one mail. Raises Malformed."""
    form = Fields.from_value(payload)
    headers = _read_headers(form)
    mail = Mail(
        sender=form.detail("from", "sender") or "",
        recipients=tuple(filter(None, [form.detail("recipient")])),
        subject=form.detail("subject", "Subject") or "",
        text=choose_text(form.detail("body-plain"), form.detail("stripped-text"), form.detail("body-html")),
        sent_at=parse_date(headers.get("date")) or form.unix_time("timestamp"),
        headers=headers,
        signed_id=form.detail("token") or None,
    )
    return read_alert(NAME, mail, rules, received_at)


def _read_headers(form: Fields) -> dict[str, str]:
    """The list of pairs in `message-headers`, and headers that are fields of the form."""
    try:
        pairs = decode((form.detail("message-headers") or "[]").encode("utf-8", "surrogatepass"))
    except Malformed:
        pairs = []
    listed = [each for each in pairs if isinstance(each, list) and len(each) == 2] if isinstance(pairs, list) else []
    named = ((name, text) for name in form.values if (text := form.detail(name)))
    return index_headers([*((str(name), str(text)) for name, text in listed), *named])
