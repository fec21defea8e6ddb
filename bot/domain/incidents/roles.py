"""Roles in an incident, with the briefing that each new holder gets."""

from bot.lazy_dataclass import dataclass

LEAD, COMMUNICATIONS, SCRIBE = "lead", "communications", "scribe"


@dataclass(frozen=True, slots=True)
class Role:
    """
    A role. `name` is its key in the record, `label` its name for people.

    `words` are further names that may be typed. `briefing` says what to do in it.
    """

    name: str
    label: str
    words: tuple[str, ...] = ()
    briefing: str = ""


DEFAULT_ROLES = (
    Role(
        LEAD,
        "Lead",
        ("ic", "commander", "incident-commander"),
        "You make the decisions and coordinate the work. Say what happens next and who does it, keep severity and "
        "status correct, escalate early (`/incident escalate`), and hand over before you are tired "
        "(`/incident handover`).",
    ),
    Role(
        COMMUNICATIONS,
        "Communications lead",
        ("comms", "communication"),
        "You inform everybody outside the channel: customers, support, management. Describe the impact, the response "
        "and the time of the next update. Record each with `/incident update`.",
    ),
    Role(
        SCRIBE,
        "Scribe",
        ("notes",),
        "You keep the record. React to messages to put them on the timeline (`/incident help "
        "reactions`), add notes on calls and other channels (`/incident note`), and ask when something is unclear.",
    ),
)
"""Roles without any configuration, in display order."""


def role_from_name(name: str) -> Role:
    """A role that is not configured (any more)."""
    return Role(name, name.replace("-", " ").replace("_", " ").capitalize())


def is_default_role(name: str, label: str) -> bool:
    """True if the role has its default label: documents translate it."""
    return any((role.name, role.label) == (name, label) for role in DEFAULT_ROLES)


def role_aliases(roles: tuple[Role, ...]) -> dict[str, str]:
    """Role names by everything that may be typed for them, casefolded."""
    return {word.strip().casefold(): role.name for role in roles for word in (role.name, role.label, *role.words)}
