"""What the clock asks, over all shops."""

from datetime import datetime

from sqlalchemy import and_, exists, func, or_, select

from app.db.actions.performing import IS_CLAIMABLE, IS_WAITING, is_due
from app.db.models import actions, settings_versions, shops
from app.db.session import UnitOfWork
from app.domain.actions import OUTLIVES_CONNECTION, PROMPT_MAIL, ActionKind, ActionState
from app.domain.ids import ShopId


def shops_with_due_actions(uow: UnitOfWork, now: datetime, wall: datetime) -> list[ShopId]:
    """Shops that have work due (the clock); paused ones only for the merchant's own mail, those
    that left only for what outlives that.
    """
    running = or_(shops.c.paused_at.is_(None), actions.c.kind.in_(PROMPT_MAIL))
    theirs = select(actions.c.id).where(
        actions.c.shop_id == shops.c.id,
        *is_due(now, wall),
        or_(and_(shops.c.state == "active", running), actions.c.kind.in_(OUTLIVES_CONNECTION)),
    )
    # Shop by shop: each probe of the index ends at its first row, however many are behind it.
    query = select(shops.c.id).where(exists(theirs)).order_by(shops.c.id)
    return [ShopId(shop_id) for (shop_id,) in uow.connection.execute(query)]


def shops_with_expired_leases(uow: UnitOfWork, wall: datetime) -> list[ShopId]:
    """Shops where a worker died in the middle of an effect."""
    query = (
        select(actions.c.shop_id)
        .where(actions.c.state == ActionState.PERFORMING, actions.c.lease_until <= wall)
        .distinct()
    )
    return [ShopId(shop_id) for (shop_id,) in uow.connection.execute(query)]


def shops_with_older_plans(uow: UnitOfWork) -> list[ShopId]:
    """Shops where rows wait that were decided under older settings than the present ones.

    Voids wait under whatever settings: switching the automation off leaves them alone.
    """
    newest = (
        select(
            settings_versions.c.shop_id,
            settings_versions.c.automation,
            func.max(settings_versions.c.version).label("version"),
        )
        .group_by(settings_versions.c.shop_id, settings_versions.c.automation)
        .subquery()
    )
    older = select(actions.c.id).where(
        actions.c.shop_id == newest.c.shop_id,
        actions.c.automation == newest.c.automation,
        actions.c.settings_version < newest.c.version,
        IS_WAITING,
        actions.c.kind != ActionKind.COUPON_VOID,
    )
    query = select(newest.c.shop_id).where(exists(older)).distinct()
    return [ShopId(shop_id) for (shop_id,) in uow.connection.execute(query)]


def next_due(uow: UnitOfWork, after: datetime) -> datetime | None:
    """The next business time at which anything is due, over all connected shops (the demo)."""
    query = (
        select(func.min(actions.c.due_at))
        .join(shops, shops.c.id == actions.c.shop_id)
        .where(
            IS_CLAIMABLE,
            actions.c.due_at > after,
            shops.c.state == "active",
            shops.c.paused_at.is_(None),
        )
    )
    return uow.connection.execute(query).scalar()
