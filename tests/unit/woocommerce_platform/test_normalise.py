"""Shapes that no capture shows: metadata of plugins, refunds with lines, odd and broken bodies."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import BadPayload
from app.domain.events import facts_of
from app.domain.merging import lacks_facts, merge_order
from app.domain.money import Money
from app.domain.snapshots import (
    CustomerSnapshot,
    ObjectKind,
    OrderSnapshot,
    PostedReview,
    ProductSnapshot,
    Refresh,
)
from app.platforms.base import Ignored, Received, Unknown
from app.platforms.woocommerce import topics
from app.platforms.woocommerce.normalise import READERS, normalise

from .captures import capture

VERSION = datetime(2026, 11, 22, 2, 41, 58, tzinfo=UTC)


def body(**changes: Any) -> dict[str, Any]:
    return json.loads(capture("order-completed-0-order.updated")["body"]) | changes


def read(data: Any, topic: str = "order.updated", currency: str | None = None):
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return normalise(Received(topic, raw, None, "http://127.0.0.1:8088", currency))


def order(**changes: Any) -> OrderSnapshot:
    (snapshot,) = read(body(**changes))
    return snapshot


def meta(**values: Any) -> list[dict[str, Any]]:
    return [{"id": n, "key": key, "value": value} for n, (key, value) in enumerate(values.items())]


def test_what_we_register_is_what_we_can_read():
    fetched = {
        topics.FETCHED_ORDER,
        topics.FETCHED_PRODUCT,
        topics.FETCHED_CUSTOMER,
        topics.FETCHED_REVIEW,
    }
    assert set(READERS) == set(topics.TOPICS) | set(topics.PLUGIN_TOPICS) | fetched
    assert not set(topics.TOPICS) & set(topics.PLUGIN_TOPICS)
    assert not set(topics.IGNORED) & set(READERS)


def test_what_the_plugin_forwards_is_read_from_the_store():
    """The body is documented: {"action": the hook, "arg": its first argument}."""
    posted = {"action": "woocommerce_afterglow_review_posted", "arg": 21}
    assert read(posted, topics.REVIEW_POSTED) == [Refresh(ObjectKind.REVIEW, "21")]
    left = {"action": "woocommerce_afterglow_fulfilled", "arg": 2539}
    assert read(left, topics.FULFILLED) == [Refresh(ObjectKind.ORDER, "2539")]


@pytest.mark.parametrize("arg", [None, 0, -1, "21", "x", True, 1.5, [], {"id": 21}])
def test_a_hook_without_a_number_names_nothing(arg):
    with pytest.raises(BadPayload):
        read({"action": "woocommerce_afterglow_fulfilled", "arg": arg}, topics.FULFILLED)


def test_a_review_of_the_store():
    review = {
        "id": 21,
        "date_created_gmt": "2026-11-22T02:41:58",
        "product_id": 7,
        "status": "hold",
        "reviewer_email": "Zofia@example.sk",
        "rating": 5,
    }
    assert read(review, topics.FETCHED_REVIEW) == [
        PostedReview("21", "7", "Zofia@example.sk", VERSION)
    ]
    for change in ({"status": "spam"}, {"status": "trash"}, {"reviewer_email": ""},
                   {"product_id": 0}, {"date_created_gmt": ""}):  # fmt: skip
        assert isinstance(read(review | change, topics.FETCHED_REVIEW), Ignored), change


def fetched(fulfilments: Any, **changes: Any) -> OrderSnapshot:
    metas = [*body()["meta_data"], *meta(_fulfillment_status="fulfilled")]
    parts = {"order": body(meta_data=metas, **changes), "refunds": []}
    if fulfilments is not None:
        parts["fulfilments"] = fulfilments
    (snapshot,) = read(parts, topics.FETCHED_ORDER)
    return snapshot


def documented_fulfilment(**changes: Any) -> dict[str, Any]:
    """As in WooCommerce's own page "Order Fulfillments REST API"."""
    metas = meta(
        _items=[{"item_id": 456, "qty": 2}, {"item_id": 789, "qty": 1}],
        _tracking_number="1Z999AA1234567890",
        _shipping_provider="ups",
    )
    return {
        "id": 1,
        "entity_type": "WC_Order",
        "entity_id": "123",
        "status": "fulfilled",
        "is_fulfilled": True,
        "date_updated": "2024-01-15T10:30:00",
        "date_deleted": None,
        "meta_data": metas,
    } | changes


