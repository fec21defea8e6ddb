"""Somebody says something to an escalation: that they come, that they cannot, that they need more time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.escalation import Answer, is_answered, still_needed
from bot.domain.escalation.vendors import VendorAct
from bot.domain.terms import Kind, TargetKind
from bot.services import escalation as escalating
from bot.services import outbox as tell
from bot.services.escalation import silence_check as quiet
from bot.services.paging import pages as paging
from bot.services.timeline import entries as timeline
from bot.services.timeline import milestones
from bot.services.vendors import calls as vendors
from bot.services.workspace import people
from bot.services.workspace.actor import Actor, Origin
from bot.store.escalation import escalations
from bot.store.escalation.escalations import Escalation, Page
from bot.store.incidents import incidents
from bot.store.incidents import timeline as store_timeline
from bot.store.incidents.incidents import Incident
from bot.store.shared import audit, timers

LONGEST_PAUSE = 24 * 60
"""Minutes that somebody can ask for."""
WITHDRAWN = "the acknowledgement was taken back"


def acknowledge(
    session: Session, settings: Settings, escalation_id: int, actor: Actor, *, means: str = "slack", name: str = ""
) -> Escalation:
    """
    Somebody answers, by whatever means. Whoever is first counts; of a level that needs all, everybody does. `name`: as
    a paging service calls them, where nobody knows who that is in Slack.

    Raises UserError for one who comes second, with the name of the first.
    """
    same = _by_the_same_policy(session, escalation_id)
    incident, escalation = _held(session, settings, escalation_id)
    if escalation.is_external:
        return vendors.record(session, settings, escalation_id, actor, vendors.Told(act=VendorAct.ANSWERED))
    if has_answered(escalation, actor):
        needed = _mentions(_still_needed(escalation))
        raise UserError(f"You acknowledged it already. It still waits for {needed}.")
    for each in (escalation, *same):
        if each.acknowledged_at is None and not has_answered(each, actor):
            _answer(session, settings, incident, each, actor, means=means, name=name, is_beside=each is not escalation)
    milestones.refresh(session, incident)
    tell.invite(session, incident, actor.at, [actor.user_id] if actor.user_id else [], [])
    return escalation


def _by_the_same_policy(session: Session, escalation_id: int) -> list[Escalation]:
    """
    The others of its incident that call by the same policy, locked with it in one order: one answer is for all.

    There are several where incidents were merged, or somebody started the policy once more.
    """
    row = escalations.get(session, escalation_id)
    if row is None or row.target_kind != TargetKind.POLICY:
        return []
    known = escalations.beside(session, row)
    keys = [each.key for each in known if (each.target_kind, each.target_id) == (row.target_kind, row.target_id)]
    if keys == [escalation_id]:
        return []
    locked = [found for key in sorted(keys) if (found := escalations.lock(session, key)) is not None]
    return [
        each
        for each in locked
        if each.key != escalation_id and each.pages_people and not escalations.is_called_off(session, each)
    ]


def _answer(
    session: Session,
    settings: Settings,
    incident: Incident,
    escalation: Escalation,
    actor: Actor,
    *,
    means: str,
    name: str,
    is_beside: bool,
) -> None:
    """`is_beside`: they answered another one by the same policy, and are listened for there."""
    by = f" by {name}" if name else ""
    entry = timeline.record(
        session,
        incident,
        [Kind.ACKNOWLEDGED],
        f"Escalation to {shown_target(escalation)} acknowledged{by}",
        actor,
        escalation_id=escalation.key,
    )
    given = Answer(actor.user_id, actor.at, means, escalating.place_of(escalation), entry_id=entry.key, name=name)
    escalation.answers = [each.as_json() for each in (*escalating.answers_of(escalation), given)]
    escalation.declined_by = [each for each in escalation.declined_by if each != actor.user_id]
    if escalation.acknowledgement_entry_id is None:
        escalation.acknowledgement_entry_id = entry.key
    if _is_answered(escalation):
        escalation.acknowledged_at, escalation.acknowledged_by = actor.at, actor.user_id
        escalating.stop(session, escalation)
        if not is_beside:
            quiet.watch(session, settings, incident, escalation, actor.at)
    paging.call_off(session, escalation.key, actor.at, None if escalation.acknowledged_at else actor.user_id)
    session.add(escalation)
    _show(session, incident, escalation, actor)


def share_answers(session: Session, settings: Settings, incident: Incident, at: datetime) -> None:
    """Incidents were merged: whoever acknowledged the policy of the one has that of the other, if it is the same."""
    for waiting in escalations.unanswered(session, incident.key):
        for other in _by_the_same_policy(session, waiting.key):
            for given in _given_since(session, other):
                actor = Actor(incident.team_id, given.by, at, Origin.TIMER)
                if waiting.acknowledged_at is None and not has_answered(waiting, actor):
                    _answer(
                        session, settings, incident, waiting, actor, means=given.means, name=given.name, is_beside=True
                    )


def _given_since(session: Session, escalation: Escalation) -> list[Answer]:
    """The answers that stand, without those from before the incident was over and reopened: that was another time."""
    since = _reopened_after(session, escalation)
    return [each for each in escalating.standing(escalation) if since is None or each.at >= since]


def _reopened_after(session: Session, escalation: Escalation) -> datetime | None:
    return store_timeline.reopened_after(session, escalation.entry_id)


def has_answered(escalation: Escalation, actor: Actor) -> bool:
    """Whether an acknowledgement of theirs stands. Who answers from outside is nobody who is known."""
    return actor.user_id is not None and actor.user_id in {each.by for each in escalating.standing(escalation)}


def _held(session: Session, settings: Settings, escalation_id: int) -> tuple[Incident, Escalation]:
    """Both rows, locked, of an escalation that still asks for an answer. Raises UserError for any other."""
    escalation = escalations.lock(session, escalation_id)
    if escalation is None:
        raise UserError("That escalation does not exist.")
    if escalation.acknowledged_at is not None:
        by = f"<@{escalation.acknowledged_by}>" if escalation.acknowledged_by else "Somebody"
        raise UserError(f"{by} acknowledged it already. Nothing was changed.")
    incident = incidents.lock(session, escalation.incident_id)
    _check_waits(session, settings, incident, escalation)
    return incident, escalation


def _check_waits(session: Session, settings: Settings, incident: Incident, escalation: Escalation) -> None:
    """Raises UserError if nobody is asked for an answer any more."""
    if escalations.is_called_off(session, escalation):
        raise UserError("That escalation was called off: nobody is needed any more.")
    if not incident.is_open:
        label = settings.status_label(incident.status)
        raise UserError(f"{incident.reference} is {label}: nobody is needed any more.")


def _is_answered(escalation: Escalation) -> bool:
    return is_answered(escalating.called_of(escalation), escalating.answers_of(escalation), escalation.declined_by)


def _still_needed(escalation: Escalation) -> list[str]:
    return still_needed(escalating.called_of(escalation), escalating.answers_of(escalation), escalation.declined_by)


def _mentions(users: Sequence[str]) -> str:
    return " ".join(f"<@{each}>" for each in users) or "somebody else"


def _show(session: Session, incident: Incident, escalation: Escalation, actor: Actor) -> None:
    tell.show_escalation(session, incident, escalation.key, actor.at)
    tell.show_pages(session, incident, escalation.key, actor.at)
    tell.show_card(session, incident, actor.at)


def shown_target(escalation: Escalation) -> str:
    """The target as text: a person as a mention that is replaced by the name when shown."""
    if escalation.target_kind == TargetKind.PERSON:
        return f"<@{escalation.target_id}>"
    return escalation.target_name


def called(escalation: Escalation) -> str:
    """What somebody answers, as text: a policy that goes by its own name, or the call to somebody."""
    if escalation.target_kind == TargetKind.POLICY:
        return f"the policy {escalation.target_name}"
    return f"the escalation to {shown_target(escalation)}"


def others_needed(escalation: Escalation) -> str:
    """Whose acknowledgement is waited for besides the one that was just given, as mentions; empty if nobody's is."""
    return "" if escalation.acknowledged_at is not None else _mentions(_still_needed(escalation))


