"""A cause that nothing else in the record mentions."""

from collections.abc import Iterator, Sequence

from bot.domain.findings.common import active_entries, known_refs
from bot.domain.findings.finding import Finding, Quote
from bot.domain.findings.similarity import content_stems, guess_language, words_in
from bot.domain.record.model import Entry, Record
from bot.domain.terms import Kind

CODE = "cause-unsupported"
MIN_ENTRIES = 3
"""With fewer entries nobody can say that the record is about something else."""
MIN_WORDS = 3
MIN_LETTERS = 4
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


def check_cause_unsupported(record: Record) -> Iterator[Finding]:
    """
    Find a stated cause that shares no word of four letters with any evidence.

    Silent with fewer than three such entries, where the cause is in another or in an unknown language, where one of
    several causes is supported, and where the cause is a link or a few words.
    """
    own = {statement.source.ref for statement in record.causes}
    evidence = [
        entry
        for entry in active_entries(record)
        if entry.text and entry.source.ref not in own and not EVIDENCE.isdisjoint(entry.kinds)
    ]
    if not record.causes or len(evidence) < MIN_ENTRIES:
        return
    causes = [(statement, _content_words(statement.text)) for statement in record.causes]
    wanted = frozenset().union(*(stems for _, stems in causes))
    if any(len(stems) < MIN_WORDS for _, stems in causes) or _is_shared(wanted, evidence, record):
        return
    language, known = _evidence_language(evidence), known_refs(record)
    for statement, _ in causes:
        if statement.source.ref not in known:
            continue
        if language is not None and guess_language(words_in(statement.text)) == language:
            yield Finding(CODE, (statement.source.ref,), {"text": Quote(statement.text)})


def _content_words(text: str) -> frozenset[str]:
    return frozenset(word for word in content_stems(text) if len(word) >= MIN_LETTERS)


def _is_shared(wanted: frozenset[str], evidence: Sequence[Entry], record: Record) -> bool:
    texts = [entry.text for entry in evidence]
    texts += [text for alert in record.alerts for text in alert.annotations.values()]
    texts += [each.reason for each in record.escalations]
    return any(not wanted.isdisjoint(_content_words(text)) for text in texts)


def _evidence_language(evidence: Sequence[Entry]) -> str | None:
    return guess_language([word for entry in evidence[:100] for word in words_in(entry.text)])
