"""Open modals of buttons, shortcuts and `/incident`, and check who may still act in them."""

import asyncio
from collections.abc import Callable, Collection, Coroutine
from dataclasses import replace
from typing import Any

from sqlmodel import Session
from structlog import get_logger

from bot.config import Settings
from bot.domain.errors import UserError
from bot.slack.api.errors import SlackError
from bot.slack.api.lookups import is_channel_member
from bot.slack.api.payloads import parse_private_metadata
from bot.slack.blocks import menu, modals
from bot.slack.blocks.escalation import controls
from bot.slack.blocks.incidents.forms.declare_form import declare_form
from bot.slack.blocks.inputs import metadata_json
from bot.slack.blocks.limits import View
from bot.slack.blocks.notices import notice_modal
from bot.slack.blocks.status_page import approval
from bot.slack.handlers.commands.execution import SlashCommand
from bot.slack.handlers.interactions import ButtonClick, ShortcutUse, ViewSubmission
from bot.slack.handlers.registry import About, Button, Shortcut, check_subject
from bot.slack.inbound.deps import Deps
from bot.slack.inbound.user_cache import LOOKUP_SECONDS
from bot.slack.replies.render import escape_markup
from bot.store import status_page
from bot.store.escalation import escalations
from bot.store.incidents import incidents, timeline
from bot.store.incidents.incidents import Incident, IncidentNotFound

log = get_logger(__name__)

UNCHECKED = (
    "Slack does not say whether you are in the incident's channel, so nothing was changed. Try again, or type the "
    "command in the channel."
)


async def open_for_click(deps: Deps, button: Button[Any], click: ButtonClick) -> str | None:
    """Open a button's modal, in place of its own modal. Returns an error text, or None."""
    settings = deps.settings()

    async def build() -> View:
        await deps.user_cache.check_access(click.team_id, click.user_id, click.home_team_id)
        await check_click(deps, button.about, click)
        return await deps.database.read(build_modal, settings, button, click)

    try:
        fallback = _with_url(button, click, button.modal(settings, button.about.read(click))) if button.modal else None
    except UserError as problem:
        return f":warning: {problem.message}"
    if click.view_id and not click.is_in_home:
        deps.modal_opener.replace(click.view_id, build(), fallback)
        return None
    return await _open(deps, click.trigger_id, build(), fallback)


def build_modal(session: Session, settings: Settings, button: Button[Any], click: ButtonClick) -> View:
    """Build a button's modal from the record. Raises UserError."""
    check_subject(session, button.about, click)
    subject = button.about.read(click)
    if button.filled_modal is not None:
        return _with_url(button, click, button.filled_modal(session, settings, subject))
    assert button.modal is not None  # noqa: S101  a button has one of them
    return _with_url(button, click, button.modal(settings, subject))


def _with_url(button: Button[Any], click: ButtonClick, view: View) -> View:
    if not button.carries_url:
        return view
    place = {menu.URL: click.response_url, menu.CHANNEL: click.origin_channel_id}
    return {**view, "private_metadata": metadata_json({**parse_private_metadata(view), **place})}


async def open_for_shortcut(deps: Deps, shortcut: Shortcut, use: ShortcutUse) -> str | None:
    """Open a shortcut's modal. Returns an error text, or None."""
    settings = deps.settings()

    async def build() -> View:
        try:
            await deps.user_cache.check_access(use.team_id, use.user_id, use.home_team_id)
        except UserError as problem:
            if use.message is None:  # a global shortcut has no response URL for the error
                return notice_modal(escape_markup(f":warning: {problem.message}"))
            raise
        if shortcut.filled_modal is not None:
            return await deps.database.read(shortcut.filled_modal, settings, use)
        assert shortcut.modal is not None  # noqa: S101  a shortcut has one of them
        return shortcut.modal(settings, use)

    return await _open(deps, use.trigger_id, build(), shortcut.modal(settings, use) if shortcut.modal else None)


async def open_declare_form(deps: Deps, command: SlashCommand) -> str | None:
    """
    Open the form to declare an incident; its answer goes where the command was typed.

    Returns an error text, or None.
    """
    form = declare_form(deps.settings(), metadata={menu.URL: command.response_url})

    async def build() -> View:
        await deps.user_cache.check_access(command.team_id, command.user_id)
        return form

    return await _open(deps, command.trigger_id, build(), form)


