"""Looks at vendors' status pages: claimed by one replica, compared, and told once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.config.sections.vendors import VendorSection
from bot.domain.vendor_status.look import Look, VendorIncident
from bot.domain.vendor_status.news import News, NewsKind
from bot.domain.vendor_status.page_version import PageVersion
from bot.domain.vendor_status.polling import CLOSE_INTERVAL, LookResult, next_pause
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.vendors.links import sync_entries
from bot.services.vendors.notices import ensure_notices, tell_incident
from bot.store import vendors
from bot.store.incidents import installations
from bot.store.outbox import batch
from bot.store.vendors import NoticeState, VendorFeed

LEASE = timedelta(minutes=1)
"""Longer than a look takes. Then another replica looks."""
MAX_TITLE = 300
MAX_TEXT = 4_000
"""Characters that are stored of the last update."""


@dataclass(frozen=True, slots=True)
class Claim:
    """
    The right to make one look, begun at `at`; another replica's later claim ends it.

    `versions`: the copies that were read last, by language; empty before the first look. `kept`: the state that the
    look is compared with, as JSON: it is read only if the page has changed.
    """

    name: str
    team_id: str
    source: str
    at: datetime
    kind: str | None = None
    versions: Mapping[str, PageVersion] = field(default_factory=dict)
    kept: str | None = None
    is_close: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """
    A page that was read. `look` None: it has not changed.

    `kept` is the state to keep as JSON, `news` what is new since the last one, `versions` what was read. `problem`:
    further languages that could not be read; None without any.
    """

    look: Look | None = None
    kept: str | None = None
    news: tuple[News, ...] = ()
    versions: Mapping[str, PageVersion] = field(default_factory=dict)
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class RecordedLook:
    """
    `was_failing`: unreadable before, at least in part; `is_new_problem`: since this look.

    `changed`: ids of their incidents with news, in order.
    """

    was_failing: bool = False
    is_new_problem: bool = False
    changed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class DueLooks:
    """Vendors that are due, and when to ask again; None if none is watched."""

    names: tuple[str, ...] = ()
    next_at: datetime | None = None


def find_due(session: Session, settings: Settings, now: datetime) -> DueLooks:
    """The vendors whose pages are due. None before Slack was ever reached."""
    met = installations.find_installation(session)
    if met is None:
        return DueLooks()
    schedule, close = vendors.find_schedule(session, met.team_id), vendors.find_watched_closely(session, met.team_id)
    due_at: dict[str, datetime] = {}
    for name, section in settings.watched_vendors.items():
        known = schedule.get(name)
        if known is None or known.source != section.page_source or known.claimed_at > now:
            due_at[name] = now
        elif name in close and not known.failures:
            due_at[name] = min(known.next_at, known.claimed_at + CLOSE_INTERVAL)
        else:
            due_at[name] = known.next_at
    return DueLooks(tuple(name for name, at in due_at.items() if at <= now), min(due_at.values(), default=None))


def forget_others(session: Session, settings: Settings) -> None:
    """Delete the state of pages that are no longer watched."""
    if (met := installations.find_installation(session)) is not None:
        vendors.delete_other_feeds(session, met.team_id, list(settings.watched_vendors))


def claim_look(session: Session, settings: Settings, name: str, now: datetime) -> Claim | None:
    """Claim a due look for LEASE; None if another replica has it."""
    met, section = installations.find_installation(session), settings.watched_vendors.get(name)
    if met is None or section is None:
        return None
    close = name in vendors.find_watched_closely(session, met.team_id)
    wanted = VendorFeed(
        team_id=met.team_id, name=name, source=section.page_source, next_at=now + LEASE, claimed_at=now, failures=0
    )
    if not vendors.claim(session, wanted, CLOSE_INTERVAL if close else None):
        return None
    feed = vendors.lock_feed(session, met.team_id, name)
    if feed is None or feed.source != wanted.source:
        return Claim(name, met.team_id, wanted.source, now, kind=section.kind, is_close=close)
    return Claim(
        name,
        met.team_id,
        feed.source,
        now,
        kind=section.kind or feed.kind,
        versions={code: PageVersion.from_json(each) for code, each in (feed.versions or {}).items()},
        kept=feed.kept,
        is_close=close,
    )


def record_look(
    session: Session, settings: Settings, claim: Claim, reading: Reading, now: datetime, chance: float
) -> RecordedLook:
    """Store a look and tell its news, in one transaction."""
    feed, section = vendors.lock_feed(session, claim.team_id, claim.name), settings.watched_vendors.get(claim.name)
    if feed is None or section is None or feed.claimed_at != claim.at:  # another replica took over, or it was removed
        return RecordedLook()
    was_failing = feed.problem is not None
    _adopt_source(feed, claim)
    feed.read_at = now
    feed.failures, feed.problem = 0, reading.problem
    feed.problem_at = (feed.problem_at or now) if reading.problem else None
    feed.versions = {code: each.to_json() for code, each in reading.versions.items()}
    if reading.look is not None:
        feed.kind, feed.page = reading.look.kind, _page_of(reading.look)
        feed.kept = reading.kept
    session.add(feed)
    session.flush()
    with batch(session):
        told = _apply_news(session, settings, claim, section, reading.news, now)
        _catch_up(session, settings, claim, told, now)
        if told or was_failing or reading.problem:
            outbox.refresh_open_homes(session, claim.team_id, now)
    is_close = claim.name in vendors.find_watched_closely(session, claim.team_id) if told else claim.is_close
    feed.next_at = claim.at + next_pause(section.interval, LookResult(is_close), chance)
    session.add(feed)
    return RecordedLook(was_failing, reading.problem is not None and not was_failing, tuple(sorted(told)))


def record_failed_look(
    session: Session,
    settings: Settings,
    claim: Claim,
    problem: str,
    now: datetime,
    chance: float,
    retry_after: timedelta | None = None,
) -> bool:
    """Store why a page could not be read. True if it could be read before."""
    feed, section = vendors.lock_feed(session, claim.team_id, claim.name), settings.watched_vendors.get(claim.name)
    if feed is None or section is None or feed.claimed_at != claim.at:
        return False
    _adopt_source(feed, claim)
    is_new = feed.problem is None
    feed.problem, feed.problem_at = problem, feed.problem_at or now
    feed.failures += 1
    feed.next_at = now + next_pause(section.interval, LookResult(claim.is_close, feed.failures, retry_after), chance)
    session.add(feed)
    if is_new:
        outbox.refresh_open_homes(session, claim.team_id, now)
    return is_new


def _adopt_source(feed: VendorFeed, claim: Claim) -> None:
    """Forget what was known of another page."""
    if feed.source != claim.source:
        feed.source, feed.kept, feed.kind, feed.versions, feed.page = claim.source, None, None, None, None


def _page_of(look: Look) -> dict[str, object]:
    return {
        "indicator": look.page.indicator.value if look.page.indicator else None,
        "address": look.page.address,
        "components": [
            {"name": each.name, "state": each.state.value if each.state else None} for each in look.components
        ],
    }


def _apply_news(
    session: Session, settings: Settings, claim: Claim, section: VendorSection, news: Sequence[News], now: datetime
) -> set[int]:
    """Store what is new of each incident and tell it. Returns the incidents that were told."""
    by_incident: dict[str, list[News]] = defaultdict(list)
    for each in news:
        if each.kind is not NewsKind.MAINTENANCE:
            by_incident[each.incident_key].append(each)
    rows = vendors.find_by_stated_ids(session, claim.team_id, claim.name, list(by_incident))
    told: set[int] = set()
    for key, some in by_incident.items():
        row, is_new = _store(session, claim, section, rows.get(key), some, now)
        if row is None:
            continue
        told.add(row.key)
        follows = some[1:] if is_new else some  # the first word is in the message itself
        for message in ensure_notices(session, settings, row, now):
            tell_incident(session, row, message, () if message.is_new and not is_new else follows, now)
            if message.incident is not None and message.notice.state == NoticeState.LINKED:
                sync_entries(session, settings, row, message.notice, message.incident, now)
    return told


def _catch_up(session: Session, settings: Settings, claim: Claim, told: Iterable[int], now: datetime) -> None:
    """Ask in the channels of incidents that were opened or changed since the vendor's last word."""
    for row in vendors.find_open(session, claim.team_id, [claim.name]):
        if row.key not in told:
            for each in ensure_notices(session, settings, row, now):
                if each.is_new:
                    tell_incident(session, row, each, (), now)


