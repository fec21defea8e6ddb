"""The picture of an incident as a PNG, for places that show no SVG."""

from bot.domain.record.model import Record
from bot.export.image.svg_image import SvgImage
from bot.export.plot.drawing import WIDE, draw_plot
from bot.export.plot.figure import build_plot, describe_plot, write_caption
from bot.export.plot.period import find_period
from bot.export.plot.text_width import fit_text, plain_label, text_width
from bot.export.plot.words import PlotWords
from bot.lazy_dataclass import dataclass

MARGIN = 14.0
TITLE_SIZE, CAPTION_SIZE = 15.0, 10.5
TITLE_HEIGHT, CAPTION_GAP, CAPTION_LINE = 28.0, 10.0, 15.0
MAX_ALT_TEXT = 1000
"""Characters, of Slack."""


@dataclass(frozen=True, slots=True)
class PlotImage:
    """A PNG on a light background. `alt_text` says the same in words."""

    content: bytes
    alt_text: str


def render_plot_image(record: Record, language: str = "en", font_file: str | None = None) -> PlotImage:
    """The wide drawing of `plot.figure`, between the incident's title and the key."""
    words = PlotWords(record, find_period(record), language)
    plot = build_plot(words)
    drawn = draw_plot(plot, words, WIDE, "plot", "")
    _, _, width, height = map(float, drawn.get("viewBox", "").split())
    caption = _wrap_text(write_caption(plot, words), CAPTION_SIZE, width)
    bottom = TITLE_HEIGHT + height + CAPTION_GAP
    image = SvgImage(width, bottom + CAPTION_LINE * len(caption), MARGIN, font_file)
    title = f"{record.incident.reference}: {words.resolve_mentions(record.incident.title)}"
    image.text(fit_text(plain_label(title), TITLE_SIZE, width), 0, TITLE_SIZE, TITLE_SIZE)
    image.draw(drawn, TITLE_HEIGHT)
    for number, line in enumerate(caption):
        image.text(line, 0, bottom + CAPTION_LINE * number + CAPTION_SIZE, CAPTION_SIZE, "quiet")
    return PlotImage(image.to_png(), _cut(f"{title}. {describe_plot(plot)}"))


def _wrap_text(text: str, size: float, room: float) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _cut(text: str) -> str:
    return text if len(text) <= MAX_ALT_TEXT else text[: MAX_ALT_TEXT - 1].rstrip() + "…"
