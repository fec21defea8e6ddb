"""A first public update that came later than the timeline says."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.domain.findings.common import active_entries, entries_with_time, existing_refs, known_refs
from bot.domain.findings.finding import Finding
from bot.domain.record.model import Record, Update
from bot.domain.terms import Kind, Precision, UpdateState
from bot.domain.text.lazy_pattern import LazyPattern

CODE = "public-word-late"
LATE = timedelta(minutes=5)
MAX_WORDS = 12
"""A note that the public was informed is brief."""
_STATUS_PAGE = LazyPattern(
    r"status[\s-]?(?:page|seite)|page (?:de statut|d['’]état)|pagina (?:di stato|dello stato)|"
    r"página de (?:estado|status)",
    re.IGNORECASE,
)
_DONE = LazyPattern(
    r"communicat|posted|published|publi[éc]|updated|informed|mise? à jour|"
    r"veröffentlicht|aktualisiert|informiert|"
    r"comunica|aggiornat|pubblicat|publicad|actualizad|atualizad",
    re.IGNORECASE,
)
_NOT_DONE = LazyPattern(
    r"\?|\b(?:not|no|never|will|shall|should|need|must|let['’]s|can|please|ask|prepar\w*|draft\w*|todo|to do|soon|next|"
    r"going to|waiting|pas|faut|préparer|va|non|dovremmo|nicht|noch|muss|sollte\w*|bitte|hay que|debe\w*|não|"
    r"deve\w*|precisa\w*)\b",
    re.IGNORECASE,
)


def check_late_status_update(record: Record) -> Iterator[Finding]:
    """
    Find a first public update long after the end, or after an entry about the status page.

    Long is more than five minutes. Silent where no public update is recorded, about long texts, and about requests,
    plans and denials.
    """
    published = [
        (update.published_at, update)
        for update in record.updates
        if update.published_at is not None and update.state is not UpdateState.POSTMORTEM
    ]
    if published:
        first_at, first = min(published, key=lambda each: each[0])
        yield from _earlier_claims(record, first_at, first)
        yield from _after_end(record, first_at, first)


def _after_end(record: Record, first_at: datetime, first: Update) -> Iterator[Finding]:
    end = record.incident.ended
    if end is None or {end.precision, first.precision} != {Precision.EXACT} or first_at - end.at <= LATE:
        return
    refs = existing_refs(known_refs(record), [*(source.ref for source in first.sources[:1]), end.source.ref])
    if refs:
        yield Finding(CODE, refs, {"published": first_at, "end": end.at}, variant="after_end")


def _earlier_claims(record: Record, first_at: datetime, first: Update) -> Iterator[Finding]:
    for entry, at in entries_with_time(active_entries(record)):
        if entry.public is not None or entry.precision is not Precision.EXACT or first_at - at <= LATE:
            continue
        if Kind.IMPROVEMENT not in entry.kinds and Kind.TASK not in entry.kinds and _claims_update(entry.text):
            refs = (entry.source.ref, *(source.ref for source in first.sources[:1]))
            yield Finding(CODE, tuple(dict.fromkeys(refs)), {"claimed": at, "published": first_at})
            return


def _claims_update(text: str) -> bool:
    if not text or len(text) > 200 or _STATUS_PAGE.search(text) is None or len(text.split()) > MAX_WORDS:
        return False
    return _DONE.search(text) is not None and _NOT_DONE.search(text) is None
