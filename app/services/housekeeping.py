"""What is thrown away when its time is over: raw bodies, old deliveries, nonces, codes, exports."""

from collections.abc import Callable
from datetime import timedelta

from app.db import nonces
from app.db.inbox import Inbox
from app.db.otp import purge_codes
from app.db.privacy import purge_exports
from app.db.shops import Shops, ShopState
from app.db.tenant import ShopData
from app.deps import Deps
from app.domain.ids import ShopId

# How long it is known that a delivery came. Shopify repeats one for two days at most, WooCommerce
# never, and polling looks back a few hours. One that comes again after that is interpreted again:
# its facts are known and its picture is not newer, so that nothing follows from it.
DELIVERIES_KEPT = timedelta(days=90)
_AT_ONCE, _PURGES = 500, 20


def tidy(deps: Deps) -> None:
    """Drop what is no longer needed, in short transactions."""
    now = deps.wall.now()
    before = now - timedelta(days=deps.settings.raw_body_days)
    with deps.db.write() as uow:
        nonces.purge(uow, now)
        purge_exports(uow, now)
        purge_codes(uow, now)
        shops = Shops(uow).in_state(*ShopState)
    for shop in shops:
        _by_and_by(deps, shop.id, lambda inbox: inbox.forget_bodies(before, _AT_ONCE))
        _by_and_by(deps, shop.id, lambda inbox: inbox.purge(now - DELIVERIES_KEPT, _AT_ONCE))


def _by_and_by(deps: Deps, shop_id: ShopId, some: Callable[[Inbox], int]) -> None:
    """A few at a time, so that nobody waits for it; what is left over comes at the next beat."""
    for _ in range(_PURGES):
        with deps.db.write() as uow:
            if not some(ShopData(uow, shop_id).inbox):
                return
