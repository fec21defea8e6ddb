"""The incident's card, its announcement and its topic."""

from bot.domain.record.generated_sentences import without_count
from bot.domain.terms import Status
from bot.domain.text.durations import show_duration
from bot.services.views.messages import AlertsView, Beside, CardView, Waiting
from bot.slack.blocks.incidents.alert_lines import alert_line, of_service
from bot.slack.blocks.limits import (
    COUNTING,
    FIELD_TEXT,
    Block,
    Blocks,
    actions,
    button,
    context,
    fields,
    header,
    link,
    listed,
    literal,
    named,
    one_line,
    section,
    when,
)
from bot.slack.blocks.message import Message, plain

LIGHTS = ("🔴", "🟠", "🟡", "🔵")
TOPIC_LENGTH = 250
WHY = 300
"""Characters of the reason of a cancellation that card and announcement show."""
WAITING = 3
"""Escalations without an answer that the card names."""
PROBLEMS, PROBLEM = 5, 400
"""How many problems a message shows, and characters of each."""
BESIDE = 20
"""Incidents beside a storm that its card links."""
ANGLES = str.maketrans("<>", "‹›")
DATE = "{date_short_pretty} {time}"
LEAD, NOTE, RESOLVE, DRAFT = "incident_lead", "incident_note", "incident_resolve", "incident_draft"
CATCHUP = "incident_catchup"
MORE = "incident_more"
RETRY = "incident_retry"
SEVERITY, STATUS, ESCALATE = "incident_severity", "incident_status", "incident_escalate"
ROLES = "roles"
ACCEPT = "incident_accept"
ROLES_SHOWN = 4
"""A section has ten fields."""
EDIT, CANCEL, MERGE = "incident_edit", "incident_cancel", "incident_merge"


def light(view: CardView) -> str:
    if view.status in {Status.CANCELLED, Status.MERGED}:
        return "⚪"
    return LIGHTS[view.severity_rank - 1] if view.is_open else "✅"


def marks(view: CardView) -> str:
    marked = {
        f"{(view.own_status or Status.TRIAGE).upper()} · ": view.status == Status.TRIAGE,
        "DRILL · ": view.is_drill,
        "private · ": view.is_private,
        "after the fact · ": view.is_retro,
    }
    return "".join(mark for mark, is_so in marked.items() if is_so)


def headline(view: CardView) -> str:
    return f"{light(view)} {named(f'{marks(view)}{view.reference} · {view.title}', view.names)}"


def card(view: CardView) -> Message:
    blocks: Blocks = [
        header(headline(view)),
        fields(
            [
                f"*Severity:* {literal(view.severity)}",
                f"*Status:* {_status(view, by_itself=True)}",
                f"*{literal(view.lead_label, limit=100)}:* {f'<@{view.lead}>' if view.lead else 'nobody yet'}",
                f"*{_span_name(view)}:* {_span(view)}",
                f"*Services:* {literal(', '.join(view.services), limit=FIELD_TEXT - 50) or 'not stated'}",
                *([f"*Alerts:* {view.firing:,} of {view.alerts:,} firing"] if view.alerts else []),
                *_roles(view),
            ]
        ),
        context(_next(view)),
        *_demands(view),
    ]
    if view.beside:
        blocks.append(context(_storm(view)))
    if view.problems:
        blocks += _problems(view, "Not everything could be done")
    blocks += _buttons(view)
    title = literal(f"{marks(view)}{view.reference} {view.title}", view.names)
    return Message(f"{title}: {literal(view.severity)}, {_status(view)}", blocks)


def _status(view: CardView, *, by_itself: bool = False) -> str:
    own = literal(view.own_status, limit=100)
    return own or (view.status.capitalize() if by_itself else view.status.value)


def _demands(view: CardView) -> Blocks:
    """What severity and status ask for, as a list of what is done and what is not."""
    by: dict[str, list[str]] = {}
    for each in view.demands:
        shown = f":white_check_mark: {literal(each.what, limit=150)}"
        if not each.is_met:
            shown = f":white_medium_square: {literal(each.what, limit=150)} `/incident {each.how}`"
        by.setdefault(each.by, []).append(shown)
    return [context(listed([f"*{literal(name, limit=100)} asks for*", *items])) for name, items in by.items()]


def _roles(view: CardView) -> list[str]:
    shown = [f"*{literal(label, limit=100)}:* <@{who}>" for label, who in view.roles[:ROLES_SHOWN]]
    more = len(view.roles) - len(shown)
    return [*shown[:-1], f"{shown[-1]} and {more} more: `/incident role`"] if more > 0 else shown


