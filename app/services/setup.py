"""How a shop's connection stands, part by part: what the setup page tells. Reads only."""

from dataclasses import dataclass
from datetime import datetime

from app.db.problems import Problem
from app.db.shops import Shop, Shops
from app.db.tenant import ShopData
from app.domain.ids import ShopId
from app.pipeline.runtime import Runtime
from app.services import importing, reports
from app.services.importing import ImportProgress
from app.services.plugin import link as plugin
from app.services.reconcile import CURSOR as RECONCILE
from app.services.subscriptions import reachable

_DELIVERIES = 1_000  # looked through for the last of each topic
_MAILS = 500
_CONNECTION = "connection"  # the cursor of the hourly look


@dataclass(frozen=True, slots=True)
class Hook:
    """One topic that we want to hear of. `last` is among the newest deliveries (wall time)."""

    topic: str
    active: bool
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Setup:
    """Everything that the page tells. Wall times, but `mails` (business time)."""

    shop: Shop
    problems: list[Problem]
    opened_at: datetime | None
    checked_at: datetime | None
    polled_at: datetime | None
    polls_minutes: int
    hooks: list[Hook]
    app_owns_hooks: bool  # one address for all shops: nothing is registered in the store
    reachable: bool
    last_received: datetime | None
    progress: ImportProgress
    mails: dict[str, datetime]  # state of a mail → when last
    waiting: int
    late: int


def setup(rt: Runtime, shop_id: ShopId) -> Setup:
    """The state of one shop's connection."""
    with rt.db.read() as uow:
        data, shop = ShopData(uow, shop_id), Shops(uow).get(shop_id)
        platform, installation = rt.platforms[shop.platform], Shops(uow).installation(shop_id)
        health = reports.health(rt, data, shop)
        last = data.inbox.last_by_topic(_DELIVERIES)
        active = {hook.topic for hook in data.webhooks.all() if hook.state == "active"}
        owned = bool(platform.shared_secrets)
        return Setup(
            shop=shop,
            problems=data.problems.all_open(),
            opened_at=installation.opened_at if installation else None,
            checked_at=data.cursors.touched(_CONNECTION),
            polled_at=data.cursors.touched(RECONCILE),
            polls_minutes=platform.polls_minutes,
            hooks=[
                Hook(topic, owned or topic in active, last.get(topic))
                for topic in sorted(plugin.topics(platform, data))
            ],
            app_owns_hooks=owned,
            reachable=owned or reachable(rt.links.public_url, shop.domain),
            last_received=health.last_received,
            progress=importing.progress(data),
            mails=data.messages.last_by_state(_MAILS),
            waiting=health.waiting,
            late=health.late,
        )
