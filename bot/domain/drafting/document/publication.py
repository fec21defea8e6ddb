"""The states of a postmortem, and the text that a publication freezes."""

import hashlib
from collections.abc import Collection, Mapping
from enum import StrEnum
from types import MappingProxyType

from bot.domain.drafting.document.anchors import find_anchors, remove_anchors
from bot.domain.drafting.document.blocks import BlockId
from bot.domain.errors import StateError
from bot.lazy_dataclass import dataclass


class PostmortemState(StrEnum):
    DRAFT = "draft"
    IN_REVIEW = "in review"
    PUBLISHED = "published"
    REOPENED = "reopened"


class Step(StrEnum):
    """Steps of people, as they are typed."""

    REVIEW = "review"
    APPROVE = "approve"
    PUBLISH = "publish"
    REOPEN = "reopen"


_UNPUBLISHED = (PostmortemState.DRAFT, PostmortemState.IN_REVIEW, PostmortemState.REOPENED)
NEXT: Mapping[tuple[PostmortemState, Step], PostmortemState] = MappingProxyType(
    {
        **{(state, Step.REVIEW): PostmortemState.IN_REVIEW for state in _UNPUBLISHED},
        **{(state, Step.APPROVE): state for state in _UNPUBLISHED},
        **{(state, Step.PUBLISH): PostmortemState.PUBLISHED for state in _UNPUBLISHED},
        (PostmortemState.PUBLISHED, Step.REOPEN): PostmortemState.REOPENED,
    }
)
IS_PUBLISHED = (
    "The postmortem is published. To change it, press *Reopen* on its page or type `/incident postmortem reopen`."
)
IS_NOT_PUBLISHED = "The postmortem is not published, so it can be edited. Nothing was changed."


def next_state(state: PostmortemState, step: Step) -> PostmortemState:
    """Raises StateError for a step that the state does not permit."""
    if (state, step) not in NEXT:
        raise StateError(IS_NOT_PUBLISHED if step is Step.REOPEN else IS_PUBLISHED)
    return NEXT[state, step]


def check_editable(state: PostmortemState) -> None:
    """Raises StateError for a published postmortem."""
    if state is PostmortemState.PUBLISHED:
        raise StateError(IS_PUBLISHED)


@dataclass(frozen=True, slots=True)
class FrozenLine:
    """A line of a frozen document, with its line break. `blocks`: those whose words it may have."""

    text: str
    blocks: tuple[BlockId, ...] = ()


def split_lines(markdown: str, headings: Collection[str]) -> list[FrozenLine]:
    """
    The lines of a document that was rendered with anchors, without the anchors.

    A block's anchor is at its end, so a line without one belongs to the next block. `headings`: nobody's words.
    """
    found: list[FrozenLine] = []
    blocks: tuple[BlockId, ...] = ()
    for line in reversed(markdown.splitlines(keepends=True)):
        blocks = find_anchors(line) or blocks
        found.append(FrozenLine(remove_anchors(line), () if _is_layout(line, headings) else blocks))
    return found[::-1]


def digest_of(markdown: str) -> str:
    """SHA-256 of a document's bytes, in hexadecimal."""
    return hashlib.sha256(markdown.encode()).hexdigest()


def _is_layout(line: str, headings: Collection[str]) -> bool:
    """True for a blank line, and for a heading such as `## Timeline (UTC)`."""
    text = line.strip()
    return not text or (text.startswith("#") and text.lstrip("#").partition(" (")[0].strip() in headings)
