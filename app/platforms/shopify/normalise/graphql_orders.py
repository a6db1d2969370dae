"""Orders as operations/order.graphql answers: one order with lines, parcels, refunds, payments."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from app.domain.ids import LONGEST_ID, PlatformId
from app.domain.money import Money
from app.domain.places import country_code, language_tag
from app.domain.snapshots import (
    FulfilmentSnapshot,
    Line,
    ObjectKind,
    OrderSnapshot,
    Person,
    Refresh,
    RefundSnapshot,
)
from app.platforms.shopify.fields import Fields
from app.platforms.shopify.normalise.words import (
    CANCELLED_PARCEL,
    NOT_SENT_PARCEL,
    PAID,
    status_words,
)


def order(body: Fields) -> OrderSnapshot:
    """The full picture. Fields that Shopify withholds are null; never `partial`, since reading
    again would show no more. But for the time of payment it equals what a webhook of the same
    version shows, so that neither contradicts the other (a contract test compares them).
    """
    financial = (body.text_or_none("displayFinancialStatus") or "").lower()
    fulfilment = body.text("displayFulfillmentStatus").lower()
    cancelled_at = body.time_or_none("cancelledAt")
    order_id = body.gid()
    total = body.shop_money("totalPriceSet")
    return OrderSnapshot(
        order_id=order_id,
        number=body.text("name")[:LONGEST_ID],
        version=body.time("updatedAt"),
        status=status_words(financial, fulfilment, cancelled=cancelled_at is not None),
        placed_at=body.time("createdAt"),
        total=total,
        person=_person(body),
        paid=financial in PAID,
        paid_at=_paid_at(body, total) if financial in PAID else None,
        completed_at=None if cancelled_at else body.time_or_none("closedAt"),
        cancelled_at=cancelled_at,
        test=body.flag("test"),
        in_person=body.text_or_none("sourceName") == "pos",
        fully_fulfilled=fulfilment == "fulfilled",
        locale=_locale(body),
        country=_country(body),
        checkout_consent=body.flag_or_none("customerAcceptsMarketing"),
        coupon_codes=body.texts("discountCodes"),
        lines=tuple(_line(line) for line in body.node("lineItems").nodes("nodes")),
        fulfilments=_parcels(body, order_id),
        refunds=_refunds(body, order_id),
    )


def returns_of(body: Fields) -> list[Refresh]:
    """The order's returns are read again whenever the order is. A change of a return changes its
    order, so a lost `returns/*` is made up for by polling; there is no other listing of returns.
    """
    listed = body.node_or_none("returns")  # bodies of before we asked have none
    nodes = listed.nodes("nodes") if listed else ()
    return [Refresh(ObjectKind.RETURN, node.gid()) for node in nodes]


def _person(body: Fields) -> Person:
    customer = body.node_or_none("customer")
    address = customer.node_or_none("defaultEmailAddress") if customer else None
    named = [
        fields
        for fields in (
            customer,
            body.node_or_none("shippingAddress"),
            body.node_or_none("billingAddress"),
        )
        if fields and fields.text_or_none("firstName")
    ]
    own = address.text_or_none("emailAddress") if address else None
    return Person(
        email=body.text_or_none("email") or own,
        first_name=named[0].text_or_none("firstName") if named else None,
        last_name=customer.text_or_none("lastName") if customer else None,
        customer_id=customer.gid() if customer else None,
    )


def _locale(body: Fields) -> str | None:
    customer = body.node_or_none("customer")
    usual = customer.text_or_none("locale") if customer else None
    return language_tag(body.text_or_none("customerLocale") or usual)


def _country(body: Fields) -> str | None:
    customer = body.node_or_none("customer")
    places = (
        body.node_or_none("shippingAddress"),
        body.node_or_none("billingAddress"),
        customer.node_or_none("defaultAddress") if customer else None,
    )
    codes = (country_code(place.text_or_none("countryCodeV2")) for place in places if place)
    return next((code for code in codes if code), None)


def _paid_at(body: Fields, total: Money) -> datetime | None:
    """When the sales and captures reached the total; a later top-up does not move it. An order
    that cost nothing has no transaction and is paid as it is placed.
    """
    if total.minor == 0:
        return body.time("processedAt")
    payments = sorted(
        (payment.time("processedAt"), payment.shop_money("amountSet").minor)
        for payment in body.nodes("transactions")
        if payment.text("kind") in ("SALE", "CAPTURE") and payment.text("status") == "SUCCESS"
    )
    received = 0
    for at, minor in payments:
        received += minor
        if received >= total.minor:
            return at
    return payments[-1][0] if payments else None


def _line(line: Fields) -> Line:
    product, variant = line.node_or_none("product"), line.node_or_none("variant")
    quantity = line.count("quantity")
    unit = line.shop_money("discountedUnitPriceAfterAllDiscountsSet")
    bought_at = line.node_or_none("originalUnitPriceSet")  # bodies of before we asked have none
    return Line(
        line_id=line.gid(),
        product_id=product.gid() if product else None,
        title=line.text("title"),
        quantity=quantity,
        total=Money(unit.minor * quantity, unit.currency),
        variant_id=variant.gid() if variant else None,
        variant_title=line.text_or_none("variantTitle"),
        sku=line.text_or_none("sku"),
        is_gift_card=line.flag("isGiftCard"),
        ships=line.flag("requiresShipping"),
        unit_price=bought_at.money_v2("shopMoney") if bought_at else None,
    )


def _parcels(body: Fields, order_id: PlatformId) -> tuple[FulfilmentSnapshot, ...]:
    """`lines` stays empty here and in webhook bodies: what is in which parcel costs too much to
    ask for each order, and both must show the same.
    """
    return tuple(
        FulfilmentSnapshot(
            fulfilment_id=item.gid(),
            order_id=order_id,
            created_at=item.time("createdAt"),
            cancelled=item.text("status").lower() in CANCELLED_PARCEL,
            delivered_at=_delivered_at(item),
            version=item.time("updatedAt"),
        )
        for item in body.nodes("fulfillments")
        if item.text("status").lower() not in NOT_SENT_PARCEL
    )


def _delivered_at(parcel: Fields) -> datetime | None:
    """Shopify's own time, else the carrier's event."""
    own = parcel.time_or_none("deliveredAt")
    if own:
        return own
    events = parcel.node_or_none("events")
    arrivals = [
        event.time("happenedAt")
        for event in (events.nodes("nodes") if events else ())
        if event.text("status") == "DELIVERED"
    ]
    return min(arrivals, default=None)


def _refunds(body: Fields, order_id: PlatformId) -> tuple[RefundSnapshot, ...]:
    """A refund of more lines than one answer holds gets what the others leave of the quantities
    that were taken off the order.
    """
    refunds = [_refund(item, order_id) for item in body.nodes("refunds")]
    for index, item in enumerate(body.nodes("refunds")):
        if item.node("refundLineItems").node("pageInfo").flag("hasNextPage"):
            others = refunds[:index] + refunds[index + 1 :]
            refunds[index] = replace(refunds[index], lines=_left_over(body, others))
    return tuple(refunds)


def _left_over(body: Fields, others: Sequence[RefundSnapshot]) -> dict[PlatformId, int]:
    lines = {
        line.gid(): line.count("quantity")
        - line.count("currentQuantity")
        - sum((refund.lines or {}).get(line.gid(), 0) for refund in others)
        for line in body.node("lineItems").nodes("nodes")
    }
    return {line_id: quantity for line_id, quantity in lines.items() if quantity > 0}


def _refund(item: Fields, order_id: PlatformId) -> RefundSnapshot:
    lines: dict[PlatformId, int] = {}
    for line in item.node("refundLineItems").nodes("nodes"):
        line_id = line.node("lineItem").gid()
        lines[line_id] = lines.get(line_id, 0) + line.count("quantity")
    return RefundSnapshot(
        refund_id=item.gid(),
        order_id=order_id,
        created_at=item.time_or_none("createdAt") or item.time("processedAt"),
        amount=item.shop_money("totalRefundedSet"),
        lines=lines,
    )
