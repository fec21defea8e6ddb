"""Route buttons, selects and overflow menus to their entries, and answer after the commit."""

import re
from datetime import datetime
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from sqlmodel import Session
from structlog import get_logger

from bot.config import Settings
from bot.domain.errors import UserError
from bot.services.workspace.access import check_access
from bot.services.workspace.actor import Actor, Origin
from bot.services.workspace.people import ensure_known
from bot.slack.api.payloads import parsing_payload
from bot.slack.blocks.notices import notice_modal, reply_modal
from bot.slack.handlers import BUTTONS
from bot.slack.handlers.interactions import ButtonClick
from bot.slack.handlers.registry import Answer, Button, ButtonReply, check_subject, render_reply
from bot.slack.inbound.deps import Deps
from bot.slack.inbound.modal_opener import DATABASE_UNREACHABLE, outage_text
from bot.slack.inbound.modals import check_click, open_for_click, open_view
from bot.slack.replies.response_url import respond_via_url
from bot.store.database.savepoint import savepoint
from bot.store.database.session import DatabaseUnavailable
from bot.store.shared import idempotency

log = get_logger(__name__)

ANSWERED = ":white_check_mark: The answer is in the channel, for you alone."
MAX_LOGGED_ID = 100


def register_buttons(app: AsyncApp, deps: Deps) -> None:
    """Register one listener for all: Bolt would try a listener for each button in turn."""
    buttons = {button.action_id: button for button in BUTTONS}

    async def on_click(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        with parsing_payload():
            click = ButtonClick.from_payload(body)
        button = buttons.get(click.action_id)
        if button is None:
            log.info("unknown action ignored", action_id=click.action_id[:MAX_LOGGED_ID])
        elif (answer := await _handle_click(deps, button, click)) is not None:
            await _send_answer(deps, click, respond, answer)
        await ack()

    app.action(re.compile(".*"))(on_click)


async def _handle_click(deps: Deps, button: Button[Any], click: ButtonClick) -> Answer | None:
    if button.run is not None:
        await deps.user_cache.ensure_known(click.team_id, click.user_id)
        try:
            click = await check_click(deps, button.about, click)
            return await deps.database.run(run_button, deps.settings(), button, click, deps.clock.now())
        except UserError as problem:
            return render_reply(f":warning: {problem.message}")
        except DatabaseUnavailable as problem:
            return render_reply(f":warning: {outage_text(problem)}")
    if button.show is not None:
        refusal = await deps.user_cache.find_refusal(click.team_id, click.user_id, click.home_team_id)
        return render_reply(f":warning: {refusal}") if refusal else await _show_answer(deps, button, click)
    return render_reply(await open_for_click(deps, button, click))


def run_button(
    session: Session, settings: Settings, button: Button[Any], click: ButtonClick, at: datetime
) -> Answer | None:
    """
    Run a button in a transaction.

    Returns the answer for the person; None if another message shows the result. A redelivered click does nothing.
    After a UserError nothing is changed, and its message is the answer.
    """
    if click.trigger_id and not idempotency.register_delivery(session, f"{click.team_id}:press:{click.trigger_id}", at):
        return None
    actor = Actor(click.team_id, click.user_id, at, Origin.BUTTON)
    reply: ButtonReply
    was_refused = False
    try:
        with savepoint(session):
            ensure_known(session, click.team_id, [click.user_id], at)
            check_access(session, actor, home_team_id=click.home_team_id)
            check_subject(session, button.about, click)
            assert button.run is not None  # noqa: S101  the caller looked
            reply = button.run(session, settings, actor, button.about.read(click))
            session.flush()
    except UserError as problem:
        reply, was_refused = f":warning: {problem.message}", True
    refreshed = button.refresh(session, settings, click, was_refused) if button.refresh else None
    return render_reply(refreshed or reply)


async def _show_answer(deps: Deps, button: Button[Any], click: ButtonClick) -> Answer | None:
    try:
        await check_click(deps, button.about, click)
        return render_reply(await deps.database.read(show_button, deps.settings(), button, click))
    except UserError as problem:
        return render_reply(f":warning: {problem.message}")
    except DatabaseUnavailable:
        return render_reply(f":warning: {DATABASE_UNREACHABLE}")


def show_button(session: Session, settings: Settings, button: Button[Any], click: ButtonClick) -> ButtonReply:
    """Return the answer of a button that changes nothing. Raises UserError."""
    assert button.show is not None  # noqa: S101  the caller looked
    check_subject(session, button.about, click)
    return button.show(session, settings, button.about.read(click))


async def _send_answer(deps: Deps, click: ButtonClick, respond: AsyncRespond, answer: Answer) -> None:
    """Answer beside the message with the button; in a modal for one in a modal or App Home."""
    if respond.response_url:
        await respond_via_url(respond, answer)
    elif click.response_url:  # of the message from which the modal was opened
        await respond_via_url(AsyncRespond(response_url=click.response_url), {**answer, "replace_original": False})
        deps.modal_opener.replace_with(click.view_id, notice_modal(ANSWERED))
    elif click.is_in_home:
        await open_view(deps, click.trigger_id, reply_modal(answer))
    elif click.view_id:
        deps.modal_opener.replace_with(click.view_id, reply_modal(answer))
