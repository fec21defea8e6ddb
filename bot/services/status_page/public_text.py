"""Words for readers outside: plain, in a language of the page, nothing internal."""

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator

from bot.config import Settings
from bot.config.sections.status_page import StatusPageSection
from bot.domain.errors import InvalidField
from bot.domain.languages import get_language

LONGEST_TEXT = 5_000
"""Characters of an update in one language."""
SLACK_MARK = re.compile(r"<[@#!][^<>]*>|https?://[\w.-]*slack\.com/\S*", re.IGNORECASE)
LINK = re.compile(r"<(?P<url>https?://[^|<>]+)(?:\|(?P<label>[^<>]*))?>")


def plain_text(text: str) -> str:
    """A typed text as readers see it: links with their address, no marks of Slack."""
    named = LINK.sub(lambda each: f"{each['label']} ({each['url']})" if each["label"] else each["url"], text)
    for escaped, plain in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        named = named.replace(escaped, plain)
    return named.strip()


def require_page_language(page: StatusPageSection, code: str) -> None:
    """Raise InvalidField (`lang`) for a language that the page is not in."""
    if code not in page.languages:
        english = get_language("en")
        listed = ", ".join(english.language_name(each) for each in page.languages)
        message = f"The status page is not in {english.language_name(code)}. Its languages: {listed}."
        raise InvalidField("lang", message)


def check_public_text(settings: Settings, field: str, code: str, text: str, names: Iterable[str] = ()) -> None:
    """Raise InvalidField (`field`) for internal words, and for a text that is too long."""
    for problem in find_internal_words(settings, text, names):
        raise InvalidField(field, problem)
    if len(text) > LONGEST_TEXT:
        name = get_language("en").language_name(code)
        raise InvalidField(field, f"The {name} text has {len(text):,} characters. Use up to {LONGEST_TEXT:,}.")


def find_internal_words(settings: Settings, text: str, names: Iterable[str] = ()) -> Iterator[str]:
    """Say what in a text is for responders only, and what to do. `names` are internal, too."""
    folded = text.casefold()
    if found := SLACK_MARK.search(text):
        yield f"`{found[0]}` is a person, channel or link of Slack. Use words that readers outside understand."
    for word in (*names, *settings.postmortem.private_words):
        if re.search(rf"(?<!\w){re.escape(word.casefold())}(?!\w)", folded):
            yield f"`{word}` is internal. Use words that readers outside understand."


def make_public_id(settings: Settings, name: str) -> str:
    """An id that tells nobody how many incidents or windows there are."""
    key = settings.secret_key.get_secret_value() if settings.secret_key else ""
    return hmac.new(key.encode(), name.encode(), hashlib.sha256).hexdigest()[:12]
