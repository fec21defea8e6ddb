"""Words that people type for a severity."""

import re
from collections.abc import Iterable, Mapping

from bot.domain.terms import Severity

PLAIN_WORDS: Mapping[str, Severity] = {
    word: severity
    for number, severity in enumerate(Severity, 1)
    for word in (f"sev{number}", f"sev-{number}", f"p{number}", f"s{number}", str(number))
}
"""Default words for the severities, casefolded."""


def build_severity_words(own: Mapping[Severity, Iterable[str]]) -> Mapping[str, Severity]:
    """
    Return all words for severities, casefolded.

    `own` has the workspace's words, labels first, which override the defaults. A label that ends in a number claims the
    number: where SEV1 is called P0, `0` means P0 and `1` the severity called P1.
    """
    words = dict(PLAIN_WORDS)
    for severity, names in own.items():
        words.update({found[0]: severity for name in names if (found := re.search(r"[0-9]+$", name.strip()))})
    for severity, names in own.items():
        words.update({name.strip().casefold(): severity for name in names})
    return words


def raw_severity_words(table: object) -> Mapping[str, Severity]:
    """Return the words of an unvalidated `[severities]` table; validation reports its errors."""
    own: dict[Severity, list[str]] = {}
    for key, entry in table.items() if isinstance(table, dict) else ():
        section = {"label": entry} if isinstance(entry, str) else entry
        if key in set(Severity) and isinstance(section, dict):
            words = section.get("words")
            names = [section.get("label"), *(words if isinstance(words, list) else [])]
            own[Severity(key)] = [name for name in names if isinstance(name, str)]
    return build_severity_words(own)
