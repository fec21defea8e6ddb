"""Effects that show an incident's present state: messages posted once and edited in place."""

from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

from sqlmodel import Session

from bot.lazy_dataclass import dataclass
from bot.services.channel.creation import on_card_posted, on_view_posted
from bot.services.outbox.payloads import ViewPayload
from bot.services.similarity import SuggestionView, load_suggestion_view
from bot.services.views.card import CardView
from bot.services.views.lists import AlertsView, FollowUpsView, load_alerts_view, load_followups_view
from bot.services.views.resolution import ResolutionView, load_resolution_view, on_resolution_posted
from bot.slack.blocks.incidents.alerts import alerts_message
from bot.slack.blocks.incidents.card import announcement_message, card_message
from bot.slack.blocks.incidents.followups import followups_message
from bot.slack.blocks.incidents.resolution import resolution_message
from bot.slack.blocks.incidents.similarity import suggestion_message
from bot.slack.blocks.message import Message
from bot.slack.delivery.effects.channel.channels import pin_posted_card
from bot.slack.delivery.effects.channel.files import find_permalink
from bot.slack.delivery.effects.channel.lookup import incidents_channel
from bot.slack.delivery.effects.context import EffectContext, incident_id_of, require_installation
from bot.slack.delivery.effects.posting import edit_message, edit_or_post, forget_channel_on_error
from bot.store.incidents import incidents, installations
from bot.store.incidents.incidents import Incident
from bot.store.incidents.installations import Installation
from bot.store.incidents.slack_messages import SlackView, find_ts
from bot.store.outbox import Claim, Done, OutboxRow, Outcome

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LoadedView(Generic[T]):
    """The view that a message shows, and the message's ts; None if it was not posted."""

    incident: Incident
    view: T
    ts: str | None


def _load(session: Session, row: OutboxRow, kind: SlackView, load: Callable[[Session, int], T]) -> LoadedView[T]:
    incident = incidents.get(session, incident_id_of(row))
    return LoadedView(incident, load(session, incident.key), find_ts(session, incident.key, kind))


def load_card(context: EffectContext, session: Session, row: OutboxRow) -> LoadedView[CardView]:
    return _load(session, row, SlackView.CARD, context.load_card)


async def show_card(context: EffectContext, claim: Claim, loaded: LoadedView[CardView]) -> Outcome:
    """Edit the card, or post it and pin it."""
    incident, channel, is_pinned = loaded.incident, loaded.incident.channel_id or "", False

    async def pin(ts: str) -> None:
        nonlocal is_pinned
        is_pinned = await pin_posted_card(context, channel, ts)

    def save(session: Session, ts: str) -> None:
        is_first = loaded.ts is None
        on_card_posted(
            session, context.settings(), incident.key, ts, context.now(), is_first=is_first, is_pinned=is_pinned
        )

    return await edit_or_post(context, claim, channel, loaded.ts, card_message(loaded.view), save, on_post=pin)


def load_announcement(
    context: EffectContext, session: Session, row: OutboxRow
) -> tuple[LoadedView[CardView], Installation | None]:
    card = _load(session, row, SlackView.ANNOUNCEMENT, context.load_card)
    return card, installations.get(session, row.team_id)


async def show_announcement(
    context: EffectContext, claim: Claim, loaded: tuple[LoadedView[CardView], Installation | None]
) -> Outcome:
    card, installation = loaded
    channel = await incidents_channel(context, require_installation(installation))
    saving = partial(_save_view, incident_id=card.incident.key, view=SlackView.ANNOUNCEMENT)
    async with forget_channel_on_error(context):
        return await edit_or_post(context, claim, channel, card.ts, announcement_message(card.view), saving)


async def show_resolution(context: EffectContext, claim: Claim) -> Outcome:
    """
    Post the message of a resolve, or edit the one of the last resolve.

    It is loaded in a transaction of its own: it reads all of the record.
    """
    payload = ViewPayload.from_json(claim.row.details)

    def load(session: Session, incident_id: int) -> ResolutionView:
        return load_resolution_view(session, context.settings(), incident_id, payload.entry_id)

    loaded = await context.database.read_large(_load, claim.row, SlackView.RESOLUTION, load)
    incident, view = loaded.incident, loaded.view
    draft_link = await find_permalink(context, view.draft_file) if view.draft_file else None
    channel, message = incident.channel_id or "", resolution_message(view, draft_link)
    if not payload.posts:
        if loaded.ts is not None:
            await edit_message(context, channel, loaded.ts, message)
        return Done()
    posted = await context.post(claim, channel, message)
    return Done(lambda session: on_resolution_posted(session, incident.key, payload.entry_id, posted, context.now()))


def load_similar(context: EffectContext, session: Session, row: OutboxRow) -> LoadedView[SuggestionView]:
    def load(session: Session, incident_id: int) -> SuggestionView:
        return load_suggestion_view(session, context.settings(), incident_id)

    return _load(session, row, SlackView.SIMILAR, load)


async def show_similar(context: EffectContext, claim: Claim, loaded: LoadedView[SuggestionView]) -> Outcome:
    """Name the similar incident, if it may still be named; edit the message that does."""
    channel, message = loaded.incident.channel_id or "", suggestion_message(loaded.view)
    if loaded.ts is not None:
        await edit_message(context, channel, loaded.ts, message)
        return Done()
    if loaded.view.found is None:
        return Done()
    posted = await context.post(claim, channel, message)
    return Done(partial(_save_view, ts=posted, incident_id=loaded.incident.key, view=SlackView.SIMILAR))


def load_followups(_context: EffectContext, session: Session, row: OutboxRow) -> LoadedView[FollowUpsView]:
    return _load(session, row, SlackView.FOLLOWUPS, load_followups_view)


async def show_followups(context: EffectContext, claim: Claim, loaded: LoadedView[FollowUpsView]) -> Outcome:
    return await _show_in_channel(context, claim, SlackView.FOLLOWUPS, loaded, followups_message(loaded.view))


def load_alerts(context: EffectContext, session: Session, row: OutboxRow) -> LoadedView[AlertsView]:
    def load(session: Session, incident_id: int) -> AlertsView:
        return load_alerts_view(session, context.settings(), incident_id)

    return _load(session, row, SlackView.ALERTS, load)


async def show_alerts(context: EffectContext, claim: Claim, loaded: LoadedView[AlertsView]) -> Outcome:
    return await _show_in_channel(context, claim, SlackView.ALERTS, loaded, alerts_message(loaded.view))


async def _show_in_channel(
    context: EffectContext, claim: Claim, kind: SlackView, loaded: LoadedView[T], message: Message
) -> Outcome:
    """Edit the view in the incident's channel, or post it."""
    saving = partial(_save_view, incident_id=loaded.incident.key, view=kind)
    return await edit_or_post(context, claim, loaded.incident.channel_id or "", loaded.ts, message, saving)


def _save_view(session: Session, ts: str, *, incident_id: int, view: SlackView) -> None:
    on_view_posted(session, incident_id, view, ts)