def _store(
    session: Session,
    claim: Claim,
    section: VendorSection,
    row: vendors.VendorIncident | None,
    news: Sequence[News],
    now: datetime,
) -> tuple[vendors.VendorIncident | None, bool]:
    """
    The row of an incident as it is after the news, and whether it is new.

    None if it does not count, or ended before it was ever told.
    """
    stated = next((each.incident for each in reversed(news) if each.incident is not None), None)
    is_new = row is None
    if row is None:
        began = any(each.kind in {NewsKind.OPENED, NewsKind.REOPENED} for each in news)
        if stated is None or not section.filter.accepts(stated) or (stated.is_over and not began):
            return None, False
        row = _build_row(claim, stated, news, now)
    if stated is not None:
        _update_row(row, stated, now)
    for each in news:
        _apply_one(row, each, now)
    session.add(row)
    session.flush()
    return row, is_new


def _build_row(claim: Claim, stated: VendorIncident, news: Sequence[News], now: datetime) -> vendors.VendorIncident:
    said_at = stated.first_said_at or next((each.at for each in news if each.at), None) or now
    return vendors.VendorIncident(
        team_id=claim.team_id,
        vendor=claim.name,
        stated_id=stated.key,
        title=stated.full_title[:MAX_TITLE],
        state="",
        level="",
        components=[],
        is_open=True,
        first_word_at=said_at.astimezone(UTC),
        last_word_at=said_at.astimezone(UTC),
        seen_at=now,
        was_open_before=any(each.is_already_open for each in news),
    )


def _update_row(row: vendors.VendorIncident, stated: VendorIncident, now: datetime) -> None:
    last = stated.last_update
    row.title, row.link = stated.full_title[:MAX_TITLE], stated.link or row.link
    row.state = stated.state.value if stated.state else row.state
    row.level = stated.level.value if stated.level else row.level
    row.components = list(stated.components) or row.components
    row.started_at = _utc(stated.started_at) or row.started_at
    row.text = last.words[:MAX_TEXT] if last else row.text
    row.last_word_at = (_utc(last.told_at) if last else None) or row.last_word_at
    row.is_open, row.is_gone = not stated.is_over, False
    if stated.is_over:
        row.resolved_at = row.resolved_at or _utc(stated.ended_at) or row.last_word_at
        row.resolved_seen_at = row.resolved_seen_at or now
    else:
        row.resolved_at = row.resolved_seen_at = None


def _apply_one(row: vendors.VendorIncident, news: News, now: datetime) -> None:
    if news.kind is NewsKind.GONE:
        row.is_open, row.is_gone = False, True
        row.resolved_seen_at = row.resolved_seen_at or now
    if news.kind is NewsKind.RESOLVED and news.at is not None:
        row.resolved_at = _utc(news.at)


def _utc(at: datetime | None) -> datetime | None:
    return at.astimezone(UTC) if at is not None else None
