"""Disconnecting on the merchant's wish: our webhooks leave the store, the keys are forgotten."""

import structlog

from app.db.shops import Shops
from app.db.tenant import ShopData
from app.domain.errors import AfterglowError
from app.domain.ids import ShopId
from app.pipeline.control import close
from app.pipeline.runtime import Runtime
from app.services import privacy, subscriptions

log = structlog.get_logger()


def disconnect(rt: Runtime, shop_id: ShopId, *, erase: bool) -> None:
    """Remove what we put into the store, close the generation, keep or erase the data.

    A store that does not answer any more is no reason to stay connected: its webhooks then end at
    an address that nobody knows (404), and it disables them itself.
    """
    with rt.db.read() as uow:
        shop = Shops(uow).get(shop_id)
    if shop.connected:
        try:
            subscriptions.remove_all(rt, shop)
            if port := rt.open_store(shop).plugin:
                port.unlink(shop.public_ref)
        except AfterglowError as error:
            log.info("connection.webhooks_left", shop=shop_id, error=str(error))
        with rt.db.write() as uow:
            close(ShopData(uow, shop_id), rt)
    if erase:
        privacy.erase_shop(rt, shop_id)
