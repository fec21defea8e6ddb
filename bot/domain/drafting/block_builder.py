"""Blocks of a draft for entries, escalations, actions and facts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from bot.domain.drafting.annotations import (
    distinguishing_labels,
    entry_remarks,
    entry_words,
    has_remarks,
    localized_text,
    role_label,
)
from bot.domain.drafting.escalations import RecordText
from bot.domain.drafting.localized_times import TimeFormatter
from bot.domain.drafting.model import Block, BlockKind
from bot.domain.escalation.vendors import VendorEvent
from bot.domain.languages import Language, base_language, get_language
from bot.domain.record.escalations import Escalation
from bot.domain.record.facts import EscalationAcknowledged, RoleAssigned, VendorFixed, with_note
from bot.domain.record.model import Action, Entry, Record
from bot.domain.record.sources import Source
from bot.domain.record.translations import words_for_reader
from bot.domain.terms import Kind, Precision, SourceKind
from bot.domain.text.durations import to_minute

KINDS_WITHOUT_LABEL: Mapping[str, frozenset[Kind]] = MappingProxyType(
    {
        "actions_taken": frozenset({Kind.NOTE, Kind.INVESTIGATION, Kind.ACTION}),
        "course": frozenset({Kind.NOTE, Kind.INVESTIGATION, Kind.ACTION}),
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
"""By section: kinds that its heading or the text makes clear."""
NEVER_LABELLED = frozenset({Kind.NOTE})
CHANGES = frozenset({Kind.STATUS, Kind.SEVERITY})
"""Kinds whose entries are labelled as a change from one value to another."""
VENDOR_LABELS: Mapping[VendorEvent | None, str] = {VendorEvent.CASE: "vendor_case", VendorEvent.FIXED: "vendor_fixed"}


class BlockBuilder(RecordText):
    """Blocks of one record in one language."""

    def __init__(
        self, record: Record, language: Language, times: TimeFormatter, *, is_for_screens: bool = False
    ) -> None:
        super().__init__(record, language, times)
        self._is_for_screens = is_for_screens
        self.answers = {each.acknowledgement.ref: each for each in record.escalations if each.acknowledgement}
        self.title = self._title()
        self.services = self._services()
        self._alert_labels = distinguishing_labels(record.alerts)
        self._entry_blocks: dict[str, Block] = {}
        self._labels: dict[tuple[str, tuple[Kind, ...]], str] = {}

    @classmethod
    def in_english(cls, record: Record) -> "BlockBuilder":
        """For screens: the language of the bot's own words."""
        english = get_language("en")
        times = TimeFormatter(english, record.incident.zone, record.incident.started.at, ())
        return cls(record, english, times, is_for_screens=True)

    def entry_block(self, section: str, entry: Entry) -> Block:
        """An entry in its order; `time` is empty if unknown."""
        known = self._entry_blocks.get(entry.source.ref)
        if known is None:
            known = self._entry_blocks[entry.source.ref] = self._new_entry_block(section, entry)
        elif known.section != section:
            known = known._replace(section=section, label=self._entry_label(section, entry, known.text))
        return known

    def _new_entry_block(self, section: str, entry: Entry) -> Block:
        ref, by = entry.source.ref, self._entry_author(entry)
        time = self._short_time(entry.happened_at, entry.precision) if ref not in self.untimed else ""
        if self._is_plain(entry):
            text, label = self.resolve_mentions(entry.text, entry.sort_at), self._kinds_label(section, entry.kinds)
            notes: tuple[str, ...] = ()
        else:
            text, notes = self._entry_text(entry)
            label = self._entry_label(section, entry, text)
        sources = (entry.source, *entry.also)
        return Block(section, ref, self.language.code, BlockKind.ENTRY, text, sources, time, label, by, notes)

    def _entry_author(self, entry: Entry) -> str:
        """The author; empty for a change of role whose words name them."""
        fact = entry.fact
        if fact is not None and isinstance(fact, RoleAssigned) and not self.shows_roles:
            return "" if entry.author in {fact.user_id, fact.before} else self.person_name(entry.author, entry.sort_at)
        return self.person_name(entry.author, entry.sort_at)

    def _is_plain(self, entry: Entry) -> bool:
        """Return whether its own text and its kinds are all there is to say, as of most entries."""
        return bool(
            entry.text
            and entry.about is None
            and entry.fact is None
            and entry.public is None
            and entry.was is None
            and entry.redacted_at is None
            and entry.came_from is None
            and Kind.DECLARED not in entry.kinds
            and Kind.IMPACT_BEGAN not in entry.kinds
            and entry.source.ref not in self.answers
            and not entry.translations
            and not has_remarks(entry)
        )

    def _title(self) -> str:
        """The incident's title in this language, or as typed."""
        titles, code = self.record.incident.titles, self.language.code
        given = titles.get(code) or titles.get(code.partition("-")[0])
        self._has_own_title = bool(given)
        text = given or localized_text(self.record.incident.title, self.record.incident.storm_title, self.language)
        return " ".join(self.resolve_mentions(text).split())

    def _services(self) -> str:
        """The services by their names in this language, or as typed."""
        incident, own = self.record.incident, base_language(self.language.code)
        named = {base_language(code): names for code, names in incident.service_names.items()}
        return self.resolve_mentions(", ".join(named.get(own) or incident.services))

    def _entry_text(self, entry: Entry) -> tuple[str, tuple[str, ...]]:
        """Text and notes of an entry, the same in each section."""
        notes: list[str] = []
        if has_remarks(entry):
            remarks = entry_remarks(entry, self.record.incident, self.times, with_held_ends=self._is_for_screens)
            notes += [self.resolve_mentions(remark, entry.sort_at) for remark in remarks]
        if entry.about and entry.about in self._alert_labels:
            notes.append(self.resolve_mentions(self._alert_labels[entry.about]))
        if self._starts_escalation(entry):
            notes += self.escalation_remarks(self.escalations[entry.about or ""])
        if entry.came_from is not None:
            notes.append(self.format_message("came_from", incident=entry.came_from))
        if self._label_says_all(entry) or self.repeats_title(entry):
            language = self.language.language_name(entry.language) if entry.language else ""
            return "", tuple(note for note in notes if note != language)  # no words of it are shown
        name_people = self.resolve_mentions if entry.fact is None else self.name_people
        return name_people(self._own_text(entry), entry.sort_at), tuple(notes)

    def _own_text(self, entry: Entry) -> str:
        """The text of an entry in the reader's words. Where roles are shown, a role has no holder."""
        if self.shows_roles and isinstance(entry.fact, RoleAssigned):
            return with_note(role_label(entry.fact.role, entry.fact.label, self.language), entry.fact.note)
        words = entry_words(entry, self.language)
        return localized_text(words.text, None if words.translation else entry.fact, self.language)

    def _entry_label(self, section: str, entry: Entry, text: str) -> str:
        """The kind of entry; for a redacted one also the author of the redaction and the reason."""
        label = self._label_by_content(section, entry, text)
        if entry.redacted_at is None:
            return label
        who, why = (
            self.person_name(entry.redacted_by, entry.redacted_at),
            self.resolve_mentions(entry.redaction_reason or ""),
        )
        redaction = self.format_message("redacted", who=who, why=why)
        return f"{label}. {redaction}" if label else redaction

    def _label_by_content(self, section: str, entry: Entry, text: str) -> str:
        """By its subject, its change, or its kinds unless the section makes them clear."""
        if entry.about is not None and self._starts_escalation(entry):
            return self.escalation_label(self.escalations[entry.about])
        if self.records_answer(entry):
            return self.answer_label(self.answers[entry.source.ref])
        if entry.vendor in VENDOR_LABELS and entry.about in self.escalations:
            return self.format_message(
                VENDOR_LABELS[entry.vendor], target=self.target_name(self.escalations[entry.about])
            )
        if not entry.text and entry.redacted_at is None and entry.source.kind is SourceKind.MESSAGE and not entry.files:
            return self.format_message("message_deleted")
        if not text and entry.kinds == (Kind.IMPACT,):
            return self.format_message("impact_times_stated")
        if entry.public is not None:
            return self.format_message("public_update", state=self.format_message(f"public_{entry.public.value}"))
        label = self._impact_label(section, entry) if Kind.IMPACT_BEGAN in entry.kinds else None
        return label if label is not None else self._change_label(entry) or self._kinds_label(section, entry.kinds)

    def _impact_label(self, section: str, entry: Entry) -> str | None:
        """
        The label of an entry marked as the beginning of the impact, which began at another time.

        An earlier entry is its trigger, a later one a report of it. None if its time is unknown, or that of the impact.
        """
        began = to_minute(self.record.incident.started.at)
        if entry.happened_at is None or to_minute(entry.happened_at) == began:
            return None
        others = self._kinds_label(section, tuple(kind for kind in entry.kinds if kind is not Kind.IMPACT_BEGAN))
        is_trigger = entry.happened_at < began and section != "trigger"
        return ", ".join(label for label in (self.format_message("trigger") if is_trigger else "", others) if label)

    def repeats_title(self, entry: Entry) -> bool:
        """Return whether the entry is a declaration whose only text is a title in the document."""
        if entry.kinds != (Kind.DECLARED,):
            return False
        text, titles = " ".join(self.resolve_mentions(entry.text).split()), self.record.incident.titles
        return text == self.title or (self._has_own_title and entry.text in titles.values())

    def _starts_escalation(self, entry: Entry) -> bool:
        return entry.about in self.escalations and Kind.ESCALATION in entry.kinds

    def records_answer(self, entry: Entry) -> bool:
        """Return whether the bot recorded it for an acknowledgement: its text is generated."""
        return entry.source.ref in self.answers and entry.source.kind is not SourceKind.MESSAGE

    def _label_says_all(self, entry: Entry) -> bool:
        """Return whether its text is generated and the label repeats it; reports on a vendor stay."""
        escalation = self.escalations.get(entry.about or "")
        if entry.vendor is None or escalation is None:
            return self.records_answer(entry)
        return isinstance(entry.fact, EscalationAcknowledged | VendorFixed)

    def _kinds_label(self, section: str, kinds: tuple[Kind, ...]) -> str:
        known = self._labels.get((section, kinds))
        if known is None:
            left_out = KINDS_WITHOUT_LABEL.get(section, NEVER_LABELLED)
            if Kind.RULED_OUT in kinds:  # which implies a hypothesis
                left_out |= {Kind.HYPOTHESIS}
            words = [self.format_message(f"kind_{kind.name.lower()}") for kind in kinds if kind not in left_out]
            known = self._labels[section, kinds] = ", ".join(dict.fromkeys(words))
        return known

    def _change_label(self, entry: Entry) -> str:
        """`Severity changed from SEV2 to SEV1`; empty for an entry that changes nothing."""
        if entry.was is None or entry.became is None or CHANGES.isdisjoint(entry.kinds):
            return ""
        was, became = (self._state_name(value) for value in (entry.was, entry.became))
        return self.format_message("changed_to", what=self._kinds_label("", entry.kinds), was=was, became=became)

    def _state_name(self, value: str) -> str:
        """A status in the language's words, a severity in the workspace's own."""
        labels = self.record.incident.severity_labels
        return self.language.words.get(f"status_{value}") or labels.get(value, value)

    def escalation_block(self, section: str, escalation: Escalation) -> Block:
        vendor, answer = escalation.vendor, escalation.acknowledgement
        linked = {each.link or each.ref for each in (escalation.source, answer) if each}
        later = (vendor.case_source, vendor.fixed) if vendor else ()
        sources = (answer, *(each for each in later if each and (each.link or each.ref) not in linked))
        return Block(
            section,
            escalation.source.ref,
            self.language.code,
            BlockKind.ESCALATION,
            self.resolve_mentions(escalation.reason, escalation.paged_at),
            (escalation.source, *(source for source in sources if source)),
            self._short_time(escalation.paged_at, escalation.precision),
            self.escalation_label(escalation),
            notes=self.answer_remarks(escalation),
        )

    def _short_time(self, at: datetime | None, precision: Precision) -> str:
        return self.times.format_short(at, precision) if at else ""

    def action_block(self, section: str, action: Action) -> Block:
        """An improvement or a task, with owner and date where somebody named them."""
        details: dict[str, str] = {}
        notes: list[str] = []
        words = words_for_reader(action.text, action.language, action.translations, self.language.code)
        symptom = (words.translation and words.translation.symptom) or action.symptom
        if action.owner:
            details["owner"] = action.owner_group or self.person_name(action.owner)
        if action.due:
            details["due"] = self.times.format_day(action.due)
        if symptom:
            details["symptom"] = self.resolve_mentions(symptom)
            notes.append(self.format_message("symptom", text=details["symptom"]))
        if action.owner:
            notes.append(self.format_message("owner", who=details["owner"]))
        if action.due:
            notes.append(self.format_message("due", date=details["due"]))
        if action.done:
            notes.append(self.format_message("done"))
        if words.foreign is not None:
            notes.append(self.language.language_name(words.foreign))
        return Block(
            section,
            action.source.ref,
            self.language.code,
            BlockKind.ACTION,
            self.resolve_mentions(words.text),
            (action.source,),
            notes=tuple(notes),
            details=details,
        )

    def missing_block(self, section: str, key: str) -> Block:
        return Block(section, "missing", self.language.code, BlockKind.MISSING, self.format_message(f"missing_{key}"))

    def fact_block(
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
        """A statement about the incident as a whole, with each source once."""
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