async def open_view(deps: Deps, trigger_id: str, view: View) -> None:
    """Open a modal that is built already."""

    async def build() -> View:
        return view

    await _open(deps, trigger_id, build(), view)


async def _open(deps: Deps, trigger_id: str, building: Coroutine[Any, Any, View], fallback: View | None) -> str | None:
    try:
        await deps.modal_opener.open(trigger_id, building, fallback)
    except UserError as problem:
        return f":warning: {problem.message}"
    return None


async def check_click(deps: Deps, about: About[object], click: ButtonClick) -> ButtonClick:
    """
    Return the click, with what the answer to a page must not show.

    Raises UserError for a button in a modal, App Home or direct message about a now hidden incident.
    """
    find, find_all = about.incident, about.pages
    if find is not None and (click.view_id or click.is_direct):
        await _check_member(deps, click.user_id, lambda session: find(session, click))
    if find_all is not None and click.is_direct:
        hidden = await _find_hidden(deps, click.user_id, lambda session: find_all(session, click))
        return replace(click, hidden=hidden)
    return click


async def check_form(deps: Deps, submission: ViewSubmission) -> None:
    """Raise UserError for a form whose incident the person may not see now."""
    await _check_member(deps, submission.user_id, lambda session: _find_incident_id(session, submission))


def _find_incident_id(session: Session, submission: ViewSubmission) -> int:
    """Return the id of the form's incident, 0 for none."""
    found = submission.metadata
    if isinstance(incident_id := found.get(modals.INCIDENT), int):
        return incident_id
    if isinstance(entry_id := found.get("entry"), int):
        entry = timeline.get(session, entry_id)
        return entry.incident_id if entry else 0
    if isinstance(escalation_id := found.get(controls.ESCALATION), int):
        escalation = escalations.get(session, escalation_id)
        return escalation.incident_id if escalation else 0
    if isinstance(request_id := found.get(approval.REQUEST), int):
        request = status_page.get_request(session, request_id)
        return request.incident_id if request else 0
    return 0


async def _check_member(deps: Deps, user_id: str, find_incident_id: Callable[[Session], int]) -> None:
    """
    Raise UserError for a person who is not in the channel of a private incident.

    For what was built from what its reader could see then: the incident may have become private since, or its reader
    may have left the channel. A button of a message in a channel needs no such check. `find_incident_id`: 0 for none.
    """
    incident = await deps.database.read(_find_private, find_incident_id)
    if incident is None or incident.channel_id is None:  # its channel is being created: nobody else has a modal
        return
    is_member = await _is_member(deps, incident, user_id)
    if is_member is None:
        raise UserError(UNCHECKED)
    if not is_member:
        raise IncidentNotFound("That incident does not exist.")


def _find_private(session: Session, find_incident_id: Callable[[Session], int]) -> Incident | None:
    incident_id = find_incident_id(session)
    incident = incidents.get(session, incident_id) if incident_id else None
    return incident if incident is not None and incident.is_private else None


async def _find_hidden(
    deps: Deps, user_id: str, find_incident_ids: Callable[[Session], Collection[int]]
) -> frozenset[int]:
    """The private incidents in whose channels the person is not, as far as Slack says."""
    private = await deps.database.read(_find_all_private, find_incident_ids)
    members = await asyncio.gather(*(_is_member(deps, each, user_id) for each in private))
    return frozenset(each.key for each, is_member in zip(private, members, strict=True) if not is_member)


async def _is_member(deps: Deps, incident: Incident, user_id: str) -> bool | None:
    """None if Slack does not say in time."""
    if incident.channel_id is None:
        return False
    try:
        async with asyncio.timeout(LOOKUP_SECONDS):
            return await is_channel_member(deps.gateway, incident.channel_id, user_id)
    except (SlackError, TimeoutError) as problem:
        log.warning("membership check failed", problem=str(problem) or type(problem).__name__)
        return None


def _find_all_private(session: Session, find_incident_ids: Callable[[Session], Collection[int]]) -> list[Incident]:
    return [each for each in incidents.find_by_ids(session, sorted(find_incident_ids(session))) if each.is_private]
