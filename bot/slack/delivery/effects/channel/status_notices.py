"""Effect of a publication on the status page in a channel that follows it."""

from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.status_page.subscribers import Wishes, is_for
from bot.services.outbox.payloads import ChannelNoticePayload, PublicationPayload
from bot.services.status_page.notice_text import NoticeText, word_notice
from bot.services.status_page.notices import load_notice
from bot.slack.blocks.status_notice import status_notice
from bot.slack.delivery.effects.channel.lookup import find_channel
from bot.slack.delivery.effects.context import EffectContext
from bot.store.outbox import Claim, Done, Outcome


async def post_channel_notice(context: EffectContext, claim: Claim) -> Outcome:
    """Nothing if the channel follows other components, or was taken out of the configuration."""
    payload = ChannelNoticePayload.from_json(claim.row.details)
    text = await context.database.read(_load, context.settings(), payload, context.now())
    if text is not None:
        await context.post(claim, await find_channel(context, payload.channel), status_notice(text))
    return Done()


def _load(session: Session, settings: Settings, payload: ChannelNoticePayload, at: datetime) -> NoticeText | None:
    page = settings.status
    section = page.subscribers.channels.get(payload.channel) if page else None
    notice = load_notice(session, PublicationPayload.from_json(payload.publication), at)
    if page is None or section is None or notice is None:
        return None
    wishes = Wishes(section.language or page.default_language, frozenset(section.components))
    return word_notice(settings, page, notice, wishes.language) if is_for(notice, wishes, page.languages) else None
