"""One text in several languages: its parts, as vendors mark them."""

import re
from collections.abc import Mapping, Sequence

from bot.domain.vendor_status.look import TITLE_SEPARATOR

_NAMES: Mapping[str, str] = {
    "en": "english|anglais|inglese|inglés|englisch",
    "fr": "french|français|francais|francese|französisch",
    "it": "italian|italiano|italien|italienisch",
    "de": "german|deutsch|allemand|tedesco",
    "es": "spanish|español|espanol|espagnol|spagnolo|spanisch",
    "nl": "dutch|nederlands|néerlandais|olandese",
    "pt": "portuguese|português|portugais|portoghese",
    "pl": "polish|polski|polonais",
}
_CODE_BY_NAME = {name: code for code, names in _NAMES.items() for name in names.split("|")}
_WORD = "|".join((*_NAMES, *_CODE_BY_NAME))
_SIGNS = r"[ \t*_#>\[\]():=~-]{0,80}"
_HEADING = re.compile(rf"{_SIGNS}(?:version )?({_WORD})(?: version)?{_SIGNS}", re.IGNORECASE)
"""A line that only names a language: `FR`, `[EN]`, `**English version**`, `====ENGLISH VERSION====`."""
_FIRST_WORD = re.compile(rf"(?:\[({_WORD.upper()})\]|({'|'.join(_NAMES).upper()}))(?:[ \t]*[:|-])?[ \t]+(?=\S)")
"""A paragraph that begins with a language: `FR Le portail est lent.`, in capitals."""
_POINTER = re.compile(rf"{_SIGNS}({_WORD}) version (?:below|follows|ci-dessous){_SIGNS}", re.IGNORECASE)
"""A line that announces the other language: what follows is not in it."""


def split_languages(text: str) -> dict[str, str]:
    """
    The parts of a text by language code; empty if it marks no languages.

    Lines before the first mark belong to every part. A text that stands before a mark and is no heading of all, because
    its language is only announced (`English version below`), is under `""`.
    """
    before: list[str] = []
    parts: dict[str, list[str]] = {}
    current, is_announced, is_paragraph, has_heading = before, False, True, False
    for line in text.splitlines():
        if not parts and _POINTER.fullmatch(line):
            is_announced = True
            continue
        heading = _HEADING.fullmatch(line) if len(line) <= 200 else None
        first = _FIRST_WORD.match(line) if is_paragraph and heading is None else None
        if heading:
            has_heading = True
            current = parts.setdefault(_read_code(heading[1]), [])
        elif first:
            current = parts.setdefault(_read_code(first[1] or first[2]), [])
            current.append(line[first.end() :])
        else:
            current.append(line)
        is_paragraph = not line.strip() or heading is not None
    written = {code: "\n".join(lines).strip() for code, lines in parts.items()}
    common = "\n".join(before).strip()
    is_word = len(written) == 1 and bool(common) and not has_heading  # `IT staff is informed.`
    if not any(written.values()) or is_word:
        return {}
    if is_announced or (len(written) == 1 and common):
        return {"": common, **written} if common else written
    return {code: f"{common}\n\n{part}" if common else part for code, part in written.items() if part}


def split_title(title: str, languages: Sequence[str]) -> dict[str, str]:
    """
    The parts of a title `Paiements / Payments` by language, in the order of the texts.

    A beginning that ends with ` | ` belongs to each. A title can leave the last languages out. Empty if it is in one
    language, or in more than the texts.
    """
    beginning, separator, rest = title.rpartition(" | ")
    parts = [each.strip() for each in rest.split(TITLE_SEPARATOR)]
    codes = [code for code in languages if code]
    if not 2 <= len(parts) <= len(codes) or not all(parts):
        return {}
    return {code: f"{beginning}{separator}{part}" for code, part in zip(codes, parts, strict=False)}


def name_unmarked(texts: Mapping[str, str], languages: Sequence[str]) -> Mapping[str, str]:
    """
    Give the unmarked part of a text its language, if `languages` leaves no other.

    `English version below` says that French is above, where all other texts are in French, then in English.
    """
    marked = [code for code in texts if code]
    before = languages[: min((languages.index(code) for code in marked if code in languages), default=0)]
    if "" not in texts or len(before) != 1:
        return texts
    return {before[0]: texts[""], **{code: texts[code] for code in marked}}


def _read_code(word: str) -> str:
    folded = word.casefold()
    return _CODE_BY_NAME.get(folded, folded)
