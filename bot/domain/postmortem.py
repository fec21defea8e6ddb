"""
The postmortem draft: the recorded facts, arranged, and nothing else.

`build_draft` is pure, and the same record gives the same draft. Every statement names its sources; a fact that nobody
recorded is reported as missing, never filled in.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache, partial
from itertools import chain

from bot.domain.drafting.alerts import alerts_section
from bot.domain.drafting.block_builder import BlockBuilder
from bot.domain.drafting.context import COURSE_SECTIONS, DraftContext
from bot.domain.drafting.document.blocks import DocumentBlock
from bot.domain.drafting.document.sections import merge_document
from bot.domain.drafting.localized_times import TimeFormatter
from bot.domain.drafting.model import Block, BlockKind, Document, Draft, Sections
from bot.domain.drafting.overview.changes import changes_section
from bot.domain.drafting.overview.durations import durations_section
from bot.domain.drafting.overview.header import (
    about_role_blocks,
    closure_section,
    particulars_section,
    roles_section,
    title_blocks,
    whereabouts_section,
)
from bot.domain.drafting.overview.people_roles import RoleNames
from bot.domain.drafting.overview.questions import questions_section
from bot.domain.drafting.overview.response import response_section
from bot.domain.drafting.overview.source_notes import SourceNotes
from bot.domain.drafting.overview.summary import (
    about_section,
    conclusion_section,
    detection_section,
    duration_section,
    public_window_section,
    statement_block,
    statement_section,
    summary_section,
    title_block,
    window_section,
)
from bot.domain.drafting.overview.vendors import vendors_section
from bot.domain.drafting.sections import (
    HISTORY_SECTION,
    action_list_refs,
    cause_sections,
    follow_up_sections,
    group_section,
    history_sections,
    lesson_sections,
    public_sections,
    resolution_section,
)
from bot.domain.drafting.timeline import TIMELINE_SECTIONS, course_section, timeline_entries, timeline_sections
from bot.domain.findings import Finding
from bot.domain.findings.word_groups import cause_stems
from bot.domain.findings.wording import finding_blocks
from bot.domain.languages import get_language
from bot.domain.record.escalations import Escalation
from bot.domain.record.model import Entry, Record, Statement
from bot.domain.terms import Kind, Status, UpdateState

__all__ = ["Block", "BlockKind", "Document", "Draft", "build_draft"]

DEFAULT_LANGUAGES = ("en",)


def build_draft(
    record: Record,
    *,
    languages: Sequence[str] | None = None,
    findings: Sequence[Finding] = (),
    with_roles: bool = False,
    edits: Sequence[DocumentBlock] = (),
) -> Draft:
    """
    Build the draft of a record, once in each language (default: those it is published in).

    `findings` are for the reviewer; they stand in a section of their own. `with_roles`: people are shown by the
    roles that they held, and not by name. `edits` are the blocks that people touched.

    Raises UserError for an unknown language.
    """
    chosen = tuple(dict.fromkeys(languages or record.postmortem_languages or DEFAULT_LANGUAGES))
    standing = [entry for entry in record.entries if entry.withdrawn_at is None]
    named = {
        code: replace(record, people=RoleNames(record.roles, get_language(code))) if with_roles else record
        for code in chosen
    }
    listed = action_list_refs(record)
    documents = tuple(
        _document(
            named[code], standing, code, chosen, findings, listed, [each for each in edits if each.id.language == code]
        )
        for code in chosen
    )
    return Draft(record.incident.reference, documents)


def _document(
    record: Record,
    standing: Sequence[Entry],
    code: str,
    languages: Sequence[str],
    findings: Sequence[Finding],
    listed: frozenset[str],
    edits: Sequence[DocumentBlock],
) -> Document:
    language = get_language(code)
    incident = record.incident
    times = TimeFormatter(language, incident.zone, incident.started.at, _instants(record, standing, listed))
    builder = BlockBuilder(record, language, times)
    context = DraftContext(builder, standing, _chosen(record, code), languages, listed, subject=cause_stems)
    known = {
        **_incident_sections(context),
        "findings": finding_blocks(record, findings, times),
        **_event_sections(context),
    }
    known["summary"] = summary_section(builder, known)
    known["questions"] = questions_section(builder, known)
    builders: dict[str, Callable[[], Mapping[str, tuple[Block, ...]]]] = {
        **{name: partial(_group_section, context, name) for name in COURSE_SECTIONS},
        **dict.fromkeys(TIMELINE_SECTIONS, cache(partial(timeline_sections, context))),
        "course": lambda: {"course": course_section(context, timeline_entries(context))},
        HISTORY_SECTION: cache(partial(history_sections, context)),
    }
    sections = Sections(known, builders)
    notes = SourceNotes(builder)
    document = Document(code, times.zone_name, title_block(builder), sections, language.words, notes)
    return merge_document(document, edits, notes.edit_note) if edits else document


def _group_section(context: DraftContext, name: str) -> Mapping[str, tuple[Block, ...]]:
    return {name: group_section(context, name)}


def _incident_sections(context: DraftContext) -> Mapping[str, tuple[Block, ...]]:
    """Sections about the incident as a whole."""
    builder, stated_of, parts = context.builder, context.statements, particulars_section(context)
    duration = duration_section(builder)
    cause = statement_section(builder, "cause", stated_of[Kind.CAUSE], _missing("cause", context.record))
    resolution = resolution_section(context, _missing("resolution", context.record))
    return {
        "about": (*about_section(builder), *about_role_blocks(context, parts)),
        "particulars": parts,
        "roles": roles_section(context),
        "closure": closure_section(context),
        "duration": duration,
        "durations": durations_section(builder, duration, context.entries),
        "window": window_section(builder),
        "impact": statement_section(builder, "impact", stated_of[Kind.IMPACT], _missing("impact", context.record)),
        "cause": cause,
        "resolution": resolution,
        "response": response_section(builder, context.entries),
        "detection": detection_section(builder, context.entries),
        "public_window": public_window_section(builder, context.entries),
        **cause_sections(context, cause),
    }


def _event_sections(context: DraftContext) -> Mapping[str, tuple[Block, ...]]:
    """Sections about events and follow-ups."""
    to_do = follow_up_sections(context)
    conclusion = conclusion_section(context.builder, to_do["improvements"], to_do["tasks"])
    return {
        **public_sections(context),
        **lesson_sections(context),
        **to_do,
        "conclusion": conclusion,
        "alerts": alerts_section(context),
        "changes": changes_section(context),
        "vendors": vendors_section(context),
        "also_stated": (*title_blocks(context), *_also_stated(context.builder, context.languages)),
        "whereabouts": whereabouts_section(context),
    }


def _chosen(record: Record, code: str) -> Mapping[Kind, Statement | None]:
    """The impact, cause and resolution that the document in this language states."""
    preferred = record.incident.languages
    return {
        Kind.IMPACT: best_statement(record.impacts, code, preferred),
        Kind.CAUSE: best_statement(record.causes, code, preferred),
        Kind.RESOLVED: best_statement(record.resolutions, code, preferred),
    }


def _missing(what: str, record: Record) -> str:
    """
    Key of the text for an impact, a cause or a resolution that nobody stated.

    A cancelled incident need have none.
    """
    if record.incident.status is Status.CANCELLED:
        return f"{what}_cancelled"
    return "resolution_open" if what == "resolution" and record.incident.resolved is None else what


def _instants(record: Record, standing: Sequence[Entry], listed: frozenset[str]) -> Iterable[datetime]:
    """
    Times that the draft may show without zone: the zone's label may change among them.

    Follow-ups that were put on a list have no time there, and the publication of the document itself bears its zone.
    """
    incident = record.incident

    def has_time(entry: Entry) -> bool:
        return bool(entry.files) or not (entry.public is UpdateState.POSTMORTEM or entry.source.ref in listed)

    moments = (incident.detected, incident.declared, incident.ended, incident.resolved)
    return chain(
        (moment.at for moment in moments if moment),
        (each.change.began_at for each in record.changes),
        (each.first_word_at for each in record.vendor_incidents),
        (each.seen_at for each in record.vendor_incidents),
        (each.resolved_at for each in record.vendor_incidents if each.resolved_at),
        (entry.happened_at for entry in standing if entry.happened_at and has_time(entry)),
        (at for each in record.escalations for at in _times_of(each) if at),
        (at for alert in record.alerts for at in (alert.starts_at, alert.ended_at) if at),
    )


def _times_of(escalation: Escalation) -> Iterable[datetime | None]:
    yield from (escalation.paged_at, escalation.acknowledged_at, escalation.exhausted_at)
    yield escalation.vendor.fixed_at if escalation.vendor else None
    yield from (called.paged_at for called in escalation.called)
    yield from (at for answer in escalation.answers for at in (answer.at, answer.withdrawn_at))


def best_statement(statements: Sequence[Statement], code: str, preferred: Sequence[str]) -> Statement | None:
    """The statement in the document's language, in no stated one, or in the first preferred one."""
    order = {tag: place for place, tag in enumerate(dict.fromkeys([code, code.partition("-")[0], "", *preferred]))}
    return min(statements, key=lambda each: order.get(each.language or "", len(order)), default=None)


def _also_stated(builder: BlockBuilder, languages: Sequence[str]) -> tuple[Block, ...]:
    """Statements that no document shows, because another one is in its language."""
    record = builder.record
    blocks = []
    for key, statements in (("impact", record.impacts), ("cause", record.causes), ("resolution", record.resolutions)):
        shown = [best_statement(statements, code, record.incident.languages) for code in languages]
        blocks += [
            statement_block(builder, "also_stated", each, label=builder.language.format_message(key))
            for each in statements
            if each not in shown
        ]
    return tuple(blocks)
