"""Answer typed lines that are refused: with the line, and a button for each correction."""

from collections.abc import Iterator
from dataclasses import replace

from sqlmodel import Session

from bot.command.slack_text import corrected_text, retyped_text
from bot.domain.errors import Offer, StateError, UserError
from bot.slack.blocks.commands.typed_line import MAX_OFFERS, offer_label, refusal_message
from bot.slack.blocks.limits import BUTTON_TEXT, one_line
from bot.slack.handlers.commands.command_questions import MAX_VALUE, CommandQuestion
from bot.slack.handlers.registry import Answer
from bot.slack.replies.render import escape_markup, render_ephemeral
from bot.store.incidents import incident_lists
from bot.store.incidents.visibility import Visibility

COMMAND = "/incident"
SHORT_LINE = 4
"""Words of a line, its command included, that are typed again faster than copied."""


def render_refusal(problem: UserError, typed: CommandQuestion, *, with_line: bool = True) -> Answer:
    """
    Render a refusal of a typed line; Slack has cleared the field in which it was typed.

    `with_line`: off for a line that only reads, which is not worth repeating. Nor is a short one that fails again.
    """
    is_final = isinstance(problem, StateError)
    is_kept = with_line and not (is_final and len(typed.text.split()) <= SHORT_LINE)
    line = _whole_line(typed.text) if is_kept else ""
    offers = list(_offers(problem, typed))[:MAX_OFFERS]
    reason = escape_markup(f":warning: {problem.message}")
    # Where an offer only adds to the word, the word itself is right.
    is_right = any(each.text.startswith(f"{problem.mistake} ") for each in problem.offers)
    mistake = "" if is_right else problem.mistake
    message = refusal_message(reason, line, mistake=mistake, offers=offers, can_be_repeated=not is_final)
    return render_ephemeral(message)


def with_open_incidents(session: Session, visibility: Visibility, problem: UserError) -> UserError:
    """The same refusal with an offer to name each of the open incidents."""
    seen = visibility.filter(incident_lists.find_open(session, visibility.team_id))
    if not seen:
        return UserError(f"{problem.message} No incident is open.")
    more = f" {len(seen)} incidents are open; `/incident list` has all." if len(seen) > MAX_OFFERS else ""
    offers = [
        Offer(f"{problem.mistake} {each.reference}", label=one_line(f"{each.reference} {each.title}", BUTTON_TEXT))
        for each in seen[:MAX_OFFERS]
    ]
    return UserError(f"{problem.message}{more}", mistake=problem.mistake, offers=offers)


def render_outage(text: str, typed_text: str) -> Answer:
    """Render that a line could not be run, because the database is away."""
    return render_ephemeral(refusal_message(escape_markup(text), _whole_line(typed_text)))


def _whole_line(text: str) -> str:
    """The line as it can be typed again; empty for `/incident` alone."""
    typed = retyped_text(text).strip()
    return f"{COMMAND} {typed}" if typed else ""


def _offers(problem: UserError, typed: CommandQuestion) -> Iterator[tuple[str, str]]:
    """Label and value of a button for each correction that can be typed in place of the mistake."""
    for each in problem.offers if typed.trigger_id else ():
        text = corrected_text(typed.text, problem.mistake, each.text)
        if text is None:
            continue
        is_kept = each.text == problem.mistake
        value = typed.button_value(each.text, each.text) if is_kept else replace(typed, text=text).value
        if len(value) <= MAX_VALUE:
            yield each.label or offer_label(_whole_line(text)), value
