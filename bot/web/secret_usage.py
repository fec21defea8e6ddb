"""Track which of several secrets a sender uses, so that an operator can retire the old one."""

from collections.abc import Callable
from datetime import datetime

from structlog import get_logger

from bot.lazy_dataclass import dataclass
from bot.runtime.metrics import PROOFS

log = get_logger(__name__)

ORDINALS = ("first", "second", "third", "fourth")
LATER = "later"


@dataclass(frozen=True, slots=True)
class SecretUse:
    """The last use of one of several secrets of a sender. `number` counts from 1."""

    sender: str
    number: int
    at: datetime


class SecretUsage:
    """Counter of uses of each secret since the start of the process. The first use is logged."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._seen: set[tuple[str, str, int]] = set()
        self._last: dict[tuple[str, int], datetime] = {}

    def last_uses(self) -> list[SecretUse]:
        """The last use of each secret that was used, by sender."""
        return [SecretUse(sender, index + 1, at) for (sender, index), at in sorted(self._last.items())]

    def record(self, sender: str, index: int, *, of: int) -> None:
        """`index`: from 0, in the order of configuration; `of`: number of configured secrets."""
        which = ORDINALS[index] if index < len(ORDINALS) else LATER
        PROOFS.labels(sender, which).inc()
        self._last[sender, index] = self._now()
        if (sender, which, of) not in self._seen:
            self._seen.add((sender, which, of))
            log.info("secret used for the first time", sender=sender, which=which, of=of)
