"""Two shops with a past, one on each platform, in which all that happens by itself happens once.

First without a store, as deliveries come and time passes; then with a twin behind each shop: read,
performed, failed, recovered; and customers open every page of theirs. What is asked of the
database meanwhile is kept: `test_query_plans.py` asks for the plans.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from flask import Response, request
from sqlalchemy import Connection, Engine, Table, event, insert, update

import twins.shopify
import twins.woocommerce
from app.clock import Ticker
from app.db.models import actions, inbox, refresh, suppressions
from app.db.session import Database
from app.db.shops import Shops
from app.db.tenant import ShopData
from app.deps import Deps
from app.domain.actions import ActionKind, ActionState
from app.domain.ids import CustomerId, ShopId
from app.domain.reasons import ReasonCode
from app.jobs.tasks import TASKS
from app.pipeline import interpret
from app.services import housekeeping, privacy, signing_in
from app.services.connections import connecting
from app.services.returns import deciding
from app.services.returns.deciding import Step
from app.web import create_app
from bench.pages import Site, opened
from bench.shop_of import DAY, NOW, BusyShop, shop_of
from bench.stories import at_home, deliveries, life
from tests.pipeline.stands import SECRET, SHOPIFY, Shopify, Stand, Woo
from tests.pipeline.visitor import Visitor
from tests.support import Harness, MovableClock, close, make_harness, switch_on

ORDERS = 1_000
CUSTOMERS = ORDERS // 3
FIRST = CUSTOMERS * 150_000  # orders of the first customers, of whom some gave things back
RETURNED = 1_050  # an order that came back
LATER = NOW + 99 * 365 * DAY
HOME = "https://busy-1.example"
# Jobs that need no store; `perform` comes as far as asking it.
WITHOUT_STORE = ("drain", "perform", "recover", "replan", "recount", "privacy")
# What a merchant does with a return of each of three orders.
DECIDED = (
    (Step.APPROVE, Step.RECEIVE, Step.REFUND),
    (Step.DECLINE,),
    (Step.APPROVE, Step.CLOSE),
)

Asked = dict[str, Any]  # statement → its parameters


@dataclass
class Worked:
    """What was asked, and the database to be asked for plans."""

    harness: Harness
    site: Site  # the shop on WooCommerce, with a merchant signed in
    stands: tuple[Stand, ...]
    asked: Asked = field(default_factory=dict)  # by itself, and by customers
    counted: Asked = field(default_factory=dict)  # by merchants' pages and by monitoring
    opened: set[tuple[str, str]] = field(default_factory=set)  # customers' pages: rule, method

    @property
    def engine(self) -> Engine:
        return self.harness.deps.db.engine


@contextmanager
def listening(engine: Engine, asked: Asked) -> Iterator[None]:
    """Keep what is asked of the database inside the block, each statement once."""

    def listen(
        _c: Connection, _k: Any, statement: str, parameters: Any, _x: Any, many: bool
    ) -> None:
        if statement.split(" ", 1)[0] in ("SELECT", "UPDATE", "DELETE", "INSERT", "WITH"):
            asked.setdefault(statement, parameters[0] if many else parameters)

    event.listen(engine, "before_cursor_execute", listen)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", listen)


@contextmanager
def worked_in(folder: Path, database_url: str) -> Iterator[Worked]:
    """Everything, once."""
    with _stands(folder, database_url) as (harness, stands):
        db = harness.deps.db
        busy = [
            shop_of(db, ORDERS, platform=stand.platform, seed=seed)
            for seed, stand in enumerate(stands, start=1)
        ]
        app = create_app(harness.deps)
        found = Worked(harness, opened(app, harness.deps, busy[0]), stands)
        app.after_request(lambda answer: _noted(found, answer))
        for shop in busy:
            _grown(harness.deps, shop.shop_id)
        with listening(db.engine, found.asked):
            _without_store(harness, busy[0].shop_id)
            _with_stores(found, busy)
        with listening(db.engine, found.counted):
            for path in (*found.site.paths(), "/readyz", "/metrics"):
                assert found.site.client.get(path, buffered=True).status_code < 500, path
        yield found


@contextmanager
def _stands(folder: Path, database_url: str) -> Iterator[tuple[Harness, tuple[Stand, ...]]]:
    """A twin of each platform, both behind one Afterglow."""
    with (
        twins.woocommerce.start(demo=True, queue_delay=0.02) as woo,
        twins.shopify.start(client_id="client-id", client_secret=SECRET, seed="demo") as shopify,
    ):
        origins = {"shopify_origin": shopify.url, "redis_url": "redis://127.0.0.1:1/0"}
        harness = make_harness(folder, database_url, **origins)
        stands = (Woo(woo.url), Shopify(shopify.url))
        for stand in stands:
            stand.harness = harness
        try:
            yield harness, stands
        finally:
            close(harness)


# without a store


def _without_store(harness: Harness, shop_id: ShopId) -> None:
    built, clock = harness.deps, MovableClock(NOW)
    db = Database(built.db.engine, built.db.keyring, lambda _signal: None)
    deps = replace(built, db=db, wall=clock, business=clock, dispatch=lambda _signal: None)
    _tell(deps, shop_id)
    clock.advance(days=12)
    Ticker(deps).tick()
    for job in WITHOUT_STORE:
        TASKS[job](deps, shop_id)
    housekeeping.tidy(deps)
    harness.business.at = clock.at


def _tell(deps: Deps, shop_id: ShopId) -> None:
    """Deliveries in batches, and a few one by one."""
    told = deliveries("woocommerce", 170, FIRST, NOW, CUSTOMERS, HOME)
    told += [at_home(posted, HOME) for posted in life("woocommerce", RETURNED, NOW)]
    for at_once, part in ((1, told[:8]), (80, told[8:])):
        with deps.db.write() as uow:
            data = ShopData(uow, shop_id)
            for number, posted in enumerate(part):
                data.inbox.add(
                    dedupe_key=f"{at_once}:{number}", source="webhook", topic=posted.topic,
                    sealed_body=uow.keyring.seal_body(posted.body), now=NOW,
                    triggered_at=posted.at,
                )  # fmt: skip
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(interpret, "BATCH", at_once)
            assert interpret.drain(deps, shop_id) == len(part)


def _grown(deps: Deps, shop_id: ShopId) -> None:
    """What the past of the shop has none of; PostgreSQL reads tables of a few rows otherwise."""
    due = {"attempts": 0, "patient": True, "due_at": LATER}
    waits = {
        "kind": ActionKind.REVIEW_REQUEST_MAIL, "automation": "review_request", "payload": {},
        "state": ActionState.PLANNED, "reason": ReasonCode.AFTER_DELIVERY, "reason_params": {},
        "settings_version": 99, "generation": 1, "due_at": LATER, "created_at": NOW,
    }  # fmt: skip
    told = {"scope": "coupon", "at": NOW}
    kept = {
        "source": "webhook", "topic": "order.updated", "priority": 0, "state": "done",
        "sealed_body": deps.db.keyring.seal_body(b"{}"), "received_at": LATER,
    }  # fmt: skip
    rows: dict[Table, Callable[[int], dict[str, Any]]] = {
        refresh: lambda n: {**due, "kind": "order", "platform_id": f"r{n}"},
        actions: lambda n: {**waits, "dedupe_key": f"waits:{n}", "order_id": f"w{n}"},
        inbox: lambda n: {**kept, "dedupe_key": f"kept:{n}"},
        suppressions: lambda n: {**told, "value_hash": f"{n:064}"},
    }
    with deps.db.write() as uow:
        # One in twenty of what waits about orders that no store knows is enough.
        known = update(actions).where(actions.c.shop_id == shop_id, actions.c.id % 20 != 0)
        uow.connection.execute(known.where(actions.c.state == "planned").values(due_at=LATER))
        for table, made in rows.items():
            many = [{"shop_id": shop_id, **made(number)} for number in range(ORDERS)]
            uow.connection.execute(insert(table), many)


# with a store


def _with_stores(found: Worked, busy: list[BusyShop]) -> None:
    harness, stands = found.harness, found.stands
    for stand, shop in zip(stands, busy, strict=True):
        _connect(stand, shop)
    harness.tick()  # all beats: imported, looked up, checked, subscribed
    arrived = {stand: _arrived(stand) for stand in stands}
    for stand in stands:
        stand.fault(kind="status", status=503, times=2)  # what is due meets a store in trouble
    harness.tick()
    for stand in stands:
        stand.heal()
        stand.lose_deliveries()
    harness.advance(minutes=30)
    _refunded(harness, stands)
    for stand in stands:
        _leave_in_the_middle(stand)
    harness.advance(days=9)  # recovered, then asked for reviews
    visitors = [
        [Visitor(harness, found.site.app, stand.shop_id, order_id) for order_id in arrived[stand]]
        for stand in stands
    ]
    _visit(harness, visitors)
    _ask_for_privacy(harness, visitors, busy[-1])
    for stand in stands:
        _every_job(stand)
    housekeeping.tidy(harness.deps)


def _connect(stand: Stand, busy: BusyShop) -> None:
    """The busy shop gets the twin behind it, and everything is switched on."""
    harness = stand.harness
    domain = stand.url if stand.platform == "woocommerce" else f"{SHOPIFY}.myshopify.com"
    with harness.deps.db.write() as uow:
        Shops(uow).change(busy.shop_id, domain=domain, history_complete=False)
    harness.follow(stand.url)
    stand.lose_deliveries()
    stand.connect()
    assert stand.shop_id == busy.shop_id
    switch_on(harness, busy.shop_id, "contact", {"budget_messages": 20})
    switch_on(harness, busy.shop_id, "review_request", {"days_after_delivery": 5})
    switch_on(harness, busy.shop_id, "milestone_coupon", {"nth_orders": [1]})
    switch_on(harness, busy.shop_id, "returns_approval")
    harness.run_jobs()


def _arrived(stand: Stand) -> list[str]:
    """Four orders of four customers."""
    placed = [_order(stand, f"jana{number}@example.sk") for number in range(len(DECIDED) + 1)]
    for order_id in placed:
        stand.move(order_id, "fulfil")
        stand.move(order_id, "deliver")
    stand.job("reconcile")
    return placed


def _order(stand: Stand, email: str) -> str:
    spoken = {"language": "sk", "payment_method": "card"}
    if stand.platform == "shopify":
        spoken = {"locale": "sk", "first_name": "Jana"}
    return stand.order(email, country="SK", **spoken)


def _refunded(harness: Harness, stands: tuple[Stand, ...]) -> None:
    """A first order with its coupon, all of which goes back."""
    placed = [(stand, _order(stand, "petra@example.sk")) for stand in stands]
    for stand, _ in placed:
        stand.job("reconcile")
    harness.advance(minutes=5)  # a change within the second of the one before would be no news
    for stand, order_id in placed:
        stand.move(order_id, "refund")
        stand.job("reconcile")


def _leave_in_the_middle(stand: Stand) -> None:
    """A worker died while it performed these."""
    order_id = _order(stand, "eva@example.sk")
    stand.job("reconcile")
    wall = stand.harness.wall.now()
    with stand.harness.deps.db.write() as uow:
        left = {"state": ActionState.PERFORMING, "attempt": 1, "lease_until": wall}
        mine = actions.c.shop_id == stand.shop_id
        of_order = update(actions).where(mine, actions.c.order_id == order_id)
        uow.connection.execute(of_order.values(left))


def _visit(harness: Harness, visitors: list[list[Visitor]]) -> None:
    """Reviews, returns, a withdrawal; and what the merchant decides about returns."""
    for first, *others, last in visitors:
        first.open_everything()
        first.ask_back()
        first.keep()
        for visitor in (first, *others):
            visitor.ask_back()
        last.withdraw()
    for number in range(max(map(len, DECIDED))):
        for of_stand in visitors:
            for visitor, steps in zip(of_stand, DECIDED, strict=False):
                for step in steps[number : number + 1]:
                    _decide(harness, visitor, step)
        harness.business.advance(minutes=10)
        for first, *_ in visitors:
            harness.deps.dispatch(("perform", (first.shop_id,)))
        harness.run_jobs()


def _decide(harness: Harness, visitor: Visitor, step: Step) -> None:
    row, shop_id = visitor.asked(), visitor.shop_id
    done = deciding.take(harness.deps, shop_id, row.id, step, revision=row.revision, by="eliska")
    assert done.failure is None, done


def _ask_for_privacy(harness: Harness, visitors: list[list[Visitor]], busy: BusyShop) -> None:
    """Files with all that is known of customers, one of whom has many orders; then they are
    forgotten.
    """
    asking = [(first.shop_id, first.customer_id) for first, *_ in visitors]
    asking.append((busy.shop_id, CustomerId(busy.busiest_customer)))
    for first, *_ in visitors:
        signing_in.send_link(harness.deps, first.shop.domain)
    for shop_id, customer in asking:
        privacy.hand_over_customer(harness.deps, shop_id, customer)
    harness.run_jobs()
    visitors[0][0].open_file()
    for shop_id, customer in asking:
        privacy.erase_customer(harness.deps, shop_id, customer)
    harness.run_jobs()


def _every_job(stand: Stand) -> None:
    """Also those that nothing asked for."""
    deps, pending = stand.harness.deps, connecting.pending_id(stand.platform)
    with deps.db.write() as uow:
        keys = {"home": stand.url, "key": "ck_none", "secret": "cs_none"}
        connecting.keep_granted_keys(deps, uow, pending, keys)
    for name, job in TASKS.items():
        job(deps, pending if name == "verify_keys" else ShopId(stand.shop_id))
    stand.harness.run_jobs()


def done_in(found: Worked, stand: Stand) -> set[ActionKind]:
    """Kinds of actions that were carried out there."""
    with found.engine.connect() as connection:
        query = actions.select().with_only_columns(actions.c.kind).distinct()
        mine = actions.c.shop_id == stand.shop_id
        return set(connection.execute(query.where(mine, actions.c.state == "done")).scalars())


def _noted(found: Worked, answer: Response) -> Response:
    if request.url_rule and request.blueprint == "customer" and answer.status_code < 400:
        found.opened.add((request.url_rule.rule, request.method))
    return answer
