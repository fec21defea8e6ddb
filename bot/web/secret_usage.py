"""Which of several secrets a sender used, so that an operator sees when the old one is out of use."""

from structlog import get_logger

from bot.runtime.metrics import PROOFS

log = get_logger(__name__)

ORDER = ("first", "second", "third", "fourth")
LATER = "later"


class Proofs:
    """Counts each use; logs the first one of each secret, because it tells how far a rotation has come."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, str, int]] = set()

    def note(self, sender: str, place: int, *, of: int) -> None:
        """`place` counts from 0, in the order in which the `of` values are configured."""
        which = ORDER[place] if place < len(ORDER) else LATER
        PROOFS.labels(sender, which).inc()
        if (sender, which, of) not in self._seen:
            self._seen.add((sender, which, of))
            log.info("a secret is in use", sender=sender, which=which, of=of)
