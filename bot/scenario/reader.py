"""A scenario's YAML, read and checked. Every mistake is named by step and key."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.domain.errors import UserError, did_you_mean
from bot.domain.terms import AlertStatus
from bot.domain.times import read_zone
from bot.scenario.expected import read_expected
from bot.scenario.model import Ack, Act, Alert, React, Say, Scenario, Shortcut, Step, Typed, VendorStatus
from bot.scenario.times import step_times
from bot.scenario.webhooks import FORMATS
from bot.scenario.yaml_nodes import Part, load

HEADER = (
    "title",
    "timezone",
    "date",
    "template",
    "service",
    "severity",
    "reference",
    "category",
    "responsibility",
    "steps",
    "expect",
    "vendor_view",
)


def read(text: str) -> Scenario:
    """The scenario that the YAML `text` holds. Raises UserError for the first mistake."""
    top = load(text).only(*HEADER)
    zone = _zone(top)
    steps = _steps(top, _date(top), zone)
    return Scenario(
        titles=_titles(top),
        zone=zone,
        steps=steps,
        template=top.text("template"),
        services=_services(top),
        severity=top.text("severity"),
        reference=top.text("reference"),
        category=top.text("category"),
        responsibility=top.text("responsibility"),
        expected=read_expected(top.table("expect"), has_vendor_view=top.list("vendor_view") is not None),
    )


def _zone(top: Part) -> ZoneInfo:
    try:
        return read_zone(top.needed("timezone"))
    except UserError as problem:
        if problem.message.startswith(top.where):
            raise
        top.fail("timezone", problem.message)


def _date(top: Part) -> date:
    text = top.needed("date")
    try:
        return date.fromisoformat(text)
    except ValueError:
        top.fail("date", f"`{text}` is no date. Write it like 2023-05-15.")


def _titles(top: Part) -> Mapping[str, str]:
    if isinstance(top.values.get("title"), Mapping):
        return top.texts("title")
    return {"": top.needed("title")}


def _services(top: Part) -> tuple[str, ...]:
    value = top.values.get("service")
    if isinstance(value, list):
        if not value or not all(isinstance(each, str) and each.strip() for each in value):
            top.fail("service", "a text, or a list of texts, is needed.")
        return tuple(value)
    name = top.text("service")
    return (name,) if name else ()


def _steps(top: Part, first_day: date, zone: ZoneInfo) -> tuple[Step, ...]:
    entries = top.list("steps")
    if not entries:
        top.fail("steps", "there are none. A scenario needs at least one step.")
    parts = [Part.of(each, f"step {number}") for number, each in enumerate(entries, 1)]
    acts = [_act(part) for part in parts]
    _check_names(acts)
    stated = [part.text("at") for part in parts]
    labels = [f"{part.where} ({act.kind})" for part, act in zip(parts, acts, strict=True)]
    times = step_times(list(zip(labels, stated, strict=True)), first_day, zone)
    return tuple(
        Step(number, at, text is not None, act)
        for number, (at, text, act) in enumerate(zip(times, stated, acts, strict=True), 1)
    )


def _act(part: Part) -> Act:
    """What the step does: the one key besides `at`."""
    named = [key for key in part.values if key != "at"]
    for key in named:
        if key not in ACTS:
            raise UserError(
                f"{part.where}: `{key}` is not something that can happen.{did_you_mean(key, list(ACTS))} "
                f"There are {', '.join(ACTS)}."
            )
    if len(named) != 1:
        raise UserError(f"{part.where}: one of {', '.join(ACTS)} is needed, and `at`; here are {len(named)} of them.")
    inner = part.table(named[0])
    if inner is None:
        part.fail(named[0], "it is empty.")
    inner.where = f"{part.where} ({named[0]})"
    return ACTS[named[0]](inner)


def _alert(part: Part) -> Alert:
    part.only("source", "status", "labels", "annotations")
    source = part.one_of("source", list(FORMATS))
    status = AlertStatus(part.one_of("status", [each.value for each in AlertStatus]))
    labels = part.texts("labels")
    if not labels.get("alertname"):
        part.fail("labels", "`alertname` is missing: an alert has a name.")
    return Alert(source, status, labels, part.texts("annotations"))


def _vendor_status(part: Part) -> VendorStatus:
    part.only("vendor", "id", "state", "text", "published")
    return VendorStatus(
        part.needed("vendor"),
        part.needed("id"),
        part.needed("state"),
        part.text("text") or "",
        part.instant("published"),
    )


def _command(part: Part) -> Typed:
    part.only("who", "text")
    text = part.needed("text")
    if not text.startswith("/"):
        part.fail("text", f"`{text}` is no command: it begins with a slash, like /incident note ….")
    return Typed(_person(part), text)


def _say(part: Part) -> Say:
    part.only("id", "who", "text", "channel")
    channel = part.text("channel")
    return Say(_person(part), part.needed("text"), part.text("id"), channel.removeprefix("#") if channel else None)


def _react(part: Part) -> React:
    part.only("who", "emoji", "to")
    return React(_person(part), part.needed("emoji").strip(":"), part.needed("to"))


def _shortcut(part: Part) -> Shortcut:
    part.only("who", "name", "to", "kind")
    return Shortcut(_person(part), part.needed("name"), part.needed("to"), part.text("kind"))


def _ack(part: Part) -> Ack:
    part.only("who", "target")
    return Ack(_person(part), part.needed("target").removeprefix("@").removeprefix("vendor:"))


def _person(part: Part) -> str:
    return part.needed("who").removeprefix("@")


ACTS: Mapping[str, Callable[[Part], Act]] = {
    "alert": _alert,
    "vendor_status": _vendor_status,
    "command": _command,
    "say": _say,
    "react": _react,
    "shortcut": _shortcut,
    "ack": _ack,
}


def _check_names(acts: list[Act]) -> None:
    """A step can only name a message that was written before it."""
    known: list[str] = []
    for number, act in enumerate(acts, 1):
        if isinstance(act, Say) and act.name:
            if act.name in known:
                raise UserError(f"step {number} (say): id: `{act.name}` names a message already.")
            known.append(act.name)
        if isinstance(act, React | Shortcut) and act.to not in known:
            raise UserError(
                f"step {number} ({act.kind}): to: no step before it writes a message `{act.to}`."
                f"{did_you_mean(act.to, known)}"
            )


def read_scenario(path: Path) -> Scenario:
    """The scenario in a file. Raises UserError for one that cannot be opened or read, naming it."""
    try:
        return read(path.read_bytes().decode("utf-8-sig"))
    except OSError as problem:
        raise UserError(f"{path}: it cannot be opened: {problem.strerror}.") from problem
    except UnicodeDecodeError as problem:
        raise UserError(f"{path}: this is not UTF-8 text.") from problem
    except UserError as problem:
        raise UserError(f"{path.name}: {problem.message}") from problem
