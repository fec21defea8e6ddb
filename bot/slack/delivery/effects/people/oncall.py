"""Effects of being on call: override notices, shift handovers, and the schedule as an image."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from slack_bolt.context.respond.async_respond import AsyncRespond
from sqlmodel import Session
from structlog import get_logger

from bot.domain.errors import UserError
from bot.export.schedule_text import Roster
from bot.lazy_loader import LazyModule
from bot.services.oncall.handover import load_handover_view
from bot.services.oncall.override_change import load_override_change
from bot.services.oncall.schedule_image import build_roster, people_without_names, schedule_image_cleanup
from bot.services.outbox.payloads import OverrideChangePayload, ScheduleImagePayload, ShiftHandoverPayload
from bot.slack.api.errors import SlackApiError
from bot.slack.blocks.escalation.oncall import schedule_image_message, schedule_text_message
from bot.slack.blocks.escalation.oncall_changes import override_notice, shift_handover_message
from bot.slack.blocks.message import Message
from bot.slack.delivery.effects.channel.files import request_upload
from bot.slack.delivery.effects.channel.lookup import find_channel
from bot.slack.delivery.effects.context import EffectContext
from bot.slack.delivery.effects.posting import post_directly
from bot.slack.replies.render import render_ephemeral
from bot.slack.replies.response_url import respond_via_url
from bot.store.outbox import Claim, Done, Outcome, Retry

if TYPE_CHECKING:
    from bot.export.image import schedule_image
else:
    schedule_image = LazyModule("bot.export.image.schedule_image")

log = get_logger(__name__)

RESPONSE_URL_LIFETIME = timedelta(minutes=30)
CHECK_INTERVAL = timedelta(seconds=1)
MAX_CHECKS = 15
"""Checks whether Slack has processed an uploaded image: before that it cannot be shown."""
NOT_READY = "Slack did not finish processing it"
NOT_TAKEN = "Slack did not accept it"


async def send_override_notice(context: EffectContext, claim: Claim) -> Outcome:
    payload, team_id = OverrideChangePayload.from_json(claim.row.details), claim.row.team_id
    change = await context.database.read(load_override_change, team_id, payload.override_id)
    if change is None or change.is_withdrawn != payload.is_withdrawn:
        return Done()  # withdrawn meanwhile, which has a separate notice
    await post_directly(context, claim, payload.user_id, override_notice(change, payload.by))
    return Done()


async def send_shift_handover(context: EffectContext, claim: Claim) -> Outcome:
    """Post to a person who leaves or comes, or to the schedule's channel."""
    payload = ShiftHandoverPayload.from_json(claim.row.details)
    view = await context.database.read(
        load_handover_view, context.settings(), claim.row.team_id, payload, context.now()
    )
    message = shift_handover_message(view, payload.user_id)
    if payload.user_id:
        await post_directly(context, claim, payload.user_id, message)
    else:
        await context.post(claim, await find_channel(context, payload.channel or ""), message)
    return Done()


async def show_schedule_image(context: EffectContext, claim: Claim) -> Outcome:
    """
    Answer with an image of the next two weeks, or in words if Slack refuses the image.

    Slack shows an uploaded file only after processing it: until then the row is retried.
    """
    if context.now() - claim.row.created_at > RESPONSE_URL_LIFETIME:
        return Done()
    await _fetch_missing_names(context, claim)
    payload = ScheduleImagePayload.from_json(claim.row.details)
    try:
        roster = await context.database.read(
            build_roster, context.settings(), claim.row.team_id, payload.schedule, claim.row.created_at
        )
    except UserError:  # the configuration was reloaded meanwhile
        return Done()
    file_id = claim.row.progress.get("file_id")
    try:
        if file_id is None:
            file_id = await _upload(context, claim, roster)
        if not await _is_processed(context, str(file_id)):
            checks = int(claim.row.progress.get("looks", 0)) + 1
            if checks > MAX_CHECKS:
                return await _reply_in_words(context, claim, roster, NOT_READY, file_id)
            progress = {"file_id": file_id, "looks": checks}
            at = context.now() + CHECK_INTERVAL
            return Retry(at, "Slack has not processed the picture yet", progress=progress)
    except SlackApiError as problem:
        log.warning("schedule image refused by Slack", problem=str(problem))
        return await _reply_in_words(context, claim, roster, problem.error, file_id)
    if await _respond(claim, schedule_image_message(roster, str(file_id))):
        return _answered_outcome(context, claim, str(file_id))
    return await _reply_in_words(context, claim, roster, NOT_TAKEN, file_id)


async def _fetch_missing_names(context: EffectContext, claim: Claim) -> None:
    schedule, team_id = ScheduleImagePayload.from_json(claim.row.details).schedule, claim.row.team_id
    for user_id in await context.database.read(
        people_without_names, context.settings(), team_id, schedule, claim.row.created_at
    ):
        try:
            await context.fetch_profile(team_id, user_id)
        except SlackApiError:
            continue  # not in this workspace, or no longer: the id is shown


async def _upload(context: EffectContext, claim: Claim, roster: Roster) -> str:
    settings = context.settings()
    content = await asyncio.to_thread(schedule_image.render_image, roster, settings.oncall.font)
    name = f"on-call-{roster.now:%Y-%m-%d}.png"
    file_id = await request_upload(context, name, content)
    await context.gateway.call("files.completeUploadExternal", files=[{"id": file_id, "title": roster.title}])
    await context.save_progress(claim, file_id=file_id, looks=0)
    return file_id


async def _is_processed(context: EffectContext, file_id: str) -> bool:
    """Slack knows a file's type once it has processed it; before, blocks with it are refused."""
    answer = await context.gateway.call("files.info", file=file_id)
    return bool(answer.get("file", {}).get("mimetype"))


async def _reply_in_words(context: EffectContext, claim: Claim, roster: Roster, why: str, file_id: object) -> Outcome:
    await _respond(claim, schedule_text_message(roster, why))
    return _answered_outcome(context, claim, str(file_id) if file_id else None)


async def _respond(claim: Claim, message: Message) -> bool:
    """Post beside the reply to the command. False if Slack refused it."""
    respond = AsyncRespond(response_url=ScheduleImagePayload.from_json(claim.row.details).response_url)
    return await respond_via_url(respond, {**render_ephemeral(message), "replace_original": False})


def _answered_outcome(context: EffectContext, claim: Claim, file_id: str | None) -> Outcome:
    """Schedule the deletion of the file."""
    team_id, at = claim.row.team_id, context.now()

    def apply(session: Session) -> None:
        if file_id is not None:
            schedule_image_cleanup(session, team_id, file_id, at)

    return Done(apply)
