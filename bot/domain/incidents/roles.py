"""The parts that people take in an incident, and what whoever gets one is told of it."""

from dataclasses import dataclass

LEAD, COMMUNICATIONS, SCRIBE = "lead", "communications", "scribe"


@dataclass(frozen=True, slots=True)
class Role:
    """
    A part that somebody takes. `name` is how the record knows it, `label` how people see it.

    `words` are what may be typed for it, beside its name and label. `briefing` says what to do in it.
    """

    name: str
    label: str
    words: tuple[str, ...] = ()
    briefing: str = ""


DEFAULTS = (
    Role(
        LEAD,
        "Lead",
        ("ic", "commander", "incident-commander"),
        "You decide, and see to it that others act. Say what happens next and who does it, keep severity and status "
        "right, ask for help early (`/incident escalate`), and hand over before you are tired (`/incident handover`).",
    ),
    Role(
        COMMUNICATIONS,
        "Communications lead",
        ("comms", "communication"),
        "You tell everybody outside the channel: customers, support, management. Say what people notice, what is done "
        "about it and when they hear from you again; record it with `/incident update`. Nobody else answers for the "
        "incident.",
    ),
    Role(
        SCRIBE,
        "Scribe",
        ("notes",),
        "You keep the record. React to what people write so that it is on the timeline (`/incident help` shows with "
        "what), note what is said elsewhere (`/incident note`), and ask when something stays unclear.",
    ),
)
"""What there is without any configuration, in the order in which people see it."""


def named_so(name: str) -> Role:
    """A role of which nothing is known but its name."""
    return Role(name, name.replace("-", " ").replace("_", " ").capitalize())


def is_built_in(name: str, label: str) -> bool:
    """Whether this is a role under the label that it has without any configuration: documents translate it."""
    return any((role.name, role.label) == (name, label) for role in DEFAULTS)


def all_words(roles: tuple[Role, ...]) -> dict[str, str]:
    """What people may type for each, casefolded, and the name of the role it means."""
    return {word.strip().casefold(): role.name for role in roles for word in (role.name, role.label, *role.words)}
