"""Amazon SNS: signatures, certificate hosts, topics, and subscriptions that are confirmed."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from bot.domain.alerts.events import Credentials
from bot.sources import SOURCES, Malformed, Unauthorized
from bot.sources.clouds.sns_signature import SIGNED_FIELDS, find_certificate_address, is_amazon_address

NOW = datetime(2026, 11, 18, 14, 6, tzinfo=UTC)
TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
ADDRESS = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a1b.pem"
KEY = rsa.generate_private_key(65537, 2048)


def certificate(key=KEY):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


CREDENTIALS = Credentials(topics=(TOPIC,), certificates={ADDRESS: certificate()})


def message(*, version="2", sign=True, **changes):
    fields = {
        "Type": "Notification",
        "MessageId": "22b80b92",
        "TopicArn": TOPIC,
        "Message": "the backup failed",
        "Timestamp": NOW.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "SignatureVersion": version,
        "SigningCertURL": ADDRESS,
        **changes,
    }
    names = [name for name in SIGNED_FIELDS.get(fields["Type"], ()) if name in fields]
    text = "".join(f"{name}\n{fields[name]}\n" for name in names)
    digest = hashes.SHA1() if version == "1" else hashes.SHA256()
    signature = KEY.sign(text.encode(), padding.PKCS1v15(), digest)
    return {**fields, "Signature": base64.b64encode(signature).decode()} if sign else fields


def verify(fields, *, now=NOW, credentials=CREDENTIALS):
    return SOURCES["sns"].verify({}, json.dumps(fields).encode(), credentials, now=now)


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("more", [{}, {"Subject": "é"}])
def test_a_signed_message_proves_itself_for_an_hour(version, more):
    verify(message(version=version, **more), now=NOW + timedelta(minutes=60))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({**message(), "Message": "changed"}, "Signature"),
        ({**message(), "Subject": "added"}, "Signature"),
        ({**message(), "Signature": "!"}, "Signature"),
        (message(sign=False), "Signature"),
        (message(version="3"), "SignatureVersion"),
        (message(TopicArn="arn:aws:sns:eu-west-1:1:others"), "TopicArn"),
        (message(Timestamp="2026-11-18T12:59:00Z"), "Timestamp"),
        (message(Timestamp="2026-11-18T14:12:00Z"), "Timestamp"),
        (message(Timestamp="soon"), "Timestamp"),
        (message(Type="Other"), "Type"),
        ({"Message": "raw"}, "raw message delivery"),
        ([], "not an object"),
    ],
)
def test_any_other_message_is_refused_with_its_field(fields, says):
    with pytest.raises(Unauthorized, match=says):
        verify(fields)


def test_a_certificate_of_another_key_does_not_prove_the_message():
    other = certificate(rsa.generate_private_key(65537, 2048))

    with pytest.raises(Unauthorized, match="Signature"):
        verify(message(), credentials=Credentials(topics=(TOPIC,), certificates={ADDRESS: other}))


def test_without_topics_nobody_gets_in():
    with pytest.raises(Unauthorized, match=r"\[alerts.sns\]"):
        verify(message(), credentials=Credentials(certificates={ADDRESS: certificate()}))


FOREIGN = [
    "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a.pem",
    "https://sns.eu-west-1.amazonaws.com.evil.test/SimpleNotificationService-0a.pem",
    "https://sns.eu-west-1.amazonaws.com@evil.test/SimpleNotificationService-0a.pem",
    "https://evil.test/sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a.pem",
    "https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-0a.pem",
    "https://sns.a.b.amazonaws.com/SimpleNotificationService-0a.pem",
    "https://bucket.s3.amazonaws.com/SimpleNotificationService-0a.pem",
    "https://[::1/SimpleNotificationService-0a.pem",
]


@pytest.mark.parametrize(
    "address", [*FOREIGN, "https://sns.eu-west-1.amazonaws.com/evil.pem", ADDRESS.replace("/Simple", "/x/../Simple")]
)
def test_a_certificate_of_a_foreign_host_is_never_asked_for(address):
    body = json.dumps(message(SigningCertURL=address)).encode()

    with pytest.raises(Unauthorized, match="SigningCertURL"):
        find_certificate_address(body, CREDENTIALS, NOW)


def test_a_certificate_of_amazon_is():
    assert find_certificate_address(json.dumps(message()).encode(), CREDENTIALS, NOW) == ADDRESS
    assert is_amazon_address("https://sns.cn-north-1.amazonaws.com.cn/x")


def confirmation(address):
    return {"Type": "SubscriptionConfirmation", "TopicArn": TOPIC, "SubscribeURL": address}


def test_a_subscription_is_confirmed_at_amazon_for_its_own_topic():
    address = f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=1"

    assert SOURCES["sns"].parse(confirmation(address), NOW).confirmation == address


@pytest.mark.parametrize(
    "address",
    [
        f"https://evil.test/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=1",
        f"https://sns.eu-west-1.amazonaws.com/?Action=DeleteTopic&TopicArn={TOPIC}",
        "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:other&Token=1",
    ],
)
def test_any_other_address_of_a_subscription_is_refused(address):
    with pytest.raises(Malformed, match="SubscribeURL"):
        SOURCES["sns"].parse(confirmation(address), NOW)


def test_the_end_of_a_subscription_is_not_undone():
    address = f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=1"

    batch = SOURCES["sns"].parse({**confirmation(address), "Type": "UnsubscribeConfirmation"}, NOW)

    assert (batch.confirmation, batch.events) == (None, ())
