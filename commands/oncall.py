"""`/incident oncall`."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from bot.command.table import Command, Option, Value
from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.times import ParsedTime, read_time
from bot.domain.times.future import resolve_start
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.oncall import overrides, schedule
from bot.services.oncall.ics_feed import ensure_feed, make_feed, revoke_feed
from bot.services.oncall.on_call_view import load_on_call_now, load_policy_view, load_schedule_view
from bot.services.oncall.overrides import TimeRange
from bot.services.oncall.policies import find_policy
from bot.services.paging.statistics import current_month, format_statistics, load_statistics, parse_month
from commands.base import Caller, Invocation, Reply, ReplyView, Session

MENTION = re.compile(r"<@([UW][A-Z0-9]+)>")
POLICY_PREFIX = "policy:"
"""Optional prefix of a policy's name, as in escalations."""
NAME_SOMEBODY = "Name a person: `/incident oncall {word} @somebody`. Slack completes the name."


@dataclass(slots=True)
class OncallLine:
    """The text after `/incident oncall` during parsing."""

    caller: Caller
    typed: Invocation
    word: str
    rest: str

    @property
    def team_id(self) -> str:
        return self.caller.actor.team_id

    def person(self) -> str | None:
        """Take the first mention, if there is one."""
        match = MENTION.match(self.rest)
        if match is None:
            return None
        self.rest = self.rest[match.end() :].strip()
        return match[1]

    def schedule(self) -> str:
        """Take the schedule's name, or else the only schedule."""
        self.rest = schedule.strip_prefix(self.rest)
        name = schedule.match_schedule_name(self.caller.settings, self.rest)
        if name is not None:
            self.rest = self.rest[len(name) :].strip()
            return name
        return schedule.only_schedule(self.caller.settings, self.rest)

    def times(self) -> TimeRange:
        """The start and end. An end without a day is the first such time after the start."""
        starts, ends = self.typed.options.get("from"), self.typed.options.get("to")
        begin = resolve_start(starts, self.caller.actor.at) if starts and _known_time(starts) else None
        return TimeRange(begin, _end_time(self, begin, ends))

    def at(self, name: str) -> datetime | None:
        return _known_time(self.typed.options.get(name))


def _known_time(when: ParsedTime | None) -> datetime | None:
    if when is not None and when.at is None:
        raise UserError("An on-call change needs an exact time. Write it like `from:Sat 09:00 to:Mon 09:00`.")
    return when.at if when else None


def _end_time(line: OncallLine, begin: datetime | None, ends: ParsedTime | None) -> datetime | None:
    end = _known_time(ends)
    if begin is None or end is None or ends is None or end > begin:
        return end
    return _known_time(read_time(ends.text, now=begin, zone=line.typed.zone, prefer_past=False)) if ends.text else end


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    word, _, rest = typed.text.strip().partition(" ")
    act = ACTS.get(word.casefold())
    if act is not None:
        return act(session, OncallLine(caller, typed, word.casefold(), rest.strip()))
    if typed.options.keys() & {"from", "to", "for"}:
        raise UserError("Name the change for that time: `/incident oncall take`, `give @somebody` or `swap @somebody`.")
    actor, settings = caller.actor, caller.settings
    if not typed.text.strip() and len(settings.schedules) != 1:
        return _view_reply(load_on_call_now(session, settings, actor.team_id, actor.at))
    if (policy := _named_policy(settings, typed.text.strip())) is not None:
        return _view_reply(load_policy_view(session, settings, actor.team_id, policy, actor.at))
    also = [*settings.policies, *(ACTS if " " not in typed.text.strip() else ())]
    name = schedule.find_schedule(settings, schedule.strip_prefix(typed.text.strip()), also=also)
    if caller.response_url:
        outbox.post_schedule_image(session, actor.team_id, actor.at, actor.user_id or "", name, caller.response_url)
    has_image = bool(caller.response_url)
    return _view_reply(load_schedule_view(session, settings, actor.team_id, name, actor.at, has_image=has_image))


