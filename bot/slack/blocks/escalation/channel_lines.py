"""What is said in the channel as an escalation goes on: a message that is edited pings nobody."""

from datetime import timedelta

from bot.domain.paging.channels import label_of
from bot.services.views.messages import SaidView
from bot.slack.blocks.escalation import message as escalation
from bot.slack.blocks.limits import literal, quoted
from bot.slack.blocks.message import Message, plain

BECAUSE = {
    "due": "Nobody acknowledged in time.",
    "nobody left": "Nobody who was asked can come.",
    "cannot go on": "Whoever had acknowledged cannot go on.",
    "end": "Nobody acknowledged.",
}


def level(view: SaidView) -> Message:
    """The next level is paged. Who is paged is mentioned, user groups too."""
    values = view.values
    number, levels = (values.get(key) for key in ("level", "levels"))
    is_fallback = values.get("because") == "end"
    which = "the last resort" if is_fallback else f"level {number} of {levels}"
    why = BECAUSE.get(str(values.get("because")), "")
    people = [f"<@{each}>" for each in _list(values.get("people"))]
    groups = [f"<!subteam^{each}>" for each in _list(values.get("groups"))]
    vendors = [f"*{literal(str(each), limit=100)}*" for each in _list(values.get("vendors"))]
    services = [f"*{literal(label_of(str(each)), limit=100)}*" for each in _list(values.get("services"))]
    skipped = _number(values.get("skipped"))
    who = " ".join([*people, *groups, *services]) or ("nobody" if skipped else "nobody of ours")
    who += f" ({skipped} not paged: muted, or no longer here)" if skipped else ""
    call = f" Somebody has to call {', '.join(vendors)}." if vendors else ""
    rounds = f" of {view.escalation.rounds}" if view.escalation else ""
    is_again = _number(values.get("round")) and not is_fallback
    again = f", round {_number(values.get('round')) + 1}{rounds}" if is_again else ""
    ask = "Please acknowledge above, or say that you can't."
    return plain(f":mega: {why} Now {which} is paged{again}: {who}.{call} {_late(view)}{ask}")


def _late(view: SaidView) -> str:
    seconds = _number(view.values.get("late_seconds"))
    if not seconds:
        return ""
    minutes = max(1, round(timedelta(seconds=seconds) / timedelta(minutes=1)))
    passed = [str(each) for each in _list(view.values.get("passed_over"))]
    left_out = f"; level {', '.join(passed)} fell due meanwhile and was left out" if passed else ""
    return f"This is {minutes:,} min late: Dogwatch was not running{left_out}. "


def level_empty(view: SaidView) -> Message:
    """Targets that mean nobody now. `is_somebody`: others of the level are paged. `is_last`: no further one is."""
    why = " ".join(literal(str(each), view.names, 300) for each in _list(view.values.get("why")))
    is_fallback = view.values.get("because") == "end"
    which = "The last resort" if is_fallback else f"Level {view.values.get('level')}"
    goes_on = "The next level is paged now."
    if view.values.get("is_somebody"):
        goes_on = "The others are paged."
    elif is_fallback:
        goes_on = "Nobody was paged. Escalate to somebody else."
    elif view.values.get("is_last"):
        goes_on = "No other level follows."
    return plain(f":warning: {which}: {why} {goes_on}")


def end_of_policy(view: SaidView) -> str:
    """Empty for a call to somebody by name. Those who were paged and are silent are not paged by this once more."""
    asked = view.escalation
    if asked is None or not asked.policy:
        return ""
    return f"the policy *{literal(asked.policy, limit=200)}* came to its end: {escalation.unanswered(asked)}"


def after_the_end(view: SaidView) -> str:
    return escalation.goes_on(view.escalation) if view.escalation else "Escalate to somebody else."


def unacknowledged(view: SaidView) -> Message:
    by, before = (view.values.get(key) for key in ("by", "before"))
    name = literal(view.names.get(str(before), ""), limit=100) if before else ""
    whose = f"*{name}*" if name else "whoever had acknowledged"
    what = _what(view)
    if by is None:
        line = f"{whose[:1].upper()}{whose[1:]} gives no sign of life"
    elif by == before:
        line = f"{whose[:1].upper()}{whose[1:]} took the acknowledgement back"
    else:
        line = f"The acknowledgement of {whose} was taken back by <@{by}>"
    said = f"\n{quoted(str(why), view.names, 1_000)}" if (why := view.values.get("why")) else ""
    return plain(f":rewind: {line}: {what} waits for an answer again.{said}")


def unanswered_elsewhere(view: SaidView) -> Message:
    """In the incidents channel, for everybody."""
    channel = view.escalation.channel_id if view.escalation else None
    where = f" <#{channel}>" if channel else ""
    return plain(
        f":rotating_light: *{view.reference} {literal(view.title, limit=300)}*: nobody acknowledged {_what(view)}. "
        f"Somebody is needed{where}."
    )


def _what(view: SaidView) -> str:
    name = literal(view.escalation.target_name, limit=200) if view.escalation else ""
    if view.escalation and view.escalation.policy:
        return f"the policy {literal(view.escalation.policy, limit=200)}"
    return f"the escalation to {name}" if name and not name.startswith(("U", "W")) else "the escalation"


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
