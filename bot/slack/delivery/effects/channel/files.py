"""The postmortem draft as a file in the channel."""

import asyncio
from datetime import timedelta
from enum import Enum, auto

from sqlmodel import Session
from structlog import get_logger

from bot.services.channel import bookmarks_and_canvas as documents
from bot.services.postmortem import drafts as postmortem
from bot.slack.api.client import Refused
from bot.slack.delivery.effects.context import Tools
from bot.slack.delivery.effects.messages import direct_channel
from bot.slack.replies.render import markup
from bot.store import outbox
from bot.store.incidents import postmortems
from bot.store.outbox import Again, Claim, Done, Outcome

log = get_logger(__name__)

LOOK_AGAIN = timedelta(seconds=2)
LOOKS = 10
"""How often a file that is complete but stands in no channel is looked for before it is uploaded again."""


class Share(Enum):
    NONE = auto()
    COMING = auto()
    SHOWN = auto()


async def draft(tools: Tools, claim: Claim) -> Outcome:
    """
    Written from the record as it stands now, and uploaded in Slack's three steps.

    The file's id is kept before the last step, so that after a lost answer it is looked up instead of uploaded again.
    """
    details = claim.row.details
    reader = details.get("user_id")
    if reader:
        channel = await direct_channel(tools, claim, str(reader))
    else:
        channel = await tools.channel_of(claim.row.incident_id)
    settings = tools.settings()
    assembled = await tools.database.read(
        postmortem.assembled,
        settings,
        claim.row.incident_id or 0,
        template=details.get("template"),
        languages=details.get("languages"),
    )
    made = await asyncio.to_thread(assembled.write, settings)
    at, asked_by = tools.now(), details.get("asked_by")
    if made.problem_details:
        log.warning("the template cannot be used", reference=made.reference, problem=made.problem_details)

    def apply(session: Session) -> None:
        postmortem.keep(session, made, at=at, by=asked_by, file_id=claim.row.progress.get("file_id"))
        beside(session)

    def beside(session: Session) -> None:
        documents.drafted(session, settings, made.incident_id, at, details)

    known = claim.row.progress.get("file_id")
    if known and claim.is_unknown:
        match await _share_of(tools, str(known), channel):
            case Share.SHOWN:
                return Done(apply)
            case Share.COMING if (looks := int(claim.row.progress.get("looks", 0))) < LOOKS:
                progress = {**claim.row.progress, "looks": looks + 1}
                return Again(at + LOOK_AGAIN, "the file is not shown yet", is_unknown=True, progress=progress)
    try:
        await _upload(tools, claim, channel, made)
    except Refused as problem:
        log.warning("Slack did not take the draft", reference=made.reference, problem=str(problem))
        return outbox.Refused(str(problem), apply=beside)
    return Done(apply)


async def _upload(tools: Tools, claim: Claim, channel: str, made: postmortem.Made) -> None:
    content = made.markdown.encode()
    ticket = await tools.gateway.call("files.getUploadURLExternal", filename=made.filename, length=len(content))
    await tools.gateway.upload(str(ticket["upload_url"]), content)
    await tools.save_progress(claim, file_id=ticket["file_id"], looks=0)
    await tools.gateway.call(
        "files.completeUploadExternal",
        files=[{"id": ticket["file_id"], "title": made.title}],
        channel_id=channel,
        initial_comment=markup(made.comment),
    )


async def _share_of(tools: Tools, file_id: str, channel: str) -> Share:
    """What became of an upload whose last answer was lost. Slack shows a file some time after it is completed."""
    try:
        answer = await tools.gateway.call("files.info", file=file_id)
    except Refused:
        return Share.NONE
    file = answer.get("file", {})
    shares = file.get("shares") or {}
    shown_in = {*file.get("channels", []), *file.get("groups", [])}
    for places in shares.values():
        shown_in |= set(places)
    return Share.SHOWN if channel in shown_in else Share.COMING


async def delete(tools: Tools, claim: Claim) -> Outcome:
    """Delete a draft that was posted before some of its words were redacted."""
    file_id = str(claim.row.details["file_id"])
    try:
        await tools.gateway.call("files.delete", file=file_id)
    except Refused as problem:
        if problem.error not in {"file_not_found", "file_deleted"}:
            raise

    def apply(session: Session) -> None:
        postmortems.file_deleted(session, file_id)

    return Done(apply)
