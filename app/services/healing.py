"""What mended itself, told in one line: nothing is to be done, yet the merchant shall know."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.db.tenant import ShopData
from app.domain.ids import ShopId
from app.pipeline.runtime import Runtime

TOLD_FOR = timedelta(days=7)  # business time
_WEBHOOKS = "webhooks"  # a cursor: how many were lost last, and when
_REFUSED = "refused"  # a cursor: how many were made anew for their signatures, and since when
_HOUR = timedelta(hours=1)  # wall time
_MOST_AN_HOUR = 20  # where something on the way changes every body, making anew does not help


@dataclass(frozen=True, slots=True)
class Healed:
    """So many webhooks were found switched off, changed or gone, and were made anew."""

    n: int
    at: datetime  # business


def noticed_webhooks(rt: Runtime, data: ShopData, n: int) -> None:
    """Remember that `n` webhooks have to be made anew."""
    now = rt.business.now()
    data.cursors.put(_WEBHOOKS, {"n": n, "at": now.isoformat()}, rt.wall.now())
    data.journal.write("renewed", "webhooks", now, params={"n": n})


def refused(rt: Runtime, shop_id: ShopId, token: str) -> None:
    """What came to one of our addresses bears a wrong signature: somebody may have written another
    secret into the webhook, so it is made anew. Whoever forges at a known address loses it so.
    """
    now = rt.wall.now()
    with rt.db.read() as uow:
        if _enough(ShopData(uow, shop_id).cursors.get(_REFUSED), now):
            return
    with rt.db.write() as uow:
        data = ShopData(uow, shop_id)
        known = data.cursors.get(_REFUSED)
        if _enough(known, now) or not data.webhooks.distrust(token):
            return
        n, since = known.get("n", 0), known.get("since")
        if since is None or now - datetime.fromisoformat(since) >= _HOUR:
            n, since = 0, now.isoformat()
        data.cursors.put(_REFUSED, {"n": n + 1, "since": since}, now)
        noticed_webhooks(rt, data, 1)
        uow.after_commit("subscribe", shop_id)


def _enough(state: Mapping[str, Any], now: datetime) -> bool:
    recent = state and now - datetime.fromisoformat(state["since"]) < _HOUR
    return bool(recent and state["n"] >= _MOST_AN_HOUR)


def webhooks(data: ShopData, now: datetime) -> Healed | None:
    """The last such finding, while it is news."""
    state = data.cursors.get(_WEBHOOKS)
    if not state:
        return None
    healed = Healed(state["n"], datetime.fromisoformat(state["at"]))
    return healed if now - healed.at < TOLD_FOR else None
