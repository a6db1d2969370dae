"""Compares the ledgers with what the product holds: lost, doubled, unexplained.

- lost: a delivery was acknowledged and is not on disk; an order differs from the store's; a rule
  demands something that was not done; a customer was told that something is kept, and it is not.
- doubled: a coupon, a review, a return or a marketing mail twice.
- unexplained: done although it was forbidden; a row in no final state, failed, or without a reason
  in words; a bug in a log; a system that does not come to rest.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app.cli.demo.drivers import Store
from app.cli.demo.stores import shop_of
from app.db.actions.rows import action_from
from app.db.models import actions, inbox
from app.db.tenant import ShopData
from app.deps import Deps
from app.domain.actions import Action
from app.domain.refunds import is_refunded_whole
from faults.deliveries import Deliveries
from faults.findings import LOST, UNEXPLAINED, Verdict
from faults.logs import judge_logs
from faults.mailbox import Mailbox
from faults.promises import Promises
from faults.restore import Window
from faults.stores import Holdings, holdings
from faults.stories import Expected


class Judge:
    """Reads everything once, then looks at it."""

    def __init__(
        self,
        deps: Deps,
        ledger: Sequence[Expected],
        mailbox: Mailbox,
        deliveries: Deliveries,
        windows: Sequence[Window],
        *,
        broken_off: int,
    ) -> None:
        """`windows`: spans whose memory a restored backup lacks. `broken_off`: how often somebody
        who may have been sending a mail was stopped.
        """
        self._deps, self._ledger = deps, ledger
        self._broken_off = broken_off
        self._deliveries, self._windows = deliveries, windows
        self.verdict = Verdict()
        self._promises = Promises(self.verdict, mailbox.all(), windows)

    def judge(self, stores: Iterable[Store], logs: Path, restless: Iterable[str]) -> Verdict:
        """All of it."""
        for what in restless:
            self.verdict.add(UNEXPLAINED, f"not at rest in the end: {what}")
        self._promises.mails_once()
        for store in stores:
            try:
                if missed := self._deliveries.missed(store.platform):
                    told = f"{store.platform}: {missed} deliveries that nobody looked at"
                    self.verdict.add(UNEXPLAINED, told)
                self._store(store)
            except (DBAPIError, requests.RequestException) as error:
                self.verdict.add(UNEXPLAINED, f"{store.platform} cannot be judged: {error!r}")
        self._promises.uncertain(self._broken_off)
        judge_logs(logs, self.verdict)
        return self.verdict

    # one store

    def _store(self, store: Store) -> None:
        shop = shop_of(self._deps, store)
        if shop is None:
            self.verdict.add(LOST, f"{store.platform}: the shop itself")
            return
        held = holdings(store)
        with self._deps.db.read() as uow:
            mine = actions.c.shop_id == shop.id
            rows = [action_from(r) for r in uow.connection.execute(select(actions).where(mine))]
            received = select(inbox.c.dedupe_key, inbox.c.state).where(inbox.c.shop_id == shop.id)
            keys = {str(key): str(state) for key, state in uow.connection.execute(received)}
        self._of_inbox(store.platform, keys)
        asked_back = {e.order for e in self._ledger if e.returned or e.withdrawn}
        self._promises.ended(store.platform, rows, self._deps.business.now(), asked_back)
        self._promises.coupons_earned(store.platform, self._ledger, held)
        self._promises.stars(store.platform, held)
        self._orders(store, held, shop.id)
        by_order: dict[str, list[Action]] = defaultdict(list)
        for row in rows:
            by_order[row.order_id or ""].append(row)
        for known in self._ledger:
            if known.platform == store.platform:
                self._promises.order(known, held, by_order[known.order])

    def _of_inbox(self, platform: str, keys: dict[str, str]) -> None:
        known = {_plain(key) for key in keys}
        for sent in self._deliveries.acknowledged:
            if sent.store != platform or not sent.key:
                continue
            self.verdict.counts["acknowledged"] += 1
            at = datetime.fromisoformat(sent.at)
            forgotten = any(window.forgot_delivery(at) for window in self._windows)
            if _plain(sent.key) not in known and not forgotten:
                self.verdict.add(
                    LOST, f"{platform}: {sent.topic} was acknowledged and is not there ({sent.at})"
                )
        for key, state in keys.items():
            self.verdict.counts[f"inbox {state}"] += 1
            if state in ("pending", "failed"):
                self.verdict.add(UNEXPLAINED, f"{platform}: inbox row {key[:60]} is {state}")

    def _orders(self, store: Store, held: Holdings, shop_id: Any) -> None:
        wanted = {e.order for e in self._ledger if e.platform == store.platform and not e.gone}
        with self._deps.db.read() as uow:
            ours = ShopData(uow, shop_id).orders
            for order_id, there in held.orders.items():
                if order_id not in wanted:
                    continue
                self.verdict.counts["orders"] += 1
                stored = ours.get(order_id)
                if stored is None:
                    self.verdict.add(LOST, f"{store.platform}: order {order_id} is not known")
                    continue
                order = stored.order
                picture = (
                    order.total.decimal(),
                    sum((r.amount.decimal() for r in order.refunds), Decimal(0)),
                    order.cancelled_at is not None and not is_refunded_whole(order),
                    len(order.fulfilments),
                )
                should = (
                    there.total, there.refunded,
                    there.cancelled and there.refunded < there.total, there.parcels,
                )  # fmt: skip
                if picture != should:
                    self.verdict.add(
                        LOST, f"{store.platform}: order {order_id} is {picture}, not {should}"
                    )


def _plain(key: str) -> str:
    """A delivery's key without what the store and we call its webhook."""
    return key.partition(":")[2] if key.count(":") == 2 else key
