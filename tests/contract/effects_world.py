"""A connected store with due actions, a process that can be killed between any two steps, and ways
to see what became of it in the store and the outbox.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, update

from app.channels.base import MailTransport, OutgoingMail, SendResult
from app.db.models import actions, leases
from app.db.session import PATIENCE, Database, UnitOfWork
from app.db.shops import Shop
from app.db.tenant import ShopData
from app.deps import Deps
from app.domain.actions import Action, ActionKind
from app.domain.decisions import Schedule
from app.domain.ids import ActionId, ShopId
from app.domain.reasons import Reason, ReasonCode
from app.domain.snapshots import ObjectKind
from app.pipeline.freshness import read
from app.pipeline.perform import perform, perform_due, recover
from app.pipeline.plan import Planner
from app.platforms.base import Store
from app.services import reviews as review_service
from tests.pipeline.stands import SHOPIFY, Shopify, Stand
from tests.support import switch_on

NO_QUIET_HOURS = {"quiet_from_hour": 0, "quiet_until_hour": 0, "budget_messages": 20}


class Death(BaseException):
    """kill -9: nothing catches it, and the dead process does nothing more."""


@dataclass
class Fuse:
    """Kills at the given step; a dead process is killed at every further step, too.

    A step follows each thing that others can see, and one comes before each commit. There is none
    before a call or a transaction: nothing has changed there since the last step.
    """

    at: int
    steps: int = 0
    burnt: bool = False

    def step(self) -> None:
        self.steps += 1
        self.burnt = self.burnt or self.steps > self.at
        self.check()

    def check(self) -> None:
        if self.burnt:
            raise Death


class MortalDatabase(Database):
    """The real database in a process that may die around each of its commits."""

    fuse: Fuse

    @contextmanager
    def write(self, patience: float = PATIENCE) -> Iterator[UnitOfWork]:
        self.fuse.check()
        with super().write(patience) as uow:
            yield uow
            self.fuse.step()  # before the commit: all of it is rolled back
        self.fuse.step()


@dataclass
class Mortal:
    """The real thing in a process that may die right after each of its calls."""

    thing: Any
    fuse: Fuse

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.thing, name)
        if not callable(found):
            return found

        def call(*given: Any, **named: Any) -> Any:
            self.fuse.check()
            result = found(*given, **named)
            self.fuse.step()
            return result

        return call


@dataclass
class CountingTransport:
    """The outbox, with a count of what was handed over; `blind` as SMTP is: nobody can ask it."""

    outbox: MailTransport
    blind: bool
    handed_over: list[str] = field(default_factory=list)

    def send(self, message: OutgoingMail) -> SendResult:
        result = self.outbox.send(message)
        self.handed_over.append(message.message_id)
        return result

    def kept_open(self) -> AbstractContextManager[None]:
        return self.outbox.kept_open()

    def lookup(self, message_id: str) -> bool | None:
        return None if self.blind else self.outbox.lookup(message_id)

    def forget(self, addresses: Collection[str]) -> None:
        self.outbox.forget(addresses)


class World:
    """One connected store; each `prepare` makes one more action due, for a customer of its own."""

    def __init__(self, stand: Stand, *, blind: bool = False) -> None:
        self.stand = stand
        self.harness = stand.harness
        deps = self.harness.deps
        self.mail = CountingTransport(deps.mail, blind)
        self.deps: Deps = replace(deps, mail=self.mail)
        self.harness.deps = self.deps
        self.number = 0
        stand.connect()
        self.harness.run_jobs()
        self.shop_id = ShopId(stand.shop_id)
        switch_on(self.harness, self.shop_id, "contact", NO_QUIET_HOURS)
        switch_on(self.harness, self.shop_id, "review_request", {"days_after_delivery": 0})
        switch_on(self.harness, self.shop_id, "milestone_coupon", {"nth_orders": [1]})

    @property
    def shop(self) -> Shop:
        return self.harness.get_shop(self.shop_id)

    # one more due action of each kind

    def next_customer(self) -> None:
        self.harness.business.advance(hours=2)  # new shops send ten mails an hour
        self.harness._tell_twins()
        self.number += 1

    def prepare(self, kind: ActionKind) -> ActionId:
        self.next_customer()
        makers: dict[ActionKind, Callable[[], str]] = {
            ActionKind.REVIEW_REQUEST_MAIL: self.delivered,
            ActionKind.COUPON_CREATE: self._ordered,
            ActionKind.COUPON_MAIL: self._rewarded,
            ActionKind.COUPON_VOID: self._refunded,
            ActionKind.REVIEW_PUBLISH: self._reviewed,
        }
        if kind not in makers:
            return self._asked_by_merchant(kind)
        order_id = makers[kind]()
        self.harness.business.advance(minutes=1)  # the twin's clock ran on meanwhile
        with self.harness.shop(self.shop_id) as data:
            (action,) = [a for a in data.actions.of_order(order_id) if a.kind is kind]
        return action.id

    @property
    def email(self) -> str:
        """The present customer's."""
        return f"customer{self.number}@example.sk"

    def _ordered(self) -> str:
        order_id = self.stand.order(self.email, country="SK")
        self.learn(order_id)
        return order_id

    def delivered(self) -> str:
        """An order of the present customer that has just arrived; returns its id."""
        order_id = self._ordered()
        for move in ("fulfil", "deliver"):
            self.stand.move(order_id, move)
        self.learn(order_id)
        self._perform_other_than(ActionKind.REVIEW_REQUEST_MAIL, order_id)
        return order_id

    def _rewarded(self) -> str:
        order_id = self._ordered()
        self._perform_other_than(ActionKind.COUPON_MAIL, order_id)
        return order_id

    def _refunded(self) -> str:
        order_id = self._rewarded()
        self.stand.move(order_id, "refund")
        self.learn(order_id)
        return order_id

    def _reviewed(self) -> str:
        order_id = self._ordered()
        self._perform_other_than(None, order_id)
        with self.harness.shop(self.shop_id) as data:
            stored = data.orders.get(order_id)
        assert stored
        product = stored.order.lines[0].product_id
        assert product
        review_service.submit(
            self.deps, self.shop_id, order_id,
            [review_service.NewReview(product, 4, f"Review {self.number}.", "Jana N.")],
        )  # fmt: skip
        self.harness.jobs.clear()
        return order_id

    def _asked_by_merchant(self, kind: ActionKind) -> ActionId:
        now = self.harness.business.now()
        payload = {"export": "token", "expires_at": now.isoformat(), "request": "7"}
        with self.harness.change(self.shop_id) as data:
            planned = Planner(self.deps, data).apply(
                Schedule(
                    kind=kind,
                    dedupe_key=f"asked:{self.number}",
                    due_at=now,
                    useful_until=now + timedelta(days=9),
                    reason=Reason.of(ReasonCode.REQUESTED),
                    order_id="",
                    payload=payload if kind is ActionKind.DATA_EXPORT_MAIL else {},
                ),
                "", None, 0,
            )  # fmt: skip
        self.harness.jobs.clear()
        assert planned
        return planned

    def learn(self, order_id: str) -> None:
        """Read the order from the store; nothing is performed yet."""
        self.harness.wall.advance(seconds=1)  # no two reads at the same moment
        with self.harness.change(self.shop_id) as data:
            now = self.harness.wall.now()
            data.refreshes.ask(ObjectKind.ORDER, order_id, now, patient=False)
        self.deps.dispatch(("refresh", (self.shop_id,)))
        self._run_jobs_but_perform()

    def stage(self, order_id: str) -> None:
        """Read the order, but leave it to others to interpret what came."""
        self.harness.wall.advance(seconds=1)
        store = self.deps.open_store(self.shop)
        read(self.deps, self.shop, store, ObjectKind.ORDER, order_id)
        self.harness.jobs.clear()

    def _run_jobs_but_perform(self) -> None:
        from app.jobs.tasks import TASKS

        while self.harness.jobs:
            name, arguments = self.harness.jobs.popleft()
            if name not in ("perform", "check_connection", "reconcile"):
                TASKS[name](self.deps, *arguments)

    def _perform_other_than(self, kind: ActionKind | None, order_id: str) -> None:
        for _ in range(4):
            with self.harness.shop(self.shop_id) as data:
                rows = data.actions.of_order(order_id)
            for action in rows:
                if action.kind is not kind:
                    perform(self.deps, self.shop_id, action.id)
        self.harness.jobs.clear()

    # performing, dying, going on

    def perform(self, action_id: ActionId) -> Action:
        perform(self.deps, self.shop_id, action_id)
        return self.action(action_id)

    def die_performing(self, action_id: ActionId, at: int) -> bool:
        """Perform it in a process that dies at a step; False if it came to its end before."""
        fuse = Fuse(at)
        db = MortalDatabase(self.deps.db.engine, self.deps.db.keyring, lambda _signal: None)
        db.fuse = fuse
        mortal = replace(
            self.deps,
            db=db,
            mail=Mortal(self.mail, fuse),
            open_store=lambda shop: self._mortal(self.deps.open_store(shop), fuse),
        )
        try:
            perform(mortal, self.shop_id, action_id)
        except Death:
            return True
        return False

    def _mortal(self, store: Store, fuse: Fuse) -> Store:
        return replace(
            store,
            coupons=Mortal(store.coupons, fuse),
            reviews=Mortal(store.reviews, fuse),
            returns=Mortal(store.returns, fuse),
        )

    def go_on(self) -> None:
        """Leases run out and waits end; the clock finds what is left, until nothing is."""
        self.harness.business.advance(minutes=1)
        for _ in range(4):
            self.lose_leases()
            recover(self.deps, self.shop_id)
            perform_due(self.deps, self.shop_id)
            self._run_jobs_but_perform()

    def lose_leases(self) -> None:
        """As after some minutes, without moving the clocks by which stores judge signatures."""
        past = self.harness.wall.now() - timedelta(seconds=1)
        with self.deps.db.write() as uow:
            stranded = actions.c.lease_until.is_not(None)
            uow.connection.execute(update(actions).where(stranded).values(lease_until=past))
            uow.connection.execute(update(actions).values(not_before=None))
            uow.connection.execute(delete(leases))

    # what is there now

    def action(self, action_id: ActionId) -> Action:
        with self.harness.shop(self.shop_id) as data:
            action = data.actions.get(action_id)
        assert action
        return action

    def verbs(self, action_id: ActionId) -> list[str]:
        with self.harness.shop(self.shop_id) as data:
            return [line.verb for line in data.journal.all() if line.action_id == action_id]

    def sendings(self, action: Action) -> int:
        """How often the mail was handed over."""
        return self.mail.handed_over.count(str(action.payload["message_id"]))

    def coupons(self, code: str) -> list[bool]:
        """Whether each coupon of the store with this code can still be used."""
        now = self.harness.business.now().isoformat()[:19]
        if isinstance(self.stand, Shopify):
            rows = self._shopify("discounts")
            return [not r["ends_at"] or r["ends_at"][:19] > now for r in rows if r["code"] == code]
        rows = self._woo("coupons", {"code": code.lower()})
        return [(r["date_expires_gmt"] or "9") > now for r in rows]

    def reviews(self, words: str) -> int:
        """How often the store shows this text."""
        if isinstance(self.stand, Shopify):
            return sum(r["fields"]["body"] == words for r in self._shopify("metaobjects"))
        rows = self._woo("products/reviews", {"per_page": "100"})
        return sum(words in row["review"] for row in rows)

    def returns(self, order_id: str) -> list[str]:
        """The states of the order's returns in the store."""
        if isinstance(self.stand, Shopify):
            rows = self._shopify("returns")
            return [row["status"] for row in rows if row["order_id"] == int(order_id)]
        orders: Any = self.deps.open_store(self.shop).orders
        meta = orders._client.get(f"orders/{order_id}").object()["meta_data"]
        ours = [row["value"] for row in meta if row["key"].startswith("_afterglow_return_")]
        return [value["state"] for value in ours]

    def rating_count(self) -> int | None:
        """Reviews counted in the shown rating; None where the store counts itself."""
        if not isinstance(self.stand, Shopify):
            return None
        counts = [m["value"] for m in self._shopify("metafields") if m["key"] == "rating_count"]
        return int(counts[0]) if counts else 0

    def _shopify(self, kind: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.stand.call("GET", f"/_twin/shops/{SHOPIFY}/{kind}")
        return rows

    def _woo(self, path: str, params: dict[str, str]) -> list[dict[str, Any]]:
        orders: Any = self.deps.open_store(self.shop).orders
        rows: list[dict[str, Any]] = orders._client.get(path, params).rows()
        return rows

    @contextmanager
    def data(self) -> Iterator[ShopData]:
        with self.harness.change(self.shop_id) as data:
            yield data
