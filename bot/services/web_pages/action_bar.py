"""Values of the forms on an incident's page: people, and what is set now."""

import hashlib
import re
from collections.abc import Mapping, Sequence

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.terms import Kind, Owner, Severity
from bot.domain.text.mentions import resolve_mentions
from bot.lazy_dataclass import dataclass
from bot.services.incidents.roles import list_role_holders
from bot.services.workspace.people import MENTION
from bot.services.workspace.user_groups import UserGroup
from bot.store.escalation import escalations
from bot.store.incidents import timeline
from bot.store.incidents.incidents import Incident
from bot.store.shared import idempotency, people

MAX_PEOPLE = 1_000
"""People whom a form offers; others can be named all the same."""
SELF_WORDS = frozenset({"me", "myself"})
NOBODY = "nobody"
USER_ID = re.compile(r"[UW][A-Z0-9]{4,20}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ActionBar:
    """
    Values that the forms need beside the record.

    `people`: what can be entered for a person, and the name. `present`: what is set now, by the command that changes
    it. `waiting`: refs of the escalations without a response. `answer`: that to the form that was sent before.
    """

    is_open: bool
    people: Sequence[tuple[str, str]]
    present: Mapping[str, str]
    waiting: Sequence[str] = ()
    answer: str | None = None


def load_action_bar(session: Session, settings: Settings, incident: Incident, answer_key: str | None) -> ActionBar:
    return ActionBar(
        incident.is_open,
        load_people(session, incident.team_id),
        load_present_values(session, settings, incident),
        [f"escalation-{each.key}" for each in escalations.find_unanswered(session, incident.key)]
        if incident.is_open
        else [],
        load_answer(session, incident.team_id, answer_key) if answer_key else None,
    )


def load_people(session: Session, team_id: str) -> list[tuple[str, str]]:
    return [(f"@{each.handle or each.name}", each.name) for each in people.find_members(session, team_id, MAX_PEOPLE)]


def load_present_values(session: Session, settings: Settings, incident: Incident) -> dict[str, str]:
    """In words, with names in place of user ids."""
    cause = timeline.find_last_statement(session, incident.key, Kind.CAUSE)
    holders = [each for each in list_role_holders(session, settings, incident) if each.user_id]
    texts = [incident.title, cause.text if cause else ""]
    ids = [*MENTION.findall(" ".join(texts)), *(each.user_id for each in holders if each.user_id)]
    names = people.find_names(session, incident.team_id, [*ids, *([incident.lead] if incident.lead else [])])
    details = {
        "title": resolve_mentions(incident.title, names),
        "services": ", ".join(incident.services),
        "reference": incident.outside_reference,
        "grade": incident.public_grade,
        "category": incident.category,
        "responsibility": incident.responsibility,
        "time zone": incident.zone,
        "languages": ", ".join(incident.languages),
        "template": incident.template,
    }
    return {
        "severity": settings.severity_label(Severity(incident.severity)),
        "status": settings.status_label(incident.status),
        "lead": names.get(incident.lead, incident.lead) if incident.lead else NOBODY,
        "role": ", ".join(f"{each.role.label}: {names.get(each.user_id or '', '')}" for each in holders) or NOBODY,
        "edit": " · ".join(f"{name}: {value}" for name, value in details.items() if value),
        "cause": resolve_mentions(cause.text, names) if cause else "",
    }


def value_version(value: str) -> str:
    """Identifies a present value in a form, to notice a change by others."""
    return hashlib.sha256(value.encode(errors="replace")).hexdigest()[:16]


def load_answer(session: Session, team_id: str, key: str) -> str | None:
    """The answer to a form, with names; None if there is none, or no longer."""
    kept = idempotency.find_answer(session, key)
    if kept is None:
        return None
    text = str(kept.get("text", ""))
    return resolve_mentions(text, people.find_names(session, team_id, MENTION.findall(text)))


def find_named_person(session: Session, team_id: str, word: str, *, own_id: str) -> str:
    """
    The id of the person named by handle, name or id; `me` is `own_id`.

    Raises UserError if nobody has it, or several people do.
    """
    wanted = word.strip().removeprefix("@")
    if wanted.casefold() in SELF_WORDS:
        wanted = own_id
    if USER_ID.fullmatch(wanted):
        return wanted
    found = people.find_by_handle(session, team_id, wanted)
    if found is None:
        raise UserError(
            f"Nobody is known as {word}, or several people are. Choose a person from the list, or enter the "
            "user id from the person's Slack profile."
        )
    return found.user_id


def find_named_owner(session: Session, team_id: str, word: str, groups: Sequence[UserGroup], *, own_id: str) -> Owner:
    """
    The user group or person named by handle or id; `me` is `own_id`.

    People are named by their names, too.
    Raises UserError if there is none, or several people have the name.
    """
    wanted = word.strip().removeprefix("@").casefold()
    found = next((each for each in groups if wanted in {each.handle.casefold(), each.id.casefold()}), None)
    if found is not None:
        return Owner(found.id, found.handle)
    return Owner(find_named_person(session, team_id, word, own_id=own_id))
