"""Parse a typed line by the table of commands."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from bot.command.flags import SEPARATORS, find_flag_words, flag_question, is_apart_from_text
from bot.command.help import describe_value, usage_hint
from bot.command.key_check import KEEP_AS_TEXT, check_options
from bot.command.slack_text import parse_marks
from bot.command.table import Command, Context, Invocation, Option, Positional, Value
from bot.command.tokenizer import Word, remove_words, split_words, strip_quotes
from bot.command.typed_words import commands_by_word, ordered_line, unknown_command
from bot.command.values import count_name_words, incident_reference, is_flag_value, quote_word, read_span, read_value
from bot.domain.errors import Ambiguous, Offer, UserError, did_you_mean
from bot.domain.text.normalize import is_visible
from bot.domain.times import ParsedTime, refuse_future

NO_COMMAND = "No command given. Type `/incident help` for the list."
_TEXT_NAMES = MappingProxyType({"WHY": "a reason", "WORDS": "words to look for", "TITLE": "a title"})
"""Names of a command's text, by the word in its usage; any other is a text."""
JOINING_WORDS = frozenset({"and", "&", "+", ","})
"""Words between two persons or targets."""
NAMED = MappingProxyType(
    {
        Value.PERSON: re.compile(r"<@[UW]|@\w"),
        Value.OWNER: re.compile(r"<@[UW]|@\w"),
        Value.TARGET: re.compile(r"<@[UW]|@\w|(?:policy|schedule|vendor):\S", re.IGNORECASE),
    }
)
"""Beginnings of a word that names a person or a target."""
_NOUNS = MappingProxyType({Value.PERSON: "person", Value.OWNER: "owner"})
"""Kinds of value that name somebody."""
_GOES_ON = re.compile(r"~?\d+(?:[.,]\d+)? %|~?\d{1,3} \d{3}", re.ASCII)
"""A number of users in two words."""
COLONS = (":", "：")
"""The second one is typed on Chinese and Japanese keyboards."""
_KEY = re.compile(r"(?P<dashes>--|—|–)?(?P<name>[^\W\d_][\w-]*)(?P<sign>[:：=])?(?P<rest>.*)", re.DOTALL)


class IncidentNotNamed(UserError):
    """A command needs an incident, and the line names none. `mistake` is the command's word."""


def parse(text: str, commands: Sequence[Command], context: Context) -> Invocation:
    """
    Parse `text`, as Slack delivers it behind `/incident`.

    Only the command's own keys are options, anywhere in the line; the rest is the text, as typed. A text that is one
    quotation loses its quotes. Raises UserError for an invalid line, Ambiguous for one with two readings; nothing else.
    """
    typed, groups = parse_marks(text)
    line = ordered_line(typed, commands, context)
    words = split_words(line)
    command, skipped, named = _parse_head(words, line, commands, context)
    return _LineParser(line, words, command, context, groups).read(skipped, named)


def identify_command(text: str, commands: Sequence[Command], context: Context) -> Command | None:
    """The command that `text` begins with. None for a line that `parse` refuses for it."""
    line = ordered_line(parse_marks(text)[0], commands, context)
    try:
        return _parse_head(split_words(line), line, commands, context)[0]
    except UserError:
        return None


def _parse_head(
    words: list[Word], line: str, commands: Sequence[Command], context: Context
) -> tuple[Command, int, str | None]:
    """
    The command, the number of words spent on it, and the incident named before it.

    `INC-7` alone is `/incident` alone, about that incident.
    """
    named = incident_reference(words[0].text, context) if words else None
    behind = words[1:] if named else words
    command = commands_by_word(commands).get(behind[0].value.casefold() if behind else "")
    if command is None:
        raise unknown_command(behind, line, commands, context) if behind else UserError(NO_COMMAND)
    return command, len(words) - len(behind) + bool(behind), named


