"""What each captured delivery must lead to."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.domain.errors import BadPayload
from app.domain.events import facts_of
from app.domain.merging import lacks_facts, merge_order
from app.domain.money import Money
from app.domain.snapshots import (
    CustomerSnapshot,
    ObjectKind,
    OrderSnapshot,
    ProductSnapshot,
    Refresh,
)
from app.platforms.base import Ignored
from app.platforms.woocommerce.normalise import normalise

from .captures import names, received


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-22T{text}").replace(tzinfo=UTC)


def picture(name: str) -> OrderSnapshot:
    (snapshot,) = normalise(received(name))
    assert isinstance(snapshot, OrderSnapshot)
    return snapshot


PLACED = "order_placed"
PAID = "order_paid"
COMPLETED = "order_completed"
CANCELLED = "order_cancelled"

# capture → (order, status, the facts that it proves)
ORDERS = {
    "order-create-pending-0-order.created": ("19", "pending", [PLACED]),
    "order-create-pending-1-order.updated": ("19", "pending", [PLACED]),
    "order-processing-0-order.updated": ("19", "processing", [PLACED, PAID]),
    "order-completed-0-order.updated": ("19", "completed", [PLACED, PAID, COMPLETED]),
    "refund-partial-1-order.updated": ("19", "completed", [PLACED, PAID, COMPLETED]),
    "order-create-paid-0-order.created": ("22", "processing", [PLACED, PAID]),
    "order-create-paid-1-order.updated": ("22", "processing", [PLACED, PAID]),
    "order-create-3-0-order.created": ("23", "pending", [PLACED]),
    "order-create-3-1-order.updated": ("23", "pending", [PLACED]),
    # three changes, one delivery: the last state proves all of them
    "coalesced-0": ("25", "completed", [PLACED, PAID, COMPLETED]),
    # a checkout that was only begun proves nothing
    "storefront-draft-0-order.updated": ("29", "checkout-draft", []),
    "storefront-place-with-another-mail-0-order.updated": ("31", "checkout-draft", []),
    # cash on delivery: "processing" is not paid
    "storefront-placed-0-order.updated": ("31", "processing", [PLACED]),
    "storefront-placed-1-order.created": ("31", "processing", [PLACED]),
    "storefront-order-completed-0-order.updated": ("31", "completed", [PLACED, PAID, COMPLETED]),
    "order-cancel-after-complete-0-order.updated": (
        "31", "cancelled", [PLACED, PAID, COMPLETED, CANCELLED],
    ),
    "order-meta-only-0-order.updated": ("40", "completed", [PLACED, PAID, COMPLETED]),
    # webhooks outlive the key that made them
    "webhook-after-key-deleted-0-order.updated": ("40", "completed", [PLACED, PAID, COMPLETED]),
    "webhook-after-key-deleted-1-order.updated": ("40", "completed", [PLACED, PAID, COMPLETED]),
    "webhook-owner-demoted-1-order.updated": ("40", "completed", [PLACED, PAID, COMPLETED]),
    "same-delivery-id-0": ("44", "pending", [PLACED]),
    "same-delivery-id-1": ("45", "pending", [PLACED]),
    "same-delivery-id-2": ("46", "pending", [PLACED]),
}  # fmt: skip

# The body names an id only: the object is read again, nothing is concluded.
DELETES = {"order-trash-0-order.deleted": "22", "order-trash2-0-order.deleted": "31"}

# Signed errors: the object was gone when the store sent; which one it was is not said.
GONE_BEFORE_SENDING = ("created-then-force-deleted-0", "created-then-force-deleted-1")

PRODUCTS = {
    "no-secret": "11",  # never gets this far: nobody can verify it
    "to-500": "11",
    "order-cancel-after-complete-1-product.updated": "10",
    "order-processing-1-product.updated": "10",
    "product-update-0-product.updated": "10",
    "refund-partial-0-product.updated": "10",
    "review-create-0-product.updated": "10",
    "storefront-placed-2-product.updated": "10",
}
CUSTOMERS = {"customer-create-0-customer.created": "4"}
IGNORED = ("coupon-create-0-coupon.created",)


def test_every_captured_delivery_is_in_one_of_the_tables():
    tables = (ORDERS, DELETES, GONE_BEFORE_SENDING, PRODUCTS, CUSTOMERS, IGNORED)
    listed = [name for table in tables for name in table]
    assert sorted(listed) == [n for n in names() if not n.startswith("ping-")]


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_proves_these_facts(name):
    order_id, status, facts = ORDERS[name]
    snapshot = picture(name)
    assert (snapshot.order_id, snapshot.status) == (order_id, status)
    assert [event.type for event in facts_of(snapshot)] == facts
    assert snapshot.draft is (status == "checkout-draft")
    assert snapshot.version is not None


@pytest.mark.parametrize("name", DELETES)
def test_a_delete_only_makes_us_read_again(name):
    assert normalise(received(name)) == [Refresh(ObjectKind.ORDER, DELETES[name])]


@pytest.mark.parametrize("name", GONE_BEFORE_SENDING)
def test_a_signed_404_says_nothing_that_could_be_used(name):
    assert isinstance(normalise(received(name)), Ignored)


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_product_is_read(name):
    (snapshot,) = normalise(received(name))
    assert isinstance(snapshot, ProductSnapshot)
    assert snapshot.product_id == PRODUCTS[name]
    assert snapshot.reviewable
    assert snapshot.categories == ("Uncategorized",)
    assert snapshot.tags == ()


@pytest.mark.parametrize("name", CUSTOMERS)
def test_a_customer_is_read(name):
    (snapshot,) = normalise(received(name))
    assert isinstance(snapshot, CustomerSnapshot)
    assert snapshot.customer_id == CUSTOMERS[name]
    assert snapshot.person.first_name == "Åsa"
    assert snapshot.version == at("02:42:31")


@pytest.mark.parametrize("name", IGNORED)
def test_knowingly_ignored(name):
    assert isinstance(normalise(received(name)), Ignored)


@pytest.mark.parametrize("status", [401, 403, 500, None])
def test_a_signed_error_other_than_404_is_parked_where_it_is_seen(status):
    # constructed after #68698; the owner of the webhook was demoted
    body = (
        b'{"code":"woocommerce_rest_cannot_view","message":"Sorry, you cannot view this resource.",'
        b'"data":{"status":%s}}' % (b"null" if status is None else str(status).encode())
    )
    delivery = replace(received("order-completed-0-order.updated"), body=body)
    with pytest.raises(BadPayload, match="connect the store again"):
        normalise(delivery)


def test_every_field_of_a_completed_order():
    order = picture("order-completed-0-order.updated")
    assert order.number == "19"
    assert order.version == at("02:41:58")
    assert order.placed_at == at("02:41:52")
    assert order.paid
    assert order.paid_at == at("02:41:56")
    assert order.completed_at == at("02:41:58")
    assert order.fully_fulfilled
    assert order.cancelled_at is None
    assert order.total == Money(6900, "USD")
    assert order.person.email == "zoe@example.com"
    assert (order.person.first_name, order.person.last_name) == ("Zoë", "O'Brien")
    assert order.person.customer_id is None
    assert order.country == "US"
    assert order.checkout_consent is None
    assert order.locale is None
    assert not order.partial
    mug, shirt = order.lines
    assert (mug.title, mug.quantity, mug.total) == ("Ceramic Mug", 2, Money(3700, "USD"))
    assert (mug.product_id, mug.variant_id, mug.variant_title) == ("10", None, None)
    assert mug.unit_price == Money(1850, "USD")
    assert (shirt.title, shirt.variant_title, shirt.product_id, shirt.variant_id) == (
        "T-Shirt", "M", "14", "16",
    )  # fmt: skip


def test_a_webhook_names_refunds_without_time_and_lines_so_the_order_is_read_again():
    order = picture("refund-partial-1-order.updated")
    (refund,) = order.refunds
    assert (refund.refund_id, refund.amount) == ("20", Money(1850, "USD"))
    assert refund.created_at is None
    assert refund.lines is None
    assert lacks_facts(order)


def test_the_address_typed_last_is_the_one_that_counts():
    # The customer first typed another address; the draft was saved with it.
    begun = picture("storefront-place-with-another-mail-0-order.updated")
    placed = picture("storefront-placed-0-order.updated")
    assert begun.draft
    assert placed.person.email == "buyer@example.com"
    for first, second in ((begun, placed), (placed, begun)):
        assert merge_order(merge_order(None, first), second).person == placed.person


def test_updated_before_created_ends_the_same():
    updated = picture("storefront-placed-0-order.updated")
    created = picture("storefront-placed-1-order.created")
    assert merge_order(merge_order(None, updated), created) == merge_order(
        merge_order(None, created), updated
    )


def test_cash_on_delivery_is_paid_when_it_was_collected():
    assert not picture("storefront-placed-0-order.updated").paid
    collected = picture("storefront-order-completed-0-order.updated")
    assert collected.paid_at == collected.completed_at == at("02:49:53")


def test_a_coupon_does_not_change_what_one_piece_cost():
    (line,) = picture("storefront-placed-0-order.updated").lines
    assert line.total == Money(1665, "USD")
    assert line.unit_price == Money(1850, "USD")


def test_a_used_code_is_told_in_lower_case_as_the_store_keeps_it():
    assert picture("order-cancel-after-complete-0-order.updated").coupon_codes == (
        "mail-1795315777",
    )
