"""Which window a press, a shortcut or a command alone opens: what it is made of, and what opens with no database."""

from collections.abc import Coroutine
from typing import Any

from bot.domain.errors import UserError
from bot.slack.api.payloads import carried_in
from bot.slack.blocks import menu as more
from bot.slack.blocks import notices as windows
from bot.slack.blocks.incidents import declare_form as declaring
from bot.slack.blocks.inputs import carried_text
from bot.slack.blocks.notices import View
from bot.slack.blocks.postmortem import entry_forms as amending
from bot.slack.handlers import timeline_entries as entry_acts
from bot.slack.inbound import buttons as pressing
from bot.slack.inbound import shortcuts
from bot.slack.inbound.deps import Deps
from bot.slack.inbound.slash_commands import Typed
from bot.slack.replies import entry_points as ways
from bot.slack.replies.render import markup


async def declare(deps: Deps, typed: Typed) -> str | None:
    """`/incident` alone, outside. Returns what is to be told if no window opened."""
    form = declaring.declare(deps.settings())

    async def making() -> View:
        await deps.meeting.admit(typed.team_id, typed.user_id)
        return form

    return await _opened(deps, typed.trigger_id, making(), form)


async def press(deps: Deps, pressed: pressing.Pressed) -> str | None:
    """A button that asks first, or a choice of the menu beside an entry. Returns what is to be told if none opened."""
    settings = deps.settings()
    action_id = pressing.SAME.get(pressed.action_id, pressed.action_id)

    async def making() -> View:
        await deps.meeting.admit(pressed.team_id, pressed.user_id, pressed.home_team_id)
        about = await _about(deps, pressed, action_id)
        await deps.database.read(pressing.refuse_unseen, pressed, about)
        if action_id == amending.MENU:
            return await deps.database.read(entry_acts.form_of, pressed.value, pressed.response_url)
        filled = pressing.FILLED.get(action_id)
        if filled is None:
            return _answered_at(pressing.OPENS[action_id](settings, pressed.number), pressed)
        return _answered_at(await deps.database.read(filled, settings, pressed.number), pressed)

    try:
        opening = {**pressing.OPENS, **pressing.EMPTY}.get(action_id)
        plain = _answered_at(opening(settings, pressed.number), pressed) if opening else None
    except UserError as problem:
        return f":warning: {problem.message}"
    if pressed.view_id and not pressed.is_in_home:
        deps.opening.replace(pressed.view_id, making(), plain)
        return None
    return await _opened(deps, pressed.trigger_id, making(), plain)


async def _about(deps: Deps, pressed: pressing.Pressed, action_id: str) -> int:
    """The incident that the button stands for; 0 for one that is about none."""
    if action_id in pressing.ABOUT_OTHER_ROWS:
        return 0
    if action_id in pressing.ABOUT_ESCALATIONS:
        return await deps.database.read(pressing.incident_of_call, pressed)
    return entry_acts.incident_of(pressed.value) if action_id == amending.MENU else pressed.number


def _answered_at(view: View, pressed: pressing.Pressed) -> View:
    """
    The window carries where whoever pressed is answered, as far as it says anything: forms that were made for a button
    of the card do not, because the channel shows what they did.
    """
    if view["callback_id"] not in {more.MENU, *ways.FORMS}:
        return view
    return {**view, "private_metadata": carried_text({**carried_in(view), more.URL: pressed.response_url})}


async def shown(deps: Deps, trigger_id: str, view: View) -> None:
    """A window that is there already."""

    async def making() -> View:
        return view

    await _opened(deps, trigger_id, making(), view)


async def shortcut(deps: Deps, taken: shortcuts.Taken) -> str | None:
    """A shortcut, on a message or anywhere. Returns what is to be told if no window opened."""

    async def making() -> View:
        try:
            await deps.meeting.admit(taken.team_id, taken.user_id, taken.home_team_id)
        except UserError as problem:
            if taken.said is None:  # there is no message beside which it could be told
                return windows.notice(markup(f":warning: {problem.message}"))
            raise
        return await shortcuts.form_for(deps.database, deps.settings(), taken)

    return await _opened(deps, taken.trigger_id, making(), shortcuts.plain_form(deps.settings(), taken))


async def _opened(deps: Deps, trigger_id: str, making: Coroutine[Any, Any, View], plain: View | None) -> str | None:
    try:
        await deps.opening.open(trigger_id, making, plain)
    except UserError as problem:
        return f":warning: {problem.message}"
    return None
