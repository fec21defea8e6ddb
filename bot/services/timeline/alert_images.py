"""Graphs to which alerts link: which are kept, as they were when the alert came."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlsplit

from sqlmodel import Session

from bot.config import Settings
from bot.domain.alerts.links import find_images
from bot.domain.timeline.kept_files import FileRefusal, MediaType
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.timeline.kept_files import files_cutoff, is_shown
from bot.store.alerts import alerts
from bot.store.alerts.alerts import Alert
from bot.store.incidents import incidents, kept_files, timeline
from bot.store.incidents.incidents import Incident
from bot.store.incidents.kept_files import KeptFileRow
from bot.store.incidents.timeline import TimelineEntry

MAX_ALERTS = 200
"""Alerts of one entry whose graphs are looked at, the first ones."""
SUFFIXES = {MediaType.PNG: ".png", MediaType.JPEG: ".jpg", MediaType.GIF: ".gif", MediaType.WEBP: ".webp"}
FURTHER = "further graphs"


@dataclass(frozen=True, slots=True)
class AlertImage:
    """
    A graph that is not kept yet.

    `name` is that of its alert; `refusal`: the reason why it is not fetched.
    """

    url: str
    name: str
    refusal: FileRefusal | None = None

    @property
    def file_id(self) -> str:
        return f"graph-{sha256(self.url.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"

    @property
    def host(self) -> str:
        return find_host(self.url)


@dataclass(frozen=True, slots=True)
class FetchedImage:
    """
    A graph as its server sent it.

    `media_type` None: it is not kept, for the reason `refusal`; `may_come`: its server may answer later.
    """

    image: AlertImage
    size: int = 0
    digest: str = ""
    media_type: MediaType | None = None
    refusal: FileRefusal | None = None
    may_come: bool = False

    @property
    def name(self) -> str:
        suffix = SUFFIXES.get(self.media_type, "") if self.media_type else ""
        return f"{self.image.name} ({self.image.host}){suffix}" if self.image.host else self.image.name


def find_host(url: str) -> str:
    """The host of an address, in lower case; empty for one that cannot be read."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def queue_images(
    session: Session, settings: Settings, incident: Incident, entry: TimelineEntry, rows: Sequence[Alert], at: datetime
) -> None:
    """Keep the graphs of an entry's alerts, if any is configured to be kept."""
    if settings.alerts.keep_images.hosts and any(find_images(row.annotations) for row in rows[:MAX_ALERTS]):
        outbox.keep_alert_images(session, incident, at, entry.key)


def plan_images(
    session: Session, settings: Settings, incident_id: int, entry_id: int, now: datetime
) -> list[AlertImage]:
    """
    Graphs of an entry that are not known yet; none for one that is not on the timeline.

    Within the limit of the incident; what is beyond it is one more, refused.
    """
    section, entry = settings.alerts.keep_images, timeline.get(session, entry_id)
    cutoff = files_cutoff(settings, now)
    if not (section.hosts and settings.files.keep) or entry is None or not is_shown(session, entry):
        return []
    if cutoff is not None and kept_files.has_ended(session, incident_id, cutoff):
        return []
    alert_ids = list(entry.values.alert_ids or filter(None, [entry.values.alert_id]))[:MAX_ALERTS]
    found = {url: row.name for row in alerts.find_some(session, alert_ids) for url in find_images(row.annotations)}
    known = {each.file_id for each in kept_files.find_of_entry(session, entry.key)}
    wanted = [_image(url, name, section.hosts) for url, name in found.items()]
    new = [each for each in wanted if each.file_id not in known]
    room = section.max_count - kept_files.count_of_alerts(session, incident_id)
    further = AlertImage("", FURTHER, FileRefusal.GRAPH_COUNT)
    if len(new) <= room:
        return new
    return new[: max(room, 0)] + ([further] if room >= 0 and further.file_id not in known else [])


def _image(url: str, name: str, hosts: Sequence[str]) -> AlertImage:
    is_allowed = find_host(url) in {host.casefold() for host in hosts}
    return AlertImage(url, name, None if is_allowed else FileRefusal.HOST)


def save_image(
    session: Session, settings: Settings, incident_id: int, entry_id: int, fetched: FetchedImage, at: datetime
) -> None:
    """Save a fetched graph, unless its entry left the timeline or was redacted meanwhile."""
    incidents.lock(session, incident_id)
    if fetched.image not in plan_images(session, settings, incident_id, entry_id, at):
        return
    row = KeptFileRow(
        incident_id=incident_id,
        entry_id=entry_id,
        file_id=fetched.image.file_id,
        name=fetched.name,
        media_type=fetched.media_type,
        size=fetched.size,
        digest=fetched.digest,
        refusal=fetched.refusal,
        is_from_alert=True,
        kept_at=at,
    )
    session.add(row)
    entry = timeline.get(session, entry_id)
    if entry is not None and fetched.media_type is not None and fetched.name not in entry.files:
        entry.files = [*entry.files, fetched.name]
        session.add(entry)
