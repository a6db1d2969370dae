"""A verified delivery becomes an inbox row: committed first, acknowledged after."""

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256

from app.db.incoming import Incoming
from app.db.intake import Intake, Waiter
from app.db.shops import Shops, ShopState
from app.db.tenant import ShopData
from app.domain.ids import ShopId
from app.pipeline.runtime import Runtime
from app.platforms.base import Delivery, Fetched

_SHOP_WITHIN = 1.4  # seconds; together with storing it stays within three
_KNOWN = 10_000  # shops whose ids are remembered by their domain


class Receiver:
    """Takes deliveries; one per process, so that waiting ones share a commit.

    `call` as for `Intake`.
    """

    def __init__(self, rt: Runtime, call: Callable[..., object]) -> None:
        self._rt = rt
        self._intake = Intake(rt.db, call)
        self._shops: dict[tuple[str, str], ShopId] = {}

    def take(self, delivery: Delivery, shop_id: ShopId, waiter: Waiter) -> None:
        """Have one delivery stored and the drain woken; `waiter` learns when it is on disk.

        Raises NotDurable if too many wait.
        """
        self._intake.put(
            Incoming(
                shop_id=shop_id,
                dedupe_key=delivery.dedupe_key,
                topic=delivery.topic,
                sealed_body=self._rt.db.keyring.seal_body(delivery.body),
                received_at=self._rt.wall.now(),
                triggered_at=delivery.triggered_at,
                hint=delivery.hint,
            ),
            waiter,
        )

    def known_shop(self, platform: str, delivery: Delivery) -> ShopId | None:
        """The shop that a signed delivery names, as far as it is known without asking."""
        return self._shops.get((platform, delivery.shop_domain or ""))

    def shop(self, platform: str, delivery: Delivery) -> ShopId:
        """The shop that a signed delivery names. One that we do not know is kept in state
        `unopened`: webhooks can precede the first page load. Waits for the database.
        """
        name = platform, delivery.shop_domain or ""
        with self._rt.db.write(patience=_SHOP_WITHIN) as uow:
            shop = Shops(uow).ensure(*name, ShopState.UNOPENED, self._rt.wall.now())
        if len(self._shops) >= _KNOWN:
            self._shops.clear()
        self._shops[name] = shop.id  # rows of shops are never deleted, so this stays true
        return shop.id


def key_of_fetched(generation: int, fetched: Fetched, again: str = "") -> str:
    """The dedupe key of an object that we read ourselves.

    A hash, because it outlives what it is about: a customer's id must not. The generation is in it,
    because rows that wait when an installation ends come to nothing: the next one reads them anew.
    """
    about = f"{generation}:{fetched.platform_id}:{fetched.version}:{again}"
    return f"{fetched.topic}:{sha256(about.encode()).hexdigest()}"


def store_fetched(
    data: ShopData,
    source: str,
    fetched: Fetched,
    now: datetime,
    *,
    generation: int,
    again: str = "",
) -> bool:
    """Put an object that we read ourselves into the inbox; False if this version is there, read by
    the same generation of the installation.

    `again` makes the key unique where the same version has to be looked at once more (refresh).
    """
    return data.inbox.add(
        dedupe_key=key_of_fetched(generation, fetched, again),
        source=source,
        topic=fetched.topic,
        sealed_body=data.uow.keyring.seal_body(fetched.body),
        now=now,
    )
