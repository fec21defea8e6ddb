"""Drawing of a picture: milestones, time axis, and rows, at one of two widths."""

from collections.abc import Sequence
from datetime import datetime
from xml.etree.ElementTree import Element

from bot.export.plot.axis import DAY, axis_ticks, choose_step
from bot.export.plot.model import Plot, Row
from bot.export.plot.row_drawing import COLUMN, COLUMN_SIGNS, LINE_HEIGHT, Area, RowDrawing, find_columns
from bot.export.plot.svg import Room, Svg
from bot.export.plot.text_width import fit_text, plain_label, text_width
from bot.export.plot.words import PlotWords
from bot.lazy_dataclass import dataclass

LABEL_SIZE, AXIS_SIZE = 12.0, 11.0
LANE = 15.0
"""Height of a line of labels above the axis."""
MARGIN = 2.0
"""Room left of labels: letters may begin a little left of their place."""
INSET = 6.0
"""Room beside the first and last moment, for half a mark."""


@dataclass(frozen=True, slots=True)
class Width:
    """
    One of the two widths of a picture, in units of about a pixel.

    `gutter` is the room for the labels of rows; 0: they are above their rows. `lanes`: lines for milestones.
    """

    name: str
    total: float
    gutter: float
    lanes: int


WIDE = Width("wide", 700, 176, 4)
NARROW = Width("narrow", 344, 0, 5)


def draw_plot(plot: Plot, words: PlotWords, width: Width, key: str, description: str) -> Element:
    """An `svg` element, without scripts and style attributes. `key` begins its ids."""
    return _Drawing(plot, words, width, f"{key}-{width.name}").draw(description)