def _problems(view: CardView, headline: str) -> Blocks:
    """What could not be done and what mends it, with the button for afterwards."""
    said = [f"• {literal(each, view.names, PROBLEM)}" for each in view.problems]
    more = [f"• and {len(said) - PROBLEMS} more: `dogwatch outbox` lists them"] if len(said) > PROBLEMS else []
    text = listed([f":warning: *{headline}:*", *said[:PROBLEMS], *more])
    return [section(text), actions(button("Try again", RETRY, str(view.incident_id)))]


def _span_name(view: CardView) -> str:
    if view.status in {Status.CANCELLED, Status.MERGED}:
        return "Opened"
    return "Since" if view.is_open else "Impact"


def _span(view: CardView) -> str:
    if view.status in {Status.CANCELLED, Status.MERGED}:
        return when(view.declared_at, DATE)
    if view.ended_at is None or view.duration is None:
        return when(view.started_at, DATE)
    return f"{when(view.started_at, DATE)} to {when(view.ended_at, DATE)} ({show_duration(abs(view.duration))})"


def _next(view: CardView) -> str:
    """What is due next, the most pressing first."""
    stands = _status(view, by_itself=True)
    if view.status == Status.RESOLVED:
        return f"{stands}. Next: `/incident improve`, `/incident task`, and read the postmortem draft below."
    if view.status == Status.CANCELLED:
        return f"{stands}: {_why(view)}\n`/incident reopen WHY` takes it back."
    if view.status == Status.TRIAGE:
        return "Is this an incident? Accept it (`/incident status investigating`), or decline it and say why."
    if view.merged_into is not None:
        return f"{stands} into {place(view.merged_into)}: go on there. What was recorded here went along."
    if not view.is_open:
        return f"This incident is {_status(view)}."
    due = [_answer_of(each) for each in view.waiting[:WAITING]]
    if len(view.waiting) > WAITING:
        due.append(f"{len(view.waiting) - WAITING} more to acknowledge")
    if view.lead is None:
        due.append("somebody to lead")
    if view.alerts and not view.firing:
        due.append("to resolve: all alerts have ended")
    waiting = f"*Waiting for:* {'; '.join(due)}. " if due else ""
    linked = f"Follows {view.previous}. " if view.previous else ""
    if view.took_in:
        linked += f"Took in {', '.join(each.reference for each in view.took_in[:BESIDE])}. "
    if view.is_retro and view.channel_id is None:
        return f"{linked}{waiting}Record what happened with `/incident note {view.reference} at:TIME …`."
    return f"{linked}{waiting}React to a message to log it, or type `/incident help`."


def _answer_of(waiting: Waiting) -> str:
    """Who has to acknowledge, how far that is, and when whom else is called."""
    standing, paged = waiting.standing, f"paged {when(waiting.since)}"
    if standing is None or standing.levels == 1:
        again = f", again {when(standing.next.at)}" if standing and standing.next and standing.next.level else ""
        return f"{waiting.target} to acknowledge ({paged}{again})"
    level = f"level {standing.level} of {standing.levels}" if standing.level else "nobody paged yet"
    if standing.level > standing.levels:
        level = "its end, nobody answered"
    step = "the next" if standing.next and standing.next.level else "its end"
    then = f", {step} due {when(standing.next.at, COUNTING)}" if standing.next else ""
    return (
        f"policy {literal(standing.policy, limit=100)} to be acknowledged: {level}, since {when(waiting.since)}{then}"
    )


def place(other: Beside) -> str:
    """Another incident, with the way into its channel."""
    return f"{other.reference} <#{other.channel_id}>" if other.channel_id else other.reference


def _storm(view: CardView) -> str:
    """A storm and the incidents beside it, each with the way to the others."""
    places = [place(each) for each in view.beside]
    if not view.is_storm:
        return f":thunder_cloud_and_rain: An alert storm came up beside this: {places[0]}"
    more = f" and {len(places) - BESIDE} more" if len(places) > BESIDE else ""
    listed_places = ", ".join(places[:BESIDE])
    return f":thunder_cloud_and_rain: Opened by alerts just before, and still their own: {listed_places}{more}"


def _why(view: CardView) -> str:
    return literal(one_line(view.closure_reason or "nobody said why", WHY), view.names, WHY)


