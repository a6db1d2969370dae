"""Our webhook subscriptions in stores, each with its own address and secret."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from app.db.base import Repository
from app.db.models import shops, webhook_subscriptions
from app.db.session import UnitOfWork
from app.domain.ids import ShopId


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription. `token` is in the delivery address; `secret` is opened."""

    shop_id: ShopId
    token: str
    topic: str
    platform_ref: str | None
    secret: str
    state: str


class WebhookSubscriptions(Repository):
    """Subscriptions of one shop."""

    def prepare(self, topic: str, now: datetime) -> Subscription:
        """Write the row before the store is asked: its ping comes before its answer."""
        token, secret = secrets.token_urlsafe(24), secrets.token_hex(25)
        self._connection.execute(
            webhook_subscriptions.insert().values(
                shop_id=self._shop_id,
                token=token,
                topic=topic,
                secret=self._keyring.seal(secret.encode()),
                state="creating",
                created_at=now,
            )
        )
        return Subscription(self._shop_id, token, topic, None, secret, "creating")

    def created(self, token: str, platform_ref: str) -> None:
        """The store answered with its id."""
        self._change(token, platform_ref=platform_ref, state="active")

    def remove(self, token: str) -> None:
        """Deleted in the store; late deliveries to its address are unknown (404)."""
        self._change(token, state="removed")

    def distrust(self, token: str | None = None) -> int:
        """Somebody else may have their secrets: they are to be made anew, and serve until then.
        All of them, or the one behind an address; returns how many.
        """
        mine = [self._mine(webhook_subscriptions), webhook_subscriptions.c.state == "active"]
        if token is not None:
            mine.append(webhook_subscriptions.c.token == token)
        result = self._connection.execute(
            update(webhook_subscriptions).where(*mine).values(state="distrusted")
        )
        return int(result.rowcount)

    def all(self) -> list[Subscription]:
        """All that are not removed."""
        query = select(webhook_subscriptions).where(
            self._mine(webhook_subscriptions), webhook_subscriptions.c.state != "removed"
        )
        return [_subscription(self._uow, row) for row in self._connection.execute(query)]

    def _change(self, token: str, **values: Any) -> None:
        self._connection.execute(
            update(webhook_subscriptions)
            .where(self._mine(webhook_subscriptions), webhook_subscriptions.c.token == token)
            .values(**values)
        )


def shops_with_webhooks(uow: UnitOfWork) -> list[ShopId]:
    """Connected shops in whose stores we registered webhooks at some time."""
    registered = select(webhook_subscriptions.c.shop_id).distinct()
    query = select(shops.c.id).where(shops.c.state == "active", shops.c.id.in_(registered))
    return [ShopId(shop_id) for (shop_id,) in uow.connection.execute(query)]


def by_token(uow: UnitOfWork, token: str) -> Subscription | None:
    """The subscription behind a delivery address, of a shop that is still connected."""
    query = (
        select(webhook_subscriptions)
        .join(shops, shops.c.id == webhook_subscriptions.c.shop_id)
        .where(
            webhook_subscriptions.c.token == token,
            webhook_subscriptions.c.state != "removed",
            shops.c.state.in_(("connecting", "active")),
        )
    )
    row = uow.connection.execute(query).first()
    return _subscription(uow, row) if row else None


def _subscription(uow: UnitOfWork, row: Row[Any]) -> Subscription:
    return Subscription(
        row.shop_id,
        row.token,
        row.topic,
        row.platform_ref,
        uow.keyring.open(row.secret).decode(),
        row.state,
    )
