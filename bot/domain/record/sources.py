"""Sources of statements: the message, alert or command that each comes from."""

from datetime import datetime

from bot.domain.terms import Precision, SourceKind
from bot.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """
    Origin of a statement.

    `ref` is unique within the record and stable (`entry-12`, `alert-3`, `escalation-2`, `action-4`): it is the anchor
    on Dogwatch's own page. `link` is where a reader checks it: the message, the alert's generator, or that anchor.
    """

    kind: SourceKind
    ref: str
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """
    One of the incident's times.

    `because` names the rule that set it (`resolve at:`, `earliest alert`, …).
    """

    at: datetime
    because: str
    source: Source
    precision: Precision = Precision.EXACT
