"""Orders and their refunds."""

from datetime import datetime

from app.domain.errors import BadPayload
from app.domain.ids import LONGEST_ID
from app.domain.money import Money, MoneyError
from app.domain.snapshots import Line, OrderSnapshot, Person, RefundSnapshot
from app.platforms.woocommerce.bodies import Fulfilment, LineItem, Order, Refund, storable
from app.platforms.woocommerce.markup import plain
from app.platforms.woocommerce.normalise import metas as meta
from app.platforms.woocommerce.normalise.fulfilments import STATUS_KEY, core_parcels

_DRAFTS = frozenset({"checkout-draft", "auto-draft"})
_CANCELLED = frozenset({"cancelled", "failed"})

# Statuses that delivery plugins add for "the customer has it" (Advanced Shipment Tracking and
# TrackShip; Terminal Africa).
DELIVERED_STATUSES = ("delivered", "tdelivered")
_FULFILLED = frozenset({"completed", *DELIVERED_STATUSES})


def order_snapshot(
    order: Order,
    refunds: tuple[Refund, ...] | None,
    fulfilments: tuple[Fulfilment, ...] | None = None,
) -> OrderSnapshot:
    """The order; `refunds` as read from their own endpoint, None where only named. The same of
    core's `fulfilments`: where the order has some that were not read, it is partial.

    WooCommerce tells no time for "cancelled" and "delivered": the time of the change that first
    showed it stands in. Being paid is its own fact, `date_paid`, never guessed from the status.
    """
    try:
        return _snapshot(order, refunds, fulfilments)
    except MoneyError as error:
        raise BadPayload(
            "An amount or the currency of the order is not readable; the body is kept and can be"
            " replayed."
        ) from error


def _snapshot(
    order: Order,
    refunds: tuple[Refund, ...] | None,
    fulfilments: tuple[Fulfilment, ...] | None,
) -> OrderSnapshot:
    metas = meta.metas_of(order)
    placed_at = order.date_created_gmt
    if placed_at is None:
        raise BadPayload("The order has no date; the body is kept and can be replayed.")
    changed_at = order.date_modified_gmt or placed_at
    return OrderSnapshot(
        order_id=order.id,
        number=order.number[:LONGEST_ID],
        version=order.date_modified_gmt,
        status=order.status,
        placed_at=placed_at,
        total=Money.parse(order.total, order.currency),
        person=_person(order),
        paid=order.date_paid_gmt is not None,
        paid_at=order.date_paid_gmt,
        completed_at=order.date_completed_gmt,
        cancelled_at=_when(order.status in _CANCELLED, changed_at),
        delivered_at=_when(order.status in DELIVERED_STATUSES, changed_at),
        delivery_time_known=False,
        draft=order.status in _DRAFTS,
        trashed=order.status == "trash",
        in_person=order.created_via.startswith("pos"),
        fully_fulfilled=order.status in _FULFILLED,
        locale=meta.language(metas),
        country=order.shipping.country or order.billing.country,
        checkout_consent=meta.consent(metas),
        store_asks_review=meta.store_asks_review(metas),
        withdrawal_requested=meta.withdrawal_requested(metas),
        coupon_codes=tuple(line.code for line in order.coupon_lines),
        lines=tuple(_line(item, order) for item in order.line_items),
        fulfilments=meta.parcels(metas, order) + core_parcels(order, fulfilments or (), changed_at),
        partial=STATUS_KEY in metas and fulfilments is None,
        refunds=_named_refunds(order) if refunds is None else _read_refunds(order, refunds),
    )


def _when(condition: bool, moment: datetime) -> datetime | None:
    return moment if condition else None


def _person(order: Order) -> Person:
    billing = order.billing
    return Person(
        email=billing.email,
        first_name=billing.first_name,
        last_name=billing.last_name,
        phone=billing.phone,
        city=billing.city,
        customer_id=order.customer_id,
    )


def _line(item: LineItem, order: Order) -> Line:
    title, variant_title = _titles(item)
    currency = order.currency
    return Line(
        line_id=item.id,
        product_id=item.product_id,
        title=title,
        quantity=item.quantity,
        total=Money.parse(item.total, currency) + Money.parse(item.total_tax, currency),
        variant_id=item.variation_id,
        variant_title=variant_title,
        sku=item.sku,
        image_url=item.image.src if item.image else None,
        unit_price=_unit_price(item, order),
    )


def _unit_price(item: LineItem, order: Order) -> Money | None:
    """Of one piece before coupons, with or without tax as the shop writes its prices: so it can be
    held against the product's regular price. None of goods sold by weight or length.
    """
    if item.subtotal is None or item.sold < 1 or item.sold % 1:
        return None
    price = Money.parse(item.subtotal, order.currency)
    if order.prices_include_tax:
        price += Money.parse(item.subtotal_tax or "0", order.currency)
    return Money.parse(price.decimal() / item.sold, order.currency)


def _titles(item: LineItem) -> tuple[str, str | None]:
    """("T-Shirt", "M") of "T-Shirt - M" sold as a variation of "T-Shirt"."""
    if item.parent_name is None:
        return plain(item.name), None
    prefix = f"{item.parent_name} - "
    variant = item.name.removeprefix(prefix) if item.name.startswith(prefix) else ""
    return plain(item.parent_name), plain(variant) or None


def _named_refunds(order: Order) -> tuple[RefundSnapshot, ...]:
    return tuple(
        RefundSnapshot(
            refund_id=refund.id,
            order_id=order.id,
            created_at=None,
            amount=_given_back(refund.total, order.currency),
        )
        for refund in order.refunds
    )


def _read_refunds(order: Order, refunds: tuple[Refund, ...]) -> tuple[RefundSnapshot, ...]:
    return tuple(
        RefundSnapshot(
            refund_id=refund.id,
            order_id=order.id,
            created_at=refund.date_created_gmt,
            amount=_given_back(refund.amount, order.currency),
            lines=_returned_lines(refund),
        )
        for refund in refunds
    )


def _given_back(amount: str, currency: str) -> Money:
    """Orders write refunds negative, the refund itself positive."""
    money = Money.parse(amount, currency)
    return Money(abs(money.minor), money.currency)


def _returned_lines(refund: Refund) -> dict[str, int]:
    """Order line → pieces. A line refunded in part of its price only has quantity 0: left out."""
    lines: dict[str, int] = {}
    for item in refund.line_items:
        origin = next((m.value for m in item.meta_data if m.key == "_refunded_item_id"), None)
        if isinstance(origin, int | str) and origin and item.quantity:
            line_id = str(storable(str(origin)))
            lines[line_id] = lines.get(line_id, 0) + abs(item.quantity)
    return lines
