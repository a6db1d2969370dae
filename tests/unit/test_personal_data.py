"""How a raw body is recognised as showing a person."""

import json
from typing import Any

import pytest

from app.domain.snapshots import Person
from app.services.personal_data import marks

PERSON = Person(email="Žofia@Example.sk ", phone="+421 900 123 456", customer_id="77")
MARKS = marks([PERSON], ["22", "5500"])


@pytest.mark.parametrize(
    "body",
    [
        {"billing": {"email": "žofia@example.SK"}},
        {"contact": "call +421 900 123 456"},
        {"id": 22},
        {"order_id": "22", "name": "no address here"},
        {"customer": {"id": 77}},
        {"admin_graphql_api_id": "gid://shopify/Order/5500"},
        {"data": {"order": {"id": "gid://shopify/Order/5500"}}},
    ],
)
def test_bodies_that_show_the_person(body: Any) -> None:
    assert MARKS.shown_in(json.dumps(body).encode())
    assert MARKS.shown_in(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())


@pytest.mark.parametrize(
    "body",
    [
        {"id": 221, "total": "22.00", "quantity": 22},
        {"billing": {"email": "sofia@example.sk"}, "customer_id": 7},
        {"id": 55001, "sku": "5500"},
    ],
)
def test_bodies_of_others(body: Any) -> None:
    assert not MARKS.shown_in(json.dumps(body).encode())


def test_nobody_is_in_no_body() -> None:
    assert not marks([Person()], []).shown_in(b'{"id": 1, "email": ""}')
