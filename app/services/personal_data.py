"""One person's data in one shop: where it is, what a file of it holds, how bodies show it."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from app.db.codec import order_doc, person_doc
from app.db.erasure import Traces
from app.db.returns import ReturnRow
from app.db.tenant import ShopData
from app.domain.emails import canonical_email
from app.domain.ids import CustomerId, PlatformId
from app.domain.snapshots import Person

_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")  # as PHP and Python spell letters beyond ASCII
_SHORTEST_PHONE = 6  # digits; a shorter text is found everywhere


@dataclass(frozen=True)
class Marks:
    """What a raw body is recognised by: addresses and numbers as text, ids as values of ids."""

    texts: tuple[str, ...]  # lower case
    ids: re.Pattern[str] | None

    def shown_in(self, body: bytes) -> bool:
        """Whether the body shows the person. Rather a body too many than one too few."""
        plain = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), body.decode(errors="replace"))
        lower = plain.lower()
        if any(text in lower for text in self.texts):
            return True
        return self.ids is not None and self.ids.search(lower) is not None


def traces_of(data: ShopData, person: Person, order_ids: Iterable[PlatformId]) -> Traces:
    """Canonical customers and orders of a person, by address, platform id and named orders."""
    customers: set[CustomerId] = set()
    orders = set(order_ids)
    if person.customer_id and (found := data.customers.find_platform(person.customer_id)):
        customers.add(found)
    if person.email and (found := data.customers.find_email(person.email)):
        customers.add(found)
    for order_id in order_ids:
        stored = data.orders.get(order_id)
        if stored and stored.customer_id:
            customers.add(stored.customer_id)
    for customer in customers:
        orders.update(data.orders.of_customer(customer))
    hashes = {found for customer in customers for found in data.customers.email_hashes(customer)}
    if asked_about := data.customers.email_hash(person.email):
        hashes.add(asked_about)
    traces = Traces(tuple(sorted(customers)), tuple(sorted(orders)), tuple(sorted(hashes)))
    ids = {each.customer_id for each in (person, *_persons(data, traces)) if each.customer_id}
    return replace(traces, platform_ids=tuple(sorted(ids)))


def _persons(data: ShopData, traces: Traces) -> list[Person]:
    return [
        *(data.customers.person(customer) for customer in traces.customers),
        *(data.orders.person(order) for order in traces.orders),
    ]


def addresses_of(data: ShopData, person: Person, traces: Traces) -> frozenset[str]:
    """All e-mail addresses of the person that are known, in canonical form."""
    found = (canonical_email(each.email) for each in (person, *_persons(data, traces)))
    return frozenset(address for address in found if address)


def marks_of(data: ShopData, person: Person, traces: Traces) -> Marks:
    """How to recognise the person in raw bodies."""
    return marks([person, *_persons(data, traces)], traces.orders)


def marks(persons: Iterable[Person], orders: Iterable[PlatformId]) -> Marks:
    """Marks of persons (one under all names and addresses) and of orders."""
    known = list(persons)
    texts = {p.email.strip() for p in known if p.email}
    texts |= {p.phone.strip() for p in known if p.phone and len(p.phone) >= _SHORTEST_PHONE}
    ids = {p.customer_id for p in known if p.customer_id} | set(orders)
    pattern = None
    if ids:
        either = "|".join(re.escape(platform_id.lower()) for platform_id in sorted(ids))
        pattern = re.compile(rf'"[a-z_]*id"\s*:\s*"?(?:gid:[a-z\\/]*/)?(?:{either})\b')
    return Marks(tuple(sorted(text.lower() for text in texts if text)), pattern)


def export_name(traces: Traces, request_id: int) -> str:
    """A file is named after our own number of the customer, never after the person."""
    customer = next(iter(traces.customers), None)
    return f"customer-{customer or 'unknown'}-request-{request_id}.json"


def customer_file(
    data: ShopData, person: Person, traces: Traces, deliveries: Sequence[bytes], now: datetime
) -> dict[str, Any]:
    """All that is known of a person, readable by a person and a machine.

    `deliveries`: what the store sent that shows the person, as long as it is kept as it came.
    """
    email_hash = data.customers.email_hash(person.email)
    return {
        "asked_about": person_doc(person),
        "made_at": now.isoformat(),
        "erased_before": data.customers.is_erased(person),
        "never_written_to": sorted(data.customers.suppressed_scopes(email_hash or "")),
        "customers": [_customer(data, customer) for customer in traces.customers],
        "orders": [_order(data, order) for order in traces.orders],
        "returns": [_return(data, row) for row in data.returns.traced(traces)],
        "received_from_the_store": [_delivery(body) for body in deliveries],
    }


def _delivery(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode(errors="replace")


def _customer(data: ShopData, customer_id: CustomerId) -> dict[str, Any]:
    row = data.customers.get(customer_id)
    return {
        "profile": person_doc(data.customers.person(customer_id)),
        "language": row.locale if row else None,
        "country": row.country if row else None,
        "bought_before": asdict(row.baseline) if row and row.baseline else None,
        "consents": [asdict(consent) for consent in data.customers.consents(customer_id)],
        "messages": [asdict(m) for m in data.messages.all_to(customer_id)],
        "decisions": [
            {
                "what": action.kind,
                "order": action.order_id,
                "state": action.state,
                "reason": action.reason.code,
                "due_at": action.due_at,
                "ended_at": action.ended_at,
            }
            for action in data.actions.of_customer(customer_id)
        ],
        "coupons": [
            {"code": c.code, "state": c.state, "order": c.order_id, "terms": c.terms}
            for c in data.coupons.of_customer(customer_id, data.customers.email_hashes(customer_id))
        ],
    }


def _order(data: ShopData, order_id: PlatformId) -> dict[str, Any]:
    stored = data.orders.get(order_id)
    reviews = data.reviews.of_order(order_id)
    return {
        "order_id": order_id,
        "person": person_doc(data.orders.person(order_id)),
        "order": order_doc(stored.order) if stored else None,
        "events": [asdict(event) for event in data.events.of_order(order_id)],
        "reviews": [
            {
                "product": review.product_id,
                "stars": review.rating,
                "written_at": review.created_at,
                **asdict(data.reviews.words(review)),
            }
            for review in reviews
        ],
    }


def _return(data: ShopData, row: ReturnRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "order": row.order_id,
        "kind": row.kind,
        "state": row.state,
        "requested_at": row.requested_at,
        "decided_at": row.decided_at,
        "ended_at": row.ended_at,
        "items": [asdict(line) for line in data.returns.lines([row.id]).get(row.id, ())],
        "written": asdict(data.returns.words(row)),
    }
