"""The section of a draft on the status pages of vendors."""

from collections.abc import Iterator
from datetime import timedelta

from bot.domain.drafting.block_builder import BlockBuilder
from bot.domain.drafting.context import DraftContext
from bot.domain.drafting.model import Block, BlockKind
from bot.domain.record.model import RecordedVendorIncident
from bot.domain.text.durations import duration_between

SECTION = "vendors"


def vendors_section(context: DraftContext) -> tuple[Block, ...]:
    """The vendors' incidents that are linked to ours, by their first word."""
    return tuple(_vendor_block(context.builder, each) for each in context.record.vendor_incidents)


def _vendor_block(text: BlockBuilder, recorded: RecordedVendorIncident) -> Block:
    """Their words and times beside ours."""
    return Block(
        SECTION,
        recorded.source.ref,
        text.language.code,
        BlockKind.FACT,
        text.resolve_mentions(recorded.title),
        (recorded.source, text.record.incident.started.source),
        label=text.resolve_mentions(recorded.vendor),
        notes=tuple(_notes(text, recorded)),
    )


def _notes(text: BlockBuilder, recorded: RecordedVendorIncident) -> Iterator[str]:
    message, times, incident = text.format_message, text.times, text.record.incident
    yield message("vendor_first_word", when=times.format_short_phrase(recorded.first_word_at))
    first, other = sorted((incident.started.at, recorded.first_word_at))
    delay = duration_between(first, other)
    if delay < timedelta(minutes=1):
        yield message("vendor_word_with")
    else:
        key = "vendor_word_after" if recorded.first_word_at > incident.started.at else "vendor_word_before"
        yield message(key, length=text.language.format_duration(delay))
    if recorded.seen_at - recorded.first_word_at >= timedelta(minutes=1):
        yield message("vendor_read_at", when=times.format_short_phrase(recorded.seen_at))
    if recorded.resolved_at is not None:
        yield message("vendor_resolved_at", when=times.format_short_phrase(recorded.resolved_at))
    else:
        yield message("vendor_gone" if recorded.is_gone else "vendor_not_resolved")
    if incident.ended is not None:
        yield message("vendor_our_end", when=times.format_short_phrase(incident.ended.at))
