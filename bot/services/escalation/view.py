"""What an escalation's messages show: who was paged when by what means, what came of it, and what is due next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlmodel import Session

from bot.config import Settings
from bot.domain.escalation import SILENT, Called, Need, Place, Policy, Target, following, still_needed
from bot.domain.escalation import Answer as Answered
from bot.domain.paging.channels import label_of
from bot.domain.terms import Severity, TargetKind
from bot.services import escalation as escalating
from bot.services.escalation.start import HANDOVER
from bot.services.oncall import schedule as oncall
from bot.services.paging import addresses
from bot.services.vendors import calls as vendors
from bot.services.workspace.people import MENTION
from bot.store.escalation import escalations
from bot.store.escalation.escalations import Escalation, Page
from bot.store.incidents import incidents
from bot.store.shared import people, timers

BY_HAND = ("slack", "reaction")
"""How somebody acknowledges in Slack: with a button or a command, or with a reaction."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """
    One page by one means, as people call that. `at` is when it went out, or else when it is due.

    `outcome` is that of the page: `sent`, empty while nobody knows, or what went wrong. `skipped` says why it was not
    tried.
    """

    means: str
    at: datetime
    outcome: str = ""
    skipped: str | None = None
    is_due_later: bool = False


@dataclass(frozen=True, slots=True)
class PersonPaged:
    """One person of one level, and each attempt to reach them."""

    user_id: str
    attempts: tuple[Attempt, ...] = ()
    acknowledged_at: datetime | None = None
    has_declined: bool = False
    fell_silent: bool = False
    """They acknowledged after this page, and nothing was heard of them since."""

    @property
    def is_skipped(self) -> bool:
        """Whether they were left out: muted, say."""
        return bool(self.attempts) and all(each.skipped is not None for each in self.attempts)

    @property
    def has_failed(self) -> bool:
        """Whether they were tried, and nothing arrived or is still to come."""
        tried = [each.outcome for each in self.attempts if each.skipped is None]
        return bool(tried) and not {"", escalations.SENT} & set(tried)


@dataclass(frozen=True, slots=True)
class LevelPaged:
    """
    A level as it was paged once. `round` counts from 0: how often the whole policy was begun before.

    `groups` are ids of user groups, which are mentioned in the channel; `missing` what meant nobody, in words. `late`
    is how long after its time it was paged, None where it was in time; `because` one of `domain.escalation.REASONS`.
    """

    level: int
    round: int
    at: datetime
    people: tuple[PersonPaged, ...] = ()
    groups: tuple[str, ...] = ()
    vendors: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    late: timedelta | None = None
    because: str = "due"
    passed_over: int = 0
    """Levels that had been due before it, and were left out because all of it was late."""

    @property
    def reaches_anybody(self) -> bool:
        """Whether it calls anybody who is not left out."""
        return bool(self.groups or self.vendors) or not all(each.is_skipped for each in self.people)


@dataclass(frozen=True, slots=True)
class NextStep:
    """What happens if nobody answers. `level` is the one that is paged then; None if nobody is paged any more."""

    at: datetime
    level: int | None
    is_again: bool = False
    """Those who were paged are paged once more, or the policy begins anew."""
    targets: tuple[str, ...] = ()
    """Names, without mentions: nobody is to be woken by the word that they come next."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Somebody acknowledged. `means` is one of BY_HAND, or what people call the means of the page they answered."""

    user_id: str | None
    at: datetime
    means: str = "slack"
    withdrawn_at: datetime | None = None
    why: str = ""
    name: str = ""
    """As a paging service calls them, where nobody knows who that is in Slack."""
    is_silent: bool = False
    """It was withdrawn because nothing was heard of them afterwards."""


