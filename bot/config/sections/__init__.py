"""The tables of `dogwatch.toml`, one class each: what may stand in them, and what holds if it does not."""

import re
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from datetime import date, time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from bot.domain.alerts.routing import Matcher, RouteAction, parse_matcher
from bot.domain.errors import UserError, did_you_mean
from bot.domain.findings import RULES
from bot.domain.oncall.working_hours import DAYS
from bot.domain.terms import MARKS, Kind, Severity
from bot.domain.timeline.marks import CONFIRM_EMOJI, normalise_emoji

TEMPLATES = ("classic", "brief", "statuspage", "sre")
"""The built-in forms of a postmortem. An operator's own come from the folder of `[postmortem]`."""
LANGUAGES = ("en", "fr", "it", "es", "de", "pt")
NO_KIND = "none"
"""Takes an emoji of the default table out of use."""

PLAIN_WORDS: Mapping[str, Severity] = {
    word: severity
    for number, severity in enumerate(Severity, 1)
    for word in (f"sev{number}", f"sev-{number}", f"p{number}", f"s{number}", str(number))
}
"""What people type for a severity where the configuration says nothing else; casefolded."""


def build_words(own: Mapping[Severity, Iterable[str]]) -> Mapping[str, Severity]:
    """
    All words for severities, casefolded. The workspace's own (labels first) go before the plain ones, and a label that
    ends in a number claims the number: where SEV1 is called P0, `0` means P0 and `1` the one called P1.
    """
    words = dict(PLAIN_WORDS)
    for severity, names in own.items():
        words.update({found[0]: severity for name in names if (found := re.search(r"[0-9]+$", name.strip()))})
    for severity, names in own.items():
        words.update({name.strip().casefold(): severity for name in names})
    return words


def words_in(table: object) -> Mapping[str, Severity]:
    """The same from `[severities]` as it was read, whatever it is: its mistakes are reported elsewhere."""
    own: dict[Severity, list[str]] = {}
    for key, entry in table.items() if isinstance(table, dict) else ():
        section = {"label": entry} if isinstance(entry, str) else entry
        if key in set(Severity) and isinstance(section, dict):
            words = section.get("words")
            names = [section.get("label"), *(words if isinstance(words, list) else [])]
            own[Severity(key)] = [name for name in names if isinstance(name, str)]
    return build_words(own)


severity_words: ContextVar[Mapping[str, Severity]] = ContextVar("severity_words", default=PLAIN_WORDS)
"""The words in force while a file is read: its own `[severities]` decide what `severity = "P1"` means elsewhere in it.
(pydantic hands no validation context through a settings class.)"""


def _severity(value: object) -> Severity:
    words = severity_words.get()
    if isinstance(value, str) and (found := words.get(value.strip().casefold())):
        return found
    if re.fullmatch(r"(sev|s|p)?-?5", str(value).strip().casefold()):
        raise ValueError(
            f'There are four severities. Write SEV4, or make it a word for SEV4: [severities.SEV4] words = ["{value}"].'
        )
    raise ValueError(f"This is no severity.{did_you_mean(str(value), list(words))} Use one of {', '.join(Severity)}.")


def _zone(value: object) -> ZoneInfo:
    if isinstance(value, ZoneInfo):
        return value
    try:
        return ZoneInfo(str(value))
    except (KeyError, ValueError, OSError):  # ZoneInfo's ways to say "no such zone", by the shape of the name
        guess = did_you_mean(str(value), sorted(available_timezones()))
        raise ValueError(f"There is no such time zone.{guess} Use a name like Europe/Paris or UTC.") from None


def _emoji(value: str) -> str:
    name = normalise_emoji(value)
    if not re.fullmatch(r"[\w+'-]+", name):
        raise ValueError("This is not the name of an emoji. Write it without colons, like rotating_light.")
    return name


def _language(value: str) -> str:
    if value not in LANGUAGES:
        raise ValueError(f"Dogwatch does not speak this language. Use one of {', '.join(LANGUAGES)}.")
    return value


