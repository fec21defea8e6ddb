"""Whom the targets of a level mean at a moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.escalation import Target
from bot.domain.terms import TargetKind
from bot.services.oncall import schedule as oncall
from bot.store.shared import people as store_people


@dataclass(frozen=True, slots=True)
class Meant:
    """
    People and user groups by Slack's ids, vendors by name, services by the means that leads there, each once.

    `missing`: the targets that mean nobody now: a schedule by which nobody is on call, somebody who left Slack.
    """

    people: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    vendors: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    """Of each of these why, in words for people; and who is on call beside others, and left."""


def meant_by(session: Session, settings: Settings, team_id: str, targets: Sequence[Target], at: datetime) -> Meant:
    people: list[str] = []
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
        asked = _people(session, settings, target, at)
        there = [each for each in asked if _is_there(session, team_id, each)]
        people += there
        groups += target.groups
        gone = [each for each in asked if each not in there]
        if not there and not target.groups:
            missing.append(str(target))
            why.append(_gone(target, gone) if gone else _why_nobody(session, settings, target))
        elif gone and target.kind == TargetKind.SCHEDULE:
            why.append(_gone(target, gone))
    unique = (tuple(dict.fromkeys(each)) for each in (people, groups, vendors, services, missing, why))
    return Meant(*unique)


def _people(session: Session, settings: Settings, target: Target, at: datetime) -> Sequence[str]:
    if target.kind == TargetKind.SCHEDULE:
        return oncall.people_of(session, settings, target.name, at)
    return target.people


def _gone(target: Target, gone: Sequence[str]) -> str:
    """The configuration, or a calendar, still counts on somebody who left: whoever reads it has to mend it there."""
    who = " and ".join(f"<@{each}>" for each in gone)
    be, have = ("is", "has") if len(gone) == 1 else ("are", "have")
    match target.kind:
        case TargetKind.SCHEDULE:
            return f'{who} {be} on call by the schedule "{target.name}", but {have} left the workspace.'
        case TargetKind.TEAM:
            return f"{who} of the team {target.name} {have} left the workspace, and nobody else is in it."
        case _:
            return f"{who} {have} left the workspace."


def _why_nobody(session: Session, settings: Settings, target: Target) -> str:
    match target.kind:
        case TargetKind.SCHEDULE:
            return oncall.why_nobody(session, settings, target.name)
        case _:
            return f"The team {target.name} has nobody."


def _is_there(session: Session, team_id: str, user_id: str) -> bool:
    """Nobody who left the workspace can be written to. Of somebody who was never met nothing is known."""
    person = store_people.get(session, team_id, user_id)
    return person is None or not person.is_deleted
