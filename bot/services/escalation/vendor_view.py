"""View of a vendor escalation for messages."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.escalation.vendors import Vendor, next_opening
from bot.domain.oncall.working_hours import hours_from_json, is_outside_hours
from bot.domain.terms import Precision
from bot.lazy_dataclass import dataclass
from bot.services.vendors.case_questions import is_case_missing
from bot.services.vendors.lookup import find_vendor
from bot.services.vendors.updates import has_vendor_answered
from bot.store.escalation import escalations
from bot.store.incidents import incidents, timeline


@dataclass(frozen=True, slots=True)
class VendorView:
    """
    A vendor escalation for messages.

    Times are None if unknown; `has_answered` and `is_fixed` hold then as well. `is_outside_hours`: escalated outside
    the vendor's hours, None if these are unknown. `opens_at`: next start of the hours, None during them.
    """

    escalation_id: int
    incident_id: int
    vendor: Vendor
    told_at: datetime | None
    is_outside_hours: bool | None
    opens_at: datetime | None
    case: str
    has_answered: bool
    answered_at: datetime | None
    answered_about: bool
    noted_by: str | None
    is_fixed: bool
    fixed_at: datetime | None
    fixed_about: bool
    asked: int
    asked_at: datetime | None
    is_asked_for: bool
    case_message_ts: str | None
    is_to_be_told: bool = False
    """Started by a policy: a person has to contact them."""


def load_vendor_view(session: Session, settings: Settings, escalation_id: int, now: datetime) -> VendorView | None:
    """None for an escalation to anybody else."""
    row = escalations.get(session, escalation_id)
    if row is None or not row.is_external:
        return None
    incident = incidents.get(session, row.incident_id)
    vendor = find_vendor(settings, row.target_id, ZoneInfo(incident.zone))
    outside = vendor.hours is not None and not vendor.hours.contains(now)
    return VendorView(
        escalation_id=escalation_id,
        incident_id=incident.key,
        vendor=vendor,
        told_at=row.paged_at,
        is_outside_hours=is_outside_hours(hours_from_json(row.working_hours), row.paged_at),
        opens_at=next_opening(vendor.hours, now) if vendor.hours and outside else None,
        case=row.case_reference or "",
        has_answered=has_vendor_answered(row),
        answered_at=row.acknowledged_at,
        answered_about=_is_about(session, row.acknowledgement_entry_id),
        noted_by=row.acknowledged_by,
        is_fixed=row.fixed_entry_id is not None,
        fixed_at=row.fixed_at,
        fixed_about=_is_about(session, row.fixed_entry_id),
        asked=row.case_asked,
        asked_at=row.case_asked_at,
        is_asked_for=is_case_missing(session, incident, row),
        case_message_ts=row.case_message_ts,
        is_to_be_told=row.started_by == "policy" and not has_vendor_answered(row) and row.fixed_entry_id is None,
    )


def _is_about(session: Session, entry_id: int | None) -> bool:
    entry = timeline.get(session, entry_id) if entry_id else None
    return entry is not None and entry.precision == Precision.APPROXIMATE
