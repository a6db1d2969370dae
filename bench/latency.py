"""From a delivery to its mail, and from a due date to the claim, with the real processes."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select

from app.config import Environment
from app.db.models import actions, messages
from app.db.shops import Shops
from app.db.tenant import ShopData
from app.deps import Deps
from app.domain.actions import ActionKind
from app.domain.ids import ShopId
from bench.due import DueWork, a_shop, sign_in
from bench.installation import Installation, installation, percentile, wait
from bench.processes import free_port, home
from bench.rows import Row, at_most
from bench.stores import ask, connect, twin

DELIVERIES = 18
EVERY = 1.5  # seconds: how long one takes, not how many go through
PLANNED = 1_000_000
DUE = 50
APART = 0.37  # seconds between two that are due: at any moment between two beats of the clock


def run() -> list[Row]:
    """About three minutes; most of it is writing the million rows, twice."""
    rows = []
    for backend in ("sqlite", "postgresql"):
        rows += _to_mail(backend)
        with home() as folder, installation(folder, backend) as found:
            rows += _to_claim(found, backend)
    return rows


def _to_mail(backend: str) -> Iterator[Row]:
    """An order is completed, and its review request is due at once: the store sends a delivery,
    the order is read anew before anybody is asked about it, and the mail goes out.
    """
    with home() as folder, twin(folder, "woocommerce") as url:
        port = free_port()
        changes = {
            "environment": Environment.DEVELOPMENT, "allow_loopback_stores": True,
            "web_port": port, "public_url": f"http://127.0.0.1:{port}",
        }  # fmt: skip
        with (
            installation(folder, backend, **changes) as found,
            found.running("web", "worker", "clock"),
        ):
            shop_id = connect(found.deps, "woocommerce", url)
            rules = {"review_request": {"days_after_completion": 0}}
            DueWork(found.deps.db, shop_id, found.deps.wall.now(), rules)
            wait(lambda: _listens(found.deps, shop_id))
            orders = [_place(url, number) for number in range(DELIVERIES)]
            ask(url, "POST", "deliveries/drain", {"timeout_seconds": 60})
            wait(lambda: _read(found.deps, shop_id))
            began, completed = time.monotonic(), {}
            for number, order_id in enumerate(orders):
                time.sleep(max(0, began + number * EVERY - time.monotonic()))
                completed[str(order_id)] = time.monotonic()
                ask(url, "POST", f"orders/{order_id}/complete", {})
            wait(lambda: len(found.sink.mails()) == DELIVERIES, 120)
            mails = _mails(found, shop_id)
    took = [mails[order_id] - at for order_id, at in completed.items()]
    for share, name in ((0.5, "p50"), (0.95, "p95")):
        yield Row(
            f"delivery to mail, {backend}, {name}", percentile(took, share), "s",
            f"{len(took)} orders, one every {EVERY} s, each read from the store again; one worker",
        )  # fmt: skip


def _listens(deps: Deps, shop_id: ShopId) -> bool:
    """The store's webhooks are registered, its history is read."""
    with deps.db.read() as uow:
        topics = {row.topic for row in ShopData(uow, shop_id).webhooks.all()}
        return "order.updated" in topics and Shops(uow).get(shop_id).history_complete


def _read(deps: Deps, shop_id: ShopId) -> bool:
    """All that came in so far is interpreted."""
    with deps.db.read() as uow:
        return "pending" not in ShopData(uow, shop_id).inbox.counts()


def _place(url: str, number: int) -> int:
    order = {
        "email": f"p{number}@posta.example", "country": "SK", "payment_method": "card",
        "items": [{"sku": "PES-EGE", "quantity": 1}],
    }  # fmt: skip
    return int(ask(url, "POST", "orders", order)["id"])


def _mails(found: Installation, shop_id: ShopId) -> dict[str, float]:
    """When the mail about each order was accepted."""
    accepted = found.sink.mails()
    query = (
        select(actions.c.order_id, messages.c.message_id)
        .join(messages, messages.c.action_id == actions.c.id)
        .where(actions.c.shop_id == shop_id)
    )
    with found.deps.db.read() as uow:
        return {order_id: accepted[name] for order_id, name in uow.connection.execute(query)}


def _to_claim(found: Installation, backend: str) -> Iterator[Row]:
    """A million rows are planned for later. Every now and then one is due: a review request among
    them, in their shop; and a merchant's mail in another shop.
    """
    db, now = found.deps.db, found.deps.wall.now()
    crowd, other = a_shop(db, "crowd", now), a_shop(db, "one", now)
    work = DueWork(db, crowd, now)
    work.pile_up(PLANNED, now + timedelta(days=9))
    with found.running("worker", "clock"):
        first = found.deps.wall.now() + timedelta(seconds=10)  # by then all of them are written
        signs_in, asks = {}, {}
        for number in range(DUE):
            at = first + timedelta(seconds=APART * number)
            signs_in[sign_in(found.deps, other, at)] = at
            asks[work.plan_one(ActionKind.REVIEW_REQUEST_MAIL, number, at)] = at
        wait(lambda: len(found.sink.mails()) == 2 * DUE, 120)
    query = select(messages.c.message_id, messages.c.at).where(
        messages.c.message_id.in_([*signs_in, *asks])
    )
    with db.read() as uow:
        claimed = dict(uow.connection.execute(query).tuples().all())
    yield from _late(f"a sign-in mail of another shop, {backend}", signs_in, claimed)
    yield from _late(f"a review request among them, {backend}", asks, claimed)


def _late(what: str, due: dict[str, datetime], claimed: dict[str, datetime]) -> Iterator[Row]:
    late = [(claimed[name] - at).total_seconds() for name, at in due.items()]
    for share, name in ((0.5, "p50"), (0.95, "p95")):
        note = f"{PLANNED:,} rows planned in one shop; the clock beats once a second"
        target = at_most(2) if name == "p95" else None
        title = f"due to claim, {what}, {name}"
        yield Row(title, percentile(late, share), "s", note, target=target)
