"""`/incident start`."""

from bot.command.table import Command, Option, Value
from bot.command.word_values import quote_word
from bot.config import Settings
from bot.domain.errors import closest_word
from bot.domain.terms import Severity, Status
from bot.services.incidents.declare import Declaration, declare_incident
from bot.services.incidents.edit import split_services
from bot.store.incidents.incidents import Incident
from commands.base import LANGUAGE, Caller, Invocation, Reply, Session

SERVICE = Option("service", Value.TEXT, ("services",), about="the affected services, separated by commas")
REFERENCE = Option("ref", Value.TEXT, ("reference",), about="ID in another system, like TSR-1532")
ZONE = Option("tz", Value.ZONE, ("zone",), about="the time zone of the people who read it")


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    declared = declare_incident(session, caller.settings, caller.actor, read_declaration(typed))
    return Reply(declared_reply(caller.settings, declared))


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


def declared_reply(settings: Settings, declared: Incident) -> str:
    """The answer to the declarer."""
    label = settings.severity_label(Severity(declared.severity))
    if declared.is_retro:
        return _retrospective_reply(declared.reference, label)
    triage = f", in {settings.status_label(Status.TRIAGE)}" if declared.status == Status.TRIAGE else ""
    return (
        f"Declared *{declared.reference}* ({label}{triage}). It is {_exposure(declared)}. Its channel opens now, and "
        f"you are invited.{misspelt_services(settings, declared)}"
    )


def _exposure(declared: Incident) -> str:
    """Say whether it is private or public, and whether it is a drill."""
    exposure = "private" if declared.is_private else "public"
    return f"a *{exposure} drill*" if declared.is_drill else f"*{exposure}*"


def misspelt_services(settings: Settings, declared: Incident) -> str:
    """Warn of near misses of configured services: their people are not invited."""
    missed = [
        (each, closest_word(each, list(settings.services)))
        for each in declared.services
        if each not in settings.services
    ]
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
