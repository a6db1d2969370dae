"""Two customers turned out to be one: everything is re-pointed, the strictest consent wins."""

from sqlalchemy import select, update

from app.db.base import Scope
from app.db.models import (
    actions,
    consents,
    coupons,
    customers,
    events,
    identities,
    journal,
    messages,
    orders,
    reviews,
)
from app.domain.ids import CustomerId
from app.domain.snapshots import ConsentState

# Strictest first: on a merge nobody becomes mailable who was not.
STRICTNESS = [
    ConsentState.UNSUBSCRIBED,
    ConsentState.PENDING,
    ConsentState.UNKNOWN,
    ConsentState.SUBSCRIBED,
]

_PLAIN = (orders, events, actions, messages, journal, reviews, identities)


def merge_customers(scope: Scope, kept: CustomerId, removed: CustomerId) -> None:
    """Make `removed` an alias of `kept`. Runs inside the caller's write transaction."""
    for table in _PLAIN:
        scope.uow.connection.execute(
            update(table)
            .where(table.c.shop_id == scope.shop_id, table.c.customer_id == removed)
            .values(customer_id=kept)
        )
    _merge_coupons(scope, kept, removed)
    _merge_consents(scope, kept, removed)
    scope.uow.connection.execute(
        update(customers)
        .where(customers.c.shop_id == scope.shop_id, customers.c.id == removed)
        .values(merged_into=kept, person=None)
    )


def _merge_coupons(scope: Scope, kept: CustomerId, removed: CustomerId) -> None:
    """A milestone that both reached stays with each: the code was already given."""
    mine = coupons.c.shop_id == scope.shop_id
    taken = select(coupons.c.milestone_key).where(mine, coupons.c.customer_id == kept)
    scope.uow.connection.execute(
        update(coupons)
        .where(mine, coupons.c.customer_id == removed, coupons.c.milestone_key.not_in(taken))
        .values(customer_id=kept)
    )


def _merge_consents(scope: Scope, kept: CustomerId, removed: CustomerId) -> None:
    mine = consents.c.shop_id == scope.shop_id
    connection = scope.uow.connection
    known = {
        row.source: row
        for row in connection.execute(select(consents).where(mine, consents.c.customer_id == kept))
    }
    for row in connection.execute(
        select(consents).where(mine, consents.c.customer_id == removed)
    ).all():
        other = known.get(row.source)
        if other is None:
            connection.execute(
                update(consents).where(mine, consents.c.id == row.id).values(customer_id=kept)
            )
            continue
        strictest = min(row.state, other.state, key=STRICTNESS.index)
        connection.execute(
            update(consents)
            .where(mine, consents.c.id == other.id)
            .values(state=strictest, at=max(row.at, other.at))
        )
        connection.execute(consents.delete().where(mine, consents.c.id == row.id))
