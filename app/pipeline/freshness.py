"""Never act on an old picture: the order is read anew before an action is performed."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from app.db.shops import Shop, Shops
from app.db.tenant import ShopData
from app.domain.actions import Action, ActionKind
from app.domain.errors import Bug
from app.domain.ids import PlatformId
from app.domain.snapshots import ObjectKind
from app.pipeline.failures import Busy
from app.pipeline.interpret import drain
from app.pipeline.receive import key_of_fetched, store_fetched
from app.pipeline.runtime import Runtime
from app.platforms.base import Fetched, Store

# Business time. Products change seldom and tell it by webhook: theirs only covers lost ones. (One
# whose webhook could not show all of it counts as never seen.)
FRESH_FOR = timedelta(minutes=5)
PRODUCTS_FRESH_FOR = timedelta(days=7)
_ABOUT_PRODUCTS = {ActionKind.REVIEW_REQUEST_MAIL, ActionKind.RETURN_DECIDE}


class _Readable(Protocol):
    def fetch(self, platform_id: PlatformId, /) -> Fetched | None: ...


def bring_up_to_date(rt: Runtime, shop: Shop, action: Action) -> None:
    """Read the action's order, and the products it speaks of, if our picture is older than that.

    Raises Retryable when the store cannot be reached: the action waits. Raises Bug when what the
    store sends cannot be read: acting on the old picture would be a guess.
    """
    if not action.order_id or not (action.automation or action.kind in _ABOUT_PRODUCTS):
        return
    now = rt.business.now()
    with rt.db.read() as uow:
        data = ShopData(uow, shop.id)
        stored = data.orders.get(action.order_id)
        lines = stored.order.lines if stored else ()
        products = {line.product_id for line in lines if line.product_id}
        if action.kind not in _ABOUT_PRODUCTS:
            products = set()
        products -= data.products.seen_since(now - PRODUCTS_FRESH_FOR, products)
    wanted = [(ObjectKind.PRODUCT, product_id) for product_id in sorted(products)]
    if stored is None or stored.read_at is None or now - stored.read_at > FRESH_FOR:
        wanted.insert(0, (ObjectKind.ORDER, action.order_id))
    if not wanted:
        return
    store = rt.open_store(shop)
    keys = [read(rt, shop, store, kind, platform_id) for kind, platform_id in wanted]
    drain(rt, shop.id)
    _check_interpreted(rt, shop, [key for key in keys if key])


def read(
    rt: Runtime, shop: Shop, store: Store, kind: ObjectKind, platform_id: PlatformId
) -> str | None:
    """Fetch one object (no transaction is open) and put it into the inbox; returns its key there,
    None where the platform does not show so old an order, or the shop left meanwhile.
    """
    ports: dict[ObjectKind, _Readable | None] = {
        ObjectKind.ORDER: store.orders,
        ObjectKind.PRODUCT: store.products,
        ObjectKind.CUSTOMER: store.customers,
        ObjectKind.REVIEW: store.reviews,
        ObjectKind.RETURN: store.returns,
    }
    port = ports[kind]
    fetched = port.fetch(platform_id) if port else None
    if fetched is None and kind is ObjectKind.ORDER and _hidden(rt, shop, store, platform_id):
        return None
    if fetched is None:
        fetched = Fetched(f"gone/{kind}", platform_id, platform_id.encode(), "")
    again = uuid.uuid4().hex
    with rt.db.write() as uow:
        if not Shops(uow).still_open(shop):
            return None
        data, now = ShopData(uow, shop.id), rt.wall.now()
        store_fetched(data, "refresh", fetched, now, generation=shop.generation, again=again)
        uow.after_commit("drain", shop.id)
    return key_of_fetched(shop.generation, fetched, again)


def _hidden(rt: Runtime, shop: Shop, store: Store, order_id: PlatformId) -> bool:
    """Whether the platform shows orders of this age at all; a deletion comes as a webhook."""
    if store.orders.visible_days is None:
        return False
    with rt.db.read() as uow:
        stored = ShopData(uow, shop.id).orders.get(order_id)
    # A day less than told: the platform's idea of "now" and ours may differ.
    oldest = rt.business.now() - timedelta(days=store.orders.visible_days - 1)
    return stored is not None and stored.order.placed_at < oldest


def _check_interpreted(rt: Runtime, shop: Shop, keys: Sequence[str]) -> None:
    """Another process may be draining: then this action comes back in a moment."""
    with rt.db.read() as uow:
        states = ShopData(uow, shop.id).inbox.states(keys)
    if "pending" in states:
        raise Busy("the shop's inbox is being read", timedelta(seconds=2))
    if "failed" in states:
        raise Bug("what the store sent about the order cannot be read")
