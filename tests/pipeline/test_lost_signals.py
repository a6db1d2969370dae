"""Jobs may be lost with Redis; the clock asks again for whatever they should have done."""

import threading
from datetime import timedelta
from typing import Any

import pytest
import requests

from app.domain.actions import ActionState
from app.domain.reasons import Reason, ReasonCode
from app.domain.snapshots import ObjectKind
from app.pipeline import interpret
from app.pipeline.freshness import read
from app.services import switching
from app.services.mending import mended
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


def test_a_problem_mended_while_a_row_is_blocked_by_it_leaves_nobody_waiting(
    harness: Harness, woo: WooStore
) -> None:
    """PostgreSQL: the one who resolves does not see the row that is just being blocked."""
    switch_on(harness, woo.shop.id, "review_request")
    order_id = woo.place()
    woo.move(order_id, "fulfil")
    problem, now = "store_firewall", harness.business.now()
    with harness.change(woo.shop.id) as data:
        data.problems.open(problem, {}, now)

    def mend() -> None:
        with harness.change(woo.shop.id) as data:
            mended(harness.deps, data, (problem,))

    mending = threading.Thread(target=mend)
    with harness.change(woo.shop.id) as data:
        data.problems.open(problem, {}, now)
        mending.start()
        mending.join(0.3)  # it waits for us, or has resolved it already
        (action,) = data.actions.of_order(order_id)
        assert data.actions.block(action, problem, Reason.of(ReasonCode.PROBLEM_OPEN))
    mending.join()
    with harness.shop(woo.shop.id) as data:
        (action,) = data.actions.of_order(order_id)
        assert data.problems.is_open(problem) == (action.state == ActionState.BLOCKED)


def test_a_long_inbox_is_drained_in_turns(
    harness: Harness, woo: WooStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other shops come in between, and no job is cut off by its time-out."""
    monkeypatch.setattr(interpret, "BATCH", 2)
    monkeypatch.setattr(interpret, "TURN", timedelta())
    with harness.change(woo.shop.id) as data:
        for number in range(5):
            data.inbox.add(
                dedupe_key=f"n{number}", source="webhook", topic="order.updated",
                sealed_body=data.uow.keyring.seal_body(b"{}"), now=harness.wall.now(),
            )  # fmt: skip
    assert interpret.drain(harness.deps, woo.shop.id) == 2
    assert ("drain", (woo.shop.id,)) in harness.jobs
    harness.run_jobs()
    with harness.shop(woo.shop.id) as data:
        assert "pending" not in data.inbox.counts()


def test_a_product_of_which_no_news_came_is_looked_at_before_a_mail_asks_about_it(
    harness: Harness, woo: WooStore
) -> None:
    switch_on(harness, woo.shop.id, "review_request", {"days_after_delivery": 10})
    order_id = woo.place()
    woo.move(order_id, "fulfil")
    woo.move(order_id, "deliver")
    with harness.shop(woo.shop.id) as data:
        stored = data.orders.get(order_id)
    assert stored
    (product,) = [str(line.product_id) for line in stored.order.lines]
    store = harness.deps.open_store(harness.get_shop(woo.shop.id))
    read(harness.deps, woo.shop, store, ObjectKind.PRODUCT, product)
    harness.run_jobs()
    requests.post(f"{woo.url}/_twin/faults", json={"kind": "drop"}, timeout=5).raise_for_status()
    reviews: Any = store.reviews
    reviews._client.post(f"products/{product}", {"reviews_allowed": False})
    harness.advance(days=11)
    assert harness.mails() == []
    with harness.shop(woo.shop.id) as data:
        (action,) = data.actions.of_order(order_id)
    assert (action.state, action.reason.code) == (
        ActionState.SKIPPED,
        ReasonCode.NOTHING_REVIEWABLE,
    )
