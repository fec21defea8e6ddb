"""What is said of an incident as a whole is put right: its title, services, reference and the like."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError, WrongField
from bot.domain.languages import language
from bot.domain.terms import Kind
from bot.services import outbox as tell
from bot.services.channel import bookmarks_and_canvas as documents
from bot.services.escalation import start as escalation
from bot.services.incidents.lifecycle import FIELD_LENGTH, TITLE_LENGTH, shortened
from bot.services.postmortem import templates as forms
from bot.services.timeline import entries as timeline
from bot.services.workspace import people
from bot.services.workspace.actor import Actor
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.shared import audit

TITLE, SERVICES, REFERENCE, CATEGORY, RESPONSIBILITY, ZONE, LANGUAGES, TEMPLATE = (
    "title",
    "services",
    "reference",
    "category",
    "responsibility",
    "zone",
    "languages",
    "template",
)
SHOWN_IN_CHANNEL = (TITLE, SERVICES)
"""What card, topic or announcement show."""


@dataclass(frozen=True, slots=True)
class Edit:
    """
    What shall be different. None leaves a field as it is, "" takes it away.

    `titles` by language, the key "" for a title in no stated language. `languages` are those of the documents.
    """

    titles: Mapping[str, str] = field(default_factory=dict)
    services: tuple[str, ...] | None = None
    reference: str | None = None
    category: str | None = None
    responsibility: str | None = None
    zone: ZoneInfo | None = None
    languages: tuple[str, ...] | None = None
    template: str | None = None


def title_field(code: str) -> str:
    """How the title in a language is called among the changes: `title`, `title.fr`."""
    return f"{TITLE}.{code}" if code else TITLE


def services_of(text: str) -> tuple[str, ...]:
    """`checkout, payments`, each once."""
    return tuple(dict.fromkeys(each for part in text.split(",") if (each := " ".join(part.split()))))


def edit(
    session: Session, settings: Settings, incident_id: int, actor: Actor, wanted: Edit
) -> tuple[Incident, Mapping[str, str]]:
    """
    Change the incident's details; possible whatever its status. Returns what is different now, by field.

    Raises UserError if nothing is given or nothing would be different, and WrongField, by this module's constants, for
    a value that cannot be.
    """
    incident = incidents.lock(session, incident_id)
    if wanted == Edit():
        raise UserError(
            'Say what shall be different, for example `/incident edit title:"Card payments fail" category:Production`.'
        )
    values = dict(_values(settings, incident, wanted))
    changes = {
        name: shown for name, (column, value, shown) in values.items() if _differs(incident, name, column, value)
    }
    if not changes:
        raise UserError("It is so already, and nothing was changed.")
    for name in changes:
        column, value, _ = values[name]
        setattr(incident, column, value)
    session.add(incident)
    entry = timeline.record(session, incident, [Kind.DETAILS], "", actor, changes=changes)
    people.meet(session, incident.team_id, [], actor.at, text=" ".join(changes.values()))
    audit.note(
        session,
        at=actor.at,
        team_id=incident.team_id,
        incident_id=incident.key,
        who=actor.user_id,
        what=f"changed {', '.join(changes)}",
        origin=actor.origin,
        entry=entry.key,
    )
    tell.say(session, incident, "details", actor.at, entry_id=entry.key, by=actor.user_id)
    if REFERENCE in changes:
        documents.linked(session, incident, actor.at)
    if any(name.split(".")[0] in SHOWN_IN_CHANNEL for name in changes):
        tell.show_topic(session, incident, actor.at)
    tell.show_card(session, incident, actor.at)
    if SERVICES in changes and wanted.services:
        escalation.start_by_itself(session, settings, incident, actor)
    return incident, changes


def _differs(incident: Incident, name: str, column: str, value: Any) -> bool:
    if column != "titles":
        return bool(getattr(incident, column) != value)
    code = name.partition(".")[2]
    return bool(incident.titles.get(code) != value.get(code))


def _values(settings: Settings, incident: Incident, wanted: Edit) -> Iterator[tuple[str, tuple[str, Any, str]]]:
    """Each field that is given: its name, the column, the column's new value, and that value as people read it."""
    titles = _titles(incident, wanted.titles)
    for code in wanted.titles:
        yield title_field(code), ("titles", titles, titles.get(code, ""))
    if wanted.services is not None:
        yield SERVICES, ("services", list(wanted.services), ", ".join(wanted.services))
    for name, column, text in (
        (REFERENCE, "outside_reference", wanted.reference),
        (CATEGORY, "category", wanted.category),
        (RESPONSIBILITY, "responsibility", wanted.responsibility),
    ):
        if text is not None:
            plain = _plain(name, text)
            yield name, (column, plain or None, plain)
    if wanted.zone is not None:
        yield ZONE, ("zone", wanted.zone.key, wanted.zone.key)
    languages = _languages(incident, wanted)
    if languages is not None:
        yield LANGUAGES, ("languages", languages, ", ".join(languages))
    if wanted.template is not None:
        template = _template(settings, wanted.template)
        yield TEMPLATE, ("template", template, template)


def _titles(incident: Incident, wanted: Mapping[str, str]) -> dict[str, str]:
    """All titles as they will be. An incident keeps one at least."""
    titles = dict(incident.titles)
    for code, text in wanted.items():
        title = " ".join(text.split())
        if title:
            titles[code] = shortened(title, TITLE_LENGTH)
        else:
            titles.pop(code, None)
        if not titles or (not title and not code):
            raise WrongField(title_field(code), "An incident needs a title. Say in a few words what is wrong.")
    return titles


def _plain(name: str, text: str) -> str:
    plain = " ".join(text.split())
    if len(plain) > FIELD_LENGTH:
        raise WrongField(name, f"A {name} of {len(plain)} characters is too long: {FIELD_LENGTH} are the most.")
    return plain


def _languages(incident: Incident, wanted: Edit) -> list[str] | None:
    """Those that are given, with every language in which a title is given now. None: they stay as they are."""
    titled = [code for code, text in wanted.titles.items() if code and text.strip()]
    if wanted.languages is None and not titled:
        return None
    if wanted.languages is not None and not wanted.languages:
        raise WrongField(LANGUAGES, "A document needs a language, like `en` or `fr,en`.")
    chosen: Sequence[str] = incident.languages if wanted.languages is None else wanted.languages
    try:
        return [language(code).code for code in dict.fromkeys([*chosen, *titled])]
    except UserError as problem:
        raise WrongField(LANGUAGES, problem.message) from problem


def _template(settings: Settings, name: str) -> str:
    try:
        return forms.existing(settings, name)
    except UserError as problem:
        raise WrongField(TEMPLATE, problem.message) from problem
