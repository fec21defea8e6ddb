"""
Amazon SES: mails that a receipt rule publishes to a topic of Amazon SNS.

Format: "Contents of notifications for Amazon SES email receiving" in Amazon's developer guide.
"""

import base64
import binascii
from datetime import datetime
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.policy import Compat32

from bot.sources.json_fields import Fields
from bot.sources.json_reader import Malformed
from bot.sources.mail.form import decode_text
from bot.sources.mail.message import Mail, choose_text, index_headers, parse_date

RECEIVED = "Received"
MAX_SUBJECT = 4_000
"""Characters of a subject with encoded words. Of the text a shorter part is kept."""
MAX_HEADER = 500
"""Characters of a header of the mail that are read: the type of a part, its charset and boundary."""


class _ShortHeaders(Compat32):
    """
    Cuts headers.

    The time that the library takes for their parameters grows with the square of the length.
    """

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:MAX_HEADER]


_SHORT_HEADERS = _ShortHeaders()


def find_mail(notification: Fields) -> Mail | None:
    """The mail of a notification; None for a notification of another kind. Raises Malformed."""
    if notification.detail("notificationType") != RECEIVED:
        return None
    envelope, receipt = notification.inner("mail"), notification.part("receipt")
    common = envelope.part("commonHeaders")
    headers = index_headers(
        (name, value)
        for each in envelope.parts("headers")
        if (name := each.detail("name")) and (value := each.detail("value"))
    )
    return Mail(
        sender=_first_text(common, "from") or headers.get("from") or envelope.detail("source") or "",
        recipients=(*_texts(receipt, "recipients"), *_texts(envelope, "destination")),
        subject=_decode_words(common.detail("subject") or headers.get("subject") or ""),
        text=_read_content(notification, receipt),
        sent_at=parse_date(common.detail("date") or headers.get("date")) or _received_at(envelope),
        headers=headers,
        subject_field=common.at("subject"),
    )


def _received_at(envelope: Fields) -> datetime | None:
    try:
        return envelope.time("timestamp")
    except Malformed:
        return None


def _texts(fields: Fields, name: str) -> list[str]:
    value = fields.values.get(name)
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _first_text(fields: Fields, name: str) -> str:
    return next(iter(_texts(fields, name)), "")


def _read_content(notification: Fields, receipt: Fields) -> str:
    """The text of the whole mail; empty if the rule publishes its headers only."""
    content = (notification.detail("content") or "").encode("utf-8", "replace")
    if (receipt.part("action").detail("encoding") or "").casefold() == "base64":
        try:
            content = base64.b64decode(b"".join(content.split()), validate=True)
        except binascii.Error:
            raise Malformed("content", "This is not Base64, as the encoding of the action says.") from None
    try:
        texts = _collect_texts(message_from_bytes(content, policy=_SHORT_HEADERS))
    except RecursionError:
        raise Malformed("content", "The mail is nested too deeply. Send it as plain text.") from None
    return choose_text(texts.get("plain"), None, texts.get("html"))


def _collect_texts(message: Message) -> dict[str, str]:
    """The first text of each kind, attachments left out."""
    texts: dict[str, str] = {}
    for part in message.walk():
        if part.get_content_maintype() == "text" and part.get_content_disposition() != "attachment":
            texts.setdefault(part.get_content_subtype(), _decode_part(part))
    return texts


def _decode_part(part: Message) -> str:
    payload = part.get_payload(decode=True)
    charset = part.get_content_charset()
    return decode_text(payload, charset) if isinstance(payload, bytes) else ""


def _decode_words(text: str) -> str:
    """A header with encoded words as text; as it is if they cannot be decoded."""
    try:
        return str(make_header(decode_header(text[:MAX_SUBJECT])))
    except (MessageError, ValueError, LookupError):
        return text
