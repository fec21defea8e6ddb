"""Card, announcement and channel topic of an incident."""

from collections.abc import Mapping

from bot.command.mark_help import short_mark_help
from bot.domain.incidents.next_step import NextStep
from bot.domain.terms import Status
from bot.domain.text.durations import format_duration
from bot.services.views.card import CardView, RelatedIncident, WaitingEscalation
from bot.slack.blocks.alerts.card import alert_blocks, alerts_field, reopen_button, still_fires, still_firing_line
from bot.slack.blocks.incidents.changes import change_blocks
from bot.slack.blocks.limits import (
    FIELD_TEXT,
    TIME_AND_AGO,
    Block,
    Blocks,
    actions,
    button,
    context,
    fields,
    formatted_line,
    header,
    join_lines,
    link,
    literal,
    one_line,
    replace_mentions,
    section,
    slack_datetime,
    slack_time,
)
from bot.slack.blocks.message import Message, plain_message

LIGHTS = ("🔴", "🟠", "🟡", "🔵")
TITLE = 1_000
"""Characters of a title in a line."""
TOPIC_LENGTH = 250
WHY = 300
"""Characters of a cancellation reason."""
WAITING = 3
"""Unanswered escalations that the card names."""
REQUIREMENTS = 900
"""Characters of one checklist: the card as a whole has a limit."""
PROBLEMS, PROBLEM = 5, 300
"""Problems of a message, and characters of each."""
BESIDE = 20
"""Incidents beside a storm that are linked."""
ANGLES = str.maketrans("<>", "‹›")
LEAD, NOTE, RESOLVE, DRAFT = "incident_lead", "incident_note", "incident_resolve", "incident_draft"
CATCHUP = "incident_catchup"
MORE = "incident_more"
REACTIONS = "reactions_help"
RETRY = "incident_retry"
STATUS, ESCALATE = "incident_status", "incident_escalate"
SEVERITY, ROLES, MERGE = "do_severity", "do_role", "do_merge"
"""Buttons of the menu."""
ACCEPT = "incident_accept"
ROLES_SHOWN = 4
"""A section has ten fields."""
EDIT, CANCEL = "incident_edit", "incident_cancel"
IMPACT, REOPEN = "do_impact", "do_reopen"
"""Forms that are generated from their commands."""
LEAD_LABEL, ACCEPT_LABEL, DECLINE_LABEL = "Take the lead", "Accept", "Decline…"
"""Labels that the card shares with reminders."""
NEXT_TEXTS: Mapping[NextStep, str] = {
    NextStep.ACCEPT: "Decide whether this is an incident.",
    NextStep.RESOLVE: "Resolve the incident. All alerts have ended.",
    NextStep.LEAD: "Take the lead. Nobody leads yet.",
    NextStep.ESCALATE: "Escalate. Nobody is on call for this.",
    NextStep.IMPACT: "State the impact: who is affected, and how.",
    NextStep.UPDATE: "Give a status update. It is due.",
}
NEXT_BUTTONS: Mapping[NextStep, tuple[str, str]] = {
    NextStep.RESOLVE: ("Resolve", RESOLVE),
    NextStep.LEAD: (LEAD_LABEL, LEAD),
    NextStep.ESCALATE: ("Escalate", ESCALATE),
    NextStep.IMPACT: ("State the impact", IMPACT),
    NextStep.UPDATE: ("Status", STATUS),
}
"""Label and action id of the button beside the next step."""
OPEN_BUTTONS: Mapping[str, str] = {
    ESCALATE: "Escalate",
    NOTE: "Add a note",
    STATUS: "Status",
    CATCHUP: "Catch me up",
    RESOLVE: "Resolve",
    MORE: "More…",
}
TRIAGE_BUTTONS: Mapping[str, str] = {ESCALATE: "Escalate", NOTE: "Add a note", CATCHUP: "Catch me up", MORE: "More…"}


