"""Catch-up of an incident on one screen, each line with a link to its source."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.domain.catchup import VOID_STATUSES, Catchup, MissingFact, OpenTask, RuledOut, UnansweredEscalation
from bot.domain.record.escalations import Escalation
from bot.domain.record.model import Statement
from bot.domain.record.sources import Source
from bot.domain.terms import Precision, Severity, Status, UpdateState
from bot.domain.text.durations import duration_between, format_duration
from bot.domain.text.mentions import resolve_mentions
from bot.domain.timeline.lines import TimelineLine
from bot.services.postmortem.catchup import CatchupView
from bot.slack.blocks.incidents.card import LIGHTS
from bot.slack.blocks.limits import (
    TIME_AND_AGO,
    Blocks,
    context,
    formatted_line,
    is_mention,
    join_lines,
    link,
    literal,
    one_line,
    owner_text,
    section,
    slack_datetime,
    slack_time,
)
from bot.slack.blocks.message import Message

LINES = 5
"""Lines of one part; the rest is counted."""
WORDS = 160
"""Characters of a text of others."""
STATEMENT = 300
ROOM = 1_400
"""Characters of one part with markup and addresses: eight of them fit into a message."""
LONGEST_SOURCE = 300
"""Characters of a source's address: a line has up to two."""
TODAY = timedelta(hours=18)
"""Older or later times show their date."""

LACKING: Mapping[MissingFact, str] = {
    MissingFact.LEAD: "lead (`/incident lead`)",
    MissingFact.IMPACT: "impact (`/incident impact`)",
    MissingFact.CAUSE: "cause (`/incident cause`)",
    MissingFact.RESOLUTION: "resolution (:white_check_mark: on a message)",
}
STANDS: Mapping[Status, str] = {
    Status.TRIAGE: "in triage",
    Status.INVESTIGATING: "under investigation",
    Status.IDENTIFIED: "cause identified",
    Status.MONITORING: "being monitored",
    Status.RESOLVED: "resolved",
    Status.CLOSED: "closed",
    Status.CANCELLED: "cancelled",
    Status.MERGED: "merged into another incident",
}
PUBLIC: Mapping[UpdateState, str] = {
    UpdateState.INVESTIGATING: "investigating",
    UpdateState.IDENTIFIED: "identified",
    UpdateState.MONITORING: "monitoring",
    UpdateState.RESOLVED: "resolved",
    UpdateState.POSTMORTEM: "the postmortem is published",
}


def catchup_message(view: CatchupView) -> Message:
    """Message to one person: responsible people are mentioned, all others named."""
    return _CatchupRenderer(view).message()


def catchup_blocks(view: CatchupView) -> Blocks:
    """State and open work, to be embedded in another message."""
    renderer = _CatchupRenderer(view)
    return [
        section(join_lines(renderer.head())),
        *renderer.lists(("Open hypotheses", "Assignments", "Due next", "Now")),
    ]


