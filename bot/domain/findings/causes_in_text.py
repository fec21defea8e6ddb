"""
Causes in public updates: "due to a fault of our provider", "the cause is still unknown".

The patterns are for text without accents, in the six languages.
"""

import re
from collections.abc import Iterable
from itertools import chain

from bot.domain.findings.times_in_text import fold_text
from bot.domain.findings.word_groups import cause_groups, cause_stems
from bot.domain.text.lazy_pattern import LazyPattern

_RELATED = (
    frozenset({"deployment", "configuration", "code", "people"}),
    frozenset({"hardware", "disk", "memory", "processor", "power", "cluster"}),
    frozenset({"attack", "traffic"}),
    frozenset({"network", "provider"}),
)
"""Groups of causes that texts use for one another."""
_FLAGS = re.IGNORECASE
_BECAUSE = LazyPattern(
    r"(?<!\w)(?:caused by|due to|because of|as a result of|root cause (?:is|was)|cause (?:is|was)|"
    r"en raison d(?:e|'|u|es)|a cause d(?:e|'|u|es)|du a|due a|causee?s? par|provoquee?s? par|"
    r"wegen|aufgrund|verursacht (?:durch|von)|ursache (?:ist|war)|ausgelost durch|"
    r"a causa d(?:i|el|ella|ell')|causat[oa] da|dovut[oa] a|provocat[oa] da|"
    r"debido a|a causa de|causad[oa] por|provocad[oa] por|por causa d[eao]|devido a)\s?(?P<cause>[^.,;!?]{4,160})",
    _FLAGS,
)
_CAUSED = LazyPattern(r"(?<!\w)durch\s(?P<cause>[^.,;!?]{4,100}?)\s(?:verursacht|ausgelost)(?!\w)", _FLAGS)
_NOT = LazyPattern(r"(?<!\w)(?:not|no|never|nicht|kein\w*|pas|non|nao|rather than|instead of)\s(?:\w+\s)?$", _FLAGS)
_LITTLE = r"\s(?:\w+\s){0,3}?"
_UNKNOWN = LazyPattern(
    rf"(?<!\w)(?:cause{_LITTLE}(?:unknown|unclear|under investigation|being investigated|"
    rf"not (?:yet )?(?:been )?(?:known|clear|identified|found|determined))|"
    r"(?:investigating|looking (?:into|for)|do not (?:yet )?know|don't (?:yet )?know) (?:what is )?"
    r"the (?:root |exact )?cause|unknown cause|"
    rf"cause{_LITTLE}(?:inconnue|pas (?:encore )?(?:ete )?(?:connue|identifiee|etablie|trouvee))|"
    r"(?:recherchons|analysons|cherchons) (?:encore |toujours )?la cause|"
    rf"ursache{_LITTLE}(?:unbekannt|unklar|untersucht|ermittelt|nicht (?:bekannt|klar|geklart|gefunden))|"
    r"(?:untersuchen|suchen) (?:noch |weiter )?(?:nach der|die) ursache|"
    rf"causa{_LITTLE}(?:sconosciuta|ignota|non nota|non e (?:ancora )?(?:nota|chiara)|desconocida|"
    rf"no se conoce|desconhecida|"
    r"nao (?:e|foi) (?:ainda )?(?:conhecida|identificada))|"
    r"(?:indagando|investigando|cercando|buscando|procurando)\s(?:\w+\s)?(?:sulla |la |a )?causa)(?!\w)",
    _FLAGS,
)


def is_cause_unknown(text: str) -> bool:
    """Return whether the text says that the cause is unknown, or still looked for."""
    return _UNKNOWN.search(fold_text(text)) is not None


def name_cause(text: str) -> str:
    """The cause that a text names, in its own words; empty where it names none."""
    line = " ".join(text.split())
    folded = fold_text(line)
    if _UNKNOWN.search(folded):
        return ""
    for match in chain(_BECAUSE.finditer(folded), _CAUSED.finditer(folded)):
        if not _NOT.search(folded[: match.start()]):
            return line[match.start("cause") : match.end("cause")].strip(" ,:") if len(line) == len(folded) else ""
    return ""


def are_other_causes(stated: str, causes: Iterable[str]) -> bool:
    """Return whether `stated` is of another kind than all of the causes, without common words."""
    others = list(causes)
    groups = _widen(cause_groups(stated))
    recorded = _widen(frozenset().union(*(cause_groups(each) for each in others)))
    if not groups or not recorded or not groups.isdisjoint(recorded):
        return False
    return cause_stems(stated).isdisjoint(frozenset().union(*(cause_stems(each) for each in others)))


def _widen(groups: frozenset[str]) -> frozenset[str]:
    """The groups, with those that are related to one of them."""
    return groups.union(*(related for related in _RELATED if not related.isdisjoint(groups)))
