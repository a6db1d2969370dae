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

log = structlog.get_logger()


def refresh_due(deps: Deps, shop_id: ShopId) -> None:
    """Read everything that is due for one shop."""
    with deps.db.read() as uow:
        shop = Shops(uow).get(shop_id)
        rows = ShopData(uow, shop_id).refreshes.due(deps.wall.now())
    if not shop.connected:
        return
    for row in rows:
        try:
            read(deps, shop, deps.open_store(shop), row.kind, row.platform_id)
        except AfterglowError as error:
            _later(deps, shop, row, error)
            return
        with deps.db.write() as uow:
            ShopData(uow, shop_id).refreshes.done(row)


def _later(deps: Deps, shop: Shop, row: RefreshRow, error: AfterglowError) -> None:
    """The store does not answer: the rest would not either, so the whole shop waits."""
    log.info("refresh.later", shop=shop.id, kind=row.kind, error=str(error))
    wait = error.retry_after if isinstance(error, Retryable) else None
    with deps.db.write() as uow:
        data = ShopData(uow, shop.id)
        data.refreshes.later(row, deps.wall.now() + (wait or back_off(row.attempts + 1)))
        if isinstance(error, MerchantMustFix):
            data.problems.open(error.problem, dict(error.params), deps.business.now())
        elif not isinstance(error, Retryable):
            data.refreshes.later(row, deps.wall.now() + timedelta(hours=1))
