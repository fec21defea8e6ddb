"""A cause that nothing else in the record supports, or that the public was told otherwise."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from bot.domain.findings.causes_in_text import are_other_causes, is_cause_unknown, name_cause
from bot.domain.findings.common import active_entries, existing_refs, known_refs, update_sources
from bot.domain.findings.finding import Finding, Quote, Value
from bot.domain.findings.similarity import content_stems, guess_language, words_in
from bot.domain.findings.word_groups import COARSE, cause_groups, cause_stems
from bot.domain.record.model import Entry, Record
from bot.domain.terms import Kind, UpdateState
from bot.domain.text.lazy_pattern import LazyPattern
from bot.lazy_dataclass import dataclass

CODE = "cause-unsupported"
PUBLIC = "public-cause-conflict"
MIN_ENTRIES = 3
"""With fewer entries nobody can say that the record is about something else."""
MIN_WORDS = 3
MIN_LETTERS = 4
WRITING_TIME = timedelta(minutes=10)
"""A text for the public can be this much behind what the responders know."""
MIN_GROUPS = 2
"""Kinds of causes that a cause shares with the evidence, where they have no telling word in common."""
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
_ROLLED_BACK = LazyPattern(
    r"\broll(?:ed|ing)?[ -]?backs?\b|\brevert|retour arrière|zurückgerollt|zurückgesetzt|ripristinata la versione|"
    r"vuelta atrás|reversão",
    re.IGNORECASE,
)
_CHANGES = frozenset({"deployment", "configuration", "code"})
_BY_OTHERS = frozenset({"provider", "attack"})


@dataclass(frozen=True, slots=True)
class _PublicText:
    text: str
    at: datetime
    refs: tuple[str, ...]


def check_cause_unsupported(record: Record) -> Iterator[Finding]:
    """
    Find a stated cause that no evidence supports.

    It is supported by a common word that is neither generic nor in the title, by two kinds of causes in common or half
    of them, a change by a rollback, a vendor's fault by the vendor's answer. Silent with fewer than three entries of
    evidence, where the cause is in another or in an unknown language, where one of several causes is supported, and
    where it is a link or a few words.
    """
    if not record.causes:
        return
    own = {statement.source.ref for statement in record.causes}
    evidence = [
        entry
        for entry in active_entries(record)
        if entry.text and entry.source.ref not in own and not EVIDENCE.isdisjoint(entry.kinds)
    ]
    if len(evidence) < MIN_ENTRIES:
        return
    if any(_content_words(statement.text) < MIN_WORDS for statement in record.causes):
        return
    if any(_is_supported(each.text, evidence, record) for each in record.causes):
        return
    language, known = _evidence_language(evidence), known_refs(record)
    for statement in record.causes:
        is_comparable = language is not None and guess_language(words_in(statement.text)) == language
        if statement.source.ref in known and is_comparable:
            yield Finding(CODE, (statement.source.ref,), {"text": Quote(statement.text)})


def _content_words(text: str) -> int:
    return len({word for word in content_stems(text) if len(word) >= MIN_LETTERS})


def _is_supported(cause: str, evidence: Sequence[Entry], record: Record) -> bool:
    incident = record.incident
    stems = cause_stems(cause) - cause_stems(" ".join([*incident.titles.values(), *incident.services]))
    groups = cause_groups(cause)
    if not (stems or groups) or _is_tied(groups, evidence, record):
        return True
    shared: set[str] = set()
    for text in _evidence_texts(evidence, record):
        if not stems.isdisjoint(cause_stems(text)):
            return True
        shared |= groups & cause_groups(text)
    return len(shared) >= MIN_GROUPS or (bool(shared - COARSE) and len(shared) * 2 >= len(groups))


def _is_tied(groups: frozenset[str], evidence: Sequence[Entry], record: Record) -> bool:
    """Return whether a rollback or a vendor's answer fits the kind of the cause."""
    if not groups.isdisjoint(_BY_OTHERS):
        return "provider" in groups and any(each.external and each.is_answered for each in record.escalations)
    return not groups.isdisjoint(_CHANGES) and any(
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

    Only the last update that speaks of the cause counts; one that calls it unknown, if it is the last of all or came
    after the cause was stated. Silent where the words belong to no known kinds of causes or to related ones, and
    about an unknown cause once the postmortem is published.
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
        if named and not stated and _should_have_known(record, text):
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


def _should_have_known(record: Record, text: _PublicText) -> bool:
    """Return whether the cause was known before the text, or the text is the public's last one."""
    if any(each.state is UpdateState.POSTMORTEM for each in record.updates):
        return False
    last = max((each.published_at for each in record.updates if each.published_at is not None), default=text.at)
    identified = record.incident.identified
    known = [each.at for each in record.causes] + ([identified.at + WRITING_TIME] if identified else [])
    return text.at >= last or text.at >= min(known)
