"""What an installation costs: memory, time to start, a first import, bytes on disk."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import requests

from app.config import Environment
from app.db.shops import Shops
from app.domain.actions import ActionKind
from app.domain.ids import ShopId
from bench.due import DueWork, a_shop
from bench.installation import Installation, busy_seconds, installation, memory, wait
from bench.processes import home
from bench.rows import Row
from bench.shop_of import shop_of
from bench.stores import ask, connect, twin

IMPORTED, WHOLE = 300, 50_000
ORDERS = 10_000
_PROCESSES = ("web", "worker", "clock")


def run() -> list[Row]:
    """About a minute and a half."""
    rows = []
    with home() as folder, installation(folder) as found:
        rows += _processes(found)
    rows += _import()
    for backend in ("sqlite", "postgresql"):
        with home() as folder, installation(folder, backend) as found:
            rows.append(_bytes(found, backend))
    return rows


def _processes(found: Installation) -> Iterator[Row]:
    """Alone on the machine, then while mails go out and pages are asked for."""
    now = found.deps.wall.now()
    shop_id = a_shop(found.deps.db, "one", now)
    with found.running(*_PROCESSES) as running:
        time.sleep(2)
        idle = {name: memory(each.process) for name, each in running.items()}
        DueWork(found.deps.db, shop_id, now).plan(ActionKind.REVIEW_REQUEST_MAIL, range(500), now)
        _ask_pages(found)
        wait(lambda: len(found.sink.mails()) > 50, 90)
        busy = {name: memory(each.process) for name, each in running.items()}
    for name, each in running.items():
        (rss, uss), (then, alone) = idle[name], busy[name]
        note = f"of its own {uss / 1e6:.0f}; at work {then / 1e6:.0f}, of its own {alone / 1e6:.0f}"
        yield Row(f"memory of {name}", rss / 1e6, "MB", note)
        note = f"from its start until it is ready; {each.busy:.1f} s of a processor"
        yield Row(f"cold start of {name}", each.seconds, "s", note)


def _ask_pages(found: Installation) -> None:
    """From several at once, so that all threads of the web process work."""
    url = f"http://127.0.0.1:{found.settings.web_port}/sign-in"
    with ThreadPoolExecutor(8) as many:
        list(many.map(lambda _: requests.get(url, timeout=60), range(80)))


def _import() -> Iterator[Row]:
    """A slice of a first import from WooCommerce's stand-in; the whole is computed from it."""
    with home() as folder, twin(folder, "woocommerce") as url:
        with ThreadPoolExecutor(4) as many:
            list(many.map(lambda number: _place(url, number), range(IMPORTED)))
        changes = {"environment": Environment.DEVELOPMENT, "allow_loopback_stores": True}
        with installation(folder, **changes) as found, found.running("worker", "clock") as running:
            worker = running["worker"].process
            before, began = busy_seconds(worker), time.monotonic()
            shop_id = connect(found.deps, "woocommerce", url)
            wait(lambda: _complete(found, shop_id), 120)
            seconds, busy = time.monotonic() - began, busy_seconds(worker) - before
    each = busy / IMPORTED
    yield Row(
        "first import of 50,000 orders", each * WHOLE / 60, "min",
        f"computed: {IMPORTED} took {seconds:.1f} s, {each * 1000:.1f} ms of the worker's processor"
        " each; a real store's own time comes on top",
    )  # fmt: skip


def _place(url: str, number: int) -> None:
    order = {
        "email": f"p{number}@posta.example", "country": "SK", "payment_method": "card",
        "items": [{"sku": "PES-EGE", "quantity": 1}],
    }  # fmt: skip
    ask(url, "POST", "orders", order)


def _complete(found: Installation, shop_id: ShopId) -> bool:
    with found.deps.db.read() as uow:
        return Shops(uow).get(shop_id).history_complete


def _bytes(found: Installation, backend: str) -> Row:
    """A year's orders with all that became of them: events, decisions, journal, one mail each."""
    before = found.database_bytes()
    shop_of(found.deps.db, ORDERS)
    kilobytes = (found.database_bytes() - before) / ORDERS / 1000
    note = f"{ORDERS:,} orders of a year; raw bodies of webhooks come on top, for RAW_BODY_DAYS"
    return Row(f"database per order, {backend}", kilobytes, "kB", note)
