"""
The guide on the page: things to try, stories to watch, and progress.

The starter of the sandbox provides its content.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.sandbox.workspace.records import Json

Action = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """
    A button that runs `act`, or types a line (`types`) for the person.

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
    """A story to play: `name` for the API, `title` for people, and its number of steps."""

    name: str
    title: str
    steps: int


async def no_progress() -> Json:
    return {}


@dataclass(frozen=True, slots=True)
class Guide:
    """
    The content of the guide.

    `play(name, speed)` plays a story in the background; speed 0: at once. `now` returns the progress: `steps`
    (`[{"text", "done"}]`) and `doing` (`[{"label", "until", "failed"}]`, where `until` is Unix seconds or None).
    """

    title: str
    words: str
    groups: Sequence[Group] = ()
    plays: Sequence[Play] = ()
    play: Callable[[str, float], Awaitable[None]] | None = None
    now: Callable[[], Awaitable[Json]] = no_progress

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
