"""Validated types for the values of `dogwatch.toml`."""

import re
from collections.abc import Mapping
from datetime import date, time
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, ValidationInfo

from bot.config.sections.severity_words import PLAIN_WORDS
from bot.domain.alerts.routing import Matcher, parse_matcher
from bot.domain.errors import UserError, did_you_mean
from bot.domain.findings import RULES
from bot.domain.incidents import bridge
from bot.domain.oncall.working_hours import DAYS
from bot.domain.terms import LANGUAGES, MARKS, Kind, Severity
from bot.domain.timeline.emoji import normalise_emoji

T = TypeVar("T")

NO_KIND = "none"
"""Removes an emoji from the default table."""
NO_POLICY = "none"
"""In place of a policy's name: starts none."""
DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
USER_ID = r"[UW][A-Z0-9]+"


def matching(pattern: str, message: str) -> AfterValidator:
    """Return a validator for texts that match `pattern` as a whole."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(message)
        return value

    return AfterValidator(check)


def is_user_id(value: str) -> bool:
    return re.fullmatch(USER_ID, value) is not None


def minutes_of_day(clock: str) -> int:
    """Return the minutes since midnight of a time like `09:00`; 1440 for `24:00`."""
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _parse_severity(value: object, info: ValidationInfo) -> Severity:
    words: Mapping[str, Severity] = info.context or PLAIN_WORDS
    if isinstance(value, str) and (found := words.get(value.strip().casefold())):
        return found
    if re.fullmatch(r"(sev|s|p)?-?5", str(value).strip().casefold()):
        raise ValueError(
            f'There are four severities. Use SEV4, or make this a word for it: [severities.SEV4] words = ["{value}"].'
        )
    raise ValueError(
        f"This is not a severity.{did_you_mean(str(value), list(words))} Use one of {', '.join(Severity)}."
    )


def _parse_zone(value: object) -> ZoneInfo:
    if isinstance(value, ZoneInfo):
        return value
    try:
        return ZoneInfo(str(value))
    except (
        KeyError,
        ValueError,
        OSError,
    ):  # ZoneInfo raises each of them for an unknown zone, by the shape of its name
        guess = did_you_mean(str(value), sorted(available_timezones()))
        raise ValueError(f"There is no such time zone.{guess} Use a name like Europe/Paris or UTC.") from None


def _check_emoji(value: str) -> str:
    name = normalise_emoji(value)
    if not re.fullmatch(r"[\w+'-]+", name):
        raise ValueError("This is not the name of an emoji. Use one without colons, like rotating_light.")
    return name


def _check_language(value: str) -> str:
    if value not in LANGUAGES:
        raise ValueError(f"This language is not supported. Use one of {', '.join(LANGUAGES)}.")
    return value


def _check_channel(value: str) -> str:
    # Slack's rule for channel names allows the letters of every script.
    name = value.removeprefix("#")
    if re.fullmatch(r"[CG][A-Z0-9]{6,}", name):
        return name
    if not re.fullmatch(r"[\w-]{1,80}", name) or name != name.lower():
        raise ValueError(
            "This is not a channel name. Use up to 80 lower-case letters, digits, - and _, or an id like C0123456789."
        )
    return name


def _parse_kind(value: object) -> Kind | None:
    word = str(value).strip().casefold().replace("_", " ").replace("-", " ")
    if word == NO_KIND:
        return None
    if word in MARKS:
        return Kind(word)
    raise ValueError(f"There is no such kind.{did_you_mean(word, MARKS)} Use one of {', '.join(MARKS)}, or {NO_KIND}.")


def _parse_matcher(value: object) -> Matcher:
    if isinstance(value, Matcher):
        return value
    try:
        return parse_matcher(str(value))
    except UserError as problem:
        raise ValueError(problem.message) from None


def _check_host(value: str) -> str:
    if not re.fullmatch(r"(?:[a-z0-9-]+\.)+[a-z0-9-]+", value.lower()):
        raise ValueError("This is not the name of a host. Use one without https:// and path, like status.example.com.")
    return value.lower()


def _check_finding(value: str) -> str:
    if value not in RULES:
        raise ValueError(f"There is no such finding.{did_you_mean(value, list(RULES))} Use one of {', '.join(RULES)}.")
    return value


def _check_day(value: str) -> str:
    word = value.strip().casefold()
    if word not in (*DAYS, *DAY_NAMES):
        raise ValueError(f"This is not a day of the week. Use one of {', '.join(DAYS)}.")
    return word[:3]


def _check_clock_time(value: object) -> str:
    # TOML has its own times.
    text = value.isoformat("minutes") if isinstance(value, time) else str(value)
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise ValueError('This is not a time of day. Use one like "09:00".')
    return text


def _check_closing_time(value: object) -> str:
    try:
        return "24:00" if value == "24:00" else _check_clock_time(value)
    except ValueError as problem:
        raise ValueError(f'{problem} "24:00" is the end of the day.') from None


def _check_clock_range(value: object) -> str:
    opens, dash, closes = str(value).replace(" ", "").partition("-")
    try:
        found = f"{_check_clock_time(opens)}-{_check_closing_time(closes)}"
    except ValueError:
        found = ""
    if not isinstance(value, str) or not dash or not found:
        raise ValueError('These are not hours. Use two times of day, like "09:00-18:00" or "22:00-06:00".')
    if opens == closes:
        raise ValueError('These hours end when they begin. For the whole day, use "00:00-24:00".')
    return found


def _check_holiday(value: object) -> str:
    text = value.isoformat() if isinstance(value, date) else str(value)
    try:
        date.fromisoformat(text if len(text) == 10 else f"2024-{text}")  # a leap year has every day
    except ValueError:
        raise ValueError('This is not a day. Use one like "2026-12-25", or "12-25" for every year.') from None
    return text


def _check_bridge(value: str) -> str:
    try:
        bridge.check_template(value)
    except UserError as problem:
        raise ValueError(problem.message) from None
    return value


def _expand_policy(value: object) -> object:
    if isinstance(value, str):
        return dict.fromkeys(Severity, value)
    if not isinstance(value, Mapping):
        raise ValueError(  # noqa: TRY004  pydantic reports a ValueError only
            'This is not a policy. Use its name, or one by severity: { SEV1 = "major", SEV4 = "none" }.'
        )
    return value


ListOf = Annotated[tuple[T, ...], Field(strict=False)]
"""A TOML list as a tuple."""
Word = Annotated[str, Field(min_length=1, max_length=80)]
FileName = Annotated[str, Field(min_length=1, max_length=4096)]
"""A path, at most as long as Linux allows."""
SeverityWord = Annotated[Severity, BeforeValidator(_parse_severity)]
"""A severity by any of its words. The validation context has those of the file; None: the default ones."""
Zone = Annotated[ZoneInfo, BeforeValidator(_parse_zone), PlainSerializer(str)]
Emoji = Annotated[str, AfterValidator(_check_emoji)]
Template = Annotated[str, Field(min_length=1, max_length=80)]
"""A template's name; `bot.config.checks` looks for it, because that takes another table."""
Language = Annotated[str, AfterValidator(_check_language)]
ChannelPrefix = Annotated[
    str,  # Slack's rule for channel names, with room for the number and the title behind the prefix
    matching(
        r"[a-z0-9][a-z0-9_-]{0,19}",
        "Use up to 20 lower-case letters, digits, - and _, beginning with a letter or digit.",
    ),
]
BridgeTemplate = Annotated[str, AfterValidator(_check_bridge)]
Channel = Annotated[Word, AfterValidator(_check_channel)]
RoleName = Annotated[
    str,
    matching(
        r"[a-z0-9][a-z0-9_-]{0,39}",
        "Use up to 40 lower-case letters, digits, - and _, like customer-liaison. Anything else goes into `label`.",
    ),
]
UserIdText = Annotated[
    str, matching(USER_ID, "This is not a Slack user id. Copy it from the person's profile (... > Copy member ID).")
]
UsergroupId = Annotated[str, matching(r"S[A-Z0-9]+", "This is not a Slack user group id. Use one like S0123456789.")]
Host = Annotated[str, Field(max_length=253), AfterValidator(_check_host)]
"""The name of a web server, in lower case."""
FindingCode = Annotated[str, AfterValidator(_check_finding)]
Mark = Annotated[Kind | None, BeforeValidator(_parse_kind)]
MatcherText = Annotated[Matcher, BeforeValidator(_parse_matcher)]
WebLink = Annotated[
    str,
    Field(max_length=2000),
    matching(r"https?://[^\s/]\S*", "This is not a web address. Use one with http:// or https://."),
]
HeartbeatName = Annotated[
    str, matching(r"[a-z0-9][a-z0-9_-]{0,63}", "Use lower-case letters, digits, - and _, like nightly-backup.")
]
TopicName = Annotated[
    str,
    matching(
        r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}(\.fifo)?",
        "This is not the ARN of a topic. Use one like arn:aws:sns:eu-west-1:123456789012:alarms.",
    ),
]
Day = Annotated[str, AfterValidator(_check_day)]
ClockTime = Annotated[str, BeforeValidator(_check_clock_time)]
ClosingTime = Annotated[str, BeforeValidator(_check_closing_time)]
"""A time of day, or `24:00`."""
ClockRange = Annotated[str, BeforeValidator(_check_clock_range)]
"""Two times of day: `22:00-06:00` goes past midnight."""
Holiday = Annotated[str, BeforeValidator(_check_holiday)]
PolicyBySeverity = Annotated[Mapping[SeverityWord, Word], BeforeValidator(_expand_policy)]
"""The policy's name for each severity; a single name applies to all."""
