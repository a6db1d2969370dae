"""Each recorded or documented body, and what it must lead to."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import BadPayload
from app.domain.money import Money
from app.domain.snapshots import (
    ConsentState,
    Control,
    ControlMessage,
    DeliverySnapshot,
    FulfilmentSnapshot,
    Gone,
    MergedCustomers,
    ObjectKind,
    OrderSnapshot,
    Person,
    ProductSnapshot,
    Refresh,
    RefundSnapshot,
)
from app.platforms.base import Ignored, Received, Unknown
from app.platforms.shopify.normalise import normalise

FIXTURES = Path(__file__).parents[3] / "fixtures/shopify"
SHOP = "demo.myshopify.com"
TRIGGERED = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def recorded(name: str) -> dict[str, Any]:
    return json.loads((FIXTURES / f"{name}.json").read_text())


def outcome_of(topic: str, body: Any, shop_domain: str = SHOP) -> Any:
    return normalise(Received(topic, json.dumps(body).encode(), TRIGGERED, shop_domain))


def outcome(name: str, **changes: Any) -> Any:
    """What a fixture leads to, with some of its fields changed."""
    fixture = recorded(name)
    return outcome_of(fixture["topic"], fixture["body"] | changes)


def single(name: str, **changes: Any) -> Any:
    (snapshot,) = outcome(name, **changes)
    return snapshot


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def with_values(anonymised: Any, key: str = "") -> Any:
    """Anonymised bodies have real keys and types but no values: give money and currency some."""
    if isinstance(anonymised, dict):
        return {name: with_values(value, name) for name, value in anonymised.items()}
    if isinstance(anonymised, list):
        return [with_values(value, key) for value in anonymised]
    if anonymised == "example string" and key in ("currency", "currency_code"):
        return "EUR"
    if anonymised == "example string" and ("amount" in key or "price" in key or "total" in key):
        return "12.30"
    return anonymised


def test_every_fixture_is_mapped_ignored_or_of_a_topic_that_we_do_not_subscribe_to() -> None:
    unread = []
    for path in sorted(FIXTURES.glob("*.json")):
        fixture = json.loads(path.read_text())
        body = with_values(fixture["body"])
        for domain in ("shop_domain", "myshopify_domain"):  # placeholders in the samples
            if domain in body:
                body[domain] = SHOP
        if isinstance(outcome_of(fixture["topic"], body), Unknown):
            unread.append(fixture["topic"])
    assert set(unread) == {
        "app_subscriptions/update",
        "bulk_operations/finish",
        "checkouts/update",
        "discounts/create",
        "orders/partially_fulfilled",
        "reverse_deliveries/attach_deliverable",
        "reverse_fulfillment_orders/dispose",
    }


def test_cash_on_delivery_is_not_paid_although_processed() -> None:
    order = single("orders__create__captured_2021-03_fr_cash_on_delivery")
    assert (order.paid, order.paid_at, order.status) == (False, None, "pending, unfulfilled")
    assert order.total == Money(8000, "EUR")
    assert (order.country, order.locale, order.checkout_consent) == ("FR", "en", False)


def test_a_draft_order_without_customer_has_nobody_to_write_to() -> None:
    order = single("orders__create__captured_2025-01_draft_without_customer")
    assert order.person == Person()
    assert (order.country, order.locale) == (None, "zh-TW")
    assert order.coupon_codes == ("Wing Test 0123A",)
    assert order.lines[0].total == Money(9900 - 239 - 500, "HKD")
    assert order.lines[0].unit_price == Money(9900, "HKD")
    assert not order.partial  # approved and anonymous is not the same as withheld


def test_a_paid_order_does_not_tell_when_unless_orders_paid_brought_it() -> None:
    name = "orders__create__captured_2025-05_de-CH_new_customer_shape"
    order = single(name)
    assert (order.paid, order.paid_at) == (True, None)
    (paid,) = outcome_of("orders/paid", recorded(name)["body"])
    assert paid == replace(order, paid_at=TRIGGERED)


def test_consent_of_a_checkout_is_kept_apart_from_no_answer() -> None:
    name = "orders__create__captured_2025-05_de-CH_new_customer_shape"
    assert single(name).checkout_consent is True
    assert single(name, buyer_accepts_marketing=False).checkout_consent is False
    assert single(name, buyer_accepts_marketing=None).checkout_consent is None


def test_two_currencies_the_shops_one_counts() -> None:
    order = single("orders__paid__captured_2024-06_nl_two_currencies_fulfilled")
    assert order.total == Money(12436, "USD")
    assert sum(line.total.minor for line in order.lines) == 12436
    assert order.person.email == "guest.order@example.com"  # the order's, not the customer's
    assert order.country == "NL"  # digital goods: of the bill
    assert (order.test, order.fully_fulfilled, order.paid_at) == (True, True, TRIGGERED)
    assert [parcel.delivered_at for parcel in order.fulfilments] == [None]
    assert not any(line.ships for line in order.lines)


def test_a_cancelled_order_keeps_its_total_and_tells_its_refund() -> None:
    order = single("orders__cancelled__captured_2025-01_restocked_refunded")
    assert order.cancelled_at == utc("2025-01-23T21:57:18-05:00")
    assert order.completed_at is None  # closed by the cancellation, not finished
    assert order.paid
    assert order.refunds == (
        RefundSnapshot(
            refund_id="982959849772",
            order_id="6198821716268",
            created_at=utc("2025-01-23T21:57:17-05:00"),
            amount=Money(9900, "HKD"),
            lines={"15515765276972": 1},
        ),
    )


def test_two_parcels() -> None:
    order = single("orders__fulfilled__captured_2024-10_pl_two_fulfilments")
    assert order.fully_fulfilled
    assert len(order.fulfilments) == 2
    assert (order.locale, order.country) == ("pl", "PL")


def test_a_delivered_parcel_inside_an_order_arrived_at_the_latest_when_it_changed() -> None:
    order = single("orders__updated__captured_2021-02_us_delivered")
    (parcel,) = order.fulfilments
    assert parcel.delivered_at == utc("2021-02-22T14:47:22-08:00")
    assert order.person.first_name == "Ravi"  # recorded with a trailing blank


def test_shopifys_own_sample_keeps_ids_above_2_to_the_53() -> None:
    order = single("orders__create__documented_2026-07")
    assert order.order_id == "820982911946154508"
    assert [line.line_id for line in order.lines][:2] == [
        "487817672276298554",
        "789012345678901234",
    ]
    assert (order.test, order.paid, order.status) == (True, False, "cancelled")


@pytest.mark.parametrize(
    ("name", "partial"),
    [
        ("orders__updated__anonymised_2025-04_protected", True),
        ("orders__updated__anonymised_2024-01_name_address_no_email", True),
        ("orders__updated__anonymised_2024-04", False),
    ],
)
def test_withheld_personal_data_make_the_picture_partial(name: str, partial: bool) -> None:
    (order,) = outcome_of("orders/updated", with_values(recorded(name)["body"]))
    assert order.partial is partial


def test_a_sale_over_the_counter() -> None:
    order = single("orders__create__documented_2026-07", source_name="pos")
    assert order.in_person


@pytest.mark.parametrize(
    ("financial", "paid"),
    [
        ("paid", True),
        ("partially_refunded", True),
        ("refunded", True),
        ("partially_paid", False),
        ("authorized", False),
        ("pending", False),
        ("voided", False),
        (None, False),
    ],
)
def test_what_counts_as_paid(financial: str | None, paid: bool) -> None:
    order = single("orders__create__documented_2026-07", financial_status=financial)
    assert order.paid is paid


def test_a_parcel_counts_when_it_is_handed_over() -> None:
    name = "fulfillments__create__documented_2026-07"
    assert isinstance(outcome(name), Ignored)  # status pending
    parcel = single(name, status="success")
    assert isinstance(parcel, FulfilmentSnapshot)
    assert (parcel.fulfilment_id, parcel.order_id) == ("123456", "820982911946154508")
    assert (parcel.cancelled, parcel.delivered_at) == (False, None)
    assert single(name, status="cancelled").cancelled


def test_only_arrival_matters_of_the_carriers_news() -> None:
    name = "fulfillment_events__create__documented_2026-07"
    assert isinstance(outcome(name), Ignored)
    assert single(name, status="delivered") == DeliverySnapshot(
        order_id="820982911946154508",
        fulfilment_id="123456",
        delivered_at=utc("2021-12-31T19:00:00-05:00"),
    )


def test_a_refund_is_what_was_paid_back_tax_included() -> None:
    refund = single("refunds__create__captured_2024-09_pos_with_return")
    assert refund.amount == Money(16125, "CAD")
    assert refund.lines == {"15075349889304": 4}


def test_a_refund_of_an_amount_only_has_no_lines() -> None:
    body = with_values(recorded("refunds__create__anonymised_2025-04_adjustment_only")["body"])
    body["transactions"][0] |= {"kind": "refund", "status": "success"}
    (refund,) = outcome_of("refunds/create", body)
    assert (refund.amount, refund.lines) == (Money(1230, "EUR"), {})


def test_a_refund_whose_amount_is_unclear_makes_us_read_the_order() -> None:
    name = "refunds__create__captured_2024-09_pos_with_return"
    payments = [payment | {"currency": "USD"} for payment in recorded(name)["body"]["transactions"]]
    reading = Refresh(ObjectKind.ORDER, "6022498320664")
    assert single(name, transactions=payments) == reading
    without_bags = {"refund_line_items": [], "order_adjustments": [], "total_duties_set": None}
    assert single(name, **without_bags) == reading


@pytest.mark.parametrize(
    ("name", "return_id"),
    [
        ("returns__request__captured_2023-10_plus_customer", "3547267221"),
        ("returns__request__documented_2026-07", "123134564567890"),
        ("returns__approve__documented_2026-07", "123134564567890"),
        ("returns__decline__documented_2026-07", "123134564567890"),
        ("returns__update__documented_2026-07", "123134564567890"),  # a difference, no number
        ("returns__cancel__documented_2026-07", "123134564567890"),
        ("returns__close__documented_2026-07", "123134564567890"),
        ("returns__reopen__documented_2026-07", "123134564567890"),
    ],
)
def test_news_of_a_return_make_us_read_it(name: str, return_id: str) -> None:
    assert single(name) == Refresh(ObjectKind.RETURN, return_id)


def test_news_of_a_processed_return_may_name_nothing() -> None:
    name = "returns__process__documented_2026-07"  # no example of its body exists anywhere
    assert isinstance(outcome(name), Ignored)
    named = {"admin_graphql_api_id": "gid://shopify/Return/7"}
    assert single(name, **named) == Refresh(ObjectKind.RETURN, "7")
    assert single(name, id=7) == Refresh(ObjectKind.RETURN, "7")


def test_customer() -> None:
    customer = single("customers__update__documented_2026-07")
    assert customer.person.email == "bob@biller.com"
    assert (customer.customer_id, customer.country) == ("706405506930370084", "CA")


@pytest.mark.parametrize(
    ("state", "meaning"),
    [
        ("subscribed", ConsentState.SUBSCRIBED),
        ("unsubscribed", ConsentState.UNSUBSCRIBED),
        ("pending", ConsentState.PENDING),
        ("not_subscribed", ConsentState.UNKNOWN),
        ("a word of 2031", ConsentState.UNKNOWN),
    ],
)
def test_consent_and_its_time(state: str, meaning: ConsentState) -> None:
    name = "customers_email_marketing_consent__update__documented_2026-07"
    dated = {"state": state, "consent_updated_at": "2026-11-01T12:00:00+01:00"}
    consent = single(name, email_marketing_consent=dated)
    assert (consent.state, consent.at) == (meaning, utc("2026-11-01T12:00:00+01:00"))
    undated = single(name, email_marketing_consent={"state": state, "consent_updated_at": None})
    assert (undated.state, undated.at) == (meaning, TRIGGERED)
    assert undated.customer_id == "706405506930370084"


def test_only_a_completed_merge_unites_customers() -> None:
    name = "customers__merge__documented_2026-07"
    assert isinstance(outcome(name), Ignored)
    assert single(name, status="completed") == MergedCustomers(kept="1", removed="2")
    with pytest.raises(BadPayload):
        outcome(name, status="undone")


@pytest.mark.parametrize("kind", [ObjectKind.ORDER, ObjectKind.PRODUCT, ObjectKind.CUSTOMER])
def test_deleted_objects_are_gone(kind: ObjectKind) -> None:
    gone = single(f"{kind.value}s__delete__documented_2026-07")
    assert (type(gone), gone.kind) == (Gone, kind)


def test_product() -> None:
    name = "products__update__documented_2026-07"
    product = single(name)
    assert isinstance(product, ProductSnapshot)
    assert product.url == f"https://{SHOP}/products/example-t-shirt"
    assert product.reviewable
    assert product.tags == ("example", "mens", "t-shirt")
    assert product.partial  # no collections, and prices without a currency
    assert not single(name, published_at=None).reviewable
    assert not single(name, status="draft").reviewable


def test_scopes() -> None:
    assert single("app__scopes_update__documented_2026-07").scopes == (
        "read_products",
        "write_products",
    )


@pytest.mark.parametrize(
    ("name", "field", "control"),
    [
        ("app__uninstalled__documented_2026-07", "myshopify_domain", Control.UNINSTALLED),
        ("shop__redact__documented_2026-07", "shop_domain", Control.SHOP_REDACT),
        ("customers__redact__documented_2026-07", "shop_domain", Control.CUSTOMER_REDACT),
        ("customers__data_request__documented_2026-07", "shop_domain", Control.DATA_REQUEST),
    ],
)
def test_what_ends_or_erases_counts_only_for_the_shop_that_the_body_names(
    name: str, field: str, control: Control
) -> None:
    message = single(name, **{field: SHOP})
    assert isinstance(message, ControlMessage)
    assert message.control is control
    for other in ("other.myshopify.com", None, f"{SHOP}.evil.com"):
        with pytest.raises(BadPayload):
            outcome(name, **{field: other})


def test_a_request_for_erasure_names_the_customer_and_the_orders() -> None:
    message = single("customers__redact__documented_2026-07", shop_domain=SHOP)
    assert message.customer == Person(
        email="john@example.com", phone="555-625-1199", customer_id="191167"
    )
    assert message.order_ids == ("299938", "280263", "220458")


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{", b"\xff\xfe", b'{"id": NaN}', b"[" * 100_000, b'{"id": 1.0}'],
)
@pytest.mark.parametrize("topic", ["orders/paid", "customers/update", "graphql/order"])
def test_a_body_that_is_not_what_its_topic_promises(topic: str, body: bytes) -> None:
    with pytest.raises(BadPayload):
        normalise(Received(topic, body, TRIGGERED, SHOP))


@pytest.mark.parametrize(
    "changes",
    [
        {"id": 8.2e17},
        {"id": "820982911946154508"},
        {"id": True},
        {"total_price": "a lot"},
        {"total_price": 404.95},
        {"currency": "Taler"},
        {"created_at": "2021-12-31T19:00:00"},
        {"updated_at": None},
        {"line_items": {"0": {}}},
        {"line_items": ["x"]},
        {"customer": []},
    ],
)
def test_a_field_of_the_wrong_shape_parks_the_order_without_telling_its_value(
    changes: dict[str, Any],
) -> None:
    with pytest.raises(BadPayload) as refused:
        outcome("orders__create__documented_2026-07", **changes)
    assert next(iter(changes)) in str(refused.value)
    assert "820982" not in str(refused.value)


def test_half_an_emoji_in_a_title_does_not_park_the_order() -> None:
    fixture = recorded("orders__create__documented_2026-07")["body"]
    lines = [line | {"title": "Lamp \ud83d\0"} for line in fixture["line_items"]]
    order = single("orders__create__documented_2026-07", line_items=lines)
    assert isinstance(order, OrderSnapshot)
    assert order.lines[0].title == "Lamp ?"
