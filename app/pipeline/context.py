"""Assembles the frozen picture on which automations decide: a fold of what is known till now."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from app.automations.base import (
    Automation,
    Baseline,
    ContactPolicy,
    Context,
    CouponView,
    CustomerView,
    PastAction,
    PastMessage,
    PastOrder,
    SettingsModel,
    ShopView,
)
from app.db.customers import CustomerRow
from app.db.orders import HistoryRow
from app.db.returns import ReturnRow
from app.db.settings import SettingsVersion
from app.db.shops import Shops
from app.db.tenant import ShopData
from app.domain.actions import ActionState
from app.domain.ids import CustomerId
from app.domain.returns import PastReturn, ReturnItem
from app.domain.snapshots import ConsentState, OrderSnapshot

CONTACT = "contact"  # the settings key of the contact policy
NOBODY = CustomerView(
    customer_id=CustomerId(0),
    has_email=False,
    consent=ConsentState.UNKNOWN,
    consent_at=None,
    suppressed=frozenset(),
    erased=False,
)  # an order that names nobody: there is a reason, but no one to write to
REMEMBERED = timedelta(days=400)  # longer than any budget window


class Assembler:
    """Reads one shop once, then builds a context per automation."""

    def __init__(self, data: ShopData, now: datetime) -> None:
        self._data = data
        self._now = now
        self._histories: dict[CustomerId, tuple[PastOrder, ...]] = {}
        self._shop = data.remembered("shop_view", lambda: shop_view(data))

    def context(
        self,
        order: OrderSnapshot,
        customer_id: CustomerId | None,
        settings: SettingsModel,
        active_since: datetime | None = None,
        *,
        without: str = "",
    ) -> Context:
        """The world as one order and its customer see it; `without` the return of this name."""
        customer = self._customer(customer_id) if customer_id else NOBODY
        products = [line.product_id for line in order.lines if line.product_id]
        return Context(
            now=self._now,
            shop=self._shop,
            settings=settings,
            active_since=active_since,
            order=order,
            customer=customer,
            products=self._data.products.many(products),
            coupons=self._coupons(customer_id) if customer_id else (),
            returns=tuple(
                past
                for past in past_returns(
                    self._data, self._data.returns.concerning(order.order_id, customer_id)
                )
                if past.name != without
            ),
        )

    def _customer(self, customer_id: CustomerId) -> CustomerView:
        row = self._data.customers.get(customer_id)
        consent, consent_at = self._data.customers.consent(customer_id)
        return CustomerView(
            customer_id=customer_id,
            has_email=bool(self._data.customers.email_hashes(customer_id)),
            consent=consent,
            consent_at=consent_at,
            suppressed=self._data.customers.suppressed(customer_id),
            erased=bool(row and row.erased_at),
            orders=self._orders(customer_id),
            baseline=_baseline(row),
            actions=tuple(
                PastAction(
                    a.kind,
                    a.dedupe_key,
                    a.state,
                    a.order_id,
                    a.due_at,
                    a.ended_at if a.state is ActionState.DONE else None,
                    a.payload,
                )
                for a in self._data.actions.of_customer(customer_id)
            ),
            messages=tuple(
                PastMessage(m.kind, m.at)
                for m in self._data.messages.marketing_to(customer_id, self._now - REMEMBERED)
            ),
            reviewed_products=self._data.reviews.products_reviewed_by(customer_id)
            | self._data.events.products_reviewed_in_store(customer_id),
        )

    def _orders(self, customer_id: CustomerId) -> tuple[PastOrder, ...]:
        if customer_id not in self._histories:
            history = self._data.orders.history(customer_id)
            self._histories[customer_id] = tuple(past_order(row) for row in history)
        return self._histories[customer_id]

    def _coupons(self, customer_id: CustomerId) -> tuple[CouponView, ...]:
        hashes = self._data.customers.email_hashes(customer_id)
        return tuple(
            CouponView(c.milestone_key, c.code, c.state, c.order_id)
            for c in self._data.coupons.of_customer(customer_id, hashes)
        )


def past_returns(data: ShopData, rows: Sequence[ReturnRow]) -> Iterator[PastReturn]:
    """Returns as rules see them."""
    lines = data.returns.lines([row.id for row in rows])
    for row in rows:
        items = (ReturnItem(x.line_id, x.quantity, x.reason) for x in lines.get(row.id, ()))
        yield PastReturn(
            row.name, row.order_id, row.kind, row.state, row.requested_at, tuple(items)
        )


def settings_of(automation: Automation, version: SettingsVersion) -> SettingsModel:
    """The stored values read by the automation's schema."""
    return automation.Settings.model_validate(version.data)


def shop_view(data: ShopData) -> ShopView:
    """The tenant as rules see it."""
    shop = data.shop
    installation = Shops(data.aside).installation(data.shop_id)
    contact = data.settings.current(CONTACT)
    return ShopView(
        timezone=shop.timezone,
        language=shop.language,
        currency=shop.currency,
        country=shop.country,
        opened_at=installation.opened_at if installation else shop.created_at,
        history_complete=shop.history_complete,
        contact=ContactPolicy.model_validate(contact.data if contact else {}),
    )


def past_order(row: HistoryRow) -> PastOrder:
    """An order of the past as rules see it."""
    return PastOrder(
        order_id=row.order_id,
        placed_at=row.placed_at,
        paid_at=row.paid_at,
        total=row.total,
        refunded=row.refunded,
        fully_refunded=row.total.minor > 0 and row.refunded >= row.total,
        cancelled=row.cancelled,
        test=not row.counts,
    )


def _baseline(row: CustomerRow | None) -> Baseline | None:
    if row is None or row.baseline is None:
        return None
    known = row.baseline
    return Baseline(known.orders, known.spent, known.as_of, known.first_order_at)