class _LineParser:
    """One line during parsing: its words, and the spent ones among them."""

    def __init__(
        self, line: str, words: list[Word], command: Command, context: Context, groups: Mapping[str, str]
    ) -> None:
        self.line, self.words, self.command, self.context, self.groups = line, words, command, context, groups
        self.spent: set[int] = set()
        self.options: dict[str, Any] = {}
        self.positionals: dict[str, Any] = {}
        self.is_flag_cut_off = False
        self.keys = {key.casefold(): option for option in command.options for key in (option.name, *option.aliases)}

    def read(self, skipped: int, named: str | None) -> Invocation:
        self.spent |= set(range(skipped))
        # The zone first: `at:` may stand before the `tz:` that it is meant in.
        for only_zone in (True, False):
            self._read_options(only_zone=only_zone)
        check_options(
            [self.words[place] for place in self._unspent_places()],
            list(self.keys),
            self.context.chosen,
            may_be_text=self.command.text != "none",
        )
        self._read_bare_flags()
        taken = None if named else self._take_incident()
        named = named or taken
        for positional in self.command.positionals:
            self._read_positional(positional)
        text = remove_words(self.line, [self.words[place] for place in self.spent])
        text = text if self.command.keeps_quotes and strip_quotes(text) else strip_quotes(text)
        text = text.strip(SEPARATORS) if self.is_flag_cut_off else text
        self._check_text(text)
        is_alone = not self.command.name
        incident = (named or self.context.inside) if self.command.needs_incident else named if is_alone else None
        if self.command.needs_incident and incident is None:
            self._ask_which_incident()
        may_be_text = bool(taken and text) and self._is_valid_here(taken, skipped)
        return Invocation(self.command, self.options, self.positionals, text, incident, self.context.zone, may_be_text)

    def _is_valid_here(self, taken: str | None, skipped: int) -> bool:
        """True if the channel's incident can be meant, with `taken` as text, and none is chosen."""
        inside = self.context.inside
        if inside is None or taken in {inside, *self.context.chosen}:
            return False
        try:
            _LineParser(self.line, self.words, self.command, self.context, self.groups).read(skipped, inside)
        except UserError:
            return False
        return True

    def _unspent_places(self) -> list[int]:
        return [place for place in range(len(self.words)) if place not in self.spent]

    def _key_at(self, place: int) -> tuple[Option, re.Match[str]] | None:
        word = self.words[place]
        match = None if word.is_quotation else _KEY.fullmatch(word.key or word.text)
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
                raise UserError(
                    problem.message + self._if_it_is_text(match, place),
                    mistake=problem.mistake or self.words[place].text,
                    offers=problem.offers,
                ) from None
            if isinstance(value, ZoneInfo):
                self.context = replace(self.context, zone=value)

    def _option_value(self, option: Option, match: re.Match[str], place: int) -> object:
        """Parse the value after a key, and spend its words."""
        self.spent.add(place)
        word = self.words[place]
        if option.kind is Value.FLAG and not match["sign"]:
            return True
        if word.quoted is not None:
            return self._checked(option, self._value(option, word.quoted))
        behind = self._words_behind(place)
        if match["rest"]:
            behind = [replace(word, text=match["rest"]), *behind]
        elif place + 1 in self._unspent_places() and self.words[place + 1].is_quotation:
            self.spent.add(place + 1)
            return self._checked(option, self._value(option, self.words[place + 1].value))
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

    def _words_behind(self, place: int) -> list[Word]:
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
            return self._value(option, " ".join(words[:2])), 2
        count = count_name_words(option.kind, words, self.context)
        word = " ".join(words[:count])
        return self._value(option, word.rstrip(",;") or word), count

    def _value(self, option: Option | Positional, word: str) -> object:
        return read_value(option.kind, word, self._context_of(option), option.choices, self.groups)

    def _context_of(self, option: Option | Positional) -> Context:
        to_come = isinstance(option, Option) and option.may_be_future
        return replace(self.context, prefers_past=False) if to_come else self.context

    def _checked(self, option: Option, value: object) -> object:
        if isinstance(value, ParsedTime) and not option.may_be_future:
            refuse_future(value, now=self.context.now, zone=self.context.zone)
        return value

    def _read_bare_flags(self) -> None:
        flags = {
            key: option
            for key, option in self.keys.items()
            if option.kind is Value.FLAG and option.name not in self.options
        }
        left = self._unspent_places()
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
        whole, rest = remove_words(self.line, spent), remove_words(self.line, [*spent, self.words[place]])
        return flag_question(option, whole, rest)

    def _take_incident(self) -> str | None:
        """Spend `INC-7` as the first word, unless it is the command's own value (`merge INC-3`)."""
        left = self._unspent_places()
        named = (
            incident_reference(self.words[left[0]].text, self.context) if left and self.command.needs_incident else None
        )
        if named is None or (self.context.inside and self.context.chosen.get(named) == self.context.inside):
            return None
        is_wanted = any(positional.kind is Value.INCIDENT for positional in self.command.positionals)
        if is_wanted and not (len(left) > 1 and incident_reference(self.words[left[1]].text, self.context)):
            return None
        self.spent.add(left[0])
        return named

    def _read_positional(self, positional: Positional) -> None:
        left = self._unspent_places()
        if not left:
            if positional.required:
                raise self._missing(positional)
            return
        places = [left[0], left[-1]] if positional.at_either_end else [left[0]]
        problems: list[UserError] = []
        for place in dict.fromkeys(places):
            name = self._name_at(place, positional)
            try:
                value = self._value(positional, self._positional_word(name, positional))
            except Ambiguous:
                raise
            except UserError as problem:
                self._check_is_text(positional, place, problem)
                problems.append(problem)
                continue
            self.spent |= set(range(place, place + len(name)))
            if positional.is_repeatable:
                value = (value, *self._read_further(positional, place + len(name)))
            elif place == left[0]:
                self._refuse_second(positional, place)
            self.positionals[positional.name] = value
            return
        if positional.required or self.command.text == "none":  # it cannot be text
            word = self.words[places[0]].text
            raise UserError(
                f"{problems[0].message} {usage_hint(self.command)}",
                mistake=problems[0].mistake or word,
                offers=problems[0].offers or self._choices_before(word, positional),
            )

    def _choices_before(self, word: str, positional: Positional) -> list[Offer]:
        """Each choice as if typed before `word`, where that may be the text's first word."""
        choices = positional.choices if self.command.text != "none" else ()
        return [Offer(f"{each} {word}", label=each.capitalize()) for each in choices]

    def _check_is_text(self, positional: Positional, place: int, problem: UserError) -> None:
        """Raise `problem` for an unresolved `@name` where a person is expected."""
        word = self.words[place].text
        if positional.kind in _NOUNS and re.match(r"@\w", word) and self.context.chosen.get(word) != word:
            kept = [Offer(word, label=KEEP_AS_TEXT)] if positional.at_either_end else []
            raise UserError(problem.message, mistake=word, offers=kept) from None

    def _read_further(self, positional: Positional, place: int) -> list[object]:
        """Read the values directly after the first, also after `and`."""
        found: list[object] = []
        while (following := self._named_behind(positional, place)) is not None:
            word = self._positional_word([self.words[following]], positional)
            try:
                found.append(self._value(positional, word))
            except UserError as problem:
                raise UserError(f"{problem.message} {usage_hint(self.command)}") from None
            self.spent |= set(range(place, following + 1))
            place = following + 1
        return found

    def _refuse_second(self, positional: Positional, place: int) -> None:
        """Raise UserError if a second person or target follows directly."""
        second = self._named_behind(positional, place + 1)
        if second is None:
            return
        one, other = (self.words[each].text.rstrip(",;:.!") for each in (place, second))
        what = _NOUNS.get(positional.kind, "target")
        raise UserError(
            f"`/incident {self.command.name}` takes one {what}, not two: {one} and {other}. Name one. If {other} "
            "belongs to your text, put the text in quotes."
        )

    def _named_behind(self, positional: Positional, place: int) -> int | None:
        """Return the place of a person or target, at `place` or after a joining word; or None."""
        if place < len(self.words) and self.words[place].text.casefold() in JOINING_WORDS:
            place += 1
        if place >= len(self.words) or place in self.spent or self.words[place].quoted is not None:
            return None
        pattern = NAMED.get(positional.kind)
        return place if pattern is not None and pattern.match(self.words[place].text) else None

    def _name_at(self, place: int, positional: Positional) -> list[Word]:
        """The word at that place, or as many as make one name."""
        behind = [] if self.words[place].quoted is not None else self._words_behind(place)
        following = [self.words[place], *behind]
        return following[: count_name_words(positional.kind, [each.text for each in following], self.context)]

    def _positional_word(self, name: Sequence[Word], positional: Positional) -> str:
        word = name[0]
        if len(name) > 1:
            return " ".join(each.text for each in name).rstrip(",;:.!")
        if positional.kind is Value.TARGET and word.quoted is not None:
            return word.key + word.quoted
        # `vendor:` with nothing behind it is a mistake of its own, `@dba:` is not.
        is_keyed = positional.kind is Value.TARGET and word.value[:1] not in {"@", "<"}
        return word.value.rstrip(",;.!" if is_keyed else ",;:.!") or word.value

    def _missing(self, positional: Positional) -> UserError:
        wanted = positional.about or describe_value(positional.kind, positional.choices, self.context)
        return UserError(f"`/incident {self.command.name}` needs {wanted}. {usage_hint(self.command)}")

    def _check_text(self, text: str) -> None:
        if self.command.text == "required" and not is_visible(text):
            wanted = next((said for word, said in _TEXT_NAMES.items() if f" {word}" in self.command.usage), "a text")
            raise UserError(f"`/incident {self.command.name}` needs {wanted}. {usage_hint(self.command)}")
        if self.command.text == "none" and text:
            key = text.split(":", maxsplit=1)[0]
            guess = did_you_mean(f"{key}:", [f"{name}:" for name in self.keys]) if ":" in text else ""
            raise UserError(
                f"`/incident {self.command.name}` does not take {quote_word(text)}.{guess} {usage_hint(self.command)}",
                mistake=text,
            )

    def _ask_which_incident(self) -> None:
        raise IncidentNotNamed(
            f"Which incident? Type this in its channel, or name it: `/incident {self.command.name} "
            f"{self.context.series[0]}-7 …`.",
            mistake=self.words[0].text if self.words else "",
        )
