"""Webhooks that a store switched off, lost or changed: noticed, made anew, the gap read, told."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from app.services import healing
from tests.pipeline.beating import Beats
from tests.pipeline.conftest import Front, WooStore
from tests.support import Harness

pytestmark = pytest.mark.both_databases

WITHIN = 10  # minutes, from the moment at which deliveries begin to be lost for good


def all_hooks(woo: WooStore) -> list[dict[str, Any]]:
    """The store's webhooks, as its REST API shows them."""
    client: Any = woo.harness.deps.open_store(woo.shop).webhooks
    found: list[dict[str, Any]] = client._client.get("webhooks", {"per_page": "100"}).rows()
    return found


def hooks(woo: WooStore) -> dict[str, Any]:
    """The same by topic."""
    return {hook["topic"]: hook for hook in all_hooks(woo)}


def all_active(woo: WooStore) -> bool:
    """Each topic once, active, and delivered to us."""
    wanted, ours = woo.harness.deps.platforms["woocommerce"].topics, woo.harness.deps.links
    there = all_hooks(woo)
    return sorted(hook["topic"] for hook in there) == sorted(wanted) and all(
        hook["status"] == "active" and hook["delivery_url"].startswith(ours.public_url)
        for hook in there
    )


def knows(woo: WooStore, order_id: str, status: str = "completed") -> Callable[[], bool]:
    """Whether we have the order as it stands in the store."""

    def look() -> bool:
        with woo.harness.shop(woo.shop.id) as data:
            stored = data.orders.get(order_id)
        return stored is not None and stored.order.status == status

    return look


def told(woo: WooStore) -> list[dict[str, Any]]:
    """What the journal says of it, one entry per finding."""
    with woo.harness.shop(woo.shop.id) as data:
        return [row.params for row in data.journal.all() if row.verb == "renewed"]


def switched_off_by_failures(woo: WooStore, front: Front, order_id: str) -> None:
    """As a store does it: the seventh failure in a row."""
    front.status = 502
    for number in range(7):
        assert hooks(woo)["order.updated"]["status"] == "active", number
        woo.move(order_id, "touch")
    assert hooks(woo)["order.updated"]["status"] == "disabled"
    front.status = None


def test_a_webhook_switched_off_at_its_seventh_failure_is_back_within_ten_minutes(
    harness: Harness, woo: WooStore, front: Front
) -> None:
    beats = Beats(harness)
    beats.go_on(minutes=1)
    order_id = woo.place()
    old = hooks(woo)["order.updated"]["id"]
    switched_off_by_failures(woo, front, order_id)
    woo.move(order_id, "complete")
    assert not knows(woo, order_id)()

    took = beats.minutes_until(lambda: all_active(woo), at_most=WITHIN)
    took += beats.minutes_until(knows(woo, order_id), at_most=WITHIN - took)
    assert hooks(woo)["order.updated"]["id"] != old
    assert told(woo) == [{"n": 1}]

    # It does not count on: six failures more would not do, and deliveries arrive again.
    front.status = 502
    woo.move(order_id, "touch")
    front.status = None
    woo.move(order_id, "refund")
    assert knows(woo, order_id, "refunded")()
    beats.go_on(minutes=11)
    assert told(woo) == [{"n": 1}]


@pytest.mark.parametrize("change", ["deleted", "address", "topic", "paused", "all_deleted"])
def test_what_somebody_changed_in_the_store_is_put_right(
    harness: Harness, woo: WooStore, change: str
) -> None:
    beats = Beats(harness)
    beats.go_on(minutes=1)
    client: Any = harness.deps.open_store(woo.shop).webhooks._client
    before = hooks(woo)
    hook = f"webhooks/{before['order.updated']['id']}"
    match change:
        case "deleted":
            client.delete(hook, {"force": "true"})
        case "all_deleted":
            for one in before.values():
                client.delete(f"webhooks/{one['id']}", {"force": "true"})
        case "address":
            client.post(hook, {"delivery_url": "http://127.0.0.1:9/elsewhere"})
        case "topic":
            client.post(hook, {"topic": "coupon.updated"})
        case "paused":
            client.post(hook, {"status": "paused"})
    order_id = woo.place()
    woo.move(order_id, "complete")

    took = beats.minutes_until(lambda: all_active(woo), at_most=WITHIN)
    beats.minutes_until(knows(woo, order_id), at_most=WITHIN - took)
    assert len(hooks(woo)) == len(all_hooks(woo))
    assert told(woo) == [{"n": len(before) if change == "all_deleted" else 1}]
    woo.move(order_id, "refund")
    assert knows(woo, order_id, "refunded")()


def test_the_merchant_reads_one_line_about_it_for_a_week(
    harness: Harness, woo: WooStore, front: Front
) -> None:
    beats = Beats(harness)
    order_id = woo.place()
    switched_off_by_failures(woo, front, order_id)
    beats.minutes_until(lambda: all_active(woo), at_most=WITHIN)
    with harness.shop(woo.shop.id) as data:
        healed = healing.webhooks(data, harness.business.now())
        assert data.problems.all_open() == []
    assert healed
    assert healed.n == 1
    harness.business.advance(days=8)
    with harness.shop(woo.shop.id) as data:
        assert healing.webhooks(data, harness.business.now()) is None


def test_a_store_that_cannot_be_asked_is_asked_again(
    harness: Harness, woo: WooStore, front: Front
) -> None:
    beats = Beats(harness)
    beats.go_on(minutes=1)
    order_id = woo.place()
    switched_off_by_failures(woo, front, order_id)
    fault = {"kind": "status", "status": 500, "path": "/wp-json/wc/v3/webhooks"}
    requests.post(f"{woo.url}/_twin/faults", json=fault, timeout=5).raise_for_status()
    beats.go_on(minutes=6)
    assert hooks_off(woo)
    requests.delete(f"{woo.url}/_twin/faults", timeout=5).raise_for_status()
    beats.minutes_until(lambda: all_active(woo), at_most=6)
    assert told(woo) == [{"n": 1}]


def hooks_off(woo: WooStore) -> bool:
    with woo.harness.shop(woo.shop.id) as data:
        return any(row.topic == "order.updated" for row in data.webhooks.all())
