"""
Causes in public updates: "due to a fault of our provider", "the cause is still unknown".

The patterns are for text without accents, in the six languages.
"""

import re
from collections.abc import Iterable
from itertools import chain

from bot.domain.findings.duration_vocabulary import INCIDENT
from bot.domain.findings.similarity import words_in
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
    r"(?<!\w)(?:(?:caused|triggered|brought about) by|due to|owing to|because of|as a result of|stem(?:s|med) from|"
    r"resulted from|traced (?:back )?to|(?:cause|reason|trigger) (?:is|was|turned out to be)|"
    r"en raison d(?:e|'|u|es)|a cause d(?:e|'|u|es)|du a|due a|liee?s? a|(?:causee?s?|provoquee?s?|declenchee?s?) par|"
    r"(?:cause|raison|origine) (?:est|etait|a ete)|a l'origine(?: de l'incident)?,|a pour origine|"
    r"wegen|aufgrund|infolge|(?:verursacht|ausgelost) (?:durch|von)|(?:lag|liegt) an|zuruckzufuhren auf|"
    r"(?:ursache|ausloser|grund)(?: dafur)? (?:ist|war)|"
    r"a causa d(?:i|el|ella|ell')|(?:causat|provocat)[oa] d(?:a|al|alla|all')|dovut[oa] a(?:l|lla|ll')?|"
    r"per colpa d(?:i|el|ella)|(?:causa|motivo|origine) (?:e|era|e stat[oa])|"
    r"debid[oa] a|a causa de|(?:causad|provocad)[oa] por|se deb(?:io|e) a|por culpa de|a raiz de|"
    r"(?:causa|motivo|origen) (?:es|fue|era|ha sido)|"
    r"por causa d[eao]|devido a|dev(?:eu|e)-se a|por conta d[eao]|em virtude d[eao]|"
    r"(?:causa|motivo|origem) (?:foi|e|era))"
    r"\s?(?P<cause>[^.,;!?]{4,160})",
    _FLAGS,
)
_CAUSED = LazyPattern(r"(?<!\w)durch\s(?P<cause>[^.,;!?]{4,100}?)\s(?:verursacht|ausgelost)(?!\w)", _FLAGS)
_LED_TO = LazyPattern(
    rf"(?:^|[.!?;]\s)(?P<cause>[^.,;!?]{{4,120}}?)\s(?:(?:has |had )?(?:led to|caused|triggered|resulted in)|"
    r"(?:a|avait) (?:cause|provoque|entraine)|fuhrte zu|verursachte|loste|ha (?:causato|provocato)|"
    r"(?:causo|provoco|ha (?:causado|provocado))|causou|provocou)\s"
    rf"(?:[\w']+\s){{0,3}}(?:d'|l')?{INCIDENT}(?!\w)",
    _FLAGS,
)
_NOT = LazyPattern(r"(?<!\w)(?:not|no|never|nicht|kein\w*|pas|non|nao|rather than|instead of)\s(?:\w+\s)?$", _FLAGS)
_LITTLE = r"\s(?:\w+\s){0,3}?"
_UNKNOWN = LazyPattern(
    rf"(?<!\w)(?:cause{_LITTLE}(?:unknown|unclear|under investigation|being investigated|"
    rf"not (?:yet )?(?:been )?(?:known|clear|identified|found|determined))|"
    r"(?:investigating|looking (?:into|for)|do not (?:yet )?know|don't (?:yet )?know) (?:what is )?"
    r"the (?:root |exact )?cause|unknown cause|"
    r"ne (?:connaissons|savons) pas (?:encore )?(?:la cause|l'origine)|"
    r"cause (?:n'est|n'a) pas (?:encore )?(?:ete )?\w+|"
    r"kennen (?:wir )?(?:die )?(?:genaue )?ursache (?:noch )?nicht|non (?:conosciamo|sappiamo) (?:ancora )?la causa|"
    r"no (?:conocemos|sabemos) (?:aun |todavia )?la causa|desconocemos (?:aun |todavia )?la causa|"
    r"nao (?:sabemos|conhecemos) (?:ainda )?a causa|desconhecemos (?:ainda )?a causa|"
    rf"causa{_LITTLE}(?:investigada|em investigacao|en investigacion|investigando|in corso di accertamento)|"
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
    for match in chain(_BECAUSE.finditer(folded), _CAUSED.finditer(folded), _LED_TO.finditer(folded)):
        if not _NOT.search(folded[: match.start()]):
            return line[match.start("cause") : match.end("cause")].strip(" ,:") if len(line) == len(folded) else ""
    return ""


def are_other_causes(stated: str, causes: Iterable[str]) -> bool:
    """Return whether `stated` is of another kind than all of the causes, without common words."""
    others = list(causes)
    groups = cause_groups(stated)
    recorded = frozenset().union(*(cause_groups(each) for each in others))
    if not groups or not recorded or not (groups | _first_groups(stated)).isdisjoint(recorded):
        return False
    return cause_stems(stated).isdisjoint(frozenset().union(*(cause_stems(each) for each in others)))


def _first_groups(stated: str) -> frozenset[str]:
    """The groups related to the first one named: "an attack on our network" is of an attack."""
    first = next((found for word in words_in(stated) if (found := cause_groups(word))), frozenset[str]())
    return _widen(first)


def _widen(groups: frozenset[str]) -> frozenset[str]:
    """The groups, with those that are related to one of them."""
    return groups.union(*(related for related in _RELATED if not related.isdisjoint(groups)))
