"""The entries of a document by what they are: actions, paths, escalations, lessons, and what is to be done."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bot.domain.drafting.context import Scene
from bot.domain.drafting.entries import Teller
from bot.domain.drafting.escalation_history import chain
from bot.domain.drafting.model import Block
from bot.domain.record.model import Entry, Escalation, Record, Statement, Update
from bot.domain.terms import ActionKind, Kind, SourceKind, UpdateState

ACTIONS_TAKEN = frozenset({Kind.INVESTIGATION, Kind.HYPOTHESIS, Kind.RULED_OUT, Kind.ACTION, Kind.ROLLBACK})
OUTCOME = frozenset({Kind.FIXED, Kind.RESOLVED, Kind.REOPENED, Kind.CANCELLED})
MARKS = {ActionKind.IMPROVEMENT: Kind.IMPROVEMENT, ActionKind.TASK: Kind.TASK}
LESSONS = {"went_well": Kind.WENT_WELL, "went_badly": Kind.WENT_BADLY, "got_lucky": Kind.GOT_LUCKY}
ONLY_LESSONS = frozenset({*LESSONS.values(), Kind.NOTE})

COURSE = ("actions_taken", "misleading_paths", "escalations", "outcome")
"""The sections of `course`."""
CHAIN = "chain"

Groups = Mapping[str, tuple[Block, ...]]


def course(scene: Scene) -> Groups:
    """
    Actions, misleading paths, escalations and outcome, each entry in one group.

    What turned out to be misleading is not among the actions, whatever else it was marked as; a fix is the outcome.
    """
    groups: dict[str, list[Block]] = {name: [] for name in COURSE}
    for each in scene.record.escalations:
        groups["escalations"] += [_escalation(scene, each), *chain(scene.teller, "escalations", each)]
    for entry in scene.standing:
        section = _group_of(entry, scene.teller)
        if section is not None:
            groups[section].append(scene.entry(section, entry))
    return {name: tuple(blocks) if blocks else (scene.teller.missing(name, name),) for name, blocks in groups.items()}


def chains(scene: Scene) -> Groups:
    """Of the escalations those that went step by step: each with its steps. Empty if there is none."""
    found: list[Block] = []
    for each in scene.record.escalations:
        if steps := chain(scene.teller, CHAIN, each):
            found += [_escalation(scene, each)._replace(section=CHAIN), *steps]
    return {CHAIN: tuple(found)}


def _group_of(entry: Entry, teller: Teller) -> str | None:
    kinds = entry.kinds
    if Kind.MISLEADING_PATH in kinds:
        return "misleading_paths"
    if not OUTCOME.isdisjoint(kinds):
        return "outcome"
    if not ACTIONS_TAKEN.isdisjoint(kinds):
        return "actions_taken"
    return "escalations" if Kind.ESCALATION in kinds and entry.about not in teller.escalations else None


def _escalation(scene: Scene, escalation: Escalation) -> Block:
    """With who asked, as the entry that tells of it has it."""
    block = scene.teller.escalation("escalations", escalation)
    asked_by = scene.asked_by.get(escalation.source.ref)
    return block._replace(by=scene.teller.name(asked_by)) if asked_by else block


def follow_ups(scene: Scene) -> Groups:
    """
    What is to be done: improvements and tasks apart; all of them by kind and owner; and those that answer a symptom
    apart from those that do not.
    """
    improvements = _actions(scene, "improvements", ActionKind.IMPROVEMENT)
    tasks = _actions(scene, "tasks", ActionKind.TASK)
    found = {
        block.key: (kind, block)
        for kind, blocks in (("task", tasks), ("improvement", improvements))
        for block in blocks
    }
    table = [_row(scene, kind, block) for kind, block in found.values()]
    owned = sorted(table, key=lambda block: (block.details["type"], "owner" not in block.details, _owner(block)))
    answers = [
        _without_notes(scene, block, "symptom")._replace(section="symptoms")
        for _, block in found.values()
        if "symptom" in block.details
    ]
    others = [block._replace(section="other_actions") for _, block in found.values() if "symptom" not in block.details]
    missing = scene.teller.missing
    return {
        "improvements": improvements or (missing("improvements", "improvements"),),
        "tasks": tasks or (missing("tasks", "tasks"),),
        "action_items": tuple(owned) or (missing("action_items", "action_items"),),
        "symptoms": tuple(answers),
        "other_actions": tuple(others),
    }


def _owner(block: Block) -> str:
    return block.details.get("owner", "").casefold()


def _row(scene: Scene, kind: str, block: Block) -> Block:
    """A follow-up as a row of a table that has columns for owner and date."""
    row = _without_notes(scene, block, "owner", "due")
    details = {**block.details, "type": scene.teller.language.say(f"type_{kind}")}
    return row._replace(section="action_items", details=details)


def _without_notes(scene: Scene, block: Block, *columns: str) -> Block:
    say, details = scene.teller.language.say, block.details
    said = {say(key, **{_COLUMNS[key]: details[key]}) for key in columns if key in details}
    return block._replace(notes=tuple(note for note in block.notes if note not in said))


_COLUMNS = {"owner": "who", "due": "date", "symptom": "text"}


def _actions(scene: Scene, section: str, kind: ActionKind) -> tuple[Block, ...]:
    """The list of actions, then the messages that were marked as one and are in no list."""
    listed = [scene.teller.action(section, action) for action in scene.record.actions if action.kind is kind]
    unlisted = {entry.source.ref for found, entry in marked_follow_ups(scene.record) if found is kind}
    marked = [scene.entry(section, entry) for entry in scene.having(MARKS[kind]) if entry.source.ref in unlisted]
    return (*listed, *marked)


def marked_follow_ups(record: Record) -> Iterator[tuple[ActionKind, Entry]]:
    """
    What was marked as an improvement or a task and is on no list: the drafts show it with those that are.

    Nothing of an incident that was merged: there is none left to do, it is on the list of the one that goes on.
    """
    if record.incident.merged_into is not None:
        return
    known = listed_texts(record)
    for kind, mark in MARKS.items():
        for entry in record.entries:
            if mark in entry.kinds and entry.withdrawn_at is None and not is_listed(entry, known):
                yield kind, entry


def listed_texts(record: Record) -> frozenset[tuple[Kind, str]]:
    return frozenset((MARKS[action.kind], action.text) for action in record.actions)


def is_listed(entry: Entry, known: frozenset[tuple[Kind, str]]) -> bool:
    """Whether an entry is what an action was made of, or only says that it was put on a list that is shown anyway."""
    is_made_of_it = entry.source.kind is SourceKind.MESSAGE and (entry.about or "").startswith("action-")
    return is_made_of_it or (
        len(entry.kinds) == 1 and entry.source.kind is not SourceKind.MESSAGE and (entry.kinds[0], entry.text) in known
    )


def lessons(scene: Scene) -> Groups:
    """What went well, what went badly and where luck helped: each by itself, and all with labels."""
    kinds = tuple(LESSONS.values())
    found: dict[str, tuple[Block, ...]] = {name: scene.of_kinds(name, kind) for name, kind in LESSONS.items()}
    found["lessons"] = scene.of_kinds("lessons", *kinds) or (scene.teller.missing("lessons", "lessons"),)
    return found


def is_only_lesson(entry: Entry) -> bool:
    return entry.kinds != (Kind.NOTE,) and ONLY_LESSONS.issuperset(entry.kinds)


def causes(scene: Scene, stated: Sequence[Block]) -> Groups:
    """What set it off, and what contributed: the cause as stated, then other messages that were marked as a cause."""
    told = {each.source.ref for each in scene.record.causes}
    said = {_words(each) for each in scene.record.causes}
    others = [
        scene.entry("contributing_factors", entry)
        for entry in scene.having(Kind.CAUSE)
        if entry.source.ref not in told and " ".join(entry.text.split()) not in said
    ]
    factors = [block._replace(section="contributing_factors") for block in stated if not block.is_missing or not others]
    return {
        "trigger": scene.of_kinds("trigger", Kind.IMPACT_BEGAN) or (scene.teller.missing("trigger", "trigger"),),
        "contributing_factors": (*factors, *others),
    }


def _words(statement: Statement) -> str:
    return " ".join(statement.text.split())


def public(scene: Scene) -> Groups:
    """What the public was told, by state and language; and the messages that were marked as communication."""
    told = {source.ref for update in scene.record.updates for source in update.sources}
    others = [entry for entry in scene.having(Kind.COMMUNICATION) if entry.source.ref not in told]
    return {
        "updates": tuple(_updates(scene)),
        "communication": tuple(scene.entry("communication", entry) for entry in others),
    }


def _updates(scene: Scene) -> Iterable[Block]:
    """
    Each update in this document's language, and in those that no document of the draft is written in. One that lacks
    this language is there in all that it has.
    """
    teller = scene.teller
    say, own = teller.language.say, _base(teller.language.code)
    told_elsewhere = {_base(code) for code in scene.languages} - {own}
    for update in scene.record.updates:
        state = say(f"public_{update.state.value}")
        time = _published(teller, update)
        has_own = any(_base(code) == own for code in update.texts)
        for place, (code, text) in enumerate(update.texts.items()):
            if has_own and _base(code) in told_elsewhere:
                continue
            source = update.sources[place] if len(update.sources) == len(update.texts) else update.sources[0]
            label = f"{state} ({teller.language.name_of(code)})" if code and _base(code) != own else state
            yield teller.fact("updates", f"{source.ref}-{code}", teller.named(text), [source], label=label, time=time)
        if not update.texts:
            names = [teller.language.name_of(code) for code in update.languages]
            named = [teller.language.listed(names)] if names else []
            yield teller.fact("updates", update.sources[0].ref, "", update.sources, label=state, time=time, notes=named)


def _published(teller: Teller, update: Update) -> str:
    """When it was. The postmortem's own publication bears its zone: it is so late that the clocks may have changed."""
    if update.published_at is None:
        return ""
    tell = teller.clock.full if update.state is UpdateState.POSTMORTEM else teller.clock.short
    return tell(update.published_at, update.precision)


def _base(code: str) -> str:
    return code.partition("-")[0]
