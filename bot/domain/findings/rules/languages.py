"""Missing languages, and texts that are outdated in one language."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from bot.domain.findings.common import active_entries, existing_refs, known_refs
from bot.domain.findings.finding import Finding, LanguageName, Value
from bot.domain.languages import base_language
from bot.domain.record.model import Action, Entry, Record, Statement, Update
from bot.domain.terms import Kind, UpdateState

MISSING = "language-missing"
OUTDATED = "language-outdated"
SAME_TIME = timedelta(minutes=10)
"""Versions in several languages are written one after the other."""


def check_language_missing(record: Record) -> Iterator[Finding]:
    """
    Find languages that are missing.

    The postmortem needs those of the public updates and titles, the last update those of the earlier ones, impact and
    cause those of the document, and so do entries and tasks. Silent about texts in no stated language: they may be for
    every reader.
    """
    documents = _document_languages(record)
    updates = [update for update in record.updates if update.state is not UpdateState.POSTMORTEM]
    published = _last_update(record, UpdateState.POSTMORTEM)
    told = _by_language(updates)
    yield from _missing_languages(record, told, documents, published)
    if published:
        titles: dict[str, list[str]] = {code: [] for code in record.incident.titles if code not in told}
        yield from _missing_languages(record, titles, documents, published, "title")
    if len(updates) > 1:
        last = updates[-1]
        yield from _missing_languages(record, _by_language(updates[:-1]), last.languages, last, "update")
    for variant, statements in (("impact", record.impacts), ("cause", record.causes)):
        stated = {statement.language or "": [statement.source.ref] for statement in statements}
        if "" not in stated and _base_languages(documents) & _base_languages(stated):
            missing = {code: [ref for refs in stated.values() for ref in refs] for code in documents}
            yield from _missing_languages(record, missing, list(stated), None, variant)
    yield from _untranslated(record, documents)


ELSEWHERE = frozenset({Kind.IMPACT, Kind.TASK, Kind.IMPROVEMENT, Kind.DETAILS, Kind.DECLARED})
"""Kinds of entries whose words are judged as a statement, an action item, or the title."""


def _untranslated(record: Record, documents: Sequence[str]) -> Iterator[Finding]:
    """Find the rows and the action items whose words are not in every language of the document."""
    published = {source.ref for update in record.updates for source in update.sources}
    stated = {cause.source.ref for cause in record.causes}
    rows = [
        entry
        for entry in active_entries(record)
        if entry.language is not None
        and entry.text
        and entry.fact is None
        and entry.source.ref not in published | stated
        and ELSEWHERE.isdisjoint(entry.kinds)
    ]
    groups: tuple[tuple[str, Sequence[Entry | Action]], ...] = (("entry", rows), ("action", record.actions))
    for variant, items in groups:
        missing: dict[str, list[str]] = {}
        for each in items:
            for code in _missing_words(each, documents):
                missing.setdefault(code, []).append(each.source.ref)
        if missing:
            refs = existing_refs(known_refs(record), [ref for found in missing.values() for ref in found])
            yield Finding(MISSING, refs, {"languages": tuple(map(LanguageName, missing))}, variant)


def _missing_words(item: Entry | Action, documents: Sequence[str]) -> list[str]:
    """The languages of the documents in which an item of a stated language has no words."""
    if item.language is None:
        return []
    have = _base_languages([item.language, *(each.language for each in item.translations)])
    return [code for code in documents if base_language(code) not in have]


def _by_language(updates: Iterable[Update]) -> dict[str, list[str]]:
    """The refs of the updates by language."""
    found: dict[str, list[str]] = {}
    for update in updates:
        is_one_each = len(update.sources) == len(update.languages)
        for index, code in enumerate(update.languages):
            sources = update.sources[index : index + 1] if is_one_each else update.sources
            found.setdefault(code, []).extend(source.ref for source in sources)
    return found


def _document_languages(record: Record) -> Sequence[str]:
    """The languages of the published postmortem, else the incident's."""
    published = _last_update(record, UpdateState.POSTMORTEM)
    return published.languages if published and published.languages else record.incident.languages


def _last_update(record: Record, state: UpdateState) -> Update | None:
    return next((update for update in reversed(record.updates) if update.state is state), None)


def _base_languages(codes: Iterable[str]) -> frozenset[str]:
    return frozenset(base_language(code) for code in codes if code)


def _missing_languages(
    record: Record,
    wanted: Mapping[str, Sequence[str]],
    present: Iterable[str],
    update: Update | None,
    variant: str = "",
) -> Iterator[Finding]:
    """
    Report languages of `wanted` that are not `present`.

    `wanted` has the refs that show each, `update` is the update that lacks them. `pt` covers `pt-BR`. Nothing is
    missing if no present language is stated.
    """
    have = _base_languages(present)
    missing = [code for code in wanted if code and base_language(code) not in have]
    refs = [source.ref for source in update.sources] if update else []
    refs += [ref for code in missing for ref in wanted.get(code, ())[:2]]
    named = existing_refs(known_refs(record), refs) if have and missing else ()
    if named:
        yield Finding(MISSING, named, {"languages": tuple(LanguageName(code) for code in missing)}, variant)


def check_language_outdated(record: Record) -> Iterator[Finding]:
    """
    Find impacts and causes that were changed in one language and not in another.

    Silent within ten minutes, where nothing was stated twice, and about texts in no stated language.
    """
    for variant, kind, statements in (("impact", Kind.IMPACT, record.impacts), ("cause", Kind.CAUSE, record.causes)):
        known = [statement for statement in statements if statement.language]
        newest = max(known, key=lambda each: each.at, default=None)
        if newest is not None and _is_stated_twice(record, kind, newest.language):
            yield from _outdated_languages(record, known, newest, variant)


def _is_stated_twice(record: Record, kind: Kind, language: str | None) -> bool:
    entries = active_entries(record)
    return sum(kind in entry.kinds and entry.language == language and bool(entry.text) for entry in entries) > 1


def _outdated_languages(
    record: Record, known: Sequence[Statement], newest: Statement, variant: str
) -> Iterator[Finding]:
    older = [each for each in known if newest.at - each.at > SAME_TIME]
    refs = existing_refs(known_refs(record), [*(each.source.ref for each in older), newest.source.ref])
    if older and refs:
        names = tuple(LanguageName(each.language or "") for each in older)
        values: dict[str, Value] = {"languages": names, "newest": LanguageName(newest.language or ""), "at": newest.at}
        yield Finding(OUTDATED, refs, values, variant)