def acknowledge_for(
    session: Session, settings: Settings, incident_id: int, actor: Actor, *, means: str = "slack"
) -> Escalation:
    """
    What `/incident ack` means: the newest unanswered escalation to whoever types, or else the newest of all. Those who
    were paged go before those of whom it was only recorded; a vendor's answer comes last.

    Raises UserError if nothing waits for an answer.
    """
    waiting = escalations.unanswered(session, incident_id)

    def rank(each: Escalation) -> tuple[bool, bool, bool, bool]:
        answered = has_answered(each, actor)
        return each.is_external, answered, actor.user_id not in each.members, each.was_only_recorded

    chosen = min(waiting, key=rank, default=None)
    if chosen is None:
        raise UserError("No escalation of this incident waits for an answer.")
    return acknowledge(session, settings, chosen.key, actor, means=means)


def waiting_for(session: Session, incident_id: int, actor: Actor) -> list[Escalation]:
    """Those of an incident that this person has neither answered nor declined."""
    return [
        each
        for each in escalations.unanswered(session, incident_id)
        if actor.user_id in each.members
        and actor.user_id not in each.declined_by
        and not each.is_external
        and not has_answered(each, actor)
    ]


def unacknowledge(
    session: Session, settings: Settings, escalation_id: int, actor: Actor, *, at_once: bool = False, why: str = ""
) -> Escalation:
    """
    Take an acknowledgement back: one's own, or else all that stand. The entry leaves the timeline, and the policy goes
    on where it was: the next level is due when it would have been, or now if that is past or `at_once`.

    Raises UserError if nobody acknowledged it, or nobody is needed any more.
    """
    same = _by_the_same_policy(session, escalation_id)
    escalation = escalations.lock(session, escalation_id)
    if escalation is None:
        raise UserError("That escalation does not exist.")
    incident = incidents.lock(session, escalation.incident_id)
    _check_waits(session, settings, incident, escalation)
    if escalation.is_external:
        raise UserError("That is a vendor's: what they answered stays on record.")
    answers = escalating.standing(escalation)
    if not answers:
        raise UserError("Nobody has acknowledged it. Nothing was changed.")
    check_not_handed_on(session, escalation)
    own = [each for each in answers if each.by == actor.user_id]
    gone = {each.by for each in own or answers}
    for each in (escalation, *same):
        is_of_before = each is not escalation and _reopened_after(session, each) is not None
        given = _given_since(session, each) if is_of_before else escalating.standing(each)
        if theirs := [one for one in given if one.by in gone]:
            _take_away(
                session, settings, incident, each, theirs, actor, at_once=at_once, goes_on=not is_of_before, why=why
            )
    milestones.refresh(session, incident)
    return escalation


