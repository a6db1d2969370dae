"""Charts as numbers: where each bar, dot and line stands; the kit's macros draw them as SVG.

No chart stands alone: the macros put the same figures into a table beside it. Bars begin at zero,
so that twice as much is twice as high; an interval has a mark at zero and is hollow as long as it
does not say on which side of it the truth is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

_TOP = 20  # room for the figure over the highest bar
_HEIGHT = 64  # of the highest bar
_FOOT = 20  # room for the words beneath
_EDGE = 6.0  # half a dot, so that it stays inside


@dataclass(frozen=True, slots=True)
class Point:
    """One bar: its word and value, and what it was, where two states are compared."""

    label: str
    value: int
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar's place. `before_y` and `before_height` are of the outline of what it was."""

    label: str
    value: int
    before: int | None
    x: float
    y: float
    width: float
    height: float
    before_y: float
    before_height: float
    named: bool  # whether there is room for its word

    @property
    def middle(self) -> float:
        """Where its words stand."""
        return round(self.x + self.width / 2, 1)

    @property
    def top(self) -> float:
        """The base line of the figure over it."""
        return round(min(self.y, self.before_y) - 4, 1)


@dataclass(frozen=True, slots=True)
class BarChart:
    """Bars side by side on one line."""

    width: int
    height: int
    base: int  # the line at zero
    bars: tuple[Bar, ...]

    @property
    def compares(self) -> bool:
        """Whether a legend must say which bar is which."""
        return any(bar.before is not None for bar in self.bars)


def bars(points: Sequence[Point], width: int = 280) -> BarChart:
    """A bar for each point. Values are counts; less than nothing cannot be shown."""
    if any(point.value < 0 or (point.before or 0) < 0 for point in points):
        raise ValueError("bars show counts, which are not negative")
    base = _TOP + _HEIGHT
    highest = max((max(point.value, point.before or 0) for point in points), default=0) or 1
    room = width / max(len(points), 1)
    broad = round(min(room * 0.55, 40), 1)
    longest = max((len(point.label) for point in points), default=0)
    every = max(1, -(-longest * 7 // int(room))) if room >= 1 else 1  # about 7 px a letter

    def height(value: int) -> float:
        return round(value * _HEIGHT / highest, 1)

    drawn = tuple(
        Bar(
            label=point.label,
            value=point.value,
            before=point.before,
            x=round(n * room + (room - broad) / 2, 1),
            y=round(base - height(point.value), 1),
            width=broad,
            height=height(point.value),
            before_y=round(base - height(point.before or 0), 1),
            before_height=height(point.before or 0),
            named=n % every == 0,
        )
        for n, point in enumerate(points)
    )
    return BarChart(width, base + _FOOT, base, drawn)


@dataclass(frozen=True, slots=True)
class Interval:
    """A measured difference with the range in which the truth may be; all as places."""

    width: int
    zero: float
    low: float
    value: float
    high: float
    clear: bool  # the whole range is on one side of zero


def interval(
    low: float, value: float, high: float, scale: tuple[float, float], width: int = 176
) -> Interval:
    """A dot and its range on a scale that all rows of a table share.

    What reaches beyond the scale ends at its edge.
    """
    if not low <= value <= high:
        raise ValueError("the value is inside its range")
    least, most = min(scale[0], 0.0), max(scale[1], 0.0)
    span = (most - least) or 1.0

    def place(number: float) -> float:
        inside = min(max(number, least), most)
        return round(_EDGE + (inside - least) / span * (width - 2 * _EDGE), 1)

    return Interval(
        width=width,
        zero=place(0.0),
        low=place(low),
        value=place(value),
        high=place(high),
        clear=low > 0 or high < 0,
    )


def scale_of(ranges: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """One scale for several ranges, zero included."""
    return (
        min((low for low, _ in ranges), default=0.0),
        max((high for _, high in ranges), default=0.0),
    )
