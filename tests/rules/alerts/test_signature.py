"""Authentication of alert senders by token or signature, with near misses."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alerts.events import TOKEN_SOURCES, Credentials
from bot.sources import SOURCES, Unauthorized

NOW = datetime(2026, 11, 18, 14, 6, tzinfo=UTC)
BODY = b'{"alerts": []}'
TOKEN, SECRET = "s3cret-token-é", "hmac-secret"
BY_TOKEN = Credentials((TOKEN,))
BY_SIGNATURE = Credentials((TOKEN,), (SECRET,))


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def signature(body=BODY, *, stamp=None, secret=SECRET):
    signed = body if stamp is None else f"{stamp}:".encode() + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def verify(headers, credentials, *, source="grafana", body=BODY):
    SOURCES[source].verify(headers, body, credentials, now=NOW)


@pytest.mark.parametrize("source", sorted(TOKEN_SOURCES))
@pytest.mark.parametrize(
    "authorization", [f"Bearer {TOKEN}", f"bearer  {TOKEN}", basic("", TOKEN), basic("alertmanager", TOKEN)]
)
def test_the_token_is_taken_as_bearer_or_password(source, authorization):
    verify({"authorization": authorization}, BY_TOKEN, source=source)


@pytest.mark.parametrize("source", sorted(TOKEN_SOURCES))
@pytest.mark.parametrize(
    ("authorization", "says"),
    [
        (None, "no Authorization header"),
        ("", "the wrong type"),
        ("Bearer", "The token is wrong"),
        ("Bearer ", "The token is wrong"),
        (f"Bearer {TOKEN}x", "The token is wrong"),
        (f"Bearer {TOKEN[:-1]}", "The token is wrong"),
        (TOKEN, "the wrong type"),
        (f"Token {TOKEN}", "the wrong type"),
        (basic(TOKEN, ""), "The token is wrong"),
        (basic("", TOKEN + " "), "The token is wrong"),
        ("Basic ???", "cannot be read"),
        ("Basic é", "cannot be read"),
        ("Bearer \udcff\udcfe", "The token is wrong"),
    ],
)
def test_anything_else_is_refused_without_telling_the_token(source, authorization, says):
    headers = {} if authorization is None else {"Authorization": authorization}

    with pytest.raises(Unauthorized, match=says) as refusal:
        verify(headers, BY_TOKEN, source=source)

    assert TOKEN not in refusal.value.message


@pytest.mark.parametrize("source", sorted(TOKEN_SOURCES))
@pytest.mark.parametrize("nothing", [(), ("",)])
def test_without_a_token_set_nobody_gets_in(source, nothing):
    with pytest.raises(Unauthorized, match="Set DOGWATCH_ALERT_TOKEN"):
        verify({"Authorization": "Bearer "}, Credentials(nothing), source=source)


def test_a_signature_over_the_body_proves_grafana():
    verify({"x-grafana-alerting-signature": signature()}, BY_SIGNATURE)


@pytest.mark.parametrize("seconds", [0, -299, 299])
def test_a_signature_over_timestamp_and_body_proves_it_for_five_minutes(seconds):
    stamp = int((NOW + timedelta(seconds=seconds)).timestamp())
    verify(
        {"X-Grafana-Alerting-Signature": signature(stamp=stamp), "X-Grafana-Alerting-Timestamp": str(stamp)},
        BY_SIGNATURE,
    )


STAMP = int(NOW.timestamp())


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({"Authorization": f"Bearer {TOKEN}"}, "has no X-Grafana-Alerting-Signature"),
        ({"X-Grafana-Alerting-Signature": ""}, "The signature is wrong"),
        ({"X-Grafana-Alerting-Signature": "é"}, "The signature is wrong"),
        ({"X-Grafana-Alerting-Signature": signature(BODY + b" ")}, "The signature is wrong"),
        ({"X-Grafana-Alerting-Signature": signature(secret="other")}, "The signature is wrong"),
        (
            {"X-Grafana-Alerting-Signature": signature(), "X-Grafana-Alerting-Timestamp": str(STAMP)},
            "The signature is wrong",
        ),
        (
            {
                "X-Grafana-Alerting-Signature": signature(stamp=STAMP - 301),
                "X-Grafana-Alerting-Timestamp": str(STAMP - 301),
            },
            "5 minutes",
        ),
        (
            {"X-Grafana-Alerting-Signature": signature(stamp="soon"), "X-Grafana-Alerting-Timestamp": "soon"},
            "Unix seconds",
        ),
        ({"X-Grafana-Alerting-Signature": signature(), "X-Grafana-Alerting-Timestamp": "9" * 400}, "Unix seconds"),
    ],
)
def test_where_a_secret_is_set_nothing_but_the_signature_counts(headers, says):
    with pytest.raises(Unauthorized, match=says):
        verify(headers, BY_SIGNATURE)


SIGNATURES = {
    "pagerduty": ("X-PagerDuty-Signature", "v1="),
    "sentry": ("Sentry-Hook-Signature", ""),
    "checkly": ("x-checkly-signature", ""),
}


@pytest.mark.parametrize("source", SIGNATURES)
def test_a_signature_over_the_body_proves_the_sender_by_any_of_the_secrets(source):
    header, prefix = SIGNATURES[source]
    credentials = Credentials((TOKEN,), ("older", SECRET))

    SOURCES[source].verify({header.upper(): prefix + signature()}, BODY, credentials, now=NOW)


@pytest.mark.parametrize("source", SIGNATURES)
@pytest.mark.parametrize("sent", ["", "é", signature(BODY + b" "), signature(secret="other"), f"v2={signature()}"])
def test_a_forged_signature_is_refused_though_the_token_is_right(source, sent):
    header, prefix = SIGNATURES[source]
    headers = {header: prefix + sent if not sent.startswith("v2") else sent, "Authorization": f"Bearer {TOKEN}"}

    with pytest.raises(Unauthorized, match=f"{header} is wrong"):
        verify(headers, BY_SIGNATURE, source=source)


@pytest.mark.parametrize("source", SIGNATURES)
def test_a_signature_that_cannot_be_checked_says_what_to_set(source):
    with pytest.raises(Unauthorized, match="DOGWATCH_ALERT_SECRET"):
        verify({SIGNATURES[source][0]: signature()}, BY_TOKEN, source=source)


def test_a_signature_among_several_is_enough():
    sent = ",".join(f"v1={each}" for each in (signature(secret="other"), signature()))

    verify({"X-PagerDuty-Signature": sent}, BY_SIGNATURE, source="pagerduty")


@pytest.mark.parametrize("key", [TOKEN[:-1], "", TOKEN.upper()])
def test_a_wrong_routing_key_is_refused(key):
    with pytest.raises(Unauthorized):
        verify({}, BY_TOKEN, source="pagerduty", body=json.dumps({"routing_key": key}).encode())


def test_a_routing_key_proves_an_event_beside_signed_webhooks():
    verify({}, BY_SIGNATURE, source="pagerduty", body=json.dumps({"routing_key": TOKEN}).encode())


@pytest.mark.parametrize(
    ("source", "header"), [("honeycomb", "X-Honeycomb-Webhook-Token"), ("gitlab", "X-Gitlab-Token")]
)
def test_a_token_in_the_header_of_the_sender_is_compared_too(source, header):
    verify({header: TOKEN}, BY_TOKEN, source=source)

    with pytest.raises(Unauthorized, match="The token is wrong"):
        verify({header: TOKEN[:-1]}, BY_TOKEN, source=source)


def test_the_headers_of_the_signature_can_have_other_names():
    credentials = Credentials(secrets=(SECRET,), signature_header="X-Mine", timestamp_header="X-When")

    verify({"X-Mine": signature(stamp=STAMP), "X-When": str(STAMP)}, credentials)


def test_credentials_do_not_show_themselves():
    assert TOKEN not in repr(BY_SIGNATURE)
    assert SECRET not in repr(BY_SIGNATURE)


@given(st.sampled_from(sorted(SOURCES)), st.dictionaries(st.text(), st.text()), st.text())
def test_no_headers_get_in_by_luck_or_break_it(source, headers, authorization):
    with pytest.raises(Unauthorized):
        verify({**headers, "Authorization": authorization}, BY_SIGNATURE, source=source)
