"""Languages that the postmortem lacks, and texts that are older in one language than in another."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from bot.domain.findings.common import existing, standing
from bot.domain.findings.finding import Finding, LanguageName
from bot.domain.record import Record, Statement, Update
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
    if any(update.state is UpdateState.POSTMORTEM for update in record.updates):
        promised = [*(code for update in told for code in update.languages), *record.incident.titles]
        refs = [_last(record, UpdateState.POSTMORTEM), *told]
        yield from _lacking(record, promised, documents, [source.ref for each in refs if each for source in each.sources])
    elif told:
        promised = [code for update in told for code in update.languages]
        yield from _lacking(record, promised, documents, [source.ref for each in told for source in each.sources])
    if len(told) > 1:
        promised = [code for update in told[:-1] for code in update.languages]
        refs_of_last = [source.ref for source in told[-1].sources]
        yield from _lacking(record, promised, told[-1].languages, refs_of_last, "update")
    for variant, statements in (("impact", record.impacts), ("cause", record.causes)):
        codes = [statement.language for statement in statements]
        if codes and None not in codes and "" not in codes and _bases(documents) & _bases(each or "" for each in codes):
            refs_of_it = [statement.source.ref for statement in statements]
            stated = [code for code in codes if code]
            yield from _lacking(record, documents, stated, refs_of_it, variant)


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
    record: Record, wanted: Iterable[str], present: Sequence[str], refs: Iterable[str], variant: str = ""
) -> Iterator[Finding]:
    """`pt-BR` is there where `pt` is. Nothing is missing where nobody said which languages there are."""
    have = _bases(present)
    missing = [code for code in dict.fromkeys(wanted) if code and _base(code) not in have]
    named = existing(record, refs)
    if have and missing and named:
        yield Finding(MISSING, named, {"languages": tuple(LanguageName(code) for code in missing)}, variant)


def language_outdated(record: Record) -> Iterator[Finding]:
    """
    An impact or a cause that was stated anew in one language, while another language still has what was said before.

    Silent within ten minutes, where nothing was stated twice, and about statements in no stated language.
    """
    times = Counter(
        (kind, entry.language) for entry in standing(record) if entry.language and entry.text for kind in entry.kinds
    )
    for variant, kind, statements in (
        ("impact", Kind.IMPACT, record.impacts),
        ("cause", Kind.CAUSE, record.causes),
    ):
        known = [statement for statement in statements if statement.language]
        newest = max(known, key=lambda each: each.at, default=None)
        if newest is None or times[kind, newest.language] < 2:
            continue
        yield from _older(record, known, newest, variant)


def _older(record: Record, known: Sequence[Statement], newest: Statement, variant: str) -> Iterator[Finding]:
    older = [each for each in known if newest.at - each.at > BESIDE]
    refs = existing(record, [*(each.source.ref for each in older), newest.source.ref])
    if older and refs:
        names = tuple(LanguageName(each.language or "") for each in older)
        values = {"languages": names, "newest": LanguageName(newest.language or ""), "at": newest.at}
        yield Finding(OUTDATED, refs, values, variant)
