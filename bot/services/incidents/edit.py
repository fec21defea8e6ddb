"""Edit an incident's details: title, services, reference and the like."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import ErrorCollector, InvalidField, StateError, UserError, errors_at
from bot.domain.languages import get_language
from bot.domain.terms import Kind
from bot.domain.text.normalize import is_visible
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.channel.bookmarks_and_canvas import on_reference_changed
from bot.services.escalation.start import start_configured_policy
from bot.services.incidents.declare import FIELD_LENGTH, TITLE_LENGTH, service_people, shorten_text
from bot.services.postmortem.templates import check_template
from bot.services.timeline.entries import record_entry
from bot.services.vendors.notices import suggest_vendor_incidents
from bot.services.workspace.actor import Actor
from bot.services.workspace.audit_log import audit_action
from bot.services.workspace.people import ensure_known
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident

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
GRADE = "grade"
SHOWN_IN_CHANNEL = (TITLE, SERVICES)
"""Fields that card, topic or announcement show."""


@dataclass(frozen=True, slots=True)
class IncidentEdit:
    """
    The requested changes. None leaves a field unchanged, "" clears it.

    `titles` by language code, the key "" for a title in no stated language; `service_names` too, without that key.
    `languages` are those of the documents, `grade` is the one that the public reads.
    """

    titles: Mapping[str, str] = field(default_factory=dict)
    services: tuple[str, ...] | None = None
    service_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    grade: str | None = None
    reference: str | None = None
    category: str | None = None
    responsibility: str | None = None
    zone: ZoneInfo | None = None
    languages: tuple[str, ...] | None = None
    template: str | None = None


def title_field(code: str) -> str:
    """Name of a title among the changes: `title`, `title.fr`."""
    return f"{TITLE}.{code}" if code else TITLE


def split_services(text: str) -> tuple[str, ...]:
    """Split `checkout, payments`; each name once."""
    return tuple(dict.fromkeys(each for part in text.split(",") if (each := " ".join(part.split()))))


def edit_incident(
    session: Session, settings: Settings, incident_id: int, actor: Actor, wanted: IncidentEdit
) -> tuple[Incident, Mapping[str, str]]:
    """
    Change an incident's details, whatever its status. Returns the new values by field.

    Raises UserError if nothing is given or nothing would change, and what `check_edit` raises.
    """
    incident = incidents.lock(session, incident_id)
    if wanted == IncidentEdit():
        raise UserError(
            'Name a field to change, for example `/incident edit title:"Card payments fail" category:Production`.'
        )
    values = _field_values(settings, incident, wanted)
    changes = {
        name: shown for name, (column, value, shown) in values.items() if _differs(incident, name, column, value)
    }
    if not changes:
        raise StateError("Nothing to change: that is already set.")
    services_before = tuple(incident.services)
    for name in changes:
        column, value, _ = values[name]
        setattr(incident, column, value)
    if "title" in changes:
        incident.title_fact = None
    session.add(incident)
    entry = record_entry(session, incident, [Kind.DETAILS], "", actor, changes=changes)
    ensure_known(session, incident.team_id, [], actor.at, text=" ".join(changes.values()))
    audit_action(session, actor, f"changed {', '.join(changes)}", incident=incident, entry=entry.key)
    outbox.post_event(session, incident, "details", actor.at, entry_id=entry.key, by=actor.user_id)
    if REFERENCE in changes:
        on_reference_changed(session, incident, actor.at)
    if any(name.split(".")[0] in SHOWN_IN_CHANNEL for name in changes):
        outbox.refresh_topic(session, incident, actor.at)
    outbox.refresh_card(session, incident, actor.at)
    added = [each for each in wanted.services or () if each not in services_before]
    if added and incident.is_open and not incident.is_retro:
        _call_service_people(session, settings, incident, actor, added)
    if added:
        suggest_vendor_incidents(session, settings, incident, actor.at)
    return incident, changes


def check_edit(session: Session, settings: Settings, incident_id: int, wanted: IncidentEdit) -> None:
    """Raise InvalidField or InvalidFields, for values that are not allowed."""
    _field_values(settings, incidents.get(session, incident_id), wanted)


def _call_service_people(
    session: Session, settings: Settings, incident: Incident, actor: Actor, services: Sequence[str]
) -> None:
    """Invite the people of services that were added, and start their policy."""
    users, groups = service_people(settings, incident, services)
    ensure_known(session, incident.team_id, users, actor.at)
    outbox.invite_users(session, incident, actor.at, users, groups)
    start_configured_policy(session, settings, incident, actor, services=services)


def _differs(incident: Incident, name: str, column: str, value: Any) -> bool:
    if column != "titles":
        return bool(getattr(incident, column) != value)
    code = name.partition(".")[2]
    return bool(incident.titles.get(code) != value.get(code))


def _field_values(settings: Settings, incident: Incident, wanted: IncidentEdit) -> dict[str, tuple[str, Any, str]]:
    """Given fields by name: the column, its new value, and the value as text."""
    errors = ErrorCollector()
    values: dict[str, tuple[str, Any, str]] = {}
    with errors.collect():
        titles = _merge_titles(incident, wanted.titles)
        values |= {title_field(code): ("titles", titles, titles.get(code, "")) for code in wanted.titles}
    if wanted.services is not None:
        values[SERVICES] = ("services", list(wanted.services), ", ".join(wanted.services))
    names = {**(incident.service_names or {}), **{code: list(named) for code, named in wanted.service_names.items()}}
    kept = {code: named for code, named in names.items() if named} or None
    for code, named in wanted.service_names.items():
        values[f"{SERVICES}.{code}"] = ("service_names", kept, ", ".join(named))
    for name, column, text in (
        (REFERENCE, "outside_reference", wanted.reference),
        (GRADE, "public_grade", wanted.grade),
        (CATEGORY, "category", wanted.category),
        (RESPONSIBILITY, "responsibility", wanted.responsibility),
    ):
        with errors.collect():
            if text is not None:
                plain = _check_length(name, text)
                values[name] = (column, plain or None, plain)
    if wanted.zone is not None:
        values[ZONE] = ("zone", wanted.zone.key, wanted.zone.key)
    with errors.collect():
        languages = _merge_languages(incident, wanted)
        if languages is not None:
            values[LANGUAGES] = ("languages", languages, ", ".join(languages))
    with errors.collect(), errors_at(TEMPLATE):
        if wanted.template is not None:
            template = check_template(settings, wanted.template)
            values[TEMPLATE] = ("template", template, template)
    errors.check()
    return values


def _merge_titles(incident: Incident, wanted: Mapping[str, str]) -> dict[str, str]:
    """All titles after the edit. Raises InvalidField if none would be left."""
    titles = dict(incident.titles)
    for code, text in wanted.items():
        title = " ".join(text.split()) if is_visible(text) else ""
        if title:
            titles[code] = shorten_text(title, TITLE_LENGTH)
        else:
            titles.pop(code, None)
        if not titles or (not title and not code):
            raise InvalidField(title_field(code), "An incident needs a title. Describe the problem in a few words.")
    return titles


def _check_length(name: str, text: str) -> str:
    plain = " ".join(text.split())
    if len(plain) > FIELD_LENGTH:
        raise InvalidField(name, f"The {name} has {len(plain)} characters. Use at most {FIELD_LENGTH}.")
    return plain


def _merge_languages(incident: Incident, wanted: IncidentEdit) -> list[str] | None:
    """The given languages, and each language that gets a title now. None: unchanged."""
    titled = [code for code, text in wanted.titles.items() if code and text.strip()]
    if wanted.languages is None and not titled:
        return None
    if wanted.languages is not None and not wanted.languages:
        raise InvalidField(LANGUAGES, "A document needs a language, like `en` or `fr,en`.")
    chosen: Sequence[str] = incident.languages if wanted.languages is None else wanted.languages
    with errors_at(LANGUAGES):
        return [get_language(code).code for code in dict.fromkeys([*chosen, *titled])]
