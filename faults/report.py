"""What the harness prints."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from faults.deliveries import Deliveries
from faults.director import Director
from faults.mailbox import Mailbox
from faults.stories import Expected
from faults.traffic import Player
from faults.verdict import DOUBLED, LOST, UNEXPLAINED, Verdict

if TYPE_CHECKING:
    from faults.run import Options

_MOST = 25  # findings that are printed


def progress(
    director: Director, deliveries: Deliveries, mailbox: Mailbox, ledger: Sequence[Expected]
) -> str:
    """One line for a minute."""
    return (
        f"{director.kills.total()} kills, {deliveries.counts['sent']} deliveries "
        f"({deliveries.counts['failed']} not taken, {deliveries.counts['dropped']} lost on the way), "
        f"{len(ledger)} orders, {len(mailbox.all())} mails"
    )


def table(
    options: "Options",
    director: Director,
    deliveries: Deliveries,
    players: Iterable[Player],
    verdict: Verdict,
) -> str:
    """Everything that a run was, and the verdict."""
    stories = sum(player.counts["stories"] for player in players)
    rows: list[tuple[str, object]] = [("seed", options.seed), ("database", options.database)]
    rows += [(f"killed: {what}", n) for what, n in sorted(director.kills.items())]
    rows += [("kills in all", director.kills.total())]
    rows += [
        (f"fault: {what}", n) for what, n in sorted(director.happened.items()) if what != "kill"
    ]
    rows += [(f"deliveries {what}", deliveries.counts[what]) for what in _DELIVERIES]
    rows += sorted((f"deliveries {k}", n) for k, n in deliveries.counts.items() if ": " in k)
    rows += [("stories", stories)]
    rows += sorted(verdict.counts.items())
    rows += [(f"explained: {what}", n) for what, n in sorted(verdict.explained.items())]
    rows += [(kind, verdict.number(kind)) for kind in (LOST, DOUBLED, UNEXPLAINED)]
    width = max(len(name) for name, _ in rows)
    lines = [f"{name:<{width}}  {value!s:>10}" for name, value in rows]
    lines += [f"{kind}: {text}" for kind, text in verdict.findings[:_MOST]]
    if len(verdict.findings) > _MOST:
        lines.append(f"… and {len(verdict.findings) - _MOST} more")
    return "\n".join(lines)


_DELIVERIES = (
    "sent",
    "accepted",
    "duplicate",
    "redelivered",
    "failed",
    "refused",
    "unknown",
    "dropped",
)
