"""Two customers turned out to be one: everything is re-pointed, the strictest consent wins."""

from typing import Any

from sqlalchemy import Row, Select, select, update

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
    returns,
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

_PLAIN = (orders, events, actions, messages, journal, reviews, returns, identities)


def merge_customers(scope: Scope, kept: CustomerId, removed: CustomerId) -> None:
    """Make `removed` an alias of `kept`. Runs inside the caller's write transaction.

    Both are held first: a worker that reserves a message for one of them is waited for.
    """
    both = {row.id: row for row in scope.uow.connection.execute(_held(scope, kept, removed))}
    for table in _PLAIN:
        scope.uow.connection.execute(
            update(table)
            .where(table.c.shop_id == scope.shop_id, table.c.customer_id == removed)
            .values(customer_id=kept)
        )
    _merge_coupons(scope, kept, removed)
    _merge_consents(scope, kept, removed)
    _merge_baselines(scope, both[kept], both[removed])
    scope.uow.connection.execute(
        update(customers)
        .where(customers.c.shop_id == scope.shop_id, customers.c.id == removed)
        .values(merged_into=kept, person=None)
    )


def _held(scope: Scope, kept: CustomerId, removed: CustomerId) -> Select[Any]:
    mine = customers.c.shop_id == scope.shop_id
    query = select(customers).where(mine, customers.c.id.in_((kept, removed)))
    return query.order_by(customers.c.id).with_for_update()


def _merge_baselines(scope: Scope, kept: Row[Any], removed: Row[Any]) -> None:
    """What both had bought before our records. Of two days up to which that was counted the later
    one holds: rather an order too few than one counted twice.
    """
    if removed.baseline_as_of is None:
        return
    values = {
        "baseline_orders": removed.baseline_orders,
        "baseline_minor": removed.baseline_minor,
        "baseline_currency": removed.baseline_currency,
        "baseline_as_of": removed.baseline_as_of,
        "baseline_first_at": removed.baseline_first_at,
    }
    if kept.baseline_as_of is not None:
        firsts = [at for at in (kept.baseline_first_at, removed.baseline_first_at) if at]
        same = kept.baseline_currency == removed.baseline_currency
        values = {
            "baseline_orders": kept.baseline_orders + removed.baseline_orders,
            "baseline_minor": kept.baseline_minor + (removed.baseline_minor if same else 0),
            "baseline_as_of": max(kept.baseline_as_of, removed.baseline_as_of),
            "baseline_first_at": min(firsts, default=None),
        }
    mine = customers.c.shop_id == scope.shop_id
    scope.uow.connection.execute(
        update(customers).where(mine, customers.c.id == kept.id).values(**values)
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
