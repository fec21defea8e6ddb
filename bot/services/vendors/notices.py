"""Messages about vendors' incidents: their channels, and the news in their threads."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.vendor_status.news import News, NewsKind
from bot.domain.vendor_status.relevance import find_dependents
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.outbox.payloads import VendorNoticePayload, VendorReplyPayload
from bot.services.vendors.lookup import services_needing
from bot.store import vendors
from bot.store.incidents import incident_lists, incidents
from bot.store.incidents.incidents import Incident
from bot.store.vendors import NoticeState, VendorIncident, VendorNotice

MAX_TEXT = 2_000
"""Characters of the vendor's words that one message shows."""


@dataclass(frozen=True, slots=True)
class Told:
    """
    A message with the incident of its channel; None: the incidents channel.

    `is_new`: it is posted by this look.
    """

    notice: VendorNotice
    incident: Incident | None
    is_new: bool


def find_dependent_services(settings: Settings, incident: Incident, vendor: str) -> tuple[str, ...]:
    """The services of an incident, and those that they depend on, that need the vendor."""
    return find_dependents(incident.services, settings.service_dependencies, services_needing(settings, vendor))


def find_watched_vendors(settings: Settings, incident: Incident) -> tuple[str, ...]:
    """The vendors whose pages are watched and that the services of an incident need."""
    if not settings.watched_vendors:
        return ()
    return tuple(key for key in settings.watched_vendors if find_dependent_services(settings, incident, key))


def suggest_vendor_incidents(session: Session, settings: Settings, incident: Incident, at: datetime) -> None:
    """Ask about the open incidents of the vendors that the incident's services need."""
    needed = find_watched_vendors(settings, incident) if is_asked(incident) else ()
    rows = vendors.find_open(session, incident.team_id, needed) if needed else ()
    notices = vendors.find_notices(session, [each.key for each in rows])
    known = {each.vendor_incident_id for each in notices if each.incident_id == incident.key}
    for row in rows:
        if row.key not in known:
            _queue_notice(session, row, _add(session, row, incident, at), at)


def is_asked(incident: Incident) -> bool:
    """Return whether its channel is asked: not in replays, nor after the fact."""
    return incident.is_open and not incident.is_retro and incident.drill_of is None


def ensure_notices(session: Session, settings: Settings, row: VendorIncident, at: datetime) -> list[Told]:
    """
    Add the messages that an incident of a vendor lacks.

    Our incidents that it concerns are locked. Returns all of its messages; none is queued yet.
    """
    notices = {each.incident_id: each for each in vendors.find_notices(session, [row.key])}
    concerned = set(notices) - {None}
    if row.is_open:
        concerned |= {
            each.key
            for each in incident_lists.find_open(session, row.team_id)
            if is_asked(each) and find_dependent_services(settings, each, row.vendor)
        }
    locked = {key: incidents.lock(session, key) for key in sorted(key for key in concerned if key is not None)}
    notices = {each.incident_id: each for each in vendors.find_notices(session, [row.key])}
    known = set(notices)
    for key in (None, *locked):
        if key not in known:
            told = _add(session, row, locked[key] if key is not None else None, at)
            notices[key] = told.notice
    return [Told(notice, locked[key] if key is not None else None, key not in known) for key, notice in notices.items()]


def ensure_notice(session: Session, row: VendorIncident, incident: Incident, at: datetime) -> VendorNotice:
    """The message in the channel of our incident, added if there is none, and not queued."""
    notices = vendors.find_notices(session, [row.key])
    known = next((each for each in notices if each.incident_id == incident.key), None)
    return known or _add(session, row, incident, at).notice


def _add(session: Session, row: VendorIncident, incident: Incident | None, at: datetime) -> Told:
    state = NoticeState.TOLD if incident is None else NoticeState.ASKED
    notice = VendorNotice(
        vendor_incident_id=row.key,
        incident_id=incident.key if incident is not None else None,
        state=state.value,
        created_at=at,
    )
    session.add(notice)
    session.flush()
    return Told(notice, incident, is_new=True)


def tell_incident(session: Session, row: VendorIncident, told: Told, news: Iterable[News], at: datetime) -> None:
    """
    Post or edit one message, and reply with the news.

    A channel that said "not them" gets no replies, nor does one whose incident is over and was never linked.
    """
    _queue_notice(session, row, told, at)
    is_over = told.incident is not None and not told.incident.is_open
    if told.notice.state == NoticeState.DECLINED or (is_over and told.notice.state != NoticeState.LINKED):
        return
    for each in news:
        if each.kind is not NewsKind.OPENED:
            outbox.post_vendor_reply(session, row.team_id, told.incident, at, _reply(row, told, each))


def refresh_notice(
    session: Session, row: VendorIncident, notice: VendorNotice, incident: Incident, at: datetime
) -> None:
    """Edit the message in an incident's channel."""
    _queue_notice(session, row, Told(notice, incident, is_new=False), at)


def _queue_notice(session: Session, row: VendorIncident, told: Told, at: datetime) -> None:
    posts = told.notice.message_ts is None
    payload = VendorNoticePayload(told.notice.key, is_for_all=told.incident is None, posts=posts)
    outbox.refresh_vendor_notice(session, row.team_id, told.incident, at, payload)


def _reply(row: VendorIncident, told: Told, news: News) -> VendorReplyPayload:
    text = news.update.words if news.update else ""
    return VendorReplyPayload(
        notice_id=told.notice.key,
        news=news.kind.value,
        state=news.state.value if news.state else "",
        text=text[: MAX_TEXT + 1],  # one more says that it is cut
        page=(row.link or "") if len(text) > MAX_TEXT else "",
        title=news.title,
        was=news.old,
        became=news.new,
        at=news.at,
        written_at=news.written_at,
        is_for_all=told.incident is None,
    )


def record_notice_message(session: Session, notice_id: int, channel_id: str, ts: str) -> None:
    """Store where the message was posted."""
    notice = vendors.lock_notice(session, notice_id)
    if notice is not None:
        notice.channel_id, notice.message_ts = channel_id, ts
        session.add(notice)


def incident_of_notice(session: Session, notice_id: int) -> int:
    """The id of the incident in whose channel the message is; 0 for none."""
    notice = vendors.get_notice(session, notice_id)
    return (notice.incident_id or 0) if notice is not None else 0
