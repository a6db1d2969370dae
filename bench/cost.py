"""What an installation costs: memory, time to start, a first import, bytes on disk."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import requests
from sqlalchemy import insert, literal, select

from app.config import Environment
from app.db.models import inbox
from app.db.session import Database
from app.db.shops import Shops
from app.db.tenant import ShopData
from app.domain.actions import ActionKind
from app.domain.ids import ShopId
from app.services.housekeeping import DELIVERIES_KEPT
from bench.deliveries import shopify
from bench.due import DueWork, a_shop
from bench.installation import Installation, Memory, busy_seconds, installation, memory, wait
from bench.load import paced
from bench.pages import session
from bench.processes import SECRET, connect_shops, home
from bench.rows import Row, at_most
from bench.shop_of import NOW, shop_of
from bench.stores import ask, connect, twin
from bench.stories import Posted, life

FEW, IMPORTED, WHOLE = 1_000, 3_000, 50_000
LINEAR = 1.3  # times what an order of a third of the import costs
ORDERS = 10_000
A_DAY, DAYS = 1_000, 365  # orders of the store for which a year is computed
RATE, SECONDS = 300, 5  # deliveries while everything is at work
_PROCESSES = ("web", "worker", "worker2", "clock")
_PAGES = ("/app/", "/app/activity", "/app/why?q=novakova", "/app/activity?q=customer1")
_BACKENDS = ("sqlite", "postgresql")


def run() -> list[Row]:
    """About two minutes and a half."""
    rows = []
    for backend in _BACKENDS:
        with home() as folder, installation(folder, backend) as found:
            rows += _processes(found, backend)
    rows += _import()
    for backend in _BACKENDS:
        with home() as folder, installation(folder, backend) as found:
            rows += _bytes(found, backend)
    return rows


# memory and start


def _processes(found: Installation, backend: str) -> Iterator[Row]:
    """Alone on the machine; then while deliveries come in and are read, mails go out, and merchants
    open pages.
    """
    with found.running(*_PROCESSES) as running:
        trees = {name: each.process for name, each in running.items()} | dict(found.servers)
        time.sleep(2)
        idle = {name: memory(process) for name, process in trees.items()}
        _at_work(found)
        busy = {name: memory(process) for name, process in trees.items()}
    for name in trees:
        yield Row(
            f"memory of {name}, {backend}", idle[name].share / 1e6, "MB",
            f"{_parts(idle[name])}; at work {busy[name].share / 1e6:.0f} ({_parts(busy[name])})",
        )  # fmt: skip
    yield Row(
        f"memory of all of these together, {backend}", _together(idle) / 1e6, "MB",
        f"at work {_together(busy) / 1e6:.0f}; what several share counts once",
    )  # fmt: skip
    for name, each in running.items():
        note = f"from its start until it is ready; {each.busy:.1f} s of a processor"
        yield Row(f"cold start of {name}, {backend}", each.seconds, "s", note)


def _parts(held: Memory) -> str:
    return f"resident {held.resident / 1e6:.0f}, of its own {held.own / 1e6:.0f}"


def _together(held: dict[str, Memory]) -> int:
    return sum(each.share for each in held.values())


def _at_work(found: Installation) -> None:
    """All at once; returns when pages and deliveries are answered and mails flow."""
    now, port = found.deps.wall.now(), found.settings.web_port
    shop_id = a_shop(found.deps.db, "one", now)
    DueWork(found.deps.db, shop_id, now).plan(ActionKind.REVIEW_REQUEST_MAIL, range(500), now)
    connect_shops(found.settings)
    name, value = session(found.deps, shop_id)

    def page(number: int) -> int:
        url = f"http://127.0.0.1:{port}{_PAGES[number % len(_PAGES)]}"
        cookie = {"Cookie": f"{name}={value}"}
        return requests.get(url, headers=cookie, timeout=60, allow_redirects=False).status_code

    with ThreadPoolExecutor(9) as many:
        sent = many.submit(paced, port, shopify(SECRET, 1), RATE, SECONDS)
        answers = set(many.map(page, range(160)))
        result = sent.result()
    if answers != {200} or set(result.statuses) != {200}:
        raise AssertionError(f"Pages: {answers}, deliveries: {dict(result.statuses)}")
    wait(lambda: len(found.sink.mails()) > 50, 90)


# a first import


@dataclass(frozen=True, slots=True)
class _Imported:
    """What it took."""

    orders: int
    seconds: float
    busy: float  # seconds of the worker's processor

    @property
    def each(self) -> float:
        """Seconds of the processor for an order."""
        return self.busy / self.orders


def _import() -> Iterator[Row]:
    """From WooCommerce's stand-in. The whole is computed: pages, batches and their transactions are
    as many times more as orders are, and what one costs is held against a smaller import.
    """
    few, more = (_imported(orders) for orders in (FEW, IMPORTED))
    computed = f"computed from {IMPORTED:,}"
    yield Row(
        f"first import of {WHOLE:,} orders", more.seconds / IMPORTED * WHOLE / 60, "min",
        f"{computed}, which took {more.seconds:.1f} s beside the stand-in store, on the same cores;"
        " a real store's own time for its 100 orders a page comes on top",
    )  # fmt: skip
    yield Row(
        "  of that the worker's processor", more.each * WHOLE / 60, "min",
        f"{computed}, {more.each * 1000:.1f} ms each; held against one of {FEW:,} orders",
        ratio=more.each / few.each, target=at_most(LINEAR),
    )  # fmt: skip


def _imported(orders: int) -> _Imported:
    with home() as folder, twin(folder, "woocommerce") as url:
        with ThreadPoolExecutor(4) as many:
            list(many.map(lambda number: _place(url, number), range(orders)))
        changes = {"environment": Environment.DEVELOPMENT, "allow_loopback_stores": True}
        with installation(folder, **changes) as found, found.running("worker", "clock") as running:
            worker = running["worker"].process
            before, began = busy_seconds(worker), time.monotonic()
            shop_id = connect(found.deps, "woocommerce", url)
            wait(lambda: _all_read(found, shop_id, orders), 120)
            # The clock would ask for what is left to do within half a minute.
            found.deps.dispatch(("import_history", (shop_id,)))
            wait(lambda: _complete(found, shop_id), 120)
            seconds, busy = time.monotonic() - began, busy_seconds(worker) - before
    return _Imported(orders, seconds, busy)


def _place(url: str, number: int) -> None:
    order = {
        "email": f"p{number}@posta.example", "country": "SK", "payment_method": "card",
        "items": [{"sku": "PES-EGE", "quantity": 1}],
    }  # fmt: skip
    ask(url, "POST", "orders", order)


def _all_read(found: Installation, shop_id: ShopId, orders: int) -> bool:
    with found.deps.db.read() as uow:
        data = ShopData(uow, shop_id)
        return data.orders.count() >= orders and not data.inbox.has_pending("import")


def _complete(found: Installation, shop_id: ShopId) -> bool:
    with found.deps.db.read() as uow:
        return Shops(uow).get(shop_id).history_complete


# bytes on disk


def _bytes(found: Installation, backend: str) -> Iterator[Row]:
    """A year's orders with all that became of them: events, decisions, journal, mails, reviews. And
    the deliveries of each order, once as they are kept for long, once with their raw bodies.
    """
    told, sizes = life("woocommerce", 2, NOW), [found.database_bytes()]
    shop_id = shop_of(found.deps.db, ORDERS).shop_id
    sizes.append(found.database_bytes())
    for with_body in (False, True):
        deliver(found.deps.db, shop_id, told, with_body=with_body)
        sizes.append(found.database_bytes())
    all_of_it, known, whole = ((after - before) / ORDERS for before, after in pairwise(sizes))
    for_good = all_of_it - known / len(told)  # `shop_of` writes one delivery an order
    days, bodies = DELIVERIES_KEPT.days, found.settings.raw_body_days
    many = f"of the {len(told)} deliveries of an order"
    note = f"{ORDERS:,} orders of a year: events, decisions, journal, mails, reviews"
    yield Row(f"database per order, {backend}", for_good / 1000, "kB", note)
    yield Row(
        f"  that deliveries are known, {backend}", known / 1000, "kB", f"{many}; for {days} days"
    )
    yield Row(
        f"  raw bodies, {backend}",
        (whole - known) / 1000,
        "kB",
        f"{many}; for RAW_BODY_DAYS, {bodies}",
    )
    year = A_DAY * (DAYS * for_good + days * known + bodies * (whole - known))
    note = f"{A_DAY:,} orders a day; computed from these"
    yield Row(f"database after a year, {backend}", year / 1e9, "GB", note)


def deliver(db: Database, shop_id: ShopId, told: list[Posted], *, with_body: bool) -> None:
    """The rows of a whole life for each order, copied from the one that it has."""
    names = [column.name for column in inbox.c if column.name != "id"]
    first = inbox.c.dedupe_key.regexp_match("^order:[0-9]+$")
    for number, posted in enumerate(told):
        body = db.keyring.seal_body(posted.body) if with_body else None
        new = {
            "dedupe_key": inbox.c.dedupe_key + f":{number}:{with_body}",
            "topic": literal(posted.topic),
            "sealed_body": literal(body, inbox.c.sealed_body.type),
        }
        source = select(*(new.get(name, inbox.c[name]) for name in names))
        mine = source.where(inbox.c.shop_id == shop_id, first)
        with db.write() as uow:
            uow.connection.execute(insert(inbox).from_select(names, mine))
