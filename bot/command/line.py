"""One typed line: its words, the spent ones among them, and the options."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from bot.command.flags import find_flag_words, flag_question, is_apart_from_text
from bot.command.help import describe_value
from bot.command.table import OF_LANGUAGE, Command, Context, Option, Positional, Value
from bot.command.tokenizer import Word, remove_words
from bot.command.values import is_flag_value, read_span, read_value
from bot.command.word_values import closest_key, count_name_words, quote_word
from bot.domain.errors import Ambiguous, Offer, UserError
from bot.domain.times import ParsedTime, refuse_future

_GOES_ON = re.compile(r"~?\d+(?:[.,]\d+)? %|~?\d{1,3} \d{3}", re.ASCII)
"""A number of users in two words."""
COLONS = (":", "：")
"""The second one is typed on Chinese and Japanese keyboards."""
_KEY = re.compile(r"(?P<dashes>--|—|–)?(?P<name>[^\W\d_][\w-]*)(?P<sign>[:：=])?(?P<rest>.*)", re.DOTALL)
_KEYED = re.compile(r"(?P<name>(?:--|—|–)?[^\W\d_][\w-]*)(?P<sign>[:：=])(?P<value>(?!//).+)", re.DOTALL)
_NAMES_ENTRY = re.compile(r"(?:entry-|#)\d+[:,]?", re.IGNORECASE)
"""`#2`, `entry-12`: the words behind the language are those of an existing item."""
KEEP_AS_TEXT = "Keep as text"
MAX_CHECKED = 200
"""Different words of a line that are compared with the keys: a line with more is no line of options."""


class Line:
    """
    A line during parsing. `spent` are the places of the words that are already read.

    `context` has the zone of the line once its options are read.
    """

    def __init__(
        self, text: str, words: Sequence[Word], command: Command, context: Context, groups: Mapping[str, str]
    ) -> None:
        self.text, self.words, self.context, self.groups = text, words, context, groups
        self.command = command
        self.spent: set[int] = set()
        self.options: dict[str, Any] = {}
        self.is_flag_cut_off = False
        self._language_places: list[int] = []
        self.keys = {key.casefold(): option for option in command.options for key in (option.name, *option.aliases)}

    def read_options(self) -> None:
        """Read the options with a key; the zone first, which applies to all times of the line."""
        for only_zone in (True, False):
            self._read_options(only_zone=only_zone)

    def check_keys(self, *, may_be_text: bool) -> None:
        """
        Raise UserError for a misspelt key among the remaining words, such as `severty:1`.

        The person is asked, so that none becomes text silently. `may_be_text`: the command takes a text.
        """
        checked: set[str] = set()
        for place in self.unspent_places():
            word = self.words[place]
            if word.text in checked:
                continue
            match = None if word.is_quotation else _KEYED.fullmatch(word.text)
            if match is None or self.context.chosen.get(word.text) == word.text:
                continue
            name = match["name"].lstrip("-—–")
            if match["sign"] == "=" and name == match["name"] and name.casefold() not in self.keys:
                continue
            if len(checked) == MAX_CHECKED:
                return
            checked.add(word.text)
            key = closest_key(name, list(self.keys), is_figure=match["value"][:1].isdecimal())
            if key is not None:
                raise _nearly_an_option(word.text, f"{key}:{match['value']}", may_be_text=may_be_text)

    def check_language_place(self) -> None:
        """
        Raise Ambiguous for a language that is named between two words of the text.

        Both readings are likely: the text may speak of `lang:fr`.
        """
        left = self.unspent_places()
        for place in self._language_places:
            word = self.words[place].text
            before = [self.words[each].text for each in left if each < place]
            if len(before) == 1 and _NAMES_ENTRY.fullmatch(before[0]):
                continue
            if not before or place > left[-1] or word in self.context.chosen or word.startswith("-"):
                continue
            raise Ambiguous(
                f"{quote_word(word)} is between words of the text. It may be the language of the text or a part of it. "
                "Put the language before the text, or put the text in quotes.",
                about=word,
                candidates=(f"--{word}", word),
                labels=("Language of the text", KEEP_AS_TEXT),
            )

    def check_text_ends(self, commands: Sequence[Command]) -> None:
        """
        Raise UserError if the text begins with an option of another command.

        Such as `due:friday Add a test`. A text that customers read neither begins with any word of that form nor ends
        with an option.
        """
        left = self.unspent_places()
        for place in dict.fromkeys(left[:1] + left[-1:] if self.command.is_public else left[:1]):
            word = self.words[place]
            match = None if word.is_quotation else _KEYED.fullmatch(word.text)
            if match is None or self.context.chosen.get(word.text) == word.text:
                continue
            name = match["name"].lstrip("-—–").casefold()
            if self.command.is_public and match["sign"] == "=" and "affects" in self.keys:
                raise _nearly_an_option(word.text, f"affects:{word.text}", may_be_text=True)
            others = [each.name for each in commands if each.name and name in each.option_keys()]
            if others and (match["sign"] in COLONS or name != match["name"].casefold()):
                raise self._foreign_option(word.text, f"It is an option of `/incident {others[0]}`. ")
            if self.command.is_public and place == left[0] and match["sign"] == ":" and name.isascii():
                raise self._foreign_option(word.text, "")

    def _foreign_option(self, word: str, whose: str) -> UserError:
        own = ", ".join(f"`{option.name}:`" for option in self.command.options)
        takes = f"`/incident {self.command.name}` takes {own}. " if own else ""
        read = ", which customers read," if self.command.is_public else ""
        return UserError(
            f"{quote_word(word)} is not an option here. {whose}{takes}If it belongs to your text{read} put the text in "
            "quotes.",
            mistake=word,
            offers=[_keep_offer(word)],
        )

    def remaining_text(self) -> str:
        return remove_words(self.text, [self.words[place] for place in self.spent])

    def unspent_places(self) -> list[int]:
        return [place for place in range(len(self.words)) if place not in self.spent]

    def _key_at(self, place: int) -> tuple[Option, re.Match[str]] | None:
        word = self.words[place]
        is_text = word.is_quotation or self.context.chosen.get(word.text) == word.text
        match = None if is_text else _KEY.fullmatch(word.key or word.text)
        if match is None or not (match["dashes"] or match["sign"] in COLONS) or (match["rest"] and not match["sign"]):
            return None
        option = self.keys.get(match["name"].casefold())
        if option is None or (
            option.readings and match["sign"] and not match["rest"] and not self._is_answer(place + 1)
        ):
            return None
        return option, match

    def _is_answer(self, place: int) -> bool:
        """True if that word is `yes` or `no`. In `private: Keys leaked` the flag is a bare word."""
        return place < len(self.words) and is_flag_value(self.words[place].value.rstrip(",;"))

    def _read_options(self, *, only_zone: bool) -> None:
        for place in range(len(self.words)):
            found = self._key_at(place) if place not in self.spent else None
            if found is None or (only_zone and found[0].kind is not Value.ZONE):
                continue
            option, match = found
            if option.name in self.options:
                raise UserError(f"`{option.name}:` is given twice. Remove one.", mistake=self.words[place].text)
            try:
                self.options[option.name] = value = self._option_value(option, match, place)
            except Ambiguous:
                raise
            except UserError as problem:
                raise self._invalid_value(option, match, place, problem) from None
            if option.kind in OF_LANGUAGE:
                self._language_places.append(place)
            if isinstance(value, ZoneInfo):
                self.context = replace(self.context, zone=value)

    def _invalid_value(self, option: Option, match: re.Match[str], place: int, problem: UserError) -> UserError:
        """`problem`, with what to do if the key is text: `set lang:json` speaks of no language."""
        message, word = problem.message + self._if_it_is_text(match, place), self.words[place].text
        if option.kind in OF_LANGUAGE and match["rest"] and self.command.text != "none":
            offers = [*(Offer(f"{option.name}:{each.text}") for each in problem.offers), _keep_offer(word)]
            hint = "If it belongs to your text, put the text in quotes."
            return UserError(f"{message} {hint}", mistake=word, offers=offers)
        return UserError(message, mistake=problem.mistake or word, offers=problem.offers)

    def _option_value(self, option: Option, match: re.Match[str], place: int) -> object:
        """Parse the value after a key, and spend its words."""
        self.spent.add(place)
        word = self.words[place]
        if option.kind is Value.FLAG and not match["sign"]:
            return True
        if word.quoted is not None:
            return self._checked(option, self.parse_value(option, word.quoted))
        behind = self.words_behind(place)
        if match["rest"]:
            behind = [replace(word, text=match["rest"]), *behind]
        elif place + 1 in self.unspent_places() and self.words[place + 1].is_quotation:
            self.spent.add(place + 1)
            return self._checked(option, self.parse_value(option, self.words[place + 1].value))
        if not behind:
            raise UserError(f"`{option.name}:` needs {describe_value(option.kind, option.choices, self.context)}.")
        value, count = self._longest_value(option, [each.text for each in behind])
        first = place if match["rest"] else place + 1
        self.spent |= set(range(first, first + count))
        return self._checked(option, value)

    def _if_it_is_text(self, match: re.Match[str], place: int) -> str:
        """Hint for a line such as `look at: the database`, where the key is text."""
        may_be_text = not match["dashes"] and not match["rest"] and self.words[place].quoted is None
        return f" If `{self.words[place].text}` belongs to your text, put the text in quotes." if may_be_text else ""

    def words_behind(self, place: int) -> list[Word]:
        """The words up to the next key or quotation: the longest possible time."""
        words: list[Word] = []
        for following in range(place + 1, len(self.words)):
            word = self.words[following]
            if following in self.spent or word.quoted is not None or self._key_at(following):
                break
            words.append(word)
        return words

    def _longest_value(self, option: Option, words: Sequence[str]) -> tuple[object, int]:
        if option.kind in {Value.TIME, Value.DATE}:
            span = read_span(option.kind, words, self._context_of(option))
            if span is not None:
                return span
        if option.kind is Value.USERS and _GOES_ON.fullmatch(" ".join(words[:2])):  # `20 %`, `1 200`
            return self.parse_value(option, " ".join(words[:2])), 2
        count = count_name_words(option.kind, words, self.context)
        word = " ".join(words[:count])
        return self.parse_value(option, word.rstrip(",;") or word), count

    def parse_value(self, option: Option | Positional, word: str) -> object:
        return read_value(option.kind, word, self._context_of(option), option.choices, self.groups)

    def _context_of(self, option: Option | Positional) -> Context:
        to_come = isinstance(option, Option) and option.may_be_future
        return replace(self.context, prefers_past=False) if to_come else self.context

    def _checked(self, option: Option, value: object) -> object:
        if isinstance(value, ParsedTime) and not option.may_be_future:
            refuse_future(value, now=self.context.now, zone=self.context.zone)
        return value

    def read_bare_flags(self) -> None:
        flags = {
            key: option
            for key, option in self.keys.items()
            if option.kind is Value.FLAG and option.name not in self.options
        }
        left = self.unspent_places()
        found = find_flag_words(self.words, left, flags)
        for place, option in found.items():
            is_clear = not option.readings or is_apart_from_text(place, left, found)
            chosen = f"{option.name}:yes" if is_clear else self.context.chosen.get(option.name)
            if chosen is None:
                raise self._flag_question(option, place)
            self.options[option.name] = chosen.endswith(":yes")
            if " " not in chosen:  # else the word is part of the text too
                self.spent.add(place)
                self.is_flag_cut_off |= bool(option.readings)

    def _flag_question(self, option: Option, place: int) -> Ambiguous:
        """Ask whether a word is the option or part of the text."""
        spent = [self.words[each] for each in self.spent]
        whole, rest = remove_words(self.text, spent), remove_words(self.text, [*spent, self.words[place]])
        return flag_question(option, whole, rest)


def _keep_offer(word: str) -> Offer:
    return Offer(word, label=KEEP_AS_TEXT)


def _nearly_an_option(word: str, meant: str, *, may_be_text: bool) -> UserError:
    kept = " If it belongs to your text, put the text in quotes." if may_be_text else ""
    return UserError(
        f"{quote_word(word)} is not an option here. Did you mean {quote_word(meant)}?{kept}",
        mistake=word,
        offers=[Offer(meant), *([_keep_offer(word)] if may_be_text else [])],
    )
