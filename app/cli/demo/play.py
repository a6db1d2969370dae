"""Plays the scenario: each step on both stores, then a pause until everything is at rest."""

import os
import re
import signal
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import requests

from app.channels.outbox import OutboxMailbox
from app.cli.demo.customers import Customer
from app.cli.demo.drivers import Store
from app.cli.demo.returns import Order, ReturnsDesk, decide
from app.cli.demo.scenario import Scenario, Story
from app.cli.demo.stores import connect, disconnect, shop_of, stores_of
from app.db.returns import ReturnRow
from app.db.shops import Shop, Shops, ShopState
from app.db.tenant import ShopData
from app.deps import Deps
from app.domain.returns import ReturnReason
from app.services import switching, timetravel
from app.services.plugin import link
from app.supervisor.valkey import process_id

RETURNS = "returns_approval"
_MORNING = 10  # UTC: outside quiet hours in every country of the scenario
_LATER_EACH_DAY = timedelta(minutes=10)
_PATIENCE = 60.0  # seconds until everything is at rest

# "Z1 is shipped" and so on: what happens to one order.
_MOVES: dict[str, Callable[[Store, str], None]] = {
    "shipped": lambda store, order: store.ship(order),
    "delivered": lambda store, order: store.deliver(order),
    "paid to the carrier": lambda store, order: store.collect(order),
    "refunded": lambda store, order: store.refund(order),
    "cancelled": lambda store, order: store.cancel(order),
    "touched": lambda store, order: store.touch(order),
    "asked back in the store": lambda store, order: store.ask_back(order),
}

# What happens to a store, or between it and us.
_EVENTS: dict[str, Callable[[Store], None]] = {
    "the stores hide their orders": lambda store: store.hide_orders(),
    "deliveries get lost": Store.lose_deliveries,
    "deliveries arrive again": Store.mend,
    "deliveries are held": Store.hold_deliveries,
    "held deliveries come in reverse": Store.release_reversed,
    "the last delivery comes again": Store.resend_last,
    "the last delivery comes with a false signature": Store.forge_last,
}

# What a customer does with the review request for an order.
_REPLIES: dict[str, Callable[[Customer, str], None]] = {
    "reviews": Customer.review,
    "taps a star in the mail for": Customer.tap_star,
    "unsubscribes in the mail for": Customer.unsubscribe,
}


