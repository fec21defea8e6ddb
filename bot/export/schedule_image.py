"""
Who is on call for two weeks, as a small picture and in words that say the same.

One row a day, so that a name fits into its bar on a phone. The background is dark enough not to dazzle at night and is
the picture's own, so that it looks the same in a light window and in a dark one. Nothing is told by colour alone: bars
hold names, what nobody covers is hatched and says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from io import BytesIO
from zoneinfo import ZoneInfo

from anyascii import anyascii
from PIL import Image, ImageDraw, ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Box = tuple[float, float, float, float]

DAYS = 14
ALT_TEXT = 2_000
"""Characters that Slack takes beside a picture."""
NOBODY = "nobody"

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 760, 122, 16, 92, 20
ROW, LANE = 44, 30
"""Heights of a day with one bar at a time, and of each bar where there are several."""
TITLE_SIZE, LABEL_SIZE, HOUR_SIZE = 28, 23, 18
BAR_SIZES = (23, 20, 17)
BACKGROUND, LINE, WORDS, QUIET, NOW, GAP = "#2b3036", "#4a525b", "#f2f4f5", "#aeb6be", "#ffffff", "#ff7a70"
ON_BARS = "#14171a"
COLOURS = ("#56b4e9", "#e69f00", "#5fcfa4", "#f0e442", "#d99abf", "#b9c0c7", "#a9b7ff", "#d8b58a")
"""Told apart by those who confuse red and green, and bright enough for dark words; none is near the gaps' red."""


@dataclass(frozen=True, slots=True)
class Bar:
    """
    Somebody's time on call. `person` names who it is, for the colour; `is_changed`: not as the rotation has it. Bars of
    one `layer` keep their place among those of others.
    """

    starts_at: datetime
    ends_at: datetime
    person: str
    name: str
    is_changed: bool = False
    layer: int = 0


@dataclass(frozen=True, slots=True)
class Roster:
    """One schedule from the day of `now` on, as people in `zone` see it. Bars and gaps may reach beyond the days."""

    title: str
    zone: ZoneInfo
    now: datetime
    bars: Sequence[Bar]
    gaps: Sequence[tuple[datetime, datetime]] = ()
    days: int = DAYS

    def day(self, number: int) -> tuple[datetime, datetime]:
        """From midnight to midnight there: 23 or 25 hours when the clocks change."""
        first = self.now.astimezone(self.zone).date()
        return self._midnight(first + timedelta(days=number)), self._midnight(first + timedelta(days=number + 1))

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    @property
    def span(self) -> tuple[datetime, datetime]:
        return self.day(0)[0], self.day(self.days - 1)[1]


def in_words(roster: Roster, *, most: int = 100) -> list[str]:
    """What the picture shows, one line for each turn and each gap, in the order of time; up to `most` of them."""
    since, until = roster.span
    turns = [
        (each.starts_at, each.ends_at, each.name + (" (changed)" if each.is_changed else "")) for each in roster.bars
    ]
    found = sorted([*turns, *((starts, ends, NOBODY) for starts, ends in roster.gaps)])
    lines = [
        f"{shown_time(max(starts, since), roster.zone)} to {shown_time(min(ends, until), roster.zone)}: {who}"
        for starts, ends, who in found
        if ends > roster.now and starts < until
    ]
    return [*lines[:most], *([f"and {len(lines) - most} more"] if len(lines) > most else [])]


def alt_text(roster: Roster) -> str:
    """For those who do not see the picture."""
    head = f"{roster.title}, the next {roster.days} days. "
    text = head + "; ".join(in_words(roster)) + "."
    return text if len(text) <= ALT_TEXT else text[: ALT_TEXT - 1].rstrip() + "…"


def shown_time(at: datetime, zone: ZoneInfo) -> str:
    """As in `Mon 23 Nov 09:00`."""
    local = at.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %H:%M}"


