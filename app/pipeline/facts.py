"""One snapshot becomes stored facts, new events and plans; inside the interpreting transaction."""

from dataclasses import fields, replace
from datetime import timedelta
from operator import attrgetter

from app.db.inbox import InboxRow
from app.db.orders import StoredOrder
from app.db.tenant import ShopData
from app.domain.events import ReviewPosted, facts_of
from app.domain.ids import CustomerId, PlatformId
from app.domain.merging import (
    is_older,
    lacks_facts,
    merge_delivery,
    merge_fulfilment,
    merge_order,
    merge_product,
    merge_refund,
)
from app.domain.snapshots import (
    BaselineSnapshot,
    ConsentSnapshot,
    ConsentState,
    CustomerSnapshot,
    DeliverySnapshot,
    FulfilmentSnapshot,
    Gone,
    MergedCustomers,
    ObjectKind,
    OrderSnapshot,
    Person,
    PostedReview,
    ProductSnapshot,
    Refresh,
    RefundSnapshot,
    ReturnSnapshot,
    Snapshot,
)
from app.pipeline import returns
from app.pipeline.plan import Planner
from app.pipeline.runtime import Runtime

# The delivery that tells the time of payment is on its way; reading at once would be wasted.
PATIENCE = timedelta(seconds=20)
NOBODY = Person()


