"""
The one message of an escalation, edited in place.

Whoever comes next is named, never mentioned: the first posting of a message wakes whom it mentions. Times stand as the
clock, with how far away they are behind it: a client that shows that late is still right about the clock.
"""

from collections.abc import Sequence

from bot.domain.paging.channels import label_of
from bot.domain.terms import TargetKind
from bot.domain.text.durations import between, show_duration
from bot.services.escalation.view import Answer, Attempt, EscalationView, LevelPaged, NextStep, PersonPaged
from bot.slack.blocks.limits import (
    COUNTING,
    Block,
    Blocks,
    actions,
    button,
    context,
    listed,
    literal,
    one_line,
    quoted,
    section,
    when,
)
from bot.slack.blocks.message import Message
from bot.store.escalation.escalations import SENT

ACKNOWLEDGE, DECLINE, MORE_TIME = "escalation_acknowledge", "escalation_decline", "escalation_more_time"
HAND_OVER, HAND_BACK = "escalation_hand_over", "escalation_hand_back"
MINUTES = (5, 15, 30)
"""What *More time* offers."""
DAY = "{date_short_pretty} {time}"
PEOPLE, EARLIER, NEXT = 12, 8, 5
"""How many people of the present level, how many earlier levels, and how many who come next are named."""
ROOM = 2_400
"""Characters of the people of the present level, and of the earlier levels."""
WAITING = ""
BECAUSE = {
    "nobody left": ", as nobody of the level before can",
    "cannot go on": ", as it was handed back",
    "silent": " again, as nothing was heard after the acknowledgement",
}
ANSWERED_BY = {"slack": "", "reaction": " with a reaction"}


def ledger(view: EscalationView) -> Message:
    line = headline(view)
    text = f"{line}\n{quoted(view.reason, view.names)}" if view.reason else line
    blocks: Blocks = [section(text), section(state(view))]
    if told := _people(view):
        blocks.append(section(told))
    if earlier := _earlier(view):
        blocks.append(context(earlier))
    if pressed := _buttons(view):
        blocks.append(actions(*pressed))
    return Message(f"{line}. {literal(view.reason, view.names, 500)}" if view.reason else line, blocks)


def moved(view: EscalationView, of_vendor: Message | None = None) -> Message:
    """
    What it becomes in the channel of an incident that was merged: where it goes on, with its buttons while it waits.

    Once somebody has it they hand it over or back where it goes on.
    """
    shown = of_vendor or ledger(view)
    blocks = [each for each in shown.blocks if view.is_waiting or of_vendor or each["type"] != "actions"]
    where = f" <#{view.channel_id}>" if view.channel_id else ""
    home = f":twisted_rightwards_arrows: This goes on in {view.reference}{where}."
    return Message(f"{home} {shown.text}", [context(home), *blocks])


def headline(view: EscalationView) -> str:
    who = target(view)
    if view.was_only_recorded:
        at = f" at {when(view.paged_at, DAY)}" if view.paged_at else ", time not known"
        return f":mega: Recorded: {who} called{at}"
    since = f" {when(view.paged_at)}" if view.paged_at else ""
    handed = f", handed over by <@{view.handed_by}>" if view.handed_by else ""
    if view.policy:
        to = f" to {who}" if handed else ""
        began = ", begun" if view.level > view.levels else ", since"
        return f":mega: Policy *{literal(view.policy, limit=200)}*{handed}{to}: {standing(view)}{began}{since}"
    return f":mega: {who} {'told' if view.is_external else 'paged'}{since}{handed}"


def standing(view: EscalationView) -> str:
    """`level 2 of 3`, and which time around where a policy is repeated."""
    again = f", round {view.round + 1} of {view.rounds}" if view.round else ""
    if view.level > view.levels:
        return "at its end"
    return f"level {view.level} of {view.levels}{again}" if view.level else "nobody paged yet"


def target(view: EscalationView) -> str:
    if view.is_external:
        return f"vendor *{literal(view.target_name, limit=200)}*"
    if view.target_kind == TargetKind.TEAM:
        people = " ".join(person(view, member) for member in view.members[:PEOPLE])
        return f"*@{literal(view.target_name, limit=200)}*" + (f" ({people})" if people else "")
    if view.target_kind == TargetKind.PERSON:
        muted = next((each for each in view.left_out if view.target == _mention(each)), None)
        return person(view, muted) if muted else view.target
    if view.target_kind == TargetKind.GROUP:
        return view.target
    return f"{view.target_kind.value} *{literal(view.target_name, limit=200)}*"


