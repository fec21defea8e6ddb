"""Reactions that mark messages: the default table, and one name for each emoji."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from bot.domain.terms import Kind

DEFAULT_REACTIONS: Mapping[str, Kind] = MappingProxyType(
    {
        "rotating_light": Kind.DETECTION,
        "mag": Kind.INVESTIGATION,
        "thinking_face": Kind.HYPOTHESIS,
        "fish": Kind.MISLEADING_PATH,
        "x": Kind.RULED_OUT,
        "mega": Kind.ESCALATION,
        "hammer_and_wrench": Kind.ACTION,
        "rewind": Kind.ROLLBACK,
        "dart": Kind.CAUSE,
        "boom": Kind.IMPACT_BEGAN,
        "loudspeaker": Kind.COMMUNICATION,
        "white_check_mark": Kind.FIXED,
        "memo": Kind.TASK,
        "bulb": Kind.IMPROVEMENT,
        "pushpin": Kind.NOTE,
    }
)

CONFIRM_EMOJI = "writing_hand"
"""The bot's reaction that confirms a mark. It is in no table, so it never becomes a mark."""

LOOKING_EMOJI = "eyes"
"""
"I am looking": it says something about the person, not the message, so it logs nothing unless the table names it.

On an escalation's message or a page it counts as activity, not as an acknowledgement.
"""

# Some pictures have two names and Slack sends the one that was picked. Only names of the same picture stand here:
# heavy_check_mark looks like white_check_mark and is another emoji, which somebody may want for another kind.
EMOJI_ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "collision": "boom",
        "pencil": "memo",
        "thinking": "thinking_face",
        "thumbsup": "+1",
        "thumbsdown": "-1",
        "raised_hand": "hand",
        "telephone": "phone",
        "envelope": "email",
        "heavy_exclamation_mark": "exclamation",
    }
)

_SKIN_TONE = re.compile(r"::skin-tone-[2-6]$")


def normalise_emoji(name: str) -> str:
    """Canonical name of an emoji, without skin tone: `:hand::skin-tone-3:` is `hand`."""
    bare = _SKIN_TONE.sub("", name.strip().strip(":").casefold())
    return EMOJI_ALIASES.get(bare, bare)


def emoji_with_tone(name: str) -> str:
    """
    Canonical name with skin tone.

    A person may add an emoji in two tones, and removes each by itself.
    """
    tone = _SKIN_TONE.search(name.strip().strip(":").casefold())
    return normalise_emoji(name) + (tone[0] if tone else "")
