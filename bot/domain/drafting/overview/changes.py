"""The changes section of a draft."""

from bot.domain.drafting.block_builder import BlockBuilder
from bot.domain.drafting.context import DraftContext
from bot.domain.drafting.model import Block, BlockKind
from bot.domain.record.model import RecordedChange

SECTION = "changes"
MAX_CHANGES = 10


def changes_section(context: DraftContext) -> tuple[Block, ...]:
    """The changes shortly before the first error, the newest first."""
    return tuple(_change_block(context.builder, each) for each in context.record.changes[:MAX_CHANGES])


def _change_block(text: BlockBuilder, recorded: RecordedChange) -> Block:
    """The change with its times, its environment and its author."""
    change, message = recorded.change, text.format_message
    notes = [text.times.format_short_phrase(change.began_at)]
    if change.finished_at is not None and change.finished_at != change.began_at:
        notes = [
            message(
                "change_span",
                start=text.times.format_short_phrase(change.began_at),
                end=text.times.format_short_phrase(change.finished_at),
            )
        ]
    notes += [each for each in (change.environment, change.author) if each]
    if recorded.is_cause:
        notes.append(message("change_is_cause"))
    if recorded.rolled_back_by is not None:
        at = recorded.rolled_back_at
        notes.append(
            message("rolled_back_at", time=text.times.format_short_phrase(at)) if at else message("rolled_back")
        )
    return Block(
        SECTION,
        change.ref,
        text.language.code,
        BlockKind.FACT,
        message(f"change_{change.kind.value}", what=text.resolve_mentions(recorded.subject)),
        tuple(each for each in (recorded.source, recorded.rolled_back_by) if each),
        notes=tuple(notes),
    )
