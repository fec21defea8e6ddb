"""
The postmortem draft: what was recorded, arranged, and nothing else.

`assemble` is pure, and the same record gives the same draft. Every statement names its sources; what nobody recorded is
said to be missing, never filled in.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from types import MappingProxyType

from bot.domain.languages import language as language_of
from bot.domain.postmortem_clock import Clock
from bot.domain.postmortem_draft import Block, BlockKind, Document, Draft
from bot.domain.postmortem_entries import Teller
from bot.domain.postmortem_facts import (
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
from bot.domain.record import Entry, Escalation, Record, Statement
from bot.domain.terms import ActionKind, Kind, SourceKind

__all__ = ["Block", "BlockKind", "Document", "Draft", "assemble"]

DEFAULT_LANGUAGES = ("en",)

ACTIONS_TAKEN = frozenset({Kind.INVESTIGATION, Kind.HYPOTHESIS, Kind.RULED_OUT, Kind.ACTION, Kind.ROLLBACK})
OUTCOME = frozenset({Kind.FIXED, Kind.RESOLVED, Kind.REOPENED})


def assemble(record: Record, *, languages: Sequence[str] | None = None) -> Draft:
    """
    The draft of a record, once in each language: `languages`, or the incident's own, or English.

    Raises UserError for a language without words.
    """
    chosen = tuple(dict.fromkeys(languages or record.incident.languages or DEFAULT_LANGUAGES))
    standing = [entry for entry in record.entries if entry.withdrawn_at is None]
    documents = tuple(_document(record, standing, code, chosen) for code in chosen)
    return Draft(record.incident.reference, documents)


def _document(record: Record, standing: Sequence[Entry], code: str, languages: Sequence[str]) -> Document:
    language = language_of(code)
    incident = record.incident
    clock = Clock(language, incident.zone, incident.started.at, _instants(record, standing))
    teller = Teller(record, language, clock)
    impact = best(record.impacts, code, incident.languages)
    cause = best(record.causes, code, incident.languages)
    resolution = best(record.resolutions, code, incident.languages)
    improvements = _actions(teller, standing, "improvements", ActionKind.IMPROVEMENT, Kind.IMPROVEMENT)
    tasks = _actions(teller, standing, "tasks", ActionKind.TASK, Kind.TASK)
    missing_resolution = "resolution_open" if incident.resolved is None else "resolution"
    sections = {
        "about": about(teller),
        "duration": duration(teller),
        "window": window(teller),
        "impact": stated(teller, "impact", impact, "impact"),
        "cause": stated(teller, "cause", cause, "cause"),
        "resolution": stated(teller, "resolution", resolution, missing_resolution),
        "response": response(teller),
        "detection": detection(teller, standing),
        "public_window": public_window(teller, standing),
        "communication": _entries(teller, "communication", standing, Kind.COMMUNICATION),
        **_groups(teller, standing),
        "timeline": _timeline(teller, standing),
        "improvements": improvements,
        "tasks": tasks,
        "conclusion": summing_up(teller, impact, cause, resolution, improvements, tasks),
        "alerts": tuple(teller.alert("alerts", alert) for alert in record.alerts),
        "also_stated": _also_stated(teller, languages),
    }
    return Document(
        code, ", ".join(clock.labels), title_block(teller), MappingProxyType(sections), language.words
    )  # fmt: skip


def _instants(record: Record, standing: Sequence[Entry]) -> Iterable[datetime]:
    """Every time that the draft may show, so that the clock knows whether the zone's label changes among them."""
    incident = record.incident
    moments = (incident.detected, incident.declared, incident.ended, incident.resolved)
    return chain(
        (moment.at for moment in moments if moment),
        (entry.happened_at for entry in standing if entry.happened_at),
        (at for each in record.escalations for at in (each.paged_at, each.acknowledged_at) if at),
        (at for alert in record.alerts for at in (alert.starts_at, alert.ended_at) if at),
    )


def best(statements: Sequence[Statement], code: str, preferred: Sequence[str]) -> Statement | None:
    """The statement in a document's language, else in no stated language, else in the first of the preferred ones."""
    order = {tag: place for place, tag in enumerate(dict.fromkeys([code, code.partition("-")[0], "", *preferred]))}
    return min(statements, key=lambda each: order.get(each.language or "", len(order)), default=None)


def _entries(teller: Teller, section: str, standing: Iterable[Entry], *kinds: Kind) -> tuple[Block, ...]:
    wanted = frozenset(kinds)
    return tuple(teller.entry(section, entry) for entry in standing if not wanted.isdisjoint(entry.kinds))


