"""
Elements of a picture, drawn into an image.

It has the light colours of `plot.style`, and knows the shapes and classes that `plot.svg` writes, not SVG as such.
"""

from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from itertools import pairwise
from math import cos, dist, pi, radians, sin
from xml.etree.ElementTree import Element

from PIL import Image, ImageColor, ImageDraw

from bot.export.image.fonts import load_font, substitute_missing_glyphs
from bot.export.plot.style import LIGHT
from bot.export.plot.svg import NAMESPACE

Point = tuple[float, float]
Colour = tuple[int, ...]

SCALE = 4
"""Pixels of a unit while shapes are drawn. The image is then reduced, which smooths their edges."""
PIXELS, COLOURS = 2, 256
"""Pixels of a unit, and different colours, of the image."""
BAR_SHARE, HATCH_SHARE = 0.28, 0.65
"""Opacity of a bar's inside and of hatching, on the paper."""
HATCH_STEP, HATCH_WIDTH = 5.0, 1.4
HALO = 1.5
"""Paper around letters that may be over a line."""
WITH_HALO = frozenset({"label", "group", "milestone-label", "axis-label"})
LINE_COLOURS = {"grid": "line", "axis": "quiet", "milestone": "quiet"}
LINE_DASHES = {"milestone": (1.0, 3.0)}


