"""Questions which incident a command means, and whether it may end another one."""

import re
from collections.abc import Collection
from dataclasses import replace

from sqlmodel import Session

from bot.command.table import Invocation
from bot.domain.errors import Ambiguous
from bot.store.incidents.incidents import Incident, IncidentNotFound
from bot.store.incidents.visibility import Visibility
from commands.base import Reply, ReplyView


def find_named_incident(
    session: Session, visibility: Visibility, here: Incident | None, typed: Invocation, chosen: Collection[str]
) -> Incident | None:
    """
    Find the incident of a command: the named one, or the channel's.

    Raises IncidentNotFound; Ambiguous for a number that may be part of the text, and before the command ends another
    incident than the channel's. A number in `chosen` was asked about already.
    """
    if typed.incident is None or (here is not None and typed.incident == here.reference):
        return here
    try:
        found = visibility.find(session, typed.incident)
    except IncidentNotFound as problem:
        if typed.may_be_text and here is not None:
            raise ask_about_number(problem, typed, here) from problem
        raise
    if typed.may_be_text and here is not None:
        raise ask_which_incident(typed, here, found)
    verb = _ending_verb(typed)
    # An incident recorded after the fact has no channel: nobody is at work on it, and all of it is typed from outside.
    if verb and found.is_open and not found.is_retro and typed.incident not in chosen:
        raise ask_to_confirm(verb, typed.incident, here, found)
    return found


def _ending_verb(typed: Invocation) -> str:
    return typed.command.ends_incident(typed) if typed.command.ends_incident else ""


def _here_label(typed: Invocation, here: Incident) -> str:
    verb = _ending_verb(typed)
    return f"{verb} {here.reference}" if verb else f"Here, in {here.reference}"


def ask_which_incident(typed: Invocation, here: Incident, other: Incident) -> Ambiguous:
    """Ask whether a number names the incident or begins the text."""
    verb, name = _ending_verb(typed), str(typed.incident)
    return Ambiguous(
        f"`{name}` may be the incident that you mean, or a word of your text.\n"
        f"• *{name}*: {other.title}\n"
        f"• *{here.reference}*, this channel: {here.title}",
        about=name,
        candidates=(name, here.reference),
        labels=(f"{verb or 'In'} {name}", _here_label(typed, here)),
        hint=f"For {here.reference} type `/incident {here.reference} {typed.command.name} …`. "
        f"For {name} type it in the channel of {name}.",
    )


def ask_about_number(problem: IncidentNotFound, typed: Invocation, here: Incident) -> Ambiguous:
    """Ask whether a number that no incident has begins the text."""
    return Ambiguous(
        f"{problem.message} If the number is part of your text, it belongs to *{here.reference}*, {here.title}.",
        about=str(typed.incident),
        candidates=(here.reference,),
        labels=(_here_label(typed, here),),
        hint=f"Then type `/incident {here.reference} {typed.command.name} …`.",
    )


def ask_to_confirm(verb: str, reference: str, here: Incident | None, other: Incident) -> Ambiguous:
    """Ask for one press before another incident than the channel's ends."""
    where = f" This is the channel of {here.reference}." if here is not None else ""
    return Ambiguous(
        f"{verb} *{reference}* {other.title}?{where}",
        about=reference,
        candidates=(reference,),
        labels=(f"{verb} {reference}",),
        hint=f"Type it in the channel of {reference}, or make it shorter.",
    )


def name_other_incident(reply: Reply, other: Incident) -> Reply:
    """Put the incident's number before an answer that does not name it."""
    is_named = re.search(rf"(?<![\w-]){re.escape(other.reference)}(?!\d)", reply.text)
    if reply.shows is not ReplyView.NOTHING or is_named:
        return reply
    separator = "\n" if reply.text.startswith("•") else " "
    return replace(reply, text=f"{other.reference}:{separator}{reply.text}")
