"""Elements of an SVG picture. Colours are classes, all else is presentation attributes."""

from dataclasses import field
from xml.etree.ElementTree import Element, SubElement

from bot.export.plot.text_width import plain_label, text_width
from bot.lazy_dataclass import dataclass

NAMESPACE = "http://www.w3.org/2000/svg"
Extent = tuple[float, float]
"""Left and right."""


def number_text(value: float) -> str:
    """At most two decimals, without trailing zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


@dataclass
class Svg:
    """A picture in the making. `key` makes its ids unique in the page."""

    key: str
    width: float
    root: Element = field(init=False)

    def __post_init__(self) -> None:
        self.root = Element("svg", {"xmlns": NAMESPACE, "role": "img"})

    def describe(self, title: str, description: str) -> None:
        """The picture's name and description for readers who do not see it."""
        for name, text in (("title", title), ("desc", description)):
            SubElement(self.root, name, {"id": f"{self.key}-{name}"}).text = plain_label(text, 600)
        self.root.set("aria-labelledby", f"{self.key}-title {self.key}-desc")

    def add_hatch(self) -> None:
        """The pattern of what is not recorded for certain."""
        sizes = {"width": "5", "height": "5", "patternUnits": "userSpaceOnUse", "patternTransform": "rotate(45)"}
        pattern = SubElement(SubElement(self.root, "defs"), "pattern", {"id": f"{self.key}-hatch", **sizes})
        SubElement(pattern, "rect", {"class": "plot-hatch", "width": "1.4", "height": "5"})

    def finish(self, height: float) -> Element:
        self.root.set("viewBox", f"0 0 {number_text(self.width)} {number_text(height)}")
        return self.root

    def add_line(self, kind: str, start: tuple[float, float], end: tuple[float, float]) -> None:
        values = dict(zip(("x1", "y1", "x2", "y2"), (*start, *end), strict=True))
        SubElement(self.root, "line", {"class": f"plot-{kind}", **_numbers(values)})

    def rect(self, kind: str, across: Extent, y: float, height: float, *, radius: float = 0, fill: str = "") -> Element:
        values = {"x": across[0], "y": y, "width": across[1] - across[0], "height": height, "rx": radius}
        painted = {"fill": fill} if fill else {}
        return SubElement(self.root, "rect", {"class": kind, **_numbers(values), **painted})

    def hatch(self, kind: str, across: Extent, y: float, height: float) -> None:
        self.rect(kind, across, y, height, fill=f"url(#{self.key}-hatch)").set("stroke-dasharray", "3 2")

    def circle(self, kind: str, x: float, y: float, radius: float) -> Element:
        return SubElement(self.root, "circle", {"class": kind, **_numbers({"cx": x, "cy": y, "r": radius})})

    def text(self, text: str, x: float, y: float, size: float, kind: str = "label", anchor: str = "start") -> None:
        values = {"class": f"plot-{kind}", **_numbers({"x": x, "y": y, "font-size": size})}
        if anchor != "start":
            values["text-anchor"] = anchor
        SubElement(self.root, "text", values).text = text


def _numbers(values: dict[str, float]) -> dict[str, str]:
    return {name: number_text(value) for name, value in values.items() if value or name != "rx"}


class Room:
    """Places along one line that are taken, so that no label is put over another."""

    def __init__(self, left: float, right: float) -> None:
        self.left, self.right = left, right
        self._taken: list[Extent] = []

    def take(self, left: float, right: float) -> None:
        self._taken.append((left, right))

    def fits(self, left: float, right: float) -> bool:
        is_inside = self.left <= left and right <= self.right
        return is_inside and all(right <= other[0] or left >= other[1] for other in self._taken)

    def find_place(self, text: str, size: float, *lefts: float) -> float | None:
        """The first of these left ends at which the text fits, and is put; None if there is none."""
        width = text_width(text, size)
        for left in lefts:
            if self.fits(left, left + width):
                self.take(left - 4, left + width + 4)
                return left
        return None
