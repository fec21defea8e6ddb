"""Which tables `dogwatch.toml` may have, and which keys each of them: the classes of `sections` and its neighbours."""

from collections.abc import Mapping

from bot.config.sections import (
    AlertsSection,
    EscalationSection,
    FindingsSection,
    GrafanaSection,
    IncidentsSection,
    IntakeSection,
    OwnHoursSection,
    PostmortemSection,
    RetentionSection,
    RoleSection,
    RouteSection,
    Section,
    ServiceSection,
    SeveritySection,
    StatusSection,
    StormsSection,
    TeamSection,
    WorkingHoursSection,
)
from bot.config.sections.paging import PagingSection
from bot.config.sections.paging_services import (
    AppriseSection,
    EmailSection,
    OpsgenieSection,
    PagerDutySection,
    WebhookSection,
)
from bot.config.sections.policies import AtEndSection, LevelSection, PolicySection
from bot.config.sections.reminders import NudgesSection
from bot.config.sections.schedules import LayerHoursSection, LayerSection, OnCallSection, ScheduleSection
from bot.config.sections.vendors import VendorHoursSection, VendorSection
from bot.domain.terms import Severity, Status

ANY = "*"
SECTIONS: Mapping[tuple[str, ...], type[Section]] = {
    ("incidents",): IncidentsSection,
    ("severities", ANY): SeveritySection,
    ("statuses", ANY): StatusSection,
    ("roles", ANY): RoleSection,
    ("services", ANY): ServiceSection,
    ("services", ANY, "working_hours"): OwnHoursSection,
    ("teams", ANY): TeamSection,
    ("teams", ANY, "working_hours"): OwnHoursSection,
    ("vendors", ANY): VendorSection,
    ("vendors", ANY, "hours"): VendorHoursSection,
    ("routes", ANY): RouteSection,
    ("alerts",): AlertsSection,
    ("alerts", "grafana"): GrafanaSection,
    ("intake",): IntakeSection,
    ("storms",): StormsSection,
    ("working_hours",): WorkingHoursSection,
    ("escalation",): EscalationSection,
    ("oncall",): OnCallSection,
    ("schedules", ANY): ScheduleSection,
    ("schedules", ANY, "layers", ANY): LayerSection,
    ("schedules", ANY, "layers", ANY, "hours", ANY): LayerHoursSection,
    ("policies", ANY): PolicySection,
    ("policies", ANY, "levels", ANY): LevelSection,
    ("policies", ANY, "at_end"): AtEndSection,
    ("paging",): PagingSection,
    ("paging", "email"): EmailSection,
    ("paging", "pagerduty"): PagerDutySection,
    ("paging", "opsgenie"): OpsgenieSection,
    ("paging", "webhook"): WebhookSection,
    ("paging", "apprise"): AppriseSection,
    ("nudges",): NudgesSection,
    ("findings",): FindingsSection,
    ("retention",): RetentionSection,
    ("postmortem",): PostmortemSection,
}
"""Every table with keys of its own; ANY stands for a name that people choose, or for a number in a list."""

FILE_TABLES = tuple(dict.fromkeys((*(path[0] for path in SECTIONS), "reactions")))
"""What may stand at the top of `dogwatch.toml`."""


def keys_of(section: type[Section]) -> tuple[str, ...]:
    """Its keys as the file has them."""
    return tuple(field.alias or name for name, field in section.model_fields.items())


def keys_at(place: tuple[str | int, ...]) -> tuple[str, ...]:
    """The keys that may stand in the table at `place`; none where any name is right."""
    for path, section in SECTIONS.items():
        if len(path) == len(place) and all(mine in {ANY, theirs} for mine, theirs in zip(path, place, strict=True)):
            return keys_of(section)
    if place == ("severities",):
        return tuple(Severity)
    return tuple(Status) if place == ("statuses",) else ()