def _take_away(
    session: Session,
    settings: Settings,
    incident: Incident,
    escalation: Escalation,
    gone: Sequence[Answer],
    actor: Actor,
    *,
    at_once: bool,
    goes_on: bool,
    why: str,
) -> None:
    """`goes_on`: not where its incident was over since, and another one by the same policy goes on."""
    _take_back(session, incident, escalation, gone, actor, why)
    session.add(escalation)
    if _is_answered(escalation):
        escalation.acknowledged_by = escalating.standing(escalation)[-1].by
        _show(session, incident, escalation, actor)
        return
    was_over = escalation.acknowledged_at is not None
    escalation.acknowledged_at = escalation.acknowledged_by = escalation.quiet_asked_at = None
    tell.say(
        session,
        incident,
        "unacknowledged",
        actor.at,
        escalation_id=escalation.key,
        by=actor.user_id,
        why=why,
        before=gone[-1].by,
    )
    if was_over and goes_on and escalation.pages_people:
        if at_once:
            escalation.gave_up_at = None
            escalating.go_on(session, settings, incident, escalation, actor.at, because="cannot go on")
        else:
            escalating.resume(session, settings, incident, escalation, actor.at, because="cannot go on")
    _show(session, incident, escalation, actor)


def _take_back(
    session: Session, incident: Incident, escalation: Escalation, gone: Sequence[Answer], actor: Actor, why: str
) -> None:
    escalation.answers = [
        (replace(each, withdrawn_at=actor.at, why=why) if each in gone else each).as_json()
        for each in escalating.answers_of(escalation)
    ]
    standing = escalating.standing(escalation)
    escalation.acknowledgement_entry_id = standing[0].entry_id if standing else None
    for answer in gone:
        entry = store_timeline.get(session, answer.entry_id) if answer.entry_id else None
        if entry is not None and entry.withdrawn_at is None:
            timeline.withdraw(session, incident, entry, actor, f"{WITHDRAWN}: {why}" if why else WITHDRAWN)
    audit.note(
        session,
        at=actor.at,
        team_id=incident.team_id,
        incident_id=incident.key,
        who=actor.user_id,
        what="took an acknowledgement back",
        origin=actor.origin,
        escalation=escalation.key,
        of=[each.by for each in gone],
    )


