"""Escalations in a draft: labels, remarks, and the history step by step."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from bot.domain.drafting.localized_times import TimeFormatter
from bot.domain.drafting.model import Block, BlockKind
from bot.domain.drafting.overview.people_roles import RoleNames
from bot.domain.escalation import Acknowledgement, PagedLevel
from bot.domain.languages import Language
from bot.domain.record.escalations import Escalation, PageOutcome, RecordedPage, VendorFacts
from bot.domain.record.model import Entry, Record
from bot.domain.record.sources import Source
from bot.domain.terms import Precision
from bot.domain.text.durations import duration_between
from bot.domain.text.mentions import MENTION, resolve_mentions

_SERVICE_NAMES: Mapping[str, str] = {
    "slack": "Slack",
    "pagerduty": "PagerDuty",
    "opsgenie": "Opsgenie",
    "apprise": "Apprise",
    "webhook": "Webhook",
}
_METHOD_MESSAGES: Mapping[str, str] = {"email": "means_email", "link": "means_link", "reaction": "means_reaction"}
_DEFAULT_METHODS = frozenset({"slack", "command", "web", ""})
"""Contact methods that are left out behind an answer."""
_REASON_MESSAGES: Mapping[str, str] = {
    "nobody left": "nobody_left",
    "cannot go on": "cannot_go_on",
    "silent": "fell_silent",
}
_ANSWER_LABELS = {
    False: ("escalation_acknowledged", "escalation_acknowledged_after"),
    True: ("vendor_answered", "vendor_answered_after"),
}
"""By whether a vendor answered: the messages without and with the time to answer."""

_Step = tuple[datetime, Block]


class RecordText:
    """A record's names, times and escalations in one language."""

    def __init__(self, record: Record, language: Language, times: TimeFormatter) -> None:
        self.record = record
        self._roles = record.people if isinstance(record.people, RoleNames) else None
        self.shows_roles = self._roles is not None
        self.language = language
        self.times = times
        self.escalations = {each.source.ref: each for each in record.escalations}
        self.untimed = untimed_answers(record)

    def format_message(self, key: str, **values: object) -> str:
        return self.language.format_message(key, **values)

    def format_length(self, start: datetime, end: datetime, *precisions: Precision) -> str:
        """`1h 45m`; `about 1h 45m` if one of its ends is approximate."""
        length = self.language.format_duration(duration_between(start, end))
        is_about = Precision.APPROXIMATE in precisions
        return self.format_message("roughly", time=length) if is_about else length

    def person_name(self, user_id: str | None, at: datetime | None = None) -> str:
        """A name, or the role at that time."""
        if not user_id:
            return ""
        if self._roles is not None:
            return self._roles.find(user_id, at)
        return self.record.people.get(user_id, user_id)

    def outside_person_name(self, name: str) -> str:
        """The name of somebody who is unknown in Slack, and has no role."""
        return self._roles.responder if name and self._roles is not None else name

    def resolve_mentions(self, text: str, at: datetime | None = None) -> str:
        """A text with names or roles in the place of mentions; a role has no `@`."""
        roles = self._roles
        if "<@" not in text:
            return text
        if roles is not None:
            return MENTION.sub(lambda found: roles.find(found[1], at), text)
        return resolve_mentions(text, self.record.people)

    def name_people(self, text: str, at: datetime | None = None) -> str:
        """A generated text with plain names or roles in the place of mentions."""
        return MENTION.sub(lambda found: self.person_name(found[1], at), text)

    def target_name(self, escalation: Escalation) -> str:
        return self.resolve_mentions(escalation.target, escalation.paged_at).strip()

    def escalation_label(self, escalation: Escalation) -> str:
        key = "escalated_to_vendor" if escalation.external else "escalated_to"
        return self.format_message(key, target=self.target_name(escalation))

    def answer_label(self, escalation: Escalation) -> str:
        without_time, with_time = _ANSWER_LABELS[escalation.external]
        target, waited = self.target_name(escalation), self._time_to_answer(escalation)
        if waited is None:
            return self.format_message(without_time, target=target)
        return self.format_message(with_time, target=target, duration=waited)

    def escalation_remarks(self, escalation: Escalation) -> tuple[str, ...]:
        """Policy, working hours, refusals and a missing answer, which is no reproach for a vendor."""
        remarks = self._origin_remarks(escalation)
        if escalation.out_of_hours:
            remarks.append(self.format_message("vendor_out_of_hours" if escalation.external else "out_of_hours"))
        if escalation.declined_by:
            declined = self.language.format_list(
                [self.person_name(each, escalation.paged_at) for each in escalation.declined_by]
            )
            remarks.append(self.format_message("declined_by", who=declined))
        if escalation.is_answered or (escalation.vendor and escalation.vendor.fixed):
            return tuple(remarks)
        if self.record.incident.status.is_open:
            return (*remarks, self.format_message("no_answer_yet"))
        return (*remarks, self.format_message(silence_key(escalation)))

    def _origin_remarks(self, escalation: Escalation) -> list[str]:
        """The policy that it follows, and the escalation that it continues."""
        is_named = escalation.policy in {"", escalation.target}
        remarks = [] if is_named else [self.format_message("policy_of", policy=escalation.policy)]
        previous = self.escalations.get(escalation.follows or "")
        if previous is not None and not escalation.external:  # a level of `previous` called a vendor
            remarks.append(self.format_message("goes_on_from", target=self.target_name(previous)))
        return remarks

    def answer_remarks(self, escalation: Escalation) -> tuple[str, ...]:
        """
        The remarks of `escalation_remarks`, and the acknowledgement with its time.

        A vendor has no acknowledger: the person who pressed the button only noted the answer.
        """
        remarks = self.escalation_remarks(escalation)
        if escalation.external:
            return (*remarks, *self._vendor_remarks(escalation, escalation.vendor or VendorFacts()))
        if escalation.acknowledged_at is None:
            return remarks
        who = self.person_name(escalation.acknowledged_by, escalation.acknowledged_at) or self._outside_name(escalation)
        if not self.has_timed_answer(escalation):
            unknown = "acknowledged_by_unknown" if who else "acknowledged_unknown"
            return (*remarks, self.format_message(unknown, who=who))
        when = self.times.format_short_phrase(escalation.acknowledged_at)
        answered = self.format_message("acknowledged_by" if who else "acknowledged_at", who=who, when=when)
        return (*remarks, self._with_time_to_answer(answered, escalation))

    def has_timed_answer(self, escalation: Escalation) -> bool:
        """Return whether it was answered at a known time."""
        entry = escalation.acknowledgement
        return escalation.acknowledged_at is not None and (entry is None or entry.ref not in self.untimed)

    def _outside_name(self, escalation: Escalation) -> str:
        """`Sam (link)`; empty without a name."""
        answer = escalation.outside_answer
        return (
            f"{self.outside_person_name(answer.name)} ({_method_name(self, answer.method)})"
            if answer and answer.name
            else ""
        )

    def _vendor_remarks(self, escalation: Escalation, facts: VendorFacts) -> Iterator[str]:
        """The case reference, the first answer with how long it took, and the fix."""
        message, times = self.format_message, self.times
        if facts.case:
            yield message("vendor_case_is", case=facts.case)
        if escalation.is_answered:
            at = escalation.acknowledged_at if self.has_timed_answer(escalation) else None
            who = self.person_name(escalation.acknowledged_by, escalation.acknowledged_at)
            when = times.format_short_phrase(at, escalation.acknowledged_precision) if at else ""
            answered = message("vendor_answered_at", when=when) if when else message("vendor_answered_unknown")
            yield self._with_time_to_answer(answered, escalation)
            if who:
                yield message("noted_by", who=who)
        if facts.fixed is not None:
            when = times.format_short_phrase(facts.fixed_at, facts.fixed_precision) if facts.fixed_at else ""
            yield message("vendor_fixed_at", when=when) if when else message("vendor_fixed_unknown")

    def _with_time_to_answer(self, answered: str, escalation: Escalation) -> str:
        waited = self._time_to_answer(escalation)
        return f"{answered}, {self.format_message('after', duration=waited)}" if waited else answered

    def _time_to_answer(self, escalation: Escalation) -> str | None:
        """None if the time of the page is unknown or later than the answer."""
        paged_at, answered_at = escalation.paged_at, escalation.acknowledged_at
        if paged_at is None or answered_at is None or answered_at < paged_at:
            return None
        return self.language.format_duration(duration_between(paged_at, answered_at))


