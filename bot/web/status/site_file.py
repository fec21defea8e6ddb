"""One file of the status page: compressed and fingerprinted once."""

import gzip
import hashlib
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from pathlib import PurePosixPath
from types import MappingProxyType

import brotli  # type: ignore[import-untyped]  # it ships no annotations
from multidict import CIMultiDict

from bot.lazy_dataclass import dataclass

CONTENT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        ".html": "text/html; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".json": "application/json; charset=utf-8",
        ".atom": "application/atom+xml; charset=utf-8",
        ".rss": "application/rss+xml; charset=utf-8",
        ".ics": "text/calendar; charset=utf-8",
        ".svg": "image/svg+xml; charset=utf-8",
        ".png": "image/png",
    }
)
UNPACKED_SUFFIXES = frozenset({".png"})
"""Files that are compressed by themselves."""
BROTLI_QUALITY = 5
"""Of 11. Higher ones save few bytes more and take many times as long, at each change and for each file."""
IDENTITY = "identity"


def _pack_brotli(body: bytes) -> bytes:
    return bytes(brotli.compress(body, mode=brotli.MODE_TEXT, quality=BROTLI_QUALITY))


def _pack_gzip(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


PACKERS: Mapping[str, Callable[[bytes], bytes]] = MappingProxyType({"br": _pack_brotli, "gzip": _pack_gzip})
"""The encodings that are made, the best first. The same bytes give the same result."""
PACKED_SUFFIXES: Mapping[str, str] = MappingProxyType({"br": ".br", "gzip": ".gz"})
"""The ends of names of compressed files on a static host, by encoding."""


@dataclass(frozen=True)
class SiteFile:
    """One file, with its strong validators: one for each encoding."""

    name: str
    body: bytes

    @property
    def content_type(self) -> str:
        return CONTENT_TYPES[PurePosixPath(self.name).suffix]

    @cached_property
    def etag(self) -> str:
        return hashlib.sha256(self.body).hexdigest()[:20]

    @cached_property
    def packed(self) -> Mapping[str, bytes]:
        """The body by encoding, without those that make it no smaller."""
        if PurePosixPath(self.name).suffix in UNPACKED_SUFFIXES:
            return {}
        found = {encoding: pack(self.body) for encoding, pack in PACKERS.items()}
        return {encoding: body for encoding, body in found.items() if len(body) < len(self.body)}

    @cached_property
    def headers(self) -> dict[tuple[str, bool], CIMultiDict[str]]:
        """
        Headers that the server prepared.

        By encoding, and by whether the file depends on the language.
        """
        return {}


@lru_cache(maxsize=256)
def rank_encodings(accepted: str) -> tuple[str, ...]:
    """
    The encodings to look for, the best first.

    The last one is `identity`, which every file has. `accepted`: the client's `Accept-Encoding`. What it wants alike is
    in the order of `PACKERS`.
    """
    weights: dict[str, float] = {}
    for part in accepted.casefold().split(","):
        name, _, parameter = (each.strip() for each in part.partition(";"))
        try:
            weights[name] = float(parameter.removeprefix("q=").strip()) if parameter else 1.0
        except ValueError:
            continue
    others = weights.get("*", 0.0)
    wanted = {each: weights.get(each, others) for each in PACKERS}
    plain = weights.get(IDENTITY, others)
    taken = [each for each, weight in wanted.items() if weight > 0 and weight >= plain]
    return (*sorted(taken, key=lambda each: -wanted[each]), IDENTITY)
