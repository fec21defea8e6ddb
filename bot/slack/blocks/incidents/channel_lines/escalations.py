"""Lines on an escalation. They are posted, because an edited message notifies nobody."""

from datetime import timedelta

from bot.domain.paging.contact_methods import contact_method_label
from bot.domain.text.durations import format_duration
from bot.domain.timeline.emoji import LOOKING_EMOJI
from bot.services.views.event import EventView
from bot.slack.blocks.escalation.levels import person_markup
from bot.slack.blocks.escalation.message import after_last_level, unanswered_text
from bot.slack.blocks.incidents.channel_lines.parts import int_value
from bot.slack.blocks.limits import literal, one_line, quoted
from bot.slack.blocks.message import Message, plain_message

BECAUSE = {
    "due": "Nobody acknowledged in time.",
    "nobody left": "Everybody declined.",
    "cannot go on": "The person who acknowledged cannot continue.",
    "end": "Nobody acknowledged.",
}


def reminder_line(view: EventView) -> Message:
    return plain_message(f":mega: {_pending_targets(view)} still needed: please acknowledge or decline above.")


def unanswered_line(view: EventView) -> Message:
    what = _end_of_policy(view) or f"nobody answered the escalation to {_pending_targets(view)}"
    return plain_message(f":warning: {_requester(view)}, {what}. {_after_the_end(view)}")


def all_declined_line(view: EventView) -> Message:
    return plain_message(f":warning: {_requester(view)}, everybody declined. Escalate to somebody else.")


def _requester(view: EventView) -> str:
    if view.escalation is None:
        return "The escalation"
    return f"<@{view.escalation.asked_by}>" if view.escalation.asked_by else "The lead"


def _pending_targets(view: EventView) -> str:
    escalation = view.escalation
    if escalation is None:
        return "nobody"
    pending = [each for each in escalation.responses.members if each not in escalation.responses.declined_by]
    return " ".join(person_markup(escalation, each) for each in pending) or escalation.target.mention


def level_line(view: EventView) -> Message:
    """The next level is paged: people and user groups are mentioned."""
    values = view.values
    number, levels = (values.get(key) for key in ("level", "levels"))
    is_fallback = values.get("because") == "end"
    which = "the last resort" if is_fallback else f"level {number} of {levels}"
    why = BECAUSE.get(str(values.get("because")), "")
    people = [f"<@{each}>" for each in _items(values.get("people"))]
    groups = [f"<!subteam^{each}>" for each in _items(values.get("groups"))]
    vendors = [f"*{literal(str(each), limit=100)}*" for each in _items(values.get("vendors"))]
    services = [f"*{literal(contact_method_label(str(each)), limit=100)}*" for each in _items(values.get("services"))]
    skipped = int_value(values.get("skipped"))
    who = " ".join([*people, *groups, *services]) or ("nobody" if skipped else "nobody of ours")
    who += f" ({skipped} not paged: muted, or no longer here)" if skipped else ""
    call = f" Call {', '.join(vendors)}." if vendors else ""
    rounds = f" of {view.escalation.progress.rounds}" if view.escalation else ""
    is_again = int_value(values.get("round")) and not is_fallback
    again = f", round {int_value(values.get('round')) + 1}{rounds}" if is_again else ""
    ask = "Please acknowledge or decline above."
    return plain_message(f":mega: {why} Now {which} is paged{again}: {who}.{call} {_lateness(view)}{ask}")


def _lateness(view: EventView) -> str:
    seconds = int_value(view.values.get("late_seconds"))
    if not seconds:
        return ""
    minutes = max(1, round(timedelta(seconds=seconds) / timedelta(minutes=1)))
    passed = [str(each) for each in _items(view.values.get("passed_over"))]
    left_out = f"; level {', '.join(passed)} was due meanwhile and was skipped" if passed else ""
    return f"This is {minutes:,} min late: Dogwatch was not running{left_out}. "


def level_empty_line(view: EventView) -> Message:
    """Targets without people. `is_somebody`: others are paged. `is_last`: no level follows."""
    why = " ".join(literal(str(each), view.names, 300) for each in _items(view.values.get("why")))
    is_fallback = view.values.get("because") == "end"
    which = "The last resort" if is_fallback else f"Level {view.values.get('level')}"
    goes_on = "The next level is paged now."
    if view.values.get("is_somebody"):
        goes_on = "The others are paged."
    elif is_fallback:
        goes_on = "Nobody was paged. Escalate to somebody else."
    elif view.values.get("is_last"):
        goes_on = "No other level follows."
    return plain_message(f":warning: {which}: {why} {goes_on}")


def _end_of_policy(view: EventView) -> str:
    """End of the policy; empty without one. People are not mentioned again."""
    escalation = view.escalation
    if escalation is None or not escalation.progress.policy:
        return ""
    return (
        f"the policy *{literal(escalation.progress.policy, limit=200)}* came to its end: {unanswered_text(escalation)}"
    )


def _after_the_end(view: EventView) -> str:
    return after_last_level(view.escalation) if view.escalation else "Escalate to somebody else."


def answered_line(view: EventView) -> Message:
    """Tell the person who asked for help who acknowledged; only the former is mentioned."""
    values = view.values
    name = view.names.get(str(values.get("by"))) or str(values.get("name") or "")
    who = f"*{literal(one_line(name, 80))}*" if name else "Somebody"
    seconds = values.get("waited_seconds")
    waited = timedelta(seconds=seconds) if isinstance(seconds, int) and seconds > 0 else None
    after = f", {format_duration(waited)} after the page" if waited else ""
    return plain_message(f":white_check_mark: <@{values.get('to')}> {who} is on it{after}.")


def unacknowledged_line(view: EventView) -> Message:
    by, before = (view.values.get(key) for key in ("by", "before"))
    name = literal(view.names.get(str(before), ""), limit=100) if before else ""
    whose = f"*{name}*" if name else "the person who acknowledged"
    what = _escalation_text(view)
    if by is None:
        line = f"{whose[:1].upper()}{whose[1:]} did not respond"
    elif by == before:
        line = f"{whose[:1].upper()}{whose[1:]} withdrew the acknowledgement"
    else:
        line = f"<@{by}> withdrew the acknowledgement of {whose}"
    reason = f"\n{quoted(str(why), view.names, 1_000)}" if (why := view.values.get("why")) else ""
    return plain_message(f":rewind: {line}: {what} is unacknowledged again.{reason}")


def unanswered_elsewhere_line(view: EventView) -> Message:
    """
    Line for the incidents channel.

    Without the title, which the announcement has: this line is not edited when words are redacted or made private.
    """
    channel = view.escalation.incident.channel_id if view.escalation else None
    where = f" <#{channel}>" if channel else ""
    return plain_message(
        f":rotating_light: *{view.reference}*: nobody acknowledged {_escalation_text(view)}. Please help{where}."
    )


def only_looking_line(view: EventView) -> Message:
    """For a person who is paged and reacted with the emoji that says so."""
    return plain_message(
        f":{LOOKING_EMOJI}: You have *not* acknowledged *{view.reference}* yet: paging continues. To take it, press "
        "*Acknowledge* on the page."
    )


def _escalation_text(view: EventView) -> str:
    name = literal(view.escalation.target.name, limit=200) if view.escalation else ""
    if view.escalation and view.escalation.progress.policy:
        return f"the policy {literal(view.escalation.progress.policy, limit=200)}"
    return f"the escalation to {name}" if name and not name.startswith(("U", "W")) else "the escalation"


def _items(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []
