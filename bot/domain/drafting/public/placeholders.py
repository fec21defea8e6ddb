"""Placeholders in a text: replaced parts are single signs until the text is complete."""

import re

from bot.domain.languages import Language

_FIRST, _COUNT = 0xE000, 6_000
"""Private-use signs, of which people's texts have none here."""
HIDDEN = "\ufffc"
_SENTENCE_END = re.compile(r"[.!?…]\s+\Z|\n\Z")


class Placeholders:
    """The placeholders of one text. One part has the same sign at each place."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._messages: dict[str, str] = {}
        self._kept: dict[str, str] = {}

    def hide(self, key: str) -> str:
        """A sign for the message `key`, which takes the place of an internal part."""
        return self._sign(self._messages, key)

    def keep(self, part: str) -> str:
        """A sign for a part that stays."""
        return self._sign(self._kept, part)

    def _sign(self, known: dict[str, str], content: str) -> str:
        count = len(self._messages) + len(self._kept)
        if content not in known and count >= _COUNT:
            return HIDDEN
        return known.setdefault(content, chr(_FIRST + count))

    def drop_brackets(self, text: str, *keys: str) -> str:
        """Remove brackets in which nothing is but these messages."""
        signs = "".join(self._messages.get(key, "") for key in keys)
        return re.sub(rf"(?<![ \t])[ \t]*+[(\[][{signs}][{signs}\s,;]*+[)\]]", "", text) if signs else text

    def remaining_text(self, text: str) -> str:
        """The text without hidden parts."""
        kept = {ord(sign): part for part, sign in self._kept.items()}
        return text.translate({ord(sign): HIDDEN for sign in self._messages.values()} | kept)

    def fill(self, text: str) -> str:
        """The text with messages in the document's language, capitalized at the start of a sentence."""
        messages = {sign: self._language.words[key] for key, sign in self._messages.items()}
        kept = {sign: part for part, sign in self._kept.items()}
        filled: list[str] = []
        for place, sign in enumerate(text):
            message = messages.get(sign)
            if message and (place == 0 or _SENTENCE_END.search(text[max(0, place - 2) : place])):
                message = message[:1].upper() + message[1:]
            filled.append(message or kept.get(sign, sign))
        return "".join(filled)