def _groups(teller: Teller, standing: Sequence[Entry]) -> Mapping[str, tuple[Block, ...]]:
    """
    Actions, misleading paths, escalations and outcome, each entry in one group.

    What turned out to be misleading is not among the actions, whatever else it was marked as; a fix is the outcome.
    """
    groups: dict[str, list[Block]] = {"actions_taken": [], "misleading_paths": [], "outcome": []}
    told: list[Block] = []
    for entry in standing:
        kinds = entry.kinds
        if Kind.MISLEADING_PATH in kinds:
            groups["misleading_paths"].append(teller.entry("misleading_paths", entry))
        elif not OUTCOME.isdisjoint(kinds):
            groups["outcome"].append(teller.entry("outcome", entry))
        elif not ACTIONS_TAKEN.isdisjoint(kinds):
            groups["actions_taken"].append(teller.entry("actions_taken", entry))
        elif Kind.ESCALATION in kinds and entry.about not in teller.escalations:
            told.append(teller.entry("escalations", entry))
    escalated = [teller.escalation("escalations", each) for each in teller.record.escalations]
    groups["escalations"] = escalated + told
    return {
        name: tuple(blocks) if blocks else (teller.missing(name, name),) for name, blocks in groups.items()
    }  # fmt: skip


def _actions(
    teller: Teller, standing: Sequence[Entry], section: str, kind: ActionKind, mark: Kind
) -> tuple[Block, ...]:
    """The list of actions, then the messages that were marked as one and are in no list."""
    listed = [teller.action(section, action) for action in teller.record.actions if action.kind is kind]
    known = _listed_texts(teller.record)
    marked = [
        teller.entry(section, entry) for entry in standing if mark in entry.kinds and not _is_listed(entry, known)
    ]
    return (*listed, *marked) or (teller.missing(section, section),)


def _listed_texts(record: Record) -> frozenset[tuple[Kind, str]]:
    marks = {ActionKind.TASK: Kind.TASK, ActionKind.IMPROVEMENT: Kind.IMPROVEMENT}
    return frozenset((marks[action.kind], action.text) for action in record.actions)


def _is_listed(entry: Entry, known: frozenset[tuple[Kind, str]]) -> bool:
    """Whether an entry only says that an action was put on a list that the draft shows anyway."""
    return (
        len(entry.kinds) == 1
        and entry.source.kind is not SourceKind.MESSAGE
        and (entry.kinds[0], entry.text) in known
    )  # fmt: skip


def _timeline(teller: Teller, standing: Sequence[Entry]) -> tuple[Block, ...]:
    """
    Everything in the record's order, but for what is shown in full elsewhere: follow-ups that were put on their list by
    command, the impact as it is stated, and the declaration that came with the alert.
    """
    record = teller.record
    alerted = {_minute(entry) for entry in standing if entry.kinds == (Kind.DETECTION,) and entry.author is None}
    known = _listed_texts(record)
    impacts = {statement.source.ref for statement in record.impacts}
    shown = [
        entry
        for entry in standing
        if not (entry.kinds == (Kind.IMPACT,) and entry.source.ref in impacts)
        and not _is_listed(entry, known)
        and not (entry.author is None and _minute(entry) in alerted and teller.only_declares(entry))
    ]
    blocks = [teller.entry("timeline", entry) for entry in shown]
    told = {entry.about for entry in shown if Kind.ESCALATION in entry.kinds}
    untold = [each for each in record.escalations if each.source.ref not in told]
    return tuple(_with_escalations(teller, shown, blocks, untold)) or (teller.missing("timeline", "timeline"),)


def _minute(entry: Entry) -> datetime | None:
    return entry.happened_at.replace(second=0, microsecond=0) if entry.happened_at else None


def _with_escalations(
    teller: Teller, shown: Sequence[Entry], blocks: list[Block], untold: Sequence[Escalation]
) -> list[Block]:
    """The timeline with the escalations that no entry tells of: before the first later entry, else at the end."""
    if not untold:
        return blocks
    woven: list[Block] = []
    waiting = sorted(
        ((each.paged_at, place, each) for place, each in enumerate(untold) if each.paged_at is not None), reverse=True
    )
    for entry, block in zip(shown, blocks, strict=True):
        while waiting and waiting[-1][0] < entry.sort_at:
            woven.append(teller.escalation("timeline", waiting.pop()[2]))
        woven.append(block)
    rest = [*(each for _, _, each in reversed(waiting)), *(each for each in untold if each.paged_at is None)]
    return woven + [teller.escalation("timeline", each) for each in rest]


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
