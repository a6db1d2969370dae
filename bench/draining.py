"""Interpreting and planning as it is deployed: the worker's own process empties an inbox.

What a row costs, and what that depends on, tells `bench.interpreting`. Here it is what one worker
makes of it, started as the Procfile starts it: turns, Redis, the disk and the clock included.
"""

import time
from collections.abc import Sequence

from app.db.tenant import ShopData
from app.deps import Deps
from app.domain.ids import ShopId
from bench.installation import busy_seconds, installation, wait
from bench.interpreting import ORDERS, Case, actions_of, filled, look_for_failed, post
from bench.processes import home
from bench.rows import Row, at_least

ROWS = 6_000
WARM = 400  # and some before them
WANTED = 1_500  # a second


def run() -> list[Row]:
    """A row per platform, on SQLite; about half a minute."""
    return [_drained(platform) for platform in ("shopify", "woocommerce")]


def _drained(platform: str) -> Row:
    case = Case("sqlite", platform, 1, ORDERS)
    with home() as folder, installation(folder) as found:
        deps, shops = found.deps, filled(found.deps.db, case)
        now = deps.wall.now()
        with found.running("worker") as running:
            worker = running["worker"].process
            post(deps, case, shops, WARM, now=now)
            _drain(deps, shops)
            post(deps, case, shops, ROWS, first=WARM, now=now)
            before, began, busy = actions_of(deps, shops), time.monotonic(), busy_seconds(worker)
            _drain(deps, shops)
            seconds, busy = time.monotonic() - began, busy_seconds(worker) - busy
            planned = actions_of(deps, shops) - before
        look_for_failed(deps, shops)
    return Row(
        f"interpreting, {platform} on sqlite, the worker's process", ROWS / seconds, "/s",
        f"{busy / ROWS * 1e6:,.0f} µs of its processor each; {ROWS:,} deliveries waited;"
        f" {planned:,} planned",
        target=at_least(WANTED),
    )  # fmt: skip


def _drain(deps: Deps, shops: Sequence[ShopId]) -> None:
    """Tell the worker once, as receiving does; it asks for its further turns itself."""
    deps.dispatch(("drain", (shops[0],)))
    wait(lambda: not _waits(deps, shops[0]))


def _waits(deps: Deps, shop_id: ShopId) -> bool:
    with deps.db.read() as uow:
        return ShopData(uow, shop_id).inbox.has_pending()
