"""The first acts, before any fault: stores are connected, automations set, and all is at rest."""

import time
from collections.abc import Callable

import requests

from app.cli.demo import stores as demo
from app.db.shops import Shop, Shops, ShopState
from app.db.tenant import ShopData
from app.deps import Deps
from app.services import switching
from app.services.plugin import link
from faults.stores import VALID_DAYS

_SECONDS = 240.0
# Short ways, so that a story does not take weeks; no quiet hours, or mail would wait for morning.
_SETTINGS: dict[str, dict[str, object]] = {
    "contact": {"quiet_from_hour": 0, "quiet_until_hour": 0, "budget_messages": 20},
    "review_request": {"days_after_delivery": 3, "transit_days": 3, "transit_days_abroad": 4},
    "milestone_coupon": {"nth_orders": [2], "valid_days": VALID_DAYS},
    "returns_approval": {"rules": []},
}


class NotReady(RuntimeError):
    """The stage could not be set."""


def set_up(deps: Deps) -> None:
    """Connect both stores as their merchants would, and save the settings."""
    for store in demo.stores_of(deps.settings):
        shop = demo.connect(deps, store, requests.Session())
        for key, values in _SETTINGS.items():
            _save(deps, shop, key, values)
    _until(lambda: _subscribed(deps), "the webhooks were registered")
    _until(lambda: _imported(deps), "the import was complete")


def _save(deps: Deps, shop: Shop, key: str, values: dict[str, object]) -> None:
    with deps.db.read() as uow:
        known = switching.stored(ShopData(uow, shop.id), key)
    saved = switching.save(deps, shop.id, key, values, expected_version=known.version, by="harness")
    if not saved.saved:
        raise NotReady(f"{key} was not saved: {saved.errors}")


def _subscribed(deps: Deps) -> bool:
    with deps.db.read() as uow:
        for shop in Shops(uow).in_state(ShopState.ACTIVE):
            platform, data = deps.platforms[shop.platform], ShopData(uow, shop.id)
            ready = {row.topic for row in data.webhooks.all() if row.state == "active"}
            if not platform.shared_secrets and ready != set(link.topics(platform, data)):
                return False
    return True


def _imported(deps: Deps) -> bool:
    with deps.db.read() as uow:
        return all(shop.history_complete for shop in Shops(uow).in_state(ShopState.ACTIVE))


def _until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise NotReady(f"waited {_SECONDS:.0f} s in vain until {what}")
        time.sleep(0.1)
