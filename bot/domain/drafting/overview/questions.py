"""Facts that nobody recorded, as questions to the lead, all in one place."""

from collections.abc import Iterator, Mapping, Sequence

from bot.domain.drafting.block_builder import BlockBuilder
from bot.domain.drafting.model import Block, BlockKind
from bot.domain.terms import Status

SECTION = "questions"


def questions_section(builder: BlockBuilder, sections: Mapping[str, Sequence[Block]]) -> tuple[Block, ...]:
    """One block with a question for each missing fact; empty for a cancelled incident."""
    incident = builder.record.incident
    if incident.status is Status.CANCELLED:
        return ()
    questions = [builder.format_message(f"question_{key}") for key in _missing_facts(builder, sections)]
    if not questions:
        return ()
    text = builder.format_message("questions_to_lead", questions=" ".join(questions))
    return (Block(SECTION, "missing", builder.language.code, BlockKind.MISSING, text),)


def _missing_facts(builder: BlockBuilder, sections: Mapping[str, Sequence[Block]]) -> Iterator[str]:
    incident = builder.record.incident
    if _is_missing(sections["impact"]):
        yield "impact"
    if not incident.is_detection_recorded:
        yield "detection"
    if _is_missing(sections["cause"]):
        yield "cause"
    if incident.resolved is None:  # the rest is known later
        return
    if _is_missing(sections["resolution"]):
        yield "resolution"
    if incident.ended is None:
        yield "end"
    if _is_missing(sections["improvements"]) and _is_missing(sections["tasks"]):
        yield "measures"


def _is_missing(blocks: Sequence[Block]) -> bool:
    return all(block.is_missing for block in blocks)
