"""The header of a document, and where to read more."""

from collections.abc import Callable, Mapping, Sequence

from bot.domain.drafting.annotations import role_label
from bot.domain.drafting.context import DraftContext
from bot.domain.drafting.model import Block
from bot.domain.incidents.roles import LEAD
from bot.domain.record.model import Entry, RoleAssignment
from bot.domain.record.sources import Source
from bot.domain.terms import Kind, SourceKind, Status


def current_details_filter(context: DraftContext) -> Callable[[Entry], bool]:
    """A predicate for entries that only set details which the header shows."""
    incident = context.record.incident
    last = {name: entry.source.ref for entry in context.entries_of_kinds(Kind.DETAILS) for name, _ in entry.changes}
    current = {
        "reference": incident.outside_reference or "",
        "category": incident.category or "",
        "responsibility": incident.responsibility or "",
        "services": ", ".join(incident.services),
        "grade": incident.public_grade or "",
        **{f"services.{code}": ", ".join(names) for code, names in incident.service_names.items()},
        **{f"title.{code}".rstrip("."): title for code, title in incident.titles.items()},
    }

    def is_current(entry: Entry) -> bool:
        if entry.kinds != (Kind.DETAILS,) or entry.text or entry.files:
            return False
        return all(
            last[name] == entry.source.ref and current.get(name, "" if name.startswith("title") else value) == value
            for name, value in entry.changes
        )

    return is_current


def particulars_section(context: DraftContext) -> tuple[Block, ...]:
    """The fields of a form's header that are known, one fact each."""
    incident, builder = context.record.incident, context.builder
    values = (
        ("outside_reference", incident.outside_reference, "reference"),
        ("number", incident.reference, ""),
        ("severity", incident.severity_label, ""),
        ("status", builder.format_message(f"status_{incident.status.value}"), ""),
        ("services", builder.services, "services"),
        ("public_grade", incident.public_grade, "grade"),
        ("category", incident.category, "category"),
        ("responsibility", incident.responsibility, "responsibility"),
        ("lead", "" if builder.shows_roles else builder.person_name(incident.lead), ""),
    )
    return tuple(
        builder.fact_block(
            "particulars",
            key,
            builder.resolve_mentions(value),
            [_source(context, key, name)],
            label=builder.format_message(key),
        )
        for key, value, name in values
        if value
    )


def roles_section(context: DraftContext) -> tuple[Block, ...]:
    """One fact for each role: its holders, and their times if several. Empty with `shows_roles`."""
    builder, held = context.builder, () if context.builder.shows_roles else context.record.roles
    found = []
    for name in dict.fromkeys([LEAD, *(each.role for each in held)]):
        had = [each for each in held if each.role == name]
        if had:
            label = role_label(name, had[-1].label, builder.language)
            text = ", ".join(_role_holder(context, each, is_only=len(had) == 1) for each in had)
            found.append(builder.fact_block("roles", name, text, [each.source for each in had], label=label))
    return tuple(found)


def _role_holder(context: DraftContext, assignment: RoleAssignment, *, is_only: bool) -> str:
    name, format_short = context.builder.person_name(assignment.person) or "", context.builder.times.format_short
    if is_only and assignment.until is None:
        return name
    return f"{name} ({format_short(assignment.since)}–{format_short(assignment.until) if assignment.until else ''})"


def about_role_blocks(context: DraftContext, parts: Sequence[Block]) -> tuple[Block, ...]:
    """The details after the header's first line: those of DETAILS, and every role."""
    held = {block.key: block for block in roles_section(context)}
    details = [held.pop(LEAD, block) if block.key == LEAD else block for block in parts if block.key in DETAILS]
    return tuple(block._replace(section="about") for block in [*details, *held.values()])


DETAILS = frozenset({"outside_reference", "category", "responsibility", "lead"})
"""Particulars that the header lists after number, severity, services and status."""

_SET_BY: Mapping[str, tuple[Kind, ...]] = {
    "severity": (Kind.SEVERITY,),
    "status": (Kind.STATUS, Kind.RESOLVED, Kind.REOPENED, Kind.CANCELLED),
    "lead": (Kind.ROLE,),
}


def _source(context: DraftContext, key: str, field: str) -> Source:
    """The source of a current value: the last entry that changed it, or else the declaration."""
    changes = [entry for entry in context.entries_of_kinds(Kind.DETAILS) if field in dict(entry.changes)]
    found = context.entries_of_kinds(*_SET_BY[key]) if key in _SET_BY else changes
    if key == LEAD:
        found = [entry for entry in found if entry.role in {None, LEAD}]
    return found[-1].source if found else context.record.incident.declared.source


def title_blocks(context: DraftContext) -> tuple[Block, ...]:
    """Titles that no document and no entry shows, such as those in the words of an alert."""
    builder, incident = context.builder, context.record.incident
    named = {code.partition("-")[0]: title for code, title in incident.titles.items()}
    shown = {named.get(code.partition("-")[0], incident.title) for code in context.languages}
    shown |= {entry.text for entry in context.entries_of_kinds(Kind.DECLARED) if not builder.repeats_title(entry)}
    alerts = [entry.text for entry in context.entries_of_kinds(Kind.DETECTION) if entry.author is None]
    label = builder.format_message("field_title").capitalize()
    return tuple(
        builder.fact_block(
            "also_stated",
            f"title-{code}",
            builder.resolve_mentions(title),
            [_source(context, "title", f"title.{code}".rstrip("."))],
            label=label,
            notes=[builder.language.language_name(code)] if code else [],
        )
        for code, title in incident.titles.items()
        if title not in shown and not any(title.rstrip("…") in text for text in alerts)
    )


def closure_section(context: DraftContext) -> tuple[Block, ...]:
    """The reason of a cancellation, if there is one."""
    incident, builder = context.record.incident, context.builder
    if incident.status is not Status.CANCELLED or not incident.closure_reason:
        return ()
    text = builder.format_message("cancelled_because", reason=builder.resolve_mentions(incident.closure_reason))
    return (builder.fact_block("closure", "reason", text, [_source(context, "status", "")]),)


def whereabouts_section(context: DraftContext) -> tuple[Block, ...]:
    """The incident's channel."""
    incident, builder = context.record.incident, context.builder
    if not incident.channel_name:
        return ()
    source = Source(SourceKind.SYSTEM, "channel", incident.channel_link or incident.declared.source.link)
    label = builder.format_message("channel")
    return (builder.fact_block("whereabouts", "channel", f"#{incident.channel_name}", [source], label=label),)
