"""An incident for somebody who joins late: one screen, each line with its source, and the way to the whole."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.domain.catchup.catchup import OVER, Catchup, Missing, Owed, RuledOut, Waiting
from bot.domain.catchup.timeline_lines import Line
from bot.domain.drafting.entries import with_names
from bot.domain.record.model import Escalation, Source, Statement
from bot.domain.terms import Precision, Severity, Status, UpdateState
from bot.domain.text.durations import between, show_duration
from bot.services.postmortem.catchup import CatchupView
from bot.slack.blocks.incidents.card import DATE, LIGHTS
from bot.slack.blocks.limits import (
    COUNTING,
    Blocks,
    context,
    is_mention,
    link,
    listed,
    literal,
    one_line,
    section,
    when,
)
from bot.slack.blocks.message import Message

LINES = 5
"""Of one kind, before the rest is only counted: all kinds together are one screen."""
WORDS = 160
"""Characters of what somebody wrote."""
STATEMENT = 300
ROOM = 1_400
"""Characters of one part, markup and addresses included: eight of them stay under what Slack takes of a message."""
LONGEST_SOURCE = 300
"""Characters of an address that a mark leads to: one line has two of them."""
TODAY = timedelta(hours=18)

LACKING: Mapping[Missing, str] = {
    Missing.LEAD: "who leads (`/incident lead`)",
    Missing.IMPACT: "the impact (`/incident impact`)",
    Missing.CAUSE: "the cause (`/incident cause`)",
    Missing.RESOLUTION: "how it was resolved (:white_check_mark: on a message)",
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


def catchup(view: CatchupView) -> Message:
    """Words of others show names; who can be asked is a mention, because only one person reads it."""
    return _Teller(view).message()


def parts(view: CatchupView) -> Blocks:
    """Where it stands and what is open, to stand in a message about something else: there is room for so much."""
    teller = _Teller(view)
    return [section(listed(teller.head())), *teller.lists(("Open hypotheses", "Who does what", "Due next", "Now"))]


class _Teller:
    def __init__(self, view: CatchupView) -> None:
        self.view = view
        self.told: Catchup = view.catchup

    def message(self) -> Message:
        told, incident = self.told, self.told.incident
        shown: Blocks = [section(listed(self.head())), *self.lists()]
        whole = link(self.view.page_url, "The whole record")
        count = "1 entry" if told.entries == 1 else f"{told.entries} entries"
        shown.append(context(f"{whole}: {count}. Times are in your own zone."))
        title = self._said(incident.title, 200)
        state = f"{literal(incident.severity_label)}, {literal(incident.status_label)}"
        return Message(f"{incident.reference} {title}: {state}", shown)

    def lists(self, wanted: Sequence[str] = ()) -> Blocks:
        """Those of `wanted`, or all; one without lines is left out."""
        told = self.told
        found = (
            ("Open hypotheses", [self._line(each, is_labelled=False) for each in told.open_hypotheses]),
            ("Ruled out", [self._ruled_out(each) for each in told.ruled_out]),
            ("Who does what", self._work()),
            ("Due next", self._due()),
            ("Now", self._now()),
            ("Last entries", [self._line(each) for each in told.latest]),
        )
        return [section(_part(title, lines)) for title, lines in found if lines and (not wanted or title in wanted)]

    def _said(self, text: str, limit: int = WORDS) -> str:
        return literal(one_line(with_names(text, self.view.names), limit), limit=limit * 2)

    def _person(self, user_id: str | None) -> str:
        return literal(self.view.names.get(user_id, user_id), limit=100) if user_id else "somebody"

    def _at(self, at: datetime, precision: Precision = Precision.EXACT) -> str:
        about = "about " if precision is Precision.APPROXIMATE else ""
        return about + when(at, "{time}" if abs(self.view.now - at) < TODAY else DATE)

    def head(self) -> list[str]:
        told, incident = self.told, self.told.incident
        light = LIGHTS[list(Severity).index(incident.severity)] if incident.status.is_open else "✅"
        marks = ("DRILL · " if incident.drill else "") + ("private · " if incident.private else "")
        state = literal(incident.own_status, limit=60) or STANDS[incident.status]
        stands = f"*{state}* since {self._at(told.since)} {_mark(told.since_source)}"
        services = [literal(one_line(", ".join(incident.services), 200))] if incident.services else []
        why = [f"*Why:* {self._said(incident.closure_reason, STATEMENT)}"] if incident.closure_reason else []
        roles = [f"*{literal(one_line(each.name, 40)).capitalize()}:* <@{each.person}>" for each in told.roles]
        leader = literal(one_line(self.view.lead_label, 40))
        led = [f"*{leader}:* <@{incident.lead}>"] if incident.lead else []
        led += [f"*{leader}:* nobody"] if incident.status.is_open and not led else []
        return [
            f"{light} {marks}*{incident.reference} · {self._said(incident.title, 200)}*",
            " · ".join([literal(incident.severity_label, limit=60), stands, *services]),
            self._span(),
            *([" · ".join([*led, *roles[:LINES]])] if led or roles else []),
            *why,
            *self._stated("Impact", told.impact),
            *self._stated("Cause", told.cause),
            *self._stated("Resolution", told.resolution),
        ]

    def _span(self) -> str:
        """When the impact began, and how long it lasts or lasted. What was none had no impact."""
        incident = self.told.incident
        if incident.status is Status.CANCELLED:
            return f"*Opened* {self._at(incident.declared.at, incident.declared.precision)}"
        began = f"*Impact since* {self._at(incident.started.at, incident.started.precision)}"
        mark = _mark(incident.started.source)
        if incident.ended is None:
            length = show_duration(between(incident.started.at, self.view.now))
            return f"{began} ({length} so far) {mark}".strip()
        length = show_duration(between(incident.started.at, incident.ended.at))
        ended = self._at(incident.ended.at, incident.ended.precision)
        return f"{began.replace('since', 'from')} to {ended} ({length}) {mark} {_mark(incident.ended.source)}".strip()

    def _stated(self, name: str, statement: Statement | None) -> list[str]:
        if statement is None:
            return []
        percent = statement.users_percent
        share = f" ({percent:g}% of users)" if percent is not None and f"{percent:g}%" not in statement.text else ""
        figure = _mark(statement.users_source) if share and statement.users_source else ""
        said = f"*{name}:* {self._said(statement.text, STATEMENT)}{share}"
        return [f"{said} {_mark(statement.source)} {figure}".strip()]

    def _line(self, line: Line, *, is_labelled: bool = True) -> str:
        entry = line.entry
        at = self._at(entry.happened_at, entry.precision) if entry.happened_at else "time not known"
        label = f"_{literal(one_line(line.label, 80))}:_ " if line.label and is_labelled else ""
        by = f" · {literal(one_line(line.by, 60))}" if line.by else ""
        return f"• {at} {label}{self._said(line.text)}{by} {_mark(entry.source)}".rstrip()

    def _ruled_out(self, out: RuledOut) -> str:
        by, line = out.by, out.line
        said = f"• {self._said(line.text or line.label)}"
        if by is None:
            return f"{said}{f' · {literal(one_line(line.by, 60))}' if line.by else ''} {_mark(line.entry.source)}"
        who = f" · {literal(one_line(by.by, 60))}" if by.by else ""
        sources = f"{_mark(line.entry.source)} {_mark(by.entry.source)}"
        return f"{said} → {self._said(by.text or by.label)}{who} {sources}"

    def _work(self) -> list[str]:
        told = self.told
        lines = [self._doing(each) for each in told.doing]
        lines += [self._answered(each) for each in told.answered[-LINES:]]
        return lines + [self._task(each) for each in told.tasks if each.task.owner and not each.task.due]

    def _doing(self, line: Line) -> str:
        """Who first, because that is what people look for here."""
        entry = line.entry
        at = self._at(entry.happened_at or entry.recorded_at, entry.precision)
        who = f"<@{entry.author}>" if entry.author in self.view.names else literal(one_line(line.by, 60))
        return f"• {who} {at}: {self._said(line.text)} {_mark(entry.source)}"

    def _answered(self, call: Escalation) -> str:
        after = ""
        if call.paged_at and call.acknowledged_at and call.acknowledged_at >= call.paged_at:
            after = f" after {show_duration(between(call.paged_at, call.acknowledged_at))}"
        by = f"<@{call.acknowledged_by}>" if call.acknowledged_by else "somebody"
        why = f": {self._said(call.reason)}" if call.reason else ""
        target = "" if call.target == by else f" for {self._target(call)}"
        return f"• {by} answered{target}{after}{why} {_mark(call.acknowledgement or call.source)}"

    def _target(self, call: Escalation) -> str:
        kind = "the vendor " if call.external else ""
        return call.target if is_mention(call.target) else f"{kind}*{literal(one_line(call.target, 80))}*"

    def _task(self, owed: Owed) -> str:
        task = owed.task
        owner = f" · <@{task.owner}>" if task.owner else " · no owner"
        due = f" · due {literal(task.due, limit=40)}" if task.due else ""
        late = " :warning: overdue" if owed.is_overdue else ""
        return f"• Task {task.number}: {self._said(task.text)}{owner}{due}{late} {_mark(task.source)}"

    def _due(self) -> list[str]:
        told = self.told
        waiting = sorted(told.waiting, key=lambda each: (each.next_reminder_at is None, each.next_reminder_at or 0))
        lines = [self._waiting(each) for each in waiting]
        lines += [self._task(each) for each in told.tasks if each.task.due or not each.task.owner]
        if told.alerts and not told.firing and told.incident.status.is_open:
            lines.append("• All alerts have ended: is it over? `/incident resolve`")
        if told.missing:
            lines.append(f"• The record lacks {', '.join(LACKING[each] for each in told.missing)}.")
        return lines

    def _waiting(self, waiting: Waiting) -> str:
        call = waiting.escalation
        paged = f"since {self._at(call.paged_at, call.precision)}" if call.paged_at else "time not known"
        paged += ", outside working hours" if call.out_of_hours else ""
        again = f"; {standing}" if (standing := _standing(waiting)) else ""
        declined = f"; cannot: {', '.join(self._person(each) for each in call.declined_by)}" if call.declined_by else ""
        why = f": {self._said(call.reason)}" if call.reason else ""
        return f"• {self._target(call)} to answer, {paged}{again}{declined}{why} {_mark(call.source)}"

    def _now(self) -> list[str]:
        told, lines = self.told, []
        if told.alerts:
            firing = [
                link(e.source.link, literal(e.name, limit=100)) if e.source.link else literal(e.name, limit=100)
                for e in told.firing[:LINES]
            ]
            named = f": {', '.join(firing)}" if firing else ""
            lines.append(f"• {len(told.firing)} of {told.alerts} alerts firing{named}")
        if told.public is None and told.announced is None:
            if told.incident.status not in OVER:
                lines.append("• Nobody recorded that the public was told anything.")
        elif told.public is None and told.announced is not None:
            lines.append(f"• Last public word: {self._line(told.announced).removeprefix('• ')}")
        elif told.public is not None:
            at = f" {self._at(told.public.published_at)}" if told.public.published_at else ""
            words = next((text for text in told.public.texts.values() if text), "")
            said = f": {self._said(words)}" if words else ""
            marks = " ".join(_mark(each) for each in told.public.sources[:1])
            lines.append(f"• The public was last told{at}: _{PUBLIC[told.public.state]}_{said} {marks}")
        return lines


def _standing(waiting: Waiting) -> str:
    due = f"due {when(waiting.next_reminder_at, COUNTING)}" if waiting.next_reminder_at else ""
    if waiting.level > waiting.levels:
        return "its policy has come to its end"
    if waiting.levels > 1:
        return f"level {waiting.level} of {waiting.levels}{f', the next {due}' if due else ''}"
    return f"next reminder {due}" if due else ""


def _mark(source: Source) -> str:
    return link(source.link, "↗") if source.link and len(source.link) <= LONGEST_SOURCE else ""


def _part(title: str, lines: Sequence[str]) -> str:
    """The first lines, as many as there is room for, and how many there are more."""
    shown, room = [f"*{title}*"], ROOM
    for line in lines[:LINES]:
        room -= len(line) + 1
        if room < 0:
            break
        shown.append(line)
    more = len(lines) + 1 - len(shown)
    return "\n".join([*shown, *([f"and {more} more"] if more else [])])
