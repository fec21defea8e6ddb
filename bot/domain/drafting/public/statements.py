"""Statements for the public: the one in a document's language, or why there is none."""

from collections.abc import Sequence

from bot.domain.drafting.annotations import localized_text
from bot.domain.drafting.public.model import Refusal
from bot.domain.languages import Language, base_language
from bot.domain.record.facts import REDACTED, CausedByChange, UsersAffected
from bot.domain.record.model import Incident, Record, Statement, Update
from bot.domain.terms import SourceKind, UpdateState

ENGLISH = "en"


def unstated_language(incident: Incident) -> str:
    """
    The language of texts in no stated one: the incident's only language.

    Empty if it has several: such a text can be in any of them.
    """
    known = {base_language(code) for code in incident.languages} or {ENGLISH}
    return known.pop() if len(known) == 1 else ""


def is_in_language(code: str | None, language: Language, incident: Incident) -> bool:
    return (base_language(code) if code else unstated_language(incident)) == base_language(language.code)


def choose_statement(
    noun: str, statements: Sequence[Statement], language: Language, record: Record
) -> Statement | Refusal | None:
    """
    The statement in this language. None if there is none in any language.

    A message of the channel or a tool's report of a change is no statement for the public, and one in another language
    is not shown.
    """
    stated = [each for each in statements if each.text.strip() and each.text != REDACTED]
    typed = [each for each in stated if each.source.kind is not SourceKind.MESSAGE and not _is_reported(each)]
    fitting = [each for each in typed if is_fitting(each, language, record.incident)]
    if fitting or not stated:
        return min(fitting, key=lambda each: not each.language, default=None)
    if noun == "resolution" and has_resolved_update(record, language):
        return None
    ref = (typed or stated)[0].source.ref
    if not typed:
        origin = "comes from a delivery tool" if _is_reported(stated[0]) else "is a message of the channel"
        return Refusal(f"{noun} ({ref})", f"{origin}. State it with a command.")
    name = language.language_name(language.code)
    return Refusal(f"{noun} ({ref})", f"is not stated in {_english_name(language, name)}.{_language_hint(typed)}")


def _is_reported(statement: Statement) -> bool:
    """Return whether the words are a tool's, with names and versions of internal systems."""
    return isinstance(statement.fact, CausedByChange)


def is_fitting(statement: Statement, language: Language, incident: Incident) -> bool:
    """Return whether a statement can be read in this language; a mere figure can in each."""
    is_figure = isinstance(statement.fact, UsersAffected)
    return is_figure or is_in_language(statement.language, language, incident)


def statement_text(statement: Statement, language: Language) -> str:
    return localized_text(statement.text, statement.fact, language)


def has_resolved_update(record: Record, language: Language) -> bool:
    """Return whether a status update told the resolution in this language."""
    told = (each for each in record.updates if each.state is UpdateState.RESOLVED)
    return any(update_text(each, language, record.incident) for each in told)


def update_text(update: Update, language: Language, incident: Incident) -> str:
    """The text of an update in this language; empty if it was not published in it."""
    texts = (text for code, text in update.texts.items() if is_in_language(code, language, incident))
    return next((text for text in texts if text != REDACTED), "")


def choose_title(language: Language, record: Record) -> str | Refusal:
    """The title in this language. A title from an alert is none for the public."""
    incident = record.incident
    titles = {code: title for code, title in incident.titles.items() if title.strip() and title != REDACTED}
    fitting = [title for code, title in titles.items() if is_in_language(code, language, incident)]
    if not fitting:
        name = _english_name(language, language.code)
        return Refusal("title", f"is missing in {name}. Add it: `/incident edit title:… lang:{language.code}`.")
    if _is_from_alert(record):
        return Refusal("title", "comes from an alert. Set one: `/incident edit title:…`.")
    return titles.get(language.code) or fitting[0]


def _is_from_alert(record: Record) -> bool:
    if record.incident.storm_title is not None:
        return True
    changed = {
        name.partition(".")[0] for entry in record.entries if entry.withdrawn_at is None for name, _ in entry.changes
    }
    return record.incident.declared.source.kind is SourceKind.ALERT and "title" not in changed


def _english_name(language: Language, default: str) -> str:
    return language.locale.get_display_name(ENGLISH) or default


def _language_hint(typed: Sequence[Statement]) -> str:
    if any(not each.language for each in typed):
        return " It has no stated language: state it again with `lang:`."
    return " State it with `lang:`."
