"""
Fields of an alert in the body of a sender that an operator describes.

A field is read by JSON pointers (RFC 6901) alone: nothing of it is executed.
"""

import re
from collections.abc import Mapping
from dataclasses import field

from bot.domain.errors import UserError, did_you_mean
from bot.lazy_dataclass import dataclass

WHOLE_BODY = "#"
"""Before a pointer: it begins at the whole body, and not at the item that holds the alert."""
POINTER_EXAMPLE = 'Write it like "/data/title".'
LONGEST_TEXT = 1_000
"""Characters of a pointer or a text with pointers."""
MOST_ALTERNATIVES = 10
KEYS = ("from", "values", "default")
IGNORED = "ignore"
"""Status of a message that changes nothing, such as a note."""
_INDEX = re.compile(r"0|[1-9]\d{0,8}", re.ASCII)
_PART = re.compile(r"\{([^{}]*)\}")


class AdapterSyntax(UserError):
    """A pointer or field that cannot be used."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """A JSON pointer. `keys` are unescaped; `is_from_body`: see WHOLE_BODY."""

    keys: tuple[str, ...]
    is_from_body: bool = False

    def find(self, document: object) -> object:
        """The value at the pointer; None if there is none. A null counts as absent."""
        for key in self.keys:
            if isinstance(document, dict):
                document = document.get(key)
            elif isinstance(document, list) and _INDEX.fullmatch(key) and int(key) < len(document):
                document = document[int(key)]
            else:
                return None
        return document

    @property
    def path(self) -> str:
        """The pointer without WHOLE_BODY, escaped."""
        return "".join(f"/{key.replace('~', '~0').replace('/', '~1')}" for key in self.keys)

    def __str__(self) -> str:
        return f"{WHOLE_BODY if self.is_from_body else ''}{self.path}"


def parse_pointer(text: str) -> Pointer:
    """Read `/data/0/title`, `#/host`, or an empty text for the whole. Raises AdapterSyntax."""
    path = text.removeprefix(WHOLE_BODY)
    if len(text) > LONGEST_TEXT:
        raise AdapterSyntax(f"A pointer has up to {LONGEST_TEXT} characters.")
    if path and not path.startswith("/"):
        raise AdapterSyntax(f"{text!r} is not a JSON pointer: it has to begin with /. {POINTER_EXAMPLE}")
    if re.search(r"~(?![01])", path):
        raise AdapterSyntax(f"{text!r} is not a JSON pointer: write ~0 for ~, and ~1 for / in a key.")
    keys = (key.replace("~1", "/").replace("~0", "~") for key in path.split("/")[1:])
    return Pointer(tuple(keys), path != text)


Template = tuple[str | Pointer, ...]
"""Fixed texts and pointers, joined to one text."""


def parse_template(text: str) -> Template:
    """
    Read a pointer, or a text with pointers in braces: `{/host}: {/check}`.

    Raises AdapterSyntax.
    """
    if not _PART.search(text):
        return (_parse_path(text),)
    if len(text) > LONGEST_TEXT:
        raise AdapterSyntax(f"A text with pointers has up to {LONGEST_TEXT} characters.")
    parts = _PART.split(text)
    if any(letter in fixed for fixed in parts[::2] for letter in "{}"):
        raise AdapterSyntax(f"{text!r} has a single brace. Each pointer stands in a pair: {{/host}}: {{/check}}.")
    return tuple(_parse_path(each) if number % 2 else each for number, each in enumerate(parts) if each or number % 2)


def _parse_path(text: str) -> Pointer:
    """A pointer to a field: the whole body is none."""
    pointer = parse_pointer(text)
    if not pointer.keys:
        raise AdapterSyntax(f"The pointer is empty. {POINTER_EXAMPLE}")
    return pointer


@dataclass(frozen=True, slots=True)
class FieldRule:
    """
    One field of an alert.

    It is the first of `alternatives` whose pointers all find something, else `default`. `values` maps the sender's
    words, casefolded, to ours. Other words stay as they are.
    """

    alternatives: tuple[Template, ...]
    values: Mapping[str, str] = field(default_factory=dict)
    default: str | None = None

    def __str__(self) -> str:
        places = [_write_template(each) for each in self.alternatives]
        choice = " or ".join([*places, *([f"the text {self.default}"] if self.default is not None else [])])
        words = ", ".join(f"{word} = {result}" for word, result in self.values.items())
        return f"{choice} ({words})" if words else choice


def _write_template(template: Template) -> str:
    if len(template) == 1:
        return str(template[0])
    return "".join(f"{{{part}}}" if isinstance(part, Pointer) else part for part in template)


def parse_field(value: object) -> FieldRule:
    """
    Read a field as the file has it: a pointer or text, a list of alternatives, or a table.

    The keys of the table are `from`, `values` and `default`. Raises AdapterSyntax.
    """
    if not isinstance(value, dict):
        return FieldRule(_parse_alternatives(value))
    for key in value:
        if key not in KEYS:
            raise AdapterSyntax(f"There is no such key: {key}.{did_you_mean(key, KEYS)} Valid keys: {', '.join(KEYS)}.")
    default = value.get("default")
    if default is not None and not (isinstance(default, str) and default.strip()):
        raise AdapterSyntax("`default` must be a text.")
    if "from" not in value and default is None:
        raise AdapterSyntax("`from` is missing: the pointer to the field, or a list of pointers.")
    alternatives = _parse_alternatives(value["from"]) if "from" in value else ()
    return FieldRule(alternatives, _parse_values(value.get("values", {})), default)


def _parse_alternatives(value: object) -> tuple[Template, ...]:
    given = value if isinstance(value, list) else [value]
    if not 0 < len(given) <= MOST_ALTERNATIVES:
        raise AdapterSyntax(f"Give 1 to {MOST_ALTERNATIVES} pointers.")
    texts = [each for each in given if isinstance(each, str)]
    if len(texts) != len(given):
        raise AdapterSyntax(f"A field is a pointer in quotation marks, a list, or a table. {POINTER_EXAMPLE}")
    return tuple(parse_template(each) for each in texts)


def _parse_values(value: object) -> Mapping[str, str]:
    if not isinstance(value, dict) or not all(isinstance(each, str) and each.strip() for each in value.values()):
        raise AdapterSyntax('`values` must be a table of texts, like { DOWN = "firing", UP = "resolved" }.')
    words = {normalize_word(key): each for key, each in value.items()}
    if len(words) != len(value):
        raise AdapterSyntax("Two words of `values` differ in case only, and case is ignored. Keep one of them.")
    return words


def normalize_word(text: str) -> str:
    """The form in which words of `values` are compared."""
    return " ".join(text.split()).casefold()
