"""The frame of the page: title, languages, links; and the text for a reader."""

import hashlib
from collections.abc import Mapping, Sequence

from bot.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class PageFrame:
    """
    The page as the configuration describes it.

    `url` has no trailing slash; the first language is the default.

    `color` and `dark_color` are six hexadecimal digits behind `#`, None for the built-in ones.
    """

    title: str
    url: str
    languages: tuple[str, ...]
    links: tuple[tuple[str, str], ...] = ()
    color: str | None = None
    dark_color: str | None = None
    form_url: str = ""
    """Address below which the bot takes subscriptions: empty where that is the page's own."""
    takes_subscribers: bool = False
    takes_webhooks: bool = False

    @property
    def default_language(self) -> str:
        return self.languages[0]

    @property
    def page_id(self) -> str:
        return public_key("page", self.url)


def public_key(*parts: object) -> str:
    """A stable id of twelve characters, as aggregators expect."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:12]


def choose_text(texts: Mapping[str, str], language: str, order: Sequence[str]) -> tuple[str, str]:
    """The text for a reader, with its language: theirs, else the first of `order`, else any."""
    for code in (language, *order, *texts):
        if texts.get(code):
            return texts[code], code
    return "", language
