"""A figure, the limit it is held against, and what it should be."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

COUNTED = ("", "%", "x")
"""Units that are the same everywhere."""


@dataclass(frozen=True, slots=True)
class Target:
    """
    `limit` is of the ratio to the reference if `of_ratio`, else of the figure itself: a count, a share or a factor.

    A limit in seconds or bytes would say nothing on another machine: `Figure` refuses it.
    """

    limit: float
    of_ratio: bool = False
    at_least: bool = False

    def is_met(self, value: float, ratio: float | None) -> bool:
        found = ratio if self.of_ratio and ratio is not None else value
        return found >= self.limit if self.at_least else found <= self.limit


@dataclass(frozen=True, slots=True)
class Reference:
    """A limit or a peer that was measured in the same run. `value` is in the figure's unit."""

    what: str
    value: float


@dataclass(frozen=True, slots=True)
class Figure:
    """
    One measurement, repeated. What is told is the median of `runs`; `worst` where the worst of them counts.

    `notes` say what a reader has to know: how many calls it took, what was counted, what was the bottleneck.
    """

    what: str
    unit: str
    runs: Sequence[float]
    database: str | None = None
    reference: Reference | None = None
    target: Target | None = None
    notes: Sequence[str] = field(default=())

    def __post_init__(self) -> None:
        if self.target is not None and not self.target.of_ratio and self.unit not in COUNTED:
            raise ValueError(f"{self.what}: a limit in {self.unit} holds on one machine only")
        if self.target is not None and self.target.of_ratio and self.reference is None:
            raise ValueError(f"{self.what}: a limit of a ratio needs a reference")

    @property
    def value(self) -> float:
        return median(self.runs)

    @property
    def ratio(self) -> float | None:
        return self.value / self.reference.value if self.reference else None

    @property
    def is_met(self) -> bool | None:
        """None where there is no target."""
        return None if self.target is None else self.target.is_met(self.value, self.ratio)

    def cells(self) -> tuple[str, ...]:
        """What stands in the row of a table: what, figure, range, reference, ratio, target, met."""
        least, most = shown(min(self.runs)), shown(max(self.runs))
        spread = f"{least} to {most} in {len(self.runs)}" if len(self.runs) > 1 else "one run"
        reference = f"{shown(self.reference.value)} {self.unit}: {self.reference.what}" if self.reference else ""
        ratio = f"{self.ratio:.2f} x" if self.ratio is not None else ""
        where = f" ({self.database})" if self.database else ""
        met = {None: "", True: "met", False: "MISSED"}[self.is_met]
        return (
            f"{self.what}{where}",
            f"{shown(self.value)} {self.unit}",
            spread,
            reference,
            ratio,
            self._target(),
            met,
        )

    def _target(self) -> str:
        if self.target is None:
            return ""
        word = "at least" if self.target.at_least else "at most"
        return f"{word} {self.target.limit:g} {'x' if self.target.of_ratio else self.unit}"


def shown(value: float) -> str:
    """Three digits that count, and no more of a large number than its whole."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
