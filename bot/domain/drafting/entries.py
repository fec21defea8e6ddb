"""Blocks made of entries, escalations, alerts and actions: one recorded thing each, told in the document's language."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from bot.domain.drafting.annotations import has_remarks, own_words_of, remarks_of, title_words
from bot.domain.drafting.localized_times import Clock
from bot.domain.drafting.model import Block, BlockKind
from bot.domain.escalation.vendors import VendorAct
from bot.domain.languages import Language
from bot.domain.record import generated_sentences as own_words
from bot.domain.record.model import Action, Alert, Entry, Escalation, Record, Source, VendorFacts, newest_firings
from bot.domain.terms import Kind, Precision, SourceKind
from bot.domain.text.durations import between

MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|[^<>]*)?>")

NAMES = 5
"""Names that a line about many alerts shows with their counts."""
SUMMARY_ANNOTATIONS = ("summary", "description", "message")
"""Where monitors say in words what an alert is about, the best first."""

QUIET: Mapping[str, frozenset[Kind]] = MappingProxyType(
    {
        "actions_taken": frozenset({Kind.NOTE, Kind.INVESTIGATION, Kind.ACTION}),
        "misleading_paths": frozenset({Kind.NOTE, Kind.MISLEADING_PATH}),
        "detection": frozenset({Kind.NOTE, Kind.DETECTION}),
        "communication": frozenset({Kind.NOTE, Kind.COMMUNICATION}),
        "tasks": frozenset({Kind.NOTE, Kind.TASK}),
        "improvements": frozenset({Kind.NOTE, Kind.IMPROVEMENT}),
        "went_well": frozenset({Kind.NOTE, Kind.WENT_WELL}),
        "went_badly": frozenset({Kind.NOTE, Kind.WENT_BADLY}),
        "got_lucky": frozenset({Kind.NOTE, Kind.GOT_LUCKY}),
    }
)
"""Kinds that need no label in a section, because its heading or the text says it."""

ALWAYS_QUIET = frozenset({Kind.NOTE})

CHANGES = frozenset({Kind.STATUS, Kind.SEVERITY})
"""Kinds whose entries are told as a change from one value to another."""


ANSWERED = {
    False: ("escalation_acknowledged", "escalation_acknowledged_after"),
    True: ("vendor_answered", "vendor_answered_after"),
}
"""What is said of an answer, by whether a vendor gave it: without and with how long it took."""


VENDOR_ACTS: Mapping[VendorAct | None, str] = {VendorAct.CASE: "vendor_case", VendorAct.FIXED: "vendor_fixed"}
"""What an entry says of a vendor beside that they answered."""


_Told = tuple[str, tuple[Source, ...], str, str, tuple[str, ...]]
"""Text, sources, time, author and notes of an entry."""


def with_names(text: str, people: Mapping[str, str]) -> str:
    """The text with `@name` for each mention. Who is not among `people` stays an id."""
    if "<@" not in text:
        return text
    return MENTION.sub(lambda found: f"@{people.get(found[1], found[1])}", text)


def summary_of(alert: Alert) -> str:
    """What the alert says in words, empty if it says nothing."""
    return next((alert.annotations[key] for key in SUMMARY_ANNOTATIONS if alert.annotations.get(key)), "")


class Teller:
    """Tells the parts of one record in one language."""

    def __init__(self, record: Record, language: Language, clock: Clock) -> None:
        self.record = record
        self.language = language
        self.clock = clock
        self.escalations = {each.source.ref: each for each in record.escalations}
        self.answers = {each.acknowledgement.ref: each for each in record.escalations if each.acknowledgement}
        self.twins = _told_apart(record.alerts)
        self.title = self._title()
        self._told: dict[str, _Told] = {}
        self._labels: dict[tuple[str, tuple[Kind, ...]], str] = {}

    def name(self, user_id: str | None) -> str:
        return self.record.people.get(user_id, user_id) if user_id else ""

    def named(self, text: str) -> str:
        return with_names(text, self.record.people)

    def entry(self, section: str, entry: Entry) -> Block:
        """An entry at its place, its time left empty where nobody knows it."""
        known = self._told.get(entry.source.ref)
        if known is None:
            text, notes = self._text_of(entry)
            time = self.clock.short(entry.happened_at, entry.precision) if entry.happened_at else ""
            sources = (entry.source, *entry.also)
            known = self._told[entry.source.ref] = (text, sources, time, self.name(entry.author), notes)
        text, sources, time, by, notes = known
        label = self._label_of(section, entry, text)
        return Block(
            section, entry.source.ref, self.language.code, BlockKind.ENTRY, text, sources, time, label, by, notes
        )

    def _title(self) -> str:
        """The incident's title in this language, or as typed."""
        titles, code = self.record.incident.titles, self.language.code
        given = titles.get(code) or titles.get(code.partition("-")[0])
        text = given or title_words(self.record.incident.title, self.language)
        return " ".join(self.named(text).split())

    def _text_of(self, entry: Entry) -> tuple[str, tuple[str, ...]]:
        """Text and notes of an entry, the same in each section."""
        notes: tuple[str, ...] = ()
        if has_remarks(entry):
            notes = tuple(self.named(remark) for remark in remarks_of(entry, self.record.incident, self.clock))
        if entry.about and entry.about in self.twins:
            notes = (*notes, self.named(self.twins[entry.about]))
        if self._calls(entry):
            notes = (*notes, *self.silence(self.escalations[entry.about or ""]))
        if entry.came_from is not None:
            notes = (*notes, self.language.say("came_from", incident=entry.came_from))
        if self._is_said_by_label(entry) or self.only_declares(entry):
            return "", notes
        return self.named(own_words_of(entry, self.language) or entry.text), notes

    def _label_of(self, section: str, entry: Entry, text: str) -> str:
        """What the entry is, and if its words were redacted, by whom and why."""
        label = self._what_it_is(section, entry, text)
        if entry.redacted_at is None:
            return label
        who, why = self.name(entry.redacted_by), self.named(entry.redacted_why or "")
        gone = self.language.say("redacted", who=who, why=why)
        return f"{label}. {gone}" if label else gone

    def _what_it_is(self, section: str, entry: Entry, text: str) -> str:
        """By what it tells of, what it changed, or its kinds as far as the section does not say."""
        if entry.about is not None and self._calls(entry):
            return self.called(self.escalations[entry.about])
        if self._answers(entry):
            return self._answered(self.answers[entry.source.ref])
        if entry.vendor in VENDOR_ACTS and entry.about in self.escalations:
            return self.language.say(VENDOR_ACTS[entry.vendor], target=self.escalations[entry.about].target)
        if not entry.text and entry.redacted_at is None and entry.source.kind is SourceKind.MESSAGE and not entry.files:
            return self.language.say("message_deleted")
        if not text and entry.kinds == (Kind.IMPACT,):
            return self.language.say("impact_times_stated")
        if entry.public is not None:
            return self.language.say("public_update", state=self.language.say(f"public_{entry.public.value}"))
        changes = entry.became is not None and self._changed(entry)
        return changes or self._kinds(section, entry.kinds)

    def only_declares(self, entry: Entry) -> bool:
        """Whether it says no more than the document's title."""
        return entry.kinds == (Kind.DECLARED,) and " ".join(self.named(entry.text).split()) == self.title

    def _calls(self, entry: Entry) -> bool:
        return entry.about in self.escalations and Kind.ESCALATION in entry.kinds

    def _answers(self, entry: Entry) -> bool:
        """Whether the bot recorded it because somebody acknowledged: its text is ours, and is said anew."""
        return entry.source.ref in self.answers and entry.source.kind is not SourceKind.MESSAGE

    def _is_said_by_label(self, entry: Entry) -> bool:
        """Whether its text is ours and its label says it anew; what somebody told of a vendor stays."""
        called = self.escalations.get(entry.about or "")
        if entry.vendor is None or called is None:
            return self._answers(entry)
        return entry.text in {own_words.answered(called.target), own_words.fixed_by(called.target)}

    def _answered(self, escalation: Escalation) -> str:
        at_once, after = ANSWERED[escalation.external]
        target, waited = self.named(escalation.target), self._waited(escalation)
        if waited is None:
            return self.language.say(at_once, target=target)
        return self.language.say(after, target=target, duration=waited)

    def _kinds(self, section: str, kinds: tuple[Kind, ...]) -> str:
        known = self._labels.get((section, kinds))
        if known is None:
            quiet = QUIET.get(section, ALWAYS_QUIET)
            if Kind.RULED_OUT in kinds:  # that it was a hypothesis goes without saying
                quiet |= {Kind.HYPOTHESIS}
            words = [self.language.say(f"kind_{kind.name.lower()}") for kind in kinds if kind not in quiet]
            known = self._labels[section, kinds] = ", ".join(dict.fromkeys(words))
        return known

    def _changed(self, entry: Entry) -> str:
        """`Severity changed from SEV2 to SEV1`, empty for an entry that changes nothing."""
        if entry.was is None or entry.became is None or CHANGES.isdisjoint(entry.kinds):
            return ""
        was, became = (self._state(value) for value in (entry.was, entry.became))
        return self.language.say("changed_to", what=self._kinds("", entry.kinds), was=was, became=became)

    def _state(self, value: str) -> str:
        """A status in the language's words, a severity in the workspace's own."""
        labels = self.record.incident.severity_labels
        return self.language.words.get(f"status_{value}") or labels.get(value, value)

    def called(self, escalation: Escalation) -> str:
        key = "escalated_to_vendor" if escalation.external else "escalated_to"
        return self.language.say(key, target=self.named(escalation.target).strip())

    def silence(self, escalation: Escalation) -> tuple[str, ...]:
        """
        That people were not at work, who declined, and that there was no answer. That a vendor's is not recorded is no
        reproach.
        """
        declined = self.language.listed([self.name(each) for each in escalation.declined_by])
        outside = "vendor_out_of_hours" if escalation.external else "out_of_hours"
        said = (self.language.say(outside),) if escalation.out_of_hours else ()
        said = (*said, self.language.say("declined_by", who=declined)) if declined else said
        said = (*self._whence(escalation), *said)
        if escalation.is_answered or (escalation.vendor and escalation.vendor.fixed):
            return said
        if self.record.incident.status.is_open:
            return (*said, self.language.say("no_answer_yet"))
        return (*said, self.language.say("no_answer_recorded" if escalation.external else "nobody_acknowledged"))

    def _whence(self, escalation: Escalation) -> tuple[str, ...]:
        """The policy by which it goes, and the escalation that it goes on from."""
        is_told = escalation.policy in {"", escalation.target}
        said = () if is_told else (self.language.say("policy_of", policy=escalation.policy),)
        before = self.escalations.get(escalation.follows or "")
        if before is None or escalation.external:  # a level of the other called this vendor
            return said
        return (*said, self.language.say("goes_on_from", target=self.named(before.target).strip()))

    def answer(self, escalation: Escalation) -> tuple[str, ...]:
        """
        Who acknowledged when, after how long; who declined; or that nobody acknowledged.

        A vendor answers by itself: whoever pressed the button only noted it.
        """
        said = self.silence(escalation)
        if escalation.external:
            return (*said, *self.of_vendor(escalation, escalation.vendor or VendorFacts()))
        if escalation.acknowledged_at is None:
            return said
        when, who = self.clock.short_when(escalation.acknowledged_at), self.name(escalation.acknowledged_by)
        if who:
            answered = self.language.say("acknowledged_by", who=who, when=when)
        else:
            answered = self.language.say("acknowledged_at", when=when)
        return (*said, self._with_wait(answered, escalation))

    def _with_wait(self, answered: str, escalation: Escalation) -> str:
        waited = self._waited(escalation)
        return f"{answered}, {self.language.say('after', duration=waited)}" if waited else answered

    def of_vendor(self, escalation: Escalation, facts: VendorFacts) -> tuple[str, ...]:
        """The case reference, the first answer with how long it took, and the fix."""
        say, clock = self.language.say, self.clock
        said = [say("vendor_case_is", case=facts.case)] if facts.case else []
        if escalation.is_answered:
            at, who = escalation.acknowledged_at, self.name(escalation.acknowledged_by)
            when = clock.short_when(at, escalation.acknowledged_precision) if at else ""
            answered = say("vendor_answered_at", when=when) if when else say("vendor_answered_unknown")
            said += [self._with_wait(answered, escalation), *([say("noted_by", who=who)] if who else [])]
        if facts.fixed is not None:
            when = clock.short_when(facts.fixed_at, facts.fixed_precision) if facts.fixed_at else ""
            said.append(say("vendor_fixed_at", when=when) if when else say("vendor_fixed_unknown"))
        return tuple(said)

    def _waited(self, escalation: Escalation) -> str | None:
        """How long it took, None if the time of the page is unknown or later than the answer."""
        paged_at, answered_at = escalation.paged_at, escalation.acknowledged_at
        if paged_at is None or answered_at is None or answered_at < paged_at:
            return None
        return self.language.length(between(paged_at, answered_at))

    def escalation(self, section: str, escalation: Escalation) -> Block:
        facts = escalation.vendor
        answer = escalation.acknowledgement
        places = {each.link or each.ref for each in (escalation.source, answer) if each}
        later = (facts.case_source, facts.fixed) if facts else ()
        told = (answer, *(each for each in later if each and (each.link or each.ref) not in places))
        return Block(
            section,
            escalation.source.ref,
            self.language.code,
            BlockKind.ESCALATION,
            self.named(escalation.reason),
            (escalation.source, *(source for source in told if source)),
            self._short(escalation.paged_at, escalation.precision),
            self.called(escalation),
            notes=self.answer(escalation),
        )

    def _short(self, at: datetime | None, precision: Precision) -> str:
        return self.clock.short(at, precision) if at else ""

    def action(self, section: str, action: Action) -> Block:
        """An improvement or a task; owner and date only where somebody named them."""
        details: dict[str, str] = {}
        if action.owner:
            details["owner"] = self.name(action.owner)
        if action.due:
            details["due"] = self.clock.day(action.due)
        if action.symptom:
            details["symptom"] = self.named(action.symptom)
        notes = [
            *([self.language.say("symptom", text=details["symptom"])] if action.symptom else []),
            *([self.language.say("owner", who=details["owner"])] if action.owner else []),
            *([self.language.say("due", date=details["due"])] if action.due else []),
            *([self.language.say("done")] if action.done else []),
        ]
        return Block(
            section,
            action.source.ref,
            self.language.code,
            BlockKind.ACTION,
            self.named(action.text),
            (action.source,),
            notes=tuple(notes),
            details=details,
        )

    def alert(self, section: str, alert: Alert) -> Block:
        """The whole of an alert: when it fired and ended, who sent it, its labels and what else it says."""
        start = self.clock.short_when(alert.starts_at, alert.starts_at_precision)
        end = self.clock.short_when(alert.ended_at) if alert.ended_at else ""
        notes = [
            self.language.say("alert_fired", start=start, end=end)
            if end
            else self.language.say("alert_fires", start=start),
            *([self.language.say("alert_times_seen", count=alert.count)] if alert.count > 1 else []),
            self.language.say("alert_sent_by", origin=alert.origin),
            *([self.named(_pairs(alert.labels, without="alertname"))] if set(alert.labels) - {"alertname"} else []),
        ]
        summary = self.named(summary_of(alert))
        rest = {key: value for key, value in alert.annotations.items() if value and value != summary_of(alert)}
        if rest:
            notes.append(self.named(_pairs(rest)))
        return Block(
            section,
            alert.source.ref,
            self.language.code,
            BlockKind.ALERT,
            summary,
            (alert.source,),
            label=self.named(alert.name),
            notes=tuple(notes),
        )

    def alerts(self, section: str, service: str, alerts: Sequence[Alert]) -> Block:
        """Many alerts of one service in one line: how many of which name, from the first to the last end."""
        newest = newest_firings(alerts)
        names = Counter(alert.name for alert in newest).most_common()
        shown = ", ".join(f"{self.named(name)} {count:,}" for name, count in names[:NAMES])
        first, ends = (
            min(alerts, key=lambda alert: alert.starts_at),
            [each.ended_at for each in alerts if each.ended_at],
        )
        start = self.clock.short_when(first.starts_at, first.starts_at_precision)
        say, endless = self.language.say, sum(each.ended_at is None for each in newest)
        fired = say("alert_fired", start=start, end=self.clock.short_when(max(ends))) if ends else ""
        notes = [
            fired or say("alert_fires", start=start),
            *([self.language.count("alerts_endless", endless)] if ends and endless else []),
        ]
        return Block(
            section,
            f"{first.source.ref}-and-more",
            self.language.code,
            BlockKind.ALERT,
            f"{self.language.count('alerts_counted', len(newest))}: {shown}{', …' if names[NAMES:] else ''}",
            (first.source,),
            label=self.named(service) or say("other_services"),
            notes=tuple(notes),
        )

    def missing(self, section: str, key: str) -> Block:
        return Block(section, "missing", self.language.code, BlockKind.MISSING, self.language.say(f"missing_{key}"))

    def fact(
        self,
        section: str,
        key: str,
        text: str,
        sources: Sequence[Source],
        *,
        label: str = "",
        time: str = "",
        by: str = "",
        notes: Sequence[str] = (),
        details: Mapping[str, str] | None = None,
    ) -> Block:
        """A statement about the incident as a whole. Each source is named once."""
        return Block(
            section,
            key,
            self.language.code,
            BlockKind.FACT,
            text,
            tuple(dict.fromkeys(sources)),
            time,
            label,
            by,
            tuple(notes),
            details or {},
        )


def _told_apart(alerts: Sequence[Alert]) -> Mapping[str, str]:
    """By the ref of an alert that others say the same as, the labels by which it differs from them: `probe=london`."""
    alike: dict[tuple[str, str], list[Alert]] = {}
    for alert in alerts:
        alike.setdefault((alert.name, summary_of(alert)), []).append(alert)
    found: dict[str, str] = {}
    for group in alike.values():
        shared = set.intersection(*(set(alert.labels.items()) for alert in group))
        own = {alert.source.ref: dict(set(alert.labels.items()) - shared) for alert in group if len(group) > 1}
        found |= {ref: _pairs(labels) for ref, labels in own.items() if labels}
    return found


def _pairs(values: Mapping[str, str], *, without: str = "") -> str:
    """`service=payments, severity=critical`, in the order of the names."""
    return ", ".join(f"{key}={values[key]}" for key in sorted(values) if key != without)
