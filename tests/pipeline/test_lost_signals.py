"""Jobs may be lost with Redis; the clock asks again for whatever they should have done."""

import pytest

from app.services import switching
from tests.pipeline.conftest import WooStore
from tests.support import Harness, switch_on

pytestmark = pytest.mark.both_databases


def test_changed_settings_reach_what_waits(harness: Harness, woo: WooStore) -> None:
    switch_on(harness, woo.shop.id, "review_request")
    order_id = woo.place()
    woo.move(order_id, "fulfil")
    woo.move(order_id, "deliver")
    with harness.shop(woo.shop.id) as data:
        (before,) = data.actions.of_order(order_id)
    changed = switching.save(
        harness.deps, woo.shop.id, "review_request", {"days_after_delivery": 3},
        expected_version=1, by="test",
    )  # fmt: skip
    assert changed.saved
    harness.jobs.clear()
    harness.tick()
    with harness.shop(woo.shop.id) as data:
        (after,) = data.actions.of_order(order_id)
    assert (before.due_at - after.due_at).days == 4
    assert after.settings_version == changed.version
