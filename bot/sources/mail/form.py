"""
Texts of a form, as `application/x-www-form-urlencoded` or `multipart/form-data`.

Files are passed over without a copy: only texts are read, each up to a limit.
"""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl

from bot.domain.text.normalize import find_charset, make_storable
from bot.sources.authentication import encode_header, get_header
from bot.sources.json_reader import Malformed
from bot.sources.request import AlertRequest

MAX_PARTS = 500
"""Parts and fields of one form."""
MAX_HEAD = 4_096
"""Bytes of the headers of one part."""
MAX_TEXT_BYTES = 512 * 1024
"""Bytes of one text that are read; the rest of it is left out."""
_BOUNDARY = re.compile(r'boundary="?([^";\s]{1,70})"?', re.IGNORECASE)
_NAME = re.compile(r'[;\s]name="([^"]{1,200})"')
_FILE = re.compile(r"[;\s]filename\*?=", re.IGNORECASE)
_CHARSET = re.compile(r'^content-type:[^\n]*charset="?([\w.:-]{1,40})', re.IGNORECASE | re.MULTILINE)


def read_form(request: AlertRequest) -> dict[str, str]:
    """
    The texts by the names of their fields. Raises Malformed.

    Of several with one name, the first. A request without headers, as in previews, is read by its beginning. Characters
    that no database stores are replaced.
    """
    boundary = _find_boundary(request.headers, request.body)
    fields: dict[str, str] = {}
    for name, text in _iter_urlencoded(request.body) if boundary is None else _iter_parts(request.body, boundary):
        fields.setdefault(make_storable(name), make_storable(text))
    if not fields:
        raise Malformed("", "The body is not a form. Send the fields of a mail as multipart/form-data or urlencoded.")
    return fields


def _find_boundary(headers: Mapping[str, str], body: bytes) -> bytes | None:
    """None for a form that is not multipart."""
    content_type = get_header(headers, "Content-Type") or ""
    if content_type.casefold().startswith("multipart/form-data"):
        found = _BOUNDARY.search(content_type)
        if found is None:
            raise Malformed("", "The Content-Type has no boundary. Send the form as multipart/form-data with one.")
        return encode_header(found[1])
    first = body[:80].partition(b"\n")[0].rstrip(b"\r")
    return first[2:] if first.startswith(b"--") and len(first) > 2 else None


def _iter_urlencoded(body: bytes) -> Iterator[tuple[str, str]]:
    try:
        yield from parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, errors="replace", max_num_fields=MAX_PARTS
        )
    except ValueError:
        raise Malformed("", f"The form has more than {MAX_PARTS} fields. Send fewer.") from None


def _iter_parts(body: bytes, boundary: bytes) -> Iterator[tuple[str, str]]:
    """Name and text of each part that is no file."""
    delimiter = b"--" + boundary
    start, parts = body.find(delimiter), 0
    while start >= 0:
        start += len(delimiter)
        end = body.find(b"\n" + delimiter, start)
        if body.startswith(b"--", start) or end < 0:
            return
        parts += 1
        if parts > MAX_PARTS:
            raise Malformed("", f"The form has more than {MAX_PARTS} parts. Send fewer.")
        if (part := _read_part(body, start, end)) is not None:
            yield part
        start = end + 1


def _read_part(body: bytes, start: int, end: int) -> tuple[str, str] | None:
    """None for a file, and for a part without a name."""
    head_end, gap = _find_head_end(body, start, min(end, start + MAX_HEAD))
    if head_end < 0:
        return None
    head = body[start:head_end].decode("utf-8", "replace")
    name = _NAME.search(head)
    if name is None or _FILE.search(head):
        return None
    content = body[head_end + gap : min(end, head_end + gap + MAX_TEXT_BYTES)]
    charset = _CHARSET.search(head)
    return name[1], decode_text(content.removesuffix(b"\r"), charset[1] if charset else None)


def _find_head_end(body: bytes, start: int, end: int) -> tuple[int, int]:
    """The end of a part's headers, or -1, and the length of the empty line."""
    for gap in (b"\r\n\r\n", b"\n\n"):
        if (found := body.find(gap, start, end)) >= 0:
            return found, len(gap)
    return -1, 0


def decode_text(content: bytes, charset: str | None) -> str:
    """
    Decode as the sender says, else as UTF-8.

    Letters that cannot be read are replaced: half a text is better than none.
    """
    try:
        return content.decode(find_charset(charset or "") or "utf-8", "replace")
    except (LookupError, UnicodeError, ValueError):
        return content.decode("utf-8", "replace")
