"""Languages that the postmortem lacks, and texts that are older in one language than in another."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from bot.domain.findings.common import existing, refs_of, standing
from bot.domain.findings.finding import Finding, LanguageName, Value
from bot.domain.record.model import Record, Statement, Update
from bot.domain.terms import Kind, UpdateState

MISSING = "language-missing"
OUTDATED = "language-outdated"
BESIDE = timedelta(minutes=10)
"""Who writes in several languages does so one after the other."""


def language_missing(record: Record) -> Iterator[Finding]:
    """
    Languages in which the public was told, or in which the incident has a title, and in which there is no postmortem;
    languages that the last update lacks; causes and impacts that are stated in one language of the document only.

    Silent about texts in no stated language: they may be meant for every reader.
    """
    documents = _documents(record)
    told = [update for update in record.updates if update.state is not UpdateState.POSTMORTEM]
    published = _last(record, UpdateState.POSTMORTEM)
    titles = list(record.incident.titles) if published else []
    yield from _lacking(record, _by_language(told), titles, documents, published)
    if len(told) > 1:
        yield from _lacking(record, _by_language(told[:-1]), [], told[-1].languages, told[-1], "update")
    for variant, statements in (("impact", record.impacts), ("cause", record.causes)):
        stated = {statement.language or "": [statement.source.ref] for statement in statements}
        if "" not in stated and _bases(documents) & _bases(stated):
            missing = {code: [ref for refs in stated.values() for ref in refs] for code in documents}
            yield from _lacking(record, missing, [], list(stated), None, variant)


def _by_language(updates: Iterable[Update]) -> dict[str, list[str]]:
    """The refs of the updates in each language, the languages in the order in which they came."""
    found: dict[str, list[str]] = {}
    for update in updates:
        is_one_each = len(update.sources) == len(update.languages)
        for place, code in enumerate(update.languages):
            sources = update.sources[place : place + 1] if is_one_each else update.sources
            found.setdefault(code, []).extend(source.ref for source in sources)
    return found


def _documents(record: Record) -> Sequence[str]:
    """The languages of the published postmortem, else the incident's."""
    published = _last(record, UpdateState.POSTMORTEM)
    return published.languages if published and published.languages else record.incident.languages


def _last(record: Record, state: UpdateState) -> Update | None:
    return next((update for update in reversed(record.updates) if update.state is state), None)


def _base(code: str) -> str:
    return code.replace("_", "-").partition("-")[0].casefold()


def _bases(codes: Iterable[str]) -> frozenset[str]:
    return frozenset(_base(code) for code in codes if code)


def _lacking(
    record: Record,
    wanted: Mapping[str, Sequence[str]],
    others: Iterable[str],
    present: Iterable[str],
    there: Update | None,
    variant: str = "",
) -> Iterator[Finding]:
    """
    Which of the languages `wanted` (with the refs that show each) and `others` are not among those `present`.

    `there` is where they are missing. `pt-BR` is present where `pt` is. Nothing is missing where nobody said which
    languages there are.
    """
    have = _bases(present)
    missing = [code for code in dict.fromkeys([*wanted, *others]) if code and _base(code) not in have]
    refs = [source.ref for source in there.sources] if there else []
    refs += [ref for code in missing for ref in wanted.get(code, ())[:2]]
    named = existing(refs_of(record), refs)
    if have and missing and named:
        yield Finding(MISSING, named, {"languages": tuple(LanguageName(code) for code in missing)}, variant)


def language_outdated(record: Record) -> Iterator[Finding]:
    """
    An impact or a cause that was stated anew in one language, while another language still has what was said before.

    Silent within ten minutes, where nothing was stated twice, and about statements in no stated language.
    """
    times = Counter((kind, entry.language or "") for entry in standing(record) if entry.text for kind in entry.kinds)
    for variant, kind, statements in (("impact", Kind.IMPACT, record.impacts), ("cause", Kind.CAUSE, record.causes)):
        known = [statement for statement in statements if statement.language]
        newest = max(known, key=lambda each: each.at, default=None)
        if newest is None or times[kind, newest.language or ""] < 2:
            continue
        yield from _older(record, known, newest, variant)


def _older(record: Record, known: Sequence[Statement], newest: Statement, variant: str) -> Iterator[Finding]:
    older = [each for each in known if newest.at - each.at > BESIDE]
    refs = existing(refs_of(record), [*(each.source.ref for each in older), newest.source.ref])
    if older and refs:
        names = tuple(LanguageName(each.language or "") for each in older)
        values: dict[str, Value] = {"languages": names, "newest": LanguageName(newest.language or ""), "at": newest.at}
        yield Finding(OUTDATED, refs, values, variant)
