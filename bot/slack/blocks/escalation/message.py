"""
The message of an escalation, edited in place.

Targets of the next level are named, not mentioned: posting a mention notifies.
"""

from bot.domain.terms import TargetKind
from bot.domain.text.durations import duration_between, format_duration
from bot.services.escalation.view import AcknowledgementView, EscalationView, NextStep
from bot.slack.blocks.escalation.controls import ACKNOWLEDGE, acknowledger_buttons, answer_buttons
from bot.slack.blocks.escalation.levels import (
    PEOPLE,
    earlier_levels,
    mention,
    mention_list,
    person_markup,
    present_level,
)
from bot.slack.blocks.limits import (
    TIME_AND_AGO,
    Block,
    Blocks,
    actions,
    button,
    context,
    formatted,
    formatted_line,
    literal,
    one_line,
    section,
    slack_datetime,
    slack_time,
    with_quote,
)
from bot.slack.blocks.message import Message, with_page_mark

NEXT = 5
"""Targets of the next level that are named."""
ANSWERED_BY = {"slack": "", "reaction": " with a reaction", "web": " from the page"}


def escalation_message(view: EscalationView) -> Message:
    line = headline(view)
    blocks: Blocks = [section(with_quote(line, view.reason, view.names)), section(escalation_state(view))]
    if present := present_level(view):
        blocks.append(section(present))
    if earlier := earlier_levels(view):
        blocks.append(context(earlier))
    if buttons := _buttons(view):
        blocks.append(actions(*buttons))
    text = f"{line}. {formatted(view.reason, view.names, 500)}" if view.reason else line
    return with_page_mark(Message(text, blocks), view.page_at)


def moved_escalation_message(view: EscalationView, of_vendor: Message | None = None) -> Message:
    """Message in the channel of a merged incident: link to the target, buttons while pending."""
    original = of_vendor or escalation_message(view)
    blocks = [each for each in original.blocks if view.is_waiting or of_vendor or each["type"] != "actions"]
    where = f" <#{view.incident.channel_id}>" if view.incident.channel_id else ""
    notice = f":twisted_rightwards_arrows: This continues in {view.incident.reference}{where}."
    return Message(f"{notice} {original.text}", [context(notice), *blocks])


def headline(view: EscalationView) -> str:
    who = target_markup(view)
    if view.was_only_recorded:
        at = f" at {slack_datetime(view.paged_at)}" if view.paged_at else ", time not known"
        return f":mega: Recorded: {who} called{at}; nobody was paged"
    since = f" {slack_time(view.paged_at)}" if view.paged_at else ""
    handed = f", handed over by <@{view.handover.giver}>" if view.handover.giver else ""
    if view.progress.policy:
        to = f" to {who}" if handed else ""
        began = ", begun" if view.progress.level > view.progress.levels else ", since"
        policy = f"Policy *{literal(view.progress.policy, limit=200)}*"
        return f":mega: {policy}{handed}{to}: {policy_progress(view)}{began}{since}"
    return f":mega: {who} {'notified' if view.target.is_external else 'paged'}{since}{handed}"


def policy_progress(view: EscalationView) -> str:
    """Progress of a policy, like `level 2 of 3, round 2 of 3`."""
    again = f", round {view.progress.round + 1} of {view.progress.rounds}" if view.progress.round else ""
    if view.progress.level > view.progress.levels:
        return "at its end"
    return (
        f"level {view.progress.level} of {view.progress.levels}{again}" if view.progress.level else "nobody paged yet"
    )


def target_markup(view: EscalationView) -> str:
    if view.target.is_external:
        return f"vendor *{literal(view.target.name, limit=200)}*"
    if view.target.kind == TargetKind.TEAM:
        people = " ".join(person_markup(view, member) for member in view.responses.members[:PEOPLE])
        return f"*@{literal(view.target.name, limit=200)}*" + (f" ({people})" if people else "")
    if view.target.kind == TargetKind.PERSON:
        muted = next((each for each in view.left_out if view.target.mention == mention(each)), None)
        return person_markup(view, muted) if muted else view.target.mention
    if view.target.kind == TargetKind.GROUP:
        return view.target.mention
    return f"{view.target.kind.value} *{literal(view.target.name, limit=200)}*"


def escalation_state(view: EscalationView) -> str:
    """Status of the escalation: acknowledged, closed, or pending with its next step."""
    if view.responses.acknowledged_at is not None:
        return _acknowledged_state(view)
    if view.is_called_off:
        return "called off"
    if not view.incident.is_open or view.is_stopped:
        return "nobody acknowledged before the incident ended"
    parts = [_pending_state(view)]
    parts += [_withdrawn_answer(each) for each in view.responses.answers[-1:] if each.withdrawn_at is not None]
    listed_below = {one.user_id for level in view.paged for one in level.people}
    if others := [each for each in view.responses.declined_by if each not in listed_below]:
        parts.append("cannot: " + mention_list(others))
    if view.responses.unreached:
        parts.append(":warning: no page reached " + mention_list(view.responses.unreached))
    return "\n".join(parts)


def _pending_state(view: EscalationView) -> str:
    if view.responses.have_all_declined and view.progress.next is None:
        return ":warning: everybody declined. Escalate to somebody else."
    if view.progress.is_exhausted:
        return f":warning: {unanswered_text(view)}. {after_last_level(view)}"
    waits = ":hourglass_flowing_sand: *waiting for an answer*"
    if view.responses.still_needed and len(view.responses.still_needed) < len(view.responses.members):
        waits = f":hourglass_flowing_sand: *still needed:* {mention_list(view.responses.still_needed)}"
    elif view.responses.needs_all:
        waits = ":hourglass_flowing_sand: *waiting for an answer from each of them*"
    return f"{waits}\n{_next_step(view, view.progress.next)}" if view.progress.next else waits


