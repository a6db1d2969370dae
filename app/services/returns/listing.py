"""The merchant's lists of returns: what is to be decided, what is open, what ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.db.return_lists import Wanted
from app.db.returns import ReturnRow
from app.db.shops import Shop, Shops
from app.db.tenant import ShopData
from app.domain.ids import ReturnId, ShopId
from app.domain.returns import (
    OPEN_RETURNS,
    UNDECIDED,
    ReturnKind,
    ReturnLine,
    ReturnState,
    ReturnWords,
)
from app.domain.snapshots import OrderSnapshot, Person
from app.domain.withdrawal import withdrawal_period
from app.pipeline.runtime import Runtime
from app.services.lookup import folded, is_called

PAGE = 50
NAMES_SEARCHED = 400  # names are sealed: a search by name opens this many, the first of its list
_PAY_BACK = timedelta(days=14)  # after a withdrawal: Directive 2011/83/EU art. 13(1)

TABS: Mapping[str, frozenset[ReturnState]] = {
    "decide": frozenset({ReturnState.HELD}),
    "open": OPEN_RETURNS - {ReturnState.HELD},
    "ended": frozenset(ReturnState) - OPEN_RETURNS,
}


@dataclass(frozen=True, slots=True)
class Deadline:
    """What the law says until when: the customer may withdraw, or the money must be back."""

    day: date
    pay_back: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """A return as a list shows it, with whoever asked for it."""

    row: ReturnRow
    lines: tuple[ReturnLine, ...]
    words: ReturnWords
    number: str
    person: Person
    deadline: Deadline | None


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a list. `searched`: how many names were looked through, where a name was asked."""

    rows: tuple[Listed, ...]
    total: int
    first: int  # place of the first row in the list
    counts: Mapping[str, int]
    before: ReturnId | None = None  # for the page before this one
    after: ReturnId | None = None
    searched: int = 0


def listing(
    rt: Runtime,
    shop_id: ShopId,
    tab: str,
    text: str = "",
    *,
    after: ReturnId | None = None,
    before: ReturnId | None = None,
) -> Listing:
    """The list of a tab: to decide oldest first, others newest first. Decrypts; reads only."""
    with rt.db.read() as uow:
        data, shop = ShopData(uow, shop_id), Shops(uow).get(shop_id)
        lists = data.return_lists
        wanted, searched = _wanted(data, tab, text.strip())
        rows = lists.page(wanted, PAGE + 1, after=after, before=before)
        more = len(rows) > PAGE
        rows = (rows[1:] if before is not None else rows[:-1]) if more else rows
        total = lists.total(wanted)
        earlier = lists.total(wanted, before=rows[0].id) if rows else 0
        states = data.returns.counts()
        return Listing(
            rows=tuple(_listed(data, shop, rows, rt.business.now())),
            total=total,
            first=earlier + 1,
            counts={name: sum(states.get(s, 0) for s in own) for name, own in TABS.items()},
            before=rows[0].id if earlier else None,
            after=rows[-1].id if earlier + len(rows) < total else None,
            searched=searched,
        )


def _wanted(data: ShopData, tab: str, text: str) -> tuple[Wanted, int]:
    """What a text means: an address, a return's or an order's number, else a name."""
    wanted = Wanted(TABS[tab], oldest_first=tab == "decide")
    if not text:
        return wanted, 0
    if "@" in text:
        customer_id = data.customers.find_email(text)
        nobody = replace(wanted, ids=())
        return (replace(wanted, customer_id=customer_id) if customer_id else nobody), 0
    if named := data.returns.by_name(text):
        return replace(wanted, ids=(named.id,)), 0
    if found := data.orders.search(text):
        return replace(wanted, order_ids=tuple(found)), 0
    rows = data.return_lists.page(wanted, NAMES_SEARCHED)
    names = data.reports.names([row.order_id for row in rows if row.order_id])
    parts = folded(text).split()
    called = [
        row.id
        for row in rows
        if row.order_id in names and is_called(names[row.order_id].person, parts)
    ]
    return replace(wanted, ids=tuple(called)), len(rows)


def _listed(data: ShopData, shop: Shop, rows: Sequence[ReturnRow], now: datetime) -> list[Listed]:
    orders = data.return_lists.orders({row.order_id for row in rows if row.order_id})
    lines = data.returns.lines([row.id for row in rows])
    listed = []
    for row in rows:
        order, words = orders.get(row.order_id or ""), data.returns.words(row)
        listed.append(
            Listed(
                row=row,
                lines=lines.get(row.id, ()),
                words=words,
                number=order.number if order else words.order_number,
                person=person_of(order, words),
                deadline=deadline_of(row, order, shop, now),
            )
        )
    return listed


def person_of(order: OrderSnapshot | None, words: ReturnWords) -> Person:
    """Who asked: the buyer, or whoever declared a withdrawal that matched no order."""
    if order:
        return order.person
    return Person(email=words.email or None, first_name=words.name or None)


def deadline_of(
    row: ReturnRow, order: OrderSnapshot | None, shop: Shop, now: datetime
) -> Deadline | None:
    """The day that the law sets to this return, as long as there is something to do."""
    if not row.open:
        return None
    if row.kind is ReturnKind.WITHDRAWAL:
        zone = ZoneInfo(shop.timezone)
        return Deadline((row.requested_at + _PAY_BACK).astimezone(zone).date(), pay_back=True)
    period = withdrawal_period(order, shop.country, shop.timezone) if order else None
    if row.state not in UNDECIDED or not period or not period.last_day or period.is_over(now):
        return None
    return Deadline(period.last_day, pay_back=False)