def status_light(view: CardView) -> str:
    if view.state.status in {Status.CANCELLED, Status.MERGED}:
        return "⚪"
    return LIGHTS[view.state.severity_rank - 1] if view.state.is_open else "✅"


def title_marks(view: CardView) -> str:
    marks = {
        f"{(view.state.custom_status or Status.TRIAGE).upper()} · ": view.state.status == Status.TRIAGE,
        "DRILL · ": view.is_drill,
        "private · ": view.is_private,
        "after the fact · ": view.is_retro,
    }
    return "".join(mark for mark, is_so in marks.items() if is_so)


def card_headline(view: CardView) -> str:
    return f"{status_light(view)} {replace_mentions(f'{title_marks(view)}{view.reference} · {view.title}', view.names)}"


def card_message(view: CardView) -> Message:
    blocks: Blocks = [
        header(card_headline(view)),
        fields(
            [
                f"*Severity:* {literal(view.state.severity)}",
                f"*Status:* {_status_text(view, by_itself=True)}",
                *_lead_field(view),
                f"*{_span_label(view)}:* {_span_text(view)}",
                f"*Services:* {literal(', '.join(view.services), limit=FIELD_TEXT - 50) or 'not stated'}",
                *alerts_field(view),
                *_role_fields(view),
            ]
        ),
        *_bridge_blocks(view),
        *_next_step_blocks(view),
        context(_state_text(view)),
        *alert_blocks(view),
        *change_blocks(view),
        *_requirement_blocks(view),
    ]
    if view.related.beside:
        blocks.append(context(_storm_links(view)))
    if view.open_work.problems:
        blocks += _problem_blocks(view, "Not everything could be done")
    blocks += _buttons(view)
    title = literal(f"{title_marks(view)}{view.reference} {view.title}", view.names, TITLE)
    return Message(f"{title}: {literal(view.state.severity)}, {_status_text(view)}", blocks)


def _lead_field(view: CardView) -> list[str]:
    """Without a lead only while the incident is open: afterwards nobody takes the role."""
    people = view.people
    if people.lead is None and not view.state.is_open:
        return []
    return [f"*{literal(people.lead_label, limit=100)}:* {f'<@{people.lead}>' if people.lead else 'nobody yet'}"]


def _status_text(view: CardView, *, by_itself: bool = False) -> str:
    own = literal(view.state.custom_status, limit=100)
    return own or (view.state.status.capitalize() if by_itself else view.state.status.value)


def _bridge_blocks(view: CardView) -> Blocks:
    if view.bridge_url is None or not view.state.is_open:
        return []
    return [context(f":telephone_receiver: {link(view.bridge_url, 'Join the call')}")]


def _requirement_blocks(view: CardView) -> Blocks:
    """Checklists of what severity and status require."""
    by: dict[str, list[str]] = {}
    for each in view.open_work.requirements:
        item = f":white_check_mark: {literal(each.what, limit=150)}"
        if not each.is_met:
            item = f":white_medium_square: {literal(each.what, limit=150)} `/incident {each.how}`"
        by.setdefault(each.by, []).append(item)
    return [
        context(join_lines([f"*{literal(name, limit=100)} asks for*", *items], REQUIREMENTS))
        for name, items in by.items()
    ]


def _role_fields(view: CardView) -> list[str]:
    lines = [f"*{literal(label, limit=100)}:* <@{who}>" for label, who in view.people.other_roles[:ROLES_SHOWN]]
    more = len(view.people.other_roles) - len(lines)
    return [*lines[:-1], f"{lines[-1]} and {more} more: `/incident role`"] if more > 0 else lines


def _problem_blocks(view: CardView, headline: str) -> Blocks:
    """Failed Slack calls with their remedies, and a button to try again."""
    lines = [f"• {literal(each, view.names, PROBLEM)}" for each in view.open_work.problems]
    more = [f"• and {len(lines) - PROBLEMS} more: `dogwatch outbox` lists them"] if len(lines) > PROBLEMS else []
    text = join_lines([f":warning: *{headline}:*", *lines[:PROBLEMS], *more])
    return [section(text), actions(button("Try again", RETRY, str(view.incident_id)))]