def unanswered_text(view: EscalationView) -> str:
    """Reason for the end: nobody answered, or not everybody who had to."""
    if any(each.withdrawn_at is None for each in view.responses.answers):
        return (
            f"{mention_list(view.responses.still_needed)} did not answer"
            if view.responses.still_needed
            else "not everybody answered"
        )
    return (
        f"nobody answered after {view.progress.reminders} reminders" if not view.progress.policy else "nobody answered"
    )


def after_last_level(view: EscalationView) -> str:
    """Sentence on the last resort of the policy, or on what to do without one."""
    if not view.paged or view.paged[-1].because != "end":
        return "Escalate to somebody else."
    if has_last_resort(view):
        return "The last resort is paged."
    return "Nobody of the last resort could be paged. Escalate to somebody else."


def has_last_resort(view: EscalationView) -> bool:
    """True if the policy's last resort reached anybody."""
    return bool(view.paged) and view.paged[-1].because == "end" and view.paged[-1].reaches_anybody


def _next_step(view: EscalationView, step: NextStep) -> str:
    due = f"due {slack_time(step.at, TIME_AND_AGO)}"
    until = view.progress.more_time_until
    more_time = " (more time was asked for)" if until and until >= step.at else ""
    if step.level is None and not view.progress.policy:
        return f"*Next:* the caller gets a message that nobody answered, {due}{more_time}"
    if step.level is None:
        whom = _next_targets(step) or ", nobody else is paged"
        return f"*Next:* the end of the policy{whom}, {due}{more_time}"
    if not view.progress.is_stepwise:
        return f"*Next:* a reminder, {due}{more_time}"
    again = "from the beginning, " if step.is_again else ""
    return f"*Next:* {again}level {step.level}{_next_targets(step)}, {due}{more_time}"


def _next_targets(step: NextStep) -> str:
    named = [literal(one_line(each, 80)) for each in step.targets[:NEXT]]
    more = [f"{len(step.targets) - NEXT} more"] if len(step.targets) > NEXT else []
    return f" ({', '.join([*named, *more])})" if named else ""


def _acknowledged_state(view: EscalationView) -> str:
    counted, further = _active_answers(view)
    by = f"<@{view.responses.acknowledged_by}>" if view.responses.acknowledged_by else _outside_name(counted)
    how = _method_text(counted.method) if counted else ""
    after = ""
    if view.paged_at and view.responses.acknowledged_at and view.responses.acknowledged_at > view.paged_at:
        after = (
            f", {format_duration(duration_between(view.paged_at, view.responses.acknowledged_at))} after the first page"
        )
    if view.was_only_recorded or view.responses.acknowledged_at is None:
        after = ""
    at = f" {slack_time(view.responses.acknowledged_at)}" if view.responses.acknowledged_at else ""
    lines = [f":white_check_mark: acknowledged by {by}{at}{how}{after}"]
    lines += [_further_answer(each) for each in further[-3:]]
    if view.handover.recipient:
        lines.append(f":arrow_right: handed over to {new_target_markup(view)}. It continues in a new message.")
    if view.responses.activity_asked_at is not None:
        asked = slack_time(view.responses.activity_asked_at)
        lines.append(f":wave: no response since; asked {asked} whether they are still on it")
    lines += [_withdrawn_answer(each) for each in view.responses.answers[-3:] if each.withdrawn_at is not None]
    return "\n".join(lines)


def _active_answers(view: EscalationView) -> tuple[AcknowledgementView | None, list[AcknowledgementView]]:
    """The acknowledgement that counts, and those of people who took it as well."""
    responses = view.responses
    active = [each for each in responses.answers if each.withdrawn_at is None]
    for place, each in enumerate(active):
        if (each.at, each.user_id) == (responses.acknowledged_at, responses.acknowledged_by):
            return each, active[place + 1 :]
    return (active[-1] if active else None), []


def _further_answer(answer: AcknowledgementView) -> str:
    by = f"<@{answer.user_id}>" if answer.user_id else _outside_name(answer)
    return f":white_check_mark: also acknowledged by {by} {slack_time(answer.at)}{_method_text(answer.method)}"


def new_target_markup(view: EscalationView) -> str:
    """Markup of the target that it was handed over to."""
    recipient = view.handover.recipient
    return recipient if recipient.startswith("<") else f"*{literal(recipient, limit=200)}*"


def _outside_name(answer: AcknowledgementView | None) -> str:
    return literal(one_line(answer.name, 80)) if answer and answer.name else "somebody"


def _method_text(method: str) -> str:
    return ANSWERED_BY.get(method, f" by {literal(one_line(method, 40))}")


def _withdrawn_answer(answer: AcknowledgementView) -> str:
    by = f"<@{answer.user_id}>" if answer.user_id else _outside_name(answer)
    at = f" {slack_time(answer.withdrawn_at)}" if answer.withdrawn_at else ""
    if answer.is_timed_out:
        return f":zzz: {by} acknowledged {slack_time(answer.at)} and did not respond since; paged again{at}"
    why = f": {formatted_line(answer.why, length=150)}" if answer.why else ""
    return f":leftwards_arrow_with_hook: {by} acknowledged {slack_time(answer.at)} and handed it back{at}{why}"


def _buttons(view: EscalationView) -> list[Block]:
    if view.is_waiting and not view.target.is_external:
        return answer_buttons(view)
    if view.is_waiting:
        return [button("They answered", ACKNOWLEDGE, str(view.escalation_id), style="primary")]
    return acknowledger_buttons(view) if view.can_be_handed_over else []
