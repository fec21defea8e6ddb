"""
What somebody who sees the page for the first time is offered: things to try, stories to watch, and how far they are.

The sandbox shows it; whoever starts the sandbox says what stands in it.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.sandbox.workspace.records import Json

Action = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """
    One button. It does something here (`act`), or types a line (`types`) for the person who looks.

    `about` says in a few words what it shows.
    """

    label: str
    about: str
    act: Action | None = None
    types: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    heading: str
    suggestions: Sequence[Suggestion]


@dataclass(frozen=True, slots=True)
class Play:
    """A story that can be played: `name` for the machine, `title` for people, and how many steps it has."""

    name: str
    title: str
    steps: int


async def nothing() -> Json:
    return {}


@dataclass(frozen=True, slots=True)
class Guide:
    """
    `play(name, speed)` plays a story in the background; a speed of 0 is: at once.

    `now` says how things stand: `steps` (`[{"text", "done"}]`) and `doing` (`[{"label", "until", "failed"}]`, where
    `until` is Unix seconds or None).
    """

    title: str
    words: str
    groups: Sequence[Group] = ()
    plays: Sequence[Play] = ()
    play: Callable[[str, float], Awaitable[None]] | None = None
    now: Callable[[], Awaitable[Json]] = nothing

    @property
    def suggestions(self) -> list[Suggestion]:
        return [each for group in self.groups for each in group.suggestions]

    def as_json(self) -> Json:
        return {
            "title": self.title,
            "words": self.words,
            "groups": [
                {
                    "heading": group.heading,
                    "suggestions": [
                        {"label": each.label, "about": each.about, "types": each.types} for each in group.suggestions
                    ],
                }
                for group in self.groups
            ],
            "plays": [{"name": play.name, "title": play.title, "steps": play.steps} for play in self.plays],
        }
