"""A Shopify store that removes the app, comes back, opens it late, or unites two customers."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.db.shops import ShopState
from app.domain.actions import ActionKind, ActionState
from app.domain.decisions import Schedule
from app.domain.reasons import ReasonCode
from app.pipeline.plan import Planner
from tests.pipeline.shopify_store import ShopifyStore, shopify_store
from tests.support import switch_on

pytestmark = pytest.mark.both_databases

ASK = "review_request"
COUPON = "milestone_coupon"


@pytest.fixture
def fresh(tmp_path: Path, database_url: str, public_url: str) -> Iterator[ShopifyStore]:
    """Installed, never opened."""
    with shopify_store(tmp_path, database_url, public_url) as store:
        yield store


@pytest.fixture
def store(fresh: ShopifyStore) -> ShopifyStore:
    """Opened once, its history read."""
    fresh.enter()
    return fresh


def test_an_uninstall_ends_what_waits_and_a_reinstall_does_not_bring_it_back(
    store: ShopifyStore,
) -> None:
    switch_on(store.harness, store.shop.id, ASK)
    order_id = store.place()
    store.deliver(order_id)
    assert store.shop.generation == 1
    store.do("uninstall")
    assert store.shop.state == ShopState.DISCONNECTED
    ended = (ActionKind.REVIEW_REQUEST_MAIL, ActionState.CANCELLED, ReasonCode.NOT_CONNECTED)
    assert store.outcomes(order_id) == [ended]
    store.do("install")
    assert store.enter().generation == 2
    store.harness.advance(days=20)
    assert store.harness.mails() == []
    assert store.outcomes(order_id) == [ended]


def test_work_planned_under_a_former_installation_is_never_done(store: ShopifyStore) -> None:
    """A worker may have been in the middle of something while the app was removed."""
    switch_on(store.harness, store.shop.id, COUPON, {"nth_orders": [1]})
    order_id = store.place()
    store.harness.tick()
    for mail in store.harness.mails():
        assert mail.kind == ActionKind.COUPON_MAIL
    with store.harness.shop(store.shop.id) as data:
        mail_row = next(
            a for a in data.actions.of_order(order_id) if a.kind is ActionKind.COUPON_MAIL
        )
    store.do("uninstall")
    with store.harness.change(store.shop.id) as data:
        Planner(store.harness.deps, data).apply(
            Schedule(
                kind=ActionKind.COUPON_MAIL,
                dedupe_key="coupon-mail:late",
                due_at=store.harness.business.now(),
                useful_until=store.harness.business.now() + timedelta(days=5),
                reason=mail_row.reason,
                order_id=order_id,
                payload=mail_row.payload,
            ),
            COUPON,
            mail_row.customer_id,
            1,
        )
    store.do("install")
    store.enter()
    store.harness.advance(days=2)
    assert len(store.harness.mails()) == 1
    assert (
        ActionKind.COUPON_MAIL,
        ActionState.SKIPPED,
        ReasonCode.NOT_CONNECTED,
    ) in store.outcomes(order_id)


def test_an_old_uninstall_that_arrives_after_the_reinstall_changes_nothing(
    store: ShopifyStore,
) -> None:
    store.do("uninstall")
    (uninstalled,) = [a for a in store.sent() if a["topic"] == "app/uninstalled"]
    store.do("install")
    store.enter()
    now = store.harness.wall.now()
    store.replay(uninstalled["id"], webhook_id="another", triggered_at=now - timedelta(hours=3))
    store.replay(uninstalled["id"], webhook_id="a-third", triggered_at=now + timedelta(minutes=3))
    assert (store.shop.state, store.shop.generation) == (ShopState.ACTIVE, 2)
    store.do("uninstall")
    assert store.shop.state == ShopState.DISCONNECTED


def test_what_came_before_anybody_opened_the_app_is_known_afterwards(
    fresh: ShopifyStore,
) -> None:
    early = fresh.place()
    assert fresh.shop.state == ShopState.UNOPENED
    shop = fresh.enter()
    assert (shop.state, shop.generation) == (ShopState.ACTIVE, 1)
    assert "order_paid" in fresh.events(early)
    with fresh.harness.shop(shop.id) as data:
        assert data.inbox.counts().keys() <= {"done", "ignored"}
    switch_on(fresh.harness, shop.id, COUPON, {"nth_orders": [2]})
    fresh.harness.advance(hours=1)
    fresh.place()
    fresh.harness.tick()
    assert len(fresh.see("discounts")) == 1


def test_two_customers_who_become_one_have_one_history(store: ShopifyStore) -> None:
    switch_on(store.harness, store.shop.id, COUPON, {"nth_orders": [3]})
    guest, member = store.place(email="petra@example.sk"), store.place(email="peta@work.example")
    kept, removed = store.customer_of(member), store.customer_of(guest)
    store.do("register", customer_id=kept)
    store.do("merge", kept_id=kept, deleted_id=removed)
    store.harness.advance(hours=1)
    store.place(email="peta@work.example")
    store.harness.advance(hours=1)
    store.place(email="peta@work.example")
    store.harness.advance(hours=1)
    assert len(store.see("discounts")) == 1
    assert len(store.harness.mails()) == 1


def test_who_unsubscribed_as_a_guest_stays_unsubscribed_after_a_merge(store: ShopifyStore) -> None:
    switch_on(store.harness, store.shop.id, ASK)
    guest, member = store.place(email="petra@example.sk"), store.place(email="peta@work.example")
    with store.harness.change(store.shop.id) as data:
        value_hash = data.customers.email_hash("petra@example.sk")
        assert value_hash
        data.customers.suppress(value_hash, "all", store.harness.business.now())
    store.do("merge", kept_id=store.customer_of(member), deleted_id=store.customer_of(guest))
    store.deliver(member)
    store.harness.advance(days=10)
    assert store.harness.mails() == []
    assert store.outcomes(member)[0][1:] == (ActionState.SKIPPED, ReasonCode.UNSUBSCRIBED)
