"""Find misspelt options: the person is asked, so that none becomes text silently."""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher

from bot.command.tokenizer import Word
from bot.command.values import quote_word
from bot.domain.errors import NEARLY, Offer, UserError

_KEYED = re.compile(r"(?P<name>(?:--|—|–)?[^\W\d_][\w-]*)(?P<sign>[:：=])(?P<value>(?!//).+)", re.DOTALL)
KEEP_AS_TEXT = "Keep as text"


def check_options(words: Iterable[Word], keys: Sequence[str], chosen: Mapping[str, str], *, may_be_text: bool) -> None:
    """
    Raise UserError for a word of the text such as `severty:1`.

    `chosen` maps a word to itself where the person chose to keep it as text. `may_be_text`: the command
    takes a text.
    """
    for word in words:
        match = None if word.is_quotation else _KEYED.fullmatch(word.text)
        if match is None or chosen.get(word.text) == word.text:
            continue
        name = match["name"].lstrip("-—–")
        if match["sign"] == "=" and name == match["name"]:
            continue
        key = closest_key(name, keys, is_figure=match["value"][:1].isdecimal())
        if key is not None:
            raise _nearly_an_option(word.text, f"{key}:{match['value']}", may_be_text=may_be_text)


def closest_key(name: str, keys: Sequence[str], *, is_figure: bool) -> str | None:
    """
    The key that `name` misspells: some signs differ, or two changed places (`sve`).

    `is_figure`: a figure is behind it. Only then a short key may have other signs (`att:14:05`).
    """
    typed = name.casefold()
    similar = {each: SequenceMatcher(None, each, typed).ratio() for each in keys}
    best = max(similar, key=similar.__getitem__, default="")
    if best and (is_figure or min(len(best), len(typed)) > 3) and similar[best] >= NEARLY:
        return best
    return next((each for each in keys if len(each) > 1 and sorted(each) == sorted(typed)), None)


def _nearly_an_option(word: str, meant: str, *, may_be_text: bool) -> UserError:
    kept = " If it belongs to your text, put the text in quotes." if may_be_text else ""
    return UserError(
        f"{quote_word(word)} is not an option here. Did you mean {quote_word(meant)}?{kept}",
        mistake=word,
        offers=[Offer(meant), *([Offer(word, label=KEEP_AS_TEXT)] if may_be_text else [])],
    )
