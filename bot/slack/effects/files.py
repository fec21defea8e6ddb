"""The postmortem draft as a file in the channel."""

from sqlmodel import Session

from bot.services import postmortem
from bot.slack.effects.tools import Tools
from bot.slack.gateway import Refused
from bot.store.outbox import Claim, Done, Outcome


async def draft(tools: Tools, claim: Claim) -> Outcome:
    """
    Written from the record as it stands now, and uploaded in Slack's three steps.

    The file's id is kept before the last step, so that after a lost answer it is looked up instead of uploaded again.
    """
    channel = await tools.channel_of(claim.row.incident_id)
    file_id = claim.row.progress.get("file_id")
    if file_id and claim.is_unknown and await _is_shared(tools, str(file_id), channel):
        return Done()
    details = claim.row.details
    made = await tools.database.read(
        postmortem.draft,
        tools.settings(),
        claim.row.incident_id or 0,
        template=details.get("template"),
        languages=details.get("languages"),
    )
    content = made.markdown.encode()
    ticket = await tools.gateway.call("files.getUploadURLExternal", filename=made.filename, length=len(content))
    await tools.gateway.upload(str(ticket["upload_url"]), content)
    await tools.save_progress(claim, file_id=ticket["file_id"])
    await tools.gateway.call(
        "files.completeUploadExternal",
        files=[{"id": ticket["file_id"], "title": made.title}],
        channel_id=channel,
        initial_comment=made.comment,
    )
    at, asked_by = tools.now(), details.get("asked_by")

    def apply(session: Session) -> None:
        postmortem.keep(session, made, at=at, by=asked_by)

    return Done(apply)


async def _is_shared(tools: Tools, file_id: str, channel: str) -> bool:
    """Whether an upload whose last answer was lost stands in the channel."""
    try:
        answer = await tools.gateway.call("files.info", file=file_id)
    except Refused:
        return False
    file = answer.get("file", {})
    shares = file.get("shares") or {}
    shown_in = {*file.get("channels", []), *file.get("groups", [])}
    for places in shares.values():
        shown_in |= set(places)
    return channel in shown_in
