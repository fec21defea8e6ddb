"""
A two-week on-call schedule as an image. `bot.export.schedule_text` has its content.

One row a day, so that names fit into bars on a phone. The dark background suits light and dark windows. Nothing is
shown by colour alone: bars have names, gaps are hatched and labelled.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO

from PIL import Image, ImageDraw

from bot.export.image.fonts import load_font, substitute_missing_glyphs
from bot.export.schedule_text import NOBODY, Bar, Roster

Box = tuple[float, float, float, float]

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 760, 122, 16, 92, 20
ROW, LANE = 44, 30
"""Height of a day with one bar at a time, and of each bar of several."""
TITLE_SIZE, LABEL_SIZE, HOUR_SIZE = 28, 23, 18
BAR_SIZES = (23, 20, 17)
BACKGROUND, LINE, TEXT, MUTED, NOW, GAP = "#2b3036", "#4a525b", "#f2f4f5", "#aeb6be", "#ffffff", "#ff7a70"
BAR_TEXT = "#14171a"
COLOURS = ("#56b4e9", "#e69f00", "#5fcfa4", "#f0e442", "#d99abf", "#b9c0c7", "#a9b7ff", "#d8b58a")
"""Distinct with red-green colour blindness, bright enough for dark text, and not close to the gaps' red."""


def render_image(roster: Roster, font_file: str | None = None) -> bytes:
    """
    Render the roster as a PNG. `font_file` None: DejaVu Sans, if the host has it.

    Words with letters that the font lacks are transliterated.
    """
    rows = [_DayRow(roster, number) for number in range(roster.days)]
    height = TOP + sum(row.height for row in rows) + BOTTOM
    image = Image.new("RGB", (WIDTH, height), BACKGROUND)
    pen = _Pen(image, font_file)
    colours = _assign_colours(roster)
    pen.text((24, 16), roster.title, TITLE_SIZE, TEXT, WIDTH - 48)
    _draw_hours(pen, roster, height)
    y = TOP
    for number, row in enumerate(rows):
        pen.draw.line((16, y, WIDTH - RIGHT, y), LINE)
        row.draw(pen, y, colours, is_today=number == 0)
        y += row.height
    pen.draw.line((16, y, WIDTH - RIGHT, y), LINE)
    png = BytesIO()
    image.quantize(64).save(png, "PNG", optimize=True)
    return png.getvalue()


def _assign_colours(roster: Roster) -> Mapping[str, str]:
    people = dict.fromkeys(bar.person for bar in sorted(roster.bars, key=lambda bar: bar.starts_at))
    return {person: COLOURS[index % len(COLOURS)] for index, person in enumerate(people)}


def _draw_hours(pen: "_Pen", roster: Roster, height: int) -> None:
    for hour in (0, 6, 12, 18, 24):
        x = LEFT + (WIDTH - LEFT - RIGHT) * hour / 24
        pen.draw.line((x, TOP - 8, x, height - BOTTOM), LINE)
        size = pen.width(f"{hour:02}", HOUR_SIZE)
        pen.text((min(x - size / 2, WIDTH - RIGHT - size), TOP - 32), f"{hour:02}", HOUR_SIZE, MUTED, 40)
    pen.text((24, TOP - 32), roster.now.astimezone(roster.zone).tzname() or "", HOUR_SIZE, MUTED, LEFT - 40)


class _DayRow:
    """One day, with a lane for each concurrent shift."""

    def __init__(self, roster: Roster, number: int) -> None:
        self.roster = roster
        self.starts, self.ends = roster.day(number)
        self.label = f"{self.starts.astimezone(roster.zone):%a} {self.starts.astimezone(roster.zone).day}"
        self.lanes = _assign_lanes([bar for bar in roster.bars if self._is_visible(bar.starts_at, bar.ends_at)])
        self.gaps = [gap for gap in roster.gaps if self._is_visible(*gap)]
        self.height = ROW if len(self.lanes) <= 1 else LANE * len(self.lanes) + 8

    def _is_visible(self, starts: datetime, ends: datetime) -> bool:
        return starts < self.ends and ends > self.starts

    def _x(self, at: datetime) -> float:
        part = (at - self.starts) / (self.ends - self.starts)
        return LEFT + (WIDTH - LEFT - RIGHT) * min(max(part, 0.0), 1.0)

    def draw(self, pen: "_Pen", y: int, colours: Mapping[str, str], *, is_today: bool) -> None:
        middle = y + (self.height - LABEL_SIZE) / 2 - 3
        pen.text((24, middle), self.label, LABEL_SIZE, TEXT if is_today else MUTED, LEFT)
        size = (self.height - 8) / max(len(self.lanes), 1)
        bars = [(index, bar) for index, lane in enumerate(self.lanes) for bar in lane]
        for index, bar in bars:
            is_alone = not any(_overlap(bar, other) for _, other in bars if other is not bar)
            top = y + 4 + (0 if is_alone else index * size)
            bottom = y + self.height - 4 if is_alone else top + size - 2
            self._draw_bar(pen, bar, (self._x(bar.starts_at), top, self._x(bar.ends_at), bottom), colours)
        for starts, ends in self.gaps:
            pen.draw_gap((self._x(starts), y + 4, self._x(ends), y + self.height - 4))
        if is_today:
            pen.draw_now(self._x(self.roster.now), y, y + self.height)

    def _draw_bar(self, pen: "_Pen", bar: Bar, box: Box, colours: Mapping[str, str]) -> None:
        """Rounded where the shift begins and ends, straight where it continues past midnight."""
        begins, ends = bar.starts_at >= self.starts, bar.ends_at <= self.ends
        left, top, right, bottom = box
        box = (left + begins, top, max(right - ends, left + begins + 2), bottom)
        colour, corners = colours[bar.person], (begins, ends, ends, begins)
        pen.draw.rounded_rectangle(box, 7, colour, corners=corners)
        if bar.is_changed:
            pen.draw.rounded_rectangle(box, 7, None, BAR_TEXT, 3, corners=corners)
            pen.draw.rounded_rectangle((box[0] - 1, top - 1, box[2] + 1, bottom + 1), 8, None, TEXT, 2, corners=corners)
        pen.draw_label(box, bar.name, BAR_TEXT)


