"""
Signatures of Amazon SNS: RSA over fields of the message, with Amazon's certificate.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

import base64
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.domain.alerts.events import Credentials
from bot.lazy_loader import LazyModule
from bot.sources.authentication import Unauthorized
from bot.sources.json_fields import Fields
from bot.sources.json_reader import Malformed, decode

if TYPE_CHECKING:
    from bot.sources.clouds import sns_key
else:
    sns_key = LazyModule("bot.sources.clouds.sns_key")

NOTIFICATION, SUBSCRIPTION, UNSUBSCRIPTION = "Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"
SIGNED_FIELDS = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    SUBSCRIPTION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    UNSUBSCRIPTION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
LATEST = timedelta(hours=1, minutes=5)
"""Accepted age of a message: Amazon repeats it for up to an hour."""
EARLIEST = timedelta(minutes=5)
_HOST = re.compile(r"sns\.[a-z0-9-]{1,40}\.amazonaws\.com(?:\.cn)?")
_CERTIFICATE_PATH = re.compile(r"/SimpleNotificationService-[0-9a-f]{1,64}\.pem")


def is_amazon_address(address: str) -> bool:
    """True for HTTPS at `sns.REGION.amazonaws.com`, without user, port or anything before it."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "https" and _HOST.fullmatch(parts.netloc) is not None


def find_certificate_address(body: bytes, credentials: Credentials, now: datetime) -> str:
    """
    Address of the certificate that signed the message.

    Topic, time and address are checked, so that no stranger's message makes us fetch anything. Raises Unauthorized.
    """
    return _certificate_address(_read_message(body), credentials, now)


def check_message_signature(body: bytes, credentials: Credentials, now: datetime) -> None:
    """Raises Unauthorized."""
    message = _read_message(body)
    certificate = credentials.certificates.get(_certificate_address(message, credentials, now))
    if certificate is None:
        raise Unauthorized("SigningCertURL: the certificate is not known.")
    version = _text(message, "SignatureVersion")
    try:
        signature = base64.b64decode(_text(message, "Signature"), validate=True)
        sns_key.check_signature(certificate, version, signature, _signed_text(message))
    except ValueError:  # binascii's is one, too
        raise Unauthorized("Signature: it is wrong. The message was changed, or it is not from Amazon.") from None


def _read_message(body: bytes) -> Fields:
    try:
        return Fields.from_value(decode(body))
    except Malformed as problem:
        raise Unauthorized(f"The message has no signature that can be read. {problem.message}") from None


def _text(message: Fields, name: str) -> str:
    value = message.values.get(name)
    if not isinstance(value, str) or not value:
        raise Unauthorized(f"{name}: this is missing. Switch raw message delivery off in the subscription.")
    return value


def _certificate_address(message: Fields, credentials: Credentials, now: datetime) -> str:
    if not credentials.topics:
        raise Unauthorized("Messages of Amazon SNS are refused. Set `topics` of [alerts.sns] to the topic's ARN.")
    if _text(message, "TopicArn") not in credentials.topics:
        raise Unauthorized("TopicArn: this topic is not among `topics` of [alerts.sns].")
    _check_time(message, now)
    address = _text(message, "SigningCertURL")
    if not is_amazon_address(address) or not _CERTIFICATE_PATH.fullmatch(urlsplit(address).path):
        raise Unauthorized("SigningCertURL: this is not a certificate at https://sns.REGION.amazonaws.com.")
    return address


def _check_time(message: Fields, now: datetime) -> None:
    _text(message, "Timestamp")
    try:
        sent_at = message.time("Timestamp")
    except Malformed as problem:
        raise Unauthorized(problem.message) from None
    if sent_at is None or not -EARLIEST <= now - sent_at <= LATEST:
        raise Unauthorized("Timestamp: the message is over an hour old, or from the future. Check the clock.")


def _signed_text(message: Fields) -> bytes:
    kind = _text(message, "Type")
    if kind not in SIGNED_FIELDS:
        raise Unauthorized(f"Type: this is not known. Amazon sends {', '.join(SIGNED_FIELDS)}.")
    names = [name for name in SIGNED_FIELDS[kind] if name != "Subject" or message.has(name)]
    return "".join(f"{name}\n{_text(message, name)}\n" for name in names).encode("utf-8", "surrogatepass")
