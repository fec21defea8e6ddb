"""Notices to subscribers: queued by a publication, loaded when they are sent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.status_page.components import ComponentState
from bot.domain.status_page.publication import label_of_update
from bot.domain.status_page.subscribers import (
    ComponentNotice,
    Notice,
    NoticeKind,
    SubscriberKind,
    find_concerned,
    is_for,
)
from bot.domain.terms import UpdateState
from bot.lazy_dataclass import dataclass
from bot.services.outbox import (
    queue_channel_notice,
    queue_publication,
    queue_repeated_notices,
    queue_subscriber_notices,
)
from bot.services.outbox.payloads import PublicationPayload, SubscriberNoticesPayload
from bot.store import status_page, subscribers
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.outbox import OutboxRow
from bot.store.status_page import PublicMaintenance, PublicUpdate
from bot.store.subscribers import Subscriber

REMIND_BEFORE = timedelta(hours=1)
"""Reminder of a maintenance before its start."""


@dataclass(frozen=True, slots=True)
class SubscriberBatch:
    """
    The next subscribers who get a notice. `last_id`: of the last one that was looked at.

    `is_last`: there are no others.
    """

    notice: Notice
    subscribers: tuple[Subscriber, ...]
    last_id: int
    is_last: bool


def notify_of_update(
    session: Session, incident: Incident, row: PublicUpdate, changed: Iterable[str], kind: NoticeKind, at: datetime
) -> None:
    """
    Tell subscribers of an update that was published, translated or corrected.

    `changed`: the languages of its new words.
    """
    payload = PublicationPayload(kind.value, row.key, at, tuple(row.languages), tuple(changed))
    queue_publication(session, incident.team_id, at, payload)


def notify_of_maintenance(
    session: Session, team_id: str, row: PublicMaintenance, kind: NoticeKind, changed: Iterable[str], at: datetime
) -> None:
    """Tell subscribers of a maintenance now, before it begins, when it begins and when it ends."""
    payload = PublicationPayload(kind.value, row.key, at, tuple(row.texts), tuple(changed), is_maintenance=True)
    queue_publication(session, team_id, at, payload)
    if row.ended_at is not None:
        return
    for due_at in (row.starts_at - REMIND_BEFORE, row.starts_at, row.ends_at):
        if due_at > at:
            reminder = replace(payload, notice=NoticeKind.REMINDER.value, published_at=due_at, sequence=row.sequence)
            queue_publication(session, team_id, at, reminder, not_before=due_at)


def expand_publication(session: Session, settings: Settings, row: OutboxRow, at: datetime) -> None:
    """Queue one row for each kind of subscriber that is configured, and one for each channel."""
    page, publication = settings.status, PublicationPayload.from_json(row.details)
    if page is None:
        return
    if publication.notice == NoticeKind.REMINDER and publication.published_at > at:  # the clock was set back
        queue_publication(session, row.team_id, at, publication, not_before=publication.published_at)
        return
    kinds = [SubscriberKind.EMAIL] if page.subscribers.email else []
    kinds += [SubscriberKind.WEBHOOK] if page.subscribers.webhooks else []
    for kind in kinds:
        queue_subscriber_notices(session, row.team_id, at, kind, publication)
    for channel in page.subscribers.channels:
        queue_channel_notice(session, row.team_id, at, channel, publication)


def load_batch(
    session: Session, settings: Settings, payload: SubscriberNoticesPayload, after: int, limit: int, at: datetime
) -> SubscriberBatch | None:
    """
    Load the notice and the next subscribers behind the id `after`.

    None if there is nothing to tell any more. Who subscribed after the publication has read it on the page.
    """
    publication = PublicationPayload.from_json(payload.publication)
    notice = load_notice(session, publication, at)
    if notice is None or settings.status is None:
        return None
    if payload.only:
        left = [each for each in payload.only if each > after]
        some = left[:limit]
        found = subscribers.find_by_ids(session, some)
        return SubscriberBatch(notice, tuple(found), some[-1] if some else after, len(left) <= limit)
    found = subscribers.find_after(session, SubscriberKind(payload.kind), after, limit)
    chosen = tuple(
        each
        for each in found
        if each.confirmed_at <= publication.published_at and is_for(notice, each.wishes, settings.status.languages)
    )
    return SubscriberBatch(notice, chosen, found[-1].key if found else after, len(found) < limit)


def load_notice(session: Session, publication: PublicationPayload, at: datetime) -> Notice | None:
    """
    The notice in the words that are published now.

    None if it was taken off the page, or is outdated: changed, or a reminder of what is over by `at`.
    """
    kind = NoticeKind(publication.notice)
    if publication.is_maintenance:
        return _load_maintenance_notice(session, publication, kind, at)
    return _load_update_notice(session, publication, kind)


def _load_update_notice(session: Session, publication: PublicationPayload, kind: NoticeKind) -> Notice | None:
    row = session.get(PublicUpdate, publication.subject)
    public = session.get(status_page.PublicIncident, row.public_incident_id) if row is not None else None
    if row is None or public is None or incidents.get(session, public.incident_id).is_private:
        return None
    is_gone = row.withdrawn_at is not None
    if is_gone and kind is not NoticeKind.CORRECTION:
        return None
    texts = {code: row.texts[code] for code in publication.languages if row.texts.get(code)}
    state = UpdateState(row.state)
    if not texts and not is_gone and state is not UpdateState.POSTMORTEM:
        return None
    missing = "page_withdrawn" if is_gone else "page_postmortem_published"
    updates = [each for each in status_page.find_updates(session, public.key) if each.withdrawn_at is None]
    return Notice(
        kind,
        public.public_id,
        f"incidents/{public.public_id}.html",
        label_of_update(state, is_closing=row.is_closing),
        row.state,
        row.published_at,
        public.titles,
        texts,
        missing,
        publication.changed,
        _name_components(row),
        find_concerned([each.components for each in updates if each.key <= row.key]),
    )


def _name_components(row: PublicUpdate) -> Mapping[str, ComponentNotice]:
    return {key: ComponentNotice(each["names"], ComponentState(each["state"])) for key, each in row.components.items()}


def _load_maintenance_notice(
    session: Session, publication: PublicationPayload, kind: NoticeKind, at: datetime
) -> Notice | None:
    row = session.get(PublicMaintenance, publication.subject)
    is_outdated = row is not None and publication.sequence not in {None, row.sequence}
    if row is None or is_outdated:
        return None
    published = row.as_published()
    phase = published.phase_at(publication.published_at)
    if kind is NoticeKind.REMINDER and published.phase_at(max(publication.published_at, at)) is not phase:
        return None
    return Notice(
        kind,
        row.public_id,
        f"maintenance/{row.public_id}.html",
        f"page_maintenance_{phase}",
        phase.value,
        publication.published_at,
        row.titles,
        {code: published.texts[code] for code in publication.languages if published.texts.get(code)},
        "",
        publication.changed,
        {key: ComponentNotice(names) for key, names in published.components.items()},
        frozenset(published.components) or None,
        (published.starts_at, published.ends_at),
    )


def finish_notices(
    session: Session, row: OutboxRow, *, ended: Sequence[int], again: Sequence[int], at: datetime, again_at: datetime
) -> None:
    """Delete addresses that do not exist, and tell those later who could not be reached."""
    subscribers.delete_by_ids(session, ended)
    if again:
        given = SubscriberNoticesPayload.from_json(row.details)
        queue_repeated_notices(session, row.team_id, at, given, again, row_id=row.key, not_before=again_at)
