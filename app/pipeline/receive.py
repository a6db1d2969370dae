"""A verified delivery becomes an inbox row: committed first, acknowledged after."""

from datetime import datetime
from enum import StrEnum

from app.db.inbox import Incoming
from app.db.intake import Intake
from app.db.shops import Shops, ShopState
from app.db.tenant import ShopData
from app.domain.ids import ShopId
from app.pipeline.runtime import Runtime
from app.platforms.base import Delivery, Fetched

_SHOP_WITHIN = 1.4  # seconds; together with storing it stays within three
_KNOWN = 10_000  # shops whose ids are remembered by their domain


class Receipt(StrEnum):
    """What became of a delivery; all of them are answered 200."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"


class Receiver:
    """Takes deliveries; one per process, so that waiting ones share a commit."""

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt
        self._intake = Intake(rt.db)
        self._shops: dict[tuple[str, str], ShopId] = {}

    def take(self, platform: str, delivery: Delivery, shop_id: ShopId | None) -> Receipt:
        """Store one delivery and wake the drain. Raises NotDurable, DatabaseUnavailable."""
        new = self._intake.store(
            Incoming(
                shop_id=shop_id or self._shop(platform, delivery.shop_domain or ""),
                dedupe_key=delivery.dedupe_key,
                topic=delivery.topic,
                sealed_body=self._rt.db.keyring.seal_body(delivery.body),
                received_at=self._rt.wall.now(),
                triggered_at=delivery.triggered_at,
                hint=delivery.hint,
            )
        )
        return Receipt.ACCEPTED if new else Receipt.DUPLICATE

    def _shop(self, platform: str, domain: str) -> ShopId:
        """The shop of a signed delivery. One that we do not know is kept in state `unopened`:
        webhooks can precede the first page load. Rows of shops are never deleted, so ids stay true.
        """
        known = self._shops.get((platform, domain))
        if known is None:
            now = self._rt.wall.now()
            with self._rt.db.write(patience=_SHOP_WITHIN) as uow:
                known = Shops(uow).ensure(platform, domain, ShopState.UNOPENED, now).id
            if len(self._shops) >= _KNOWN:
                self._shops.clear()
            self._shops[platform, domain] = known
        return known


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