def test_cores_fulfilments():
    (parcel,) = fetched([documented_fulfilment()]).fulfilments
    assert (parcel.fulfilment_id, parcel.cancelled) == ("core-1", False)
    assert parcel.created_at == datetime(2024, 1, 15, 10, 30, tzinfo=UTC)
    assert parcel.lines == {"456": 2, "789": 1}
    when = documented_fulfilment(meta_data=meta(_date_fulfilled="2024-01-14 08:00:00"))
    assert fetched([when]).fulfilments[0].created_at == datetime(2024, 1, 14, 8, tzinfo=UTC)


def test_a_fulfilment_never_left_after_the_orders_last_change():
    """Older releases write local time: east of Greenwich that would be the future."""
    late = documented_fulfilment(meta_data=meta(_date_fulfilled="2026-11-22 10:41:58"))
    assert fetched([late]).fulfilments[0].created_at == VERSION


def test_what_has_not_left_or_is_taken_back():
    assert fetched([documented_fulfilment(is_fulfilled=False)]).fulfilments == ()
    gone = documented_fulfilment(date_deleted="2024-01-16 00:00:00")
    assert fetched([gone]).fulfilments[0].cancelled


@pytest.mark.parametrize("value", [None, "x", 5, [], {"item_id": 1}, [[1]], [{"item_id": 1}]])
def test_odd_metadata_of_fulfilments(value):
    odd = documented_fulfilment(meta_data=meta(_items=value, _date_fulfilled=value))
    (parcel,) = fetched([odd]).fulfilments
    assert parcel.lines == {}
    assert parcel.created_at == datetime(2024, 1, 15, 10, 30, tzinfo=UTC)


def test_an_order_whose_fulfilments_were_not_read_is_partial():
    assert fetched(None).partial
    assert lacks_facts(fetched(None))
    assert not fetched([]).partial
    assert order(meta_data=meta(_fulfillment_status="fulfilled")).partial
    assert not order().partial


def test_three_outcomes_per_topic():
    assert isinstance(read(body()), list)
    assert isinstance(read(b"{}", "coupon.updated"), Ignored)
    assert read(b"{}", "action.woocommerce_order_refunded") == Unknown()
    assert read(b"{}", "order.invented") == Unknown()


@pytest.mark.parametrize(
    ("topic", "kind"),
    [
        ("order.deleted", ObjectKind.ORDER),
        ("product.deleted", ObjectKind.PRODUCT),
        ("customer.deleted", ObjectKind.CUSTOMER),
    ],
)
def test_deletes_are_read_again(topic, kind):
    assert read({"id": 22}, topic) == [Refresh(kind, "22")]


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"{", b"[]", b"null", b"12", b"\xff\xfe", b'"text"', b"webhook_id=1", b"{}",
        b'{"id":1}', b"[" * 100_000, b'{"id":' + b"9" * 5000 + b"}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("topic", ["order.updated", "product.updated", "customer.updated"])
def test_what_is_no_such_object_is_parked(topic, raw):
    with pytest.raises(BadPayload, match="replayed"):
        read(raw, topic)


@pytest.mark.parametrize("data", [{}, {"id": 0}, {"id": "x"}, {"id": True}, {"id": None}])
def test_a_delete_without_an_id_is_parked(data):
    with pytest.raises(BadPayload):
        read(data, "order.deleted")


@pytest.mark.parametrize(
    "changes",
    [
        {"date_created_gmt": None},
        {"date_created_gmt": "yesterday"},
        {"date_created_gmt": 17},
        {"date_paid_gmt": "0001-01-01T00:00:00+12:00"},
        {"total": "a lot"},
        {"currency": "€"},
        {"total": "1e400"},
        {"line_items": None},
        {"line_items": [{"id": 1, "quantity": float("inf")}]},
        {"billing": "someone@example.com"},
    ],
)
def test_a_field_that_cannot_be_read_is_never_guessed_nor_told(changes):
    with pytest.raises(BadPayload) as raised:
        order(**changes)
    assert "someone" not in str(raised.value)
    assert "zoe" not in str(raised.value)


