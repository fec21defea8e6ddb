"""Which reaction gives a message which mark: the default table, and one name for each emoji."""

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
"""What the bot answers a mark with. It is in no table, so that its own reaction never becomes a mark."""

# Some pictures have two names and Slack sends the one that was picked. Only names of the same picture stand here:
# heavy_check_mark looks like white_check_mark and is another emoji, which somebody may want for another kind.
ALIASES: Mapping[str, str] = MappingProxyType(
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
    """The one name of an emoji: `:hand::skin-tone-3:` and `hand` are the same, so are `collision` and `boom`."""
    bare = _SKIN_TONE.sub("", name.strip().strip(":").casefold())
    return ALIASES.get(bare, bare)


def emoji_with_tone(name: str) -> str:
    """The same, with its tone: one person may put an emoji in two tones, and takes them away one by one."""
    tone = _SKIN_TONE.search(name.strip().strip(":").casefold())
    return normalise_emoji(name) + (tone[0] if tone else "")
