"""Findings that block a publication."""

from collections.abc import Collection, Iterator, Sequence

from bot.domain.findings.finding import Finding, LanguageName
from bot.domain.findings.rules.languages import MISSING, OUTDATED
from bot.domain.languages import base_language

INTERNAL_VARIANTS = frozenset({"entry", "action"})
"""Missing languages of what no public document contains: entries, tasks and improvements."""


def find_blocking(
    findings: Sequence[Finding], *, codes: Collection[str], languages: Sequence[str]
) -> Iterator[Finding]:
    """The findings with one of `codes`; those about languages if one of these is asked for."""
    asked = {base_language(code) for code in languages}
    for finding in findings:
        if finding.code not in codes or finding.variant in INTERNAL_VARIANTS:
            continue
        if finding.code not in {MISSING, OUTDATED} or asked & _named_languages(finding):
            yield finding


def _named_languages(finding: Finding) -> set[str]:
    named = finding.values.get("languages", ())
    values = named if isinstance(named, tuple) else (named,)
    return {base_language(value.code) for value in values if isinstance(value, LanguageName)}
