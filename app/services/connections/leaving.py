"""A store told that it has removed us: believed, unless it still lets us in.

Shopify signs bodies, not topics, and the body of `app/uninstalled` is that of `shop/update`:
whoever has one of those could close a shop. A store that really removed us refuses our keys.
"""

from datetime import timedelta

from app.db.shops import Shop, Shops
from app.db.tenant import ShopData
from app.domain.errors import AfterglowError, MerchantMustFix, OperatorMustFix
from app.pipeline.control import close, forget_removed, removed_at
from app.pipeline.runtime import Runtime

# Of a store that does not answer; what asks for its data to be erased comes after two days.
ASKED_FOR = timedelta(days=1)


def has_left(rt: Runtime, shop: Shop) -> bool:
    """Whether the store told that it removed us, and did; then the installation is closed."""
    with rt.db.read() as uow:
        told = removed_at(ShopData(uow, shop.id))
    if told is None:
        return False
    inside = _lets_us_in(rt, shop)
    if inside is None and rt.wall.now() - told < ASKED_FOR:
        return False  # asked again with the next look at the connection
    with rt.db.write() as uow:
        data, present = ShopData(uow, shop.id), Shops(uow).get(shop.id)
        # Told once more meanwhile, or connected anew: what was asked before does not answer that.
        if removed_at(data) != told or present.generation != shop.generation:
            return False
        if inside:
            forget_removed(rt, data)
        else:
            close(data, rt)
    return not inside


def _lets_us_in(rt: Runtime, shop: Shop) -> bool | None:
    """Whether our keys work; None if nobody can know just now."""
    try:
        rt.open_store(shop).info()
    except (MerchantMustFix, OperatorMustFix):  # Shopify tells a wrong secret of ours alike
        return False
    except AfterglowError:
        return None
    return True
