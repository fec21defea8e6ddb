"""`/incident oncall`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from bot.command.table import Command, Option, Value
from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.times import When, read_time
from bot.services import outbox as tell
from bot.services.oncall import ics_feed as shift_calendar
from bot.services.oncall import on_call_view as duty
from bot.services.oncall import overrides as overriding
from bot.services.oncall import policies
from bot.services.oncall import schedule as oncall
from bot.services.oncall.overrides import Times
from bot.services.paging import statistics as nights
from commands.base import Asked, Caller, Invocation, Reply, Session

MENTION = re.compile(r"<@([UW][A-Z0-9]+)>")
POLICY = "policy:"
"""What may stand before a policy's name, as where incidents are escalated."""
SAY_WHO = "Say who, with `@`: `/incident oncall {word} @somebody`. Slack completes the name."


@dataclass(slots=True)
class Line:
    """What is typed behind the word, while it is read."""

    caller: Caller
    typed: Invocation
    word: str
    rest: str

    @property
    def team_id(self) -> str:
        return self.caller.actor.team_id

    def person(self) -> str | None:
        """The person who is named first, if one is."""
        match = MENTION.match(self.rest)
        if match is None:
            return None
        self.rest = self.rest[match.end() :].strip()
        return match[1]

    def schedule(self) -> str:
        """The schedule that is named first, or else the only one there is."""
        self.rest = oncall.without_prefix(self.rest)
        name = oncall.named(self.caller.settings, self.rest)
        if name is not None:
            self.rest = self.rest[len(name) :].strip()
            return name
        return oncall.the_only_one(self.caller.settings, self.rest)

    def times(self) -> Times:
        """An end without a day is the first such time behind the begin."""
        starts, ends = self.typed.options.get("from"), self.typed.options.get("to")
        return Times(_at(starts), _end(self, starts, ends))

    def at(self, name: str) -> datetime | None:
        return _at(self.typed.options.get(name))


def _at(when: When | None) -> datetime | None:
    if when is not None and when.at is None:
        raise UserError("A change of who is on call needs a time that is known: `from:Sat 09:00 to:Mon 09:00`.")
    return when.at if when else None


def _end(line: Line, starts: When | None, ends: When | None) -> datetime | None:
    begin, end = _at(starts), _at(ends)
    if begin is None or end is None or ends is None or end > begin:
        return end
    return _at(read_time(ends.text, now=begin, zone=line.typed.zone, prefer_past=False)) if ends.text else end


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    word, _, rest = typed.text.strip().partition(" ")
    act = ACTS.get(word.casefold())
    if act is not None:
        return act(session, Line(caller, typed, word.casefold(), rest.strip()))
    if typed.options.keys() & {"from", "to", "for"}:
        raise UserError("Say what to do in that time: `/incident oncall take`, `give @somebody` or `swap @somebody`.")
    actor, settings = caller.actor, caller.settings
    if not typed.text.strip() and len(settings.schedules) != 1:
        return _reply(duty.of_all(session, settings, actor.team_id, actor.at))
    if (policy := _policy(settings, typed.text.strip())) is not None:
        return _reply(duty.of_policy(session, settings, actor.team_id, policy, actor.at))
    name = oncall.one_named(settings, oncall.without_prefix(typed.text.strip()))
    if caller.response_url:
        tell.draw_shifts(session, actor.team_id, actor.at, actor.user_id or "", name, caller.response_url)
    is_drawn = bool(caller.response_url)
    return _reply(duty.of_schedule(session, settings, actor.team_id, name, actor.at, is_drawn=is_drawn))


def _policy(settings: Settings, text: str) -> str | None:
    """
    The policy that is named, with or without the word before it; None if none is. Of a schedule and a policy with one
    name the schedule is meant, if nobody says so.
    """
    if text.casefold().startswith(POLICY):
        return policies.named(settings, text[len(POLICY) :].strip()).name
    known = {each.casefold(): each for each in settings.policies if each not in settings.schedules}
    return known.get(text.casefold())


def _reply(view: object) -> Reply:
    return Reply("On call", shows=Asked.ON_CALL, values={"view": view})


def take(session: Session, line: Line) -> Reply:
    name = line.schedule()
    instead = line.person()
    made = overriding.take(
        session, line.caller.settings, line.caller.actor, name, line.times(), instead=instead, reason=line.rest
    )
    return _reply(made)


def give(session: Session, line: Line) -> Reply:
    to = line.person()
    name = line.schedule()
    to = to or line.person()
    if to is None:
        raise UserError(SAY_WHO.format(word=line.word))
    made = overriding.give(session, line.caller.settings, line.caller.actor, name, to, line.times(), reason=line.rest)
    return _reply(made)


def swap(session: Session, line: Line) -> Reply:
    other = line.person()
    name = line.schedule()
    other = other or line.person()
    if other is None:
        raise UserError(SAY_WHO.format(word=line.word))
    if "to" in line.typed.options:
        raise UserError("Whole turns are swapped: name yours with `from:` and theirs with `for:`, each by its begin.")
    made = overriding.swap(
        session,
        line.caller.settings,
        line.caller.actor,
        name,
        other,
        mine=line.at("from"),
        theirs=line.at("for"),
        reason=line.rest,
    )
    return _reply(made)


def cancel(session: Session, line: Line) -> Reply:
    number = line.rest.removeprefix("#")
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise UserError("Say which change: `/incident oncall cancel 12`. `/incident oncall NAME` lists their numbers.")
    return _reply(overriding.cancel(session, line.caller.settings, line.caller.actor, int(number)))


def calendar(session: Session, line: Line) -> Reply:
    actor, settings = line.caller.actor, line.caller.settings
    match line.rest.casefold():
        case "":
            return _reply(shift_calendar.standing(session, settings, actor))
        case "new":
            return _reply(shift_calendar.make(session, settings, actor))
        case "off":
            return _reply(shift_calendar.revoke(session, actor))
        case _:
            raise UserError("Behind `calendar` stands `new`, `off`, or nothing.")


def of_month(session: Session, line: Line) -> Reply:
    """Who was paged outside working hours in a month: the one that is named, or this one."""
    actor, zone = line.caller.actor, line.caller.settings.incidents.zone
    month = nights.read_month(line.rest) if line.rest else nights.this_month(actor.at, zone)
    return Reply(nights.in_words(nights.of_months(session, actor.team_id, [month])))


ACTS: Mapping[str, Callable[[Session, Line], Reply]] = MappingProxyType(
    {
        "take": take,
        "cover": take,
        "give": give,
        "swap": swap,
        "cancel": cancel,
        "undo": cancel,
        "calendar": calendar,
        "ics": calendar,
        "nights": of_month,
    }
)

COMMAND = Command(
    name="oncall",
    usage="oncall [take] [give] [swap] [cancel] [calendar] [nights] [SCHEDULE] [@USER] [from:TIME] [to:TIME]",
    summary="Show who is on call, now and for two weeks; take a turn, give yours away, or swap it.",
    options=(
        Option("from", Value.TIME, may_be_future=True, about="when it begins; in a swap, your turn"),
        Option("to", Value.TIME, aliases=("until",), may_be_future=True, about="when it ends"),
        Option("for", Value.TIME, may_be_future=True, about="in a swap, the turn of the other"),
        Option("tz", Value.ZONE),
    ),
    text="optional",
    aliases=("on-call",),
    inside=False,
    run=run,
)
