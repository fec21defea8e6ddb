"""What a command consists of: the one table from which typed text is read and `help` is written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal
from zoneinfo import ZoneInfo

from bot.domain.incidents.roles import DEFAULTS, all_words
from bot.domain.terms import Kind, Severity, Status, TargetKind
from bot.domain.times import When

LANGUAGES = ("en", "fr", "it", "es", "de", "pt")
"""What documents and the public page are written in."""


class Value(StrEnum):
    """What may stand behind an option's key or at a command's place, and what it becomes."""

    WORD = "word"
    """str. One of `choices`, if there are any."""
    TEXT = "text"
    """str: a word, or anything in quotes, also nothing."""
    TIME = "time"
    """When: as many words as make the longest time. The future is refused unless the option allows it."""
    DATE = "date"
    """date: as many words as make the longest day."""
    ZONE = "zone"
    """ZoneInfo. The times of the same line are read in it."""
    SEVERITY = "severity"
    """Severity, by the workspace's own words."""
    STATUS = "status"
    """Status."""
    PERCENT = "percent"
    """float, 0.0 to 100.0."""
    LANGUAGES = "languages"
    """tuple[str, ...]: `fr,en`."""
    KIND = "kind"
    """Kind, one of those that people may give: its name, its beginning, or the name of its reaction."""
    FLAG = "flag"
    """bool: a bare word at the end of the text, `--private`, `private:yes`."""
    PERSON = "person"
    """Mention."""
    TARGET = "target"
    """Target."""
    INCIDENT = "incident"
    """str: `INC-7`."""
    ROLE = "role"
    """str: a role's name, by the workspace's own words."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A person, by Slack's id."""

    user_id: str


@dataclass(frozen=True, slots=True)
class Target:
    """
    Whom to call. `name` is what was typed (`dba`, a vendor's name), for a person the id.

    `id` is Slack's: of a person (`U…`) or a user group (`S…`); None where the configuration has to know the name.
    """

    kind: TargetKind
    name: str
    id: str | None = None


Typed = str | bool | float | date | When | ZoneInfo | Severity | Status | Kind | Mention | Target | tuple[str, ...]
"""What an option or a positional becomes; which of these, its `Value` says."""


@dataclass(frozen=True, slots=True)
class Option:
    """
    `name:value`, wherever it stands. `choices` limit a WORD.

    `may_be_future` is for a TIME that is to come: a clock time or a weekday without more is the next one.
    """

    name: str
    kind: Value
    aliases: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    may_be_future: bool = False
    about: str = ""
    """A few words for `help`."""


@dataclass(frozen=True, slots=True)
class Positional:
    """
    A value without a key, at the head of the text, in order.

    One that is not required and does not fit stays text. `at_either_end`: it may also be the last word, as an owner is.
    `about` says what it is, where its kind does not.
    """

    name: str
    kind: Value
    required: bool = True
    choices: tuple[str, ...] = ()
    at_either_end: bool = False
    about: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """
    One word after `/incident`. The empty name is for `/incident` alone.

    `usage` is written without `/incident`. `inside`: it is about an incident, the channel's or the one named first
    (`note INC-7 …`). `who` and `run` are for whoever carries it out; nothing here looks at them.
    """

    name: str
    usage: str
    summary: str
    options: tuple[Option, ...] = ()
    positionals: tuple[Positional, ...] = ()
    text: Literal["none", "optional", "required"] = "none"
    aliases: tuple[str, ...] = ()
    who: Any = None
    inside: bool = True
    run: Callable[..., Any] | None = None
    keeps_quotes: bool = False
    """Quotes around the whole text mean something to it."""
    reads_only: bool = False
    """It changes nothing, and so is carried out beside the writers: nobody waits for it, nor it for anybody."""


@dataclass(frozen=True, slots=True)
class Context:
    """
    What a line is read against. `severities` and `mark_words` (reaction names among them) are the workspace's words.

    `inside`: the incident in whose channel it was typed (`INC-7`), None elsewhere. `zone` is that incident's.
    """

    now: datetime
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    severities: Mapping[str, Severity] = field(
        default_factory=lambda: MappingProxyType({each.value: each for each in Severity})
    )
    labels: Mapping[Severity, str] = field(default_factory=lambda: MappingProxyType({}))
    """What the workspace calls the severities, as it is shown."""
    mark_words: Mapping[str, Kind] = field(default_factory=lambda: MappingProxyType({}))
    roles: Mapping[str, str] = field(default_factory=lambda: MappingProxyType(all_words(DEFAULTS)))
    """What people may type for a role, casefolded, and its name."""
    statuses: Mapping[str, Status] = field(
        default_factory=lambda: MappingProxyType({each.value: each for each in Status})
    )
    """What people may type for a status, casefolded."""
    inside: str | None = None
    series: tuple[str, ...] = ("INC", "DRILL")
    """What incidents are numbered under; the first is meant by a bare number."""
    languages: Sequence[str] = LANGUAGES
    prefers_past: bool = True
    """Whether a clock time or a weekday without more is the last one, not the next."""
    chosen: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Of texts that can be several times, the reading that somebody chose when they were asked."""

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError("`now` needs a zone")
        object.__setattr__(self, "now", self.now.astimezone(UTC))

    def severity_labels(self) -> list[str]:
        """What each severity is called, worst first; else the first of its words that is no bare number."""
        words: dict[Severity, str] = {}
        for label, severity in self.severities.items():
            if severity not in words or words[severity].isdecimal():
                words[severity] = severity.value if label.casefold() == severity.value.casefold() else label
        words |= self.labels
        return [words[severity] for severity in Severity if severity in words]


@dataclass(frozen=True, slots=True)
class Invocation:
    """
    What somebody typed, read.

    `options` and `positionals` hold what was given, by name, and nothing else. `incident` is the one it is about,
    named or implied; None for a command that needs none. `zone` is the one in which the times were read.
    """

    command: Command
    options: Mapping[str, Any]
    positionals: Mapping[str, Any]
    text: str
    incident: str | None
    zone: ZoneInfo
