"""The model of a public postmortem: documents by language, and reasons against publishing."""

from collections.abc import Mapping
from dataclasses import field

from bot.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class PublicPolicy:
    """
    The rules of one workspace about what may leave.

    A text with one of `private_words` is refused. Links to `hosts`, and hosts below them, stay. `aliases` are names and
    handles by user id, beside those of the record; `channels` are names of channels without `#`.
    """

    private_words: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """
    A reason against publishing.

    `place` names the row (`cause (entry-12)`); it is empty for the incident. `reason` is a sentence without its place:
    "has the private word “Falcon”".
    """

    place: str
    reason: str

    def in_english(self) -> str:
        text = f"{self.place} {self.reason}".strip()
        return f"{text[:1].upper()}{text[1:]}"


@dataclass(frozen=True, slots=True)
class PublicFact:
    """A label with its value: the length of the impact, a time of the response."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class PublicUpdate:
    """
    A status update. `time` is empty if unknown.

    `text` is empty if the update was not published in the document's language; then `elsewhere` names its languages.
    """

    state: str
    time: str
    text: str
    elsewhere: str = ""


@dataclass(frozen=True, slots=True)
class PublicDocument:
    """
    One language.

    Texts are plain, without formatting; a statement that nobody recorded is empty. `refs` are those of the sources of
    all texts.
    """

    language: str
    title: str
    zone: str
    words: Mapping[str, str]
    facts: tuple[PublicFact, ...]
    impact: str
    cause: str
    resolution: str
    updates: tuple[PublicUpdate, ...]
    refs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PublicPostmortem:
    """All documents, and the reasons against publishing. With one of these, nothing may leave."""

    reference: str
    documents: tuple[PublicDocument, ...]
    refusals: tuple[Refusal, ...]
