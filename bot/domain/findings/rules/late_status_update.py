"""A public word that came later than the timeline says."""

import re
from collections.abc import Iterator
from datetime import timedelta

from bot.domain.findings.common import standing, timed
from bot.domain.findings.finding import Finding
from bot.domain.record.model import Record
from bot.domain.terms import Kind, Precision, UpdateState

CODE = "public-word-late"
LATE = timedelta(minutes=5)
LONGEST = 12
"""Words: who only notes that the public was told is brief."""
_PAGE = re.compile(
    r"status[\s-]?(?:page|seite)|page (?:de statut|d['’]état)|pagina (?:di stato|dello stato)|"
    r"página de (?:estado|status)",
    re.IGNORECASE,
)
_DONE = re.compile(
    r"communicat|posted|published|publi[éc]|updated|informed|mise? à jour|"
    r"veröffentlicht|aktualisiert|informiert|"
    r"comunica|aggiornat|pubblicat|publicad|actualizad|atualizad",
    re.IGNORECASE,
)
_TO_COME = re.compile(
    r"\?|\b(?:not|no|never|will|shall|should|need|must|let['’]s|can|please|ask|prepar\w*|draft\w*|todo|to do|soon|next|"
    r"going to|waiting|pas|faut|préparer|va|non|dovremmo|nicht|noch|muss|sollte\w*|bitte|hay que|debe\w*|não|"
    r"deve\w*|precisa\w*)\b",
    re.IGNORECASE,
)


def public_word_late(record: Record) -> Iterator[Finding]:
    """
    An entry that says the status page told of it, and a first public update that came more than five minutes later.

    Silent where no public update is recorded, about long texts, and about texts that ask for it, plan it or deny it.
    """
    told = [
        (update.published_at, update)
        for update in record.updates
        if update.published_at is not None and update.state is not UpdateState.POSTMORTEM
    ]
    if not told:
        return
    first_at, first = min(told, key=lambda each: each[0])
    for entry, at in timed(standing(record)):
        if entry.public is not None or entry.precision is not Precision.EXACT or first_at - at <= LATE:
            continue
        if Kind.IMPROVEMENT not in entry.kinds and Kind.TASK not in entry.kinds and _claims(entry.text):
            refs = (entry.source.ref, *(source.ref for source in first.sources[:1]))
            yield Finding(CODE, tuple(dict.fromkeys(refs)), {"claimed": at, "published": first_at})
            return


def _claims(text: str) -> bool:
    if not text or len(text) > 200 or _PAGE.search(text) is None or len(text.split()) > LONGEST:
        return False
    return _DONE.search(text) is not None and _TO_COME.search(text) is None
