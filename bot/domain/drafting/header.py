"""What stands at the head of a document, and where a reader finds more."""

from collections.abc import Callable, Mapping, Sequence

from bot.domain.drafting.annotations import role_label
from bot.domain.drafting.context import Scene
from bot.domain.drafting.entries import Teller, summary_of
from bot.domain.drafting.model import Block
from bot.domain.incidents.roles import LEAD
from bot.domain.record.model import Alert, Entry, RoleHeld, Source
from bot.domain.terms import Kind, SourceKind, Status


def only_sets_what_holds(scene: Scene) -> Callable[[Entry], bool]:
    """Tells an entry that put details right, and nothing else, of which the document's head has every one."""
    incident = scene.record.incident
    last = {name: entry.source.ref for entry in scene.having(Kind.DETAILS) for name, _ in entry.changes}
    held = {
        "reference": incident.outside_reference or "",
        "category": incident.category or "",
        "responsibility": incident.responsibility or "",
        "services": ", ".join(incident.services),
        **{f"title.{code}".rstrip("."): title for code, title in incident.titles.items()},
    }

    def holds(entry: Entry) -> bool:
        if entry.kinds != (Kind.DETAILS,) or entry.text or entry.files:
            return False
        return all(
            last[name] == entry.source.ref and held.get(name, "" if name.startswith("title") else value) == value
            for name, value in entry.changes
        )

    return holds


def particulars(scene: Scene) -> tuple[Block, ...]:
    """What the head of a form asks for, one fact each: whatever of it is known."""
    incident, teller = scene.record.incident, scene.teller
    values = (
        ("outside_reference", incident.outside_reference, "reference"),
        ("number", incident.reference, ""),
        ("severity", incident.severity_label, ""),
        ("status", teller.language.say(f"status_{incident.status.value}"), ""),
        ("services", ", ".join(teller.named(each) for each in incident.services), "services"),
        ("category", incident.category, "category"),
        ("responsibility", incident.responsibility, "responsibility"),
        ("lead", teller.name(incident.lead), ""),
    )
    return tuple(
        teller.fact(
            "particulars", key, teller.named(value), [_source(scene, key, name)], label=teller.language.say(key)
        )
        for key, value, name in values
        if value
    )


def roles(scene: Scene) -> tuple[Block, ...]:
    """Who had which role, one fact a role, in the order of time; the times only where it was more than one person."""
    teller, held = scene.teller, scene.record.roles
    found = []
    for name in dict.fromkeys([LEAD, *(each.role for each in held)]):
        had = [each for each in held if each.role == name]
        if had:
            label = role_label(name, had[-1].label, teller.language)
            text = ", ".join(_held(scene, each, is_alone=len(had) == 1) for each in had)
            found.append(teller.fact("roles", name, text, [each.source for each in had], label=label))
    return tuple(found)


def _held(scene: Scene, held: RoleHeld, *, is_alone: bool) -> str:
    who, short = scene.teller.name(held.person) or "", scene.teller.clock.short
    if is_alone and held.until is None:
        return who
    return f"{who} ({short(held.since)}–{short(held.until) if held.until else ''})"


def about_roles(scene: Scene, parts: Sequence[Block]) -> tuple[Block, ...]:
    """What the head names behind the rest: the parts that stand apart, and every role that was held."""
    held = {block.key: block for block in roles(scene)}
    apart = [held.pop(LEAD, block) if block.key == LEAD else block for block in parts if block.key in APART]
    return tuple(block._replace(section="about") for block in [*apart, *held.values()])


APART = frozenset({"outside_reference", "category", "responsibility", "lead"})
"""What the head names behind number, severity, services and status."""

_SET_BY: Mapping[str, tuple[Kind, ...]] = {
    "severity": (Kind.SEVERITY,),
    "status": (Kind.STATUS, Kind.RESOLVED, Kind.REOPENED, Kind.CANCELLED),
    "lead": (Kind.ROLE,),
}


def _source(scene: Scene, key: str, field: str) -> Source:
    """What set the value that holds: the last entry that changed it, or else the declaration."""
    changes = [entry for entry in scene.having(Kind.DETAILS) if field in dict(entry.changes)]
    found = scene.having(*_SET_BY[key]) if key in _SET_BY else changes
    if key == LEAD:
        found = [entry for entry in found if entry.role in {None, LEAD}]
    return found[-1].source if found else scene.record.incident.declared.source


def titles(scene: Scene) -> tuple[Block, ...]:
    """The titles that no document of the draft bears, and no entry either."""
    teller, incident = scene.teller, scene.record.incident
    named = {code.partition("-")[0]: title for code, title in incident.titles.items()}
    borne = {named.get(code.partition("-")[0], incident.title) for code in scene.languages}
    borne |= {entry.text for entry in scene.having(Kind.DECLARED)}
    label = teller.language.say("field_title").capitalize()
    return tuple(
        teller.fact(
            "also_stated",
            f"title-{code}",
            teller.named(title),
            [_source(scene, "title", f"title.{code}".rstrip("."))],
            label=label,
            notes=[teller.language.name_of(code)] if code else [],
        )
        for code, title in incident.titles.items()
        if title not in borne
    )


def closure(scene: Scene) -> tuple[Block, ...]:
    """Why an incident was cancelled; empty for one that was not, or if nobody said why."""
    incident, teller = scene.record.incident, scene.teller
    if incident.status is not Status.CANCELLED or not incident.closure_reason:
        return ()
    text = teller.language.say("cancelled_because", reason=teller.named(incident.closure_reason))
    return (teller.fact("closure", "reason", text, [_source(scene, "status", "")]),)


ALERTS_IN_FULL = 50
"""Alerts that are told one by one. More, as of a storm, are told by service: the record has each of them."""
SERVICES = 40
"""Services that are told one by one then."""


def alerts(scene: Scene) -> tuple[Block, ...]:
    """
    Every alert in full, but for the summary where the timeline has it already.

    Very many are counted by service, the one with the most first.
    """
    if len(scene.record.alerts) > ALERTS_IN_FULL:
        return _by_service(scene)
    told = {entry.text for entry in scene.having(Kind.DETECTION)}
    return tuple(_alert(scene.teller, alert, told) for alert in scene.record.alerts)


def _by_service(scene: Scene) -> tuple[Block, ...]:
    of: dict[str, list[Alert]] = {}
    for alert in scene.record.alerts:
        of.setdefault(alert.service or alert.labels.get("service", ""), []).append(alert)
    ordered = sorted(of.items(), key=lambda each: (not each[0], -len(each[1]), each[0]))
    rest = [alert for _, those in ordered[SERVICES:] for alert in those]
    told = [*ordered[:SERVICES], *([("", rest)] if rest else [])]
    return tuple(scene.teller.alerts("alerts", service, those) for service, those in told)


def _alert(teller: Teller, alert: Alert, told: set[str]) -> Block:
    block, summary = teller.alert("alerts", alert), summary_of(alert)
    return block._replace(text="") if {f"{alert.name}: {summary}", summary} & told else block


def whereabouts(scene: Scene) -> tuple[Block, ...]:
    """Where more can be read: the incident's channel."""
    incident, say = scene.record.incident, scene.teller.language.say
    if not incident.channel_name:
        return ()
    source = Source(SourceKind.SYSTEM, "channel", incident.channel_link or incident.declared.source.link)
    return (scene.teller.fact("whereabouts", "channel", f"#{incident.channel_name}", [source], label=say("channel")),)
