"""The picture of an incident as HTML: a drawing at two widths, its key, and a table."""

from itertools import chain
from xml.etree.ElementTree import Element, SubElement, tostring

from bot.domain.record.model import Record
from bot.domain.terms import Precision
from bot.export.plot.alert_rows import alert_rows, escalation_rows
from bot.export.plot.drawing import NARROW, WIDE, draw_plot
from bot.export.plot.model import Plot, Row
from bot.export.plot.period import find_period
from bot.export.plot.row_drawing import COLUMN_SIGNS, find_columns
from bot.export.plot.rows import entry_rows, lead_rows, milestones, phase_rows
from bot.export.plot.text_width import plain_label
from bot.export.plot.words import PlotWords

COLUMN_WORDS = {"before": "plot_before", "after": "plot_after", "unknown": "plot_no_time"}
TEXT_LIMIT = 600
"""Characters of a row's words."""


def render_plot(record: Record, language: str = "en") -> str:
    """
    Draw a record as a `figure` element, for a page with the style of `plot.style`.

    Everything in it comes from the record. The picture shows no text of an entry, and neither withdrawn nor redacted
    entries. Its words are in the table below it, too.
    """
    words = PlotWords(record, find_period(record), language)
    plot = build_plot(words)
    key = f"plot-{plain_label(language)}"
    figure = Element("figure", {"class": "plot"})
    description = f"{describe_plot(plot)} {words.word('plot_described')}"
    for width in (WIDE, NARROW):
        drawn = draw_plot(plot, words, width, key, description)
        drawn.set("class", f"plot-{width.name}")
        figure.append(drawn)
    SubElement(figure, "figcaption").text = write_caption(plot, words)
    _add_table(figure, plot, words)
    return tostring(figure, encoding="unicode", short_empty_elements=False)


def build_plot(words: PlotWords) -> Plot:
    """All rows of a record's picture, in order."""
    parts = (phase_rows, lead_rows, escalation_rows, alert_rows, entry_rows)
    rows = tuple(chain.from_iterable(part(words) for part in parts))
    return Plot(words.period, milestones(words), rows)


def describe_plot(plot: Plot) -> str:
    """The rows of the incident itself in words."""
    return " ".join(f"{row.label}: {row.text}." for row in plot.rows if not row.group)


def write_caption(plot: Plot, words: PlotWords) -> str:
    """The zone, and what the signs in this picture mean."""
    columns = find_columns(plot)
    parts = [words.format_message("plot_zone", zone=words.times.zone_name)]
    if any(_is_hatched(row) for row in plot.rows):
        parts.append(words.word("plot_hatched"))
    if any(mark.precision is Precision.APPROXIMATE for row in plot.rows for mark in row.marks):
        parts.append(words.word("plot_dashed"))
    if any(len(row.marks) > 1 and row.group for row in plot.rows):
        parts.append(words.word("plot_counts"))
    signs = [(COLUMN_SIGNS[name], words.word(key)) for name, key in COLUMN_WORDS.items() if name in columns]
    parts += [f"{sign}{words.word('colon')} {text}." for sign, text in signs]
    return " ".join(map(plain_label, parts))


def _is_hatched(row: Row) -> bool:
    return any(
        bar.start is None or bar.end is None or {bar.start_precision, bar.end_precision} != {Precision.EXACT}
        for bar in row.bars
    )


def _add_table(figure: Element, plot: Plot, words: PlotWords) -> None:
    details = SubElement(figure, "details")
    SubElement(details, "summary").text = words.word("plot_in_words")
    table = SubElement(details, "table")
    body = SubElement(table, "tbody")
    for each in plot.milestones:
        _add_table_row(body, each.label, each.text)
    group = ""
    for row in plot.rows:
        if row.group != group:
            group = row.group
            body = SubElement(table, "tbody")
            heading = {"colspan": "2", "scope": "rowgroup"}
            SubElement(SubElement(body, "tr"), "th", heading).text = plain_label(group)
        _add_table_row(body, row.label, row.text)


def _add_table_row(body: Element, label: str, text: str) -> None:
    row = SubElement(body, "tr")
    SubElement(row, "th", {"scope": "row"}).text = plain_label(label) or "—"
    SubElement(row, "td").text = plain_label(text, TEXT_LIMIT)
