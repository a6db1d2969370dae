"""What only the merchant can mend: opened as a problem where it is met, and held back."""

from app.db.shops import Shops
from app.db.tenant import ShopData
from app.domain.errors import MerchantMustFix
from app.domain.stores import host_of
from app.pipeline.runtime import Runtime

MOVED = "store_moved"
COPY = "store_copy"

_HELD = "quarantine"  # a cursor: that we paused everything, not the merchant
_COPY_SEEN = "copy"  # a cursor: when something of a copy came last


def met(rt: Runtime, data: ShopData, error: MerchantMustFix) -> None:
    """Open the problem that an error names.

    Where our address leads to another store nothing may go out until somebody knows which of the
    two is right: everything is paused, unless the merchant did that already.
    """
    now = rt.business.now()
    data.problems.open(error.problem, dict(error.params), now)
    if error.problem != MOVED:
        return
    shops = Shops(data.uow)
    if shops.held(data.shop_id).paused_at is None:
        shops.change(data.shop_id, paused_at=now)
        data.journal.write("paused", "everything", now)
        data.cursors.put(_HELD, {"since": now.isoformat()}, rt.wall.now())


def let_go(rt: Runtime, data: ShopData) -> None:
    """The store answers as itself again: what we paused goes on."""
    if not data.cursors.get(_HELD):
        return
    data.cursors.put(_HELD, {}, rt.wall.now())
    shops = Shops(data.uow)
    if shops.held(data.shop_id).paused_at is not None:
        shops.change(data.shop_id, paused_at=None)
        data.journal.write("resumed", "everything", rt.business.now())
        data.uow.after_commit("perform", data.shop_id)


def copy_seen(rt: Runtime, data: ShopData, home: str) -> None:
    """A copy of the store sent something, signed with the secrets that were copied with it.

    The store gets webhooks with new addresses and secrets; those of the copy then lead nowhere, and
    it switches them off by itself.
    """
    wall = rt.wall.now()
    data.cursors.put(_COPY_SEEN, {"at": wall.isoformat()}, wall)
    if data.problems.is_open(MOVED):
        return
    if data.problems.open(COPY, {"host": host_of(home)[:100]}, rt.business.now()):
        data.webhooks.distrust()
        data.uow.after_commit("subscribe", data.shop_id)


def copy_last_seen(data: ShopData) -> str | None:
    """When that was (wall time, ISO)."""
    return data.cursors.get(_COPY_SEEN).get("at")
