"""The state of the page as a small picture, for other pages."""

from collections.abc import Mapping
from html import escape

from bot.domain.languages import get_language
from bot.domain.status_page.components import Indicator
from bot.domain.status_page.page import PageFrame
from bot.domain.status_page.state import PublicState
from bot.export.plot.text_width import text_width

COLORS: Mapping[Indicator, str] = {
    Indicator.NONE: "#1f6f43",
    Indicator.MAINTENANCE: "#0b5cad",
    Indicator.MINOR: "#7a4b00",
    Indicator.MAJOR: "#a04a00",
    Indicator.CRITICAL: "#a3261b",
}
PADDING = 9
HEIGHT = 24
FONT_SIZE = 12


def render_badge(state: PublicState, frame: PageFrame, language: str) -> bytes:
    """Title and state side by side, as SVG that needs nothing from elsewhere."""
    label = get_language(language).words[f"page_indicator_{state.indicator}"]
    left, right = (text_width(each, FONT_SIZE) + 2 * PADDING for each in (frame.title, label))
    title, text = escape(frame.title), escape(label)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right:.0f}" height="{HEIGHT}" role="img" '
        f'aria-label="{title}: {text}"><title>{title}: {text}</title>'
        f'<rect width="{left + right:.0f}" height="{HEIGHT}" rx="4" fill="#3a4450"/>'
        f'<path d="M{left:.0f} 0h{right - 4:.0f}a4 4 0 0 1 4 4v{HEIGHT - 8}a4 4 0 0 1-4 4h-{right - 4:.0f}z" '
        f'fill="{COLORS[state.indicator]}"/>'
        f'<g fill="#fff" font-family="system-ui, Verdana, sans-serif" font-size="{FONT_SIZE}" text-anchor="middle">'
        f'<text x="{left / 2:.0f}" y="16">{title}</text><text x="{left + right / 2:.0f}" y="16">{text}</text>'
        "</g></svg>\n"
    )
    return svg.encode()