def _prefix(value: str) -> str:
    # Slack's rule for channel names, with room for the number and the title behind it.
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,19}", value):
        raise ValueError("Use up to 20 small letters, digits, - and _, beginning with a letter or digit.")
    return value


def _role(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", value):
        raise ValueError("Use up to 40 small letters, digits, - and _, like customer-liaison; `label` says the rest.")
    return value


def _channel(value: str) -> str:
    # Slack's rule for channel names; the letters of every script are right.
    name = value.removeprefix("#")
    if re.fullmatch(r"[CG][A-Z0-9]{6,}", name):
        return name
    if not re.fullmatch(r"[\w-]{1,80}", name) or name != name.lower():
        raise ValueError(
            "This is no channel's name. Slack's have up to 80 small letters, digits, - and _, and no blanks. "
            "A channel's id, like C0123456789, is right too."
        )
    return name


def is_user_id(value: str) -> bool:
    return re.fullmatch(r"[UW][A-Z0-9]+", value) is not None


def _user_id(value: str) -> str:
    if not is_user_id(value):
        raise ValueError("This is not a Slack user id. Copy it from the person's profile (... > Copy member ID).")
    return value


def _usergroup(value: str) -> str:
    if not re.fullmatch(r"S[A-Z0-9]+", value):
        raise ValueError("This is not the id of a Slack user group. It begins with S, like S0123456789.")
    return value


def _web_address(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]\S*", value):
        raise ValueError("This is no web address. Write it with http:// or https://.")
    return value


def _kind(value: object) -> Kind | None:
    word = str(value).strip().casefold().replace("_", " ").replace("-", " ")
    if word == NO_KIND:
        return None
    if word in MARKS:
        return Kind(word)
    raise ValueError(f"There is no such kind.{did_you_mean(word, MARKS)} Use one of {', '.join(MARKS)}, or {NO_KIND}.")


def _matcher(value: object) -> Matcher:
    if isinstance(value, Matcher):
        return value
    try:
        return parse_matcher(str(value))
    except UserError as problem:
        raise ValueError(problem.message) from None


def _finding(value: str) -> str:
    if value not in RULES:
        raise ValueError(f"There is no such finding.{did_you_mean(value, list(RULES))} Use one of {', '.join(RULES)}.")
    return value


WHOLE_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _day(value: str) -> str:
    word = value.strip().casefold()
    if word not in (*DAYS, *WHOLE_DAYS):
        raise ValueError(f"This is no day of the week. Use one of {', '.join(DAYS)}.")
    return word[:3]


def _clock_time(value: object) -> str:
    """A text like 09:00, or one of TOML's own times."""
    text = value.isoformat("minutes") if isinstance(value, time) else str(value)
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise ValueError('This is no time of day. Write it like "09:00".')
    return text


def _end_of_work(value: object) -> str:
    try:
        return "24:00" if value == "24:00" else _clock_time(value)
    except ValueError as problem:
        raise ValueError(f'{problem} "24:00" is the end of the day.') from None


def _holiday(value: object) -> str:
    text = value.isoformat() if isinstance(value, date) else str(value)
    try:
        date.fromisoformat(text if len(text) == 10 else f"2024-{text}")  # a leap year has every day there is
    except ValueError:
        raise ValueError('This is no day. Write it like "2026-12-25", or "12-25" for every year.') from None
    return text


def _by_severity(value: object) -> object:
    if isinstance(value, str):
        return dict.fromkeys(Severity, value)
    if not isinstance(value, Mapping):
        raise ValueError(  # noqa: TRY004  pydantic tells of a ValueError only
            'Write the name of a policy, or one by severity: { SEV1 = "major", SEV4 = "none" }.'
        )
    return value


SeverityWord = Annotated[Severity, BeforeValidator(_severity)]
Zone = Annotated[ZoneInfo, BeforeValidator(_zone), PlainSerializer(str)]
Emoji = Annotated[str, AfterValidator(_emoji)]
Template = Annotated[str, Field(min_length=1, max_length=80)]
"""Whether there is such a template depends on another table: `bot.config.checks` looks."""
Language = Annotated[str, AfterValidator(_language)]
ChannelPrefix = Annotated[str, AfterValidator(_prefix)]
UserIdText = Annotated[str, AfterValidator(_user_id)]
UsergroupId = Annotated[str, AfterValidator(_usergroup)]
FindingCode = Annotated[str, AfterValidator(_finding)]
Mark = Annotated[Kind | None, BeforeValidator(_kind)]
MatcherText = Annotated[Matcher, BeforeValidator(_matcher)]
Word = Annotated[str, Field(min_length=1, max_length=80)]
FileName = Annotated[str, Field(min_length=1, max_length=4096)]
"""As long as Linux takes a path."""
WebLink = Annotated[str, Field(max_length=2000), AfterValidator(_web_address)]
Channel = Annotated[Word, AfterValidator(_channel)]
Day = Annotated[str, AfterValidator(_day)]
ClockTime = Annotated[str, BeforeValidator(_clock_time)]
EndOfWork = Annotated[str, BeforeValidator(_end_of_work)]
"""`24:00` is right too."""
Holiday = Annotated[str, BeforeValidator(_holiday)]
RoleName = Annotated[str, AfterValidator(_role)]
NO_POLICY = "none"
"""In place of the name of a policy: none starts by itself."""
PolicyBySeverity = Annotated[Mapping[SeverityWord, Word], BeforeValidator(_by_severity)]
"""A single name is said of all severities."""
LONGEST_BRIEFING = 1_500
"""Characters: with where the incident stands it has to go into one message."""


class Section(BaseModel):
    """A table of the file: unknown keys are mistakes, and a number in quotation marks is not a number."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True)


class IncidentsSection(Section):
    """`[incidents]`: what every incident begins with."""

    channel: Channel = "incidents"
    channel_prefix: ChannelPrefix = "inc"
    drill_prefix: ChannelPrefix = "drill"
    drills: FileName | None = None
    default_severity: SeverityWord = Severity.SEV3
    triage: Literal["none", "alerts", "all"] = "none"
    zone: Zone = ZoneInfo("UTC")
    languages: Annotated[tuple[Language, ...], Field(min_length=1, strict=False)] = ("en",)
    template: Template = "classic"
    confirm_emoji: Emoji = CONFIRM_EMOJI
    policy: Word | None = None


class SeveritySection(Section):
    """`[severities.SEV1]`: the workspace's own word for it, further words that people may type, what it asks for."""

    label: Word | None = None
    words: Annotated[tuple[Word, ...], Field(strict=False)] = ()
    demands: Annotated[tuple[Word, ...], Field(strict=False)] = ()
    policy: Word | None = None


class StatusSection(Section):
    """`[statuses.STATUS]`: the same for one of the statuses, whose meanings are fixed."""

    label: Word | None = None
    words: Annotated[tuple[Word, ...], Field(strict=False)] = ()
    demands: Annotated[tuple[Word, ...], Field(strict=False)] = ()


def _only_a_label(value: object) -> object:
    return {"label": value} if isinstance(value, str) else value


SeverityLabel = Annotated[SeveritySection, BeforeValidator(_only_a_label)]
StatusLabel = Annotated[StatusSection, BeforeValidator(_only_a_label)]


class WorkingHoursSection(Section):
    """`[working_hours]`. Without `zone` the incident's own counts."""

    days: Annotated[tuple[Day, ...], Field(min_length=1, strict=False)] = DAYS[:5]
    opens: Annotated[ClockTime, Field(alias="from")] = "09:00"
    closes: Annotated[EndOfWork, Field(alias="to")] = "18:00"
    zone: Zone | None = None
    holidays: Annotated[tuple[Holiday, ...], Field(strict=False)] = ()


class OwnHoursSection(Section):
    """`[services.NAME.working_hours]` and `[teams.NAME.working_hours]`. None: as in `[working_hours]`."""

    days: Annotated[tuple[Day, ...], Field(min_length=1, strict=False)] | None = None
    opens: Annotated[ClockTime | None, Field(alias="from")] = None
    closes: Annotated[EndOfWork | None, Field(alias="to")] = None
    zone: Zone | None = None
    holidays: Annotated[tuple[Holiday, ...], Field(strict=False)] | None = None


class RoleSection(Section):
    """`[roles.NAME]`: a part that people take. None of a built-in role means that its own holds."""

    label: Word | None = None
    words: Annotated[tuple[Word, ...], Field(strict=False)] = ()
    briefing: Annotated[str, Field(min_length=1, max_length=LONGEST_BRIEFING)] | None = None


class ServiceSection(Section):
    """`[services.NAME]`. `people` are user ids and names of teams; None means that the incident's own value holds."""

    people: Annotated[tuple[Word, ...], Field(strict=False)] = ()
    team: Word | None = None
    severity: SeverityWord | None = None
    template: Template | None = None
    zone: Zone | None = None
    policy: PolicyBySeverity | None = None
    working_hours: OwnHoursSection | None = None


class TeamSection(Section):
    """`[teams.NAME]`: people by user id, or a user group that Slack keeps, or both."""

    members: Annotated[tuple[UserIdText, ...], Field(strict=False)] = ()
    usergroup: UsergroupId | None = None
    working_hours: OwnHoursSection | None = None


class RouteSection(Section):
    """`[[routes]]`: the first whose matchers all fit an alert decides about it."""

    match: Annotated[tuple[MatcherText, ...], Field(strict=False)] = ()
    action: Annotated[RouteAction, Field(strict=False)] = RouteAction.OPEN
    service: Word | None = None
    severity: SeverityWord | None = None
    triage: bool | None = None


class GrafanaSection(Section):
    """`[alerts.grafana]`: the header names, if the contact point uses others."""

    signature_header: Word = "X-Grafana-Alerting-Signature"
    timestamp_header: Word = "X-Grafana-Alerting-Timestamp"


class AlertsSection(Section):
    """`[alerts]`. `severities` maps values of the label `severity`; empty: the label decides nothing."""

    severities: Mapping[Word, SeverityWord] = Field(default_factory=dict)
    grafana: GrafanaSection = GrafanaSection()


class IntakeSection(Section):
    """`[intake]`: how much is taken in at once. More is answered with 503, and is sent again."""

    requests: Annotated[int, Field(ge=8, le=10_000)] = 4096
    requests_per_sender: Annotated[int, Field(ge=1, le=10_000)] = 2048
    per_second_and_sender: Annotated[int, Field(ge=1, le=100_000)] = 1000
    megabytes: Annotated[int, Field(ge=6, le=1024)] = 16


class StormsSection(Section):
    """`[storms]`: more incidents than these that alerts would open within so many minutes share one."""

    incidents: Annotated[int, Field(ge=0, le=1000)] = 10
    minutes: Annotated[int, Field(ge=1, le=1440)] = 5


class EscalationSection(Section):
    """`[escalation]`: the reminders of an escalation that nobody answers, and the reactions that answer one."""

    remind_after_minutes: Annotated[int, Field(ge=1, le=1440)] = 5
    remind_times: Annotated[int, Field(ge=0, le=100)] = 3
    acknowledge_emoji: Annotated[tuple[Emoji, ...], Field(strict=False)] = ("white_check_mark",)


class RetentionSection(Section):
    """`[retention]`: days until something is deleted that is no part of the record. None: it is kept for ever."""

    transcripts_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    payloads_days: Annotated[int, Field(ge=1, le=36_500)] | None = None


class PostmortemSection(Section):
    """
    `[postmortem]`. `templates` is a folder, written as seen from the one that the file is in.

    `canvas`: whether the draft is put into a canvas of the incident's channel, too.
    """

    templates: FileName | None = None
    canvas: bool = True


class FindingsSection(Section):
    """`[findings]`: codes of the rules that do not look at the record."""

    off: Annotated[tuple[FindingCode, ...], Field(strict=False)] = ()
