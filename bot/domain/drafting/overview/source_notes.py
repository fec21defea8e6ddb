"""Notes on sources: `Message — dba, 14:05`."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from itertools import chain

from bot.domain.drafting.block_builder import BlockBuilder
from bot.domain.drafting.document.blocks import DocumentBlock
from bot.domain.record.model import Entry
from bot.domain.terms import Kind, Precision, SourceKind
from bot.domain.times import zone_label

CHANNEL = "channel"
_WORDS: Mapping[SourceKind, str] = {
    SourceKind.MESSAGE: "source_message",
    SourceKind.ALERT: "kind_detection",
    SourceKind.COMMAND: "source_command",
    SourceKind.SYSTEM: "source_record",
    SourceKind.CHANGE: "source_change",
    SourceKind.VENDOR: "source_vendor",
}


class SourceNotes(Mapping[str, str]):
    """
    Notes on sources by ref. Made on access: a template may cite few.

    Sources that are not in the record have the note of their kind.

    It has no text of an entry, so that the list of a redacted entry says nothing of its words.
    """

    def __init__(self, builder: BlockBuilder) -> None:
        self._builder = builder
        self._words = {kind: builder.format_message(key) for kind, key in _WORDS.items()}
        self._message = self._words[SourceKind.MESSAGE]
        self._declared = builder.format_message("kind_declared")

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the notes alone."""
        return dict, (dict(self),)

    def __getitem__(self, ref: str) -> str:
        entry = self._entries.get(ref)
        if entry is not None:
            return self._entry_note(entry)
        return self._others[ref]

    def edit_note(self, block: DocumentBlock) -> str:
        """The note on a person's edit of a document: `Edit — dba, 14:05`."""
        what = "source_canvas" if block.is_from_canvas else "source_edit"
        return self._note(self._builder.format_message(what), block.by, block.at)

    def __iter__(self) -> Iterator[str]:
        return iter({**self._entries, **self._others})

    def __len__(self) -> int:
        return len({**self._entries, **self._others})

    @cached_property
    def _entries(self) -> Mapping[str, Entry]:
        return {entry.source.ref: entry for entry in self._builder.record.entries}

    @cached_property
    def _others(self) -> Mapping[str, str]:
        """Notes on the sources that are no entries."""
        builder, record = self._builder, self._builder.record
        message, incident = builder.format_message, record.incident
        lists = Counter(each.source.link for each in record.actions)
        actions = {
            each.source.ref: message("source_follow_ups")
            if lists[each.source.link] > 1
            else f"{message(f'kind_{each.kind}')} {each.number}"
            for each in record.actions
        }
        alerts = {
            each.source.ref: self._note(
                message("alert", name=builder.resolve_mentions(each.name)),
                None,
                each.starts_at,
                each.starts_at_precision,
            )
            for each in record.alerts
        }
        changes = {
            each.source.ref: self._note(self._words[SourceKind.CHANGE], None, each.change.began_at)
            for each in record.changes
        }
        vendors = {
            each.source.ref: self._note(self._words[SourceKind.VENDOR], each.vendor, each.first_word_at)
            for each in record.vendor_incidents
        }
        escalations = {
            ref: self._note(builder.escalation_label(each), None, each.paged_at, each.precision)
            for ref, each in builder.escalations.items()
        }
        declared = self._note(self._declared, incident.declared_by, incident.declared.at)
        channel = f"{message('channel')} #{incident.channel_name}" if incident.channel_name else message("channel")
        kinds = {kind.value: word for kind, word in self._words.items()}
        others = {**actions, **alerts, **changes, **vendors, **escalations}
        return {**kinds, "declared": declared, CHANNEL: channel, **others}

    @cached_property
    def _links(self) -> Mapping[str, str | None]:
        """Links of alerts, escalations and follow-ups by ref. Entries about them can share these."""
        record = self._builder.record
        sources = chain(
            (alert.source for alert in record.alerts),
            (escalation.source for escalation in record.escalations),
            (action.source for action in record.actions),
        )
        return {source.ref: source.link for source in sources}

    def _entry_note(self, entry: Entry) -> str:
        kind, about = entry.source.kind, entry.about
        if kind is SourceKind.MESSAGE:
            return self._note(self._message, entry.author, entry.posted_at or entry.happened_at)
        if about is not None and self._links.get(about) == entry.source.link:
            return self._others[about]
        if entry.public is not None:
            message = self._builder.format_message
            what = message("public_update", state=message(f"public_{entry.public.value}"))
            return self._note(what, entry.recorded_by or entry.author, entry.happened_at)
        what = self._declared if Kind.DECLARED in entry.kinds else self._words[kind]
        return self._note(what, entry.recorded_by or entry.author, entry.recorded_at)

    def _note(self, what: str, who: str | None, at: datetime | None, precision: Precision = Precision.EXACT) -> str:
        """`Message — dba, 14:05`; a time whose zone the document does not name has its own."""
        builder = self._builder
        name = builder.person_name(who, at)
        if at is None:
            return f"{what} — {name}" if name else what
        times = builder.times
        time = times.format_short(at, precision)
        first, last = times.known_span
        if not times.has_labels and not first <= at <= last:
            label = zone_label(at, times.zone)
            time = time if label == times.labels[0] else f"{time} {label}"
        return f"{what} — {name}, {time}" if name else f"{what} — {time}"
