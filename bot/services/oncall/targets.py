"""Resolve a policy level's targets to people at a point in time; targets as text."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.escalation import Target
from bot.domain.paging.contact_methods import contact_method_label
from bot.domain.terms import TargetKind
from bot.lazy_dataclass import dataclass
from bot.services.oncall.schedule import explain_nobody, people_on_call
from bot.services.workspace.people import is_bot
from bot.store.escalation.escalations import Escalation
from bot.store.shared import people


@dataclass(frozen=True, slots=True)
class ResolvedTargets:
    """
    People and user groups by Slack id, vendors by name, services as `pagerduty:NAME`.

    `missing`: targets that resolve to nobody: a schedule without anybody on call, a closed account, a bot.
    """

    people: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    vendors: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    """The reason for each of these; also closed accounts and bots that are on call beside others."""


def resolve_targets(
    session: Session, settings: Settings, team_id: str, targets: Sequence[Target], at: datetime
) -> ResolvedTargets:
    users: list[str] = []
    groups: list[str] = []
    vendors: list[str] = []
    services: list[str] = []
    missing: list[str] = []
    why: list[str] = []
    for target in targets:
        if target.kind == TargetKind.VENDOR:
            vendors.append(target.name)
            continue
        if target.kind == TargetKind.SERVICE:
            services.append(target.name)
            continue
        resolved = _people(session, settings, target, at)
        active = [each for each in resolved if _can_answer(session, team_id, each)]
        users += active
        groups += target.groups
        gone = [each for each in resolved if each not in active]
        if not active and not target.groups:
            missing.append(str(target))
            why.append(_gone_message(session, team_id, target, gone) or _nobody_message(session, settings, target))
        elif gone and target.kind == TargetKind.SCHEDULE:
            why.append(_gone_message(session, team_id, target, gone))
    unique = (tuple(dict.fromkeys(each)) for each in (users, groups, vendors, services, missing, why))
    return ResolvedTargets(*unique)


def _people(session: Session, settings: Settings, target: Target, at: datetime) -> Sequence[str]:
    if target.kind == TargetKind.SCHEDULE:
        return people_on_call(session, settings, target.name, at)
    return target.people


def _gone_message(session: Session, team_id: str, target: Target, gone: Sequence[str]) -> str:
    """Reason why nobody of `gone` is paged; empty if there are none."""
    bots = [each for each in gone if is_bot(session, team_id, each)]
    left = [each for each in gone if each not in bots]
    messages = [f"<@{each}> is a bot and is not paged." for each in bots]
    return " ".join([*messages, *([_left_message(target, left)] if left else [])])


def _left_message(target: Target, gone: Sequence[str]) -> str:
    who = " and ".join(f"<@{each}>" for each in gone)
    be, have = ("is", "has") if len(gone) == 1 else ("are", "have")
    match target.kind:
        case TargetKind.SCHEDULE:
            return f'{who} {be} on call in the schedule "{target.name}", but {have} left the workspace.'
        case TargetKind.TEAM:
            return f"{who} of the team {target.name} {have} left the workspace, and nobody else is in it."
        case _:
            return f"{who} {have} left the workspace."


def _nobody_message(session: Session, settings: Settings, target: Target) -> str:
    match target.kind:
        case TargetKind.SCHEDULE:
            return explain_nobody(session, settings, target.name)
        case _:
            return f"The team {target.name} has nobody."


def _can_answer(session: Session, team_id: str, user_id: str) -> bool:
    """False for bots and closed accounts; true for people not looked up yet."""
    person = people.get(session, team_id, user_id)
    return person is None or not (person.is_deleted or person.is_bot)


def target_text(escalation: Escalation) -> str:
    """The target as text; a person as a mention, which is replaced for display."""
    if escalation.target_kind == TargetKind.PERSON:
        return f"<@{escalation.target_id}>"
    return escalation.target_name


def target_mention(escalation: Escalation) -> str:
    """The target as Slack's markup: a mention of a person or user group, or a name."""
    if escalation.target_kind == TargetKind.GROUP:
        return f"<!subteam^{escalation.target_id}>"
    return target_text(escalation)


def target_name(target: Target, names: Mapping[str, str]) -> str:
    """Name of a target, without a mention."""
    match target.kind:
        case TargetKind.PERSON:
            return names.get(target.name, "one more person")
        case TargetKind.GROUP:
            return "a user group"
        case TargetKind.TEAM:
            return f"@{target.name}"
        case TargetKind.SERVICE:
            return contact_method_label(target.name)
        case _:
            on_call = names.get(str(target))
            return f"{on_call}, on call for {target.name}" if on_call else f"{target.kind.value} {target.name}"
