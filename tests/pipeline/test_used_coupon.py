"""A coupon that was used is not taken back with the order that earned it; one that was not, is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.stands import Stand, standing
from tests.support import switch_on

pytestmark = pytest.mark.both_databases
EMAIL = "zofia@example.sk"


@pytest.fixture(params=["woocommerce", "shopify"])
def stand(request: Any, tmp_path: Path, database_url: str) -> Iterator[Stand]:
    with standing(request.param, tmp_path, database_url) as stand:
        stand.lose_deliveries()
        stand.connect()
        stand.harness.run_jobs()
        switch_on(stand.harness, stand.shop_id, "milestone_coupon", {"nth_orders": [1]})
        yield stand


def earned(stand: Stand) -> tuple[str, str]:
    """An order of a Slovak customer, and the code that it brought."""
    stand.wait(minutes=1)
    order_id = stand.order(EMAIL, first_name="Žofia", country="SK")
    stand.job("reconcile")
    with stand.harness.shop(stand.shop_id) as data:
        (coupon,) = data.coupons.of_order(order_id)
    assert coupon.state == "issued"
    stand.wait(hours=1)
    return order_id, coupon.code


def state_after_refund(stand: Stand, order_id: str) -> str:
    stand.move(order_id, "refund")
    stand.job("reconcile")
    stand.job("perform")
    with stand.harness.shop(stand.shop_id) as data:
        (coupon,) = data.coupons.of_order(order_id)
    return coupon.state


def test_an_unused_code_becomes_void(stand: Stand) -> None:
    order_id, _ = earned(stand)
    assert state_after_refund(stand, order_id) == "voided"


def test_a_used_code_stays_as_it_is(stand: Stand) -> None:
    order_id, code = earned(stand)
    name = "coupon" if stand.platform == "woocommerce" else "discount_code"
    stand.order(EMAIL, first_name="Žofia", country="SK", **{name: code})
    stand.job("reconcile")
    assert state_after_refund(stand, order_id) == "issued"
    with stand.harness.shop(stand.shop_id) as data:
        (void,) = [row for row in data.actions.page() if row.kind == "coupon_void"]
    assert (void.state, void.reason.code) == ("skipped", "coupon_used")
