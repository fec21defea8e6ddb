"""Drawing of one row: bars, hatched where uncertain, and marks, counted where close."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.domain.terms import Precision
from bot.export.plot.model import Bar, Mark, Period, Plot, Row, Tone
from bot.export.plot.svg import Extent, Room, Svg
from bot.export.plot.text_width import plain_label, text_width
from bot.lazy_dataclass import dataclass

LINE_HEIGHT, BAR = 22.0, 14.0
COLUMN = 26.0
"""Width of the columns for what is earlier, later, or without a time."""
COLUMN_SIGNS = {"before": "«", "after": "»", "unknown": "?"}
CELL, DOT_CELL = 22.0, 10.0
"""Width of a place for one mark: with a count, and without."""
RADIUS, DOT_RADIUS = 4.0, 3.5
STUB, FADE = 24.0, 8.0
"""Length of a bar whose start is not recorded, and of the uncertain end of a bar."""
COUNT_SIZE, LABEL_SIZE = 10.0, 11.0
MOST = 99


@dataclass(frozen=True, slots=True)
class Area:
    """The part of a picture that shows the period, from `left` to `right`."""

    period: Period
    left: float
    right: float
    inset: float

    def x(self, at: datetime) -> float:
        """The place of a moment; the nearest end of the area for one outside the period."""
        if at < self.period.start:
            return self.left
        if at > self.period.end:
            return self.right
        share = (at - self.period.start) / self.period.length
        return self.left + self.inset + (self.right - self.left - 2 * self.inset) * share

    def column_of(self, mark: Mark) -> str:
        """`before`, `after` or `unknown`; empty for a mark within the period."""
        if mark.at is None:
            return "unknown"
        return "before" if mark.at < self.period.start else "after" if mark.at > self.period.end else ""

    def count_outside(self, row: Row) -> Counter[str]:
        """Numbers of marks, and of bars wholly outside the period, by column."""
        found = Counter(map(self.column_of, row.marks))
        if not found:
            found.update(map(self.column_of_bar, row.bars))
        del found[""]
        return found

    def column_of_bar(self, bar: Bar) -> str:
        """`before` or `after` for a bar wholly outside the period, else empty."""
        ends = {self.column_of(Mark(end)) for end in (bar.start, bar.end) if end is not None}
        if bar.end is None and "before" in ends:
            return ""
        return ends.pop() if len(ends) == 1 else ""

    def column_places(self, columns: frozenset[str]) -> dict[str, float]:
        """The middle of each column."""
        right = [name for name in ("after", "unknown") if name in columns]
        places = {name: self.right + COLUMN * (number + 0.5) for number, name in enumerate(right)}
        return places | ({"before": self.left - COLUMN / 2} if "before" in columns else {})


def find_columns(plot: Plot) -> frozenset[str]:
    """The columns that any row needs."""
    area = Area(plot.period, 0, 1, 0)
    return frozenset(name for row in plot.rows for name in area.count_outside(row))


class RowDrawing:
    """Draws rows into a picture."""

    def __init__(self, svg: Svg, area: Area, columns: frozenset[str]) -> None:
        self.svg, self.area = svg, area
        self.columns = area.column_places(columns)

    def draw(self, row: Row, y: float) -> None:
        """Draw a row with its upper end at `y`."""
        room = Room(self.area.left, self.area.right)
        inside = [mark for mark in row.marks if not self.area.column_of(mark)]
        spans = [(bar, self._extent(bar)) for bar in row.bars if not self.area.column_of_bar(bar)]
        pieces = [each for bar, found in spans for each in self._pieces(bar, found)]
        for across, is_sure in pieces if any(bar.label for bar in row.bars) else _join_extents(pieces):
            draw = self.svg.rect if is_sure else self.svg.hatch
            draw(f"plot-bar plot-{row.tone}", across, y + (LINE_HEIGHT - BAR) / 2, BAR)
        cell = CELL if row.tone is Tone.ENTRY else DOT_CELL
        for x, found in self._cells(inside, cell):
            half = self._draw_mark(row.tone, x, y + LINE_HEIGHT / 2, found)
            room.take(x - half, x + half)
        for bar, across in spans:
            self._draw_bar_label(bar, across, y, room)
        self._draw_columns(row, y + LINE_HEIGHT / 2)

    def _extent(self, bar: Bar) -> Extent:
        right = self.area.x(bar.end) if bar.end else self.area.right
        left = self.area.x(bar.start) if bar.start else max(right - STUB, self.area.left)
        left = min(left, self.area.right - 2)
        return left, max(right, left + 2)

    def _pieces(self, bar: Bar, across: Extent) -> Iterator[tuple[Extent, bool]]:
        """Parts of a bar, each with whether its times are recorded and exact."""
        left, right = across
        if bar.start is None or bar.end is None:
            yield across, False
            return
        first = left + FADE if bar.start_precision is not Precision.EXACT else left
        last = right - FADE if bar.end_precision is not Precision.EXACT else right
        if last - first < FADE and (first, last) != across:
            yield across, False
            return
        for piece, is_sure in (((left, first), False), ((first, last), True), ((last, right), False)):
            if piece[1] > piece[0]:
                yield piece, is_sure

    def _draw_bar_label(self, bar: Bar, across: Extent, y: float, room: Room) -> None:
        label, (left, right) = plain_label(bar.label), across
        width = text_width(label, LABEL_SIZE)
        lefts = [(left + right - width) / 2] if width + 6 <= right - left else []
        if bar.start and bar.end:
            lefts.append(right + 8)
        place = room.find_place(label, LABEL_SIZE, *lefts) if label else None
        if place is not None:
            self.svg.text(
                label, place, y + LINE_HEIGHT / 2 + 4, LABEL_SIZE, "bar-label" if bar.end and place < right else "label"
            )

    def _cells(self, marks: Sequence[Mark], cell: float) -> Iterator[tuple[float, list[Mark]]]:
        """Marks by place. One by itself is where it belongs, unless that is over its neighbour."""
        found: dict[int, list[Mark]] = {}
        count = max(int((self.area.right - self.area.left) / cell), 1)
        width = (self.area.right - self.area.left) / count
        for mark in marks:
            if mark.at is not None:
                number = int((self.area.x(mark.at) - self.area.left) / width)
                found.setdefault(min(number, count - 1), []).append(mark)
        for number, each in found.items():
            low, high = self.area.left + width * number, self.area.left + width * (number + 1)
            if len(each) > 1 and cell == CELL:
                yield (low + high) / 2, each
                continue
            low += RADIUS + 1 if number - 1 in found or number == 0 else -RADIUS
            high -= RADIUS + 1 if number + 1 in found or number == count - 1 else -RADIUS
            yield min(max(self.area.x(each[0].at or self.area.period.start), low), high), each

    def _draw_mark(self, tone: Tone, x: float, y: float, found: Sequence[Mark]) -> float:
        """Draw a dot, or a count of several; return half its width."""
        is_about = any(mark.precision is Precision.APPROXIMATE for mark in found)
        kind = f"plot-{tone} {'plot-about' if is_about else 'plot-dot'}"
        if tone is not Tone.ENTRY or len(found) == 1:
            radius = RADIUS if tone is Tone.ENTRY else DOT_RADIUS
            shape = self.svg.circle(kind, x, y, radius)
        else:
            radius = CELL / 2 - 1.5
            shape = self.svg.rect(f"plot-{tone} plot-count", (x - radius, x + radius), y - 8, 16, radius=8)
            self._draw_count(len(found), x, y)
        if is_about:
            shape.set("stroke-dasharray", "2 1.5")
        return radius + 1

    def _draw_count(self, count: int, x: float, y: float) -> None:
        text = str(count) if count <= MOST else f"{MOST}+"
        self.svg.text(text, x, y + 3.5, COUNT_SIZE if count <= MOST else COUNT_SIZE - 1, "count-label", "middle")

    def _draw_columns(self, row: Row, y: float) -> None:
        """Count entries out of the period, or without a time, in their column; a dot for other rows."""
        counts = self.area.count_outside(row)
        for name, x in self.columns.items():
            if counts[name] and row.tone is Tone.ENTRY:
                self._draw_count(counts[name], x, y)
            elif counts[name]:
                self.svg.circle(f"plot-{row.tone} plot-dot", x, y, DOT_RADIUS)


def _join_extents(pieces: Sequence[tuple[Extent, bool]]) -> list[tuple[Extent, bool]]:
    """Join pieces without a visible gap: an alert may fire a thousand times."""
    joined: list[tuple[Extent, bool]] = []
    for is_sure in (False, True):
        for left, right in sorted(across for across, sure in pieces if sure is is_sure):
            if joined and joined[-1][1] is is_sure and left - joined[-1][0][1] < 1.5:
                joined[-1] = ((joined[-1][0][0], max(joined[-1][0][1], right)), is_sure)
            else:
                joined.append(((left, right), is_sure))
    return joined
