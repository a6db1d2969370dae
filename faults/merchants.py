"""What merchants do by themselves: decide what a restore held, ask for another look, and work off
returns.
"""

from datetime import timedelta

import psycopg
import requests
from redis.exceptions import RedisError
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app.cli.demo.drivers import Store
from app.cli.demo.stores import shop_of
from app.db.actions import RESTORED
from app.db.models import returns
from app.db.returns import return_from
from app.db.tenant import ShopData
from app.deps import Deps
from app.domain.actions import Action, ActionKind
from app.domain.ids import ShopId
from app.domain.returns import ReturnState
from app.services import handling, held
from app.services.returns import deciding
from faults.mailbox import COUPON, Mailbox
from faults.stores import holdings
from faults.stories import Expected

_GOING_ON = (ReturnState.HELD, ReturnState.APPROVED, ReturnState.RECEIVED)
_EACH_STEP = timedelta(days=2)  # of business time


class Merchants:
    """One of each store."""

    def __init__(
        self, deps: Deps, stores: tuple[Store, ...], mailbox: Mailbox, ledger: list[Expected]
    ) -> None:
        self._deps, self._stores = deps, stores
        self._mailbox, self._ledger = mailbox, ledger
        self.let_go = self.declined = self.looked_again = self.steps_taken = 0

    def look(self) -> None:
        """Each looks at home. What cannot be had just now is looked at the next time."""
        for store in self._stores:
            try:
                shop = shop_of(self._deps, store)
                if shop is not None:
                    self._decide(store, shop.id)
                    self._look_again(shop.id)
                    self._work_off_returns(shop.id)
            except (DBAPIError, psycopg.Error, requests.RequestException, RedisError):
                continue

    def _look_again(self, shop_id: ShopId) -> None:
        with self._deps.db.read() as uow:
            found = [problem.key for problem in ShopData(uow, shop_id).problems.all_open()]
        for key in found:
            if key != RESTORED:
                self.looked_again += handling.look_again(self._deps, shop_id, key)

    def _work_off_returns(self, shop_id: ShopId) -> None:
        """One step with each: approved, received some time later, paid back after that."""
        going_on = select(returns).where(
            returns.c.shop_id == shop_id, returns.c.state.in_(_GOING_ON)
        )
        with self._deps.db.read() as uow:
            rows = [return_from(row) for row in uow.connection.execute(going_on)]
        now = self._deps.business.now()
        for row in rows:
            since = row.received_at or row.decided_at or row.requested_at
            if now - since > _EACH_STEP and (steps := deciding.steps_of(row)):
                result = deciding.take(
                    self._deps, shop_id, row.id, steps[0], revision=row.revision, by="harness"
                )
                self.steps_taken += result.failure is None

    def _decide(self, store: Store, shop_id: ShopId) -> None:
        """By store and mailbox: what was done is cancelled, the rest goes."""
        with self._deps.db.read() as uow:
            rows = ShopData(uow, shop_id).actions.held(1000)
        if not rows:
            return
        known = {each.order: each for each in self._ledger if each.platform == store.platform}
        has_coupon = holdings(store).coupons
        for row in rows:
            order = known.get(row.order_id or "")
            if order is not None and self._was_done(row, order, bool(has_coupon[order.email])):
                self.declined += held.withdraw(self._deps, shop_id, row.id)
            else:
                self.let_go += held.let_go(self._deps, shop_id, row.id)

    def _was_done(self, row: Action, order: Expected, has_coupon: bool) -> bool:
        if row.kind is ActionKind.REVIEW_REQUEST_MAIL:
            return self._mailbox.request_for(order.email, order.order) is not None
        if row.kind is ActionKind.COUPON_CREATE:
            # A code of ours is there, and it is this row's own or one that was forgotten.
            return has_coupon
        if row.kind is ActionKind.COUPON_MAIL:
            code = str(row.payload.get("code", ""))
            mails = self._mailbox.all()
            return any(m.kind == COUPON and m.to == order.email and m.about == code for m in mails)
        return False
