"""
Findings: what a careful reviewer of the record would object to, found by rule. They are advice and block nothing.

Each rule is a pure function from the record to findings, in a file of its own; `RULES` is the table of all of them.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType

from bot.domain.findings.finding import Finding
from bot.domain.record import Record

__all__ = ["RULES", "Finding", "find"]

Rule = Callable[[Record], Iterable[Finding]]

RULES: Mapping[str, Rule] = MappingProxyType({})
"""By code, in the order in which a reviewer reads them."""


def find(record: Record, *, off: Collection[str] = ()) -> tuple[Finding, ...]:
    """What the rules object to, but for the codes in `off`. The same record gives the same findings."""
    return tuple(found for code, rule in RULES.items() if code not in off for found in rule(record))
