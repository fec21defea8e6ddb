"""How an escalation went, step by step: which level was paged when, whom it reached by what, and what came of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from bot.domain.drafting.entries import Teller
from bot.domain.drafting.model import Block, BlockKind
from bot.domain.escalation import Answer, Called
from bot.domain.record.model import Escalation, Paged, PageOutcome, Source

OWN_NAMES: Mapping[str, str] = {
    "slack": "Slack",
    "pagerduty": "PagerDuty",
    "opsgenie": "Opsgenie",
    "apprise": "Apprise",
    "webhook": "Webhook",
}
MEANS: Mapping[str, str] = {"email": "means_email", "link": "means_link", "reaction": "means_reaction"}
WITHOUT_WORD = frozenset({"slack", "command", ""})
"""Means of an answer that go without saying."""
BECAUSE: Mapping[str, str] = {"nobody left": "nobody_left", "cannot go on": "cannot_go_on", "silent": "fell_silent"}

_Step = tuple[datetime, Block]


def chain(teller: Teller, section: str, escalation: Escalation) -> tuple[Block, ...]:
    """`steps_of` as they stand in a document."""
    return tuple(block for _, block in steps_of(teller, section, escalation))


def steps_of(teller: Teller, section: str, escalation: Escalation) -> Sequence[_Step]:
    """
    The steps in their order, each with its time and its source. Empty where the call itself says it all: somebody was
    paged once, and answered or did not.
    """
    if not _has_steps(escalation):
        return ()
    steps = [*_levels(teller, section, escalation), *_answers(teller, section, escalation)]
    if escalation.gave_up_at is not None and escalation.policy:
        label, at = teller.language.say("chain_ended"), escalation.gave_up_at
        steps.insert(0, (at, _block(teller, section, escalation, "end", at, label)))  # the fallback is paged after it
    return sorted(steps, key=lambda step: step[0])


def _has_steps(escalation: Escalation) -> bool:
    if escalation.external:
        return False
    untold = {PageOutcome.FAILED, PageOutcome.SKIPPED}
    return bool(
        escalation.policy
        or len(escalation.called) > 1
        or any(answer.withdrawn_at for answer in escalation.answers)
        or any(page.outcome in untold for page in escalation.pages)
    )


def _block(
    teller: Teller,
    section: str,
    escalation: Escalation,
    key: str,
    at: datetime,
    label: str,
    notes: Sequence[str] = (),
    sources: Sequence[Source] = (),
) -> Block:
    return Block(
        section,
        f"{escalation.source.ref}-{key}",
        teller.language.code,
        BlockKind.ESCALATION,
        "",
        (*sources, escalation.source) if not sources else tuple(sources),
        teller.clock.short(at),
        label,
        notes=tuple(notes),
    )


def _levels(teller: Teller, section: str, escalation: Escalation) -> Iterator[_Step]:
    """Every level that was paged; the reminders of a call without a policy are one step."""
    first = [called for called in escalation.called if escalation.policy or not called.place.round]
    again = [called for called in escalation.called if called not in first]
    for number, called in enumerate(first, 1):
        label = _label(teller, escalation, called)
        notes = _notes(teller, escalation, called, [called])
        yield (called.paged_at, _block(teller, section, escalation, f"step-{number}", called.paged_at, label, notes))
    if again:
        label = teller.language.count("paged_again", len(again))
        last = teller.language.say("last_time", when=teller.clock.short_when(again[-1].paged_at))
        notes = [*([last] if len(again) > 1 else []), *_notes(teller, escalation, again[0], again)]
        yield again[0].paged_at, _block(teller, section, escalation, "again", again[0].paged_at, label, notes)


def _label(teller: Teller, escalation: Escalation, called: Called) -> str:
    say, place = teller.language.say, called.place
    if not escalation.policy:
        return say("paged_first")
    if place.level > escalation.levels:
        return say("fallback_paged")
    if place.round:
        return say("level_paged_again", level=place.level, levels=escalation.levels, round=place.round + 1)
    return say("level_paged", level=place.level, levels=escalation.levels)


def _notes(teller: Teller, escalation: Escalation, called: Called, steps: Sequence[Called]) -> list[str]:
    say = teller.language.say
    places = {step.place for step in steps}
    pages = [page for page in escalation.pages if (page.level, page.round) in {(p.level, p.round) for p in places}]
    notes = [note for person in called.people for note in _of_person(teller, person, pages)]
    notes += [_of_service(teller, service, pages) for service in called.services]
    notes += [say("group_mentioned")] if called.groups else []
    notes += [say("nobody_meant", targets=", ".join(called.missing))] if called.missing else []
    notes += [say(BECAUSE[called.because])] if called.because in BECAUSE else []
    if called.late is not None:
        notes.append(say("paged_late", duration=teller.language.length(called.late)))
    if called.passed_over:
        levels = [str(place.level) for place, _ in called.passed_over]
        notes.append(teller.language.count("passed_over", len(levels), levels=teller.language.listed(levels)))
    return notes


def _of_person(teller: Teller, person: str, pages: Iterable[Paged]) -> list[str]:
    """By what a page reached them; by what it did not; or that they were left out on purpose."""
    own = [page for page in pages if page.person == person]
    who, by = teller.name(person), {outcome: _means(teller, own, outcome) for outcome in PageOutcome}
    told = [f"{who} ({', '.join(by[PageOutcome.SENT])})"] if by[PageOutcome.SENT] else []
    told += [teller.language.say("page_failed", who=who, means=each) for each in by[PageOutcome.FAILED]]
    if not told and by[PageOutcome.SKIPPED]:
        told.append(teller.language.say("page_skipped", who=who))
    return told or [who]


def _of_service(teller: Teller, service: str, pages: Iterable[Paged]) -> str:
    """That it was called, or that it did not take the call."""
    word = _word(teller, service)
    outcomes = {page.outcome for page in pages if not page.person and page.means == service}
    failed = PageOutcome.FAILED in outcomes and PageOutcome.SENT not in outcomes
    return teller.language.say("service_failed", means=word) if failed else word


def _means(teller: Teller, pages: Iterable[Paged], outcome: PageOutcome) -> list[str]:
    return list(dict.fromkeys(_word(teller, page.means) for page in pages if page.outcome is outcome))


def _word(teller: Teller, means: str) -> str:
    """`pagerduty:payments` is told as PagerDuty: what the service is called is the operator's affair."""
    kind = means.partition(":")[0]
    return teller.language.say(MEANS[kind]) if kind in MEANS else OWN_NAMES.get(kind, kind)


def _answers(teller: Teller, section: str, escalation: Escalation) -> Iterator[_Step]:
    for number, answer in enumerate(escalation.answers, 1):
        sources = (escalation.acknowledgement,) if escalation.acknowledgement and _is_latest(escalation, answer) else ()
        notes = []
        if answer.withdrawn_at is not None and not answer.is_silent:
            notes.append(teller.language.say("answer_taken_back", when=teller.clock.short_when(answer.withdrawn_at)))
        label = _answered(teller, answer)
        block = _block(teller, section, escalation, f"answer-{number}", answer.at, label, notes, sources)
        yield answer.at, block


def _is_latest(escalation: Escalation, answer: Answer) -> bool:
    return answer.withdrawn_at is None and answer.at == escalation.acknowledged_at


def _answered(teller: Teller, answer: Answer) -> str:
    who = teller.name(answer.by) or answer.name
    kind = answer.means.partition(":")[0]
    by = f" ({_word(teller, kind)})" if kind not in WITHOUT_WORD else ""
    if not who:
        return f"{teller.language.say('kind_acknowledged')}{by}"
    return f"{teller.language.say('answer_by', who=who)}{by}"