class Play:
    """One run of a scenario on fresh stores."""

    def __init__(self, deps: Deps, say: Callable[[str], None]) -> None:
        """`say` gets a line per step."""
        self._deps = deps
        self._say = say
        self.stores: tuple[Store, ...] = stores_of(deps.settings)
        self.orders: dict[str, dict[str, str]] = {store.platform: {} for store in self.stores}
        self.began = _next_morning(deps.business.now())  # day 0
        self._browsers = {store.platform: requests.Session() for store in self.stores}
        outbox = deps.settings.data_dir / "outbox"
        self._customer, self._desk = Customer(outbox), ReturnsDesk(OutboxMailbox(outbox))
        self._stopped_redis = 0  # its process id

    def run(self, scenario: Scenario) -> None:
        """From the first step to the last day. Raises whatever a step runs into."""
        self.began -= timedelta(days=scenario.first_day)
        for story, step in scenario.in_order():
            self._go_to(step.day)
            self._say(f"day {step.day:>3}  {story.who.first_name:<7} {step.words}")
            self._do(story, step.words)
            self._come_to_rest()
        self._go_to(scenario.last_day)

    def _go_to(self, day: int) -> None:
        moment = self.began + day * (timedelta(days=1) + _LATER_EACH_DAY)
        if moment > self._deps.business.now():
            timetravel.advance(self._deps, moment, patience=_PATIENCE)

    def _come_to_rest(self) -> None:
        if not self._stopped_redis:
            timetravel.settle(self._deps, patience=_PATIENCE)
            return
        for store in self.stores:  # nothing else rests without Redis, but deliveries must arrive
            store.wait_until_delivered()

    def _do(self, story: Story, words: str) -> None:
        if words in _EVENTS:
            for store in self.stores:
                _EVENTS[words](store)
        elif found := re.fullmatch(r"orders (\w+): ([a-z, ]+?)(, cash on delivery)?", words):
            name, goods, cash = found.groups()
            for store in self.stores:
                order = store.place(story.who, goods.split(", "), cash=bool(cash))
                self.orders[store.platform][name] = order
        elif found := re.fullmatch(rf"(\w+) is ({'|'.join(_MOVES)})", words):
            for store in self.stores:
                _MOVES[found[2]](store, self.orders[store.platform][found[1]])
        elif found := re.fullmatch(rf"({'|'.join(_REPLIES)}) (\w+)", words):
            for store in self.stores:
                request = f"review:{self.orders[store.platform][found[2]]}"
                _REPLIES[found[1]](self._customer, self._mail(store, request))
        elif not self._do_about_return(story, words):
            self._do_once(story, words)

    def _do_about_return(self, story: Story, words: str) -> bool:
        """What a customer asks on our pages and a merchant decides; False if it is neither."""
        if found := re.fullmatch(r"asks to return (\w+): ([a-z ]+)", words):
            reason = ReturnReason(found[2].replace(" ", "_"))
            for store in self.stores:
                self._desk.ask(self._order(store, story, found[1]), reason)
        elif found := re.fullmatch(r"keeps (\w+)", words):
            for store in self.stores:
                row = self._return(store, found[1])
                self._desk.keep(self._mail(store, f"return-mail:{row.id}:approved"))
        elif found := re.fullmatch(r"withdraws from (\w+)", words):
            for store in self.stores:
                self._desk.withdraw(self._order(store, story, found[1]))
        elif found := re.fullmatch(r"the merchant (approves|declines) the return of (\w+)", words):
            step = found[1].removesuffix("s")
            for store in self.stores:
                self._decide(store, found[2], step)
        return found is not None

    def _order(self, store: Store, story: Story, name: str) -> Order:
        """What the customer knows of an order."""
        shop, who = self._shop(store), story.who
        with self._deps.db.read() as uow:
            stored = ShopData(uow, shop.id).orders.get(self.orders[store.platform][name])
        if stored is None:
            raise RuntimeError(f"{store.platform}: {name} is not known")
        url = f"{self._deps.settings.public_url}/c/{shop.public_ref}"
        return Order(url, stored.order.number, who.email, f"{who.first_name} {who.last_name}")

    def _return(self, store: Store, name: str) -> ReturnRow:
        with self._deps.db.read() as uow:
            known = ShopData(uow, self._shop(store).id).returns
            (row,) = known.of_order(self.orders[store.platform][name])
        return row

    def _decide(self, store: Store, name: str, step: str) -> None:
        decide(self._deps, store, self._browsers[store.platform], self._return(store, name), step)

    def _shop(self, store: Store) -> Shop:
        shop = shop_of(self._deps, store)
        if shop is None:
            raise RuntimeError(f"{store.platform} is not connected")
        return shop

    def _mail(self, store: Store, key: str) -> str:
        """The mail that the action with this key sent: its id."""
        with self._deps.db.read() as uow:
            action = ShopData(uow, self._shop(store).id).actions.by_key(key)
        if action is None:
            raise RuntimeError(f"{store.platform}: nothing was planned under {key}")
        return self._customer.mail_of(action.id)

    def _do_once(self, story: Story, words: str) -> None:
        match words:
            case "the merchant declines what only looks different":
                self._tighten_rules()
            case "registers":
                for store in self.stores:
                    store.register(story.who)
            case "the stores are connected":
                self._connect()
            case "the stores show their orders":
                self._show_orders()
            case "the app is removed":
                for store in self.stores:
                    disconnect(self._deps, store, self._browsers[store.platform])
            case "Redis stops":
                self._stopped_redis = process_id(self._deps.settings.redis_url)
                os.kill(self._stopped_redis, signal.SIGSTOP)
            case "Redis goes on":
                os.kill(self._stopped_redis, signal.SIGCONT)
                self._stopped_redis = 0
            case _:
                raise ValueError(f"The scenario says {words!r}, and nobody knows how to do that.")

    def _tighten_rules(self) -> None:
        """One more rule before the usual ones, saved as the rules page does."""
        looks = {"kind": "reasons", "reasons": ["looks_different"], "outcome": "decline"}
        for store in self.stores:
            shop = self._shop(store)
            with self._deps.db.read() as uow:
                known = switching.stored(ShopData(uow, shop.id), RETURNS)
            rules = [looks, *known.values.model_dump(mode="json")["rules"]]
            saved = switching.save(
                self._deps, shop.id, RETURNS, {"rules": rules},
                expected_version=known.version, by="demo",
            )  # fmt: skip
            if not saved.saved:
                raise RuntimeError(f"{store.platform}: the rules were not saved: {saved.errors}")

    def _connect(self) -> None:
        for store in self.stores:
            connect(self._deps, store, self._browsers[store.platform])
        _until(self._all_subscribed, "the webhooks were registered")

    def _all_subscribed(self) -> bool:
        with self._deps.db.read() as uow:
            for shop in Shops(uow).in_state(ShopState.ACTIVE):
                platform = self._deps.platforms[shop.platform]
                data = ShopData(uow, shop.id)
                ready = {row.topic for row in data.webhooks.all() if row.state == "active"}
                if not platform.shared_secrets and ready != set(link.topics(platform, data)):
                    return False
        return True

    def _show_orders(self) -> None:
        """The lists of orders answer again, and the import, which waited for them, goes on."""
        for store in self.stores:
            store.mend()
        with self._deps.db.read() as uow:
            shops = Shops(uow).in_state(ShopState.ACTIVE)
        for shop in shops:  # what the clock does every half minute
            self._deps.dispatch(("import_history", (shop.id,)))
        _until(self._all_imported, "the import was complete")

    def _all_imported(self) -> bool:
        with self._deps.db.read() as uow:
            return all(shop.history_complete for shop in Shops(uow).in_state(ShopState.ACTIVE))


def _next_morning(now: datetime) -> datetime:
    morning = now.replace(hour=_MORNING, minute=0, second=0, microsecond=0)
    return morning if morning > now else morning + timedelta(days=1)


def _until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"Waited {_PATIENCE:.0f} s in vain until {what}.")
        time.sleep(0.1)
