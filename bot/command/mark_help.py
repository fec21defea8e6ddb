"""Legend of the reactions that put messages on the timeline."""

from collections.abc import Collection, Mapping
from types import MappingProxyType

from bot.domain.terms import MARKS, Kind
from bot.domain.timeline.emoji import CONFIRM_EMOJI, LOOKING_EMOJI, normalise_emoji

MARK_MEANINGS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.DETECTION: "how the problem was noticed",
        Kind.INVESTIGATION: "what somebody checked or saw",
        Kind.HYPOTHESIS: "a possible cause",
        Kind.MISLEADING_PATH: "a wrong track that cost time",
        Kind.RULED_OUT: "a suspected cause that was excluded",
        Kind.ESCALATION: "a request for help",
        Kind.ACTION: "a step to fix or limit the problem",
        Kind.ROLLBACK: "a change that was reverted",
        Kind.CAUSE: "the cause",
        Kind.IMPACT_BEGAN: "the moment the impact began",
        Kind.COMMUNICATION: "news to customers or the public",
        Kind.FIXED: "the moment it worked again",
        Kind.TASK: "work to do",
        Kind.IMPROVEMENT: "something to do better",
        Kind.NOTE: "anything else worth keeping",
        Kind.WENT_WELL: "something that went well",
        Kind.WENT_BADLY: "something that went badly",
        Kind.GOT_LUCKY: "where you were lucky",
    }
)
"""Meaning of each kind that a person can give."""
USED_MOST = (Kind.DETECTION, Kind.INVESTIGATION, Kind.ACTION, Kind.CAUSE, Kind.FIXED, Kind.NOTE)
"""Kinds of the short legend."""


def mark_help(reactions: Mapping[str, Kind], acknowledge_emoji: Collection[str]) -> str:
    """Explain every reaction. Both tables have names of emoji without colons."""
    lines = ["*Reactions.* React to a message to put it on the timeline, with its author and time:"]
    lines += [f"{' '.join(names)} *{kind}*: {MARK_MEANINGS[kind]}" for kind, names in _emoji_by_kind(reactions).items()]
    lines.append(
        f"I confirm with :{CONFIRM_EMOJI}:. Several reactions give several kinds. Remove the reaction to undo it."
    )
    if acknowledge_emoji:
        accepted = " or ".join(f":{name}:" for name in dict.fromkeys(map(normalise_emoji, acknowledge_emoji)))
        lines.append(f"On a page or an escalation's message: {accepted} acknowledges it.")
    if LOOKING_EMOJI not in reactions and LOOKING_EMOJI not in acknowledge_emoji:
        lines.append(
            f":{LOOKING_EMOJI}: means “I am looking”. It logs nothing. On a page it counts as activity, but does not "
            "acknowledge."
        )
    return "\n".join(lines)


def short_mark_help(reactions: Mapping[str, Kind]) -> str:
    """`:mag: investigation · :dart: cause`: the most used kinds, in one line; empty without any."""
    by_kind = _emoji_by_kind(reactions)
    shown = [kind for kind in USED_MOST if kind in by_kind] or list(by_kind)[: len(USED_MOST)]
    return " · ".join(f"{by_kind[kind][0]} {kind}" for kind in shown)


def _emoji_by_kind(reactions: Mapping[str, Kind]) -> dict[Kind, list[str]]:
    """Emoji of each kind that has one, in the order of the kinds."""
    found = {kind: [f":{name}:" for name, each in reactions.items() if each is kind] for kind in MARKS}
    return {kind: names for kind, names in found.items() if names}
