"""Track which of several secrets a sender uses, so that an operator can retire the old one."""

from structlog import get_logger

from bot.runtime.metrics import PROOFS

log = get_logger(__name__)

ORDINALS = ("first", "second", "third", "fourth")
LATER = "later"


class SecretUsage:
    """Counter of uses of each secret. The first use is logged."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, str, int]] = set()

    def record(self, sender: str, index: int, *, of: int) -> None:
        """`index`: from 0, in the order of configuration; `of`: number of configured secrets."""
        which = ORDINALS[index] if index < len(ORDINALS) else LATER
        PROOFS.labels(sender, which).inc()
        if (sender, which, of) not in self._seen:
            self._seen.add((sender, which, of))
            log.info("secret used for the first time", sender=sender, which=which, of=of)
