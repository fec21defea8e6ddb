"""`/incident edit`."""

from collections.abc import Mapping
from typing import Any

from bot.command.table import Command, Option, Value
from bot.domain.errors import UserError
from bot.services.incidents.edit import IncidentEdit, edit_incident, split_services
from commands.base import Caller, Invocation, Reply, Session, reply_beside_line
from commands.start import REFERENCE, SERVICE, ZONE, misspelt_services


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    incident, changes = edit_incident(
        session, caller.settings, caller.about.key, caller.actor, _requested_edit(typed.options)
    )
    answer = f"{incident.reference} changed. {describe_changes(changes)}"
    warning = misspelt_services(caller.settings, incident) if "services" in changes else ""
    return Reply(answer + warning) if warning else reply_beside_line(caller, answer)


def _requested_edit(options: Mapping[str, Any]) -> IncidentEdit:
    given = dict(options)
    title, languages, service = given.pop("title", None), given.pop("lang", None), given.pop("service", None)
    services = None if service is None else split_services(service)
    titles, names = {}, {}
    if title is not None:
        codes = languages or ("",)
        if len(codes) != 1:
            raise UserError("A title has one language. Give one with `lang:`, and edit the other titles one by one.")
        titles, languages = {codes[0]: title}, None
    elif services is not None and languages and len(languages) == 1:
        names, services, languages = {languages[0]: services}, None, None
    return IncidentEdit(
        titles=titles,
        services=services,
        service_names=names,
        grade=given.get("grade"),
        reference=given.get("ref"),
        category=given.get("category"),
        responsibility=given.get("responsibility"),
        zone=given.get("tz"),
        languages=languages,
        template=given.get("template"),
    )


def describe_changes(changes: Mapping[str, str]) -> str:
    """`Category: Production. Reference taken away.`"""
    return " ".join(
        f"{_field_label(name)}: {value}." if value else f"{_field_label(name)} cleared."
        for name, value in changes.items()
    )


def _field_label(changed: str) -> str:
    name, _, code = changed.partition(".")
    return f"{name.capitalize()} ({code})" if code else name.capitalize()


COMMAND = Command(
    name="edit",
    usage="edit [title:TEXT] [service:NAME] [ref:TEXT] [grade:TEXT] [category:TEXT] [responsibility:TEXT] [tz:ZONE] "
    "[lang:LANG] [template:NAME]",
    summary='Edit the details. `""` clears one; `title:` or `service:` with `lang:` is in that language.',
    options=(
        Option("title", Value.TEXT, about="the problem in a few words"),
        SERVICE,
        REFERENCE,
        Option("grade", Value.TEXT, about="the grade that the public reads, like Notice"),
        Option("category", Value.TEXT, about="category, like Production"),
        Option("responsibility", Value.TEXT, about="responsible company or team"),
        ZONE,
        Option(
            "lang",
            Value.LANGUAGES,
            about="languages of its documents; with `title:` or `service:` the language of the words",
        ),
        Option("template", Value.TEXT, about="postmortem template: classic, brief, statuspage, sre, or your own"),
    ),
    run=run,
)
