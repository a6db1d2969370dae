"""What happens to customers of the two stores, and what must and must not follow from it.

A story is a generator. It yields `Wait`, `Do` or `Until`; its player carries that out, again and
again if pages cannot be had, and goes on. What must follow is kept in `Expected`, per order: a
ledger of the harness, which knows nothing of what the product thinks.
"""

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from app.cli.demo.drivers import Person, Store
from faults import stores
from faults.customer import Customer
from faults.mailbox import Mail, Mailbox, review_link

ONCE, NEVER, PERHAPS = "once", "never", "perhaps"
_COUNTRIES = (("SK", "sk"), ("TR", "tr"), ("GB", "en"), ("SK", "en"))
_GOODS = (("towel",), ("linen",), ("towel", "linen"), ("cushion",))


@dataclass(frozen=True)
class Wait:
    """So many days of business time pass."""

    days: float


@dataclass(frozen=True)
class Do:
    """Something that may have to be tried again; its result is sent back into the story."""

    act: Callable[[], Any]


@dataclass(frozen=True)
class Until:
    """Something is waited for, at most so many days; what it was is sent back, or None."""

    look: Callable[[], Any]
    days: float = 25


Step = Wait | Do | Until
Story = Generator[Step, Any, None]


@dataclass
class Expected:
    """What must be true of one order in the end."""

    platform: str
    order: str
    email: str
    story: str
    request: str = PERHAPS  # the review request for this order
    coupon: str = NEVER  # the coupon that this order earns
    void: bool = False  # …which was lost again
    gone: bool = False  # the store has deleted the order
    forbidden_since: float = 0  # monotonic: from when on NEVER is certain
    reviews: list[str] = field(default_factory=list)  # texts that the page took
    returned: bool = False  # the page took the return
    withdrawn: bool = False
    told_at: float = 0  # monotonic: when the customer was told that it is kept
    unsubscribed_at: float = 0


@dataclass
class Teller:
    """Everything that a story needs."""

    store: Store
    mailbox: Mailbox
    return_link: Callable[[str], str]  # order → the link for sending it back
    ledger: list[Expected]
    random: Random
    number: int = 0

    def person(self) -> Person:
        """A new customer."""
        self.number += 1
        country, language = self.random.choice(_COUNTRIES)
        return Person(
            email=f"c{self.number}@{self.store.platform}.example",
            first_name="Jana",
            last_name=f"Nová{self.number}",
            country=country,
            language=language,
            consent=True,
        )

    def customer(self) -> Customer:
        """The browser of the newest customer."""
        return Customer(self.number + (30_000 if self.store.platform == "shopify" else 0))

    def order(self, who: Person, story: str) -> Expected:
        """An order, paid at once."""
        order = self.store.place(who, self.random.choice(_GOODS))
        known = Expected(self.store.platform, order, who.email, story)
        self.ledger.append(known)
        return known

    def wait(self, low: float, high: float) -> Wait:
        """A while."""
        return Wait(self.random.uniform(low, high))


def _arrives(told: Teller, known: Expected) -> Story:
    yield told.wait(0.1, 1)
    told.store.ship(known.order)
    yield told.wait(0.2, 1.5)
    told.store.deliver(known.order)


def reviewed(told: Teller) -> Story:
    """Delivered, asked, reviewed."""
    who, customer = told.person(), told.customer()
    known = told.order(who, "reviewed")
    yield from _arrives(told, known)
    known.request = ONCE
    mail: Mail | None = yield Until(lambda: told.mailbox.request_for(known.email, known.order))
    if mail is None:
        return
    yield told.wait(0, 1)
    words = f"Good work, order {known.order}"
    known.reviews = yield Do(lambda: customer.review(review_link(mail), words))
    known.told_at = time.monotonic()


def sent_only(told: Teller) -> Story:
    """No carrier reports the arrival; the order is touched on the way."""
    known = told.order(told.person(), "sent only")
    yield told.wait(0.1, 1)
    told.store.ship(known.order)
    known.request = ONCE
    yield told.wait(0.5, 2)
    told.store.touch(known.order)


def rewarded(told: Teller) -> Story:
    """The second order brings a coupon."""
    who = told.person()
    told.order(who, "rewarded")
    yield told.wait(0.5, 2)
    second = told.order(who, "rewarded")
    second.coupon = ONCE


def taken_back(told: Teller) -> Story:
    """A coupon was earned and mailed, then the order that earned it is refunded."""
    who = told.person()
    told.order(who, "taken back")
    yield told.wait(0.5, 1)
    second = told.order(who, "taken back")
    second.coupon = ONCE
    mail = yield Until(lambda: told.mailbox.coupon_for(who.email))
    if mail is None:
        return
    yield told.wait(0.2, 1)
    told.store.refund(second.order)
    second.void, second.request, second.forbidden_since = True, NEVER, time.monotonic()


def refunded(told: Teller) -> Story:
    """Delivered, and paid back before anybody was asked."""
    known = told.order(told.person(), "refunded")
    yield from _arrives(told, known)
    yield told.wait(0.5, 2)
    told.store.refund(known.order)
    known.request, known.forbidden_since = NEVER, time.monotonic()


def cancelled(told: Teller) -> Story:
    """The merchant cancels."""
    known = told.order(told.person(), "cancelled")
    yield told.wait(0.2, 2)
    told.store.cancel(known.order)
    known.request, known.forbidden_since = NEVER, time.monotonic()


def unsubscribed(told: Teller) -> Story:
    """Asked once, unsubscribed, and never asked again."""
    who, customer = told.person(), told.customer()
    first = told.order(who, "unsubscribed")
    yield from _arrives(told, first)
    first.request = ONCE
    mail: Mail | None = yield Until(lambda: told.mailbox.request_for(first.email, first.order))
    if mail is None:
        return
    yield Do(lambda: customer.unsubscribe(mail.unsubscribe))
    first.unsubscribed_at = time.monotonic()
    yield told.wait(15, 18)  # nobody is asked twice within two weeks anyway
    second = told.order(who, "unsubscribed")
    second.coupon = PERHAPS
    yield from _arrives(told, second)
    second.request, second.forbidden_since = NEVER, time.monotonic()
    second.unsubscribed_at = first.unsubscribed_at


def sent_back(told: Teller) -> Story:
    """Delivered, and asked to be taken back on our page; the rules approve."""
    customer = told.customer
    known = told.order(told.person(), "sent back")
    browser = customer()
    yield from _arrives(told, known)
    yield told.wait(0.3, 2)
    yield Do(lambda: browser.send_back(told.return_link(known.order)))
    known.returned, known.told_at = True, time.monotonic()


def withdrew(told: Teller) -> Story:
    """Withdrawn from before it arrived."""
    known = told.order(told.person(), "withdrew")
    browser = told.customer()
    yield told.wait(0.3, 2)
    yield Do(lambda: browser.withdraw(told.return_link(known.order)))
    known.withdrawn, known.told_at = True, time.monotonic()


def deleted(told: Teller) -> Story:
    """The merchant deletes the order in the store."""
    known = told.order(told.person(), "deleted")
    yield from _arrives(told, known)
    yield told.wait(0.3, 2)
    stores.delete(told.store, known.order)
    known.gone, known.request, known.forbidden_since = True, NEVER, time.monotonic()


STORIES: dict[Callable[[Teller], Story], int] = {
    reviewed: 5,
    sent_only: 2,
    rewarded: 3,
    taken_back: 2,
    refunded: 2,
    cancelled: 1,
    unsubscribed: 2,
    sent_back: 3,
    withdrew: 2,
    deleted: 1,
}
