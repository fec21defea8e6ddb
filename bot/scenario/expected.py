"""What stands under `expect`."""

import re

from bot.domain.text.durations import read_duration
from bot.scenario.model import Expected, ExpectedEscalation, ExpectedImpact
from bot.scenario.yaml_nodes import Part

NOT_COMPARED = ("public_page", "vendor_view")
KEYS = (
    "started",
    "resolved",
    "identified",
    "duration",
    "zone_label",
    "detected_by",
    "impact",
    "languages",
    "timeline_times",
    "actions_taken",
    "misleading_paths",
    "escalations",
    "improvements",
    "tasks",
    "symptom_table",
    "conclusion",
    "findings",
    *NOT_COMPARED,
)


def read_expected(part: Part | None, *, has_vendor_view: bool) -> Expected:
    """Raises UserError for an unknown key, and for a value that no record could hold."""
    vendor_view = ("vendor_view",) if has_vendor_view else ()
    if part is None:
        return Expected(not_compared=vendor_view)
    part.only(*KEYS)
    part.where = "expect"
    return Expected(
        started=part.instant("started"),
        resolved=part.instant("resolved"),
        identified=part.instant("identified"),
        duration=_duration(part),
        zone_label=part.text("zone_label"),
        detected_by=part.text("detected_by"),
        impact=_impact(part),
        languages=_texts(part, "languages"),
        timeline_times=_times(part),
        actions_taken=part.count("actions_taken"),
        misleading_paths=part.count("misleading_paths"),
        escalations=_escalations(part),
        improvements=part.count("improvements"),
        tasks=part.count("tasks"),
        symptom_table=part.count("symptom_table"),
        conclusion=part.flag("conclusion"),
        findings=_texts(part, "findings"),
        not_compared=(*(key for key in NOT_COMPARED if key in part.values), *vendor_view),
    )


def _duration(part: Part) -> str | None:
    text = part.text("duration")
    if text is not None and read_duration(text) is None:
        part.fail("duration", f"`{text}` is no duration. Write it like 1h 45m.")
    return text


def _impact(part: Part) -> ExpectedImpact | None:
    inner = part.table("impact")
    if inner is None:
        return None
    inner.only("text", "percent_of_users")
    return ExpectedImpact(inner.text("text"), inner.number("percent_of_users"))


def _texts(part: Part, key: str) -> tuple[str, ...] | None:
    values = part.list(key)
    if values is None:
        return None
    if not all(isinstance(each, str) for each in values):
        part.fail(key, "each has to be a text.")
    return tuple(values)


def _times(part: Part) -> tuple[str | None, ...] | None:
    values = part.list("timeline_times")
    if values is None:
        return None
    for each in values:
        if each is not None and not (isinstance(each, str) and re.fullmatch(r"[0-2][0-9]:[0-5][0-9]", each)):
            part.fail("timeline_times", f'`{each}` is no clock time. Write "12:05", or null for an entry without one.')
    return tuple(values)


def _escalations(part: Part) -> tuple[ExpectedEscalation, ...] | None:
    if part.list("escalations") is None:
        return None
    found = []
    for each in part.tables("escalations"):
        each.only("to", "external", "acknowledged")
        found.append(
            ExpectedEscalation(each.needed("to").removeprefix("@"), each.flag("external"), each.flag("acknowledged"))
        )
    return tuple(found)
