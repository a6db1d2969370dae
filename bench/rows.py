"""What a measurement tells, and how it is printed and kept."""

import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure has to reach."""

    limit: float
    at_least: bool

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}"

    def met(self, figure: float) -> bool:
        """Whether it does."""
        return figure >= self.limit if self.at_least else figure <= self.limit


def at_least(limit: float) -> Target:
    """The more the better, and not less than this."""
    return Target(limit, at_least=True)


def at_most(limit: float) -> Target:
    """The less the better, and not more than this."""
    return Target(limit, at_least=False)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    A row with a `ratio` compares: the note says with what, and the target is the ratio's. Otherwise
    the target is the value's own.
    """

    name: str
    value: float
    unit: str
    note: str = ""
    ratio: float | None = None
    target: Target | None = None

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None without one."""
        if self.target is None:
            return None
        return self.target.met(self.value if self.ratio is None else self.ratio)

    def as_json(self) -> dict[str, Any]:
        """All of it, for programs."""
        return {
            "name": self.name.strip(),
            "value": self.value,
            "unit": self.unit,
            "note": self.note,
            "ratio": self.ratio,
            "target": str(self.target) if self.target else None,
            "met": self.met,
        }


def table(rows: Sequence[Row]) -> Iterable[str]:
    """The lines to print: name, value, ratio, target with whether it is met, note."""
    width = max((len(row.name) for row in rows), default=0)
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}×"
        verdict = {True: "met", False: "NOT MET", None: ""}[row.met]
        target = str(row.target or "")
        yield (
            f"{row.name:<{width}}  {row.value:>10,.2f} {row.unit:<5} {ratio:>7}  "
            f"{target:>8} {verdict:<7}  {row.note}"
        ).rstrip()


def write_json(
    path: Path,
    measured: Mapping[str, Sequence[Row]],
    load_before: float,
    failed: Sequence[str] = (),
) -> None:
    """Keep what was measured, by module, with what kind of machine it was and what else it did;
    `failed`: modules that could not be measured.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "machine": {
            "system": platform.system(),
            "architecture": platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "load_before": load_before,
        },
        "modules": {name: [row.as_json() for row in rows] for name, rows in measured.items()},
        "not_measured": list(failed),
    }
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
