"""Polling what changed: webhooks that were lost, refused or never sent come in this way.

A window begins 15 minutes before the store's own time of the last one, and the next begins only
after the last page. What is known already costs one insert that conflicts.
"""

from datetime import datetime, timedelta

from app.db.shops import Shops
from app.db.tenant import ShopData
from app.domain.ids import ShopId
from app.pipeline.runtime import Runtime
from app.pipeline.troubles import MOVED
from app.platforms.base import Store
from app.services.connections.checking import UNREACHABLE
from app.services.listings import Read, Reading, State, onward, read_on
from app.services.mending import mended

CURSOR = "reconcile"
OVERLAP = timedelta(minutes=15)  # clocks of several servers, and transactions still open


def reconcile(rt: Runtime, shop_id: ShopId) -> None:
    """Read all orders that changed since the last window, for one turn at a time.

    That a store stays unreachable is noticed by the hourly look at the connection.
    """
    with rt.db.read() as uow:
        opened = Shops(uow).installation(shop_id)
    if opened is None:
        return
    reading = Reading(
        CURSOR, "poll", "reconcile", lambda store, state: _step(store, state, opened.opened_at, rt)
    )
    if read_on(rt, shop_id, reading):
        with rt.db.write() as uow:
            data = ShopData(uow, shop_id)
            mended(rt, data, (UNREACHABLE,))
            if data.problems.is_open(MOVED):  # it answered as itself: to be asked whether it is
                uow.after_commit("check_connection", shop_id)


def _step(store: Store, state: State, opened_at: datetime, rt: Runtime) -> Read:
    """The next page of the window; the first one begins with the installation."""
    since = datetime.fromisoformat(state["since"]) if state else opened_at
    page = store.orders.changed(since - OVERLAP, state.get("page"))
    # The store's time at the first page: what changes while we read belongs to the next window.
    began = state.get("began") or (page.store_now or rt.business.now()).isoformat()
    further = onward({**state, "since": since.isoformat(), "began": began}, page)
    return Read(page, further or {"since": began}, finished=further is None)
