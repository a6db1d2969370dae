"""What a run is judged by: findings, counts, and what is explained."""

from collections import Counter
from dataclasses import dataclass, field

LOST, DOUBLED, UNEXPLAINED = "lost", "doubled", "unexplained"


@dataclass
class Verdict:
    """What was found, and what there was."""

    findings: list[tuple[str, str]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    explained: Counter[str] = field(default_factory=Counter)

    def add(self, kind: str, text: str) -> None:
        """One finding."""
        self.findings.append((kind, text))

    def number(self, kind: str) -> int:
        """How many of a kind."""
        return sum(found == kind for found, _ in self.findings)

    @property
    def good(self) -> bool:
        """Nothing lost, nothing doubled, nothing unexplained."""
        return not self.findings
