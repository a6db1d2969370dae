"""Access that a store takes away: noticed, explained, work kept until it is back, nothing lost."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from app.db.problems import Problem
from app.domain.actions import ActionKind, ActionState
from app.i18n import Translator
from app.platforms.base import StoreInfo
from app.platforms.shopify.scopes import REQUIRED_SCOPES
from app.services import connections
from app.services.problems import explain
from tests.pipeline.beating import Beats
from tests.pipeline.conftest import WooStore
from tests.pipeline.shopify_store import ShopifyStore, shopify_store
from tests.support import Harness, switch_on

COUPON = {"nth_orders": [1]}


@pytest.fixture
def shopify(tmp_path: Path, database_url: str, public_url: str) -> Iterator[ShopifyStore]:
    with shopify_store(tmp_path, database_url, public_url) as store:
        store.enter()
        switch_on(store.harness, store.shop.id, "milestone_coupon", COUPON)
        yield store


def problems(harness: Harness, shop_id: int) -> dict[str, Problem]:
    with harness.shop(shop_id) as data:
        return {problem.key: problem for problem in data.problems.all_open()}


def states(harness: Harness, shop_id: int, order_id: str) -> dict[str, ActionState]:
    with harness.shop(shop_id) as data:
        return {action.kind: action.state for action in data.actions.of_order(order_id)}


def is_explained(problem: Problem, *words: str) -> None:
    """In each language, with what to do."""
    texts = [explain(problem, Translator(language)) for language in ("en", "tr", "sk")]
    assert len({text.what for text in texts}) == 3
    assert all(word in text.text for text in texts for word in words)


def test_lost_scopes(shopify: ShopifyStore) -> None:
    harness, shop_id = shopify.harness, shopify.shop.id
    fewer = [scope for scope in REQUIRED_SCOPES if scope != "write_discounts"]
    shopify.do("scopes", scopes=fewer)  # tells us by app/scopes_update
    found = problems(harness, shop_id)
    assert list(found) == ["scopes_missing"]
    is_explained(found["scopes_missing"])
    told = [explain(found["scopes_missing"], Translator(one)).text for one in ("en", "tr", "sk")]
    for words, text in zip(("Discounts", "İndirimler", "Zľavy"), told, strict=True):
        assert f": {words}." in text  # what a permission is about, not its code

    order_id = shopify.place()
    harness.tick()
    assert states(harness, shop_id, order_id)[ActionKind.COUPON_CREATE] is ActionState.BLOCKED
    assert shopify.see("discounts") == []

    shopify.do("scopes", scopes=list(REQUIRED_SCOPES))
    harness.tick()
    assert problems(harness, shop_id) == {}
    assert len(shopify.see("discounts")) == 1
    assert len(harness.mails()) == 1


def test_lost_scopes_that_nobody_told_of(shopify: ShopifyStore) -> None:
    """The webhook is lost as well: the refusal of what needs the scope says it."""
    harness, shop_id = shopify.harness, shopify.shop.id
    shopify.fault(kind="drop", path="app/scopes_update")
    shopify.do("scopes", scopes=[scope for scope in REQUIRED_SCOPES if scope != "write_discounts"])
    order_id = shopify.place()
    harness.tick()
    assert "scopes_missing" in problems(harness, shop_id)
    assert states(harness, shop_id, order_id)[ActionKind.COUPON_CREATE] is ActionState.BLOCKED
    shopify.do("scopes", scopes=list(REQUIRED_SCOPES))
    connections.check(harness.deps, shop_id)
    harness.run_jobs()
    harness.tick()
    assert problems(harness, shop_id) == {}
    assert len(shopify.see("discounts")) == 1
    assert len(harness.mails()) == 1


def test_an_expired_refresh_token(shopify: ShopifyStore) -> None:
    """Only the merchant's next visit helps; until then deliveries are taken, and work waits."""
    harness, shop_id = shopify.harness, shopify.shop.id
    with harness.change(shop_id) as data:
        credential = data.credentials.get()
        assert credential
        values = {**credential.values, "refresh_token": "shprt_expired"}
        data.credentials.put(values, credential.expires_at, harness.wall.now())
    shopify.do("expire-access-tokens")
    order_id = shopify.place()
    harness.tick()
    found = problems(harness, shop_id)
    assert list(found) == ["store_token_expired"]
    is_explained(found["store_token_expired"])
    assert "order_paid" in shopify.events(order_id)
    assert states(harness, shop_id, order_id)[ActionKind.COUPON_CREATE] is ActionState.BLOCKED

    shopify.fault(kind="drop")
    lost = shopify.place(email="petra@example.sk")  # and its delivery is lost meanwhile
    shopify.heal()
    assert shopify.enter().generation == 1
    harness.tick()
    assert problems(harness, shop_id) == {}
    assert "order_paid" in shopify.events(lost)
    harness.tick()
    assert len(shopify.see("discounts")) == 2
    assert len(harness.mails()) == 2


