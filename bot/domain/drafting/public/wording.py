"""Wording of responders' texts for the public: roles for people, no internal addresses."""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from bot.domain.drafting.public.addresses import AddressPolicy, record_hosts, replace_addresses, trim_address
from bot.domain.drafting.public.internal_words import InternalWords, is_distinctive
from bot.domain.drafting.public.model import PublicPolicy
from bot.domain.drafting.public.people import RESPONDER, NameIndex, roles_by_person
from bot.domain.drafting.public.placeholders import Placeholders
from bot.domain.languages import Language
from bot.domain.record.model import Record
from bot.domain.text.mentions import MENTION
from bot.domain.text.mrkdwn.parser import Fence, parse_blocks
from bot.domain.text.mrkdwn.plain import render_plain_line
from bot.domain.text.normalize import normalize

ADDRESS_WORD, TICKET_WORD, CHANNEL_WORD, TEAM_WORD = "public_address", "public_ticket", "public_channel", "public_team"
_MARKUP = re.compile(r"<(?P<sign>[@#!])[^<>]*>")
_MARKUP_WORDS = {"@": f"public_role_{RESPONDER}", "#": CHANNEL_WORD, "!": TEAM_WORD}
_CHANNEL = re.compile(r"(?<!\w)#(?=[\w-]*[^\W\d_])[\w-]+")
_AT_WORD = re.compile(r"(?<!\w)@\w(?:[\w.-]*\w)?")
_SLACK_ID = re.compile(r"\b[UWCGDSBT](?=[A-Z0-9]*\d)[A-Z0-9]{7,}\b")
_TICKET = re.compile(r"\b(?P<project>[A-Z][A-Z0-9]{1,9})-\d+\b")
STANDARDS = frozenset(
    ["UTF", "SHA", "ISO", "RFC", "TLS", "SSL", "HTTP", "COVID", "IPV", "AES", "MD", "CVE", "UTC", "GMT"]
)
"""Names before a number that belong to no tracker: `UTF-8`."""
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs"})


class PublicText(NamedTuple):
    """A text that may leave if it has no `problems`: reasons like "has the severity “SEV1”"."""

    text: str
    problems: tuple[str, ...]


class PublicWording:
    """Rewords texts of one record in one language."""

    def __init__(self, record: Record, language: Language, policy: PublicPolicy) -> None:
        self._language = language
        self._roles = roles_by_person(record)
        self._names = NameIndex(record, policy)
        self._words = InternalWords(record, policy, self._names)
        self._addresses = AddressPolicy(policy.hosts, record_hosts(record))
        channels = [*policy.channels, record.incident.channel_name or ""]
        self._channels = _any_of(name for name in channels if is_distinctive(name))
        incident = record.incident
        self._references = _any_of((incident.reference, *incident.took_in, incident.outside_reference or ""))

    def reword(self, text: str) -> PublicText:
        """Replace people and internal places, then look for internal words that remain."""
        parts = Placeholders(self._language)
        replaced = self._replace_people(self._replace_places("\n".join(_plain_lines(text)), parts), parts)
        replaced = self._replace_references(replaced, parts)
        found = self._words.find_in(parts.remaining_text(replaced))
        return PublicText(parts.fill(replaced).strip(), tuple(f"has {kind} “{word}”" for kind, word in found))

    def _replace_places(self, text: str, parts: Placeholders) -> str:
        """Replace markup, addresses and channels; mentions of people first: they are markup."""
        text = MENTION.sub(lambda found: parts.hide(self._role_key(found[1])), text)
        text = _MARKUP.sub(lambda found: parts.hide(_MARKUP_WORDS[found["sign"]]), text)
        text = replace_addresses(text, lambda found: self._address_text(parts, found))
        for pattern in (_CHANNEL, self._channels):
            text = pattern.sub(lambda _: parts.hide(CHANNEL_WORD), text)
        return text

    def _replace_people(self, text: str, parts: Placeholders) -> str:
        replaced, place = [], 0
        for start, end, person in self._names.find_all(text):
            replaced += [text[place:start], parts.hide(self._role_key(person))]
            place = end
        return _AT_WORD.sub(lambda _: parts.hide(TEAM_WORD), "".join([*replaced, text[place:]]))

    def _replace_references(self, text: str, parts: Placeholders) -> str:
        for pattern in (self._references, _SLACK_ID):
            text = pattern.sub(lambda _: parts.hide(TICKET_WORD), text)
        text = _TICKET.sub(lambda found: found[0] if found["project"] in STANDARDS else parts.hide(TICKET_WORD), text)
        return parts.drop_brackets(text, ADDRESS_WORD, TICKET_WORD)

    def _role_key(self, person: str) -> str:
        return f"public_role_{self._roles.get(person, RESPONDER)}"

    def _address_text(self, parts: Placeholders, found: str) -> str:
        address = trim_address(found)
        if not self._addresses.is_address(address):
            return found
        shown = parts.keep(address) if self._addresses.is_public(address) else parts.hide(ADDRESS_WORD)
        return shown + found[len(address) :]


def _any_of(names: Iterator[str] | tuple[str, ...]) -> re.Pattern[str]:
    """A pattern for these names as whole words in any case; for none of them it matches nothing."""
    either = "|".join(re.escape(name) for name in sorted(filter(None, names), key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)" if either else r"(?!)", re.IGNORECASE)


def _plain_lines(text: str) -> Iterator[str]:
    """The lines without formatting and without signs that nobody sees."""
    for block in parse_blocks(text):
        for line in block.lines if isinstance(block, Fence) else [render_plain_line(block.text)]:
            composed = normalize("NFC", line)
            visible = "".join(sign for sign in composed if unicodedata.category(sign) not in _UNSEEN)
            if shown := " ".join(visible.split()):
                yield shown
