"""Who is on call: by all schedules, by one for two weeks, what was changed by hand, and the change of shift."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.domain.paging.channels import label_of
from bot.domain.terms import TargetKind
from bot.domain.text.durations import show_duration
from bot.export.schedule_image import Roster, alt_text, in_words
from bot.services.oncall.handover import ChangeView, OpenLine
from bot.services.oncall.ics_feed import Address
from bot.services.oncall.on_call_view import Called, ChangeLine, NowLine, NowView, PolicyView, ScheduleView
from bot.services.oncall.overrides import Changed
from bot.slack.blocks.incidents.card import DATE
from bot.slack.blocks.limits import (
    SECTION_TEXT,
    Block,
    Blocks,
    actions,
    button,
    context,
    cut,
    header,
    link,
    listed,
    literal,
    named,
    one_line,
    section,
    when,
)
from bot.slack.blocks.message import Message

SHOW, CHANGE, UNDO, NOW = "oncall_show", "oncall_change", "oncall_undo", "oncall_now"
MOST_SCHEDULES, MOST_TURNS, MOST_CHANGES = 20, 20, 8
BESIDE_PICTURE = 8
"""So many turns are told in words where a picture of all of them follows."""
ALT_TEXT = 2_000
TITLE, REASON = 150, 300
EXAMPLE = """```
[schedules.payments]
zone = "Europe/Paris"
[[schedules.payments.layers]]
people = ["U0123456789", "U0123456780"]
starts = "2026-01-05 09:00"
every = "week"
```"""
NO_SCHEDULE = (
    "Nobody is on call, because there is no schedule yet. Whoever keeps dogwatch.toml adds one like this, and reloads "
    f"Dogwatch:\n{EXAMPLE}\nA calendar of another tool can be the schedule, too: see docs/on-call.md."
)
HINT = (
    "`/incident oncall take`, `give @somebody` and `swap @somebody` change it, `/incident oncall calendar` puts your "
    "own turns into your calendar."
)

Shown = NowView | ScheduleView | PolicyView | Changed | Address


def shown(view: Shown) -> Message:
    """What `/incident oncall` answers."""
    match view:
        case NowView():
            return everybody(view)
        case ScheduleView():
            return schedule(view)
        case PolicyView():
            return policy(view)
        case Changed():
            return changed(view)
        case Address():
            return address(view)


def everybody(view: NowView) -> Message:
    if not view.lines:
        return Message("Nobody is on call: there is no schedule yet.", [section(NO_SCHEDULE)])
    lines = view.lines[:MOST_SCHEDULES]
    more = len(view.lines) - len(lines)
    blocks = [section(_now(each), accessory=button("Two weeks", SHOW, cut(each.schedule, 1_000))) for each in lines]
    if more:
        blocks.append(context(f"and {more} more: `/incident oncall NAME` shows each."))
    change = actions(button("Change who is on call", CHANGE, "0"))
    return Message(listed([_now(each) for each in lines]), [header("On call now"), *blocks, change, context(HINT)])


def _now(line: NowLine) -> str:
    """Who, until when, and who then."""
    name = f"*{literal(line.schedule)}*"
    end = f" until {when(line.until, DATE)}" if line.until else ""
    if not line.people:
        return f":warning: {name}: *nobody*{end}{f', then {people(line.then)}' if line.then else ''}"
    after = ""
    if line.until:
        after = f", then {people(line.then)}" if line.then else ", then *nobody*"
    gap = ""
    if line.next_gap and line.next_gap[0] != line.until:
        gap = f"\n:warning: Nobody from {when(line.next_gap[0], DATE)} to {when(line.next_gap[1], DATE)}"
    return f"{name}: {people(line.people)}{end}{after}{gap}"


def people(found: Sequence[str]) -> str:
    return " and ".join(f"<@{each}>" for each in found) if found else "*nobody*"


def schedule(view: ScheduleView) -> Message:
    turns = [_turn(*each) for each in view.turns]
    most = BESIDE_PICTURE if view.is_drawn else MOST_TURNS
    more = f"\nand {len(turns) - most} more" if len(turns) > most else ""
    blocks = [
        header(f"On call for {named(view.now.schedule)}"),
        section(_now(view.now)),
        section(listed(turns[:most], SECTION_TEXT - len(more)) + more),
    ]
    if view.changes:
        blocks.append(section("*Changed by hand*"))
        blocks += [_change(each) for each in view.changes[:MOST_CHANGES]]
        if len(view.changes) > MOST_CHANGES:
            blocks.append(context(f"and {len(view.changes) - MOST_CHANGES} more"))
    blocks.append(actions(button("Change who is on call", CHANGE, str(view.place))))
    coming = " The picture of it follows." if view.is_drawn else ""
    blocks.append(context(f"The next two weeks, in your own time.{coming}", HINT))
    return Message("\n".join([_now(view.now), *turns[:most]]), blocks)


def policy(view: PolicyView) -> Message:
    """Whom it would page now."""
    levels = [
        f"*Level {number}*: {_all(found)} · {show_duration(wait)} to answer{_doubts(found)}"
        for number, (wait, found) in enumerate(view.levels, 1)
    ]
    if view.repeat:
        levels.append(f"Then all of it {'once' if view.repeat == 1 else f'{view.repeat} times'} more.")
    if view.at_end:
        levels.append(
            f"*Once nobody answered*: {', '.join(_called(each) for each in view.at_end)}{_doubts(view.at_end)}"
        )
    text = listed(levels)
    return Message(text, [header(f"Policy {named(view.name)}, as of now"), section(text)])


def _all(found: Sequence[Called]) -> str:
    return ", ".join(_called(each) for each in found)


def _called(one: Called) -> str:
    match one.kind:
        case TargetKind.PERSON:
            return people(one.people)
        case TargetKind.GROUP:
            return f"<!subteam^{one.name}>"
        case TargetKind.VENDOR:
            return f"the vendor {literal(one.name)}"
        case TargetKind.SERVICE:
            return literal(label_of(one.name))
        case _:
            whom = [
                *(f"<@{each}>" for each in one.people),
                *(f"the user group `{literal(each)}`" for each in one.groups),
            ]
            return f"{' and '.join(whom) or '*nobody*'} ({literal(f'{one.kind}:{one.name}')})"


def _doubts(found: Sequence[Called]) -> str:
    return "".join(f"\n:warning: {why}" for each in found for why in each.why)


def _turn(starts: datetime, ends: datetime | None, found: Sequence[str], is_changed: bool) -> str:
    mark = ":warning: " if not found else ""
    span = f"{when(starts, DATE)} to {when(ends, DATE)}" if ends else f"from {when(starts, DATE)} on"
    return f"• {mark}{span}: {people(found)}{' (changed)' * is_changed}"


def _change(each: ChangeLine) -> Block:
    instead = f" instead of <@{each.instead}>" if each.instead else ""
    reason = f"\n>{literal(one_line(each.reason, REASON))}" if each.reason else ""
    kind = "swap, " if each.is_swap else ""
    text = (
        f"<@{each.person}>{instead}, {when(each.starts_at, DATE)} to {when(each.ends_at, DATE)} "
        f"({kind}number {each.number}){reason}"
    )
    return section(text, accessory=button("Take it back", UNDO, str(each.number)))


def changed(view: Changed) -> Message:
    """To whoever changed it."""
    head = "Taken back" if view.is_withdrawn else "Done"
    text = f":white_check_mark: {head}: {_said(view)}"
    told = sorted({who for each in _halves(view) for who in (each.person, *each.relieved)})
    blocks: Blocks = [section(text)]
    muted = [] if view.is_withdrawn else [_not_paged(each) for each in _halves(view) if each.muted_until]
    if muted:
        blocks.append(section("\n".join(muted)))
    if not view.is_withdrawn:
        blocks.append(actions(button("Take it back", UNDO, str(view.override_id))))
    others = " Who else is concerned is told in a direct message." if len(told) > 1 else ""
    blocks.append(context(f"Number {view.override_id} on {literal(view.schedule)}.{others}"))
    return Message("\n".join([text, *muted]), blocks)


def _not_paged(view: Changed) -> str:
    until = f" until {when(view.muted_until, DATE)}" if view.muted_until else ""
    return f":warning: <@{view.person}> is muted{until} and is not paged. `/incident unmute` ends that."


def _halves(view: Changed) -> list[Changed]:
    return [view, *([view.other] if view.other else [])]


def _said(view: Changed) -> str:
    return "\n".join(_half(each) for each in _halves(view))


def _half(view: Changed) -> str:
    name, span = f"*{literal(view.schedule)}*", f"{when(view.starts_at, DATE)} to {when(view.ends_at, DATE)}"
    if view.is_withdrawn:
        back = people(view.relieved) if view.relieved else "whoever the rotation has"
        return f"for {name} it is {back} again, not <@{view.person}>, {span}."
    instead = f" instead of {people(view.relieved)}" if view.relieved else ""
    reason = f"\n>{literal(one_line(view.reason, REASON))}" if view.reason else ""
    return f"<@{view.person}> is on call for {name}{instead}, {span}.{reason}"


def told(view: Changed, by: str | None) -> Message:
    """To somebody whom a change concerns that somebody else made or took back."""
    who = f"<@{by}> " if by else ""
    act = "took back a change of" if view.is_withdrawn else "changed"
    text = f":calendar: {who}{act} who is on call: {_said(view)}"
    blocks: Blocks = [section(text)]
    if not view.is_withdrawn:
        blocks.append(actions(button("Not right: take it back", UNDO, str(view.override_id))))
    return Message(text, blocks)


def shift(view: ChangeView, reader: str | None) -> Message:
    """A change of shift: to one of those who leave or come, or for everybody in a channel."""
    head = _head(view, reader)
    late = " (Told late: Dogwatch was away.)" * view.is_late
    text = f"{head} Since {when(view.since, DATE)}.{late}"
    until = f" until {when(view.until, DATE)}" if view.until else ""
    now = [*view.came, *view.stay]
    who = f"On call now: {people(now)}{until}." if now else f":warning: *Nobody is on call now*{until}."
    blocks: Blocks = [section(f"{text}\n{who}"), *_open(view)]
    return Message(f"{text} {who}", blocks)


def _head(view: ChangeView, reader: str | None) -> str:
    name = f"*{literal(view.schedule)}*"
    if reader in view.came:
        after = f", after {people(view.left)}" if view.left else ""
        return f":pager: You are on call for {name} now{after}."
    if reader in view.left:
        to = f": {people(view.came)} took over" if view.came else ""
        return f":wave: Your turn on call for {name} is over{to}."
    if not view.came:
        return f":warning: Nobody took over from {people(view.left)} on call for {name}."
    return (
        f":pager: {people(view.came)} took over on call for {name}{f' from {people(view.left)}' if view.left else ''}."
    )


def _open(view: ChangeView) -> Blocks:
    if not view.open:
        return [context("No incident is open.")]
    more = [context(f"and {view.more} more: `/incident list` shows them.")] if view.more else []
    count = len(view.open) + view.more
    what = "One incident is open" if count == 1 else f"{count} incidents are open"
    return [section(f"*{what}*"), *(section(_incident(view, each)) for each in view.open), *more]


def _incident(view: ChangeView, one: OpenLine) -> str:
    lead = f"led by <@{one.lead}>" if one.lead else "*nobody leads*"
    place = f" · <#{one.channel_id}>" if one.channel_id else ""
    waits = f"\n:rotating_light: Waiting for {_targets(one.waits_for, view.names)}" if one.waits_for else ""
    title = literal(one_line(one.title, TITLE), view.names)
    return f"*{one.reference}* {title}\n{literal(one.severity)} · since {when(one.since, DATE)} · {lead}{place}{waits}"


def _targets(found: Sequence[str], names: Mapping[str, str]) -> str:
    return ", ".join(each if each.startswith("<@") else literal(each, names, TITLE) for each in found)


def drawn(roster: Roster, file_id: str) -> Message:
    """The next two weeks as a picture that was uploaded, with words for those who do not see it."""
    words = named(alt_text(roster))
    picture: Block = {"type": "image", "slack_file": {"id": file_id}, "alt_text": cut(words, ALT_TEXT)}
    return Message(literal(words), [picture])


def not_drawn(roster: Roster, why: str) -> Message:
    """The same in words, where Slack does not take the picture."""
    text = f"The picture could not be shown ({literal(why)}). In words, by the clock there:"
    lines = listed([f"• {literal(each)}" for each in in_words(roster)])
    return Message(f"{text}\n{lines}", [section(text), section(lines or "Nobody is on call.")])


def address(view: Address) -> Message:
    """Where one's own turns are as a calendar."""
    if view.url is None and view.made_at is None:
        text = ":white_check_mark: Your calendar of turns has no address any more. What subscribed to it gets nothing."
        return Message(text, [section(text)])
    if view.url is None and view.made_at is not None:
        text = (
            f"You have an address since {when(view.made_at, DATE)}. It was shown once: only a digest of it is kept. "
            "`/incident oncall calendar new` makes another and ends this one, `calendar off` ends it."
        )
        return Message(text, [section(text)])
    url = view.url or ""
    text = f":calendar: Your turns on call, as a calendar to subscribe to:\n{link(url, literal(url))}"
    caution = (
        "It is shown this once. Whoever has it can see when you are on call, so keep it to yourself; "
        "`/incident oncall calendar off` ends it."
    )
    notes = [caution]
    if view.is_local:
        notes.append("DOGWATCH_PUBLIC_URL is not set, so it works on the machine of Dogwatch only.")
    return Message(text, [section(text), *(context(each) for each in notes)])
