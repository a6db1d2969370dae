"""Where one return stands, as its customer's page and mails show it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from app.db.returns import ReturnRow
from app.db.shops import Shop
from app.db.tenant import ShopData
from app.domain.ids import PlatformId, ShopId
from app.domain.returns import ReturnLine, ReturnWords
from app.domain.snapshots import OrderSnapshot, ProductSnapshot
from app.pipeline.runtime import Runtime

_TO_SEND_BACK = timedelta(days=14)  # after a withdrawal: Directive 2011/83/EU art. 14(1)


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


def purchase(rt: Runtime, shop_id: ShopId, order_id: PlatformId) -> OrderSnapshot | None:
    """The order that a customer withdraws from, its person opened; None if nobody is on record."""
    with rt.db.read() as uow:
        data = ShopData(uow, shop_id)
        order = _order(data, order_id)
        known = order is not None and not data.customers.is_erased(order.person)
    return order if known and order and order.person.email else None


def send_back_by(shop: Shop, row: ReturnRow) -> date:
    """The last day on which whoever withdrew must have sent the goods, in the shop's calendar."""
    return (row.requested_at + _TO_SEND_BACK).astimezone(ZoneInfo(shop.timezone)).date()


def _order(data: ShopData, order_id: PlatformId) -> OrderSnapshot | None:
    stored = data.orders.get(order_id)
    return replace(stored.order, person=data.orders.person(order_id)) if stored else None