@dataclass(frozen=True, slots=True)
class EscalationView:
    """One call for help, with who was asked and what came of it."""

    escalation_id: int
    reference: str
    target: str
    target_name: str
    target_kind: TargetKind
    is_external: bool
    reason: str
    asked_by: str | None
    paged_at: datetime | None
    members: tuple[str, ...]
    """Those who are asked now."""
    unreached: tuple[str, ...]
    declined_by: tuple[str, ...]
    reminders: int
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    gave_up: bool
    is_called_off: bool
    is_open: bool
    was_only_recorded: bool
    message_ts: str | None
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    channel_id: str | None = None
    """The channel of its incident, which may be another than the one that it was asked in."""
    title: str = ""
    severity: str = ""
    is_private: bool = False
    policy: str = ""
    """The name of the policy that it follows; empty for a call to somebody by name."""
    level: int = 0
    levels: int = 1
    round: int = 0
    """Counts from 0."""
    rounds: int = 1
    needs_all: bool = False
    """Each of those who are asked has to acknowledge, not only one."""
    still_needed: tuple[str, ...] = ()
    """Of those, who has not, once somebody has."""
    next: NextStep | None = None
    paged: tuple[LevelPaged, ...] = ()
    """Oldest first."""
    answers: tuple[Answer, ...] = ()
    more_time_until: datetime | None = None
    handed_by: str | None = None
    """Who acknowledged what it goes on from, and handed that over."""
    handed_to: str = ""
    """Whom it was handed over to, as markup; empty where it was not."""
    quiet_asked_at: datetime | None = None
    """When whoever acknowledged was asked for a sign of life, and gave none since."""

    @property
    def left_out(self) -> frozenset[str]:
        """Those whom the newest level that called them did not page on purpose: they are muted, or have left."""
        newest = {one.user_id: one.is_skipped for level in self.paged for one in level.people}
        return frozenset(user_id for user_id, is_skipped in newest.items() if is_skipped)

    @property
    def is_waiting(self) -> bool:
        """Whether an answer is still asked for."""
        return self.acknowledged_at is None and self.is_open and not self.is_called_off

    @property
    def is_held(self) -> bool:
        """Whether somebody acknowledged it and it still matters: they can hand it over or back."""
        is_over = self.acknowledged_at is None or not self.is_open or self.is_called_off
        return not (is_over or self.is_external or self.was_only_recorded or self.handed_to)

    def answer_of(self, user_id: str) -> Answer | None:
        """Their acknowledgement, if it stands."""
        theirs = (each for each in reversed(self.answers) if each.user_id == user_id and each.withdrawn_at is None)
        return next(theirs, None)

    @property
    def have_all_declined(self) -> bool:
        return bool(self.members) and set(self.members) <= set(self.declined_by)

    @property
    def is_stepwise(self) -> bool:
        """Whether it has more than one level: else those who were called are only reminded."""
        return self.levels > 1


def target_of(escalation: Escalation) -> str:
    """The target as Slack's markup: a mention for a person or a user group, else its name."""
    match escalation.target_kind:
        case TargetKind.PERSON:
            return f"<@{escalation.target_id}>"
        case TargetKind.GROUP:
            return f"<!subteam^{escalation.target_id}>"
        case _:
            return escalation.target_name


