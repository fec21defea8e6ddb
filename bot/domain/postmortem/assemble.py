"""
The postmortem draft: what was recorded, arranged, and nothing else.

`assemble` is pure, and the same record gives the same draft. Every statement names its sources; what nobody recorded is
said to be missing, never filled in.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from itertools import chain

from bot.domain.drafting.context import Scene
from bot.domain.drafting.entries import Teller
from bot.domain.drafting.header import about_roles, alerts, closure, particulars, roles, titles, whereabouts
from bot.domain.drafting.localized_times import Clock
from bot.domain.drafting.model import Block, BlockKind, Document, Draft, Sections
from bot.domain.drafting.sections import (
    CHAIN,
    COURSE,
    causes,
    chains,
    course,
    follow_ups,
    is_listed,
    lessons,
    listed_texts,
    public,
)
from bot.domain.drafting.summary import (
    about,
    detection,
    duration,
    public_window,
    response,
    stated,
    statement_block,
    summing_up,
    title_block,
    window,
)
from bot.domain.drafting.timeline import context, shown, timeline
from bot.domain.findings import Finding
from bot.domain.findings.wording import blocks_of
from bot.domain.languages import language as language_of
from bot.domain.record.model import Entry, Escalation, Record, Statement
from bot.domain.terms import Kind, Status, UpdateState

__all__ = ["Block", "BlockKind", "Document", "Draft", "assemble"]

DEFAULT_LANGUAGES = ("en",)


def assemble(record: Record, *, languages: Sequence[str] | None = None, findings: Sequence[Finding] = ()) -> Draft:
    """
    The draft of a record, once in each language: `languages`, or else those it is published in.

    `findings` are what a reviewer should look at first; they stand in a section of their own.

    Raises UserError for a language without words.
    """
    chosen = tuple(dict.fromkeys(languages or record.postmortem_languages or DEFAULT_LANGUAGES))
    standing = [entry for entry in record.entries if entry.withdrawn_at is None]
    documents = tuple(_document(record, standing, code, chosen, findings) for code in chosen)
    return Draft(record.incident.reference, documents)


def _document(
    record: Record, standing: Sequence[Entry], code: str, languages: Sequence[str], findings: Sequence[Finding]
) -> Document:
    language = language_of(code)
    incident = record.incident
    clock = Clock(language, incident.zone, incident.started.at, _instants(record, standing))
    teller = Teller(record, language, clock)
    scene = Scene(teller, standing, _chosen(record, code), languages)
    known = {**_head(scene), "findings": blocks_of(record, findings, clock), **_told(scene)}
    by_kind = cache(partial(course, scene))
    sections = Sections(known, {**dict.fromkeys(COURSE, by_kind), CHAIN: cache(partial(chains, scene))})
    return Document(code, ", ".join(clock.labels), title_block(teller), sections, language.words)


def _head(scene: Scene) -> Mapping[str, tuple[Block, ...]]:
    """What is said of the incident as a whole."""
    teller, stated_of, parts = scene.teller, scene.statements, particulars(scene)
    cause = stated(teller, "cause", stated_of[Kind.CAUSE], _missing("cause", scene.record))
    resolution = stated(teller, "resolution", stated_of[Kind.RESOLVED], _missing("resolution", scene.record))
    return {
        "about": (*about(teller), *about_roles(scene, parts)),
        "particulars": parts,
        "roles": roles(scene),
        "closure": closure(scene),
        "duration": duration(teller),
        "window": window(teller),
        "impact": stated(teller, "impact", stated_of[Kind.IMPACT], _missing("impact", scene.record)),
        "cause": cause,
        "resolution": resolution,
        "response": response(teller),
        "detection": detection(teller, scene.standing),
        "public_window": public_window(teller, scene.standing),
        **causes(scene, cause),
    }


def _told(scene: Scene) -> Mapping[str, tuple[Block, ...]]:
    """What was recorded on the way, and what follows from it."""
    to_do, entries = follow_ups(scene), shown(scene)
    conclusion = summing_up(scene.teller, scene.statements[Kind.RESOLVED], to_do["improvements"], to_do["tasks"])
    return {
        **public(scene),
        **lessons(scene),
        "context": context(scene, entries),
        "timeline": timeline(scene, entries),
        **to_do,
        "summary": (conclusion[0]._replace(section="summary"),),
        "conclusion": conclusion,
        "alerts": alerts(scene),
        "also_stated": (*titles(scene), *_also_stated(scene.teller, scene.languages)),
        "whereabouts": whereabouts(scene),
    }


def _chosen(record: Record, code: str) -> Mapping[Kind, Statement | None]:
    """The impact, the cause and the resolution that a document in this language states."""
    preferred = record.incident.languages
    return {
        Kind.IMPACT: best(record.impacts, code, preferred),
        Kind.CAUSE: best(record.causes, code, preferred),
        Kind.RESOLVED: best(record.resolutions, code, preferred),
    }


def _missing(what: str, record: Record) -> str:
    """What is said of an impact, a cause or a resolution that nobody stated. A cancelled incident need have none."""
    if record.incident.status is Status.CANCELLED:
        return f"{what}_cancelled"
    return "resolution_open" if what == "resolution" and record.incident.resolved is None else what


def _instants(record: Record, standing: Sequence[Entry]) -> Iterable[datetime]:
    """
    Every time that the draft may show without its zone, so that the clock knows whether the label changes among them.

    Follow-ups that were put on a list have no time there, and the publication of the document itself bears its zone.
    """
    incident, listed = record.incident, listed_texts(record)

    def has_time(entry: Entry) -> bool:
        return bool(entry.files) or not (entry.public is UpdateState.POSTMORTEM or is_listed(entry, listed))

    moments = (incident.detected, incident.declared, incident.ended, incident.resolved)
    return chain(
        (moment.at for moment in moments if moment),
        (entry.happened_at for entry in standing if entry.happened_at and has_time(entry)),
        (at for each in record.escalations for at in _times_of(each) if at),
        (at for alert in record.alerts for at in (alert.starts_at, alert.ended_at) if at),
    )


def _times_of(escalation: Escalation) -> Iterable[datetime | None]:
    yield from (escalation.paged_at, escalation.acknowledged_at, escalation.gave_up_at)
    yield escalation.vendor.fixed_at if escalation.vendor else None
    yield from (called.paged_at for called in escalation.called)
    yield from (at for answer in escalation.answers for at in (answer.at, answer.withdrawn_at))


def best(statements: Sequence[Statement], code: str, preferred: Sequence[str]) -> Statement | None:
    """The statement in a document's language, else in no stated language, else in the first of the preferred ones."""
    order = {tag: place for place, tag in enumerate(dict.fromkeys([code, code.partition("-")[0], "", *preferred]))}
    return min(statements, key=lambda each: order.get(each.language or "", len(order)), default=None)


def _also_stated(teller: Teller, languages: Sequence[str]) -> tuple[Block, ...]:
    """Impacts, causes and resolutions that no document of the draft shows, because others are in its language."""
    record = teller.record
    blocks = []
    for key, statements in (("impact", record.impacts), ("cause", record.causes), ("resolution", record.resolutions)):
        shown = [best(statements, code, record.incident.languages) for code in languages]
        blocks += [
            statement_block(teller, "also_stated", each, label=teller.language.say(key))
            for each in statements
            if each not in shown
        ]
    return tuple(blocks)
