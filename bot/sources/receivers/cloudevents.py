"""
CloudEvents 1.0 over HTTP: structured, binary and batched, with an alert as data.

https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/http-protocol-binding.md
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import unquote_to_bytes

from bot.domain.alerts.events import AlertEvent, Batch, Credentials
from bot.sources import generic
from bot.sources.authentication import check_token, get_header
from bot.sources.json_fields import Fields
from bot.sources.json_reader import Malformed, decode, quote_value
from bot.sources.request import AlertRequest, read_json

NAME = "cloudevents"
VERSION = "1.0"
PREFIX = "ce-"
REQUIRED = ("id", "source", "type")
ALLOWED_RATE = "120"
"""Requests a minute that a sender may announce if it names no rate."""


def verify(headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int:  # noqa: ARG001  the signature of `Verify`
    """Bearer, or `access_token` in the address. Raises Unauthorized."""
    return check_token(headers, credentials)


def find_handshake_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    """
    Answer whether a sender may send here; empty if it does not ask.

    https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md
    """
    origin = get_header(headers, "WebHook-Request-Origin")
    if not origin:
        return {}
    rate = get_header(headers, "WebHook-Request-Rate") or ALLOWED_RATE
    return {"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": rate if rate.isdecimal() else ALLOWED_RATE}


def read(request: AlertRequest) -> object:
    """The events; those in binary mode as if they were structured. Raises Malformed."""
    if get_header(request.headers, f"{PREFIX}specversion") is None:
        return read_json(request)
    attributes = {
        name.casefold().removeprefix(PREFIX): _decode_header(name, value)
        for name, value in request.headers.items()
        if name.casefold().startswith(PREFIX)
    }
    return {**attributes, "data": read_json(request)}


def parse(payload: object, received_at: datetime) -> Batch:
    """The alerts of one event or batch. Raises Malformed."""
    return Batch(NAME, tuple(_alert(each, received_at) for each in _events(payload)))


def _decode_header(name: str, value: str) -> str:
    """Values are percent-encoded UTF-8."""
    try:
        text = unquote_to_bytes(value).decode()
    except UnicodeError:
        raise Malformed(name, "This is not percent-encoded UTF-8.") from None
    if "\x00" in text:
        raise Malformed(name, "This contains a NUL character. Remove it.")
    return text


def _events(payload: object) -> Sequence[Fields]:
    if isinstance(payload, list):
        return [Fields.from_value(each, f"[{index}]") for index, each in enumerate(payload)]
    return [Fields.from_value(payload)]


def _alert(event: Fields, received_at: datetime) -> AlertEvent:
    version = event.required_text("specversion", f'"{VERSION}"')
    if version != VERSION:
        raise Malformed(event.at("specversion"), f"{quote_value(version)} is not known. Send {VERSION}.")
    _, source, kind = (event.required_text(name, "the event's attribute") for name in REQUIRED)
    subject = event.text("subject")
    data = _data(event)
    stated_at = event.text("time")
    seen_at = event.time("time")
    defaults = {
        "title": subject or event.detail("title") or kind,
        "id": subject or source,
        "status": _status(kind) if not data.has("status") and not data.has("state") else None,
    }
    known = {name: value for name, value in data.values.items() if value is not None}
    values = {**{name: text for name, text in defaults.items() if text}, **known}
    time_field = "ends_at" if _is_resolved(values) else "starts_at"
    if stated_at and not any(name in values for name in (time_field, "start_time", "end_time")):
        values[time_field] = stated_at
    return replace(generic.parse_alert(Fields(values, data.path), received_at, source=NAME), stated_at=seen_at)


def _status(kind: str) -> str | None:
    """The last word of a type like `com.example.alert.resolved`, if it is a status."""
    word = re.split(r"[./_-]", kind)[-1].casefold()
    return word if word in generic.STATUS_WORDS else None


def _is_resolved(values: Mapping[str, object]) -> bool:
    status = values.get("status", values.get("state"))
    word = status.strip().casefold() if isinstance(status, str) else ""
    return word in generic.RESOLVED_WORDS or (not word and "ends_at" in values)


def _data(event: Fields) -> Fields:
    if event.has("data") and event.has("data_base64"):
        raise Malformed(event.at("data_base64"), "The event has both data and data_base64. Send one of them.")
    if not event.has("data_base64"):
        return event.inner("data")
    try:
        encoded = event.required_text("data_base64", "the data")
        return Fields.from_value(decode(base64.b64decode(encoded, validate=True)), event.at("data_base64"))
    except (binascii.Error, ValueError):
        raise Malformed(event.at("data_base64"), "This is not base64.") from None