@pytest.mark.parametrize(
    ("status", "cancelled", "delivered", "fulfilled"),
    [
        ("processing", False, False, False),
        ("completed", False, False, True),
        ("cancelled", True, False, False),
        ("failed", True, False, False),
        ("refunded", False, False, False),
        ("delivered", False, True, True),
        ("some-plugins-own", False, False, False),
    ],
)
def test_statuses(status, cancelled, delivered, fulfilled):
    snapshot = order(status=status)
    assert snapshot.cancelled_at == (VERSION if cancelled else None)
    assert snapshot.delivered_at == (VERSION if delivered else None)
    assert snapshot.fully_fulfilled is fulfilled
    assert snapshot.paid_at  # being paid is a fact of its own


def test_the_bin_and_the_counter():
    assert order(status="trash").trashed
    assert order(created_via="pos-rest-api").in_person
    assert not order(created_via="checkout").in_person


@pytest.mark.parametrize(
    ("metas", "expected"),
    [
        ({}, None),
        ({"_wc_other/afterglow/marketing-consent": "1"}, True),
        ({"_wc_other/afterglow/marketing-consent": "0"}, False),
        ({"_afterglow_marketing_consent": "yes"}, True),
        ({"_afterglow_marketing_consent": "no"}, False),
        ({"mailchimp_woocommerce_is_subscribed": "1"}, True),
        ({"mailchimp_woocommerce_is_subscribed": "archived"}, False),
        ({"_mc4wp_optin": "1"}, True),
        ({"_mc4wp_optin": 1}, True),
        ({"_mc4wp_optin": True}, True),
        ({"_mc4wp_optin": ""}, False),
        ({"_mc4wp_optin": ["1"]}, False),
        ({"newsletter": "1"}, None),
        ({"_afterglow_marketing_consent": "no", "_mc4wp_optin": "1"}, False),
    ],
)
def test_the_tick_at_checkout(metas, expected):
    assert order(meta_data=meta(**metas)).checkout_consent is expected


@pytest.mark.parametrize(
    ("metas", "expected"),
    [
        ({}, None),
        ({"wpml_language": "sk"}, "sk"),
        ({"trp_language": "tr_TR"}, "tr-TR"),
        ({"weglot_language": "de"}, "de"),
        ({"wpml_language": ""}, None),
        ({"wpml_language": ["sk"]}, None),
    ],
)
def test_the_language_of_the_order(metas, expected):
    assert order(meta_data=meta(**metas)).locale == expected


def test_the_store_asks_itself_or_its_withdrawal_form_was_used():
    assert order(meta_data=meta(_wc_review_request_scheduled_at="1795")).store_asks_review
    assert order(meta_data=meta(_wc_review_request_completed_at="1795")).store_asks_review
    assert not order(meta_data=meta(_wc_review_request_scheduled_at="")).store_asks_review
    assert order(meta_data=meta(_order_withdrawal_requested="yes")).withdrawal_requested
    assert not order(meta_data=meta(_order_withdrawal_requested="no")).withdrawal_requested


def test_parcels_of_tracking_plugins():
    items = [
        {"tracking_id": "b", "tracking_number": "2", "date_shipped": 1795400000},
        {"tracking_id": "a", "tracking_number": "1", "date_shipped": "1795300000"},
        {"tracking_number": "only-number", "date_shipped": "1795300000"},
        {"tracking_id": "undated", "date_shipped": ""},
        "broken",
    ]
    snapshot = order(meta_data=meta(_wc_shipment_tracking_items=items))
    assert [(f.fulfilment_id, f.created_at.timestamp()) for f in snapshot.fulfilments] == [
        ("b", 1795400000),
        ("a", 1795300000),
        ("only-number", 1795300000),
    ]
    assert order(meta_data=meta(_wc_shipment_tracking_items="")).fulfilments == ()


