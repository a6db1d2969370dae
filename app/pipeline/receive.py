"""A verified delivery becomes an inbox row: committed first, acknowledged after."""

from datetime import datetime
from enum import StrEnum

from app.db.shops import Shops, ShopState
from app.db.tenant import ShopData
from app.domain.ids import ShopId
from app.logs import about_shop
from app.pipeline.runtime import Runtime
from app.platforms.base import Delivery, Fetched

# Seconds that a delivery waits for the database. Together with looking up its address it is
# answered within three: better told to come again than cut off by the store's own time-out.
DURABLE_WITHIN = 1.5


class Receipt(StrEnum):
    """What became of a delivery; all of them are answered 200."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"


def receive(rt: Runtime, platform: str, delivery: Delivery, shop_id: ShopId | None) -> Receipt:
    """Store one delivery and wake the drain.

    A verified Shopify delivery for a shop that we do not know is kept under a shop in state
    `unopened`: webhooks can precede the first page load.
    """
    now = rt.wall.now()
    sealed = rt.db.keyring.seal_body(delivery.body)
    with rt.db.write(patience=DURABLE_WITHIN) as uow:
        if shop_id is None:
            domain = delivery.shop_domain or ""
            shop_id = Shops(uow).ensure(platform, domain, ShopState.UNOPENED, now).id
        about_shop(shop_id)
        new = ShopData(uow, shop_id).inbox.add(
            dedupe_key=delivery.dedupe_key,
            source="webhook",
            topic=delivery.topic,
            sealed_body=sealed,
            now=now,
            triggered_at=delivery.triggered_at,
        )
        if new:
            uow.after_commit("drain", shop_id)
    return Receipt.ACCEPTED if new else Receipt.DUPLICATE


def key_of_fetched(fetched: Fetched, again: str = "") -> str:
    """The dedupe key of an object that we read ourselves."""
    return f"{fetched.topic}:{fetched.platform_id}:{fetched.version}:{again}"[:200]


def store_fetched(
    data: ShopData, source: str, fetched: Fetched, now: datetime, *, again: str = ""
) -> bool:
    """Put an object that we read ourselves into the inbox; False if this version is there.

    `again` makes the key unique where the same version has to be looked at once more (refresh).
    """
    return data.inbox.add(
        dedupe_key=key_of_fetched(fetched, again),
        source=source,
        topic=fetched.topic,
        sealed_body=data.uow.keyring.seal_body(fetched.body),
        now=now,
    )