def _overlap(one: Bar, other: Bar) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def _assign_lanes(bars: Sequence[Bar]) -> list[list[Bar]]:
    """Put bars of one layer that do not overlap into one lane."""
    lanes: list[list[Bar]] = []
    for bar in sorted(bars, key=lambda each: (each.layer, each.starts_at, each.name)):
        free = (lane for lane in lanes if lane[0].layer == bar.layer and lane[-1].ends_at <= bar.starts_at)
        lane = next(free, None)
        if lane is None:
            lanes.append([bar])
        else:
            lane.append(bar)
    return lanes


class _Pen:
    """Drawing operations on the image."""

    def __init__(self, image: Image.Image, font_file: str | None) -> None:
        self.image, self.draw, self.font_file = image, ImageDraw.Draw(image), font_file

    def width(self, text: str, size: int) -> float:
        return self.draw.textlength(text, load_font(self.font_file, size))

    def text(self, at: tuple[float, float], text: str, size: int, colour: str, max_width: float) -> None:
        self.draw.text(at, self.truncate(text, size, max_width), colour, load_font(self.font_file, size))

    def truncate(self, text: str, size: int, max_width: float) -> str:
        """Substitute missing letters and truncate; empty if not even two letters fit."""
        text = substitute_missing_glyphs(text, self.font_file)
        if self.width(text, size) <= max_width:
            return text
        while text and self.width(f"{text}…", size) > max_width:
            text = text[:-1].rstrip()
        return f"{text}…" if len(text) > 1 else ""

    def draw_label(self, box: Box, text: str, colour: str) -> None:
        """Centre a name in a bar: the largest size that fits, else its first word, else truncated."""
        left, top, right, bottom = box
        max_width = right - left - 10
        sizes = [size for size in BAR_SIZES if size <= bottom - top - 2] or [BAR_SIZES[-1]]
        first_word = text.split(maxsplit=1)[0] if text.split() else ""
        candidates = ((part, size) for part in (text, first_word) for size in sizes)
        fits = (
            (part, size)
            for part, size in candidates
            if self.width(substitute_missing_glyphs(part, self.font_file), size) <= max_width
        )
        label, size = next(fits, (text, sizes[-1]))
        label = self.truncate(label, size, max_width)
        x = left + 5 + (max_width - self.width(label, size)) / 2
        self.draw.text((x, (top + bottom) / 2), label, colour, load_font(self.font_file, size), anchor="lm")

    def draw_now(self, x: float, top: float, bottom: float) -> None:
        """The current time, visible on bright bars and between them."""
        for width, colour in ((9, BACKGROUND), (3, NOW)):
            self.draw.line((x, top, x, bottom), colour, width)
        self.draw.polygon([(x - 8, top - 9), (x + 8, top - 9), (x, top + 3)], NOW)

    def draw_gap(self, box: Box) -> None:
        """Red stripes, labelled if there is room."""
        x0, y0, x1, y1 = (round(each) for each in box)
        width, height = max(x1 - x0, 3), y1 - y0
        stripes = Image.new("RGB", (width, height), BACKGROUND)
        pen = ImageDraw.Draw(stripes)
        for start in range(-height, width, 10):
            pen.line((start, height, start + height, 0), GAP, 3)
        pen.rectangle((0, 0, width - 1, height - 1), None, GAP, 2)
        self.image.paste(stripes, (x0, y0))
        size = next((each for each in BAR_SIZES if self.width(NOBODY, each) <= width - 20), None)
        if size:
            half, x, y = self.width(NOBODY, size) / 2 + 6, (x0 + x1) / 2, (y0 + y1) / 2
            self.draw.rectangle((x - half, y - size / 2 - 2, x + half, y + size / 2 + 2), BACKGROUND)
            self.draw.text((x, y), NOBODY, TEXT, load_font(self.font_file, size), anchor="mm")
