"""What the harness prints."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from faults.deliveries import Deliveries
from faults.director import Director
from faults.findings import DOUBLED, LOST, UNEXPLAINED, Verdict
from faults.mailbox import Mailbox
from faults.merchants import Merchants
from faults.restore import Backups
from faults.stories import Expected
from faults.traffic import Player

if TYPE_CHECKING:
    from faults.run import Options

_MOST = 25  # findings that are printed
_WIDTH = 68
_DELIVERIES = (
    "sent", "accepted", "duplicate", "redelivered", "failed", "refused", "unknown", "dropped",
)  # fmt: skip
Row = tuple[str, object]


def progress(
    director: Director, deliveries: Deliveries, mailbox: Mailbox, ledger: Sequence[Expected]
) -> str:
    """One line for a minute."""
    sent = deliveries.counts
    return (
        f"{director.kills.total()} kills, {sent['sent']} deliveries ({sent['failed']} not taken, "
        f"{sent['dropped']} lost on the way), {len(ledger)} orders, {len(mailbox.all())} mails, "
        f"days stood still for {director.happened['seconds without progress of days']} s"
    )


def table(
    options: "Options",
    director: Director,
    deliveries: Deliveries,
    players: Iterable[Player],
    *,
    backups: Backups,
    merchants: Merchants,
) -> str:
    """What was done to the product, and what it was given."""
    happened = sorted((what, n) for what, n in director.happened.items() if what != "kill")
    rows: list[Row] = [("seed", options.seed), ("database", options.database)]
    rows += [(f"killed: {what}", n) for what, n in sorted(director.kills.items())]
    rows += [("kills in all", director.kills.total())]
    rows += [
        (f"different steps of {what} at which somebody died", len(steps))
        for what, steps in sorted(director.steps.items())
    ]
    rows += [(f"fault: {what}", n) for what, n in happened]
    rows += [("backups put back", len(backups.windows))]
    rows += [("held, let go by merchants", merchants.let_go)]
    rows += [("held, cancelled by merchants", merchants.declined)]
    rows += [("problems that merchants had looked at again", merchants.looked_again)]
    rows += [("steps that merchants took with returns", merchants.steps_taken)]
    rows += [(f"deliveries {what}", deliveries.counts[what]) for what in _DELIVERIES]
    rows += sorted((f"deliveries {k}", n) for k, n in deliveries.counts.items() if ": " in k)
    rows += [("stories", sum(player.counts["stories"] for player in players))]
    return _lines(rows)


def told(verdict: Verdict) -> str:
    """What became of it, and the verdict."""
    rows: list[Row] = [*sorted(verdict.counts.items())]
    rows += [(f"explained: {what}", n) for what, n in sorted(verdict.explained.items())]
    rows += [(kind, verdict.number(kind)) for kind in (LOST, DOUBLED, UNEXPLAINED)]
    findings = [f"{kind}: {text}\n" for kind, text in verdict.findings[:_MOST]]
    if len(verdict.findings) > _MOST:
        findings.append(f"… and {len(verdict.findings) - _MOST} more\n")
    return _lines(rows) + "".join(findings)


def _lines(rows: Iterable[Row]) -> str:
    return "".join(f"{name:<{_WIDTH}}  {value!s:>10}\n" for name, value in rows)
