"""Route submitted modals to their entries, and acknowledge them after the commit."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from sqlmodel import Session
from structlog import get_logger

from bot.config import Settings
from bot.domain.errors import InvalidField, InvalidFields, UserError
from bot.domain.terms import LANGUAGES
from bot.lazy_dataclass import dataclass
from bot.services.workspace.access import check_access
from bot.services.workspace.actor import Actor, Origin
from bot.services.workspace.people import ensure_known
from bot.slack.api.payloads import parsing_payload
from bot.slack.blocks import menu, modals
from bot.slack.blocks.notices import reply_modal
from bot.slack.handlers import FORMS
from bot.slack.handlers.interactions import ViewSubmission
from bot.slack.handlers.registry import Answer, Form, render_reply
from bot.slack.inbound.deps import Deps
from bot.slack.inbound.modal_opener import DATABASE_UNREACHABLE, STILL_SAVING, SUBMIT_SECONDS, outage_text
from bot.slack.inbound.modals import check_form
from bot.slack.replies.response_url import respond_via_url
from bot.store.database.savepoint import savepoint
from bot.store.database.session import DatabaseUnavailable
from bot.store.shared import idempotency

log = get_logger(__name__)

MAX_LOGGED_ID = 100


@dataclass(frozen=True, slots=True)
class FormResult:
    """
    The result of a submission.

    `errors` by field: nothing was changed, and the modal stays open. `answer`: for the person, a message or another
    modal; None if the channel shows the result.
    """

    errors: dict[str, str] = field(default_factory=dict)
    answer: Answer | None = None


def register_forms(app: AsyncApp, deps: Deps) -> None:
    forms = {form.callback_id: form for form in FORMS}

    async def on_submission(ack: AsyncAck, body: dict[str, Any]) -> None:
        with parsing_payload():
            submission = ViewSubmission.from_payload(body)
        form = forms.get(submission.callback_id)
        if form is None:
            log.info("unknown form ignored", callback_id=submission.callback_id[:MAX_LOGGED_ID])
            await ack()
            return
        await _answer_submission(ack, deps, form, submission)

    app.view(re.compile(".*"))(on_submission)


async def _answer_submission(ack: AsyncAck, deps: Deps, form: Form, submission: ViewSubmission) -> None:
    result = await _submit(deps, form, submission)
    url = str(submission.metadata.get(menu.URL) or "")
    if result.errors:
        await ack(response_action="errors", errors=result.errors)
    elif result.answer is not None and not url:
        is_form = result.answer.get("type") == "modal"
        await ack(response_action="update", view=result.answer if is_form else reply_modal(result.answer))
    else:
        if url:
            await _respond_via_url(deps, form, submission, result.answer, url)
        await ack()


async def _submit(deps: Deps, form: Form, submission: ViewSubmission) -> FormResult:
    """Run the form; if that takes too long for Slack, it continues, and the modal stays open."""
    task = asyncio.create_task(_run(deps, form, submission, deps.clock.now()), name="submit form")
    await asyncio.wait({task}, timeout=SUBMIT_SECONDS)
    if not task.done():
        deps.modal_opener.keep(task)
        return FormResult(errors_at_first_field(form, submission, STILL_SAVING))
    try:
        return task.result()
    except DatabaseUnavailable as problem:
        return FormResult(errors_at_first_field(form, submission, outage_text(problem)))


async def _run(deps: Deps, form: Form, submission: ViewSubmission, at: datetime) -> FormResult:
    await deps.user_cache.ensure_all_known(submission.team_id, [submission.user_id, *submission.chosen_people])
    try:
        await check_form(deps, submission)
    except UserError as problem:
        errors = errors_at_first_field(form, submission, problem.message)
        return FormResult(errors, None if errors else render_reply(f":warning: {problem.message}"))
    return await deps.database.run(run_form, deps.settings(), form, submission, at)


async def _respond_via_url(deps: Deps, form: Form, submission: ViewSubmission, answer: Answer | None, url: str) -> None:
    if answer is not None:
        answer = {**answer, "replace_original": False}
    elif form.refresh is not None:
        answer = await _refresh(deps, form, submission)
    if answer is not None:
        await respond_via_url(AsyncRespond(response_url=url), answer)


async def _refresh(deps: Deps, form: Form, submission: ViewSubmission) -> Answer | None:
    assert form.refresh is not None  # noqa: S101  the caller looked
    try:
        return render_reply(await deps.database.read(form.refresh, deps.settings(), submission))
    except UserError as problem:
        return render_reply(problem.message)
    except DatabaseUnavailable:
        return render_reply(f":warning: {DATABASE_UNREACHABLE}")


def _language_of(submission: ViewSubmission) -> str | None:
    """The language of the form's text; None if not stated or one of several."""
    language = submission.text(modals.LANGUAGE)
    return language if language in LANGUAGES else None


def run_form(session: Session, settings: Settings, form: Form, submission: ViewSubmission, at: datetime) -> FormResult:
    """Run a form in a transaction. A redelivered submission gets the first errors again."""
    key = f"{submission.team_id}:view:{submission.key}"
    if not idempotency.register_delivery(session, key, at):
        return FormResult(idempotency.find_answer(session, key) or {})
    actor = Actor(submission.team_id, submission.user_id, at, Origin.MODAL, _language_of(submission))
    errors: dict[str, str] = {}
    answer = None
    try:
        with savepoint(session):
            ensure_known(session, submission.team_id, [submission.user_id], at)
            check_access(session, actor, home_team_id=submission.home_team_id)
            if not _was_submitted(session, submission, at):
                answer = form.run(session, settings, actor, submission)
            session.flush()
    except InvalidFields as problem:
        errors = _errors_by_field(form, submission, problem.by_field)
    except InvalidField as problem:
        errors = _errors_by_field(form, submission, {problem.field: problem.message})
    except UserError as problem:
        errors = errors_at_first_field(form, submission, problem.message)
    idempotency.save_answer(session, key, errors)
    return FormResult(errors, answer)


def _was_submitted(session: Session, submission: ViewSubmission, at: datetime) -> bool:
    """
    Return True if this modal was submitted before with success, and its answer came too late.

    Raises UserError if its values are different now: they would be lost, or done as well.
    """
    key = f"{submission.team_id}:window:{submission.view_id}:{submission.callback_id}"
    if not submission.view_id:
        return False
    if idempotency.register_delivery(session, key, at):
        idempotency.save_answer(session, key, {"told": submission.digest})
        return False
    if (idempotency.find_answer(session, key) or {}).get("told") != submission.digest:
        raise UserError(
            "This was saved already, as you first sent it. Close the window, and open it again to change it."
        )
    return True


def _errors_by_field(form: Form, submission: ViewSubmission, messages: Mapping[str, str]) -> dict[str, str]:
    """Return the errors for the form's fields; those of others are shown at the first field."""
    errors = {name: _without_backquotes(text) for name, text in messages.items() if name in submission.values}
    others = " ".join(text for name, text in messages.items() if name not in submission.values)
    return {**errors_at_first_field(form, submission, others), **errors} if others else errors


def errors_at_first_field(form: Form, submission: ViewSubmission, message: str) -> dict[str, str]:
    """Return the errors for a message of no particular field; empty for a modal without fields."""
    names = [form.first_field] if form.first_field in submission.values else list(submission.values)[:1]
    return dict.fromkeys(names, _without_backquotes(message))


def _without_backquotes(message: str) -> str:
    """Slack shows an error at a field as plain text."""
    return message.replace("`", "")
