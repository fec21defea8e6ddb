"""Content of pages outside Slack, whose readers may see nothing else of the incident."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.config.crypto import acknowledge_link, incident_page_link
from bot.domain.paging.contact_methods import contact_method_label
from bot.domain.terms import Severity, TargetKind
from bot.domain.text.links import channel_link
from bot.domain.text.normalize import parse_id
from bot.lazy_dataclass import dataclass
from bot.services.paging.page_outcomes import is_page_needed
from bot.services.workspace.people import MENTION
from bot.store.escalation import escalations, progress
from bot.store.escalation.escalations import Escalation
from bot.store.escalation.pages import Page, find_by_bundle, find_pages
from bot.store.incidents import incidents, installations
from bot.store.incidents.incidents import Incident
from bot.store.shared import people

SOMEBODY = "Somebody"


@dataclass(frozen=True, slots=True)
class EscalationText:
    """
    One escalation in a page.

    A shared service gets neither `title` nor `reason` of a private incident. `asked_by`: a name, None for a rule.
    `level`: `level 2 of 3`, or empty.
    """

    page_id: int
    escalation_id: int
    reference: str
    title: str
    severity: Severity
    severity_label: str
    status_label: str
    target: str
    reason: str
    asked_by: str | None
    level: str
    paged_at: datetime
    zone: ZoneInfo
    acknowledge_url: str
    page_url: str | None
    channel_url: str | None
    is_drill: bool
    is_policy: bool = False
    """`target` is the name of a policy."""

    @property
    def origin_text(self) -> str:
        """`Asked by oncall for dba, level 2 of 3, at 16:05 CET`, without a full stop."""
        for_whom = f"the policy {self.target}" if self.is_policy else self.target
        by = f"Asked by {self.asked_by} for {for_whom}" if self.asked_by else f"Asked by {for_whom}"
        level = f", {self.level}" if self.level else ""
        return f"{by}{level}, at {format_clock(self.paged_at, self.zone)}"

    @property
    def headline(self) -> str:
        """`INC-7 SEV1 checkout is down`; of a private incident without the title."""
        known = ("DRILL" if self.is_drill else "", self.reference, self.severity_label)
        return " ".join([*filter(None, known), self.title or "a private incident"])


@dataclass(frozen=True, slots=True)
class PageText:
    """
    Content of one message to one person or service; several escalations in a bundle.

    `key`: the same for each attempt, different for each new page. `name`: the recipient. `is_test`: a requested test.
    """

    key: str
    name: str
    team_name: str
    calls: tuple[EscalationText, ...]
    is_test: bool = False

    @property
    def first(self) -> EscalationText:
        return self.calls[0]

    @property
    def is_several(self) -> bool:
        return len(self.calls) > 1

    @property
    def worst(self) -> Severity:
        order = list(Severity)
        return min((each.severity for each in self.calls), key=order.index)


def load_page_text(session: Session, settings: Settings, page_ids: Sequence[int]) -> PageText | None:
    """Content of pages of one person or service; None if no page is needed."""
    pages = [page for page in (session.get(Page, each) for each in page_ids) if page is not None]
    progress.preload_responses(session, {page.escalation_id for page in pages})
    needed = [(page, *found) for page in pages if (found := _still_needed(session, page)) is not None]
    if not needed:
        return None
    met = installations.find_installation(session)
    calls = tuple(build_escalation_text(session, settings, *each) for each in needed)
    first, row, incident = needed[0]
    return PageText(
        key=page_key(session, incident.team_id, first, row),
        name=recipient_name(session, incident.team_id, first),
        team_name=met.team_name if met else "",
        calls=calls,
    )


def _still_needed(session: Session, page: Page) -> tuple[Escalation, Incident] | None:
    row = escalations.get(session, page.escalation_id)
    if row is None:
        return None
    incident = incidents.get(session, row.incident_id)
    return (row, incident) if is_page_needed(session, row, incident, page) else None


def recipient_name(session: Session, team_id: str, page: Page) -> str:
    """Name of a person or service."""
    return _user_name(session, team_id, page.user_id) if page.user_id else contact_method_label(page.method)


def format_clock(moment: datetime, zone: ZoneInfo) -> str:
    """`16:05 CET`; where a zone has no letters `16:05 UTC+05:45`."""
    local = moment.astimezone(zone)
    name, offset = local.tzname() or "", local.strftime("%z")
    return f"{local:%H:%M} {name if name[:1].isalpha() else f'UTC{offset[:3]}:{offset[3:5]}'}"


def build_escalation_text(
    session: Session, settings: Settings, page: Page, row: Escalation, incident: Incident
) -> EscalationText:
    """Content of one page, needed or not."""
    met = installations.find_installation(session)
    workspace_url = met.url if met else ""
    is_hidden = incident.is_private and not page.user_id  # several people read pages of a service
    page_url = incident_page_link(settings, incident.reference, incident.active_link)
    channel = channel_link(workspace_url, incident.channel_id) if incident.channel_id and workspace_url else None
    return EscalationText(
        page_id=page.id or 0,
        escalation_id=row.key,
        reference=incident.reference,
        title="" if is_hidden else incident.title,
        severity=Severity(incident.severity),
        severity_label=settings.severity_label(Severity(incident.severity)),
        status_label=settings.status_label(incident.status),
        target=_target_name(session, incident.team_id, row),
        reason="" if is_hidden else replace_mentions(session, incident.team_id, row.reason),
        asked_by=_user_name(session, incident.team_id, row.asked_by) if row.asked_by else None,
        level=_level_text(page, row),
        paged_at=page.queued_at,
        zone=ZoneInfo(incident.zone),
        acknowledge_url=acknowledge_link(settings, page.id or 0, page.queued_at),
        page_url=None if is_hidden else page_url,
        channel_url=channel,
        is_drill=incident.is_drill,
        is_policy=row.target_kind == TargetKind.POLICY,
    )


def _level_text(page: Page, row: Escalation) -> str:
    levels = len((row.policy or {}).get("levels") or ())
    return f"level {page.level} of {levels}" if levels > 1 else ""


def page_key(session: Session, team_id: str, page: Page, row: Escalation) -> str:
    """
    Deduplication key: the first page to the same recipient by the same contact method.

    A withdrawn acknowledgement starts a new key, or else the service would not alert again.
    """
    answers = progress.find_responses(session, row.key)
    since = max((each.withdrawn_at for each in answers if each.withdrawn_at), default=None)
    same = [
        each.id or 0
        for each in find_pages(session, row.key)
        if (each.user_id, each.method) == (page.user_id, page.method) and (since is None or each.queued_at > since)
    ]
    return f"dogwatch.{team_id}.{min(same, default=page.id or 0)}"


def pages_by_key(session: Session, key: str) -> list[Page]:
    """
    Pages sent to a paging service under a key, in order; empty for an unknown key.

    The page named by the key may have been sent in a bundle with another key; a repeated page has it then.
    """
    named_page = _page_of_key(session, key)
    if named_page is None:
        return []
    found = [each for each in find_pages(session, named_page.escalation_id) if each.external_ref == key]
    for bundle_key in {each.bundle_key for each in found if each.bundle_key is not None}:
        found += [
            each for each in find_by_bundle(session, bundle_key) if each.external_ref == key and each not in found
        ]
    return sorted(found, key=lambda each: each.id or 0)


def _page_of_key(session: Session, key: str) -> Page | None:
    parts = key.split(".")
    page_id = parse_id(parts[2]) if len(parts) == 3 and parts[0] == "dogwatch" else None
    page = session.get(Page, page_id) if page_id is not None else None
    row = escalations.get(session, page.escalation_id) if page else None
    incident = incidents.get(session, row.incident_id) if row else None
    return page if incident is not None and incident.team_id == parts[1] else None


def replace_mentions(session: Session, team_id: str, text: str) -> str:
    """Replace mentions by names."""
    names = people.find_names(session, team_id, MENTION.findall(text))
    return MENTION.sub(lambda found: f"@{names.get(found[1], SOMEBODY)}", text)


def _user_name(session: Session, team_id: str, user_id: str) -> str:
    return people.find_names(session, team_id, [user_id]).get(user_id, SOMEBODY)


def _target_name(session: Session, team_id: str, row: Escalation) -> str:
    return _user_name(session, team_id, row.target_id) if row.target_kind == TargetKind.PERSON else row.target_name