def check_not_handed_on(session: Session, escalation: Escalation) -> None:
    """Raises UserError for one that somebody was handed: taken up here as well, people would be paged twice."""
    later = escalations.went_on_in(session, escalation)
    if later is not None:
        raise UserError(
            f"It was handed over to {shown_target(later)}, and goes on in a message of its own. Answer, or hand "
            "over, there. Nothing was changed."
        )


def hand_back(session: Session, settings: Settings, escalation_id: int, actor: Actor, *, why: str = "") -> Escalation:
    """Whoever acknowledged cannot go on, by their own word or by somebody else's: the next level is paged at once."""
    found = escalations.lock(session, escalation_id)
    if found is not None and actor.user_id in {each.by for each in escalating.standing(found)}:
        return decline(session, settings, escalation_id, actor, why=why)
    return unacknowledge(session, settings, escalation_id, actor, at_once=True, why=why)


def decline(session: Session, settings: Settings, escalation_id: int, actor: Actor, *, why: str = "") -> Escalation:
    """
    Somebody cannot. Once nobody of the level is left, the next one is paged at once. Whoever acknowledged and cannot go
    on takes that back by it.
    """
    same = _by_the_same_policy(session, escalation_id)
    found = escalations.lock(session, escalation_id)
    if found is None or actor.user_id is None:
        raise UserError("That escalation does not exist.")
    if found.acknowledged_at is not None and has_answered(found, actor):
        theirs = [each for each in same if actor.user_id in {one.by for one in _given_since(session, each)}]
        for each in (found, *theirs):
            each.declined_by = [*(one for one in each.declined_by if one != actor.user_id), actor.user_id]
        unacknowledge(session, settings, escalation_id, actor, at_once=True, why=why)
    else:
        incident, escalation = _held(session, settings, escalation_id)
        if actor.user_id in escalation.declined_by:
            return escalation
        _cannot(session, settings, incident, escalation, actor, why)
        people.meet(session, incident.team_id, [actor.user_id], actor.at)
        audit.note(
            session,
            at=actor.at,
            team_id=incident.team_id,
            incident_id=incident.key,
            who=actor.user_id,
            what="declined an escalation",
            origin=actor.origin,
            escalation=escalation.key,
            why=why,
        )
    for each in same:
        if each.next_step_at is not None and actor.user_id not in each.declined_by:
            _cannot(session, settings, incidents.get(session, each.incident_id), each, actor, why)
    return found