class SvgImage:
    """An image of `width` by `height` units within a margin. `font_file`: see `load_font`."""

    def __init__(self, width: float, height: float, margin: float, font_file: str | None) -> None:
        size = (round((width + 2 * margin) * SCALE), round((height + 2 * margin) * SCALE))
        self.image = Image.new("RGB", size, LIGHT["paper"])
        self.pen = ImageDraw.Draw(self.image)
        self.margin = margin
        self.font_file = font_file

    def draw(self, picture: Element, top: float) -> None:
        """Draw the elements of a picture, moved down by `top`."""
        draw: dict[str, Callable[[Element, frozenset[str], float], None]] = {
            "line": self._draw_line,
            "rect": self._draw_shape,
            "circle": self._draw_shape,
            "text": self._draw_text,
        }
        for each in picture:
            name = each.tag.removeprefix(f"{{{NAMESPACE}}}")
            if name in draw:
                kinds = frozenset(kind.removeprefix("plot-") for kind in each.get("class", "").split())
                draw[name](each, kinds, top)

    def to_png(self) -> bytes:
        png = BytesIO()
        self.image.reduce(SCALE // PIXELS).quantize(COLOURS, Image.Quantize.FASTOCTREE).save(png, "PNG")
        return png.getvalue()

    def text(self, text: str, x: float, y: float, size: float, colour: str = "ink", *, halo: float = 0) -> None:
        """Write text with its baseline at `y`."""
        font = load_font(self.font_file, round(size * SCALE))
        words, (place,) = substitute_missing_glyphs(text, self.font_file), self._pixels([(x, y)])
        stroke, paper = round(halo * SCALE), LIGHT["paper"]
        self.pen.text(place, words, LIGHT[colour], font, "ls", stroke_width=stroke, stroke_fill=paper)

    def _draw_text(self, element: Element, kinds: frozenset[str], top: float) -> None:
        text, size, x = element.text or "", _number(element, "font-size"), _number(element, "x")
        if element.get("text-anchor") == "middle":
            x -= self.width(text, size) / 2
        colour = "quiet" if "axis-label" in kinds else "ink"
        self.text(text, x, _number(element, "y") + top, size, colour, halo=HALO if kinds & WITH_HALO else 0)
        if "group" in kinds:
            self.text(text, x + 0.4, _number(element, "y") + top, size, colour)

    def width(self, text: str, size: float) -> float:
        """Width of the text in units."""
        font = load_font(self.font_file, round(size * SCALE))
        return self.pen.textlength(substitute_missing_glyphs(text, self.font_file), font) / SCALE

    def _draw_line(self, element: Element, kinds: frozenset[str], top: float) -> None:
        kind = next(iter(kinds & LINE_COLOURS.keys()))
        first, last = ((_number(element, f"x{end}"), _number(element, f"y{end}") + top) for end in (1, 2))
        self._draw_strokes([first, last], LIGHT[LINE_COLOURS[kind]], 1, LINE_DASHES.get(kind))

    def _draw_shape(self, element: Element, kinds: frozenset[str], top: float) -> None:
        """Draw a bar, a dot, or a count of several marks."""
        outline = [(x, y + top) for x, y in _find_outline(element)]
        tone = next(LIGHT[kind] for kind in kinds if kind in LIGHT)
        dashes = tuple(map(float, element.get("stroke-dasharray", "").split()))
        if "bar" in kinds and element.get("fill"):
            self._hatch(outline)
            self._draw_strokes([*outline, outline[0]], tone, 1, dashes)
        elif "bar" in kinds:
            self._fill(outline, _mix(tone, BAR_SHARE))
            self._draw_strokes([*outline, outline[0]], tone, 1, dashes)
        elif "dot" in kinds:
            self._fill(outline, ImageColor.getrgb(tone))
            self._draw_strokes([*outline, outline[0]], LIGHT["paper"], 1, dashes)
        else:
            self._fill(outline, ImageColor.getrgb(LIGHT["paper"]))
            self._draw_strokes([*outline, outline[0]], tone, 1.5, dashes)

    def _fill(self, outline: Sequence[Point], colour: Colour) -> None:
        self.pen.polygon(self._pixels(outline), colour)

    def _hatch(self, outline: Sequence[Point]) -> None:
        """Slanted lines inside of a rectangle."""
        pixels = self._pixels(outline)
        left, top = (round(each) for each in map(min, zip(*pixels, strict=True)))
        right, bottom = (round(each) for each in map(max, zip(*pixels, strict=True)))
        lines = Image.new("L", (right - left, bottom - top))
        pen, step = ImageDraw.Draw(lines), round(HATCH_STEP * SCALE / cos(radians(45)))
        for x in range(-((left + top) % step), right - left + bottom - top, step):
            pen.line((x, 0, x - lines.height, lines.height), 255, round(HATCH_WIDTH * SCALE))
        self.image.paste(_mix(LIGHT["quiet"], HATCH_SHARE), (left, top), lines)

    def _draw_strokes(self, points: Sequence[Point], colour: str, width: float, dashes: Sequence[float] | None) -> None:
        strokes = _cut_dashes(points, dashes) if dashes else [points]
        for stroke in strokes:
            self.pen.line(self._pixels(stroke), colour, round(width * SCALE), joint="curve")

    def _pixels(self, points: Sequence[Point]) -> list[Point]:
        return [((x + self.margin) * SCALE, (y + self.margin) * SCALE) for x, y in points]


def _number(element: Element, name: str) -> float:
    return float(element.get(name, "0"))


def _mix(colour: str, share: float) -> Colour:
    """The colour with this opacity on the paper."""
    pairs = zip(ImageColor.getrgb(colour), ImageColor.getrgb(LIGHT["paper"]), strict=True)
    return tuple(round(ink * share + paper * (1 - share)) for ink, paper in pairs)


def _find_outline(element: Element) -> list[Point]:
    """Corners of a rectangle, with round ones as many corners, or of a circle."""
    if element.get("r"):
        return list(_arc((_number(element, "cx"), _number(element, "cy")), _number(element, "r"), 0, 360))
    x, y, width, height = (_number(element, name) for name in ("x", "y", "width", "height"))
    radius = min(_number(element, "rx"), width / 2, height / 2)
    if not radius:
        return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    left, right, upper, lower = x + radius, x + width - radius, y + radius, y + height - radius
    corners = ((right, upper, -90), (right, lower, 0), (left, lower, 90), (left, upper, 180))
    return [point for across, down, angle in corners for point in _arc((across, down), radius, angle, angle + 90)]


def _arc(middle: Point, radius: float, first: int, last: int) -> Iterator[Point]:
    for angle in range(first, last + 1, 15):
        turn = angle * pi / 180
        yield middle[0] + radius * cos(turn), middle[1] + radius * sin(turn)


def _cut_dashes(points: Sequence[Point], dashes: Sequence[float]) -> Iterator[list[Point]]:
    """Pieces of a line: `dashes` is the length of a dash, then of the space behind it."""
    dash, space = dashes
    travelled = 0.0
    for start, end in pairwise(points):
        length, at = dist(start, end), 0.0
        while at < length:
            place = (travelled + at) % (dash + space)
            rest = (dash if place < dash else dash + space) - place
            stop = min(at + max(rest, 0.01), length)
            if place < dash:
                yield [_between(start, end, part / length) for part in (at, stop)]
            at = stop
        travelled += length


def _between(start: Point, end: Point, share: float) -> Point:
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share