class _Drawing:
    def __init__(self, plot: Plot, words: PlotWords, width: Width, key: str) -> None:
        self.plot, self.words, self.width = plot, words, width
        self.svg = Svg(key, width.total)
        self.columns = find_columns(plot)
        left = width.gutter + (COLUMN if "before" in self.columns else 0)
        right = width.total - COLUMN * len(self.columns - {"before"})
        self.area = Area(plot.period, left, right, INSET)

    def draw(self, description: str) -> Element:
        reference = self.words.record.incident.reference
        self.svg.describe(f"{reference}{self.words.word('colon')} {self.words.word('plot')}", description)
        self.svg.add_hatch()
        lanes = self._lanes()
        top = LANE * len(lanes) + 4
        axis_bottom = top + 2 * LANE + 4
        places = self._row_places(axis_bottom + 8)
        height = places[-1][1] + self._row_height() if places else axis_bottom
        self._draw_grid(axis_bottom, height)
        self._draw_milestones(lanes, top, height)
        self._draw_axis(top)
        self._draw_columns(axis_bottom - 4)
        for row, y in places:
            self._draw_row(row, y)
        return self.svg.finish(height + 4)

    def _row_height(self) -> float:
        return LINE_HEIGHT if self.width.gutter else LINE_HEIGHT + LANE - 1

    def _row_places(self, y: float) -> list[tuple[Row, float]]:
        """The rows with their upper ends, and room for the headings of groups."""
        places, group = [], ""
        for row in self.plot.rows:
            if row.group and row.group != group:
                y += LANE + 8
            group = row.group
            places.append((row, y))
            y += self._row_height()
        return places

    def _lanes(self) -> list[list[tuple[float, str]]]:
        """Labels of milestones by line, each with its left end; a label without room is left out."""
        rooms = [Room(MARGIN, self.width.total) for _ in range(self.width.lanes)]
        lanes: list[list[tuple[float, str]]] = [[] for _ in rooms]
        for x, label in self._milestone_labels():
            wide = text_width(label, AXIS_SIZE)
            options = ((left, *line) for left in (x + 3, x - 3 - wide) for line in zip(rooms, lanes, strict=True))
            for left, room, lane in options:
                if room.find_place(label, AXIS_SIZE, left) is not None:
                    lane.append((left, label))
                    break
        return [lane for lane in lanes if lane]

    def _milestone_labels(self) -> list[tuple[float, str]]:
        """Milestones that fall together share a label."""
        labels: list[tuple[float, str]] = []
        for each in self.plot.milestones:
            x = self.area.x(each.at)
            if labels and x - labels[-1][0] < 3:
                labels[-1] = (labels[-1][0], f"{labels[-1][1]}, {each.label}")
            else:
                labels.append((x, each.label))
        room = self.width.total - 8
        return [(x, fit_text(plain_label(label), AXIS_SIZE, room)) for x, label in labels]

    def _draw_milestones(self, lanes: Sequence[Sequence[tuple[float, str]]], top: float, height: float) -> None:
        for each in self.plot.milestones:
            x = self.area.x(each.at)
            self.svg.add_line("milestone", (x, 2), (x, height))
        for number, lane in enumerate(lanes):
            for x, label in lane:
                self.svg.text(label, x, top - 6 - LANE * number, AXIS_SIZE, "milestone-label")

    def _draw_grid(self, top: float, height: float) -> None:
        for at in self._ticks():
            x = self.area.x(at)
            self.svg.add_line("grid", (x, top - 2), (x, height))
        self.svg.add_line("axis", (self.area.left, top), (self.area.right, top))

    def _ticks(self) -> list[datetime]:
        widest = max(
            text_width(self.words.times.format_time(at), AXIS_SIZE)
            for at in (self.plot.period.start, self.plot.period.end)
        )
        most = int((self.area.right - self.area.left) / (widest + 16))
        self.step = choose_step(self.plot.period, max(most, 2))
        return axis_ticks(self.plot.period, self.words.times.zone, self.step)

    def _draw_axis(self, top: float) -> None:
        """Times, and below them the date where the day begins or changes."""
        left = self.area.left if "before" in self.columns else MARGIN
        right = self.area.right if self.columns - {"before"} else self.width.total
        times, dates = Room(left, right), Room(left, right)
        day = None
        for at in self._ticks():
            if self.step < DAY:
                self._draw_tick(times, self.words.times.format_time(at), at, top + LANE - 3)
            if self.words.times.day_of(at) != day:
                day = self.words.times.day_of(at)
                self._draw_tick(dates, self.words.times.format_date(at), at, top + 2 * LANE - 3)

    def _draw_tick(self, room: Room, text: str, at: datetime, y: float) -> None:
        wide, x = text_width(text, AXIS_SIZE), self.area.x(at)
        place = room.find_place(text, AXIS_SIZE, x - wide / 2, room.left, room.right - wide)
        if place is not None and abs(place + wide / 2 - x) < wide:
            self.svg.text(text, place, y, AXIS_SIZE, "axis-label")

    def _draw_columns(self, y: float) -> None:
        for name, x in self.area.column_places(self.columns).items():
            self.svg.text(COLUMN_SIGNS[name], x, y - LANE + 1, AXIS_SIZE, "axis-label", "middle")

    def _draw_row(self, row: Row, y: float) -> None:
        room = self.width.total - 2 * MARGIN
        if row.group and self._is_first_of_group(row):
            self.svg.text(fit_text(plain_label(row.group), LABEL_SIZE, room), MARGIN, y - 6, LABEL_SIZE, "group")
        room = self.width.gutter - 8 if self.width.gutter else room
        label_y = y + (LINE_HEIGHT / 2 + 4 if self.width.gutter else 11)
        self.svg.text(fit_text(plain_label(row.label), LABEL_SIZE, room), MARGIN, label_y, LABEL_SIZE)
        if not self.width.gutter:
            y += LANE - 3
        RowDrawing(self.svg, self.area, self.columns).draw(row, y)

    def _is_first_of_group(self, row: Row) -> bool:
        return next(each for each in self.plot.rows if each.group == row.group) is row