def _cannot(
    session: Session, settings: Settings, incident: Incident, escalation: Escalation, actor: Actor, why: str
) -> None:
    """Somebody cannot, of one that still waits for an answer."""
    escalation.declined_by = [*escalation.declined_by, *([actor.user_id] if actor.user_id else [])]
    own = [each for each in escalating.standing(escalation) if each.by == actor.user_id]
    if own:  # of a level that needs all: that they had it must not stand for those who never did
        _take_back(session, incident, escalation, own, actor, why)
        milestones.refresh(session, incident)
    session.add(escalation)
    _after_one_less(session, settings, incident, escalation, actor)
    tell.show_escalation(session, incident, escalation.key, actor.at)


def _after_one_less(
    session: Session, settings: Settings, incident: Incident, escalation: Escalation, actor: Actor
) -> None:
    """Somebody of the level cannot come. The others of one that needs all may have acknowledged already."""
    if escalating.standing(escalation) and _is_answered(escalation):
        last = escalating.standing(escalation)[-1]
        escalation.acknowledged_at, escalation.acknowledged_by = actor.at, last.by
        escalating.stop(session, escalation)
        quiet.watch(session, settings, incident, escalation, actor.at)
        _show(session, incident, escalation, actor)
        return
    called = escalating.called_of(escalation)
    if (
        escalation.gave_up_at is None
        and escalation.pages_people
        and called
        and not called[-1].is_left(escalation.declined_by)
    ):
        escalating.go_on(session, settings, incident, escalation, actor.at, because="nobody left")


def person_unreachable(session: Session, settings: Settings, page: Page, actor: Actor) -> None:
    """
    Every means of a person failed, or a service did: it is kept with the level, which goes on as if they had declined.
    Nothing if the page is of an earlier level, or somebody answered.
    """
    escalation = escalations.lock(session, page.escalation_id)
    if escalation is None or escalation.acknowledged_at is not None:
        return
    incident = incidents.lock(session, escalation.incident_id)
    called = escalating.called_of(escalation)
    if not incident.is_open or escalations.is_called_off(session, escalation) or not called:
        return
    last, who = called[-1], page.user_id or page.means
    if (page.level, page.round) != (last.place.level, last.place.round) or who in last.gone:
        return
    called[-1] = replace(last, gone=(*last.gone, who))
    escalation.steps = [each.as_json() for each in called]
    session.add(escalation)
    audit.note(
        session,
        at=actor.at,
        team_id=incident.team_id,
        incident_id=incident.key,
        what="could reach somebody by no means",
        origin=actor.origin,
        escalation=escalation.key,
        person=who,
    )
    _after_one_less(session, settings, incident, escalation, actor)
    tell.show_escalation(session, incident, escalation.key, actor.at)


def more_time(session: Session, settings: Settings, escalation_id: int, actor: Actor, *, minutes: int) -> Escalation:
    """
    Let the next level wait for so many minutes from now, at least. Whoever asks is still expected to answer.

    Raises UserError if nothing is due by itself, or for a time that is none.
    """
    if not 1 <= minutes <= LONGEST_PAUSE:
        raise UserError(f"Ask for 1 to {LONGEST_PAUSE} minutes.")
    incident, escalation = _held(session, settings, escalation_id)
    if escalation.next_step_at is None:
        raise UserError("Nobody else is paged by itself any more, so there is nothing to wait with.")
    until = actor.at + timedelta(minutes=minutes)
    escalation.more_time_until = max(until, escalation.more_time_until or until)
    escalation.next_step_at = max(escalation.next_step_at, escalation.more_time_until)
    session.add(escalation)
    timers.set_timer(
        session,
        escalating.timer_key(escalation),
        escalation.next_step_at,
        escalating.STEP,
        escalation_id=escalation.key,
    )
    audit.note(
        session,
        at=actor.at,
        team_id=incident.team_id,
        incident_id=incident.key,
        who=actor.user_id,
        what=f"asked for {minutes} min more",
        origin=actor.origin,
        escalation=escalation.key,
    )
    tell.show_escalation(session, incident, escalation.key, actor.at)
    return escalation