def _span_label(view: CardView) -> str:
    if view.state.status in {Status.CANCELLED, Status.MERGED}:
        return "Opened"
    return "Since" if view.state.is_open else "Impact"


def _span_text(view: CardView) -> str:
    times = view.times
    if view.state.status in {Status.CANCELLED, Status.MERGED}:
        return slack_datetime(times.declared_at)
    if times.ended_at is None or times.duration is None:
        return slack_datetime(times.started_at)
    start, end = slack_datetime(times.started_at), slack_datetime(times.ended_at)
    return f"{start} to {end} ({format_duration(abs(times.duration))})"


def _next_step_blocks(view: CardView) -> Blocks:
    """The next step with its button; nothing if nothing is missing."""
    step = view.open_work.next_step
    if step is None:
        return []
    action = NEXT_BUTTONS.get(step)
    return [section(f"*Next:* {NEXT_TEXTS[step]}", accessory=_card_button(view, *action) if action else None)]


def _card_button(view: CardView, label: str, action_id: str) -> Block:
    return button(label, action_id, str(view.incident_id), style="primary")


def _state_text(view: CardView) -> str:
    """Open escalations and related incidents; the outcome once it is over."""
    stands = _status_text(view, by_itself=True)
    if view.state.status == Status.RESOLVED:
        return f"{stands}. *Next:* complete the postmortem, and note its tasks with `/incident task`."
    if view.state.status == Status.CANCELLED:
        return f"{stands}: {_cancellation_reason(view)}"
    if view.related.merged_into is not None:
        return f"{stands} into {incident_link(view.related.merged_into)}: continue there. The record was moved."
    if not view.state.is_open:
        return f"This incident is {_status_text(view)}."
    due = [_pending_escalation(each) for each in view.open_work.waiting[:WAITING]]
    if len(view.open_work.waiting) > WAITING:
        due.append(f"{len(view.open_work.waiting) - WAITING} more to acknowledge")
    waiting = f"*Waiting for:* {'; '.join(due)}. " if due else ""
    linked = f"Follows {view.related.previous}. " if view.related.previous else ""
    if view.related.took_in:
        linked += f"Took in {', '.join(each.reference for each in view.related.took_in[:BESIDE])}. "
    if view.is_retro and view.channel_id is None:
        return f"{linked}{waiting}Record what happened with `/incident note {view.reference} at:TIME …`."
    return f"{linked}{waiting}\n{_reaction_help(view)}".strip()


def _reaction_help(view: CardView) -> str:
    legend = short_mark_help(view.reactions)
    how = f"React to a message to log it: {legend}." if legend else "Log what happens with `/incident note`."
    return f"{how} More: `/incident help`"


def _pending_escalation(waiting: WaitingEscalation) -> str:
    """Pending escalation with its level and next step."""
    standing, paged = waiting.progress, f"paged {slack_time(waiting.since)}"
    if standing is None or standing.levels == 1:
        again = f", again {slack_time(standing.next.at)}" if standing and standing.next and standing.next.level else ""
        return f"{waiting.target} to acknowledge ({paged}{again})"
    level = f"level {standing.level} of {standing.levels}" if standing.level else "nobody paged yet"
    if standing.level > standing.levels:
        level = "its end, nobody answered"
    step = "the next" if standing.next and standing.next.level else "its end"
    then = f", {step} due {slack_time(standing.next.at, TIME_AND_AGO)}" if standing.next else ""
    policy = literal(standing.policy, limit=100)
    return f"policy {policy} to be acknowledged: {level}, since {slack_time(waiting.since)}{then}"


