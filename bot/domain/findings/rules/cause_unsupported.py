"""A cause that nothing else in the record speaks of."""

from collections.abc import Iterator, Sequence

from bot.domain.findings.common import refs_of, standing
from bot.domain.findings.finding import Finding, Quote
from bot.domain.findings.similarity import language_of, stems_of, words_of
from bot.domain.record.model import Entry, Record
from bot.domain.terms import Kind

CODE = "cause-unsupported"
FEWEST_ENTRIES = 3
"""With less to support it nobody can say that the record speaks of something else."""
FEWEST_WORDS = 3
SHORTEST_WORD = 4
EVIDENCE = frozenset(
    {
        Kind.INVESTIGATION,
        Kind.HYPOTHESIS,
        Kind.CAUSE,
        Kind.ACTION,
        Kind.ROLLBACK,
        Kind.FIXED,
        Kind.MISLEADING_PATH,
        Kind.RULED_OUT,
        Kind.DETECTION,
        Kind.NOTE,
        Kind.IMPACT_BEGAN,
    }
)


def cause_unsupported(record: Record) -> Iterator[Finding]:
    """
    A stated cause that shares no word of four letters or more with any entry that tells what was seen or done.

    Silent with fewer than three such entries, where the cause is in another language than they are or in one that is
    not known here, where one of several causes is supported, and where the cause is a link or a handful of words.
    """
    own = {statement.source.ref for statement in record.causes}
    evidence = [
        entry
        for entry in standing(record)
        if entry.text and entry.source.ref not in own and not EVIDENCE.isdisjoint(entry.kinds)
    ]
    if not record.causes or len(evidence) < FEWEST_ENTRIES:
        return
    causes = [(statement, _telling(statement.text)) for statement in record.causes]
    wanted = frozenset().union(*(stems for _, stems in causes))
    if any(len(stems) < FEWEST_WORDS for _, stems in causes) or _is_shared(wanted, evidence, record):
        return
    spoken, known = _language(evidence), refs_of(record)
    for statement, _ in causes:
        if statement.source.ref not in known:
            continue
        if spoken is not None and language_of(words_of(statement.text)) == spoken:
            yield Finding(CODE, (statement.source.ref,), {"text": Quote(statement.text)})


def _telling(text: str) -> frozenset[str]:
    return frozenset(word for word in stems_of(text) if len(word) >= SHORTEST_WORD)


def _is_shared(wanted: frozenset[str], evidence: Sequence[Entry], record: Record) -> bool:
    said = [entry.text for entry in evidence]
    said += [text for alert in record.alerts for text in alert.annotations.values()]
    said += [each.reason for each in record.escalations]
    return any(not wanted.isdisjoint(_telling(text)) for text in said)


def _language(evidence: Sequence[Entry]) -> str | None:
    return language_of([word for entry in evidence[:100] for word in words_of(entry.text)])