class Facts:
    """Takes the snapshots of one inbox row."""

    def __init__(self, rt: Runtime, data: ShopData, row: InboxRow) -> None:
        self._rt = rt
        self._data = data
        self._row = row
        self._now = rt.business.now()
        # What we read ourselves is the truth of that moment; bodies of webhooks may lack things.
        self._read_by_us = row.source != "webhook"
        # Listings may, too, so only what was asked for alone tells when it was read as a whole:
        # then, not now, for it may have waited here while nobody was at work.
        waited = max(rt.wall.now() - row.received_at, timedelta())
        self._read_at = self._now - waited if row.source == "refresh" else None
        self.met_forgotten = False  # whether the row tells of somebody who asked to be forgotten

    def take(self, snapshot: Snapshot) -> None:
        """Store what the snapshot proves and plan what follows from it."""
        match snapshot:
            case OrderSnapshot():
                self._order(snapshot)
            case FulfilmentSnapshot() | RefundSnapshot() | DeliverySnapshot():
                self._part(snapshot)
            case ReturnSnapshot():
                self._return(snapshot)
            case ProductSnapshot():
                known = self._data.products.many([snapshot.product_id]).get(snapshot.product_id)
                self._data.products.save(merge_product(known, snapshot), self._now)
            case CustomerSnapshot():
                self._customer(snapshot)
            case ConsentSnapshot():
                self._consent(snapshot)
            case BaselineSnapshot():
                self._baseline(snapshot)
            case PostedReview():
                self._posted_review(snapshot)
            case Refresh():
                self._refresh(snapshot.kind, snapshot.platform_id)
            case Gone():
                self._gone(snapshot)
            case MergedCustomers():
                self._merged(snapshot)

    def _order(self, new: OrderSnapshot) -> None:
        stored = self._data.orders.get(new.order_id)
        late = stored is not None and is_older(new, stored.order)
        if stored is None:
            new = _first_seen(new)
        merged = merge_order(stored.order if stored else None, new)
        if stored and not late and self._contradicts(stored.order, new, merged):
            self._refresh(ObjectKind.ORDER, new.order_id)
            return
        if stored and late and stored.sealed_person:  # names of an old picture are stale
            customer_id, sealed = stored.customer_id, None
        else:
            customer_id, sealed = self._who(new.person)
        if customer_id is None and stored:
            customer_id = stored.customer_id
        if stored and not late and merged.delivered_at and not stored.order.delivered_at:
            merged = replace(merged, arrival_watched=True)
        self._save(merged, customer_id, sealed, stored.order if stored else None)
        if customer_id:
            if not late:
                self._data.customers.update(customer_id, locale=new.locale, country=new.country)
            if new.checkout_consent:
                self._data.customers.record_consent(
                    customer_id,
                    ConsentSnapshot(ConsentState.SUBSCRIBED, new.placed_at, "checkout"),
                )
        if not lacks_facts(merged):
            self._data.refreshes.needless(ObjectKind.ORDER, new.order_id)
        elif self._row.source != "refresh":
            only_time = not merged.partial and all(r.lines is not None for r in merged.refunds)
            self._refresh(ObjectKind.ORDER, new.order_id, PATIENCE if only_time else timedelta())

    def _contradicts(
        self, stored: OrderSnapshot, new: OrderSnapshot, merged: OrderSnapshot
    ) -> bool:
        """Two bodies of one version that say different things: neither is a basis."""
        if self._read_by_us or new.version is None or new.version != stored.version:
            return False
        return _comparable(merged) != _comparable(stored)

    def _who(self, person: Person) -> tuple[CustomerId | None, bytes | None]:
        """The canonical customer and the sealed person; nobody for the erased."""
        customers = self._data.customers
        if self._is_forgotten(person):
            return None, None
        sealed = customers.seal(person)
        customer_id = customers.resolve(person, self._now, sealed)
        if customer_id and sealed and person.email:
            customers.update(customer_id, sealed=sealed)
        return customer_id, sealed

    def _is_forgotten(self, person: Person) -> bool:
        forgotten = self._data.customers.is_erased(person)
        self.met_forgotten = self.met_forgotten or forgotten
        return forgotten

    def _save(
        self,
        order: OrderSnapshot,
        customer_id: CustomerId | None,
        sealed: bytes | None,
        before: OrderSnapshot | None,
    ) -> None:
        """Write the fold, add the facts that are new, and let the automations answer."""
        anonymous = order if order.person == NOBODY else replace(order, person=NOBODY)
        self._data.orders.save(anonymous, customer_id, sealed, self._read_at)
        new = [e for e in facts_of(anonymous) if self._data.events.add(e, customer_id, self._now)]
        for event in new:
            self._data.journal.write(
                "learned", event.type, self._now, order_id=order.order_id, customer_id=customer_id,
                params={"occurred_at": event.occurred_at.isoformat(), "key": event.key},
            )  # fmt: skip
        if new or before is None or _comparable(before) != _comparable(anonymous):
            self._bring_returns_along(StoredOrder(anonymous, customer_id, self._read_at, sealed))
            Planner(self._rt, self._data).answer(anonymous, customer_id, new)

    def _bring_returns_along(self, stored: StoredOrder) -> None:
        """What an order tells of its returns: a withdrawal in the store, money that went back."""
        if stored.order.draft:
            return
        if stored.order.withdrawal_requested:
            returns.follow_withdrawal(self._rt, self._data, stored)
        returns.follow_refunds(self._rt, self._data, stored)

    def _return(self, seen: ReturnSnapshot) -> None:
        """The store's picture of a return; of an unknown order that is read first, and names it."""
        stored = self._data.orders.get(seen.order_id)
        if stored is None:
            self._refresh(ObjectKind.ORDER, seen.order_id)
            return
        words = returns.words_of(seen) if stored.sealed_person else None  # not of the forgotten
        sealed = self._data.returns.seal(words) if words else None
        returns.follow(self._rt, self._data, seen, stored, sealed)

    def _part(self, part: FulfilmentSnapshot | RefundSnapshot | DeliverySnapshot) -> None:
        stored = self._data.orders.get(part.order_id)
        merged: OrderSnapshot | None = None
        if stored:
            match part:
                case FulfilmentSnapshot():
                    merged = merge_fulfilment(stored.order, part)
                case RefundSnapshot():
                    merged = merge_refund(stored.order, part)
                case DeliverySnapshot():
                    merged = merge_delivery(stored.order, part)
        if stored and stored.sealed_person is None:  # parcels name their receiver
            self.met_forgotten = True
        if stored and merged:
            self._save(merged, stored.customer_id, None, stored.order)
        else:  # the order, or the parcel, is not known yet
            self._refresh(ObjectKind.ORDER, part.order_id)

    def _customer(self, new: CustomerSnapshot) -> None:
        customer_id, sealed = self._who(new.person)
        if customer_id is None:
            return
        self._data.customers.update(
            customer_id, sealed=sealed, locale=new.locale, country=new.country
        )
        if new.consent:
            self._record(customer_id, new.consent)

    def _consent(self, consent: ConsentSnapshot) -> None:
        customers = self._data.customers
        if self._is_forgotten(Person(email=consent.email, customer_id=consent.customer_id)):
            return
        customer_id = None
        if consent.customer_id:
            customer_id = customers.find_platform(consent.customer_id)
        if customer_id is None and consent.email:
            customer_id = customers.find_email(consent.email)
        if customer_id:
            self._record(customer_id, consent)
        elif consent.customer_id:
            self._refresh(ObjectKind.CUSTOMER, consent.customer_id)

    def _record(self, customer_id: CustomerId, consent: ConsentSnapshot) -> None:
        told = consent.at or self._row.triggered_at or self._rt.business.now()
        self._data.customers.record_consent(customer_id, replace(consent, at=told))

    def _baseline(self, baseline: BaselineSnapshot) -> None:
        person = Person(email=baseline.email, customer_id=baseline.customer_id)
        customer_id, _ = self._who(person)
        if customer_id:
            self._data.customers.set_baseline(customer_id, baseline)

    def _posted_review(self, review: PostedReview) -> None:
        """Only of customers whom we know anyway; what came through our own form is no news."""
        if self._is_forgotten(Person(email=review.email)):
            return
        customer_id = self._data.customers.find_email(review.email)
        if customer_id is None:
            return
        if review.product_id in self._data.reviews.products_reviewed_by(customer_id):
            return
        event = ReviewPosted(
            order_id=self._order_with(customer_id, review.product_id),
            occurred_at=review.posted_at,
            key=review.review_id,
            product_id=review.product_id,
        )
        if self._data.events.add(event, customer_id, self._now):
            self._data.journal.write(
                "learned", event.type, self._now, order_id=event.order_id or None,
                customer_id=customer_id, params={"key": event.key},
            )  # fmt: skip

    def _order_with(self, customer_id: CustomerId, product_id: PlatformId) -> PlatformId:
        """The customer's last order with this product, "" if there is none."""
        for past in reversed(self._data.orders.history(customer_id)):
            stored = self._data.orders.get(past.order_id)
            if stored and any(line.product_id == product_id for line in stored.order.lines):
                return past.order_id
        return ""

    def _gone(self, gone: Gone) -> None:
        if gone.kind is ObjectKind.PRODUCT:
            self._data.products.mark_gone(gone.platform_id, self._now)
            return
        if gone.kind is not ObjectKind.ORDER:
            return
        stored = self._data.orders.get(gone.platform_id)
        if stored is None or stored.order.trashed:
            return
        self._save(replace(stored.order, trashed=True), stored.customer_id, None, stored.order)

    def _merged(self, merged: MergedCustomers) -> None:
        kept, _ = self._who(Person(customer_id=merged.kept))
        removed = self._data.customers.find_platform(merged.removed)
        if kept and removed and kept != removed:
            self._data.customers.merge(kept, removed)
        self._refresh(ObjectKind.CUSTOMER, merged.kept)

    def _refresh(
        self, kind: ObjectKind, platform_id: PlatformId, patience: timedelta = timedelta()
    ) -> None:
        due = self._rt.wall.now() + patience
        self._data.refreshes.ask(kind, platform_id, due, patient=bool(patience))
        if not patience:
            self._data.uow.after_commit("refresh", self._data.shop_id)


# What two bodies of one version must agree on; who ordered and when it was paid may be added
# (Shopify's orders/paid has the version of orders/create and tells the time).
_comparable = attrgetter(
    *(f.name for f in fields(OrderSnapshot) if f.name not in ("person", "paid_at"))
)


def _first_seen(order: OrderSnapshot) -> OrderSnapshot:
    """An order that we meet as delivered arrived some time before: its last change may be any.

    Taken for the arrival, a note on an old order would ask for a review of it. What surely came
    before the arrival stands in for it; a change that we watch happen has the right time.
    """
    if order.delivered_at is None or order.delivery_time_known:
        return order
    left = [parcel.created_at for parcel in order.fulfilments if not parcel.cancelled]
    before = order.completed_at or max(left, default=None) or order.paid_at or order.placed_at
    return replace(order, delivered_at=min(before, order.delivered_at))