def person(view: EscalationView, user_id: str) -> str:
    """Somebody as a mention; whoever is not paged on purpose by name, as a mention would wake them all the same."""
    if user_id not in view.left_out:
        return _mention(user_id)
    return f"*{literal(view.names.get(user_id) or 'somebody who is not paged', limit=100)}*"


def state(view: EscalationView) -> str:
    """Whether somebody answered, and if nobody did what happens next and when."""
    if view.acknowledged_at is not None:
        return _answered(view)
    if view.is_called_off:
        return "called off"
    if not view.is_open:
        return "nobody acknowledged before the incident ended"
    parts = [_waiting(view)]
    parts += [_handed_back(each) for each in view.answers[-1:] if each.withdrawn_at is not None]
    listed_below = {one.user_id for level in view.paged for one in level.people}
    if others := [each for each in view.declined_by if each not in listed_below]:
        parts.append("cannot: " + mentions(others))
    if view.unreached:
        parts.append(":warning: no page reached " + mentions(view.unreached))
    return "\n".join(parts)


def _waiting(view: EscalationView) -> str:
    if view.have_all_declined and view.next is None:
        return ":warning: everybody who was asked cannot. Escalate to somebody else."
    if view.gave_up:
        return f":warning: {unanswered(view)}. {goes_on(view)}"
    waits = ":hourglass_flowing_sand: *waiting for an answer*"
    if view.still_needed and len(view.still_needed) < len(view.members):
        waits = f":hourglass_flowing_sand: *still needed:* {mentions(view.still_needed)}"
    elif view.needs_all:
        waits = ":hourglass_flowing_sand: *waiting for an answer of each of them*"
    return f"{waits}\n{_next(view, view.next)}" if view.next else waits


def unanswered(view: EscalationView) -> str:
    """What was missing in the end: an answer, or where all of a level had to answer those of the others."""
    if any(each.withdrawn_at is None for each in view.answers):
        return f"{mentions(view.still_needed)} did not answer" if view.still_needed else "not everybody answered"
    return f"nobody answered after {view.reminders} reminders" if not view.policy else "nobody answered"


def goes_on(view: EscalationView) -> str:
    """Whether somebody was paged whom a policy calls at its end, or it is for people to go on."""
    if not view.paged or view.paged[-1].because != "end":
        return "Escalate to somebody else."
    if has_last_resort(view):
        return "The last resort is paged."
    return "Nobody of the last resort could be paged. Escalate to somebody else."


def has_last_resort(view: EscalationView) -> bool:
    """Whether anybody is paged whom the policy calls at its end."""
    return bool(view.paged) and view.paged[-1].because == "end" and view.paged[-1].reaches_anybody


def _next(view: EscalationView, step: NextStep) -> str:
    due = f"due {when(step.at, COUNTING)}"
    more_time = " (more time was asked for)" if view.more_time_until and view.more_time_until >= step.at else ""
    if step.level is None and not view.policy:
        return f"*Next:* whoever called is told that nobody answers, {due}{more_time}"
    if step.level is None:
        whom = _whom(step) or ", nobody else is paged"
        return f"*Next:* the end of the policy{whom}, {due}{more_time}"
    if not view.is_stepwise:
        return f"*Next:* a reminder, {due}{more_time}"
    again = "from the beginning, " if step.is_again else ""
    return f"*Next:* {again}level {step.level}{_whom(step)}, {due}{more_time}"


def _whom(step: NextStep) -> str:
    named = [literal(one_line(each, 80)) for each in step.targets[:NEXT]]
    more = [f"{len(step.targets) - NEXT} more"] if len(step.targets) > NEXT else []
    return f" ({', '.join([*named, *more])})" if named else ""


