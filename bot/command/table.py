"""Command definitions: the table for parsing and for `help`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import UTC, date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal
from zoneinfo import ZoneInfo

from bot.domain.incidents.impact import AffectedUsers
from bot.domain.incidents.roles import DEFAULT_ROLES, role_aliases
from bot.domain.terms import LANGUAGES, Kind, Owner, Severity, Status, TargetKind
from bot.domain.times import ParsedTime
from bot.lazy_dataclass import dataclass


class Value(StrEnum):
    """Type of an option's or positional's value."""

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
    USERS = "users"
    """AffectedUsers: a count, or a share with its sign."""
    LANGUAGE = "language"
    """str: `fr`, the language of the text."""
    LANGUAGES = "languages"
    """tuple[str, ...]: `fr,en`."""
    KIND = "kind"
    """Kind, one of those that people may give: its name, its beginning, or the name of its reaction."""
    FLAG = "flag"
    """bool: `--private`, `private:yes`, or a bare word at the end of the text. See `Option.readings`."""
    PERSON = "person"
    """Mention."""
    OWNER = "owner"
    """Owner: a person or a user group."""
    TARGET = "target"
    """Target."""
    INCIDENT = "incident"
    """str: `INC-7`."""
    ROLE = "role"
    """str: a role's name, by the workspace's own words."""


OF_LANGUAGE = frozenset({Value.LANGUAGE, Value.LANGUAGES})
"""Types of an option that names languages."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A person, by Slack's user id."""

    user_id: str


@dataclass(frozen=True, slots=True)
class Target:
    """
    Target of an escalation. `name` as typed (`dba`, a vendor's name), for a person the id.

    `id` is Slack's: of a person (`U…`) or a user group (`S…`); None where the configuration has to know the name.
    """

    kind: TargetKind
    name: str
    id: str | None = None


TypedValue = (
    str
    | bool
    | date
    | ParsedTime
    | ZoneInfo
    | Severity
    | Status
    | Kind
    | Mention
    | Owner
    | Target
    | AffectedUsers
    | tuple[str, ...]
)
"""Parsed value of an option or a positional; its `Value` says which type."""


@dataclass(frozen=True, slots=True)
class Option:
    """
    `name:value`, anywhere in the line. `choices` limit a WORD.

    `may_be_future` is for a TIME that is to come: a clock time or a weekday alone is the next one. `readings` are names
    for yes and no of a FLAG: its bare word counts at both ends of the text; beside the text the person is asked.
    """

    name: str
    kind: Value
    aliases: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    may_be_future: bool = False
    readings: tuple[str, ...] = ()
    about: str = ""
    """Description for `help`."""


@dataclass(frozen=True, slots=True)
class Positional:
    """
    A value without a key, at the head of the text, in order.

    An optional one that does not fit stays text. `at_either_end`: it may also be the last word, as an owner is.
    `is_repeatable`: further values may follow directly, and the value is a tuple. `about` describes it where its
    kind does not.
    """

    name: str
    kind: Value
    required: bool = True
    choices: tuple[str, ...] = ()
    at_either_end: bool = False
    is_repeatable: bool = False
    about: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """
    One word after `/incident`. The empty name is for `/incident` alone.

    `usage` is written without `/incident`. `needs_incident`: it is about the channel's incident, or the one named first
    (`note INC-7 …`). `run` is called by the Slack side; the grammar does not use it.
    """

    name: str
    usage: str
    summary: str
    options: tuple[Option, ...] = ()
    positionals: tuple[Positional, ...] = ()
    text: Literal["none", "optional", "required"] = "none"
    aliases: tuple[str, ...] = ()
    also_meant: tuple[str, ...] = ()
    """Other words that people type for it. They are answered with an offer to run it."""
    needs_incident: bool = True
    run: Callable[..., Any] | None = None
    keeps_quotes: bool = False
    """Quotes around the whole text are part of it."""
    is_public: bool = False
    """Its text is published."""
    reads_only: bool = False
    """It changes nothing, and runs beside the writers."""
    ends_incident: Callable[..., str] | None = None
    """Called with the parsed line. The verb if it ends the incident, for a confirmation elsewhere; empty if not."""

    def option_keys(self) -> frozenset[str]:
        """The names of its options and their aliases, casefolded."""
        return frozenset(key.casefold() for option in self.options for key in (option.name, *option.aliases))


@dataclass(frozen=True, slots=True)
class Context:
    """
    Context of a line.

    `severities` and `mark_words` (reaction names included) are the workspace's. `inside`: the incident of the channel
    (`INC-7`), None elsewhere. `zone` is that incident's.
    """

    now: datetime
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    severities: Mapping[str, Severity] = field(
        default_factory=lambda: MappingProxyType({each.value: each for each in Severity})
    )
    labels: Mapping[Severity, str] = field(default_factory=lambda: MappingProxyType({}))
    """Displayed names of the severities."""
    mark_words: Mapping[str, Kind] = field(default_factory=lambda: MappingProxyType({}))
    roles: Mapping[str, str] = field(default_factory=lambda: MappingProxyType(role_aliases(DEFAULT_ROLES)))
    """Words for a role, casefolded, with the role's name."""
    statuses: Mapping[str, Status] = field(
        default_factory=lambda: MappingProxyType({each.value: each for each in Status})
    )
    """Words for a status, casefolded."""
    caller: str | None = None
    """User id of the person who typed the line: `@me`."""
    vendors: Sequence[str] = ()
    """Keys and names of the configured vendors."""
    inside: str | None = None
    series: tuple[str, ...] = ("INC", "DRILL")
    """Prefixes of incident numbers; a bare number has the first."""
    languages: Sequence[str] = LANGUAGES
    prefers_past: bool = True
    """True if a clock time or weekday alone is the last one, not the next."""
    chosen: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Chosen readings of ambiguous texts."""

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError("`now` needs a zone")
        object.__setattr__(self, "now", self.now.astimezone(UTC))

    def severity_labels(self) -> list[str]:
        """Name of each severity, worst first; else the first of its words that is no bare number."""
        words: dict[Severity, str] = {}
        for label, severity in self.severities.items():
            if severity not in words or words[severity].isdecimal():
                words[severity] = severity.value if label.casefold() == severity.value.casefold() else label
        words |= self.labels
        return [words[severity] for severity in Severity if severity in words]


@dataclass(frozen=True, slots=True)
class Invocation:
    """
    A parsed line.

    `options` and `positionals` hold the given values by name. `incident` is named or implied; None for a command that
    needs none. `zone` is the zone of the times. `may_be_text`: the text begins with the number of another incident than
    the channel's, and the line is valid as well with that number as a word of the text.
    """

    command: Command
    options: Mapping[str, Any]
    positionals: Mapping[str, Any]
    text: str
    incident: str | None
    zone: ZoneInfo
    may_be_text: bool = False
