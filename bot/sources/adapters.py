"""Senders that an operator describes: `[alerts.sources.NAME]` says where each field is."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from bot.config.sections.alerts import AdapterSection
from bot.domain.alerts.adapters import IGNORED, FieldRule, Pointer, Template, normalize_word
from bot.domain.alerts.events import Batch
from bot.domain.alerts.links import is_web_address
from bot.domain.errors import did_you_mean
from bot.domain.terms import AlertStatus
from bot.domain.text.normalize import is_visible
from bot.lazy_dataclass import dataclass
from bot.sources.generic import STATUS_WORDS
from bot.sources.json_fields import Fields, format_detail
from bot.sources.json_reader import Malformed, quote_value
from bot.sources.report import Report

NOTE = "Ignored: by its status this message changes nothing."
MILLISECONDS_FROM = 100_000_000_000
"""A larger Unix time is in milliseconds: as seconds it would be after the year 5000."""
_NUMBER = re.compile(r"\d{1,19}(?:\.\d{1,9})?", re.ASCII)


def parse(name: str, adapter: AdapterSection, payload: object, received_at: datetime) -> Batch:
    """The alerts of one request to the adapter `name`. Raises Malformed."""
    reports = [_read_report(each, adapter) for each in _iter_alerts(name, adapter, payload)]
    events = tuple(report.as_event(received_at) for report in reports if report is not None)
    return Batch(name, events, note=NOTE if reports and not events else "")


@dataclass(frozen=True, slots=True)
class _Found:
    """A field's text, and the pointer to it in the whole body."""

    text: str
    place: str


@dataclass(frozen=True, slots=True)
class _AlertBody:
    """One alert of a body. `path` is the pointer to it, empty if it is the whole body."""

    source: str
    root: object
    alert: object
    path: str = ""

    def find(self, rule: FieldRule | None) -> _Found | None:
        """The first alternative that the body has, else the default; None for neither."""
        if rule is None:
            return None
        for template in rule.alternatives:
            if found := self._fill(template):
                return _Found(rule.values.get(normalize_word(found.text), found.text), found.place)
        return _Found(rule.default, "default") if rule.default is not None else None

    def text(self, rule: FieldRule | None) -> str | None:
        found = self.find(rule)
        return found.text if found else None

    def require(self, name: str, rule: FieldRule) -> _Found:
        """`name`: the key of the field in the configuration. Raises Malformed."""
        found = self.find(rule)
        if found is None:
            places = [self._missing_place(each) for each in rule.alternatives]
            others = f", nor anything at {', '.join(places[1:])}" if len(places) > 1 else ""
            problem = f"This is missing{others}. [alerts.sources.{self.source}] reads the {name} there."
            raise Malformed(places[0], f"{problem} Send it, or correct `{name}` in dogwatch.toml.")
        return found

    def time(self, rule: FieldRule | None) -> datetime | None:
        """RFC 3339 with a zone, or Unix time in seconds or milliseconds. Raises Malformed."""
        found = self.find(rule)
        if found is None:
            return None
        if not _NUMBER.fullmatch(found.text):
            return Fields({found.place: found.text}).time(found.place)
        number = float(found.text) if "." in found.text else int(found.text)
        holder = Fields({found.place: number})
        return holder.unix_time(found.place, per_second=1000 if number >= MILLISECONDS_FROM else 1)

    def link(self, rule: FieldRule | None) -> str | None:
        """A web address; another text is left out."""
        text = self.text(rule)
        return text if text and is_web_address(text) else None

    def find_value(self, pointer: Pointer) -> object:
        return pointer.find(self.root if pointer.is_from_body else self.alert)

    def find_place(self, pointer: Pointer) -> str:
        """The pointer as it is in the whole body."""
        return pointer.path if pointer.is_from_body else f"{self.path}{pointer.path}"

    def _fill(self, template: Template) -> _Found | None:
        """The text with its pointers filled in; None if one of them finds nothing."""
        texts = [part if isinstance(part, str) else self._scalar(part) for part in template]
        if not all(texts):
            return None
        pointer = next(part for part in template if isinstance(part, Pointer))
        return _Found("".join(texts).strip(), self.find_place(pointer))

    def _missing_place(self, template: Template) -> str:
        """The place of the first pointer that finds nothing."""
        pointers = (part for part in template if isinstance(part, Pointer))
        return self.find_place(next(each for each in pointers if not self._scalar(each)))

    def _scalar(self, pointer: Pointer) -> str:
        """A text, number or truth value; empty if there is none."""
        value = self.find_value(pointer)
        if isinstance(value, dict | list):
            raise Malformed(self.find_place(pointer), f"{quote_value(value)} is not a text. Point to a text in it.")
        text = format_detail(value)
        return text if is_visible(text) else ""


