"""On-call messages: all schedules, one schedule for two weeks, a policy, a calendar address."""

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.domain.paging.contact_methods import contact_method_label
from bot.domain.terms import TargetKind
from bot.domain.text.durations import format_duration
from bot.export.schedule_text import Roster, describe_roster, format_time, render_alt_text
from bot.services.oncall.ics_feed import FeedAddress
from bot.services.oncall.on_call_view import NowLine, NowView, OverrideLine, PolicyTarget, PolicyView, ScheduleView
from bot.services.oncall.override_change import OverrideChange
from bot.slack.blocks.escalation.oncall_changes import UNDO, override_message, people_markup
from bot.slack.blocks.limits import (
    SECTION_TEXT,
    Block,
    actions,
    button,
    context,
    cut,
    formatted_line,
    header,
    join_lines,
    link,
    literal,
    replace_mentions,
    section,
    slack_datetime,
)
from bot.slack.blocks.message import Message

SHOW, CHANGE, NOW = "oncall_show", "oncall_change", "oncall_now"
MAX_SCHEDULES, MAX_SHIFTS, MAX_CHANGES = 20, 20, 8
SHIFTS_WITH_IMAGE = 8
"""Shifts in words if an image of all of them follows."""
ALT_TEXT = 2_000
REASON = 300
MAX_NAME = 200
EXAMPLE = """```
[schedules.payments]
zone = "Europe/Paris"
[[schedules.payments.layers]]
people = ["U0123456789", "U0123456780"]
starts = "2026-01-05 09:00"
every = "week"
```"""
NO_SCHEDULE = (
    "Nobody is on call, because there is no schedule yet. Add one like this to dogwatch.toml and reload "
    f"Dogwatch:\n{EXAMPLE}\nA calendar of another tool can be the schedule, too: see docs/oncall/schedules.md."
)
HINT = (
    "`/incident oncall take`, `give @somebody` and `swap @somebody` change it, `/incident oncall calendar` puts your "
    "shifts into your calendar."
)

Clock = Callable[[datetime], str]
"""How times are written: in the reader's zone, or in a schedule's."""

OncallView = NowView | ScheduleView | PolicyView | OverrideChange | FeedAddress


def oncall_message(view: OncallView) -> Message:
    """Reply to `/incident oncall`."""
    match view:
        case NowView():
            return on_call_now_message(view)
        case ScheduleView():
            return schedule_message(view)
        case PolicyView():
            return policy_message(view)
        case OverrideChange():
            return override_message(view)
        case FeedAddress():
            return calendar_message(view)


def on_call_now_message(view: NowView) -> Message:
    if not view.lines:
        return Message("Nobody is on call: there is no schedule yet.", [section(NO_SCHEDULE)])
    lines = view.lines[:MAX_SCHEDULES]
    more = len(view.lines) - len(lines)
    blocks = [
        section(_schedule_line(each), accessory=button("Two weeks", SHOW, cut(each.schedule, 1_000))) for each in lines
    ]
    if more:
        blocks.append(context(f"and {more} more: `/incident oncall NAME` shows each."))
    change = actions(button("Change who is on call", CHANGE, "0"))
    return Message(
        join_lines([_schedule_line(each) for each in lines]), [header("On call now"), *blocks, change, context(HINT)]
    )


def _schedule_line(line: NowLine, clock: Clock = slack_datetime) -> str:
    """Present and next people of a schedule, and its next gap."""
    name = f"*{literal(line.schedule, limit=MAX_NAME)}*"
    end = f" until {clock(line.until)}" if line.until else ""
    if not line.people:
        return f":warning: {name}: *nobody*{end}{f', then {people_markup(line.then)}' if line.then else ''}"
    after = ""
    if line.until:
        after = f", then {people_markup(line.then)}" if line.then else ", then *nobody*"
    gap = ""
    if line.next_gap and line.next_gap[0] != line.until:
        gap = f"\n:warning: Nobody from {clock(line.next_gap[0])} to {clock(line.next_gap[1])}"
    return f"{name}: {people_markup(line.people)}{end}{after}{gap}"


def schedule_message(view: ScheduleView) -> Message:
    """A schedule in its own zone, like its image and the times that people type for it."""

    def clock(at: datetime) -> str:
        return format_time(at, view.zone)

    shifts = [_shift_line(*each, clock) for each in view.shifts]
    now = _schedule_line(view.now, clock)
    most = SHIFTS_WITH_IMAGE if view.has_image else MAX_SHIFTS
    more = f"\nand {len(shifts) - most} more" if len(shifts) > most else ""
    blocks = [
        header(f"On call for {replace_mentions(view.now.schedule)}"),
        section(now),
        section(join_lines(shifts[:most], SECTION_TEXT - len(more)) + more),
        *_override_blocks(view.overrides, clock),
        actions(button("Change who is on call", CHANGE, str(view.number))),
        context(f"The next two weeks.{' The picture follows.' if view.has_image else ''} {_zone_hint(view)}", HINT),
    ]
    return Message("\n".join([now, *shifts[:most]]), blocks)


