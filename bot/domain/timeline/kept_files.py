"""Files of marked messages, graphs of alerts: the types that are kept, by content alone."""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from bot.domain.record.model import Entry
from bot.domain.text.payload import Payload
from bot.lazy_dataclass import dataclass


class MediaType(StrEnum):
    """The types that are kept, as HTTP names them."""

    PNG = "image/png"
    JPEG = "image/jpeg"
    GIF = "image/gif"
    WEBP = "image/webp"
    PDF = "application/pdf"
    TEXT = "text/plain"

    @property
    def is_image(self) -> bool:
        return self.value.startswith("image/")


class FileRefusal(StrEnum):
    """Reasons why a file was not kept."""

    TYPE = "type"
    SIZE = "size"
    COUNT = "count"
    ELSEWHERE = "elsewhere"
    UNAVAILABLE = "unavailable"
    HOST = "host"
    FETCH = "fetch"
    NO_IMAGE = "no image"
    GRAPH_COUNT = "graph count"


REFUSAL_TEXTS = {
    FileRefusal.TYPE: "not kept: only PNG, JPEG, GIF, WebP, PDF and plain text are",
    FileRefusal.SIZE: "not kept: larger than [files] max_megabytes",
    FileRefusal.COUNT: "not kept: the incident has as many files as [files] max_count",
    FileRefusal.ELSEWHERE: "not kept: it is stored outside Slack",
    FileRefusal.UNAVAILABLE: "not kept: Slack no longer has it",
    FileRefusal.HOST: "not kept: its host is not in [alerts.keep_images] hosts",
    FileRefusal.FETCH: "not kept: it could not be fetched. The log has the reason",
    FileRefusal.NO_IMAGE: "not kept: the answer was not a PNG, JPEG, GIF or WebP image",
    FileRefusal.GRAPH_COUNT: "not kept: the incident has as many graphs as [alerts.keep_images] max_count",
}


@dataclass(frozen=True, slots=True)
class KeptFile:
    """
    A file of a timeline entry.

    `media_type` None: it was not kept, for the reason `refusal`. `digest` is the SHA-256 of the content, and its name
    in the folder. `size` is in bytes. `is_from_alert`: an alert links to it.
    """

    key: int
    entry_ref: str
    name: str
    size: int
    digest: str = ""
    media_type: MediaType | None = None
    refusal: FileRefusal | None = None
    is_from_alert: bool = False


@dataclass(frozen=True, slots=True)
class EntryPayload(Payload):
    """The entry whose alerts' graphs are kept or deleted."""

    entry_id: int


def files_by_entry(entries: Iterable[Entry], files: Iterable[KeptFile]) -> Mapping[str, Sequence[KeptFile]]:
    """Files by the ref of the entry that shows them: their own, or the one that took it in."""
    into = {each.source.ref: each.merged_into for each in entries if each.merged_into}
    found: dict[str, list[KeptFile]] = {}
    for each in files:
        ref = each.entry_ref
        while ref in into:
            ref = into.pop(ref) or ref
        found.setdefault(ref, []).append(each)
    return found


PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
GIF_SIGNATURES = (b"GIF87a", b"GIF89a")
PDF_SIGNATURE = b"%PDF-"
PDF_END_WITHIN = 1024
"""Bytes before the end of a PDF file within which its end mark is."""
MARKUP = re.compile(r"\s*<[!?a-zA-Z]")
"""Beginning of HTML, SVG and other XML, which a browser may run."""
CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
"""Characters that no text has. ESC is none of them: logs have colours."""


def detect_media_type(content: bytes) -> MediaType | None:
    """
    Return the type of a file by its content; None for one that is not kept.

    Name and declared type do not count. A picture or PDF has to be complete: the beginning alone proves nothing.
    """
    for media_type, is_of_type in _BINARY_TYPES:
        if is_of_type(content):
            return media_type
    return MediaType.TEXT if _is_text(content) else None


def _is_png(content: bytes) -> bool:
    """Follow the chunks to the last one (PNG specification, section 5.3)."""
    if not content.startswith(PNG_SIGNATURE) or content[12:16] != b"IHDR":
        return False
    place = len(PNG_SIGNATURE)
    while place + 12 <= len(content):
        kind = content[place + 4 : place + 8]
        place += 12 + int.from_bytes(content[place : place + 4], "big")
        if kind == b"IEND":
            return place <= len(content)
    return False


def _is_jpeg(content: bytes) -> bool:
    return content.startswith(b"\xff\xd8\xff") and b"\xff\xd9" in content[3:]


def _is_gif(content: bytes) -> bool:
    return content.startswith(GIF_SIGNATURES) and content.rstrip(b"\0").endswith(b"\x3b")


def _is_webp(content: bytes) -> bool:
    size = int.from_bytes(content[4:8], "little")
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP" and 4 < size <= len(content) - 8


def _is_pdf(content: bytes) -> bool:
    return content.startswith(PDF_SIGNATURE) and b"%%EOF" in content[-PDF_END_WITHIN:]


_BINARY_TYPES = (
    (MediaType.PNG, _is_png),
    (MediaType.JPEG, _is_jpeg),
    (MediaType.GIF, _is_gif),
    (MediaType.WEBP, _is_webp),
    (MediaType.PDF, _is_pdf),
)


def _is_text(content: bytes) -> bool:
    if content.startswith((*GIF_SIGNATURES, PDF_SIGNATURE)):
        return False
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return bool(text) and CONTROL.search(text) is None and MARKUP.match(text) is None
