"""Webhook bodies about orders, parcels and refunds: the REST resources of the Admin API.

Top-level amounts are in `currency`, the shop's; the buyer's is only in `*_set`.
"""

from datetime import datetime

from app.domain.ids import LONGEST_ID, PlatformId
from app.domain.money import Money
from app.domain.places import country_code, language_tag
from app.domain.snapshots import (
    DeliverySnapshot,
    FulfilmentSnapshot,
    Line,
    ObjectKind,
    OrderSnapshot,
    Person,
    Refresh,
    RefundSnapshot,
)
from app.platforms.base import Ignored
from app.platforms.shopify.fields import Fields
from app.platforms.shopify.normalise.words import (
    CANCELLED_PARCEL,
    NOT_SENT_PARCEL,
    PAID,
    status_words,
)


def order(body: Fields, paid_at: datetime | None) -> OrderSnapshot:
    """An order as `orders/*` deliver it. `paid_at` comes from outside: the body has no such field
    (`processed_at` is set on an unpaid cash-on-delivery order).
    """
    currency = body.currency("currency")
    financial = body.text_or_none("financial_status") or ""
    fulfilment = body.text_or_none("fulfillment_status")
    cancelled_at = body.time_or_none("cancelled_at")
    paid = financial in PAID
    order_id = body.id("id")
    return OrderSnapshot(
        order_id=order_id,
        number=body.text("name")[:LONGEST_ID],
        version=body.time("updated_at"),
        status=status_words(financial, fulfilment, cancelled=cancelled_at is not None),
        placed_at=body.time("created_at"),
        total=body.money("total_price", currency),
        person=_person(body),
        paid=paid,
        paid_at=paid_at if paid else None,
        completed_at=None if cancelled_at else body.time_or_none("closed_at"),
        cancelled_at=cancelled_at,
        test=body.flag("test"),
        in_person=body.text_or_none("source_name") == "pos",
        fully_fulfilled=fulfilment == "fulfilled",
        locale=language_tag(body.text_or_none("customer_locale")),
        country=_country(body),
        checkout_consent=body.flag_or_none("buyer_accepts_marketing"),
        coupon_codes=tuple(code.text("code") for code in body.nodes("discount_codes")),
        lines=tuple(_line(line, currency) for line in body.nodes("line_items")),
        fulfilments=_parcels(body),
        refunds=tuple(_refund(item, order_id, currency) for item in body.nodes("refunds")),
        partial=_protected_data_withheld(body),
    )


def fulfilment(body: Fields) -> FulfilmentSnapshot | Ignored:
    """A parcel as `fulfillments/*` deliver it."""
    if body.text("status") in NOT_SENT_PARCEL:
        return Ignored("the parcel has not been handed over yet")
    return _parcel(body)


def fulfilment_event(body: Fields) -> DeliverySnapshot | Ignored:
    """News from the carrier; only arrival matters."""
    if body.text("status") != "delivered":
        return Ignored("news from the carrier other than arrival")
    return DeliverySnapshot(
        order_id=body.id("order_id"),
        fulfilment_id=body.id("fulfillment_id"),
        delivered_at=body.time("happened_at"),
    )


def refund(body: Fields) -> RefundSnapshot | Refresh:
    """A refund as `refunds/create` delivers it; the order is read where its amount is unclear."""
    order_id = body.id("order_id")
    currency = _currency_of_refund(body)
    if currency is None:
        return Refresh(ObjectKind.ORDER, order_id)
    found = _refund(body, order_id, currency)
    return Refresh(ObjectKind.ORDER, order_id) if found.lines is None else found


def _person(body: Fields) -> Person:
    """The order's own address first: it may differ from the customer's (both occur)."""
    customer = body.node_or_none("customer")
    named = [
        fields
        for fields in (
            customer,
            body.node_or_none("shipping_address"),
            body.node_or_none("billing_address"),
        )
        if fields and fields.text_or_none("first_name")
    ]
    own = customer.text_or_none("email") if customer else None
    return Person(
        email=body.text_or_none("email") or own,
        first_name=named[0].text_or_none("first_name") if named else None,
        last_name=named[0].text_or_none("last_name") if named else None,
        customer_id=customer.id("id") if customer else None,
    )