def untimed_answers(record: Record) -> frozenset[str]:
    """
    Refs of entries that record an answer whose time nobody knows.

    That is one to an escalation of unknown time, noted by a button: only the moment of the press is known.
    """
    asked = {each.acknowledgement.ref for each in record.escalations if each.paged_at is None and each.acknowledgement}
    if not asked:
        return frozenset()
    return frozenset(
        entry.source.ref
        for entry in record.entries
        if entry.source.ref in asked and entry.happened_at is not None and _is_noted_at_once(entry)
    )


def _is_noted_at_once(entry: Entry) -> bool:
    """Return whether its time is the one at which it was recorded."""
    return entry.happened_at is not None and abs(entry.recorded_at - entry.happened_at) < timedelta(minutes=1)


def silence_key(escalation: Escalation) -> str:
    """The message for a missing answer. Silence is known only where Dogwatch paged."""
    return "nobody_acknowledged" if escalation.called and not escalation.external else "no_answer_recorded"


def history_blocks(text: RecordText, section: str, escalation: Escalation) -> tuple[Block, ...]:
    """The blocks of `history_steps`."""
    return tuple(block for _, block in history_steps(text, section, escalation))


def history_steps(text: RecordText, section: str, escalation: Escalation) -> Sequence[_Step]:
    """
    The pages and answers of an escalation with their times, in order.

    Empty where the escalation's own block says it all: one page, and an answer or none.
    """
    if not _has_history(escalation):
        return ()
    steps = [*_page_steps(text, section, escalation), *_answer_steps(text, section, escalation)]
    if escalation.exhausted_at is not None and escalation.policy:
        label, at = text.format_message("chain_ended"), escalation.exhausted_at
        steps.insert(0, (at, _step_block(text, section, escalation, "end", at, label)))  # before the fallback's page
    return sorted(steps, key=lambda step: step[0])


