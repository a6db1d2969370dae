"""What a batch knows of returns and coupons, while it is itself that changes them."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.db.batch import BatchData
from app.db.returns import NewReturn
from app.domain.actions import ActionKind, ActionState
from app.domain.reasons import ReasonCode
from app.domain.returns import ReturnKind, ReturnLine, ReturnOrigin, ReturnReason, ReturnState
from bench.stories import Posted
from tests.pipeline.test_batches import Told, a_shop, compared, order
from tests.support import Harness, close, make_harness

pytestmark = pytest.mark.both_databases

ANNA = "anna@posta.example"
SECOND = timedelta(seconds=1)


@pytest.fixture
def harness(tmp_path: Path, database_url: str) -> Iterator[Harness]:
    made = make_harness(tmp_path, database_url)
    yield made
    close(made)


def later(posted: Posted, at: Any, **changes: Any) -> Posted:
    """The same order as the store tells it afterwards."""
    body = json.loads(posted.body) | {"date_modified_gmt": at.strftime("%Y-%m-%dT%H:%M:%S")}
    return Posted(posted.topic, json.dumps(body | changes).encode(), at)


def send_back(shop: Told, *order_ids: str) -> None:
    """Everything of these orders, and the merchant agreed."""
    with shop.harness.change(shop.shop_id) as data:
        for order_id in order_ids:
            stored = data.orders.get(order_id)
            assert stored
            lines = tuple(
                ReturnLine(x.line_id, x.title, x.quantity, ReturnReason.NOT_ASKED, x.total)
                for x in stored.order.lines
            )
            data.returns.add(
                NewReturn(
                    ReturnKind.RETURN, ReturnOrigin.CUSTOMER, ReturnState.APPROVED, lines,
                    stored.order.total, shop.harness.business.now(), order_id, stored.customer_id,
                )
            )  # fmt: skip


def reward(shop: Told, order_id: str, code: str) -> None:
    """An order earned this coupon, and it stands in the store."""
    with shop.harness.change(shop.shop_id) as data:
        stored = data.orders.get(order_id)
        assert stored
        assert stored.customer_id
        (email,) = data.customers.email_hashes(stored.customer_id)
        assert data.coupons.add(
            customer_id=stored.customer_id, email_hash=email, milestone_key="orders:1",
            code=code, order_id=order_id, terms={}, now=stored.order.placed_at,
        )  # fmt: skip
        (coupon,) = data.coupons.of_order(order_id)
        data.coupons.change(coupon.id, "issued", "1")


def test_returns_follow_their_orders_within_a_batch(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is there before and one is opened by the batch; orders of the same customer see both,
    and money that goes back ends them.
    """
    now = harness.business.now()
    money = {"id": 1, "reason": "", "total": "-16.65"}
    withdrawn = [{"key": "_order_withdrawal_requested", "value": "yes"}]
    done = {"status": "completed", "date_completed_gmt": now.strftime("%Y-%m-%dT%H:%M:%S")}
    first, second, third = (order(n, now, ANNA) for n in (700, 702, 704))
    told = [
        later(second, now, meta_data=withdrawn),
        later(third, now, **done),
        later(first, now, status="refunded", refunds=[money]),
        order(706, now, ANNA, **done),
        later(second, now + SECOND, meta_data=withdrawn, status="cancelled"),
        later(third, now + SECOND, **done, customer_note="-"),
        order(708, now, "ben@posta.example", meta_data=withdrawn),
    ]
    alone = a_shop(harness, "woocommerce", "one-by-one")
    together = a_shop(harness, "woocommerce", "together")
    for shop, at_once in ((alone, 1), (together, 100)):
        shop.post([first, second, third])
        shop.drain(at_once, monkeypatch)
        send_back(shop, "700", "704")
        shop.post(told)
        shop.drain(at_once, monkeypatch)
    compared(alone, together)
    with harness.shop(together.shop_id) as data:
        assert data.inbox.counts() == {"done": 10}
        known = [one for n in (700, 702, 704, 708) for one in data.returns.of_order(str(n))]
    assert [row.state for row in known] == ["refunded", "closed", "approved", "requested"]


def test_a_batch_reads_the_returns_that_one_alone_reads(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an order, of its customer's other orders, of nobody; with what came back."""
    now, shop = harness.business.now(), a_shop(harness, "woocommerce", "together")
    shop.post([order(n, now, ANNA) for n in (900, 902, 904)])
    shop.post([order(n, now, "ben@posta.example") for n in (906, 908)])
    shop.drain(100, monkeypatch)
    send_back(shop, "902", "900", "906", "900")
    with harness.shop(shop.shop_id) as alone:
        batch = BatchData(alone.uow, shop.shop_id)
        seen = []
        for order_id in ("900", "902", "904", "906", "908", "910"):
            stored = alone.orders.get(order_id)
            customer_id = stored.customer_id if stored else None
            assert batch.returns.of_order(order_id) == alone.returns.of_order(order_id)
            rows = alone.returns.concerning(order_id, customer_id)
            assert batch.returns.concerning(order_id, customer_id) == rows
            ids = [row.id for row in rows]
            assert batch.returns.lines(ids) == alone.returns.lines(ids)
            assert all(alone.returns.lines(ids).values())
            seen.append(len(rows))
    assert seen == [3, 3, 3, 1, 1, 0]


@pytest.mark.parametrize("met", [False, True], ids=["at once", "after somebody registered"])
def test_a_coupon_is_used_within_a_batch(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, met: bool
) -> None:
    """The order that earned it is cancelled after another one used it: it is not made void."""
    now = harness.business.now()
    earning, code = order(800, now, ANNA), {"code": "thanks-anna", "discount": "1.00"}
    registers = [
        order(810, now, "eva@posta.example"),
        order(811, now, "other@posta.example", customer_id=77),
        order(812, now, "eva@posta.example", customer_id=77),
    ]
    told = [
        *(registers if met else ()),
        order(820, now, ANNA, coupon_lines=[]),
        order(822, now, ANNA, coupon_lines=[code]),
        later(earning, now, status="cancelled"),
    ]
    alone = a_shop(harness, "woocommerce", "one-by-one")
    together = a_shop(harness, "woocommerce", "together")
    for shop, at_once in ((alone, 1), (together, 100)):
        shop.post([earning])
        shop.drain(at_once, monkeypatch)
        reward(shop, "800", "THANKS-ANNA")
        shop.post(told)
        shop.drain(at_once, monkeypatch)
    compared(alone, together)
    with harness.shop(together.shop_id) as data:
        (void,) = [a for a in data.actions.of_order("800") if a.kind is ActionKind.COUPON_VOID]
    assert (void.state, void.reason.code) == (ActionState.SKIPPED, ReasonCode.COUPON_USED)