def _country(body: Fields) -> str | None:
    customer = body.node_or_none("customer")
    places = (
        body.node_or_none("shipping_address"),
        body.node_or_none("billing_address"),
        customer.node_or_none("default_address") if customer else None,
    )
    codes = (country_code(place.text_or_none("country_code")) for place in places if place)
    return next((code for code in codes if code), None)


def _protected_data_withheld(body: Fields) -> bool:
    """Shopify leaves keys out (it does not null them) while protected data are not approved."""
    customer = body.node_or_none("customer")
    return "email" not in body or (customer is not None and "first_name" not in customer)


def _line(line: Fields, currency: str) -> Line:
    quantity = line.count("quantity")
    price = line.money("price", currency)
    discounts = Money.zero(currency)
    for allocation in line.nodes("discount_allocations"):
        discounts += allocation.money("amount", currency)
    return Line(
        line_id=line.id("id"),
        product_id=line.id_or_none("product_id"),
        title=line.text("title"),
        quantity=quantity,
        total=Money(price.minor * quantity, currency) - discounts,
        variant_id=line.id_or_none("variant_id"),
        variant_title=line.text_or_none("variant_title"),
        sku=line.text_or_none("sku"),
        is_gift_card=line.flag("gift_card"),
        ships=line.flag("requires_shipping"),
        unit_price=price,
    )


def _parcels(body: Fields) -> tuple[FulfilmentSnapshot, ...]:
    return tuple(
        _parcel(item)
        for item in body.nodes("fulfillments")
        if item.text("status") not in NOT_SENT_PARCEL
    )


def _parcel(item: Fields) -> FulfilmentSnapshot:
    """A REST parcel tells that it arrived, not when: its last change is the latest possible time.
    `fulfillment_events/create` and GraphQL know the exact one.
    """
    changed_at = item.time("updated_at")
    arrived = item.text_or_none("shipment_status") == "delivered"
    return FulfilmentSnapshot(
        fulfilment_id=item.id("id"),
        order_id=item.id("order_id"),
        created_at=item.time("created_at"),
        cancelled=item.text("status") in CANCELLED_PARCEL,
        delivered_at=changed_at if arrived else None,
        version=changed_at,
    )


def _refund(item: Fields, order_id: PlatformId, currency: str) -> RefundSnapshot:
    """Money that went back is the sum of the refund transactions. Where one is in the buyer's
    currency or in none, amount and lines count as unknown, so that the order is read again.
    """
    amount, known = Money.zero(currency), True
    for payment in item.nodes("transactions"):
        if payment.text("kind") != "refund" or payment.text("status") not in ("success", "pending"):
            continue
        if payment.text_or_none("currency") == currency:
            amount += payment.money("amount", currency)
        else:
            known = False
    return RefundSnapshot(
        refund_id=item.id("id"),
        order_id=order_id,
        created_at=item.time("created_at"),
        amount=amount,
        lines=_refunded_lines(item) if known else None,
    )


def _refunded_lines(item: Fields) -> dict[PlatformId, int]:
    lines: dict[PlatformId, int] = {}
    for line in item.nodes("refund_line_items"):
        line_id = line.id("line_item_id")
        lines[line_id] = lines.get(line_id, 0) + line.count("quantity")
    return lines


def _currency_of_refund(body: Fields) -> str | None:
    """A refund on its own does not name the shop's currency; its money bags do."""
    bags = [line.node_or_none("subtotal_set") for line in body.nodes("refund_line_items")]
    bags += [item.node_or_none("amount_set") for item in body.nodes("order_adjustments")]
    bags.append(body.node_or_none("total_duties_set"))
    for bag in bags:
        if bag:
            return bag.node("shop_money").currency("currency_code")
    return None
