"""What rules know of products: also the prices that only the store's own reading tells."""

from dataclasses import replace

from app.domain.actions import ActionKind
from app.domain.money import Money
from app.domain.snapshots import ProductSnapshot
from app.pipeline.freshness import bring_up_to_date
from tests.pipeline.conftest import WooStore
from tests.support import Harness, switch_on


def test_prices_of_choices_are_read_before_a_decision_and_kept(
    harness: Harness, woo: WooStore
) -> None:
    """The webhook of a product with choices names no prices; nor may it remove those read."""
    post = harness.deps.open_store(woo.shop).products._client.post
    shirt = post("products", {"name": "Shirt", "type": "variable"}).object()["id"]
    choice = {"name": "Shirt - M", "type": "variation", "parent_id": shirt}
    prices = {"regular_price": "22.00", "sale_price": "18.00"}
    medium = post("products", choice | prices).object()["id"]

    def known() -> ProductSnapshot:
        with harness.shop(woo.shop.id) as data:
            return data.products.many([str(shirt)])[str(shirt)]

    def renamed(name: str) -> None:
        post(f"products/{shirt}", {"name": name})
        harness.drain_twins()
        harness.run_jobs()
        assert known().title == name

    switch_on(harness, woo.shop.id, "review_request")
    order_id = woo.place(items=[{"product_id": shirt, "variation_id": medium}])
    woo.move(order_id, "fulfil")
    woo.move(order_id, "deliver")
    renamed("Fine shirt")
    assert known().regular_prices == {}
    before_deciding(harness, woo, order_id)
    assert known().regular_prices == {str(medium): Money(2200, "EUR")}
    renamed("Finer shirt")
    assert known().regular_prices == {str(medium): Money(2200, "EUR")}


def before_deciding(harness: Harness, woo: WooStore, order_id: str) -> None:
    """What is read of an order before the rules decide about a return of it."""
    with harness.shop(woo.shop.id) as data:
        (action,) = data.actions.of_order(order_id)
    decide = replace(action, kind=ActionKind.RETURN_DECIDE, automation=None)
    bring_up_to_date(harness.deps, woo.shop, decide)
