"""What is thrown away when its time is over: raw bodies, nonces, codes, exports."""

from datetime import timedelta

from app.db import nonces
from app.db.otp import purge_codes
from app.db.privacy import purge_exports
from app.db.shops import Shops, ShopState
from app.db.tenant import ShopData
from app.deps import Deps


def tidy(deps: Deps) -> None:
    """Drop what is no longer needed; one short transaction per shop."""
    now = deps.wall.now()
    before = now - timedelta(days=deps.settings.raw_body_days)
    with deps.db.write() as uow:
        nonces.purge(uow, now)
        purge_exports(uow, now)
        purge_codes(uow, now)
        shops = Shops(uow).in_state(*ShopState)
    for shop in shops:
        with deps.db.write() as uow:
            ShopData(uow, shop.id).inbox.forget_bodies(before)