def _answered(view: EscalationView) -> str:
    last = next((each for each in reversed(view.answers) if each.withdrawn_at is None), None)
    by = f"<@{view.acknowledged_by}>" if view.acknowledged_by else _outsider(last)
    how = _how(last.means) if last else ""
    after = ""
    if view.paged_at and view.acknowledged_at and view.acknowledged_at > view.paged_at:
        after = f", {show_duration(between(view.paged_at, view.acknowledged_at))} after the first page"
    if view.was_only_recorded or view.acknowledged_at is None:
        after = ""
    at = f" {when(view.acknowledged_at)}" if view.acknowledged_at else ""
    lines = [f":white_check_mark: acknowledged by {by}{at}{how}{after}"]
    if view.handed_to:
        lines.append(f":arrow_right: handed over to {handed_to(view)}: that goes on in a message of its own.")
    if view.quiet_asked_at is not None:
        lines.append(f":wave: not heard of since; asked {when(view.quiet_asked_at)} whether they are still on it")
    lines += [_handed_back(each) for each in view.answers[-3:] if each.withdrawn_at is not None]
    return "\n".join(lines)


def handed_to(view: EscalationView) -> str:
    """Whom it was handed over to, as markup."""
    return view.handed_to if view.handed_to.startswith("<") else f"*{literal(view.handed_to, limit=200)}*"


def _outsider(answer: Answer | None) -> str:
    return literal(one_line(answer.name, 80)) if answer and answer.name else "somebody"


def _how(means: str) -> str:
    return ANSWERED_BY.get(means, f" by {literal(one_line(means, 40))}")


def _handed_back(answer: Answer) -> str:
    by = f"<@{answer.user_id}>" if answer.user_id else _outsider(answer)
    at = f" {when(answer.withdrawn_at)}" if answer.withdrawn_at else ""
    if answer.is_silent:
        return f":zzz: {by} acknowledged {when(answer.at)} and was not heard of since; paged again{at}"
    why = f": {literal(one_line(answer.why, 150))}" if answer.why else ""
    return f":leftwards_arrow_with_hook: {by} acknowledged {when(answer.at)} and handed it back{at}{why}"


def mentions(people: Sequence[str]) -> str:
    named = " ".join(map(_mention, people[:PEOPLE]))
    return f"{named} and {len(people) - PEOPLE} more" if len(people) > PEOPLE else named


def _people(view: EscalationView) -> str:
    """Who was paged at the present level, by what means, and what came of it."""
    if not view.paged:
        return ""
    newest = view.paged[-1]
    lines, room = [], ROOM
    for each in newest.people[:PEOPLE]:
        line = f"• {_person(view, each)}"
        room -= len(line) + 1
        if room < 0:
            break
        lines.append(line)
    if more := len(newest.people) - len(lines):
        lines.append(f"and {more} more")
    others = [f"• <!subteam^{each}> mentioned here" for each in newest.groups[:NEXT]]
    others += [f"• vendor *{literal(one_line(each, 80))}*" for each in newest.vendors[:NEXT]]
    others += [f"• :warning: {literal(one_line(each, 80))}: nobody to page" for each in newest.missing[:NEXT]]
    return listed([_level(view, newest), *lines, *others])


def _level(view: EscalationView, paged: LevelPaged) -> str:
    """The level and its time, and why it was paged then where its time had not simply come."""
    name = f"Level {paged.level}" if view.is_stepwise else "Paged"
    if paged.because == "end" or paged.level > view.levels:
        name = "At the end of the policy"
    why = BECAUSE.get(paged.because, "")
    late = f" · :warning: {show_duration(paged.late)} late" if paged.late else ""
    missed = " level" if paged.passed_over == 1 else " levels"
    passed = f", {paged.passed_over}{missed} before it left out" if paged.passed_over else ""
    return f"*{name}*, {when(paged.at)}{why}{late}{passed}"


def _mention(who: str) -> str:
    """A person; or a service, which is told by the means that leads there."""
    return f"*{literal(label_of(who))}*" if ":" in who else f"<@{who}>"


def _person(view: EscalationView, one: PersonPaged) -> str:
    tried = ", ".join(_attempt(each) for each in one.attempts[-4:])
    if ":" in one.user_id:  # its name is that of the means already
        tried = tried.replace(f"{literal(label_of(one.user_id))} ", "")
    came = ""
    if one.acknowledged_at:
        came = f" · :white_check_mark: {when(one.acknowledged_at)}"
    elif one.has_declined:
        came = " · cannot"
    return f"{person(view, one.user_id)} {tried}{came}".rstrip()


