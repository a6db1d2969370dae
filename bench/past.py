"""A shop with a past: orders that arrived, and returns of some of them. The same every time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from app.db.returns import NewReturn
from app.db.session import Database
from app.db.shops import Shops, ShopState
from app.db.tenant import ShopData
from app.domain.ids import CustomerId, ShopId
from app.domain.money import Money
from app.domain.returns import (
    ReturnKind,
    ReturnLine,
    ReturnOrigin,
    ReturnReason,
    ReturnState,
)
from app.domain.snapshots import (
    FulfilmentSnapshot,
    Line,
    OrderSnapshot,
    Person,
    ProductSnapshot,
)

NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)
_PRODUCTS = 200
_STATES = (
    ReturnState.HELD,
    ReturnState.APPROVED,
    ReturnState.REFUNDED,
    ReturnState.DECLINED,
    ReturnState.CLOSED,
)
_REASONS = [reason for reason in ReturnReason if reason is not ReturnReason.NOT_ASKED]


def fill(db: Database, orders: int, returns: int, seed: int = 1) -> ShopId:
    """A new shop with so many orders, and returns of the newest of them."""
    random = Random(seed)
    with db.write() as uow:
        shops = Shops(uow)
        shop = shops.ensure("woocommerce", f"https://past-{seed}.example", ShopState.ACTIVE, NOW)
        shops.open_installation(shop.id, (), NOW)
        shops.change(
            shop.id, timezone="Europe/Bratislava", currency="EUR", country="SK", name="Past"
        )
        data = ShopData(uow, shop.id)
        for number in range(_PRODUCTS):
            data.products.save(_product(number, random), NOW)
        bought = [_order(number, random) for number in range(orders)]
        for number, order in enumerate(bought):
            data.orders.save(order, CustomerId(1 + number // 3), None, NOW)
        for new in _returns(bought, returns, random):
            row = data.returns.add(new)
            if row.state is not ReturnState.HELD:
                data.returns.change(row, decided_at=row.requested_at + timedelta(hours=1))
    return shop.id


def _product(number: int, random: Random) -> ProductSnapshot:
    price = Money(random.randrange(500, 9000), "EUR")
    return ProductSnapshot(
        f"product-{number}",
        f"Mug {number}",
        NOW,
        price=price,
        categories=(random.choice(("Mugs", "Hats", "Underwear")),),
        tags=("final-sale",) if random.random() < 0.05 else ("new",),
        regular_prices={"": price},
    )


def _order(number: int, random: Random) -> OrderSnapshot:
    placed = NOW - timedelta(minutes=37 * number)
    lines = tuple(_line(number, n, random) for n in range(random.choice((1, 1, 2, 3))))
    arrived = placed + timedelta(days=random.uniform(2, 6)) if random.random() < 0.8 else None
    parcel = FulfilmentSnapshot(
        f"parcel-{number}",
        f"order-{number}",
        placed + timedelta(days=1),
        delivered_at=arrived,
        lines={line.line_id: line.quantity for line in lines},
    )
    return OrderSnapshot(
        order_id=f"order-{number}",
        number=f"#{number}",
        version=placed,
        status="completed",
        placed_at=placed,
        total=Money(sum(line.total.minor for line in lines), "EUR"),
        person=Person(),
        paid=True,
        paid_at=placed,
        fully_fulfilled=True,
        country=random.choice(("SK", "SK", "DE", "TR", "US")),
        lines=lines,
        fulfilments=(parcel,),
    )


def _line(order: int, number: int, random: Random) -> Line:
    quantity, each = random.choice((1, 1, 2)), random.randrange(500, 9000)
    product = random.randrange(_PRODUCTS)
    return Line(
        line_id=f"{order}-{number}",
        product_id=f"product-{product}",
        title=f"Mug {product}",
        quantity=quantity,
        total=Money(each * quantity, "EUR"),
        sku=f"sku-{product}",
        unit_price=Money(each, "EUR"),
    )


def _returns(bought: list[OrderSnapshot], count: int, random: Random) -> Iterator[NewReturn]:
    """Of every order one at most, some days after it was placed."""
    for number, order in list(enumerate(bought))[:count]:
        line = order.lines[0]
        item = ReturnLine(line.line_id, line.title, 1, random.choice(_REASONS), line.total)
        yield NewReturn(
            kind=ReturnKind.WITHDRAWAL if random.random() < 0.1 else ReturnKind.RETURN,
            origin=ReturnOrigin.CUSTOMER,
            state=random.choice(_STATES),
            lines=(item,),
            value=item.value,
            requested_at=order.placed_at + timedelta(days=random.uniform(3, 60)),
            order_id=order.order_id,
            customer_id=CustomerId(1 + number // 3),
        )