def view(session: Session, settings: Settings, escalation_id: int) -> EscalationView | None:
    """None if there is no such escalation."""
    row = escalations.get(session, escalation_id)
    if row is None:
        return None
    incident = incidents.get(session, row.incident_id)
    pages = [page for page in escalations.pages_of(session, escalation_id) if page.means != escalations.LEFT_BEHIND]
    policy = Policy.from_json(row.policy) if row.policy else None
    called = [Called.from_json(each) for each in row.steps or []]
    answers = [] if row.is_external else escalating.answers_of(row)
    course = _Course(settings, pages, row.declined_by, answers)
    left_out = {page.user_id for page in pages if page.skipped is not None}
    names = people.names(
        session, incident.team_id, {*MENTION.findall(f"{row.reason} {incident.title}"), *_of(policy), *left_out}
    )
    return EscalationView(
        escalation_id=escalation_id,
        reference=incident.reference,
        target=target_of(row),
        target_name=row.target_name,
        target_kind=TargetKind(row.target_kind),
        is_external=row.is_external,
        reason=row.reason,
        asked_by=row.asked_by,
        paged_at=row.paged_at,
        members=tuple(row.members),
        unreached=unreached(pages),
        declined_by=tuple(row.declined_by),
        reminders=row.reminders,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        gave_up=row.gave_up_at is not None,
        is_called_off=escalations.is_called_off(session, row),
        is_open=incident.is_open,
        was_only_recorded=row.was_only_recorded,
        message_ts=row.message_ts,
        names=names,
        channel_id=incident.channel_id,
        title=incident.title,
        severity=settings.severity_label(Severity(incident.severity)),
        is_private=incident.is_private,
        policy=row.policy_name or "",
        level=row.level or 0,
        levels=len(policy.levels) if policy else 1,
        round=row.round or 0,
        rounds=policy.repeat + 1 if policy else 1,
        still_needed=tuple(still_needed(called, answers, row.declined_by)),
        needs_all=bool(called) and called[-1].need is Need.ALL,
        next=next_of(session, row, policy, {**names, **on_call_of(session, settings, incident.team_id, row, policy)}),
        paged=tuple(course.level(each, called[n + 1 :]) for n, each in enumerate(called)) or course.reminders(),
        answers=tuple(map(course.answer, answers)),
        more_time_until=row.more_time_until,
        handed_by=row.asked_by if row.started_by == HANDOVER else None,
        handed_to=_handed_to(session, row),
        quiet_asked_at=row.quiet_asked_at if row.acknowledged_at is not None else None,
    )


def _handed_to(session: Session, row: Escalation) -> str:
    """Whom somebody asked to go on with it, as markup."""
    later = escalations.went_on_in(session, row)
    return target_of(later) if later else ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an escalation that waits is, and what is due next. `level` is 0 where nobody was paged yet."""

    policy: str
    level: int
    levels: int
    next: NextStep | None


def standing_of(session: Session, row: Escalation) -> Standing:
    policy = Policy.from_json(row.policy) if row.policy else None
    due = next_of(session, row, policy, {})
    return Standing(row.policy_name or "", row.level or 0, len(policy.levels) if policy else 1, due)


def _of(policy: Policy | None) -> set[str]:
    """The people whom a policy names."""
    return {
        person for level in (policy.levels if policy else ()) for target in level.targets for person in target.people
    }


def next_of(session: Session, row: Escalation, policy: Policy | None, names: Mapping[str, str]) -> NextStep | None:
    """What is due next by itself; None where nothing is. What the release before began is reminded of by its timer."""
    if policy is None and (timer := session.get(timers.Timer, f"escalation:{row.key}")):
        return NextStep(timer.due_at, 1, is_again=True)
    if row.next_step_at is None or row.acknowledged_at is not None or policy is None:
        return None
    at = max(row.next_step_at, row.more_time_until or row.next_step_at)
    place = following(policy, Place(row.level, row.round) if row.level else None)
    if place is None:
        targets = tuple(named(each, names) for each in policy.at_end.page)
        return NextStep(at, None, targets=targets)
    targets = tuple(named(each, names) for each in policy.levels[place.level - 1].targets)
    return NextStep(at, place.level, is_again=place.round > (row.round or 0), targets=targets)


def named(target: Target, names: Mapping[str, str]) -> str:
    """Who is meant, without a mention."""
    match target.kind:
        case TargetKind.PERSON:
            return names.get(target.name, "one more person")
        case TargetKind.GROUP:
            return "a user group"
        case TargetKind.TEAM:
            return f"@{target.name}"
        case TargetKind.SERVICE:
            return label_of(target.name)
        case _:
            on_call = names.get(str(target))
            return f"{on_call}, on call for {target.name}" if on_call else f"{target.kind.value} {target.name}"


def on_call_of(
    session: Session, settings: Settings, team_id: str, row: Escalation, policy: Policy | None
) -> dict[str, str]:
    """Who is on call when the next step is due, in names, by the schedules that it calls. It may change until then."""
    if policy is None or row.next_step_at is None:
        return {}
    place = following(policy, Place(row.level, row.round) if row.level else None)
    targets = policy.levels[place.level - 1].targets if place else policy.at_end.page
    found = {}
    for target in targets:
        if target.kind is TargetKind.SCHEDULE:
            ids = oncall.people_of(session, settings, target.name, row.next_step_at)
            found[str(target)] = " and ".join(people.names(session, team_id, ids).values())
    return found


def unreached(pages: Sequence[Page]) -> tuple[str, ...]:
    """Those whom no page reached though it was tried, and whom nothing else is on its way to."""
    tried = [page for page in pages if page.skipped is None]
    fine = {_whom(page) for page in tried if page.outcome in {"", escalations.SENT, escalations.NOT_NEEDED}}
    return tuple(dict.fromkeys(_whom(page) for page in tried if _whom(page) not in fine))


def _whom(page: Page) -> str:
    """A person's id, or the means that leads to a service."""
    return page.user_id or page.means