def _buttons(view: CardView) -> Blocks:
    """What is done in the heat of it, then in a row of its own what is done seldom."""
    value = str(view.incident_id)
    edit, more = button("Edit details", EDIT, value), button("More…", MORE, value)
    if view.merged_into is not None:
        return []
    if not view.is_open:
        return [
            actions(
                button("Write the draft anew" if view.ended_at else "Write the draft", DRAFT, value),
                button("Add a note", NOTE, value),
                edit,
                more,
            )
        ]
    if view.status == Status.TRIAGE:
        return _in_triage(value, edit, more)
    lead = [] if view.lead else [button("Lead it", LEAD, value, style="primary")]
    often = actions(
        *lead,
        button("Severity", SEVERITY, value),
        button("Status", STATUS, value),
        button("Escalate", ESCALATE, value),
        button("Add a note", NOTE, value),
        button("Catch me up", CATCHUP, value),
        button("Resolve", RESOLVE, value),
    )
    seldom = (
        button("Roles", ROLES, value),
        button("Merge it", MERGE, value),
        button("Cancel the incident", CANCEL, value),
        more,
    )
    return [often, actions(edit, *seldom)]


def _in_triage(value: str, *seldom: Block) -> Blocks:
    """The question first: whether it is an incident at all."""
    often = actions(
        button("Accept it", ACCEPT, value, style="primary"),
        button("Decline it", CANCEL, value),
        button("Severity", SEVERITY, value),
        button("Escalate", ESCALATE, value),
        button("Add a note", NOTE, value),
        button("Catch me up", CATCHUP, value),
    )
    return [often, actions(button("Roles", ROLES, value), button("Merge it", MERGE, value), *seldom)]


def announcement(view: CardView) -> Message:
    """One line in the incidents channel, with the way in. Of one that was made private later, nothing more."""
    if view.is_private:
        return plain(":lock: This incident was made private.")
    where = f"<#{view.channel_id}>" if view.channel_id else "its channel opens now"
    state = f"{literal(view.severity)} · {_status(view)}" + (f" · led by <@{view.lead}>" if view.lead else "")
    title = literal(f"{marks(view)}{view.reference} {view.title}", view.names)
    span = f"since {when(view.started_at, DATE)}" if view.is_open else _span(view)
    if view.status == Status.CANCELLED:
        span = _why(view)
    elif view.merged_into is not None:
        span = f"into {place(view.merged_into)}"
    line = f"{light(view)} *{title}*\n{state} · {span} · {where}"
    blocks: Blocks = [section(line)]
    if view.problems and view.channel_id is None:
        blocks += _problems(view, "No channel could be opened")
    return Message(f"{title}: {literal(view.severity)}, {_status(view)}", blocks)


def topic(view: CardView) -> str:
    """Plain: a topic takes no markup, and Slack does not say how it escapes, so nothing in it looks like a mark."""
    state = view.status_label if view.status == Status.CANCELLED else view.severity
    if view.merged_into is not None:
        state = f"{view.status_label} into {view.merged_into.reference}"
    text = named(f"{marks(view)}{state} · {view.reference} · {without_count(view.title)}", view.names)
    return one_line(text.translate(ANGLES), TOPIC_LENGTH)


def alerts(view: AlertsView) -> Message:
    """How the alerts stand; once all have ended, the offer to resolve."""
    if view.moved_to is not None:
        return plain(f":white_circle: The alerts went along to {place(view.moved_to)}.")
    if view.firing:
        text = f":rotating_light: {_firing(view)}"
        names = [alert_line(one, longest=100) for one in view.named]
        return Message(text, [section(listed([text, *names, *_more(view.firing - len(names))]))])
    ended = f", the last at {when(view.last_end)}" if view.last_end else ""
    noun = "The alert has ended" if view.alerts == 1 else f"All {view.alerts:,} alerts have ended{ended}"
    lines = [
        f"• {_named(one.name, one.link)}{of_service(one)}, ended {when(one.ended_at)}"
        for one in view.ended
        if one.ended_at
    ]
    text = f":white_circle: {noun}."
    body = section(listed([text, *lines, *_more(view.alerts - len(lines))]))
    if not view.is_open:
        return Message(text, [body])
    offer = actions(button("Resolve the incident", RESOLVE, str(view.incident_id), style="primary"))
    return Message(f"{text} Resolve the incident?", [body, offer])


def _firing(view: AlertsView) -> str:
    over = view.alerts - view.firing
    if view.alerts == 1:
        return "The alert is firing"
    return f"{view.firing:,} of {view.alerts:,} alerts firing{f', {over:,} resolved. Still firing:' if over else ''}"


def _more(count: int) -> list[str]:
    return [f"and {count:,} more"] if count > 0 else []


def _named(name: str, url: str | None) -> str:
    shown = literal(name, limit=200)
    return link(url, shown) if url else shown
