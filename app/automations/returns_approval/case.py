"""One request with all that rules look at, worked out once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from app.automations.base import Context
from app.automations.returns_approval.settings import ReturnsApprovalSettings
from app.domain.ids import PlatformId
from app.domain.money import Money
from app.domain.reasons import Reason
from app.domain.returnable import quantities_left, value_of
from app.domain.returns import ReturnReason, ReturnRequest
from app.domain.snapshots import Line, ProductSnapshot
from app.domain.withdrawal import WithdrawalPeriod, withdrawal_period


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of one line that is asked back; `product` is None while it is not known."""

    line: Line
    quantity: int
    reason: ReturnReason
    product: ProductSnapshot | None

    @property
    def value(self) -> Money:
        """What was paid for it."""
        return value_of(self.line, self.quantity)


@dataclass(frozen=True, slots=True)
class Sight:
    """What a rule saw. `fits` is None where the facts are not known: then a person decides."""

    fits: bool | None
    saw: Reason


@dataclass(frozen=True, slots=True)
class Case:
    """The request, its order and the customer, as rules see them.

    `sights` holds what rules saw already, by their identity: who decides the same case by two
    sets of rules that share some (the dry run) has these looked at once.
    """

    request: ReturnRequest
    context: Context
    settings: ReturnsApprovalSettings
    pieces: tuple[Piece, ...]
    left: Mapping[PlatformId, int]
    period: WithdrawalPeriod | None
    sights: dict[int, Sight] = field(default_factory=dict)

    def under(self, settings: ReturnsApprovalSettings) -> "Case":
        """The same case for other settings."""
        return Case(
            self.request,
            self.context,
            settings,
            self.pieces,
            self.left,
            self.period,
            self.sights,
        )

    @property
    def at(self) -> datetime:
        """When it was asked for: what came later does not count."""
        return self.request.requested_at

    def uncovered(self) -> Piece | None:
        """A piece to which the law gives no right of withdrawal, as the merchant says."""
        return next((p for p in self.pieces if is_excepted(p, self.settings)), None)

    def is_protected(self) -> bool:
        """Whether the law forbids to decline: the period may be running for any of the pieces."""
        if self.period is None or self.period.is_over(self.at):
            return False
        return not all(is_excepted(piece, self.settings) for piece in self.pieces)


def case_of(request: ReturnRequest, context: Context, settings: ReturnsApprovalSettings) -> Case:
    """Work it out. Items that the order does not hold are left to the check of the goods."""
    order, shop = context.order, context.shop
    lines = {line.line_id: line for line in order.lines}
    pieces = tuple(
        Piece(line, item.quantity, item.reason, context.products.get(line.product_id or ""))
        for item in request.items
        if (line := lines.get(item.line_id))
    )
    return Case(
        request,
        context,
        settings,
        pieces,
        quantities_left(order, context.returns),
        withdrawal_period(order, shop.country, shop.timezone),
    )


def is_excepted(piece: Piece, settings: ReturnsApprovalSettings) -> bool:
    """Whether the merchant says that the law gives no right to withdraw from it (art. 16)."""
    line = piece.line
    if settings.not_covered_digital and not line.ships and not line.is_gift_card:
        return True
    if is_listed(line, settings.not_covered_products):
        return True
    if not settings.not_covered_tags or piece.product is None:
        return False
    return bool(fold(settings.not_covered_tags) & fold(piece.product.tags))


def is_listed(line: Line, products: tuple[str, ...]) -> bool:
    """Whether a list of ids and article numbers names the line."""
    if not products:
        return False
    names = {line.product_id, line.variant_id, line.sku} - {None, ""}
    return bool(fold(str(name) for name in names) & fold(products))


def fold(names: Iterable[str]) -> frozenset[str]:
    """Names without regard to case."""
    return frozenset(name.casefold() for name in names)


def noon(day: date) -> datetime:
    """A moment that is on this day by any clock from UTC−11 to UTC+11, for showing the day."""
    return datetime.combine(day, time(12), UTC)