@dataclass(frozen=True, slots=True)
class _Course:
    """What came of the pages of one escalation, as far as it concerns each person."""

    settings: Settings
    pages: Sequence[Page]
    declined: Sequence[str]
    answers: Sequence[Answered]

    def level(self, called: Called, later: Sequence[Called]) -> LevelPaged:
        """A level that somebody fell silent in is paged again: each time has the pages from then on."""
        place = (called.place.level, called.place.round)
        of_level = [page for page in self.pages if (page.level, page.round) == place]
        if again := next((each.paged_at for each in later if each.place == called.place), None):
            of_level = [page for page in of_level if page.queued_at < again]
        if called.because == SILENT:
            of_level = [page for page in of_level if page.queued_at >= called.paged_at]
        return LevelPaged(
            called.place.level,
            called.place.round,
            called.paged_at,
            self.people(called.people, of_level, called.paged_at),
            called.groups,
            vendors.names(self.settings, called.vendors),
            called.missing,
            called.late,
            called.because,
            len(called.passed_over),
        )

    def reminders(self) -> tuple[LevelPaged, ...]:
        """What the release before paged, which kept no levels."""
        by_turn: dict[int, list[Page]] = {}
        for page in self.pages:
            by_turn.setdefault(page.ordinal, []).append(page)
        return tuple(
            LevelPaged(1, turn, began := min(page.queued_at for page in paged), self.people((), paged, began))
            for turn, paged in sorted(by_turn.items())
        )

    def people(self, asked: Sequence[str], pages: Sequence[Page], began: datetime) -> tuple[PersonPaged, ...]:
        answered = {each.by: each.at for each in self.answers if each.withdrawn_at is None}
        silent = {each.by for each in self.answers if each.is_silent and each.at >= began}
        attempts: dict[str, list[Attempt]] = {each: [] for each in asked}
        for page in pages:
            tried = attempts.setdefault(_whom(page), [])
            if page.outcome != escalations.NOT_NEEDED:
                tried.append(self.attempt(page, began))
        return tuple(
            PersonPaged(user_id, tuple(tried), answered.get(user_id), user_id in self.declined, user_id in silent)
            for user_id, tried in attempts.items()
        )

    def attempt(self, page: Page, began: datetime) -> Attempt:
        at = page.sent_at or page.due_at or page.queued_at
        means = addresses.label_of(self.settings, page.means)
        return Attempt(means, at, page.outcome, page.skipped, is_due_later=at > began)

    def answer(self, given: Answered) -> Answer:
        means = given.means if given.means in BY_HAND else addresses.label_of(self.settings, given.means)
        return Answer(given.by, given.at, means, given.withdrawn_at, given.why, given.name, given.is_silent)
