"""A cause that nothing else in the record supports, or that the public was told otherwise."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.findings.causes_in_text import are_other_causes, is_cause_unknown, name_cause
from bot.domain.findings.common import active_entries, existing_refs, known_refs, update_sources
from bot.domain.findings.finding import Finding, Quote, Value
from bot.domain.findings.similarity import content_stems, guess_language, words_in
from bot.domain.findings.word_groups import cause_terms
from bot.domain.record.model import Entry, Record
from bot.domain.terms import Kind, UpdateState
from bot.domain.text.lazy_pattern import LazyPattern

CODE = "cause-unsupported"
PUBLIC = "public-cause-conflict"
MIN_ENTRIES = 3
"""With fewer entries nobody can say that the record is about something else."""
MIN_WORDS = 3
MIN_LETTERS = 4
COMMON_IN_ENTRY = 2
"""Terms that a cause shares with one entry that supports it."""
COMMON_IN_RECORD = 3
"""Terms that a cause shares with several entries that support it together."""
SHARE = 3
"""A cause of few terms is supported by a third of them, except by words of a change alone."""
EVIDENCE = frozenset(
    {
        Kind.INVESTIGATION,
        Kind.HYPOTHESIS,
        Kind.CAUSE,
        Kind.ACTION,
        Kind.ROLLBACK,
        Kind.FIXED,
        Kind.RULED_OUT,
        Kind.DETECTION,
        Kind.NOTE,
        Kind.IMPACT_BEGAN,
    }
)
"""A misleading path supports no cause."""
_COARSE = frozenset({"=deployment", "=people"})
"""Groups of words that many entries use of other things: "push updates"."""
_ROLLED_BACK = LazyPattern(
    r"\broll(?:ed|ing)?[ -]?backs?\b|\brevert|retour arrière|zurückgerollt|zurückgesetzt|ripristinata la versione|"
    r"vuelta atrás|reversão",
    re.IGNORECASE,
)
_CHANGES = frozenset({"=deployment", "=configuration", "=code"})
_BY_OTHERS = frozenset({"=provider", "=attack"})


@dataclass(frozen=True, slots=True)
class _PublicText:
    text: str
    at: datetime
    refs: tuple[str, ...]


def check_cause_unsupported(record: Record) -> Iterator[Finding]:
    """
    Find a stated cause that no evidence supports.

    An entry supports it that shares two terms with it, or a third of them; several do that share three together, or
    half of them. A change is supported by a rollback, a vendor's fault by the vendor's answer. Terms of the title are
    no support. Silent with fewer than three entries of evidence, where the cause is in another or in an unknown
    language, where one of several causes is supported, and where it is a link or a few words.
    """
    own = {statement.source.ref for statement in record.causes}
    evidence = [
        entry
        for entry in active_entries(record)
        if entry.text and entry.source.ref not in own and not EVIDENCE.isdisjoint(entry.kinds)
    ]
    if not record.causes or len(evidence) < MIN_ENTRIES:
        return
    if any(_content_words(statement.text) < MIN_WORDS for statement in record.causes):
        return
    if any(_is_supported(_own_terms(record, each.text), evidence, record) for each in record.causes):
        return
    language, known = _evidence_language(evidence), known_refs(record)
    for statement in record.causes:
        is_comparable = language is not None and guess_language(words_in(statement.text)) == language
        if statement.source.ref in known and is_comparable:
            yield Finding(CODE, (statement.source.ref,), {"text": Quote(statement.text)})


def _content_words(text: str) -> int:
    return len({word for word in content_stems(text) if len(word) >= MIN_LETTERS})


def _own_terms(record: Record, text: str) -> frozenset[str]:
    """The terms of a text that are not in the title or a service's name, unless nothing is left."""
    incident = record.incident
    common = cause_terms(" ".join([*incident.titles.values(), *incident.services]))
    terms = cause_terms(text)
    return terms - common or terms


def _is_supported(terms: frozenset[str], evidence: Sequence[Entry], record: Record) -> bool:
    if not terms or _is_tied(terms, evidence, record):
        return True
    shared: set[str] = set()
    for text in _evidence_texts(evidence, record):
        common = terms & cause_terms(text)
        shared |= common
        is_enough = len(common) >= COMMON_IN_ENTRY or len(shared) >= COMMON_IN_RECORD
        is_telling = bool(common - _COARSE) and len(common) * SHARE >= len(terms)
        if is_enough or is_telling or len(shared) * 2 >= len(terms):
            return True
    return False


def _is_tied(terms: frozenset[str], evidence: Sequence[Entry], record: Record) -> bool:
    """Return whether a rollback or a vendor's answer fits the kind of the cause."""
    if not terms.isdisjoint(_BY_OTHERS):
        return "=provider" in terms and any(each.external and each.is_answered for each in record.escalations)
    return not terms.isdisjoint(_CHANGES) and any(
        Kind.ROLLBACK in entry.kinds or _ROLLED_BACK.search(entry.text) for entry in evidence
    )


def _evidence_texts(evidence: Sequence[Entry], record: Record) -> Iterator[str]:
    yield from (entry.text for entry in evidence)
    yield from (text for alert in record.alerts for text in (alert.name, *alert.annotations.values()))
    yield from (each.reason for each in record.escalations)


def _evidence_language(evidence: Sequence[Entry]) -> str | None:
    return guess_language([word for entry in evidence[:100] for word in words_in(entry.text)])


def check_public_cause_conflict(record: Record) -> Iterator[Finding]:
    """
    Find public updates with another cause than the record, or without the recorded one.

    Only the last update that speaks of the cause counts. Silent where the words belong to no known kinds of causes or
    to related ones, and about an unknown cause once the postmortem is published.
    """
    told = [text for text in _public_texts(record) if name_cause(text.text) or is_cause_unknown(text.text)]
    if not record.causes or not told:
        return
    causes = [each.text for each in record.causes]
    refs = [each.source.ref for each in record.causes[:1]]
    last = [text for text in told if text.at == told[-1].at]
    values: dict[str, Value] = {"cause": Quote(causes[0])}
    for text in last:
        named = existing_refs(known_refs(record), [*text.refs, *refs])
        stated = name_cause(text.text)
        if named and stated and are_other_causes(stated, [*causes, *_marked_causes(record)]):
            yield Finding(PUBLIC, named, {"public": Quote(stated), **values})
            return
        if named and not stated and not _is_postmortem_published(record):
            yield Finding(PUBLIC, named, {**values, "published": text.at}, variant="unknown")
            return


def _public_texts(record: Record) -> list[_PublicText]:
    """The texts of the public updates, in order."""
    return [
        _PublicText(text, update.published_at, tuple(source.ref for source in update_sources(update, code)))
        for update in record.updates
        if update.published_at is not None
        for code, text in update.texts.items()
    ]


def _marked_causes(record: Record) -> list[str]:
    return [entry.text for entry in active_entries(record) if Kind.CAUSE in entry.kinds]


def _is_postmortem_published(record: Record) -> bool:
    return any(each.state is UpdateState.POSTMORTEM for each in record.updates)
