"""Buttons that only show something: a form, another page of a list or of the timeline. Nothing is changed yet."""

from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.domain.errors import UserError
from bot.slack.blocks import notices as windows
from bot.slack.blocks.incidents import lists
from bot.slack.inbound import buttons as pressing
from bot.slack.inbound import modals as windows_for
from bot.slack.inbound.deps import Deps
from bot.slack.inbound.modal_opener import DATABASE_AWAY
from bot.slack.replies import lists as listing
from bot.slack.replies import timeline as timeline_view
from bot.slack.replies.response_url import told_later
from bot.store.database.session import DatabaseUnavailable

ANSWERED = ":white_check_mark: The answer is in the channel, for you alone."
SHOWS = frozenset({*timeline_view.TURNS, *listing.TURNS, lists.SHOW})
"""Buttons that show something in a message; all others open a window."""


async def show(deps: Deps, pressed: pressing.Pressed, respond: AsyncRespond) -> None:
    """Who may not change anything is told so now."""
    if pressed.action_id not in SHOWS:
        told = await windows_for.press(deps, pressed)
    elif (refused := await deps.meeting.refusal(pressed.team_id, pressed.user_id, pressed.home_team_id)) is not None:
        told = f":warning: {refused}"
    elif pressed.action_id in timeline_view.TURNS:
        await turn(deps, pressed.value, respond, pressed)
        return
    else:
        await _show_list(deps, pressed, respond)
        return
    await tell(deps, pressed, respond, pressing.answer(told))


async def tell(deps: Deps, pressed: pressing.Pressed, respond: AsyncRespond, told: pressing.Answer | None) -> None:
    """Answer whoever pressed: beside the message that the button is in, or in a window where it is in none."""
    if told is None:
        return
    if respond.response_url:
        await told_later(respond, told)
    elif pressed.response_url:  # of the message from which the window was opened
        await told_later(AsyncRespond(response_url=pressed.response_url), {**told, "replace_original": False})
        deps.opening.replace(pressed.view_id, _window(windows.notice(ANSWERED)))
    elif pressed.is_in_home:
        await windows_for.shown(deps, pressed.trigger_id, windows.of_answer(told))
    elif pressed.view_id:
        deps.opening.replace(pressed.view_id, _window(windows.of_answer(told)))


async def _window(view: windows.View) -> windows.View:
    return view


async def turn(deps: Deps, value: str, respond: AsyncRespond, pressed: pressing.Pressed | None = None) -> None:
    """Another page of the timeline, or the same one as it stands now, instead of the one that is shown."""
    try:
        page = timeline_view.Page.of(value)
        if pressed is not None:
            await deps.database.read(pressing.refuse_unseen, pressed, page.incident_id)
        message = await deps.database.read(timeline_view.timeline, deps.settings(), page)
    except UserError as problem:
        await told_later(respond, pressing.answer(problem.message) or {})
    except DatabaseUnavailable:
        await told_later(respond, pressing.answer(f":warning: {DATABASE_AWAY}") or {})
    else:
        await told_later(respond, pressing.answer(message) or {})


async def _show_list(deps: Deps, pressed: pressing.Pressed, respond: AsyncRespond) -> None:
    """Another page of a list of incidents instead of this one, or below it one of them."""
    place = (deps.settings(), pressed.team_id, pressed.channel_id)
    try:
        if pressed.action_id == lists.SHOW:
            incident = await deps.database.read(listing.show, *place, pressed.number)
            told = pressing.answer(pressing.Aside(incident))
        else:
            page = await deps.database.read(listing.turn, *place, pressed.action_id, pressed.value)
            told = pressing.answer(page)
    except UserError as problem:
        told = pressing.answer(f":warning: {problem.message}")
    except DatabaseUnavailable:
        told = pressing.answer(f":warning: {DATABASE_AWAY}")
    await told_later(respond, told or {})
