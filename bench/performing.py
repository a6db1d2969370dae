"""What is due: mails and coupons per second, the platforms' limits, and who waits for whom."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import func, insert, select

from app.config import Environment
from app.db.models import inbox
from app.db.tenant import ShopData
from app.deps import Deps
from app.domain.actions import ActionKind
from app.domain.ids import ShopId
from app.pipeline.perform import perform_due
from bench.due import DueWork, a_shop, sign_in
from bench.installation import Installation, installation, wait
from bench.processes import home
from bench.rows import Row, at_most
from bench.stores import CLIENT_ID, CLIENT_SECRET, SHOPIFY, ask, connect, twin

BACKENDS = ("sqlite", "postgresql")
SECONDS = 6.0
ENOUGH = 1_500  # more actions than anything here performs in that time
NOISE = 100_000
ASKED = 6  # times that the quiet shop wants something


def run() -> list[Row]:
    """Every part has an installation of its own; about three minutes."""
    rows = []
    for backend in BACKENDS:
        with home() as folder, installation(folder, backend) as found:
            rows.append(_mails(found, backend))
        for platform in ("woocommerce", "shopify"):
            rows += _coupons(platform, backend)
    rows += _throttled()
    with home() as folder, installation(folder, "postgresql") as found:
        rows.append(_workers(found))
    for backend in BACKENDS:
        with home() as folder, installation(folder, backend) as found:
            rows += _fairness(found, backend)
    return rows


def _mails(found: Installation, backend: str) -> Row:
    """In this process, by the very function that the worker calls, over real SMTP."""
    deps = _silent(found.deps)
    now = deps.wall.now()
    shop_id = a_shop(deps.db, "one", now)
    DueWork(deps.db, shop_id, now).plan(
        ActionKind.REVIEW_REQUEST_MAIL, range(ENOUGH), now - timedelta(minutes=5)
    )
    perform_due(deps, shop_id, 10)  # templates are compiled once
    before = len(found.sink.mails())
    seconds, busy = _perform_for(deps, shop_id)
    mails = len(found.sink.mails()) - before
    return Row(
        f"review mails over SMTP, {backend}", mails / seconds, "/s",
        f"one worker, {busy / mails * 1e6:,.0f} µs of its processor each; one connection a turn",
    )  # fmt: skip


def _perform_for(deps: Deps, shop_id: ShopId) -> tuple[float, float]:
    began, busy = time.perf_counter(), time.process_time()
    while time.perf_counter() - began < SECONDS and perform_due(deps, shop_id):
        pass
    return time.perf_counter() - began, time.process_time() - busy


def _workers(found: Installation) -> Row:
    """Two worker processes beside one, on several shops: of one shop one job at a time."""
    now = found.deps.wall.now()
    for name in ("one", "two", "three", "four"):
        work = DueWork(found.deps.db, a_shop(found.deps.db, name, now), now)
        work.plan(ActionKind.REVIEW_REQUEST_MAIL, range(ENOUGH // 2), now - timedelta(minutes=5))
    with found.running("clock", "worker"):
        alone = _rate(found)
        with found.running("worker2"):
            both = _rate(found)
    return Row(
        "review mails, two workers, postgresql", both, "/s",
        f"{alone:.1f} with one, so {both / alone:.2f}×; four shops at once",
    )  # fmt: skip


def _rate(found: Installation) -> float:
    """Mails a second, once they flow."""
    before = len(found.sink.mails())
    wait(lambda: len(found.sink.mails()) > before + 5)
    before, began = len(found.sink.mails()), time.monotonic()
    time.sleep(SECONDS)
    return (len(found.sink.mails()) - before) / (time.monotonic() - began)


def _coupons(platform: str, backend: str) -> Iterator[Row]:
    """Against the stand-in store over HTTP; what it would refuse is waited for instead."""
    with home() as folder, twin(folder, platform) as url:
        changes = {
            "environment": Environment.DEVELOPMENT, "allow_loopback_stores": True,
            "shopify_client_id": CLIENT_ID, "shopify_client_secret": CLIENT_SECRET,
            "shopify_origin": url if platform == "shopify" else "",
        }  # fmt: skip
        with installation(folder, backend, **changes) as found:
            deps = _silent(found.deps)
            shop_id = connect(deps, platform, url)
            now = deps.business.now()
            DueWork(deps.db, shop_id, now).plan(
                ActionKind.COUPON_CREATE, range(ENOUGH), now - timedelta(minutes=5)
            )
            perform_due(deps, shop_id, 10)
            before = _made(deps, shop_id)
            seconds, busy = _perform_for(deps, shop_id)
            made = _made(deps, shop_id) - before
        each = f"one worker, {busy / made * 1e6:,.0f} µs of its processor each"
        if platform == "shopify":
            points = ask(url, "GET", f"shops/{SHOPIFY}/points")
            each += f"; 10 of {points['currentlyAvailable']:,.0f} points left each"
            name = f"coupons at Shopify's stand-in, full bucket, {backend}"
        else:
            each += "; one request at a time"
            name = f"coupons at WooCommerce's stand-in, {backend}"
        yield Row(name, made / seconds, "/s", each)


def _throttled() -> Iterator[Row]:
    """The bucket is nearly empty from the beginning: what Shopify restores is what is used."""
    import twins.shopify  # noqa: PLC0415
    from twins.shopify.config import Limits  # noqa: PLC0415

    limits = Limits(bucket_points=150, restore_points_per_second=50)
    running = twins.shopify.start(
        client_id=CLIENT_ID, client_secret=CLIENT_SECRET, seed="demo", limits=limits
    )
    with home() as folder, running:
        changes = {
            "environment": Environment.DEVELOPMENT, "shopify_client_id": CLIENT_ID,
            "shopify_client_secret": CLIENT_SECRET, "shopify_origin": running.url,
        }  # fmt: skip
        with installation(folder, **changes) as found:
            deps = _silent(found.deps)
            shop_id = connect(deps, "shopify", running.url)
            now = deps.business.now()
            DueWork(deps.db, shop_id, now).plan(
                ActionKind.COUPON_CREATE, range(300), now - timedelta(minutes=5)
            )
            perform_due(deps, shop_id, 20)  # takes what the bucket held
            before = _made(deps, shop_id)
            seconds, _ = _perform_for(deps, shop_id)
            made = _made(deps, shop_id) - before
            points = ask(running.url, "GET", f"shops/{SHOPIFY}/points")
    note = "its points allow 5"
    yield Row("coupons at Shopify's stand-in, empty bucket", made / seconds, "/s", note)
    yield Row(
        "  refused with THROTTLED meanwhile", points["throttled"], "", f"of {made} coupons",
        target=at_most(1),
    )  # fmt: skip


def _made(deps: Deps, shop_id: ShopId) -> int:
    with deps.db.read() as uow:
        counts = ShopData(uow, shop_id).actions.counts()
    return counts.get(("milestone_coupon", "done"), 0)


def _fairness(found: Installation, backend: str) -> Iterator[Row]:
    """One worker; one shop with a hundred thousand of each, and another that wants little."""
    deps = found.deps
    now = deps.wall.now()
    noisy, quiet = a_shop(deps.db, "noisy", now), a_shop(deps.db, "quiet", now)
    work = DueWork(deps.db, noisy, now)
    work.plan(ActionKind.REVIEW_REQUEST_MAIL, range(ENOUGH), now - timedelta(minutes=5))
    work.pile_up(NOISE - ENOUGH, now - timedelta(minutes=1))
    with found.running("worker", "clock"):
        wait(lambda: len(found.sink.mails()) > 20)
        waits = [_seconds_to_mail(found, quiet) for _ in range(ASKED)]
        yield Row(
            f"due action beside 100,000 of another shop, worst, {backend}", max(waits), "s",
            f"until its mail is accepted; {sum(waits) / ASKED:.2f} on average",
            target=at_most(5),
        )  # fmt: skip
        _flood(deps, noisy, NOISE)
        deps.dispatch(("drain", (noisy,)))
        wait(lambda: _pending(deps, noisy) < NOISE)
        waits = []
        for _ in range(ASKED):
            _flood(deps, quiet, 1)
            began = time.monotonic()
            deps.dispatch(("drain", (quiet,)))
            wait(lambda: _pending(deps, quiet) == 0)
            waits.append(time.monotonic() - began)
        yield Row(
            f"delivery beside 100,000 of another shop, worst, {backend}", max(waits), "s",
            f"until it is read, both queues full; {sum(waits) / ASKED:.2f} on average",
            target=at_most(5),
        )  # fmt: skip


def _seconds_to_mail(found: Installation, shop_id: ShopId) -> float:
    """A merchant wants to sign in; nobody tells the queue, the clock has to see it."""
    began = time.monotonic()
    name = sign_in(found.deps, shop_id, found.deps.wall.now())
    wait(lambda: name in found.sink.mails())
    return found.sink.mails()[name] - began


def _flood(deps: Deps, shop_id: ShopId, count: int) -> None:
    """Deliveries of an order that lacks nearly everything: read, parked, never asked about."""
    body, now = deps.db.keyring.seal_body(b'{"id": 1}'), deps.wall.now()
    for first in range(0, count, 5_000):
        rows = [
            {"shop_id": shop_id, "dedupe_key": f"{now.timestamp()}-{n}", "source": "webhook",
             "priority": 0, "topic": "nobody.knows", "sealed_body": body, "state": "pending",
             "received_at": now}
            for n in range(first, min(first + 5_000, count))
        ]  # fmt: skip
        with deps.db.write() as uow:
            uow.connection.execute(insert(inbox), rows)


def _pending(deps: Deps, shop_id: ShopId) -> int:
    query = select(func.count()).where(inbox.c.shop_id == shop_id, inbox.c.state == "pending")
    with deps.db.read() as uow:
        return int(uow.connection.execute(query).scalar_one())


def _silent(deps: Deps) -> Deps:
    """Nobody else works here, so nobody is told."""
    deps.db._dispatch = lambda _signal: None  # noqa: SLF001
    return replace(deps, dispatch=lambda _signal: None)
