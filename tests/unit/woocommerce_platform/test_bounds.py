"""What fuzzing found in WooCommerce's bodies: values that fit no column, or no number."""

import json
from typing import Any

import pytest

from app.db.codec import order_doc
from app.domain.errors import BadPayload
from app.domain.snapshots import OrderSnapshot
from app.platforms.base import Received
from app.platforms.woocommerce.normalise import normalise

from .captures import capture

FULL: dict[str, Any] = json.loads(capture("order-create-paid-0-order.created")["body"])


def read(**changes: Any) -> OrderSnapshot:
    body = json.dumps({**FULL, **changes}).encode()
    said = normalise(Received("order.updated", body, None, "http://127.0.0.1:8088"))
    assert isinstance(said, list)
    (order,) = said
    assert isinstance(order, OrderSnapshot)
    return order


@pytest.mark.parametrize("country", ["EUR", "Slovakia", 7, 1e308, "ÄÖ", "S\0"])
def test_what_is_no_country_is_none(country: Any) -> None:
    assert read(billing={"country": country}, shipping={"country": country}).country is None


def test_half_characters_and_nul_do_not_stop_an_order() -> None:
    line = {**FULL["line_items"][0], "name": "Tea\0 Towel", "sku": "a\ud83d"}
    order = read(number="#1\0" + "7" * 80, status="paid\0", line_items=[line], coupon_lines=[
        {"code": "T\0"}])  # fmt: skip
    text = json.dumps(order_doc(order), ensure_ascii=False)
    assert "\\u0000" not in text
    text.encode()
    assert (order.lines[0].title, len(order.number), order.coupon_codes) == (
        "Tea Towel",
        64,
        ("T",),
    )


@pytest.mark.parametrize("quantity", [10**30, "1e30", -(10**10), float("inf")])
def test_a_quantity_without_measure_is_refused(quantity: Any) -> None:
    with pytest.raises(BadPayload):
        read(line_items=[{**FULL["line_items"][0], "quantity": quantity, "subtotal": "10"}])


def test_an_id_longer_than_any_is_refused() -> None:
    with pytest.raises(BadPayload):
        read(id=10**80)


def test_parcels_of_plugins_fit_or_are_none() -> None:
    items = [
        {"tracking_id": "T\0" + "9" * 90, "date_shipped": "1795683600"},
        {"tracking_id": "T2", "date_shipped": "9" * 5000},
    ]
    order = read(meta_data=[{"key": "_wc_shipment_tracking_items", "value": items}])
    assert [parcel.fulfilment_id for parcel in order.fulfilments] == ["T" + "9" * 63]


def test_an_error_code_that_is_none_is_not_told() -> None:
    body = json.dumps({"code": "zofia@example.sk", "message": ""}).encode()
    with pytest.raises(BadPayload) as refused:
        normalise(Received("order.updated", body, None, "http://127.0.0.1:8088"))
    assert "zofia" not in str(refused.value)
