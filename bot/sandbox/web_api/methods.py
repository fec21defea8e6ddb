"""The Web API's methods: rate tier, scopes and arguments, from `methods.txt`."""

from dataclasses import dataclass
from pathlib import Path

PER_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100, 5: 300}
"""Calls per minute by tier."""


@dataclass(frozen=True)
class Argument:
    name: str
    type: str
    is_required: bool


@dataclass(frozen=True)
class Method:
    name: str
    tier: int
    scopes: tuple[str, ...]
    arguments: tuple[Argument, ...]


def _read_method(line: str) -> Method:
    name, tier, scopes, arguments, *_ = [*(part.strip() for part in line.split("|")), ""]
    return Method(
        name,
        int(tier),
        () if scopes == "-" else tuple(scopes.split()),
        tuple(_read_argument(text) for text in arguments.split()),
    )


def _read_argument(text: str) -> Argument:
    name, _, kind = text.partition(":")
    return Argument(name, kind[0], kind.endswith("*"))


TABLE = Path(__file__).with_name("methods.txt").read_text().splitlines()
METHODS = {method.name: method for method in (_read_method(line) for line in TABLE if not line.startswith("#"))}

METHOD_SCOPES = {scope for method in METHODS.values() for scope in method.scopes}
OTHER_SCOPES = (
    "app_mentions:read",
    "chat:write.customize",
    "chat:write.public",
    "commands",
    "links:read",
    "links:write",
    "metadata.message:read",
)
ALL_SCOPES = tuple(scope for scope in sorted({*METHOD_SCOPES, *OTHER_SCOPES}) if scope != "connections:write")
