"""
Build the public postmortem: only texts meant for readers outside, and times.

The timeline, alerts, escalations, tasks, services and findings of the record are no part of it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.domain.drafting.annotations import localized_users, users_figure
from bot.domain.drafting.localized_times import TimeFormatter
from bot.domain.drafting.overview.summary import as_sentence
from bot.domain.drafting.public.model import (
    PublicDocument,
    PublicFact,
    PublicPolicy,
    PublicPostmortem,
    PublicUpdate,
    Refusal,
)
from bot.domain.drafting.public.statements import choose_statement, choose_title, statement_text, update_text
from bot.domain.drafting.public.wording import PublicWording
from bot.domain.languages import Language, base_language, get_language
from bot.domain.record.model import Incident, Record, Statement, Update
from bot.domain.terms import Status, UpdateState
from bot.domain.text.durations import duration_between
from bot.domain.text.normalize import is_visible

OVER = frozenset({Status.RESOLVED, Status.CLOSED})


def build_public_postmortem(
    record: Record, *, languages: Sequence[str] | None = None, policy: PublicPolicy | None = None
) -> PublicPostmortem:
    """
    Build it in each language (default: those in which the postmortem is published).

    Raises UserError for an unknown language.
    """
    chosen = tuple(dict.fromkeys(languages or record.postmortem_languages or ("en",)))
    builders = [_DocumentBuilder(record, get_language(code), policy or PublicPolicy()) for code in chosen]
    documents = tuple(builder.build() for builder in builders)
    refusals = [*_incident_refusals(record.incident), *(each for builder in builders for each in builder.refusals)]
    return PublicPostmortem(record.incident.reference, documents, tuple(dict.fromkeys(refusals)))


def _incident_refusals(incident: Incident) -> Iterator[Refusal]:
    if incident.drill:
        yield Refusal("", f"{incident.reference} is a drill.")
    if incident.private:
        yield Refusal("", f"{incident.reference} is private.")
    if incident.status not in OVER:
        yield Refusal("", f"{incident.reference} is {incident.status.value}, not resolved.")


class _DocumentBuilder:
    """One document. `refusals` are complete after `build`."""

    def __init__(self, record: Record, language: Language, policy: PublicPolicy) -> None:
        self.refusals: list[Refusal] = []
        self._record = record
        self._language = language
        self._wording = PublicWording(record, language, policy)
        self._updates = [each for each in record.updates if each.state is not UpdateState.POSTMORTEM]
        self._times = TimeFormatter(language, record.incident.zone, record.incident.started.at, self._instants())
        self._refs: list[str] = [record.incident.declared.source.ref]

    def build(self) -> PublicDocument:
        title, impact = self._title(), self._impact()
        cause = self._statement("cause", self._record.causes)
        resolution = self._statement("resolution", self._record.resolutions)
        updates = tuple(self._update(each) for each in self._updates)
        if not (impact or cause or resolution or updates or self.refusals):
            self.refusals.append(Refusal("", "No impact, cause, resolution or status update is recorded."))
        return PublicDocument(
            language=self._language.code,
            title=" ".join(title.split()),
            zone=self._times.zone_name,
            words=self._language.words,
            facts=tuple(self._facts()),
            impact=impact,
            cause=cause,
            resolution=resolution,
            updates=updates,
            refs=tuple(dict.fromkeys(self._refs)),
        )

    def _instants(self) -> Iterator[datetime]:
        incident = self._record.incident
        moments = (incident.detected, incident.identified, incident.ended, incident.resolved)
        yield from (moment.at for moment in moments if moment)
        yield from (each.published_at for each in self._updates if each.published_at)

    def _title(self) -> str:
        title = choose_title(self._language, self._record)
        if isinstance(title, Refusal):
            return self._refuse(title)
        return self._reword("title", title)

    def _refuse(self, refusal: Refusal) -> str:
        self.refusals.append(refusal)
        return ""

    def _reword(self, place: str, text: str) -> str:
        """The text for the public; empty, with a refusal, if it has internal words."""
        reworded = self._wording.reword(text)
        self.refusals += [Refusal(place, f"{problem}.") for problem in reworded.problems]
        if not reworded.problems and is_visible(text) and not is_visible(reworded.text):
            self.refusals.append(Refusal(place, "has no words for the public."))
        return "" if reworded.problems else reworded.text

    def _reword_sentences(self, place: str, text: str) -> str:
        return as_sentence(self._reword(place, text))

    def _statement(self, noun: str, statements: Sequence[Statement]) -> str:
        chosen = choose_statement(noun, statements, self._language, self._record)
        if isinstance(chosen, Refusal):
            return self._refuse(chosen)
        if chosen is None:
            return ""
        self._refs.append(chosen.source.ref)
        return self._reword_sentences(f"{noun} ({chosen.source.ref})", statement_text(chosen, self._language))

    def _impact(self) -> str:
        """The stated impact, with the number of users if the text lacks it."""
        text = self._statement("impact", self._record.impacts)
        users = next((each.users for each in self._record.impacts if each.users), None)
        if users is None or not text or users.is_in_text(text, [users_figure(users, self._language)]):
            return text
        return f"{text}\n{localized_users(users, self._language, as_sentence=True)}."

    def _facts(self) -> Iterator[PublicFact]:
        """Length of the impact, and times of the response between its start and the resolution."""
        incident, words, times = self._record.incident, self._language.words, self._times
        start, end = incident.started, incident.ended
        if end is not None and end.at >= start.at:
            length = self._language.format_duration(duration_between(start.at, end.at))
            text = self._language.format_message("from_to", duration=length, span=times.format_span(start, end))
            yield PublicFact(words["duration_of_impact"], text)
        else:
            yield PublicFact(words["kind_impact_began"], times.format_moment(start))
        detected, resolved = incident.detected if incident.is_detected_by_declaration else None, incident.resolved
        for key, moment in {"detected": detected, "identified": incident.identified, "resolved": resolved}.items():
            is_after = resolved is not None and moment is not None and moment.at > resolved.at
            if moment is not None and moment.at >= start.at and not is_after:
                yield PublicFact(words[key], times.format_moment(moment))

    def _update(self, update: Update) -> PublicUpdate:
        time = self._times.format_with_day(update.published_at, update.precision) if update.published_at else ""
        state = self._language.words[f"public_{update.state.value}"]
        self._refs += [source.ref for source in update.sources]
        text = update_text(update, self._language, self._record.incident)
        if text:
            return PublicUpdate(state, time, self._reword_sentences(f"status update ({update.sources[0].ref})", text))
        codes = {base_language(code): code for code in (*update.texts, *update.languages) if code}
        names = [self._language.language_name(code) for code in codes.values()]
        return PublicUpdate(state, time, "", self._language.format_list(names) if names else "")
