"""Read model of a message about a vendor's incident."""

from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.lazy_dataclass import dataclass
from bot.services.vendors.lookup import services_needing, vendor_names
from bot.services.vendors.notices import find_dependent_services
from bot.store import vendors
from bot.store.incidents import incidents
from bot.store.vendors import NoticeState


@dataclass(frozen=True, slots=True)
class VendorNoticeView:
    """
    A message about a vendor's incident, as of now.

    `services` of ours need the vendor. `incident_reference` None: the message is in the incidents channel. `ts`: of the
    message; None if it was not posted, or in a channel that the incident left. `has_opened`: a route opened our
    incident for it, and no person has decided since.
    """

    notice_id: int
    state: NoticeState
    vendor: str
    title: str
    link: str | None
    vendor_state: str
    level: str
    components: tuple[str, ...]
    text: str
    is_open: bool
    is_gone: bool
    first_word_at: datetime
    resolved_at: datetime | None
    services: tuple[str, ...] = ()
    incident_reference: str | None = None
    first_error_at: datetime | None = None
    is_incident_open: bool = False
    channel_id: str | None = None
    ts: str | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None
    has_opened: bool = False

    @property
    def can_be_decided(self) -> bool:
        """Whether people are asked: in an incident's channel, as long as one of both is open."""
        return self.incident_reference is not None and (
            self.is_incident_open or (self.is_open and self.state is not NoticeState.ASKED)
        )


def load_notice_view(session: Session, settings: Settings, notice_id: int) -> VendorNoticeView | None:
    """None if there is no such message."""
    notice = vendors.get_notice(session, notice_id)
    row = vendors.get_incident(session, notice.vendor_incident_id) if notice is not None else None
    if notice is None or row is None:
        return None
    incident = incidents.get(session, notice.incident_id) if notice.incident_id is not None else None
    if incident is not None:
        services = find_dependent_services(settings, incident, row.vendor)
    else:
        services = services_needing(settings, row.vendor)
    is_here = incident is None or notice.channel_id == incident.channel_id
    return VendorNoticeView(
        notice_id=notice.key,
        state=NoticeState(notice.state),
        vendor=vendor_names(settings, [row.vendor])[0],
        title=row.title,
        link=row.link,
        vendor_state=row.state,
        level=row.level,
        components=tuple(row.components),
        text=row.text,
        is_open=row.is_open,
        is_gone=row.is_gone,
        first_word_at=row.first_word_at,
        resolved_at=row.resolved_at,
        services=services,
        incident_reference=incident.reference if incident else None,
        first_error_at=incident.started_at if incident else None,
        is_incident_open=incident.is_open if incident else False,
        channel_id=incident.channel_id if incident else notice.channel_id,
        ts=notice.message_ts if is_here else None,
        decided_at=notice.decided_at,
        decided_by=notice.decided_by,
        has_opened=row.opened_id is not None and row.opened_id == notice.incident_id and notice.decided_by is None,
    )
