"""Who is on call, told: a change by hand, a change of shift, and the next two weeks as a picture."""

import asyncio
from datetime import timedelta

from slack_bolt.context.respond.async_respond import AsyncRespond
from sqlmodel import Session
from structlog import get_logger

from bot.domain.errors import UserError
from bot.export.schedule_image import Roster, picture
from bot.services.oncall import handover as shift_changes
from bot.services.oncall import image_cleanup as forgetting
from bot.services.oncall import on_call_view as duty
from bot.services.oncall import overrides as overriding
from bot.services.workspace import people as knowing
from bot.slack.api import payloads
from bot.slack.api.client import Refused
from bot.slack.blocks.escalation import oncall as blocks
from bot.slack.blocks.message import Message
from bot.slack.delivery.effects.channel.channels import find_channel
from bot.slack.delivery.effects.context import Tools
from bot.slack.delivery.effects.messages import direct_channel
from bot.slack.replies.render import ephemeral
from bot.slack.replies.response_url import told_later
from bot.store.outbox import Again, Claim, Done, Outcome

log = get_logger(__name__)

LIVES = timedelta(minutes=30)
"""How long Slack takes answers to a command."""
LOOK_AGAIN = timedelta(seconds=1)
LOOKS = 15
"""How often Slack is asked whether it has looked into an uploaded picture: before that it does not show it."""
NOT_READY = "Slack did not get ready to show it"
NOT_TAKEN = "Slack did not take it"


async def duty_changed(tools: Tools, claim: Claim) -> Outcome:
    details, team_id = claim.row.details, claim.row.team_id
    change = await tools.database.read(overriding.told, team_id, int(details["override_id"]))
    if change is None or change.is_withdrawn != bool(details["is_withdrawn"]):
        return Done()  # taken back before it was told: that is told instead
    channel = await direct_channel(tools, claim, str(details["user_id"]))
    await tools.post(claim, channel, blocks.told(change, details.get("by")))
    return Done()


async def shift_changed(tools: Tools, claim: Claim) -> Outcome:
    """To one of those who leave or come, or in the schedule's channel."""
    details, user_id = claim.row.details, claim.row.details.get("user_id")
    view = await tools.database.read(shift_changes.view, tools.settings(), claim.row.team_id, details, tools.now())
    if user_id:
        channel = await direct_channel(tools, claim, str(user_id))
    else:
        channel = await find_channel(tools, str(details["channel"]))
    await tools.post(claim, channel, blocks.shift(view, str(user_id) if user_id else None))
    return Done()


async def drawn(tools: Tools, claim: Claim) -> Outcome:
    """
    The picture of two weeks, for the one who asked. Slack takes it as a file, and shows it once it has looked into it.

    Where it cannot be shown, the same is told in words.
    """
    details, at = claim.row.details, tools.now()
    if at - claim.row.created_at > LIVES:
        return Done()
    await _know(tools, claim)
    try:
        roster = await tools.database.read(
            duty.roster, tools.settings(), claim.row.team_id, str(details["schedule"]), claim.row.created_at
        )
    except UserError:  # the configuration was read again meanwhile
        return Done()
    file_id = claim.row.progress.get("file_id")
    try:
        if file_id is None:
            file_id = await _upload(tools, claim, roster)
        if not await _is_ready(tools, str(file_id)):
            looks = int(claim.row.progress.get("looks", 0)) + 1
            if looks > LOOKS:
                return await _in_words(tools, claim, roster, NOT_READY, file_id)
            progress = {"file_id": file_id, "looks": looks}
            return Again(at + LOOK_AGAIN, "Slack has not looked into the picture yet", progress=progress)
    except Refused as problem:
        log.warning("Slack did not take the picture", problem=str(problem))
        return await _in_words(tools, claim, roster, problem.error, file_id)
    if await _respond(claim, blocks.drawn(roster, str(file_id))):
        return _answered(tools, claim, str(file_id))
    return await _in_words(tools, claim, roster, NOT_TAKEN, file_id)


async def _know(tools: Tools, claim: Claim) -> None:
    """The picture holds names: of those whom nobody asked for yet, Slack is asked. Raises the gateway's errors."""
    name, team_id = str(claim.row.details["schedule"]), claim.row.team_id
    for user_id in await tools.database.read(duty.unnamed, tools.settings(), team_id, name, claim.row.created_at):
        try:
            answer = await tools.gateway.call("users.info", user=user_id)
        except Refused:
            continue  # they left, or are not of this workspace: their id stands there
        await tools.database.run(knowing.learned, team_id, payloads.person_of(answer["user"]), tools.now())


async def _upload(tools: Tools, claim: Claim, roster: Roster) -> str:
    settings = tools.settings()
    content = await asyncio.to_thread(picture, roster, settings.oncall.font)
    name = f"on-call-{roster.now:%Y-%m-%d}.png"
    ticket = await tools.gateway.call("files.getUploadURLExternal", filename=name, length=len(content))
    await tools.gateway.upload(str(ticket["upload_url"]), content)
    await tools.gateway.call("files.completeUploadExternal", files=[{"id": ticket["file_id"], "title": roster.title}])
    await tools.save_progress(claim, file_id=ticket["file_id"], looks=0)
    return str(ticket["file_id"])


async def _is_ready(tools: Tools, file_id: str) -> bool:
    """Slack says of what kind a file is once it has looked into it; before, blocks with it are refused."""
    answer = await tools.gateway.call("files.info", file=file_id)
    return bool(answer.get("file", {}).get("mimetype"))


async def _in_words(tools: Tools, claim: Claim, roster: Roster, why: str, file_id: object) -> Outcome:
    await _respond(claim, blocks.not_drawn(roster, why))
    return _answered(tools, claim, str(file_id) if file_id else None)


async def _respond(claim: Claim, message: Message) -> bool:
    """Beside the answer to the command, for the one who typed it. False if Slack did not take it."""
    respond = AsyncRespond(response_url=str(claim.row.details["response_url"]))
    return await told_later(respond, {**ephemeral(message), "replace_original": False})


def _answered(tools: Tools, claim: Claim, file_id: str | None) -> Outcome:
    """The file goes after a day: nobody looks at an answer for longer."""
    team_id, at = claim.row.team_id, tools.now()

    def apply(session: Session) -> None:
        if file_id is not None:
            forgetting.forget_later(session, team_id, file_id, at)

    return Done(apply)
