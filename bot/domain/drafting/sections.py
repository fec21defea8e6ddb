"""Sections of entries by kind: actions, paths, escalations, lessons, causes and follow-ups."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain

from bot.domain.drafting.block_builder import BlockBuilder
from bot.domain.drafting.context import DraftContext
from bot.domain.drafting.escalations import history_blocks
from bot.domain.drafting.model import Block
from bot.domain.drafting.overview.header import particulars_section
from bot.domain.drafting.overview.summary import statement_section, window_section
from bot.domain.languages import base_language
from bot.domain.record.action_item import names_owner
from bot.domain.record.escalations import Escalation
from bot.domain.record.model import Entry, Record, Update
from bot.domain.terms import ActionKind, Kind, Precision, SourceKind, UpdateState

MARKS_BY_ACTION = {ActionKind.IMPROVEMENT: Kind.IMPROVEMENT, ActionKind.TASK: Kind.TASK}
LESSONS = {"went_well": Kind.WENT_WELL, "went_badly": Kind.WENT_BADLY, "got_lucky": Kind.GOT_LUCKY}
ONLY_LESSONS = frozenset({*LESSONS.values(), Kind.NOTE})

HISTORY_SECTION = "chain"

SectionMap = Mapping[str, tuple[Block, ...]]


def group_section(context: DraftContext, name: str) -> tuple[Block, ...]:
    """Actions, misleading paths, escalations or outcome, each entry in one of them."""
    escalations = context.record.escalations if name == "escalations" else ()
    entries = context.course_groups[name]
    blocks = [_escalation_block(context, each) for each in escalations]
    blocks += [context.entry_block(name, entry) for entry in entries]
    paged = ((each.paged_at, each.precision) for each in escalations)
    happened = ((entry.happened_at, entry.precision) for entry in entries)
    times = chain(paged, happened)
    return date_first_row(context, times, blocks) or (context.builder.missing_block(name, name),)


def date_first_row(
    context: DraftContext, times: Iterable[tuple[datetime | None, Precision]], blocks: Sequence[Block]
) -> tuple[Block, ...]:
    """Date the first row with a time, if the times of the document are of several days."""
    formatter = context.builder.times
    if formatter.has_several_days:
        for place, ((at, precision), block) in enumerate(zip(times, blocks, strict=True)):
            if at is not None and block.time:
                dated = block.at_time(formatter.format_with_day(at, precision))
                return (*blocks[:place], dated, *blocks[place + 1 :])
    return tuple(blocks)


def history_sections(context: DraftContext) -> SectionMap:
    """Escalations with a history, each with its steps. Reason and answer are on the timeline."""
    found: list[Block] = []
    for each in context.record.escalations:
        if steps := history_blocks(context.builder, HISTORY_SECTION, each):
            heading = context.builder.escalation_block(HISTORY_SECTION, each)
            found += [heading._replace(text="", notes=()), *steps]
    return {HISTORY_SECTION: tuple(found)}


def _escalation_block(context: DraftContext, escalation: Escalation) -> Block:
    """An escalation with its requester, who is the author of its entry."""
    block = context.builder.escalation_block("escalations", escalation)
    requester = context.requesters.get(escalation.source.ref)
    return block._replace(by=context.builder.person_name(requester, escalation.paged_at)) if requester else block


def follow_up_sections(context: DraftContext) -> SectionMap:
    """
    Improvements and tasks: apart, together, and by symptom.

    `action_items` has all, sorted by kind and owner; `symptoms` those that answer one, `other_actions` the rest.
    """
    improvements = _action_blocks(context, "improvements", ActionKind.IMPROVEMENT)
    tasks = _action_blocks(context, "tasks", ActionKind.TASK)
    found = {
        block.key: (kind, block)
        for kind, blocks in (("task", tasks), ("improvement", improvements))
        for block in blocks
    }
    table = [_table_row(context, kind, block) for kind, block in found.values()]
    owned = sorted(table, key=lambda block: (block.details["type"], not block.details.get("owner"), _owner_key(block)))
    answers = [
        _without_notes(context, block, "symptom")._replace(section="symptoms")
        for _, block in found.values()
        if "symptom" in block.details
    ]
    others = [block._replace(section="other_actions") for _, block in found.values() if "symptom" not in block.details]
    missing = context.builder.missing_block
    return {
        "improvements": improvements or (missing("improvements", "improvements"),),
        "tasks": tasks or (missing("tasks", "tasks"),),
        "action_items": tuple(owned) or (missing("action_items", "action_items"),),
        "symptoms": tuple(answers),
        "other_actions": tuple(others),
    }


def _owner_key(block: Block) -> str:
    return block.details.get("owner", "").casefold()


def _table_row(context: DraftContext, kind: str, block: Block) -> Block:
    """A follow-up for a table with owner and date; `owner` is empty if the text names it."""
    row = _without_notes(context, block, "owner", "due")
    details = {**block.details, "type": context.builder.format_message(f"type_{kind}")}
    if names_owner(block.text):
        details.setdefault("owner", "")  # the words have it
    return row._replace(section="action_items", details=details)


def _without_notes(context: DraftContext, block: Block, *columns: str) -> Block:
    message, details = context.builder.format_message, block.details
    notes = {message(key, **{_COLUMNS[key]: details[key]}) for key in columns if key in details}
    return block._replace(notes=tuple(note for note in block.notes if note not in notes))


_COLUMNS = {"owner": "who", "due": "date", "symptom": "text"}


def _action_blocks(context: DraftContext, section: str, kind: ActionKind) -> tuple[Block, ...]:
    """The actions of one kind, then messages that were only marked as one."""
    listed = [context.builder.action_block(section, action) for action in context.record.actions if action.kind is kind]
    marked = [] if context.record.incident.merged_into is not None else context.entries_of_kinds(MARKS_BY_ACTION[kind])
    unlisted = (entry for entry in marked if entry.source.ref not in context.listed)
    return (*listed, *(context.entry_block(section, entry) for entry in unlisted))


def marked_follow_ups(record: Record) -> Iterator[tuple[ActionKind, Entry]]:
    """
    Yield entries that are marked as an improvement or a task and are no action.

    None for a merged incident: its follow-ups are on the list of the other one.
    """
    if record.incident.merged_into is not None:
        return
    listed = action_list_refs(record)
    for kind, mark in MARKS_BY_ACTION.items():
        for entry in record.entries:
            if mark in entry.kinds and entry.withdrawn_at is None and entry.source.ref not in listed:
                yield kind, entry


def action_list_refs(record: Record) -> frozenset[str]:
    """The refs of entries that became an action, or only record that one was added."""
    known = frozenset((MARKS_BY_ACTION[action.kind], action.text) for action in record.actions)
    possible = (each for each in record.entries if (each.about if each.source.kind is SourceKind.MESSAGE else known))
    return frozenset(entry.source.ref for entry in possible if _is_on_action_list(entry, known))


def _is_on_action_list(entry: Entry, known: frozenset[tuple[Kind, str]]) -> bool:
    became_action = entry.source.kind is SourceKind.MESSAGE and (entry.about or "").startswith("action-")
    return became_action or (
        len(entry.kinds) == 1 and entry.source.kind is not SourceKind.MESSAGE and (entry.kinds[0], entry.text) in known
    )


RESOLVING = (Kind.FIXED, Kind.ROLLBACK)
"""Kinds of entries that show how an incident was resolved, the best first."""


def resolution_section(context: DraftContext, missing: str) -> tuple[Block, ...]:
    """The stated resolution; else the last fix or rollback; else that it is `missing`."""
    stated = context.statements[Kind.RESOLVED]
    if stated is None and context.record.incident.resolved is not None:
        shown = next((entry for kind in RESOLVING if (entry := _last_before_end(context, kind))), None)
        if shown is not None:
            return (context.entry_block("resolution", shown),)
    return statement_section(context.builder, "resolution", stated, missing)


def _last_before_end(context: DraftContext, kind: Kind) -> Entry | None:
    """The last entry of this kind that did not happen after the impact and the resolution."""
    incident = context.record.incident
    end = max(moment.at for moment in (incident.ended, incident.resolved, incident.declared) if moment)
    found = [entry for entry in context.entries_of_kinds(kind) if entry.happened_at is None or entry.happened_at <= end]
    return found[-1] if found else None


def lesson_sections(context: DraftContext) -> SectionMap:
    """Lessons by kind, and all together with labels."""
    kinds = tuple(LESSONS.values())
    found: dict[str, tuple[Block, ...]] = {name: context.blocks_of_kinds(name, kind) for name, kind in LESSONS.items()}
    found["lessons"] = context.blocks_of_kinds("lessons", *kinds) or (
        context.builder.missing_block("lessons", "lessons"),
    )
    return found


def is_only_lesson(entry: Entry) -> bool:
    return entry.kinds != (Kind.NOTE,) and ONLY_LESSONS.issuperset(entry.kinds)


def cause_sections(context: DraftContext, stated: Sequence[Block]) -> SectionMap:
    """The trigger, and the contributing factors: the stated cause, then entries marked as one."""
    refs = {each.source.ref for each in context.record.causes}
    texts = {_one_line(each.text) for each in context.record.causes}
    others = [
        context.entry_block("contributing_factors", entry)
        for entry in context.entries_of_kinds(Kind.CAUSE)
        if entry.source.ref not in refs and _one_line(entry.text) not in texts
    ]
    factors = [block._replace(section="contributing_factors") for block in stated if not block.is_missing or not others]
    return {
        "trigger": context.blocks_of_kinds("trigger", Kind.IMPACT_BEGAN)
        or (context.builder.missing_block("trigger", "trigger"),),
        "contributing_factors": (*factors, *others),
    }


def _one_line(text: str) -> str:
    return " ".join(text.split())


def public_sections(context: DraftContext) -> SectionMap:
    """Public updates by state and language, and entries marked as communication."""
    published = context.published_refs
    others = [entry for entry in context.entries_of_kinds(Kind.COMMUNICATION) if entry.source.ref not in published]
    updates = tuple(_update_blocks(context))
    return {
        "updates": updates,
        "dated_updates": _with_particulars(context, updates),
        "communication": tuple(context.entry_block("communication", entry) for entry in others),
    }


PUBLIC_PARTICULARS = frozenset({"outside_reference", "severity", "public_grade", "category", "responsibility"})
"""Particulars that a status page gives with each update."""


def _with_particulars(context: DraftContext, updates: Iterable[Block]) -> tuple[Block, ...]:
    """The updates, each with the ends of the impact and the public particulars."""
    known = [block for block in particulars_section(context) if block.key in PUBLIC_PARTICULARS]
    colon = context.builder.language.words["colon"]
    stated = [block for block in (*window_section(context.builder), *known) if not block.is_missing]
    notes = tuple(f"{block.label}{colon} {block.text}" for block in stated)
    return tuple(
        block._replace(section="dated_updates", notes=(*block.notes, *notes) if block.text else block.notes)
        for block in updates
    )


def _update_blocks(context: DraftContext) -> Iterable[Block]:
    """
    The updates in this language, and in languages that no document of the draft has.

    An update without this language is given in all that it has.
    """
    builder = context.builder
    message, own = builder.format_message, base_language(builder.language.code)
    elsewhere = {base_language(code) for code in context.languages} - {own}
    language_name = builder.language.language_name
    for update in context.record.updates:
        state = message(f"public_{update.state.value}")
        time = _publication_time(builder, update)
        has_own = any(base_language(code) == own for code in update.texts)
        for index, (code, text) in enumerate(update.texts.items()):
            if has_own and base_language(code) in elsewhere:
                continue
            source = update.sources[index] if len(update.sources) == len(update.texts) else update.sources[0]
            label = f"{state} ({language_name(code)})" if code and base_language(code) != own else state
            yield builder.fact_block(
                "updates",
                f"{source.ref}-{code}",
                builder.resolve_mentions(text, update.published_at),
                [source],
                label=label,
                time=time,
            )
        if not update.texts:
            names = [language_name(code) for code in update.languages]
            notes = [builder.language.format_list(names)] if names else []
            yield builder.fact_block(
                "updates", update.sources[0].ref, "", update.sources, label=state, time=time, notes=notes
            )


def _publication_time(builder: BlockBuilder, update: Update) -> str:
    """The time of an update; with the zone for the postmortem, which comes late."""
    if update.published_at is None:
        return ""
    formatted = builder.times.format_full if update.state is UpdateState.POSTMORTEM else builder.times.format_short
    return formatted(update.published_at, update.precision)
