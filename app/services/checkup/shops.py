"""Each store: does it answer to our keys, and are its webhooks what they should be.

Stores are asked several at a time, and each has its own limit: one that never finishes answering
is reported and left behind.
"""

import queue
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import timedelta
from time import monotonic

from app.db.problems import Problem
from app.db.shops import Shop, Shops, ShopState
from app.db.tenant import ShopData
from app.db.webhooks import Subscription
from app.deps import Deps
from app.domain.errors import AfterglowError, MerchantMustFix
from app.domain.stores import same_store
from app.i18n import Translator
from app.platforms.base import RemoteWebhook, Store
from app.services.checkup.finding import Finding
from app.services.plugin import link as plugin
from app.services.problems import explain
from app.services.subscriptions import delivery_address, reachable

AT_ONCE = 8
LIMIT = timedelta(seconds=20)  # per store
_NOTHING_DONE = "Its orders are not read and nothing is done in it; what falls due waits."


def check_shops(deps: Deps, limit: timedelta = LIMIT) -> Iterator[Finding]:
    """All connected stores, in the order in which they answer."""
    with deps.db.read() as uow:
        shops = Shops(uow).in_state(ShopState.ACTIVE)
    if not shops:
        yield Finding.ok("stores", "None is connected.")
    waiting, answers = deque(shops), queue.Queue[tuple[Shop, list[Finding]]]()
    running: dict[int, tuple[Shop, float]] = {}
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            shop = waiting.popleft()
            running[shop.id] = (shop, monotonic() + limit.total_seconds())
            # Daemons: a look that never ends does not keep the process from ending.
            threading.Thread(target=_look, args=(deps, shop, answers), daemon=True).start()
        try:
            shop, found = answers.get(timeout=0.1)
        except queue.Empty:
            pass
        else:
            if running.pop(shop.id, None):
                yield from found
        for late in [shop for shop, end in running.values() if monotonic() > end]:
            del running[late.id]
            yield _too_late(late, limit)


def _too_late(shop: Shop, limit: timedelta) -> Finding:
    return Finding.broken(
        "stores",
        f"{shop.domain} did not finish answering within {limit.total_seconds():.0f} seconds.",
        "Whatever has to be done in it is slow or waits.",
        "See whether it opens in a browser, and how fast.",
        shop.id,
    )


def _look(deps: Deps, shop: Shop, answers: "queue.Queue[tuple[Shop, list[Finding]]]") -> None:
    try:
        found = list(_of(deps, shop))
    except Exception as error:  # noqa: BLE001 - one store must not end the look at the others
        found = [
            Finding.broken(
                "stores",
                f"{shop.domain} could not be looked at ({type(error).__name__}).",
                "Nobody knows how it stands.",
                "Run this again; if it stays so, it is a fault of ours.",
                shop.id,
            )
        ]
    answers.put((shop, found))


def _of(deps: Deps, shop: Shop) -> Iterator[Finding]:
    try:
        store = deps.open_store(shop)
        info = store.info()
    except MerchantMustFix as error:
        yield _explained(shop, Problem(error.problem, dict(error.params), deps.business.now()))
        return
    except AfterglowError as error:
        yield Finding.broken(
            "stores", f"{shop.domain} cannot be worked with: {error}", _NOTHING_DONE,
            "It is tried again by itself; see whether the store opens in a browser.", shop.id,
        )  # fmt: skip
        return
    if not same_store(shop.domain, info.domain):
        yield Finding.broken(
            "stores", f"{shop.domain} calls itself {info.domain}.",
            "It has moved, or this is a copy of it; everything is paused.",
            "Its merchant connects it again under its new address.", shop.id,
        )  # fmt: skip
        return
    yield Finding.ok("stores", f"{shop.domain} answers to our keys.", shop.id)
    yield from _webhooks(deps, shop, store)
    with deps.db.read() as uow:
        problems = ShopData(uow, shop.id).problems.all_open()
    for problem in problems:
        yield _explained(shop, problem)


def _webhooks(deps: Deps, shop: Shop, store: Store) -> Iterator[Finding]:
    platform = deps.platforms[shop.platform]
    if platform.shared_secrets:
        yield Finding.ok(
            "webhooks", f"{shop.domain}: declared with the app, one address for all.", shop.id
        )
        return
    if not reachable(deps.settings.public_url, shop.domain):
        yield Finding.attention(
            "webhooks", f"{shop.domain} cannot deliver to {deps.settings.public_url}.",
            f"Orders are looked up every {platform.polls_minutes} minutes instead.",
            "Set PUBLIC_URL to an https address on port 443.", shop.id,
        )  # fmt: skip
        return
    with deps.db.read() as uow:
        data = ShopData(uow, shop.id)
        rows, topics = data.webhooks.all(), sorted(plugin.topics(platform, data))
    there = store.webhooks.list()
    address = delivery_address(deps, platform)
    active, disabled, missing = _sorted(topics, rows, there, address)
    told = f"{shop.domain}: {len(active)} of {len(topics)} active"
    if not disabled and not missing:
        yield Finding.ok("webhooks", f"{told}.", shop.id)
        return
    if disabled:
        told += f"; disabled by the store: {', '.join(disabled)}"
    if missing:
        told += f"; missing: {', '.join(missing)}"
    yield Finding.attention(
        "webhooks", f"{told}.",
        f"Nothing is lost: orders are looked up every {platform.polls_minutes} minutes.",
        "They are made anew within the hour. If they do not stay, see what the store's log says of "
        "deliveries to us, and whether something in front of us refuses them.", shop.id,
    )  # fmt: skip


def _sorted(
    topics: Sequence[str],
    rows: Sequence[Subscription],
    there: Sequence[RemoteWebhook],
    address: str,
) -> tuple[list[str], list[str], list[str]]:
    """Topics that are active, disabled, missing."""
    ours = {address + row.token for row in rows}
    hooks = [hook for hook in there if hook.url in ours]
    active = {hook.topic for hook in hooks if hook.active}
    known = {hook.topic for hook in hooks}
    return (
        [topic for topic in topics if topic in active],
        [topic for topic in topics if topic in known - active],
        [topic for topic in topics if topic not in known],
    )


def _explained(shop: Shop, problem: Problem) -> Finding:
    """In the words that its merchant reads, too."""
    told = explain(problem, Translator("en"))
    if told.news:
        return Finding.ok("stores", f"{shop.domain}: {told.what}. {told.text}", shop.id)
    return Finding.attention(
        "stores", f"{shop.domain}: {told.what}.", told.text,
        "Only its merchant can mend it; the home page says how.", shop.id,
    )  # fmt: skip