def test_the_country_is_where_it_is_sent_else_where_it_is_billed():
    assert order(shipping={"country": "DE"}).country == "DE"
    assert order(shipping=[]).country == "US"


def test_php_and_plugins_write_types_as_they_please():
    snapshot = order(
        id="19",
        number=1019,
        customer_id="4",
        meta_data=[],
        line_items=[
            {"id": 1, "name": "Cheese", "product_id": 0, "quantity": 0.5, "total": "3.10"},
            {
                "id": 2,
                "name": "Milk",
                "product_id": "12",
                "quantity": "2",
                "total": "2",
                "image": [],
            },
        ],
    )
    cheese, milk = snapshot.lines
    assert (snapshot.order_id, snapshot.number, snapshot.person.customer_id) == ("19", "1019", "4")
    assert (cheese.product_id, cheese.quantity, cheese.total) == (None, 1, Money(310, "USD"))
    assert (milk.product_id, milk.quantity) == ("12", 2)


def test_our_own_traces_on_an_order_tell_nothing_new():
    """A write of metadata comes back as `order.updated`."""
    ours = {"reference": "RMA-1004", "state": "approved", "kind": "return", "lines": []}
    before = order()
    after = order(
        meta_data=meta(**{"_afterglow_return_RMA-1004": ours}),
        date_modified_gmt="2026-11-22T03:00:00",
    )
    known = merge_order(None, before)
    assert replace(merge_order(known, after), version=known.version) == known
    assert list(facts_of(after)) == list(facts_of(before))


def sold(**line: Any) -> list[dict[str, Any]]:
    return [{"id": 1, "name": "Mug", "product_id": 10, "quantity": 1, "total": "0"} | line]


@pytest.mark.parametrize(
    ("line", "with_tax", "expected"),
    [
        ({"quantity": 2, "subtotal": "37.00", "total": "33.30"}, False, 1850),  # before the coupon
        ({"quantity": 3, "subtotal": "10.00"}, False, 333),
        ({"quantity": 3, "subtotal": "20.00"}, False, 667),
        ({"quantity": 8, "subtotal": "0.04"}, False, 1),  # half a cent is rounded up
        ({"quantity": 2, "subtotal": "41.32", "subtotal_tax": "8.68"}, True, 2500),
        ({"quantity": 2, "subtotal": "41.32", "subtotal_tax": "8.68"}, False, 2066),
        ({"quantity": 2, "subtotal": "41.32"}, True, 2066),
        ({"quantity": 0.5, "subtotal": "3.10"}, False, None),  # cheese: half a kilo is no piece
        ({"quantity": "1.5", "subtotal": "3.10"}, False, None),
        ({"quantity": 0, "subtotal": "3.10"}, False, None),
        ({"quantity": 1}, False, None),
    ],
)
def test_the_price_of_one_before_coupons_as_the_shop_writes_its_prices(line, with_tax, expected):
    (got,) = order(line_items=sold(**line), prices_include_tax=with_tax).lines
    assert got.unit_price == (Money(expected, "USD") if expected is not None else None)


# As a live store (WooCommerce 10.9.1) answered `orders/79/refunds`, shortened.
REFUND = {
    "id": 80,
    "date_created_gmt": "2026-11-23T16:24:34",
    "amount": "18.50",
    "line_items": [
        {"id": 45, "quantity": -1, "total": "-18.50",
         "meta_data": [{"id": 353, "key": "_refunded_item_id", "value": "1"}]},
        {"id": 46, "quantity": 0, "total": "-1.00",
         "meta_data": [{"id": 354, "key": "_refunded_item_id", "value": "2"}]},
    ],
}  # fmt: skip


def test_an_order_read_with_its_refunds_lacks_nothing():
    named = body(refunds=[{"id": 80, "reason": "", "total": "-18.50"}])
    (snapshot,) = read({"order": named, "refunds": [REFUND]}, topics.FETCHED_ORDER)
    (refund,) = snapshot.refunds
    assert refund.amount == Money(1850, "USD")
    assert refund.created_at == datetime(2026, 11, 23, 16, 24, 34, tzinfo=UTC)
    assert refund.lines == {"1": 1}
    assert not lacks_facts(snapshot)
    assert "order_refunded" in [event.type for event in facts_of(snapshot)]


