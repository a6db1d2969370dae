"""Why not? One types whom or what it is about, and gets the answer before its history."""

from dataclasses import dataclass
from datetime import datetime

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.automations.words import KINDS
from app.db.orders import StoredOrder
from app.db.tenant import ShopData
from app.domain.actions import ActionKind
from app.domain.decisions import Skip
from app.domain.ids import CustomerId
from app.domain.money import Money
from app.embedded_ui.activity.known import ORDERS_TOLD, of_customer
from app.embedded_ui.activity.listing import LARGEST_ID, blueprint, full_name, number
from app.embedded_ui.activity.timeline import SHOWN, tell
from app.embedded_ui.session import MerchantSession, merchant_page
from app.embedded_ui.view import Reader, page, reader_of
from app.http import current_deps
from app.services import handling, lookup
from app.services.contactable import Standing, contactable

_ENTRIES = 60
_MOST_ENTRIES = 400
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class May:
    """Whether one kind of mail may go to a customer; `why` is empty if it may."""

    what: str
    why: str
    later: bool = False


@dataclass(frozen=True, slots=True)
class Bought:
    """One of a customer's orders, as the list names it."""

    order_id: str
    number: str
    placed_at: datetime
    total: Money


@blueprint.get("/why")
@merchant_page
def why(merchant: MerchantSession) -> ResponseReturnValue:
    """Ask, and be led to the order or the customer; several are listed."""
    deps, reader = current_deps(), reader_of(merchant)
    text = request.args.get("q", "").strip()[:_LONGEST]
    found = lookup.find(deps, merchant.shop.id, text)
    if found.customer:
        return redirect(url_for("activity.customer", customer_id=found.customer))
    if len(found.orders) == 1:
        return redirect(url_for("activity.order", order_id=found.orders[0]))
    with deps.db.read() as uow:
        names = ShopData(uow, merchant.shop.id).reports.names(found.orders)
    return page(
        "why.html",
        reader,
        q=text,
        found=found,
        orders=[(o, number(n.number), full_name(n.person)) for o, n in names.items()],
        number=number,
    )


@blueprint.get("/customers/<int:customer_id>")
@merchant_page
def customer(merchant: MerchantSession, customer_id: int) -> ResponseReturnValue:
    """One customer: how it stands, and all their orders in one story."""
    deps, reader = current_deps(), reader_of(merchant)
    about = request.args.get("show", "")
    everything = "all" in request.args
    with deps.db.read() as uow:
        data = ShopData(uow, merchant.shop.id)
        canonical = _canonical(data, customer_id)
        if canonical != customer_id:
            return redirect(url_for("activity.customer", customer_id=canonical))
        row = data.customers.get(canonical) or abort(404)
        person = data.customers.person(canonical)
        orders = data.orders.newest_of(canonical, ORDERS_TOLD)
        count, spent = data.orders.spent(canonical, merchant.shop.currency)
        story = tell(
            of_customer(data, canonical, orders),
            reader,
            about=about if about in SHOWN else "",
            limit=_MOST_ENTRIES if everything else _ENTRIES,
        )
        standing = contactable(data, orders[0], reader.now) if orders else None
        addresses = len(data.customers.email_hashes(canonical))
    return page(
        "customer.html",
        reader,
        customer=row,
        person=person,
        name=full_name(person),
        story=story,
        about=about,
        everything=everything,
        shown=SHOWN,
        orders=[_bought(stored) for stored in orders],
        older=count - len(orders),
        count=count,
        spent=spent if count else None,
        may=[_may(kind, standing, reader) for kind in standing.verdicts] if standing else [],
        standing=standing,
        addresses=addresses,
        number=number,
        can_cancel=handling.can_cancel,
        can_repeat=lambda action: handling.can_repeat(deps, action),
    )


def _canonical(data: ShopData, customer_id: int) -> CustomerId:
    if customer_id > LARGEST_ID:
        abort(404)
    return data.customers.canonical(CustomerId(customer_id)) or abort(404)


def _bought(stored: StoredOrder) -> Bought:
    order = stored.order
    return Bought(order.order_id, number(order.number), order.placed_at, order.total)


def _may(kind: ActionKind, standing: Standing, reader: Reader) -> May:
    verdict = standing.verdicts[kind]
    what = reader.words.gettext(KINDS[kind])
    if verdict is None:
        return May(what, "")
    return May(what, reader.because(verdict.reason), later=not isinstance(verdict, Skip))
