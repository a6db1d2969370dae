"""Polling what changed: webhooks that were lost, refused or never sent come in this way.

A window begins 15 minutes before the store's own time of the last one, and the next begins only
after the last page. What is known already costs one insert that conflicts. Orders come first;
customers and products follow as far as the platform can list them by their time of change.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from app.db.shops import Shop, Shops
from app.db.tenant import ShopData
from app.domain.errors import AfterglowError
from app.domain.ids import ShopId
from app.pipeline.runtime import Runtime
from app.pipeline.troubles import MOVED
from app.platforms.base import Page, Store
from app.services.connections.checking import UNREACHABLE
from app.services.listings import Read, Reading, State, onward, read_on
from app.services.mending import mended

CURSOR = "reconcile"
OVERLAP = timedelta(minutes=15)  # clocks of several servers, and transactions still open
_CUSTOMERS = "reconcile-customers"
_PRODUCTS = "reconcile-products"

_Listing = Callable[[datetime, str | None], Page]
log = structlog.get_logger()


def reconcile(rt: Runtime, shop_id: ShopId) -> None:
    """Read all that changed since the last window, for one turn at a time.

    That a store stays unreachable is noticed by the hourly look at the connection.
    """
    with rt.db.read() as uow:
        opened = Shops(uow).installation(shop_id)
    if opened is None:
        return
    began = opened.opened_at
    if not read_on(rt, shop_id, _reading(rt, CURSOR, began, lambda s: s.orders.changed)):
        return
    with rt.db.write() as uow:
        data = ShopData(uow, shop_id)
        mended(rt, data, (UNREACHABLE,))
        if data.problems.is_open(MOVED):  # it answered as itself: to be asked whether it is
            uow.after_commit("check_connection", shop_id)
        shop = Shops(uow).get(shop_id)
    if shop.connected:
        _others(rt, shop, began)


def _others(rt: Runtime, shop: Shop, began: datetime) -> None:
    """Customers, for their consent, and then products; what does not work now is asked again with
    the next window.
    """
    try:
        store = rt.open_store(shop)
        if changed_customers := store.customers.changed:
            read_on(rt, shop.id, _reading(rt, _CUSTOMERS, began, lambda _: changed_customers))
        if changed_products := store.products.changed:
            read_on(rt, shop.id, _reading(rt, _PRODUCTS, began, lambda _: changed_products))
    except AfterglowError as error:
        log.warning("reconcile.others_later", shop=shop.id, error=str(error))


def _reading(
    rt: Runtime, name: str, began: datetime, listing: Callable[[Store], _Listing]
) -> Reading:
    return Reading(
        name, "poll", "reconcile", lambda store, state: _step(listing(store), state, began, rt)
    )


def _step(changed: _Listing, state: State, opened_at: datetime, rt: Runtime) -> Read:
    """The next page of the window; the first one begins with the installation."""
    since = datetime.fromisoformat(state["since"]) if state else opened_at
    page = changed(since - OVERLAP, state.get("page"))
    # The store's time at the first page: what changes while we read belongs to the next window.
    began = state.get("began") or (page.store_now or rt.business.now()).isoformat()
    further = onward({**state, "since": since.isoformat(), "began": began}, page)
    return Read(page, further or {"since": began}, finished=further is None)