def test_a_refund_of_an_amount_has_no_lines_but_they_are_known():
    (snapshot,) = read(
        {"order": body(), "refunds": [REFUND | {"line_items": []}]}, topics.FETCHED_ORDER
    )
    assert snapshot.refunds[0].lines == {}


def test_a_listed_order_only_names_its_refunds():
    named = body(refunds=[{"id": 80, "reason": "", "total": "-18.50"}])
    (snapshot,) = read({"order": named}, topics.FETCHED_ORDER)
    assert lacks_facts(snapshot)


PRODUCT = json.loads(capture("product-update-0-product.updated")["body"])


@pytest.mark.parametrize(
    ("changes", "reviewable"),
    [
        ({}, True),
        ({"reviews_allowed": False}, False),
        ({"status": "draft"}, False),
        ({"status": "trash"}, False),
    ],
)
def test_whether_a_product_can_be_reviewed(changes, reviewable):
    (snapshot,) = read(PRODUCT | changes, "product.updated")
    assert isinstance(snapshot, ProductSnapshot)
    assert snapshot.reviewable is reviewable


def test_a_variation_is_no_product_of_its_own():
    assert isinstance(read(PRODUCT | {"type": "variation"}, "product.updated"), Ignored)


TERMS = {
    "categories": [
        {"id": 15, "name": "Uncategorized", "slug": "uncategorized"},
        {"id": 31, "name": "Tea &amp; Towel", "slug": "tea-towel"},
    ],
    "tags": [{"id": 32, "name": "no-return", "slug": "no-return"}],
}


@pytest.mark.parametrize("topic", ["product.updated", "product.restored", topics.FETCHED_PRODUCT])
def test_a_products_categories_tags_and_price_without_a_sale(topic):
    on_sale = PRODUCT | TERMS | {"regular_price": "18.50", "sale_price": "12", "price": "12"}
    (snapshot,) = read(on_sale, topic, "EUR")
    assert snapshot.categories == ("Uncategorized", "Tea & Towel")
    assert snapshot.tags == ("no-return",)
    assert snapshot.regular_prices == {"": Money(1850, "EUR")}
    assert snapshot.price == Money(1200, "EUR")


@pytest.mark.parametrize(
    ("changes", "currency"),
    [({}, None), ({"regular_price": ""}, "EUR"), ({"regular_price": "on request"}, "EUR")],
)
def test_a_price_that_is_not_told_or_no_money_is_none(changes, currency):
    (snapshot,) = read(PRODUCT | changes, "product.updated", currency)
    assert snapshot.regular_prices == {}


def test_the_choices_of_a_product_have_their_own_prices_where_we_read_them():
    variable = PRODUCT | {"type": "variable", "regular_price": "", "price": "20", "variations": [4]}
    (told,) = read(variable, "product.updated", "JPY")
    assert told.regular_prices == {}
    rows = [{"id": 4, "regular_price": "2200"}, {"id": 5, "regular_price": ""}]
    (read_anew,) = read({"product": variable, "variations": rows}, topics.FETCHED_PRODUCT, "JPY")
    assert read_anew.regular_prices == {"4": Money(2200, "JPY")}


def test_a_customer_without_name_is_known_by_the_bill():
    data = json.loads(capture("customer-create-0-customer.created")["body"])
    data |= {"first_name": "", "billing": data["billing"] | {"first_name": "Eva", "country": "SK"}}
    (snapshot,) = read(data, "customer.updated")
    assert isinstance(snapshot, CustomerSnapshot)
    assert (snapshot.person.first_name, snapshot.country) == ("Eva", "SK")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(field=st.sampled_from(sorted(body())), value=JSON_VALUES)
def test_any_field_may_hold_anything_without_a_crash(field, value):
    try:
        order(**{field: value})
    except BadPayload:
        return
