"""Parse a typed line by the table of commands."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bot.command.flags import SEPARATORS
from bot.command.help import describe_value, usage_hint
from bot.command.line import KEEP_AS_TEXT, Line
from bot.command.slack_text import parse_marks
from bot.command.table import Command, Context, Invocation, Positional, Value
from bot.command.tokenizer import Word, split_words, strip_quotes
from bot.command.typed_words import commands_by_word, lone_incident, ordered_line, unknown_command
from bot.command.values import incident_reference
from bot.command.word_values import JOINING_WORDS, NAMED, NOUNS, count_name_words, quote_word
from bot.domain.errors import Ambiguous, Offer, UserError, did_you_mean
from bot.domain.terms import DIRECT_STATUSES
from bot.domain.text.normalize import is_visible

NO_COMMAND = "No command given. Type `/incident help` for the list."
_TEXT_NAMES = MappingProxyType({"WHY": "a reason", "WORDS": "words to look for", "TITLE": "a title"})
"""Names of a command's text, by the word in its usage; any other is a text."""


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
    return _LineParser(line, words, command, context, groups, commands).read(skipped, named)


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
    """One line of a command during parsing."""

    def __init__(
        self,
        text: str,
        words: Sequence[Word],
        command: Command,
        context: Context,
        groups: Mapping[str, str],
        commands: Sequence[Command],
    ) -> None:
        self.command, self.commands = command, commands
        self.line = Line(text, words, command, context, groups)
        self.positionals: dict[str, Any] = {}

    def read(self, skipped: int, named: str | None) -> Invocation:
        self.line.spent |= set(range(skipped))
        self.line.read_options()
        self.line.check_keys(may_be_text=self.command.text != "none")
        self.line.read_bare_flags()
        taken = None if named else self._take_incident()
        named = named or taken
        for positional in self.command.positionals:
            self._read_positional(positional)
        if self.command.text != "none":
            self.line.check_language_place()
            if not self.command.reads_only:
                self.line.check_text_ends(self.commands)
        text = self.line.remaining_text()
        text = text if self.command.keeps_quotes and strip_quotes(text) else strip_quotes(text)
        text = text.strip(SEPARATORS) if self.line.is_flag_cut_off else text
        self._check_text(text)
        is_alone = not self.command.name
        incident = (named or self.line.context.inside) if self.command.needs_incident else named if is_alone else None
        if self.command.needs_incident and incident is None:
            self._ask_which_incident(text)
        may_be_text = bool(taken and text) and self._is_valid_here(taken, skipped)
        return Invocation(
            self.command, self.line.options, self.positionals, text, incident, self.line.context.zone, may_be_text
        )

    def _is_valid_here(self, taken: str | None, skipped: int) -> bool:
        """True if the channel's incident can be meant, with `taken` as text, and none is chosen."""
        line, inside = self.line, self.line.context.inside
        if inside is None or taken in {inside, *line.context.chosen}:
            return False
        try:
            parser = _LineParser(line.text, line.words, self.command, line.context, line.groups, self.commands)
            parser.read(skipped, inside)
        except UserError:
            return False
        return True

    def _take_incident(self) -> str | None:
        """Spend `INC-7` as the first word, unless it is the command's own value (`merge INC-3`)."""
        left, context = self.line.unspent_places(), self.line.context
        first = self.line.words[left[0]].text if left and self.command.needs_incident else ""
        named = incident_reference(first, context)
        if named is None or (context.inside and context.chosen.get(named) == context.inside):
            return None
        is_wanted = any(positional.kind is Value.INCIDENT for positional in self.command.positionals)
        if is_wanted and not (len(left) > 1 and incident_reference(self.line.words[left[1]].text, context)):
            return None
        self.line.spent.add(left[0])
        return named

    def _read_positional(self, positional: Positional) -> None:
        left = self.line.unspent_places()
        if not left:
            if positional.required:
                raise self._missing(positional)
            return
        places = [left[0], left[-1]] if positional.at_either_end else [left[0]]
        problems: list[UserError] = []
        for place in dict.fromkeys(places):
            name = self._name_at(place, positional)
            try:
                value = self.line.parse_value(positional, self._positional_word(name, positional))
            except UserError as problem:
                if isinstance(problem, Ambiguous):
                    raise
                self._check_is_text(positional, place, problem)
                problems.append(problem)
                continue
            self.line.spent |= set(range(place, place + len(name)))
            if positional.is_repeatable:
                value = (value, *self._read_further(positional, place + len(name)))
            elif place == left[0]:
                self._refuse_second(positional, place)
            self.positionals[positional.name] = value
            return
        if positional.required or self.command.text == "none":  # it cannot be text
            word = self.line.words[places[0]].text
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
        word = self.line.words[place].text
        if positional.kind in NOUNS and re.match(r"@\w", word) and self.line.context.chosen.get(word) != word:
            kept = [Offer(word, label=KEEP_AS_TEXT)] if positional.at_either_end else []
            raise UserError(problem.message, mistake=word, offers=kept) from None

    def _read_further(self, positional: Positional, place: int) -> list[object]:
        """Read the values directly after the first, also after `and`."""
        found: list[object] = []
        while (following := self._named_behind(positional, place)) is not None:
            word = self._positional_word([self.line.words[following]], positional)
            try:
                found.append(self.line.parse_value(positional, word))
            except UserError as problem:
                raise UserError(f"{problem.message} {usage_hint(self.command)}") from None
            self.line.spent |= set(range(place, following + 1))
            place = following + 1
        return found

    def _refuse_second(self, positional: Positional, place: int) -> None:
        """Raise UserError if a second person or target follows directly."""
        second = self._named_behind(positional, place + 1)
        if second is None:
            return
        one, other = (self.line.words[each].text.rstrip(",;:.!") for each in (place, second))
        raise UserError(
            f"`/incident {self.command.name}` takes one {NOUNS.get(positional.kind, 'target')}, not two: "
            f"{one} and {other}. Name one. If {other} belongs to your text, put the text in quotes."
        )

    def _named_behind(self, positional: Positional, place: int) -> int | None:
        """Return the place of a person or target, at `place` or after a joining word; or None."""
        if place < len(self.line.words) and self.line.words[place].text.casefold() in JOINING_WORDS:
            place += 1
        if place >= len(self.line.words) or place in self.line.spent or self.line.words[place].quoted is not None:
            return None
        pattern = NAMED.get(positional.kind)
        return place if pattern is not None and pattern.match(self.line.words[place].text) else None

    def _name_at(self, place: int, positional: Positional) -> list[Word]:
        """The word at that place, or as many as make one name."""
        word = self.line.words[place]
        following = [word, *(self.line.words_behind(place) if word.quoted is None else [])]
        return following[: count_name_words(positional.kind, [each.text for each in following], self.line.context)]

    def _positional_word(self, name: Sequence[Word], positional: Positional) -> str:
        if len(name) > 1:
            return " ".join(each.text for each in name).rstrip(",;:.!")
        [word] = name
        if positional.kind is Value.TARGET and word.quoted is not None:
            return word.key + word.quoted
        # `vendor:` with nothing behind it has its own error, `@dba:` has not.
        is_keyed = positional.kind is Value.TARGET and word.value[:1] not in {"@", "<"}
        return word.value.rstrip(",;.!" if is_keyed else ",;:.!") or word.value

    def _missing(self, positional: Positional) -> UserError:
        wanted = positional.about or describe_value(positional.kind, positional.choices, self.line.context)
        word = self.line.words[0].text if self.line.words else ""
        statuses = DIRECT_STATUSES if positional.kind is Value.STATUS else ()
        choices = (positional.choices or statuses) if self.command.text != "required" else ()
        return UserError(
            f"`/incident {self.command.name}` needs {wanted}. {usage_hint(self.command)}",
            mistake=word if choices else "",
            offers=[Offer(f"{word} {each}", label=each.capitalize()) for each in choices],
        )

    def _check_text(self, text: str) -> None:
        if self.command.text == "required" and not is_visible(text):
            wanted = next((said for word, said in _TEXT_NAMES.items() if f" {word}" in self.command.usage), "a text")
            raise UserError(f"`/incident {self.command.name}` needs {wanted}. {usage_hint(self.command)}")
        if self.command.text == "none" and text:
            key = text.split(":", maxsplit=1)[0]
            value = self._unquoted_value(text)
            guess = did_you_mean(f"{key}:", [f"{name}:" for name in self.line.keys]) if ":" in text else ""
            raise UserError(
                f"`/incident {self.command.name}` does not take {quote_word(text)}.{guess} {usage_hint(self.command)}",
                mistake=value or text,
                offers=[Offer(f'"{value}"')] if value else [],
            )

    def _unquoted_value(self, text: str) -> str:
        """The value of an option without its quotes: `title:Checkout is slow`; empty if none."""
        place = min(self.line.unspent_places()) - 1
        first = self.line.words[place] if place > 0 else None
        if first is None or first.quoted is not None:
            return ""
        key = first.text.partition(":")[0] if ":" in first.text else self.line.words[place - 1].text.rstrip(":")
        option = self.line.keys.get(key.casefold())
        whole = f"{first.text.removeprefix(f'{key}:')} {text}"
        return whole if option is not None and option.kind is Value.TEXT and whole in self.line.text else ""

    def _ask_which_incident(self, text: str) -> None:
        if (number := lone_incident(text, self.line.context)) is not None:
            message = f"Name the incident in full: `/incident {self.command.name} {number}`."
            raise UserError(message, mistake=text, offers=[Offer(number)])
        raise IncidentNotNamed(
            f"Which incident? Type this in its channel, or name it: `/incident {self.command.name} "
            f"{self.line.context.series[0]}-7 …`.",
            mistake=self.line.words[0].text if self.line.words else "",
        )