def picture(roster: Roster, font_file: str | None = None) -> bytes:
    """
    The roster as a PNG. `font_file`: what its letters are drawn with; None: DejaVu Sans where the host has it.

    Without a font that has a name's letters the name is written in plain ones.
    """
    rows = [_Row(roster, number) for number in range(roster.days)]
    height = TOP + sum(row.height for row in rows) + BOTTOM
    image = Image.new("RGB", (WIDTH, height), BACKGROUND)
    pen = _Pen(image, font_file)
    colours = _colours(roster)
    pen.text((24, 16), roster.title, TITLE_SIZE, WORDS, WIDTH - 48)
    _hours(pen, roster, height)
    y = TOP
    for number, row in enumerate(rows):
        pen.draw.line((16, y, WIDTH - RIGHT, y), LINE)
        row.draw(pen, y, colours, is_today=number == 0)
        y += row.height
    pen.draw.line((16, y, WIDTH - RIGHT, y), LINE)
    made = BytesIO()
    image.quantize(64).save(made, "PNG", optimize=True)
    return made.getvalue()


def _colours(roster: Roster) -> Mapping[str, str]:
    people = dict.fromkeys(bar.person for bar in sorted(roster.bars, key=lambda bar: bar.starts_at))
    return {person: COLOURS[place % len(COLOURS)] for place, person in enumerate(people)}


def _hours(pen: "_Pen", roster: Roster, height: int) -> None:
    for hour in (0, 6, 12, 18, 24):
        x = LEFT + (WIDTH - LEFT - RIGHT) * hour / 24
        pen.draw.line((x, TOP - 8, x, height - BOTTOM), LINE)
        size = pen.width(f"{hour:02}", HOUR_SIZE)
        pen.text((min(x - size / 2, WIDTH - RIGHT - size), TOP - 32), f"{hour:02}", HOUR_SIZE, QUIET, 40)
    pen.text((24, TOP - 32), roster.now.astimezone(roster.zone).tzname() or "", HOUR_SIZE, QUIET, LEFT - 40)


class _Row:
    """One day: its bars in as many lanes as there are people at a time."""

    def __init__(self, roster: Roster, number: int) -> None:
        self.roster = roster
        self.starts, self.ends = roster.day(number)
        self.label = f"{self.starts.astimezone(roster.zone):%a} {self.starts.astimezone(roster.zone).day}"
        self.lanes = _lanes([bar for bar in roster.bars if self._is_in(bar.starts_at, bar.ends_at)])
        self.gaps = [gap for gap in roster.gaps if self._is_in(*gap)]
        self.height = ROW if len(self.lanes) <= 1 else LANE * len(self.lanes) + 8

    def _is_in(self, starts: datetime, ends: datetime) -> bool:
        return starts < self.ends and ends > self.starts

    def _x(self, at: datetime) -> float:
        part = (at - self.starts) / (self.ends - self.starts)
        return LEFT + (WIDTH - LEFT - RIGHT) * min(max(part, 0.0), 1.0)

    def draw(self, pen: "_Pen", y: int, colours: Mapping[str, str], *, is_today: bool) -> None:
        middle = y + (self.height - LABEL_SIZE) / 2 - 3
        pen.text((24, middle), self.label, LABEL_SIZE, WORDS if is_today else QUIET, LEFT)
        size = (self.height - 8) / max(len(self.lanes), 1)
        bars = [(place, bar) for place, lane in enumerate(self.lanes) for bar in lane]
        for place, bar in bars:
            is_alone = not any(_meet(bar, other) for _, other in bars if other is not bar)
            top = y + 4 + (0 if is_alone else place * size)
            bottom = y + self.height - 4 if is_alone else top + size - 2
            self._bar(pen, bar, (self._x(bar.starts_at), top, self._x(bar.ends_at), bottom), colours)
        for starts, ends in self.gaps:
            pen.hatch((self._x(starts), y + 4, self._x(ends), y + self.height - 4))
        if is_today:
            pen.now(self._x(self.roster.now), y, y + self.height)

    def _bar(self, pen: "_Pen", bar: Bar, box: Box, colours: Mapping[str, str]) -> None:
        """Round where the turn begins and ends, straight where it goes on over midnight."""
        begins, ends = bar.starts_at >= self.starts, bar.ends_at <= self.ends
        left, top, right, bottom = box
        box = (left + begins, top, max(right - ends, left + begins + 2), bottom)
        colour, corners = colours[bar.person], (begins, ends, ends, begins)
        pen.draw.rounded_rectangle(box, 7, colour, corners=corners)
        if bar.is_changed:
            pen.draw.rounded_rectangle(box, 7, None, ON_BARS, 3, corners=corners)
            pen.draw.rounded_rectangle(
                (box[0] - 1, top - 1, box[2] + 1, bottom + 1), 8, None, WORDS, 2, corners=corners
            )
        pen.inside(box, bar.name, ON_BARS)


