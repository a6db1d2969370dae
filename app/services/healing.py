"""What mended itself, told in one line: nothing is to be done, yet the merchant shall know."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.db.tenant import ShopData
from app.pipeline.runtime import Runtime

TOLD_FOR = timedelta(days=7)  # business time
_WEBHOOKS = "webhooks"  # a cursor: how many were lost last, and when


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


def webhooks(data: ShopData, now: datetime) -> Healed | None:
    """The last such finding, while it is news."""
    state = data.cursors.get(_WEBHOOKS)
    if not state:
        return None
    healed = Healed(state["n"], datetime.fromisoformat(state["at"]))
    return healed if now - healed.at < TOLD_FOR else None