def incident_link(other: RelatedIncident) -> str:
    """Reference of an incident, with a link to its channel."""
    return f"{other.reference} <#{other.channel_id}>" if other.channel_id else other.reference


def _storm_links(view: CardView) -> str:
    """Links between an alert storm and the incidents beside it."""
    places = [incident_link(each) for each in view.related.beside]
    if not view.related.is_storm:
        return f":thunder_cloud_and_rain: An alert storm started beside this: {places[0]}"
    more = f" and {len(places) - BESIDE} more" if len(places) > BESIDE else ""
    listed_places = ", ".join(places[:BESIDE])
    return f":thunder_cloud_and_rain: Opened by alerts just before, and still separate: {listed_places}{more}"


def _cancellation_reason(view: CardView) -> str:
    return formatted_line(view.state.closure_reason or "no reason given", view.names, WHY, WHY)


def _buttons(view: CardView) -> Blocks:
    """At most seven buttons, with the one beside the next step; *More…* has the rest."""
    if view.related.merged_into is not None:
        return []
    if not view.state.is_open:
        draft = "Regenerate draft" if view.times.ended_at else "Write draft"
        shown = (("Reopen", REOPEN), (draft, DRAFT), ("Add a note", NOTE), ("Edit details", EDIT), ("More…", MORE))
        return [actions(*(button(label, action_id, str(view.incident_id)) for label, action_id in shown))]
    if view.state.status == Status.TRIAGE:
        first = [_card_button(view, ACCEPT_LABEL, ACCEPT), button(DECLINE_LABEL, CANCEL, str(view.incident_id))]
        return [actions(*first, *_open_buttons(view, TRIAGE_BUTTONS))]
    return [actions(*_open_buttons(view, OPEN_BUTTONS))]


def _open_buttons(view: CardView, labels: Mapping[str, str]) -> list[Block]:
    """Buttons by action id, without the one beside the next step."""
    step = view.open_work.next_step
    _, beside = NEXT_BUTTONS.get(step, ("", "")) if step else ("", "")
    value = str(view.incident_id)
    return [button(label, action_id, value) for action_id, label in labels.items() if action_id != beside]


def announcement_message(view: CardView) -> Message:
    """One line in the incidents channel; nothing but a notice once the incident is private."""
    if view.is_private:
        return plain_message(":lock: This incident was made private.")
    where = f"<#{view.channel_id}>" if view.channel_id else "its channel opens now"
    lead = f" · led by <@{view.people.lead}>" if view.people.lead else ""
    state = f"{literal(view.state.severity)} · {_status_text(view)}{lead}"
    title = literal(f"{title_marks(view)}{view.reference} {view.title}", view.names, TITLE)
    span = f"since {slack_datetime(view.times.started_at)}" if view.state.is_open else _span_text(view)
    if view.state.status == Status.CANCELLED:
        span = _cancellation_reason(view)
    elif view.related.merged_into is not None:
        span = f"into {incident_link(view.related.merged_into)}"
    line = f"{status_light(view)} *{title}*\n{state} · {span} · {where}"
    blocks: Blocks = [section(line)]
    if still_fires(view):
        blocks.append(section(still_firing_line(view), accessory=reopen_button(view.incident_id)))
    if view.open_work.problems and view.channel_id is None:
        blocks += _problem_blocks(view, "No channel could be opened")
    return Message(f"{title}: {literal(view.state.severity)}, {_status_text(view)}", blocks)


def channel_topic(view: CardView) -> str:
    """Plain text without angle brackets: Slack does not document how it escapes topics."""
    state = view.state.status_label if view.state.status == Status.CANCELLED else view.state.severity
    if view.related.merged_into is not None:
        state = f"{view.state.status_label} into {view.related.merged_into.reference}"
    text = replace_mentions(f"{title_marks(view)}{state} · {view.reference} · {view.title_without_count}", view.names)
    return one_line(text.translate(ANGLES), TOPIC_LENGTH)
