"""`/incident start`."""

import re
from collections.abc import Mapping, Sequence

from bot.command.forms.parser import parse_form
from bot.command.table import Command, Option, Value
from bot.command.word_values import quote_word
from bot.config import Settings
from bot.domain.errors import ErrorCollector, closest_word
from bot.domain.terms import Kind, Severity, Status
from bot.services.incidents.declare import Declaration, check_declaration, declare_incident, shorten_text
from bot.services.incidents.edit import split_services
from bot.services.incidents.merge import find_similar_open
from bot.services.status_page.publish import describe_suggestion
from bot.services.timeline.notes import record_note
from bot.services.workspace.actor import Actor
from bot.store.incidents.incident_lists import OpenIncident
from bot.store.incidents.incidents import Incident
from commands.base import LANGUAGE, Caller, Invocation, Reply, Session, with_language
from commands.execution import build_form_context

SERVICE = Option("service", Value.TEXT, ("services",), about="the affected services, separated by commas")
REFERENCE = Option("ref", Value.TEXT, ("reference",), about="ID in another system, like TSR-1532")
ZONE = Option("tz", Value.ZONE, ("zone",), about="the time zone of the people who read it")

SEVERITY_IN_TITLE = re.compile(r"\b(?:sev(?:erity)?|p)[-_ ]?(?P<number>[1-5])\b", re.IGNORECASE | re.ASCII)
SIMILAR_TITLE = 80
"""Characters of the title of an open incident that the answer names."""
MAX_COMPARED_SERVICES = 5
"""Unknown services that are compared to all known ones, which takes long where both are many."""

SEEN = "seen_so_far"
"""Field of the first note in a form."""


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    declared = declare_incident(session, caller.settings, caller.actor, read_declaration(typed))
    return Reply(declared_reply(caller.settings, declared, find_similar_open(session, declared)))


def read_declaration(typed: Invocation) -> Declaration:
    return Declaration(
        title=typed.text,
        severity=typed.options.get("sev"),
        status=typed.options.get("status"),
        services=split_services(typed.options.get("service", "")),
        zone=typed.options.get("tz"),
        outside_reference=typed.options.get("ref"),
        started=typed.options.get("at"),
        is_private=bool(typed.options.get("private")),
        is_drill=bool(typed.options.get("drill")),
        is_retro=bool(typed.options.get("retro")),
    )


def declare_by_form(session: Session, settings: Settings, actor: Actor, fields: Mapping[str, str]) -> Incident:
    """
    Declare with the fields of a form, by parameter; SEEN becomes the first note.

    Raises InvalidField or InvalidFields.
    """
    errors = ErrorCollector()
    typed = parse_form(COMMAND, fields, build_form_context(settings, actor.at, None), errors)
    wanted, actor = read_declaration(typed), with_language(actor, typed)
    with errors.collect():
        check_declaration(settings, actor, wanted)
    errors.check()
    incident = declare_incident(session, settings, actor, wanted)
    if seen := fields.get(SEEN, "").strip():
        record_note(session, incident.key, actor, seen, when=None, kind=Kind.NOTE)
    return incident


def declared_reply(settings: Settings, declared: Incident, similar: Sequence[OpenIncident] = ()) -> str:
    """The answer to the declarer. `similar`: open incidents that may be the same problem."""
    label = settings.severity_label(Severity(declared.severity))
    if declared.is_retro:
        return _retrospective_reply(declared.reference, label)
    triage = f", in {settings.status_label(Status.TRIAGE)}" if declared.status == Status.TRIAGE else ""
    return (
        f"Declared *{declared.reference}* ({label}{triage}). It is {_exposure(declared)}. Its channel opens now, and "
        f"you are invited.{misspelt_services(settings, declared)}{_severity_in_title(settings, declared)}"
        f"{_similar_incidents(similar, declared)}{describe_suggestion(settings, declared)}"
    )


def _severity_in_title(settings: Settings, declared: Incident) -> str:
    """Warn of a severity in the title, as in `payments fail, p1`, that is not the incident's."""
    named = SEVERITY_IN_TITLE.search(declared.title)
    words = settings.severity_words()
    meant = words.get(named[0].casefold()) or words.get(f"sev{named['number']}") if named else None
    if named is None or meant is None or meant == declared.severity:
        return ""
    severity = settings.severity_label(meant)
    command = f"/incident {declared.reference} sev{named['number']}"
    return f" The title says {quote_word(named[0])}. To set {severity}, type `{command}`."


def _similar_incidents(similar: Sequence[OpenIncident], declared: Incident) -> str:
    """Name the open incidents that may be the same problem, and say how to merge."""
    if not similar:
        return ""
    lines = [
        f"\n• *{each.reference}* {shorten_text(each.title, SIMILAR_TITLE)}"
        + (f" · <#{each.channel_id}>" if each.channel_id else "")
        for each in similar
    ]
    first = similar[0].reference
    return (
        f"\n:grey_question: Is it one of these open incidents?{''.join(lines)}\nIf so, continue there. To close "
        f"{declared.reference} and keep its entries, type `/incident {declared.reference} merge {first}`."
    )


def _exposure(declared: Incident) -> str:
    """Say whether it is private or public, and whether it is a drill."""
    exposure = "private" if declared.is_private else "public"
    return f"a *{exposure} drill*" if declared.is_drill else f"*{exposure}*"


def misspelt_services(settings: Settings, declared: Incident) -> str:
    """
    Warn of near misses of configured services: their people are not invited.

    Only the first few are compared.
    """
    unknown = [each for each in declared.services if each not in settings.services][:MAX_COMPARED_SERVICES]
    missed = [(each, closest_word(each, list(settings.services))) for each in unknown]
    return "".join(
        f" {quote_word(each)} is not a configured service, so nobody is invited for it. Did you mean `{known}`? "
        f"`/incident edit {declared.reference} service:{known}` fixes it and invites its people."
        for each, known in missed
        if known
    )


def _retrospective_reply(reference: str, label: str) -> str:
    return (
        f"Recorded *{reference}* ({label}) after the fact: no channel, no pages, no announcement. It is *public*: "
        f"lists show it. Add to it from anywhere: `/incident note {reference} at:14:05 what happened`, `/incident "
        f"impact {reference} …`, and finally `/incident resolve {reference} at:15:30 what ended it`. The postmortem "
        "draft comes to you in a direct message."
    )


COMMAND = Command(
    name="start",
    usage="start TITLE [sev:2] [service:NAME] [ref:TEXT] [tz:ZONE] [at:TIME] [status:triage] "
    "[lang:LANG] [private] [drill] [retro]",
    summary="Declare an incident and open its channel. `at:` is when the impact began.",
    options=(
        Option("sev", Value.SEVERITY, ("severity",), about="the severity"),
        SERVICE,
        REFERENCE,
        ZONE,
        Option("at", Value.TIME, about="when the impact began"),
        LANGUAGE,
        Option(
            "status",
            Value.STATUS,
            choices=(Status.TRIAGE.value, Status.INVESTIGATING.value),
            about="the first status; triage if it may not be an incident",
        ),
        Option("private", Value.FLAG, readings=("Private", "Public"), about="visible to invited people only"),
        Option(
            "drill",
            Value.FLAG,
            readings=("Drill", "Real incident"),
            about="practice: marked as such, left out of figures",
        ),
        Option(
            "retro",
            Value.FLAG,
            readings=("After the fact", "Happening now"),
            about="recorded after the fact: no channel, no pages",
        ),
    ),
    text="optional",
    aliases=("declare", "new", "open"),
    also_meant=("create", "report", "begin"),
    needs_incident=False,
    run=run,
)
