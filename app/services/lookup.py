"""Whom or what a merchant means: an order number, an address, a code, or a name.

Addresses are looked up by their keyed hash, over everything that is stored. Names are sealed, so a
name is searched among the newest orders only, and the answer says how far that reached.
"""

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from app.db.orders import NamedOrder
from app.db.tenant import ShopData
from app.domain.ids import CustomerId, PlatformId, ShopId
from app.domain.snapshots import Person
from app.pipeline.runtime import Runtime

NAMES_SEARCHED = 400  # newest orders; opening one name costs about 30 µs
_SHOWN = 20

# Letters that do not come apart into a plain one and a mark.
_PLAIN = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe"})


@dataclass(frozen=True, slots=True)
class Somebody:
    """A customer found by name, with the newest order that named them."""

    customer_id: CustomerId | None
    name: str
    email: str
    order: NamedOrder


@dataclass(frozen=True, slots=True)
class Found:
    """What a text led to. At most one of the three has something.

    `searched` orders were looked through for a name, back to `since`.
    """

    orders: tuple[PlatformId, ...] = ()
    customer: CustomerId | None = None
    people: tuple[Somebody, ...] = ()
    searched: int = 0
    since: datetime | None = None


def find(rt: Runtime, shop_id: ShopId, text: str) -> Found:
    """Look a text up, the most certain way first. Decrypts names; reads only."""
    text = text.strip()
    if not text:
        return Found()
    with rt.db.read() as uow:
        data = ShopData(uow, shop_id)
        if "@" in text:
            return Found(customer=data.customers.find_email(text))
        if orders := data.orders.search(text):
            return Found(orders=tuple(orders))
        if coupon := data.coupons.by_code(text.upper()):
            return Found(orders=(coupon.order_id,))
        if (back := data.returns.by_name(text)) and back.order_id:
            return Found(orders=(back.order_id,))
        newest = data.orders.newest_persons(NAMES_SEARCHED)
    people: dict[object, Somebody] = {}
    wanted = folded(text).split()
    for order in newest:
        if is_called(order.person, wanted):
            key = order.customer_id or order.order_id
            people.setdefault(key, _somebody(order))
    return Found(
        people=tuple(people.values())[:_SHOWN],
        searched=len(newest),
        since=newest[-1].placed_at if newest else None,
    )


def folded(text: str) -> str:
    """As people type when they have no time: lower case, without marks."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return bare.translate(_PLAIN)


def is_called(person: Person, wanted: list[str]) -> bool:
    """Whether each word begins one of the words of the name, or the address."""
    words = folded(f"{person.first_name or ''} {person.last_name or ''}").split()
    words.append(folded(person.email or ""))
    return bool(wanted) and all(any(w.startswith(part) for w in words) for part in wanted)


def _somebody(order: NamedOrder) -> Somebody:
    person = order.person
    name = " ".join(part for part in (person.first_name, person.last_name) if part)
    return Somebody(order.customer_id, name or person.email or "", person.email or "", order)