def _meet(one: Bar, other: Bar) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def _lanes(bars: Sequence[Bar]) -> list[list[Bar]]:
    """Bars side by side where they are of one layer and do not overlap, else one below the other."""
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
    """What is drawn on, and its letters."""

    def __init__(self, image: Image.Image, font_file: str | None) -> None:
        self.image, self.draw, self.font_file = image, ImageDraw.Draw(image), font_file

    def width(self, text: str, size: int) -> float:
        return self.draw.textlength(text, _font(self.font_file, size))

    def text(self, at: tuple[float, float], text: str, size: int, colour: str, room: float) -> None:
        self.draw.text(at, self.fitting(text, size, room), colour, _font(self.font_file, size))

    def fitting(self, text: str, size: int, room: float) -> str:
        """The text in letters that there are, cut to its room; empty where not even two letters fit."""
        text = written(text, self.font_file)
        if self.width(text, size) <= room:
            return text
        while text and self.width(f"{text}…", size) > room:
            text = text[:-1].rstrip()
        return f"{text}…" if len(text) > 1 else ""

    def inside(self, box: Box, text: str, colour: str) -> None:
        """In the middle of a bar: the whole name if it fits in some size, else its first word, else what fits of it."""
        left, top, right, bottom = box
        room, sizes = right - left - 10, [size for size in BAR_SIZES if size <= bottom - top - 2] or [BAR_SIZES[-1]]
        tries = [(part, size) for part in (text, text.split(maxsplit=1)[0] if text.split() else "") for size in sizes]
        fits = (each for each in tries if self.width(written(each[0], self.font_file), each[1]) <= room)
        shown, size = next(fits, (text, sizes[-1]))
        shown = self.fitting(shown, size, room)
        x = left + 5 + (room - self.width(shown, size)) / 2
        self.draw.text((x, (top + bottom) / 2), shown, colour, _font(self.font_file, size), anchor="lm")

    def now(self, x: float, top: float, bottom: float) -> None:
        """The line of this moment, which is seen on bright bars and between them."""
        for width, colour in ((9, BACKGROUND), (3, NOW)):
            self.draw.line((x, top, x, bottom), colour, width)
        self.draw.polygon([(x - 8, top - 9), (x + 8, top - 9), (x, top + 3)], NOW)

    def hatch(self, box: Box) -> None:
        """What nobody covers: red stripes, and the word where it fits."""
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
            self.draw.text((x, y), NOBODY, WORDS, _font(self.font_file, size), anchor="mm")


@cache
def _font(font_file: str | None, size: int) -> Font:
    """Pillow looks for a bare name where the host keeps its fonts. Its own has nothing but the letters of English."""
    try:
        return ImageFont.truetype(font_file or "DejaVuSans.ttf", size)
    except OSError:
        return ImageFont.load_default(size)


def written(text: str, font_file: str | None = None) -> str:
    """The text as the font can write it: words with letters that it lacks in plain letters."""
    bare = " ".join(text.split())
    return " ".join(word if _has(font_file, word) else anyascii(word) for word in bare.split(" "))


@cache
def _has(font_file: str | None, word: str) -> bool:
    font = _font(font_file, BAR_SIZES[0])
    lacking = bytes(font.getmask("\uffff"))  # a place that is no letter: what is drawn there stands for all it lacks
    return all(bytes(font.getmask(letter)) != lacking for letter in word)
