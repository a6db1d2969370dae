"""Where one return stands, as its customer's page and mails show it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.db.returns import ReturnRow
from app.db.tenant import ShopData
from app.domain.ids import PlatformId, ShopId
from app.domain.returns import ReturnKind, ReturnLine, ReturnState, ReturnWords
from app.domain.snapshots import OrderSnapshot, ProductSnapshot
from app.pipeline.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Standing:
    """A return with its items and words; `order`, its person opened, where one was matched."""

    row: ReturnRow
    lines: tuple[ReturnLine, ...]
    words: ReturnWords
    order: OrderSnapshot | None
    products: Mapping[PlatformId, ProductSnapshot]


def find(rt: Runtime, shop_id: ShopId, public_ref: str) -> Standing | None:
    """The return of a customer's link."""
    with rt.db.read() as uow:
        data = ShopData(uow, shop_id)
        row = data.returns.by_public_ref(public_ref)
        if row is None:
            return None
        order = _order(data, row.order_id) if row.order_id else None
        bought = [line.product_id for line in order.lines if line.product_id] if order else []
        return Standing(
            row=row,
            lines=data.returns.lines([row.id]).get(row.id, ()),
            words=data.returns.words(row),
            order=order,
            products=data.products.many(bought),
        )


@dataclass(frozen=True, slots=True)
class Purchase:
    """An order that a customer may withdraw from, its person opened; `withdrawn` if they did."""

    order: OrderSnapshot
    withdrawn: ReturnRow | None


def purchase(rt: Runtime, shop_id: ShopId, order_id: PlatformId) -> Purchase | None:
    """The order of a link; None if nobody is on record (any more) as its customer."""
    with rt.db.read() as uow:
        data = ShopData(uow, shop_id)
        order = _order(data, order_id)
        if order is None or not order.person.email or data.customers.is_erased(order.person):
            return None
        return Purchase(order, withdrawal_of(data.returns.of_order(order_id)))


def withdrawal_of(rows: Sequence[ReturnRow]) -> ReturnRow | None:
    """The withdrawal among the returns of an order, unless it was taken back."""
    return next(
        (
            row
            for row in rows
            if row.kind is ReturnKind.WITHDRAWAL and row.state is not ReturnState.CANCELLED
        ),
        None,
    )


def _order(data: ShopData, order_id: PlatformId) -> OrderSnapshot | None:
    stored = data.orders.get(order_id)
    return replace(stored.order, person=data.orders.person(order_id)) if stored else None