def _iter_alerts(name: str, adapter: AdapterSection, payload: object) -> Iterator[_AlertBody]:
    if adapter.items is None:
        yield _AlertBody(name, payload, payload)
        return
    found, path = adapter.items.find(payload), adapter.items.path
    if not isinstance(found, list):
        problem = "This is missing." if found is None else f"{quote_value(found)} is not a list."
        raise Malformed(path, f"{problem} Send a list of alerts, or correct `items` of [alerts.sources.{name}].")
    for index, each in enumerate(found):
        yield _AlertBody(name, payload, each, f"{path}/{index}")


def _read_report(body: _AlertBody, adapter: AdapterSection) -> Report | None:
    """None for a message that changes nothing."""
    ended_at = body.time(adapter.ended_at)
    status = _read_status(body, adapter, is_ended=ended_at is not None)
    if status is None:
        return None
    labels = _read_labels(body, adapter)
    return Report(
        source=body.source,
        fingerprint=body.require("key", adapter.key).text,
        status=status,
        title=body.require("title", adapter.title).text,
        started_at=body.time(adapter.started_at),
        ended_at=ended_at,
        rule=body.text(adapter.name) or labels.get("alertname"),
        service=body.text(adapter.service) or labels.get("service"),
        severity=body.text(adapter.severity) or labels.get("severity"),
        labels=labels,
        description=body.text(adapter.description),
        runbook=body.link(adapter.runbook),
        dashboard=body.link(adapter.dashboard),
        images=tuple(filter(None, [body.link(adapter.image)])),
        value=body.text(adapter.value),
        url=body.link(adapter.link),
        group=body.text(adapter.group),
        stated_at=body.time(adapter.sent_at),
    )


def _read_status(body: _AlertBody, adapter: AdapterSection, *, is_ended: bool) -> AlertStatus | None:
    """Without `status` an alert fires until it has an end. None: the message changes nothing."""
    if adapter.status is None:
        return AlertStatus.RESOLVED if is_ended else AlertStatus.FIRING
    found = body.require("status", adapter.status)
    word = normalize_word(found.text)
    if word == IGNORED:
        return None
    if word not in STATUS_WORDS:
        guess = did_you_mean(found.text, [*STATUS_WORDS, *adapter.status.values])
        remedy = f"Add it to the `values` of `status` in [alerts.sources.{body.source}]."
        raise Malformed(found.place, f"{quote_value(found.text)} is not a known status.{guess} {remedy}")
    return STATUS_WORDS[word]


def _read_labels(body: _AlertBody, adapter: AdapterSection) -> Mapping[str, str | None]:
    """The texts and numbers of `labels_from`, and those of `labels`, which come first."""
    labels: dict[str, str | None] = {}
    if adapter.labels_from is not None:
        found = body.find_value(adapter.labels_from)
        inner = Fields.from_value({} if found is None else found, body.find_place(adapter.labels_from))
        labels |= {key: format_detail(each) for key, each in inner.values.items()}
    return {**labels, **{name: text for name, rule in adapter.labels.items() if (text := body.text(rule))}}