def _attempt(each: Attempt) -> str:
    if each.skipped is not None:
        return f"not paged: {literal(one_line(each.skipped, 80))}"
    means = literal(one_line(each.means, 40))
    if each.outcome == SENT:
        return f"{means} {when(each.at)}"
    if each.outcome == WAITING:
        return f"then {means} {when(each.at)}" if each.is_due_later else f"{means} on its way"
    return f":warning: {means} failed {when(each.at)} ({literal(one_line(each.outcome, 60))})"


def _earlier(view: EscalationView) -> str:
    """Each earlier level in a line, the newest of them; of mere reminders only the times."""
    before = view.paged[:-1]
    if not before:
        return ""
    if not view.is_stepwise:
        times = [when(each.at) for each in before[-EARLIER:]]
        more = f" and {len(before) - EARLIER} times before that" if len(before) > EARLIER else ""
        return f"Also paged {', '.join(times)}{more}"
    lines = [_rung(each) for each in reversed(before[-EARLIER:])]
    earlier = [f"and {len(before) - EARLIER} before"] if len(before) > EARLIER else []
    return listed([*lines, *earlier], ROOM - 500)


def _rung(paged: LevelPaged) -> str:
    cannot = [each.user_id for each in paged.people if each.has_declined]
    answered = [each.user_id for each in paged.people if each.acknowledged_at]
    others = [each for each in paged.people if each.user_id not in {*cannot, *answered}]
    silent = [each.user_id for each in others if each.fell_silent]
    unpaged = [each.user_id for each in others if each.is_skipped]
    unreached = [each.user_id for each in others if each.has_failed and not each.fell_silent]
    none = [each.user_id for each in others if each.user_id not in {*silent, *unpaged, *unreached}]
    came = (
        (answered, "answered"),
        (silent, "acknowledged, then silent"),
        (cannot, "cannot"),
        (none, "no answer"),
        (unpaged, "not paged"),
        (unreached, "not reached"),
    )
    told = [f"{_few(people)} {what}" for people, what in came if people]
    told += [f"<!subteam^{each}> no answer" for each in paged.groups[:3]]
    told += [f"vendor *{literal(one_line(each, 60))}*" for each in paged.vendors[:3]]
    told += [f"{literal(one_line(each, 60))} means nobody" for each in paged.missing[:3]]
    return f"Level {paged.level}, {when(paged.at)}: {'; '.join(told) or 'nobody to page'}"


def _few(people: Sequence[str]) -> str:
    named = ", ".join(map(_mention, people[:3]))
    return f"{named} and {len(people) - 3} more" if len(people) > 3 else named


def _buttons(view: EscalationView) -> list[Block]:
    if view.is_waiting and not view.is_external:
        return answers(view)
    if view.is_waiting:
        return [button("They answered", ACKNOWLEDGE, str(view.escalation_id), style="primary")]
    return holds(view) if view.is_held else []


def answers(view: EscalationView, acknowledge: str = "Acknowledge", *, can_decline: bool = True) -> list[Block]:
    """What whoever is asked can say."""
    value = str(view.escalation_id)
    words = "Can't: next please" if view.next and view.next.level and view.is_stepwise else "Can't"
    shown = [button(acknowledge, ACKNOWLEDGE, value, style="primary")]
    if can_decline:
        shown.append(decline(view, words))
    if view.next is not None:
        shown.append(more_time(view.escalation_id))
    return shown


def decline(view: EscalationView, words: str) -> Block:
    return button(words, DECLINE, str(view.escalation_id))


def more_time(escalation_id: int) -> Block:
    options = [
        {"text": {"type": "plain_text", "text": f"{minutes} minutes"}, "value": f"{escalation_id}.{minutes}"}
        for minutes in MINUTES
    ]
    placeholder = {"type": "plain_text", "text": "More time"}
    return {"type": "static_select", "action_id": MORE_TIME, "placeholder": placeholder, "options": options}


def holds(view: EscalationView) -> list[Block]:
    """What whoever answered can do with it afterwards."""
    value = str(view.escalation_id)
    return [button("Hand over", HAND_OVER, value), button("I can't after all", HAND_BACK, value)]
