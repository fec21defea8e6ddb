"""`/incident edit`."""

from collections.abc import Mapping
from typing import Any

from bot.command.table import Command, Option, Value
from bot.domain.errors import UserError
from bot.services.incidents import edit as editing
from bot.services.incidents.edit import Edit
from commands.base import Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    incident, changes = editing.edit(session, caller.settings, caller.about.key, caller.actor, _wanted(typed.options))
    return Reply(f"{incident.reference} has changed. {said(changes)}")


def _wanted(options: Mapping[str, Any]) -> Edit:
    given = dict(options)
    title, languages, service = given.pop("title", None), given.pop("lang", None), given.pop("service", None)
    titles = {}
    if title is not None:
        codes = languages or ("",)
        if len(codes) != 1:
            raise UserError("A title is in one language: name one behind `lang:`, and give the next title after it.")
        titles, languages = {codes[0]: title}, None
    return Edit(
        titles=titles,
        services=None if service is None else editing.services_of(service),
        reference=given.get("ref"),
        category=given.get("category"),
        responsibility=given.get("responsibility"),
        zone=given.get("tz"),
        languages=languages,
        template=given.get("template"),
    )


def said(changes: Mapping[str, str]) -> str:
    """`Category: Production. Reference taken away.`"""
    return " ".join(
        f"{_name(name)}: {value}." if value else f"{_name(name)} taken away." for name, value in changes.items()
    )


def _name(changed: str) -> str:
    name, _, code = changed.partition(".")
    return f"{name.capitalize()} ({code})" if code else name.capitalize()


COMMAND = Command(
    name="edit",
    usage="edit [title:TEXT] [service:NAME] [ref:TEXT] [category:TEXT] [responsibility:TEXT] [tz:ZONE] [lang:LANG] "
    "[template:NAME]",
    summary='Put its details right. `""` takes one away; a `title:` with a `lang:` is the title in that language.',
    options=(
        Option("title", Value.TEXT, about="what is wrong, in a few words"),
        Option("service", Value.TEXT, ("services",), about="what is affected; several with commas"),
        Option("ref", Value.TEXT, ("reference",), about="its name elsewhere, like TSR-1532"),
        Option("category", Value.TEXT, about="what sort of incident, like Production"),
        Option("responsibility", Value.TEXT, about="who answers for it, like a company or a team"),
        Option("tz", Value.ZONE, ("zone",), about="the time zone of the people who read it"),
        Option("lang", Value.LANGUAGES, about="the languages of its documents; beside `title:` the title's own"),
        Option(
            "template",
            Value.TEXT,
            about="the form of its postmortem: classic, brief, statuspage, sre, or one of your own",
        ),
    ),
    run=run,
)