class _CatchupRenderer:
    def __init__(self, view: CatchupView) -> None:
        self.view = view
        self.catchup: Catchup = view.catchup

    def message(self) -> Message:
        catchup, incident = self.catchup, self.catchup.incident
        shown: Blocks = [section(join_lines(self.head())), *self.lists()]
        whole = link(self.view.page_url, "The whole record")
        count = "1 entry" if catchup.entries == 1 else f"{catchup.entries} entries"
        shown.append(context(f"{whole}: {count}. Times are in your own zone."))
        title = self._text(incident.title, 200)
        state = f"{literal(incident.severity_label)}, {literal(incident.status_label)}"
        return Message(f"{incident.reference} {title}: {state}", shown)

    def lists(self, wanted: Sequence[str] = ()) -> Blocks:
        """Parts named in `wanted`, or all; parts without lines are left out."""
        catchup = self.catchup
        found = (
            ("Open hypotheses", [self._entry_line(each, is_labelled=False) for each in catchup.open_hypotheses]),
            ("Ruled out", [self._ruled_out_line(each) for each in catchup.ruled_out]),
            ("Assignments", self._work_lines()),
            ("Due next", self._due_lines()),
            ("Now", self._state_lines()),
            ("Last entries", [self._entry_line(each) for each in catchup.latest]),
        )
        return [
            section(_part_text(title, lines)) for title, lines in found if lines and (not wanted or title in wanted)
        ]

    def _text(self, text: str, limit: int = WORDS) -> str:
        return formatted_line(resolve_mentions(text, self.view.names), length=limit, limit=limit * 2)

    def _person_name(self, user_id: str | None) -> str:
        return literal(self.view.names.get(user_id, user_id), limit=100) if user_id else "somebody"

    def _time_text(self, at: datetime, precision: Precision = Precision.EXACT) -> str:
        about = "about " if precision is Precision.APPROXIMATE else ""
        return about + (slack_time(at) if abs(self.view.now - at) < TODAY else slack_datetime(at))

    def head(self) -> list[str]:
        catchup, incident = self.catchup, self.catchup.incident
        light = LIGHTS[list(Severity).index(incident.severity)] if incident.status.is_open else "✅"
        marks = ("DRILL · " if incident.drill else "") + ("private · " if incident.private else "")
        state = literal(incident.own_status, limit=60) or STANDS[incident.status]
        stands = f"*{state}* since {self._time_text(catchup.since)} {_source_link(catchup.since_source)}"
        services = [literal(one_line(", ".join(incident.services), 200))] if incident.services else []
        why = [f"*Why:* {self._text(incident.closure_reason, STATEMENT)}"] if incident.closure_reason else []
        roles = [f"*{literal(one_line(each.name, 40)).capitalize()}:* <@{each.person}>" for each in catchup.roles]
        leader = literal(one_line(self.view.lead_label, 40))
        led = [f"*{leader}:* <@{incident.lead}>"] if incident.lead else []
        led += [f"*{leader}:* nobody"] if incident.status.is_open and not led else []
        return [
            f"{light} {marks}*{incident.reference} · {self._text(incident.title, 200)}*",
            " · ".join([literal(incident.severity_label, limit=60), stands, *services]),
            self._span_line(),
            *([" · ".join([*led, *roles[:LINES]])] if led or roles else []),
            *why,
            *self._statement_lines("Impact", catchup.impact),
            *self._statement_lines("Cause", catchup.cause),
            *self._statement_lines("Resolution", catchup.resolution),
        ]

    def _span_line(self) -> str:
        """Begin and length of the impact; a cancelled incident had none."""
        incident = self.catchup.incident
        if incident.status is Status.CANCELLED:
            return f"*Opened* {self._time_text(incident.declared.at, incident.declared.precision)}"
        began = f"*Impact since* {self._time_text(incident.started.at, incident.started.precision)}"
        mark = _source_link(incident.started.source)
        if incident.ended is None:
            length = format_duration(duration_between(incident.started.at, self.view.now))
            return f"{began} ({length} so far) {mark}".strip()
        length = format_duration(duration_between(incident.started.at, incident.ended.at))
        ended = self._time_text(incident.ended.at, incident.ended.precision)
        marks = f"{mark} {_source_link(incident.ended.source)}"
        return f"{began.replace('since', 'from')} to {ended} ({length}) {marks}".strip()

    def _statement_lines(self, name: str, statement: Statement | None) -> list[str]:
        if statement is None:
            return []
        users = statement.users
        figure = f" ({users.in_english()})" if users and not users.is_in_text(statement.text) else ""
        source = _source_link(statement.users_source) if figure and statement.users_source else ""
        said = f"*{name}:* {self._text(statement.text, STATEMENT)}{figure}"
        return [f"{said} {_source_link(statement.source)} {source}".strip()]

    def _entry_line(self, line: TimelineLine, *, is_labelled: bool = True) -> str:
        entry = line.entry
        at = self._time_text(entry.happened_at, entry.precision) if entry.happened_at else "time not known"
        label = f"_{literal(one_line(line.label, 80))}:_ " if line.label and is_labelled else ""
        by = f" · {literal(one_line(line.by, 60))}" if line.by else ""
        return f"• {at} {label}{self._text(line.text)}{by} {_source_link(entry.source)}".rstrip()

    def _ruled_out_line(self, out: RuledOut) -> str:
        by, line = out.by, out.line
        said = f"• {self._text(line.text or line.label)}"
        if by is None:
            return (
                f"{said}{f' · {literal(one_line(line.by, 60))}' if line.by else ''} {_source_link(line.entry.source)}"
            )
        who = f" · {literal(one_line(by.by, 60))}" if by.by else ""
        sources = f"{_source_link(line.entry.source)} {_source_link(by.entry.source)}"
        return f"{said} → {self._text(by.text or by.label)}{who} {sources}"

    def _work_lines(self) -> list[str]:
        catchup = self.catchup
        lines = [self._current_work_line(each) for each in catchup.doing]
        lines += [self._answered_line(each) for each in catchup.answered[-LINES:]]
        return lines + [self._task_line(each) for each in catchup.tasks if each.task.owner and not each.task.due]

    def _current_work_line(self, line: TimelineLine) -> str:
        """Current work, with the person first."""
        entry = line.entry
        at = self._time_text(entry.happened_at or entry.recorded_at, entry.precision)
        who = f"<@{entry.author}>" if entry.author in self.view.names else literal(one_line(line.by, 60))
        return f"• {who} {at}: {self._text(line.text)} {_source_link(entry.source)}"

    def _answered_line(self, call: Escalation) -> str:
        after = ""
        if call.paged_at and call.acknowledged_at and call.acknowledged_at >= call.paged_at:
            after = f" after {format_duration(duration_between(call.paged_at, call.acknowledged_at))}"
        by = f"<@{call.acknowledged_by}>" if call.acknowledged_by else "somebody"
        why = f": {self._text(call.reason)}" if call.reason else ""
        target = "" if call.target == by else f" for {self._target_text(call)}"
        return f"• {by} answered{target}{after}{why} {_source_link(call.acknowledgement or call.source)}"

    def _target_text(self, call: Escalation) -> str:
        kind = "the vendor " if call.external else ""
        return call.target if is_mention(call.target) else f"{kind}*{literal(one_line(call.target, 80))}*"

    def _task_line(self, owed: OpenTask) -> str:
        task = owed.task
        owner = f" · {owner_text(task.owner, task.owner_group)}" if task.owner else " · no owner"
        due = f" · due {literal(task.due, limit=40)}" if task.due else ""
        late = " :warning: overdue" if owed.is_overdue else ""
        return f"• Task {task.number}: {self._text(task.text)}{owner}{due}{late} {_source_link(task.source)}"

    def _due_lines(self) -> list[str]:
        catchup = self.catchup
        waiting = sorted(catchup.waiting, key=lambda each: (each.next_reminder_at is None, each.next_reminder_at or 0))
        lines = [self._waiting_line(each) for each in waiting]
        lines += [self._task_line(each) for each in catchup.tasks if each.task.due or not each.task.owner]
        if catchup.alerts and not catchup.firing and catchup.incident.status.is_open:
            lines.append("• All alerts have ended: is it over? `/incident resolve`")
        if catchup.missing:
            lines.append(f"• Still missing: {', '.join(LACKING[each] for each in catchup.missing)}.")
        return lines

    def _waiting_line(self, waiting: UnansweredEscalation) -> str:
        call = waiting.escalation
        paged = f"since {self._time_text(call.paged_at, call.precision)}" if call.paged_at else "time not known"
        paged += ", outside working hours" if call.out_of_hours else ""
        again = f"; {standing}" if (standing := _progress_text(waiting)) else ""
        declined = (
            f"; cannot: {', '.join(self._person_name(each) for each in call.declined_by)}" if call.declined_by else ""
        )
        why = f": {self._text(call.reason)}" if call.reason else ""
        return f"• {self._target_text(call)} to answer, {paged}{again}{declined}{why} {_source_link(call.source)}"

    def _state_lines(self) -> list[str]:
        catchup, lines = self.catchup, []
        if catchup.alerts:
            firing = [
                link(e.source.link, literal(e.name, limit=100)) if e.source.link else literal(e.name, limit=100)
                for e in catchup.firing[:LINES]
            ]
            named = f": {', '.join(firing)}" if firing else ""
            lines.append(f"• {len(catchup.firing)} of {catchup.alerts} alerts firing{named}")
        if catchup.public is None and catchup.announced is None:
            if catchup.incident.status not in VOID_STATUSES:
                lines.append("• No public update yet.")
        elif catchup.public is None and catchup.announced is not None:
            lines.append(f"• Last public update: {self._entry_line(catchup.announced).removeprefix('• ')}")
        elif catchup.public is not None:
            at = f" {self._time_text(catchup.public.published_at)}" if catchup.public.published_at else ""
            words = next((text for text in catchup.public.texts.values() if text), "")
            said = f": {self._text(words)}" if words else ""
            marks = " ".join(_source_link(each) for each in catchup.public.sources[:1])
            lines.append(f"• Last public update{at}: _{PUBLIC[catchup.public.state]}_{said} {marks}")
        return lines


def _progress_text(waiting: UnansweredEscalation) -> str:
    due = f"due {slack_time(waiting.next_reminder_at, TIME_AND_AGO)}" if waiting.next_reminder_at else ""
    if waiting.level > waiting.levels:
        return "its policy has come to its end"
    if waiting.levels > 1:
        return f"level {waiting.level} of {waiting.levels}{f', the next {due}' if due else ''}"
    return f"next reminder {due}" if due else ""


def _source_link(source: Source) -> str:
    return link(source.link, "↗") if source.link and len(source.link) <= LONGEST_SOURCE else ""


def _part_text(title: str, lines: Sequence[str]) -> str:
    """Title and as many lines as fit, then the number of the rest."""
    shown, room = [f"*{title}*"], ROOM
    for line in lines[:LINES]:
        room -= len(line) + 1
        if room < 0:
            break
        shown.append(line)
    more = len(lines) + 1 - len(shown)
    return "\n".join([*shown, *([f"and {more} more"] if more else [])])
