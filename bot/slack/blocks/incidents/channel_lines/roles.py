"""Lines on roles: assigned, taken over, handed over, given up."""

from dataclasses import replace

from bot.domain.record.facts import RoleAssigned
from bot.services.views.event import EventView
from bot.slack.blocks.incidents.channel_lines.parts import actor_text, int_value, person_text, with_text
from bot.slack.blocks.limits import context, link, literal
from bot.slack.blocks.message import Message, plain_message


def lead_line(view: EventView) -> Message:
    before = view.values.get("before")
    over = f", taking over from {person_text(view, before)}" if before else ""
    lead = view.values["lead"]
    shown = actor_text(view) if lead == view.values.get("by") else f"<@{lead}>"
    return _with_note(f":bust_in_silhouette: {shown} leads {view.reference}{over}", view)


def role_line(view: EventView) -> Message:
    before, to = view.values.get("before"), view.values["person"]
    over = f", taking over from {person_text(view, before)}" if before else ""
    shown = actor_text(view) if to == view.values.get("by") else f"<@{to}>"
    return _with_note(f":bust_in_silhouette: {shown} is *{_role_label(view)}* of {view.reference}{over}", view)


def handover_line(view: EventView) -> Message:
    """Handover of a role, with counts of the open work."""
    before, by, to = (view.values.get(key) for key in ("before", "by", "person"))
    if before == by:
        line = f"{person_text(view, before)} handed over to <@{to}>: *{_role_label(view)}*"
    elif to == by:
        line = f"{actor_text(view)} took over from {person_text(view, before)}: *{_role_label(view)}*"
    else:
        line = f"{actor_text(view)} handed *{_role_label(view)}* over from {person_text(view, before)} to <@{to}>"
    message = _with_note(f":handshake: {line}", view)
    return Message(message.text, [*message.blocks, context(_open_work(view))])


def _open_work(view: EventView) -> str:
    counted = [
        _count_text(view.values.get("calls"), "unanswered escalation", "unanswered escalations"),
        _count_text(view.values.get("tasks"), "open task", "open tasks"),
        _count_text(view.values.get("hypotheses"), "open hypothesis", "open hypotheses"),
    ]
    lacks = view.values.get("lacks")
    missing = [f"no {each} stated" for each in lacks] if isinstance(lacks, list) else []
    page = link(str(view.values.get("page", "")), "the whole record")
    found = [each for each in (*counted, *missing) if each]
    return f"Open: {', '.join(found)} · {page}" if found else f"Nothing is open on record · {page}"


def _count_text(value: object, one: str, more: str) -> str:
    number = int_value(value)
    return f"{number} {one if number == 1 else more}" if number else ""


def role_given_up_line(view: EventView) -> Message:
    before, by = view.values.get("before"), view.values.get("by")
    whom = person_text(view, before)
    line = f"{whom} is no longer *{_role_label(view)}*. Nobody has the role"
    return plain_message(f":bust_in_silhouette: {line}" + ("" if before == by else f" ({actor_text(view)} changed it)"))


def role_passed_on_line(view: EventView) -> Message:
    """Direct message to the previous holder, if somebody else reassigned the role."""
    to, by = view.values["person"], view.values.get("by")
    who = f"<@{to}> took" if to == by else f"{actor_text(view)} gave"
    rest = " over from you" if to == by else f" to <@{to}>, who takes over from you"
    return plain_message(f":handshake: {who} *{_role_label(view)}* of {view.reference}{rest}.")


def role_taken_line(view: EventView) -> Message:
    return plain_message(f":white_check_mark: {actor_text(view)} has it: *{_role_label(view)}* of {view.reference}.")


def _role_label(view: EventView) -> str:
    return literal(str(view.values.get("label", "")), limit=100)


def _with_note(line: str, view: EventView) -> Message:
    return with_text(line, replace(view, text=_assignment_note(view)))


def _assignment_note(view: EventView) -> str:
    """Note of the person who assigned a role; empty once somebody amended the entry."""
    return view.fact.note if isinstance(view.fact, RoleAssigned) else ""
