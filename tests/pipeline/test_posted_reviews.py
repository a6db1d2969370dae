"""What our plugin forwards: reviews written in the store itself, parcels that leave."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from app.domain.actions import ActionState
from app.domain.reasons import ReasonCode
from app.domain.snapshots import FulfilmentSnapshot, Person
from app.services import reviews as review_service
from tests.pipeline.conftest import WooStore, connected_store
from tests.support import Harness, switch_on

TEXT = "Krásna osuška."


@pytest.fixture
def woo(harness: Harness) -> Iterator[WooStore]:
    """With the plugin; its stand-in forwards as it does (tests/wordpress compares them)."""
    with connected_store(harness, plugin=True, php=False) as store:
        switch_on(harness, store.shop.id, "review_request")
        yield store


def delivered(woo: WooStore, **order: Any) -> str:
    order_id = woo.place(**order)
    woo.move(order_id, "fulfil")
    woo.move(order_id, "deliver")
    return order_id


def write_review(woo: WooStore, email: str = "zofia@example.sk", **changes: Any) -> int:
    """As on the product's page."""
    client = woo.harness.deps.open_store(woo.shop).orders._client  # type: ignore[attr-defined]
    sku = woo.skus()[0]
    product = next(p["id"] for p in client.get("products").rows() if p["sku"] == sku)
    review = {"product_id": product, "review": TEXT, "reviewer": "Žofia", "rating": 5}
    made = client.post("products/reviews", review | {"reviewer_email": email} | changes).object()
    woo.harness.drain_twins()
    woo.harness.tick()
    return int(made["id"])


def set_status(woo: WooStore, review_id: int, status: str) -> None:
    client = woo.harness.deps.open_store(woo.shop).orders._client  # type: ignore[attr-defined]
    client.post(f"products/reviews/{review_id}", {"status": status})
    woo.harness.drain_twins()
    woo.harness.tick()


def outcome(woo: WooStore, order_id: str) -> tuple[ActionState, ReasonCode]:
    with woo.harness.shop(woo.shop.id) as data:
        (action,) = data.actions.of_order(order_id)
    return action.state, action.reason.code


def posted(woo: WooStore, order_id: str) -> list[str]:
    with woo.harness.shop(woo.shop.id) as data:
        return [e.key for e in data.events.of_order(order_id) if e.type == "review_posted"]


ALREADY = (ActionState.SKIPPED, ReasonCode.ALREADY_REVIEWED)


@pytest.mark.both_databases
def test_nobody_is_asked_for_a_review_that_is_in_the_store(harness: Harness, woo: WooStore) -> None:
    order_id = delivered(woo)
    review = write_review(woo, email="Zofia@Example.SK")
    assert posted(woo, order_id) == [str(review)]
    harness.advance(days=8)
    assert outcome(woo, order_id) == ALREADY
    assert harness.mails() == []


def test_a_review_before_the_next_order_counts_for_it_too(harness: Harness, woo: WooStore) -> None:
    first = delivered(woo)
    write_review(woo)
    harness.advance(days=30)
    second = delivered(woo)
    harness.advance(days=8)
    assert (outcome(woo, first), outcome(woo, second)) == (ALREADY, ALREADY)
    assert harness.mails() == []


def test_other_peoples_reviews_change_nothing(harness: Harness, woo: WooStore) -> None:
    order_id = delivered(woo)
    write_review(woo, email="stranger@example.com")
    with harness.shop(woo.shop.id) as data:
        assert data.customers.find_email("stranger@example.com") is None
    harness.advance(days=8)
    assert len(harness.mails()) == 1
    assert posted(woo, order_id) == []


def test_spam_is_no_review_until_the_merchant_takes_it_back(
    harness: Harness, woo: WooStore
) -> None:
    order_id = delivered(woo)
    review = write_review(woo, status="spam")
    assert posted(woo, order_id) == []
    set_status(woo, review, "hold")
    assert posted(woo, order_id) == [str(review)]
    set_status(woo, review, "approved")
    set_status(woo, review, "trash")
    set_status(woo, review, "approved")
    assert posted(woo, order_id) == [str(review)]


def test_our_own_forms_review_is_not_taken_for_another_one(harness: Harness, woo: WooStore) -> None:
    order_id = delivered(woo)
    found = review_service.find(harness.deps, woo.shop.id, order_id)
    assert isinstance(found, review_service.Reviewable)
    (item,) = found.items
    review_service.submit(
        harness.deps,
        woo.shop.id,
        order_id,
        [review_service.NewReview(item.product_id, 5, TEXT, "Žofia")],
    )
    harness.run_jobs()
    harness.drain_twins()
    harness.tick()
    assert [review["review"] for review in woo.reviews()] == [f"<p>{TEXT}</p>\n"]
    assert posted(woo, order_id) == []


