"""How the twin lists products, and what it tells of deleted ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from shopify_kit import Merchant, running_shop


@pytest.fixture
def merchant() -> Iterator[Merchant]:
    with running_shop() as merchant:
        merchant.connect()
        yield merchant


def hours_later(merchant: Merchant, hours: int) -> None:
    status, _, _ = merchant.send("POST", "/_twin/clock", {"offset_seconds": hours * 3600})
    assert status < 300


def test_products_are_listed_in_a_window_oldest_change_first(merchant: Merchant) -> None:
    products = merchant.graphql("products_changed", query="", first=50)["products"]["nodes"]
    ids = [product["id"] for product in products]
    order = [3, 1, 4, 0]
    stamps = []
    for hour, place in enumerate(order):
        hours_later(merchant, hour + 1)
        number = int(ids[place].rpartition("/")[2])
        status = "draft" if place == 4 else "active"
        soap = merchant.act("change-product", product_id=number, title="Soap", status=status)
        stamps.append(soap["updated_at"])
    query = f"updated_at:>='{stamps[1]}'"
    found, after = [], None
    for more in (True, False):
        page = merchant.graphql("products_changed", query=query, first=2, after=after)["products"]
        found += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        assert page["pageInfo"]["hasNextPage"] is more
    assert found == [
        {"id": ids[place], "updatedAt": stamp}
        for place, stamp in zip(order[1:], stamps[1:], strict=True)
    ]


def test_only_an_event_tells_that_a_product_was_deleted(merchant: Merchant) -> None:
    listed = merchant.graphql("products_changed", query="", first=50)["products"]["nodes"]
    gone = [product["id"] for product in listed[:2]]
    for hour, product_id in enumerate(gone):
        hours_later(merchant, hour)
        merchant.act("delete-product", product_id=int(product_id.rpartition("/")[2]))
    merchant.act("create-product", title="Soap", handle="soap", price=100)
    left = merchant.graphql("products_changed", query="", first=50)["products"]["nodes"]
    assert not {product["id"] for product in left} & set(gone)

    def events(since: str) -> list[tuple[str, str]]:
        query = f"action:'destroy' AND subject_type:'PRODUCT' AND created_at:>='{since}'"
        found = merchant.graphql("products_deleted", query=query, first=50)["events"]["nodes"]
        return [(event["subjectId"], event["createdAt"]) for event in found]

    told = events("2020-01-01T00:00:00Z")
    assert [subject for subject, _ in told] == gone
    assert events(told[1][1]) == [told[1]]