def _has_history(escalation: Escalation) -> bool:
    if escalation.external:
        return False
    unsuccessful = {PageOutcome.FAILED, PageOutcome.SKIPPED}
    return bool(
        escalation.policy
        or len(escalation.called) > 1
        or any(answer.withdrawn_at for answer in escalation.answers)
        or any(page.outcome in unsuccessful for page in escalation.pages)
    )


def _step_block(
    text: RecordText,
    section: str,
    escalation: Escalation,
    key: str,
    at: datetime,
    label: str,
    notes: Sequence[str] = (),
    sources: Sequence[Source] = (),
) -> Block:
    return Block(
        section,
        f"{escalation.source.ref}-{key}",
        text.language.code,
        BlockKind.ESCALATION,
        "",
        tuple(sources) or (escalation.source,),
        text.times.format_short(at),
        label,
        notes=tuple(notes),
    )


def _page_steps(text: RecordText, section: str, escalation: Escalation) -> Iterator[_Step]:
    """One step for each level that was paged; without a policy all repeated pages are one step."""
    first = [level for level in escalation.called if escalation.policy or not level.position.round]
    again = [level for level in escalation.called if level not in first]
    for number, level in enumerate(first, 1):
        label = _level_label(text, escalation, level)
        notes = _level_notes(text, escalation, level, [level])
        yield level.paged_at, _step_block(text, section, escalation, f"step-{number}", level.paged_at, label, notes)
    if again:
        at = again[0].paged_at
        label = text.language.format_count("paged_again", len(again))
        last = text.format_message("last_time", when=text.times.format_short_phrase(again[-1].paged_at))
        notes = [*([last] if len(again) > 1 else []), *_level_notes(text, escalation, again[0], again)]
        yield at, _step_block(text, section, escalation, "again", at, label, notes)


def _level_label(text: RecordText, escalation: Escalation, level: PagedLevel) -> str:
    message, position = text.format_message, level.position
    if not escalation.policy:
        return message("paged_first")
    if position.level > escalation.levels:
        return message("fallback_paged")
    if position.round:
        return message("level_paged_again", level=position.level, levels=escalation.levels, round=position.round + 1)
    return message("level_paged", level=position.level, levels=escalation.levels)


