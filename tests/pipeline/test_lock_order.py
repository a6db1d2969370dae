"""PostgreSQL: transactions of one shop never wait for each other crosswise.

Two threads in lock-step: one stops after its first lock until the other has its own, too. Without
the one order (the shop first) each pair ends in a deadlock; with it the second simply waits.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
import requests
from psycopg.errors import DeadlockDetected
from sqlalchemy import ExceptionContext, event, select
from sqlalchemy.exc import OperationalError

from app.db.models import shops
from app.db.shops import Shop, Shops
from app.domain.actions import Action, ActionKind
from app.domain.ids import ShopId
from app.pipeline.interpret import drain
from app.pipeline.perform import perform
from app.services.returns import asking, deciding
from app.services.returns.deciding import Step
from app.services.switching import switch_off
from tests.pipeline.conftest import WooStore
from tests.support import Harness, switch_on

pytestmark = pytest.mark.only_postgresql

_PATIENCE = 1.5  # seconds; PostgreSQL looks for a deadlock after one


@dataclass
class Side:
    """One thread's work, and the statement with which it takes its first lock."""

    work: Callable[[], Any]
    statement: str  # its beginning
    nth: int = 1
    there: threading.Event = field(default_factory=threading.Event)
    seen: int = 0


@contextmanager
def lock_step(harness: Harness, one: Side, two: Side) -> Iterator[None]:
    """Threads named "one" and "two" stop at their statements until both are there, or the other
    cannot get there.
    """
    sides = {"one": (one, two), "two": (two, one)}

    def executed(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        mine, other = sides.get(threading.current_thread().name, (None, None))
        if mine is None or other is None or not statement.startswith(mine.statement):
            return
        mine.seen += 1
        if mine.seen == mine.nth:
            mine.there.set()
            other.there.wait(_PATIENCE)

    engine = harness.deps.db.engine
    event.listen(engine, "after_cursor_execute", executed)
    yield
    event.remove(engine, "after_cursor_execute", executed)


def deadlocks(harness: Harness, one: Side, two: Side) -> int:
    """Run both, `two` once `one` has its lock; how many deadlocks the database found."""
    found = []

    def failed(context: ExceptionContext) -> None:
        found.append(type(context.original_exception))

    def run(side: Side) -> None:
        with suppress(OperationalError):
            side.work()

    event.listen(harness.deps.db.engine, "handle_error", failed)
    with lock_step(harness, one, two):
        threads = [
            threading.Thread(target=run, args=(side,), name=name)
            for name, side in (("one", one), ("two", two))
        ]
        threads[0].start()
        assert one.there.wait(30)
        threads[1].start()
        for thread in threads:
            thread.join(30)
    event.remove(harness.deps.db.engine, "handle_error", failed)
    assert set(found) <= {DeadlockDetected}, found
    return len(found)


@pytest.fixture(params=[True, False], ids=["ordered", "as it was"])
def ordered(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Without the order: what these pairs did before, so that the test is known to find it."""
    if not request.param:

        def held(self: Shops, shop_id: ShopId) -> Shop:
            row = select(shops.c.id).where(shops.c.id == shop_id).with_for_update()
            self._connection.execute(row)
            return self.get(shop_id)

        monkeypatch.setattr(Shops, "hold", lambda _self, _shop_id: None)
        monkeypatch.setattr(Shops, "held", held)
    return bool(request.param)


def wish(harness: Harness, woo: WooStore, order_id: str) -> asking.Wish:
    portal = asking.find(harness.deps, woo.shop.id, order_id)
    assert isinstance(portal, asking.Portal)
    return asking.Wish(portal.order.lines[0].line_id, 1, asking.ReturnReason.TOO_SMALL)


def waiting(harness: Harness, woo: WooStore, order_id: str, kind: ActionKind) -> Action:
    with harness.shop(woo.shop.id) as data:
        return next(a for a in data.actions.of_order(order_id) if a.kind is kind)


def send(woo: WooStore, path: str, **given: Any) -> None:
    """Something happens in the store and is delivered; nothing interprets it yet."""
    for address in (path, "deliveries/drain"):
        requests.post(f"{woo.url}/_twin/{address}", json=given, timeout=15).raise_for_status()


def arrived(harness: Harness, woo: WooStore, *orders: str) -> None:
    for order_id in orders:
        woo.move(order_id, "fulfil")
    harness.advance(days=1)
    for order_id in orders:
        woo.move(order_id, "deliver")
    harness.business.advance(minutes=1)  # versions of WooCommerce's orders are whole seconds
    harness._tell_twins()


def test_rules_and_merchant_decide_one_return_at_once(
    harness: Harness, woo: WooStore, ordered: bool
) -> None:
    """The end of the rules' work: its action, then the return; the merchant's: the reverse."""
    switch_on(harness, woo.shop.id, "returns_approval")
    order_id = woo.place()
    arrived(harness, woo, order_id)
    row = asking.submit(harness.deps, woo.shop.id, order_id, [wish(harness, woo, order_id)])
    assert isinstance(row, deciding.ReturnRow)
    opening = waiting(harness, woo, order_id, ActionKind.RETURN_OPEN)
    perform(harness.deps, woo.shop.id, opening.id)
    decide = waiting(harness, woo, order_id, ActionKind.RETURN_DECIDE)
    take = partial(
        deciding.take, harness.deps, woo.shop.id, row.id, Step.APPROVE,
        revision=row.revision, by="eva",
    )  # fmt: skip
    found = deadlocks(
        harness,
        Side(partial(perform, harness.deps, woo.shop.id, decide.id), "UPDATE actions", nth=2),
        Side(take, "UPDATE returns"),
    )
    assert bool(found) is not ordered
    if ordered:
        with harness.shop(woo.shop.id) as data:
            after = data.returns.get(row.id)
        assert after
        assert after.decided_by in ("rules", "eva")


def test_a_customer_asks_while_the_store_is_being_read(
    harness: Harness, woo: WooStore, ordered: bool
) -> None:
    """A request: customer, then shop (its next number); the drain: shop, then the customer."""
    withdrawn, other = woo.place(), woo.place(email="eva@example.sk")
    arrived(harness, woo, withdrawn, other)
    wished = [wish(harness, woo, other)]
    send(woo, f"orders/{withdrawn}/withdraw", type="full_order")
    send(woo, f"orders/{other}/touch")
    found = deadlocks(
        harness,
        Side(partial(drain, harness.deps, woo.shop.id), "UPDATE shops"),
        Side(
            partial(asking.submit, harness.deps, woo.shop.id, other, wished),
            "SELECT customers.id",
        ),
    )
    assert bool(found) is not ordered


def test_an_automation_is_switched_off_while_its_work_is_claimed(
    harness: Harness, woo: WooStore, ordered: bool
) -> None:
    """Switching off: shop, then what waits; a claim: what waits, then rows that name the shop."""
    switch_on(harness, woo.shop.id, "review_request")
    order_id = woo.place()
    arrived(harness, woo, order_id)
    mail = waiting(harness, woo, order_id, ActionKind.REVIEW_REQUEST_MAIL)
    harness.business.at = mail.due_at
    harness._tell_twins()
    off = partial(switch_off, harness.deps, woo.shop.id, "review_request", "eva")
    found = deadlocks(
        harness,
        Side(partial(perform, harness.deps, woo.shop.id, mail.id), "UPDATE actions"),
        Side(off, "SELECT shops.id"),
    )
    assert bool(found) is not ordered
