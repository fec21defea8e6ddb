"""
Texts of Slack as HTML fragments.

Lines end with a line break: the element around them needs `white-space: pre-wrap`.
"""

from collections.abc import Sequence
from html import escape

from bot.domain.text.mrkdwn.parser import Code, Fence, Span, Style, Text, parse_blocks, parse_spans

_TAGS = {Style.BOLD: "strong", Style.ITALIC: "em", Style.STRIKE: "s"}


def render_html(text: str) -> str:
    """Fences are `<pre>`, quotes `<blockquote>`; everything else is escaped."""
    rendered: list[str] = []
    kind = ""
    for block in parse_blocks(text):
        before, kind = kind, "fence" if isinstance(block, Fence) else "quote" if block.is_quote else "line"
        if before == "quote" != kind:
            rendered.append("</blockquote>")
        elif before == kind != "fence":
            rendered.append("\n")
        if isinstance(block, Fence):
            rendered.append(f"<pre><code>{escape(chr(10).join(block.lines))}</code></pre>")
            continue
        if kind == "quote" != before:
            rendered.append("<blockquote>")
        rendered.append(_render_spans(parse_spans(block.text)))
    return "".join([*rendered, "</blockquote>" if kind == "quote" else ""])


def _render_spans(spans: Sequence[Span]) -> str:
    parts = []
    for span in spans:
        match span:
            case Text(text):
                parts.append(escape(text))
            case Code(text):
                parts.append(f"<code>{escape(text)}</code>")
            case _:
                tag = _TAGS[span.style]
                parts.append(f"<{tag}>{_render_spans(span.spans)}</{tag}>")
    return "".join(parts)
