"""Effect of the preview of a public postmortem as a file."""

from sqlmodel import Session
from structlog import get_logger

from bot.services.outbox.payloads import PublicPreviewPayload
from bot.services.postmortem.drafts import is_overtaken
from bot.services.postmortem.public import PublicationRefused, discard_preview, save_preview, write_public_postmortem
from bot.slack.delivery.effects.channel.files import NewFile, find_file_place, share_once
from bot.slack.delivery.effects.context import EffectContext
from bot.store.outbox import Claim, Done, Outcome, Rejected

log = get_logger(__name__)


async def upload_public_preview(context: EffectContext, claim: Claim) -> Outcome:
    """
    Write the public postmortem from the present record, and upload the bytes that leave.

    If the record changed since it was asked for and is now refused, nothing is uploaded.
    """
    payload = PublicPreviewPayload.from_json(claim.row.details)
    channel, thread_ts = await find_file_place(context, claim, payload.user_id)
    try:
        written = await context.database.read_large(
            write_public_postmortem, context.settings(), claim.row.incident_id or 0, languages=payload.languages
        )
    except PublicationRefused as refused:
        log.warning("public preview refused", reasons=len(refused.refusals))
        return Rejected(refused.message)
    at = context.now()

    def apply(session: Session) -> None:
        file_id = claim.row.progress.get("file_id")
        removals = str(claim.row.progress.get("removals", written.removals))
        if file_id is not None and is_overtaken(session, written.incident_id, removals):
            discard_preview(session, written, payload, str(file_id), at)
            return
        save_preview(session, written, at=at, by=payload.asked_by, file_id=file_id)

    file = NewFile(written.filename, written.file_title, written.markdown.encode(), written.comment, written.removals)
    return await share_once(context, claim, channel, thread_ts, file) or Done(apply)
