"""First import: recent orders, then everybody's history, so that milestones can be judged.

It runs beside live webhooks. Events from before an automation was switched on plan nothing, also
if that happens while the import is still running; whatever needs the whole history defers itself
until `history_complete`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.db.orders import PaidOrder
from app.db.shops import Shop, Shops
from app.db.tenant import ShopData
from app.domain.ids import ShopId
from app.pipeline.interpret import drain
from app.pipeline.runtime import Runtime
from app.platforms.base import Store
from app.services.listings import Read, Reading, State, onward, read_on
from app.services.replanning import catch_up

CURSOR = "import"
ORDERS, BASELINE, SETTLING = "orders", "baseline", "settling"


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far the import is. `total` of the present stage is None where the store tells none."""

    stage: str  # orders, baseline, settling; done
    done: int
    total: int | None
    finished: bool


def progress(data: ShopData) -> ImportProgress:
    """For the merchant's home page."""
    if Shops(data.uow).get(data.shop_id).history_complete:
        return ImportProgress("done", data.orders.count(), None, finished=True)
    state = data.cursors.get(CURSOR)
    stage = state.get("stage", ORDERS)
    return ImportProgress(stage, state.get("read", 0), state.get("total"), finished=False)


def continue_import(rt: Runtime, shop_id: ShopId) -> None:
    """Work for one turn and ask for the next. Does nothing for a shop whose import is done."""
    with rt.db.read() as uow:
        shop = Shops(uow).get(shop_id)
        stage = ShopData(uow, shop_id).cursors.get(CURSOR).get("stage")
    if not shop.connected or shop.history_complete:
        return
    since = rt.business.now() - timedelta(days=rt.platforms[shop.platform].import_days)
    reading = Reading(CURSOR, "import", "import_history", lambda s, c: _step(s, c, since))
    if stage == SETTLING or read_on(rt, shop_id, reading):
        _settle(rt, shop)


def _step(store: Store, state: State, since: datetime) -> Read:
    """The next page of the present stage; `since` counts when the import begins."""
    state = state or {"stage": ORDERS, "since": since.isoformat()}
    if state["stage"] == ORDERS:
        start = datetime.fromisoformat(state["since"])
        page = store.orders.placed(start, state.get("page"))
        return Read(page, onward(state, page) or {"stage": BASELINE})
    page = store.customers.baseline(state.get("page"))
    further = onward(state, page)
    return Read(page, further or {"stage": SETTLING}, finished=further is None)


def _settle(rt: Runtime, shop: Shop) -> None:
    """Complete once all that was read is interpreted, and what was decided meanwhile is decided
    again; whatever is cut off before, the clock comes again.
    """
    shop_id = shop.id
    drain(rt, shop_id)
    with rt.db.read() as uow:
        data = ShopData(uow, shop_id)
        if data.inbox.has_pending("import"):
            return
        state = data.cursors.get(CURSOR)
    decided = catch_up(rt, shop_id, _place(state))
    with rt.db.write() as uow:
        present = Shops(uow).still_open(shop)
        if present is None or present.history_complete:
            return
        data = ShopData(uow, shop_id)
        if decided:
            data.cursors.put(CURSOR, {"stage": SETTLING, **_as_state(decided)}, rt.wall.now())
            uow.after_commit("import_history", shop_id)
            return
        Shops(uow).change(shop_id, history_complete=True)
        orders = data.orders.count()
        data.journal.write("completed", "import", rt.business.now(), params={"orders": orders})


def _as_state(decided: PaidOrder) -> State:
    return {"order": decided.order_id, "paid": decided.paid_at.isoformat(), "row": decided.row}


def _place(state: State) -> PaidOrder | None:
    """Up to which order was decided again."""
    if "row" not in state:
        return None
    return PaidOrder(state["order"], datetime.fromisoformat(state["paid"]), state["row"])
