"""May a customer be written to as things stand? The guards' own answer, for merchants."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.automations.base import Context, CustomerView, PastMessage, SettingsModel
from app.automations.guards import may_hear
from app.db.orders import StoredOrder
from app.db.tenant import ShopData
from app.domain.actions import ActionKind
from app.domain.decisions import Defer, Skip
from app.domain.ids import CustomerId
from app.pipeline.context import NOBODY, past_order, past_returns, shop_view

ASKED_ABOUT = (ActionKind.REVIEW_REQUEST_MAIL, ActionKind.COUPON_MAIL)
_NEWEST = 30  # orders: the guards only want to know when the last one was


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands against each kind of mail (None: nothing), and the contact budget."""

    verdicts: Mapping[ActionKind, Skip | Defer | None]
    sent: int
    limit: int
    days: int


def contactable(data: ShopData, newest: StoredOrder, now: datetime) -> Standing:
    """Ask the guards about a customer's newest order.

    Only what they look at is read: a customer may have a thousand orders.
    """
    shop = shop_view(data)
    since = now - timedelta(days=shop.contact.budget_days)
    customer = _customer(data, newest.customer_id, since) if newest.customer_id else NOBODY
    order = newest.order
    own = data.returns.of_order(order.order_id)
    context = Context(
        now=now,
        shop=shop,
        settings=SettingsModel(),
        active_since=None,
        order=order,
        customer=customer,
        returns=tuple(past_returns(data, own)),
    )
    return Standing(
        verdicts={kind: may_hear(kind, context) for kind in ASKED_ABOUT},
        sent=len(customer.messages),
        limit=shop.contact.budget_messages,
        days=shop.contact.budget_days,
    )


def _customer(data: ShopData, customer_id: CustomerId, since: datetime) -> CustomerView:
    row = data.customers.get(customer_id)
    consent, consent_at = data.customers.consent(customer_id)
    return CustomerView(
        customer_id=customer_id,
        has_email=bool(data.customers.email_hashes(customer_id)),
        consent=consent,
        consent_at=consent_at,
        suppressed=data.customers.suppressed(customer_id),
        erased=bool(row and row.erased_at),
        orders=tuple(past_order(known) for known in data.orders.history(customer_id, _NEWEST)),
        messages=tuple(
            PastMessage(sent.kind, sent.at)
            for sent in data.messages.marketing_to(customer_id, since)
        ),
    )