@pytest.mark.parametrize("signed_with", ["current", "previous"])
def test_while_the_client_secret_rotates_both_are_taken(
    tmp_path: Path, database_url: str, public_url: str, signed_with: str
) -> None:
    with shopify_store(tmp_path, database_url, public_url) as store:
        platform: Any = store.harness.deps.platforms["shopify"]
        (known,) = platform.shared_secrets
        newer = "another-secret-0123456789-0123456789"
        pair = (known, newer) if signed_with == "current" else (newer, known)
        object.__setattr__(platform, "shared_secrets", pair)
        order_id = store.place()
        assert [line["status"] for line in store.sent()] == [200] * len(store.sent())
        shop = store.enter()
        with store.harness.shop(shop.id) as data:
            assert data.orders.get(order_id)


def test_a_secret_that_was_changed_in_the_store(harness: Harness, woo: WooStore) -> None:
    """Deliveries are refused, so the webhook is made anew; what was refused is polled."""
    beats = Beats(harness)
    beats.go_on(minutes=1)
    client: Any = harness.deps.open_store(woo.shop).webhooks._client
    for hook in client.get("webhooks", {"per_page": "100"}).rows():
        if hook["topic"].startswith("order."):
            client.post(f"webhooks/{hook['id']}", {"secret": "somebody's own"})
    order_id = woo.place()
    with harness.shop(woo.shop.id) as data:
        assert data.orders.get(order_id)
    sent = len(requests.get(f"{woo.url}/_twin/deliveries", timeout=5).json())
    woo.move(order_id, "complete")
    log = requests.get(f"{woo.url}/_twin/deliveries", timeout=5).json()
    assert {line["status"] for line in log[sent:]} == {200}
    with harness.shop(woo.shop.id) as data:
        stored = data.orders.get(order_id)
        told = [row.verb for row in data.journal.all() if row.what == "webhooks"]
    assert stored
    assert stored.order.status == "completed"
    assert set(told) == {"renewed"}


def test_something_that_changes_every_body_does_not_keep_us_busy(
    harness: Harness, woo: WooStore
) -> None:
    """Making webhooks anew does not help then: it ends after some."""
    for _ in range(30):
        with harness.shop(woo.shop.id) as data:
            hook = next(h for h in data.webhooks.all() if h.topic == "order.updated")
        url = f"{harness.deps.links.public_url}/webhooks/woocommerce/{hook.token}"
        answer = requests.post(
            url, data=b"{}", headers={"X-WC-Webhook-Signature": "bm90IGl0"}, timeout=10
        )
        assert answer.status_code == 401
        harness.run_jobs()
    with harness.shop(woo.shop.id) as data:
        assert len([row for row in data.journal.all() if row.verb == "renewed"]) == 20


def test_a_revoked_key(harness: Harness, woo: WooStore) -> None:
    switch_on(harness, woo.shop.id, "milestone_coupon", COUPON)
    client: Any = harness.deps.open_store(woo.shop).orders._client
    first_key = client._keys
    requests.delete(f"{woo.url}/_twin/keys/1", timeout=5)
    items = [{"sku": "PES-EGE", "quantity": 1}]
    placed = woo.post(
        "orders", email="eva@example.sk", country="SK", payment_method="card", items=items
    )
    order_id = str(placed["id"])
    harness.tick()
    found = problems(harness, woo.shop.id)
    assert list(found) == ["store_key_refused"]
    is_explained(found["store_key_refused"])
    assert states(harness, woo.shop.id, order_id)[ActionKind.COUPON_CREATE] is ActionState.BLOCKED

    keys = requests.post(f"{woo.url}/_twin/keys", json={}, timeout=5).json()
    pair = (keys["consumer_key"], keys["consumer_secret"])
    assert pair != first_key
    info = connections.verify(harness.deps, "woocommerce", woo.url, pair)
    assert isinstance(info, StoreInfo)
    assert connections.connect(harness.deps, "woocommerce", woo.url, pair, info).generation == 1
    harness.run_jobs()
    harness.tick()
    harness.tick()
    assert problems(harness, woo.shop.id) == {}
    assert len(woo.coupons()) == 1
    assert len(harness.mails()) == 1
