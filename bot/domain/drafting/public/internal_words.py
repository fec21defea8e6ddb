"""Search for internal words in a text: the last check before it may leave."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from bot.domain.drafting.public.addresses import record_hosts
from bot.domain.drafting.public.model import PublicPolicy
from bot.domain.drafting.public.people import NameIndex
from bot.domain.record.model import Alert, Record
from bot.domain.terms import Severity
from bot.domain.text.normalize import normalize

SHORTEST = 4
"""Characters of a label or of a channel's name that count by themselves."""
_FORMATTING = dict.fromkeys(map(ord, "*~`"))
_INVISIBLE = frozenset({"Cf", "Mn", "Me"})
_FIXED_SEVERITY = re.compile(r"(?<!\w)sev[\s_-]?[1-4](?!\d)")


def fold(text: str) -> str:
    """Text for search: one case, no accents, no formatting, no invisible signs, single blanks."""
    text = text.translate(_FORMATTING)
    signs = normalize("NFKD", normalize("NFKC", text).casefold())
    return " ".join("".join(sign for sign in signs if unicodedata.category(sign) not in _INVISIBLE).split())


class InternalWords:
    """The words of one record that must not leave, with what they are."""

    def __init__(self, record: Record, policy: PublicPolicy, names: NameIndex) -> None:
        channels = [*policy.channels, record.incident.channel_name or ""]
        self._anywhere = [
            *_named("the private word", policy.private_words),
            *_named("an alert's name or label", (word for alert in record.alerts for word in _alert_words(alert))),
            *_named("a channel's name", (name for name in channels if is_distinctive(name))),
            *_named("an internal address", (host for host in record_hosts(record) if not _is_public(host, policy))),
        ]
        labels = {record.incident.severity_label, *record.incident.severity_labels.values()}
        coded = (label for label in labels if any(sign.isdigit() for sign in label))
        self._as_word = [*_named("the severity", (*Severity, *coded)), *_named("a person's name", names.names)]

    def find_in(self, text: str) -> Iterator[tuple[str, str]]:
        """Kind and word of each internal word in a text."""
        searched = fold(text)
        yield from ((kind, shown) for kind, shown, word in self._anywhere if word in searched)
        for kind, shown, word in self._as_word:
            if word in searched and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", searched):
                yield kind, shown
        if (found := _FIXED_SEVERITY.search(searched)) and found[0].upper() not in set(Severity):
            yield "the severity", found[0]


def _named(kind: str, words: Iterable[str]) -> list[tuple[str, str, str]]:
    """Kind, word as written, and word for search."""
    folded = {fold(word): word for word in words}
    return [(kind, shown, word) for word, shown in folded.items() if word]


def _is_public(host: str, policy: PublicPolicy) -> bool:
    return any(host == each.lower() or host.endswith(f".{each.lower()}") for each in policy.hosts)


def _alert_words(alert: Alert) -> Iterator[str]:
    """Names and values that look like no word of a language, and labels with their values."""
    yield from (each for each in (alert.name, *alert.labels.values(), alert.fingerprint) if is_distinctive(each))
    for key, value in alert.labels.items():
        if key and value:
            yield from (f"{key}={value}", f'{key}="{value}"')


def is_distinctive(name: str) -> bool:
    """Return whether a text is an identifier: `CardsFail`, `eu_west`; not `e-commerce`."""
    if len(name) < SHORTEST or " " in name.strip():
        return False
    has_letter, has_digit = any(map(str.isalpha, name)), any(map(str.isdigit, name))
    has_mark = any(sign in name for sign in "_/:=.") and has_letter
    return has_mark or (has_letter and has_digit) or name.count("-") > 1 or bool(re.search(r"[a-z][A-Z]", name))
