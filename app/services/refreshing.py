"""Reads again what no body was a basis for, outside any transaction, back through the inbox."""

from datetime import timedelta

import structlog

from app.db.refresh import RefreshRow
from app.db.shops import Shop, Shops
from app.db.tenant import ShopData
from app.deps import Deps
from app.domain.errors import AfterglowError, MerchantMustFix, Retryable
from app.domain.ids import ShopId
from app.pipeline.failures import back_off
from app.pipeline.freshness import read
from app.pipeline.troubles import met
from app.pipeline.turns import TURN

_READING = timedelta(minutes=3)  # longer than one object with its time-outs and retries
log = structlog.get_logger()


def refresh_due(deps: Deps, shop_id: ShopId) -> bool:
    """Read what is due for one shop, for one turn; True if there may be more."""
    end = deps.wall.now() + TURN
    with deps.db.read() as uow:
        shop = Shops(uow).get(shop_id)
        rows = ShopData(uow, shop_id).refreshes.due(deps.wall.now())
    if not shop.connected:
        return False
    for due in rows:
        with deps.db.write() as uow:
            row = ShopData(uow, shop_id).refreshes.take(due, deps.wall.now() + _READING)
        if row is None:
            continue
        try:
            read(deps, shop, deps.open_store(shop), row.kind, row.platform_id)
        except AfterglowError as error:
            _later(deps, shop, row, error)
            return False
        with deps.db.write() as uow:
            ShopData(uow, shop_id).refreshes.done(row)
        if deps.wall.now() > end:
            return True
    return False


def _later(deps: Deps, shop: Shop, row: RefreshRow, error: AfterglowError) -> None:
    """The store does not answer: the rest would not either, so the turn ends; this row waits."""
    log.info("refresh.later", shop=shop.id, kind=row.kind, error=str(error))
    wait = back_off(row.attempts)
    if isinstance(error, Retryable):
        wait = error.retry_after or wait
    elif not isinstance(error, MerchantMustFix):
        wait = timedelta(hours=1)
    with deps.db.write() as uow:
        if not Shops(uow).still_open(shop):
            return
        data = ShopData(uow, shop.id)
        data.refreshes.later(row, deps.wall.now() + wait)
        if isinstance(error, MerchantMustFix):
            met(deps, data, error)