def _level_notes(
    text: RecordText, escalation: Escalation, level: PagedLevel, levels: Sequence[PagedLevel]
) -> list[str]:
    """Notes on `level`, with the pages of all `levels`."""
    message, language = text.format_message, text.language
    positions = {(each.position.level, each.position.round) for each in levels}
    pages = [page for page in escalation.pages if (page.level, page.round) in positions]
    notes = [note for person in level.people for note in _person_notes(text, person, level.paged_at, pages)]
    notes += [_service_note(text, service, pages) for service in level.services]
    if level.groups:
        notes.append(message("group_mentioned"))
    if level.missing:
        notes.append(message("nobody_meant", targets=", ".join(level.missing)))
    if level.because in _REASON_MESSAGES:
        notes.append(message(_REASON_MESSAGES[level.because]))
    if level.late is not None:
        notes.append(message("paged_late", duration=language.format_duration(level.late)))
    if level.passed_over:
        skipped = [str(position.level) for position, _ in level.passed_over]
        notes.append(language.format_count("passed_over", len(skipped), levels=language.format_list(skipped)))
    return notes


def _person_notes(text: RecordText, person: str, at: datetime, pages: Iterable[RecordedPage]) -> list[str]:
    """The contact methods that reached a person or failed, or that the page was skipped."""
    own = [page for page in pages if page.person == person]
    who = text.person_name(person, at)
    methods = {outcome: _method_names(text, own, outcome) for outcome in PageOutcome}
    notes = [f"{who} ({', '.join(methods[PageOutcome.SENT])})"] if methods[PageOutcome.SENT] else []
    notes += [text.format_message("page_failed", who=who, means=each) for each in methods[PageOutcome.FAILED]]
    if not notes and methods[PageOutcome.SKIPPED]:
        notes.append(text.format_message("page_skipped", who=who))
    return notes or [who]


def _service_note(text: RecordText, service: str, pages: Iterable[RecordedPage]) -> str:
    """The name of a paging service, or that it did not take the page."""
    name = _method_name(text, service)
    outcomes = {page.outcome for page in pages if not page.person and page.method == service}
    has_failed = PageOutcome.FAILED in outcomes and PageOutcome.SENT not in outcomes
    return text.format_message("service_failed", means=name) if has_failed else name


def _method_names(text: RecordText, pages: Iterable[RecordedPage], outcome: PageOutcome) -> list[str]:
    return list(dict.fromkeys(_method_name(text, page.method) for page in pages if page.outcome is outcome))


def _method_name(text: RecordText, method: str) -> str:
    """The display name of a contact method: PagerDuty for `pagerduty:payments`."""
    kind = method.partition(":")[0]
    return text.format_message(_METHOD_MESSAGES[kind]) if kind in _METHOD_MESSAGES else _SERVICE_NAMES.get(kind, kind)


def _answer_steps(text: RecordText, section: str, escalation: Escalation) -> Iterator[_Step]:
    for number, answer in enumerate(escalation.answers, 1):
        is_latest = answer.withdrawn_at is None and answer.at == escalation.acknowledged_at
        sources = (escalation.acknowledgement,) if escalation.acknowledgement and is_latest else ()
        notes = []
        if answer.withdrawn_at is not None and not answer.is_timed_out:
            when = text.times.format_short_phrase(answer.withdrawn_at)
            notes.append(text.format_message("answer_taken_back", when=when))
        label = _acknowledgement_label(text, answer)
        step = _step_block(text, section, escalation, f"answer-{number}", answer.at, label, notes, sources)
        yield answer.at, step if text.has_timed_answer(escalation) or not is_latest else step._replace(time="")


def _acknowledgement_label(text: RecordText, answer: Acknowledgement) -> str:
    who = text.person_name(answer.by, answer.at) or text.outside_person_name(answer.name)
    kind = answer.method.partition(":")[0]
    label = text.format_message("answer_by", who=who) if who else text.format_message("kind_acknowledged")
    return label if kind in _DEFAULT_METHODS else f"{label} ({_method_name(text, kind)})"