def _named_policy(settings: Settings, text: str) -> str | None:
    """
    The named policy, with or without the prefix; None if there is none.

    A name of both a schedule and a policy is the schedule, unless prefixed.
    """
    if text.casefold().startswith(POLICY_PREFIX):
        return find_policy(settings, text[len(POLICY_PREFIX) :].strip()).name
    known = {each.casefold(): each for each in settings.policies if each not in settings.schedules}
    return known.get(text.casefold())


def _view_reply(view: object) -> Reply:
    return Reply("On call", shows=ReplyView.ON_CALL, values={"view": view})


def take_shift(session: Session, line: OncallLine) -> Reply:
    name = line.schedule()
    instead = line.person()
    made = overrides.take_shift(
        session, line.caller.settings, line.caller.actor, name, line.times(), instead=instead, reason=line.rest
    )
    return _view_reply(made)


def give_shift(session: Session, line: OncallLine) -> Reply:
    to = line.person()
    name = line.schedule()
    to = to or line.person()
    if to is None:
        raise UserError(NAME_SOMEBODY.format(word=line.word))
    made = overrides.give_shift(
        session, line.caller.settings, line.caller.actor, name, to, line.times(), reason=line.rest
    )
    return _view_reply(made)


def swap_shifts(session: Session, line: OncallLine) -> Reply:
    other = line.person()
    name = line.schedule()
    other = other or line.person()
    if other is None:
        raise UserError(NAME_SOMEBODY.format(word=line.word))
    if "to" in line.typed.options:
        raise UserError(
            "Only whole shifts can be swapped. Give the start of yours with `from:` and of theirs with `for:`."
        )
    made = overrides.swap_shifts(
        session,
        line.caller.settings,
        line.caller.actor,
        name,
        other,
        mine=line.at("from"),
        theirs=line.at("for"),
        reason=line.rest,
    )
    return _view_reply(made)


def cancel_override(session: Session, line: OncallLine) -> Reply:
    number = line.rest.removeprefix("#")
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise UserError(
            "Give the number of the change: `/incident oncall cancel 12`. `/incident oncall NAME` lists the numbers."
        )
    return _view_reply(overrides.cancel_override(session, line.caller.settings, line.caller.actor, int(number)))


def manage_calendar(session: Session, line: OncallLine) -> Reply:
    actor, settings = line.caller.actor, line.caller.settings
    match line.rest.casefold():
        case "":
            return _view_reply(ensure_feed(session, settings, actor))
        case "new":
            return _view_reply(make_feed(session, settings, actor))
        case "off":
            return _view_reply(revoke_feed(session, actor))
        case _:
            raise UserError("`calendar` takes `new`, `off`, or nothing.")


def show_month(session: Session, line: OncallLine) -> Reply:
    """Pages outside working hours in a month: the named one, or this one."""
    actor, zone = line.caller.actor, line.caller.settings.incidents.zone
    month = parse_month(line.rest) if line.rest else current_month(actor.at, zone)
    return Reply(format_statistics(load_statistics(session, actor.team_id, [month])))


ACTS: Mapping[str, Callable[[Session, OncallLine], Reply]] = MappingProxyType(
    {
        "take": take_shift,
        "cover": take_shift,
        "give": give_shift,
        "swap": swap_shifts,
        "cancel": cancel_override,
        "undo": cancel_override,
        "calendar": manage_calendar,
        "ics": manage_calendar,
        "nights": show_month,
    }
)

COMMAND = Command(
    name="oncall",
    usage="oncall [take] [give] [swap] [cancel] [calendar] [nights] [SCHEDULE] [@USER] [from:TIME] [to:TIME]",
    summary="Show who is on call, now and for two weeks; take, give away or swap a shift.",
    options=(
        Option("from", Value.TIME, may_be_future=True, about="the start; in a swap, your shift"),
        Option("to", Value.TIME, aliases=("until",), may_be_future=True, about="the end"),
        Option("for", Value.TIME, may_be_future=True, about="in a swap, the shift of the other person"),
        Option("tz", Value.ZONE),
    ),
    text="optional",
    aliases=("on-call",),
    needs_incident=False,
    run=run,
)