def _zone_hint(view: ScheduleView) -> str:
    return f"Times are in the schedule's zone, {view.zone.key}. Type times in this zone."


def _override_blocks(overrides: Sequence[OverrideLine], clock: Clock) -> list[Block]:
    if not overrides:
        return []
    blocks = [section("*Changed by hand*"), *(_override_block(each, clock) for each in overrides[:MAX_CHANGES])]
    if len(overrides) > MAX_CHANGES:
        blocks.append(context(f"and {len(overrides) - MAX_CHANGES} more"))
    return blocks


def policy_message(view: PolicyView) -> Message:
    """People that each level would page now."""
    levels = [
        f"*Level {number}*: {_target_list(found)} · {format_duration(wait)} to answer{_problem_lines(found)}"
        for number, (wait, found) in enumerate(view.levels, 1)
    ]
    if view.repeat:
        levels.append(f"Then all of it {'once' if view.repeat == 1 else f'{view.repeat} times'} more.")
    if view.at_end:
        levels.append(f"*Once nobody answered*: {_target_list(view.at_end)}{_problem_lines(view.at_end)}")
    text = join_lines(levels)
    return Message(text, [header(f"Policy {replace_mentions(view.name)}, as of now"), section(text)])


def _target_list(found: Sequence[PolicyTarget]) -> str:
    return ", ".join(_target_text(each) for each in found)


def _target_text(one: PolicyTarget) -> str:
    match one.kind:
        case TargetKind.PERSON:
            return people_markup(one.people)
        case TargetKind.GROUP:
            return f"<!subteam^{one.name}>"
        case TargetKind.VENDOR:
            return f"the vendor {literal(one.name)}"
        case TargetKind.SERVICE:
            return literal(contact_method_label(one.name))
        case _:
            whom = [
                *(f"<@{each}>" for each in one.people),
                *(f"the user group `{literal(each)}`" for each in one.groups),
            ]
            return f"{' and '.join(whom) or '*nobody*'} ({literal(f'{one.kind}:{one.name}')})"


def _problem_lines(found: Sequence[PolicyTarget]) -> str:
    return "".join(f"\n:warning: {why}" for each in found for why in each.why)


def _shift_line(starts: datetime, ends: datetime | None, found: Sequence[str], is_changed: bool, clock: Clock) -> str:
    mark = ":warning: " if not found else ""
    span = f"{clock(starts)} to {clock(ends)}" if ends else f"from {clock(starts)} on"
    return f"• {mark}{span}: {people_markup(found)}{' (changed)' * is_changed}"


def _override_block(each: OverrideLine, clock: Clock) -> Block:
    instead = f" instead of <@{each.instead}>" if each.instead else ""
    reason = f"\n>{formatted_line(each.reason, length=REASON, limit=2 * REASON)}" if each.reason else ""
    kind = "swap, " if each.is_swap else ""
    text = (
        f"<@{each.person}>{instead}, {clock(each.starts_at)} to {clock(each.ends_at)} "
        f"({kind}number {each.number}){reason}"
    )
    return section(text, accessory=button("Undo this change", UNDO, str(each.number)))


def schedule_image_message(roster: Roster, file_id: str) -> Message:
    """Uploaded image of the next two weeks, with an alternative text."""
    text = replace_mentions(render_alt_text(roster))
    image: Block = {"type": "image", "slack_file": {"id": file_id}, "alt_text": cut(text, ALT_TEXT)}
    return Message(literal(text), [image])


def schedule_text_message(roster: Roster, why: str) -> Message:
    """The next two weeks in words, if Slack refuses the image."""
    text = f"The picture could not be shown ({literal(why)}). In words:"
    lines = join_lines([f"• {literal(each)}" for each in describe_roster(roster)])
    return Message(f"{text}\n{lines}", [section(text), section(lines or "Nobody is on call.")])


def calendar_message(view: FeedAddress) -> Message:
    """Address of the calendar feed with one's own shifts."""
    if view.url is None and view.created_at is None:
        text = (
            ":white_check_mark: The address of your shift calendar is deleted. Subscribed calendars no longer update."
        )
        return Message(text, [section(text)])
    if view.url is None and view.created_at is not None:
        text = (
            f"You have an address since {slack_datetime(view.created_at)}. It was shown once and is stored only as a "
            "digest. `/incident oncall calendar new` replaces it, `calendar off` deletes it."
        )
        return Message(text, [section(text)])
    url = view.url or ""
    text = f":calendar: Your on-call shifts, as a calendar to subscribe to:\n{link(url, literal(url))}"
    caution = (
        "It is shown only once. Keep it private: anybody who has it can see when you are on call. "
        "`/incident oncall calendar off` deletes it."
    )
    notes = [caution]
    if view.is_local:
        notes.append("DOGWATCH_PUBLIC_URL is not set, so the address works only on Dogwatch's machine.")
    return Message(text, [section(text), *(context(each) for each in notes)])
