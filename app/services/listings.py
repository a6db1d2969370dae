"""Reading a listing of the store page by page into the inbox, in turns, resumably.

A page and the place behind it are stored in one transaction: killed anywhere, the next job goes on
there, and a page that is read twice changes nothing (its rows' keys are there already).
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from app.db.leases import acquire, release
from app.db.shops import Shop, Shops
from app.db.tenant import ShopData
from app.domain.errors import MerchantMustFix, Retryable
from app.domain.ids import ShopId
from app.domain.snapshots import ObjectKind
from app.pipeline.receive import store_fetched
from app.pipeline.runtime import Runtime
from app.pipeline.troubles import met
from app.pipeline.turns import TURN
from app.platforms.base import Page, Store

LEASE = timedelta(minutes=3)  # longer than one page with all its time-outs
log = structlog.get_logger()

State = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Read:
    """One page, and the cursor's state once it is stored; `finished` on the last one."""

    page: Page
    state: State
    finished: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """A purpose for which a listing is read. `name` is that of cursor and lease."""

    name: str
    source: str  # of the inbox rows
    job: str  # which goes on after a turn
    step: Callable[[Store, State], Read]


def onward(state: State, page: Page) -> State | None:
    """Where to go on after a page; None after the last one.

    WooCommerce numbers its pages. Rows that leave a listing pull others to pages that were read
    already, so a total that fell means: from the beginning. One that grew does no harm: listings
    are in the order of ids, and what joins one changed after its first page was read, so the next
    window has it. (Beginning again then would never end in a busy store.)
    """
    before, now = state.get("total"), page.total
    if before is not None and now is not None and now < before:
        return {**state, "page": None, "total": None, "read": 0}
    if page.cursor is None:
        return None
    read = state.get("read", 0) + len(page.items)
    return {**state, "page": page.cursor, "total": now, "read": read}


def read_on(rt: Runtime, shop_id: ShopId, reading: Reading) -> bool:
    """Read for one turn; True once the end is reached.

    A store that does not answer ends the turn quietly (the clock comes again); what only the
    merchant can mend opens a problem.
    """
    lease, holder, now = f"{reading.name}:{shop_id}", uuid.uuid4().hex, rt.wall.now()
    with rt.db.write() as uow:
        shop = Shops(uow).get(shop_id)
        if not shop.connected or not acquire(uow, lease, holder, now, now + LEASE):
            return False
    try:
        return _turn(rt, shop, reading, lease, holder)
    except Retryable as error:
        log.info("listing.later", reading=reading.name, shop=shop_id, error=str(error))
    except MerchantMustFix as error:
        with rt.db.write() as uow:
            if Shops(uow).still_open(shop):
                met(rt, ShopData(uow, shop_id), error)
    finally:
        with rt.db.write() as uow:
            release(uow, lease, holder)
    return False


def _turn(rt: Runtime, shop: Shop, reading: Reading, lease: str, holder: str) -> bool:
    store, end = rt.open_store(shop), rt.wall.now() + TURN
    while True:
        with rt.db.read() as uow:
            state = ShopData(uow, shop.id).cursors.get(reading.name)
        read = reading.step(store, state)
        now = rt.wall.now()
        with rt.db.write() as uow:
            if not Shops(uow).still_open(shop):
                return False  # disconnected meanwhile: its cursors were cleared
            if not acquire(uow, lease, holder, now, now + LEASE):
                return False
            data = ShopData(uow, shop.id)
            for item in read.page.items:
                store_fetched(data, reading.source, item, now, generation=shop.generation)
            _read_again(data, read.page, now)
            data.cursors.put(reading.name, read.state, now)
            uow.after_commit("drain", shop.id)
            if read.finished:
                return True
            if now > end:
                uow.after_commit(reading.job, shop.id)
                return False


def _read_again(data: ShopData, page: Page, now: datetime) -> None:
    """Known products whose change nobody told."""
    outdated = data.products.outdated(page.heads) if page.heads else []
    for product_id in outdated:
        data.refreshes.ask(ObjectKind.PRODUCT, product_id, now, patient=False)
    if outdated:
        data.uow.after_commit("refresh", data.shop_id)
