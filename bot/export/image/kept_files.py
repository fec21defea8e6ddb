"""Kept files in an HTML document: images as data, up to a limit, and links to the others."""

import base64
from collections.abc import Callable, Iterable
from html import escape

from bot.domain.text.normalize import DIRECTION_CONTROLS
from bot.domain.timeline.kept_files import KeptFile

MAX_EMBEDDED_BYTES = 20 * 1024 * 1024
"""Images of one document, before they are encoded. Further ones are links."""


def render_kept_files(files: Iterable[KeptFile], read: Callable[[KeptFile], bytes | None], page: str) -> str:
    """
    HTML of an incident's files.

    `read` returns a content, None if it is missing. `page` is the incident's page, to which everything is linked.
    """
    parts, room = [], MAX_EMBEDDED_BYTES
    for file in files:
        if file.media_type is None:
            continue
        image, name = "", escape(DIRECTION_CONTROLS.sub("", file.name))
        if file.media_type.is_image and file.size <= room and (content := read(file)) is not None:
            room -= len(content)
            data = base64.b64encode(content).decode()
            image = f'<img src="data:{file.media_type};base64,{data}" alt="{name}">\n'
        caption = (
            f'<a href="{escape(page)}/files/{file.key}">{name}</a> '
            f'<a class="source" href="{escape(page)}#{escape(file.entry_ref)}">{escape(file.entry_ref)}</a>'
        )
        parts.append(f"<figure>\n{image}<figcaption>{caption}</figcaption>\n</figure>\n")
    return "".join(parts)