@pytest.mark.both_databases
def test_a_forgotten_persons_review_is_not_taken_down(harness: Harness, woo: WooStore) -> None:
    order_id = delivered(woo)
    with harness.change(woo.shop.id) as data:
        data.privacy.ask(
            "customer_redact", Person(email="zofia@example.sk"), (), 1, harness.wall.now()
        )
        data.uow.after_commit("privacy", woo.shop.id)
    harness.run_jobs()
    write_review(woo)
    assert posted(woo, order_id) == []
    with harness.shop(woo.shop.id) as data:
        assert data.customers.find_email("zofia@example.sk") is None


def test_a_review_that_is_gone_before_we_read_it_is_no_fault(
    harness: Harness, woo: WooStore
) -> None:
    deliver_action(woo, "woocommerce_afterglow_review_posted", 99_999)
    with harness.shop(woo.shop.id) as data:
        assert data.inbox.counts().get("failed", 0) == 0


def deliver_action(woo: WooStore, hook: str, arg: object) -> int:
    """A signed delivery, as WooCommerce sends it for an action."""
    with woo.harness.shop(woo.shop.id) as data:
        row = next(r for r in data.webhooks.all() if r.topic == f"action.{hook}")
    body = json.dumps({"action": hook, "arg": arg}).encode()
    mac = base64.b64encode(hmac.new(row.secret.encode(), body, hashlib.sha256).digest())
    headers = {
        "X-WC-Webhook-Signature": mac.decode(),
        "X-WC-Webhook-Topic": row.topic,
        "X-WC-Webhook-ID": str(row.platform_ref),
        "X-WC-Webhook-Delivery-ID": f"d{arg}",
        "Content-Type": "application/json",
    }
    address = f"{woo.harness.deps.links.public_url}/webhooks/woocommerce/{row.token}"
    status = requests.post(address, data=body, headers=headers, timeout=5).status_code
    woo.harness.run_jobs()
    woo.harness.tick()
    return status


def fulfilments(woo: WooStore, order_id: str) -> tuple[FulfilmentSnapshot, ...]:
    with woo.harness.shop(woo.shop.id) as data:
        stored = data.orders.get(order_id)
    assert stored is not None
    return stored.order.fulfilments


def test_a_parcel_that_left_makes_us_read_the_order(harness: Harness, woo: WooStore) -> None:
    order_id = woo.place()
    # Its own webhook is lost; what the plugin forwards is enough.
    faults = {"kind": "drop", "times": 20}
    requests.post(f"{woo.url}/_twin/faults", json=faults, timeout=5).raise_for_status()
    woo.move(order_id, "fulfil")
    assert fulfilments(woo, order_id) == ()
    assert deliver_action(woo, "woocommerce_afterglow_fulfilled", int(order_id)) == 200
    assert len(fulfilments(woo, order_id)) == 1


def test_cores_own_parcels_are_read_and_asked_about(harness: Harness, woo: WooStore) -> None:
    order_id = woo.place(items=[{"sku": sku, "quantity": 2} for sku in woo.skus()[:2]])
    with harness.shop(woo.shop.id) as data:
        stored = data.orders.get(order_id)
    assert stored is not None
    first, second = (line.line_id for line in stored.order.lines)
    woo.move(order_id, "fulfil-core", items=[{"item_id": int(first), "qty": 2}])
    harness.tick()
    (parcel,) = fulfilments(woo, order_id)
    assert (parcel.fulfilment_id, parcel.lines) == ("core-1", {first: 2})
    assert abs(parcel.created_at - harness.business.now()) < timedelta(minutes=5)

    woo.move(order_id, "touch")
    harness.advance(hours=1)  # two hints alike within a second are one delivery
    assert [p.lines for p in fulfilments(woo, order_id)] == [{first: 2}]
    woo.move(order_id, "fulfil-core", items=[{"item_id": int(second), "qty": 2}])
    harness.tick()
    assert [p.lines for p in fulfilments(woo, order_id)] == [{first: 2}, {second: 2}]
    with harness.shop(woo.shop.id) as data:
        (action,) = data.actions.of_order(order_id)
        assert data.inbox.counts().get("failed", 0) == 0
        events = [e.key for e in data.events.of_order(order_id) if e.type == "order_fulfilled"]
    assert (action.state, action.reason.code) == (
        ActionState.PLANNED,
        ReasonCode.AFTER_FULFILMENT,
    )
    assert events == ["core-1", "core-2"]
