"""What the merchant's pages count and list, across the tables of one shop; nothing is changed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select, true

from app.db.actions import CLAIMABLE
from app.db.actions.rows import action_from
from app.db.base import Repository
from app.db.codec import order_from, person_from
from app.db.coupons import is_carried
from app.db.models import actions, coupons, inbox, orders, reviews
from app.domain.actions import WAITING, Action, ActionKind, ActionState
from app.domain.ids import CustomerId, InboxId, PlatformId
from app.domain.snapshots import OrderSnapshot, Person

# When something last became of an action; a row that waits stands where it was planned.
_changed_at = func.coalesce(actions.c.ended_at, actions.c.created_at)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which actions to list. `order_ids` and `customer_id` are alternatives; None: any."""

    automation: str = ""
    states: frozenset[ActionState] = frozenset()
    since: datetime | None = None
    order_ids: tuple[PlatformId, ...] | None = None
    customer_id: CustomerId | None = None
    kinds: frozenset[ActionKind] = frozenset()


@dataclass(frozen=True, slots=True)
class Place:
    """A row's place in the list: newest first, by time and then id."""

    at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class OrderName:
    """An order as a list names it."""

    number: str
    person: Person


@dataclass(frozen=True, slots=True)
class KeptDelivery:
    """A delivery with its body. `sealed_body` is None once it was dropped."""

    id: InboxId
    topic: str
    received_at: datetime  # wall
    note: str
    sealed_body: bytes | None = field(repr=False)


class Reports(Repository):
    """Reports on one shop."""

    def page(
        self,
        wanted: Filter,
        limit: int,
        *,
        older_than: Place | None = None,
        newer_than: Place | None = None,
    ) -> list[Action]:
        """The newest rows, or those next to a place; always newest first."""
        found = [
            action_from(row)
            for which, at in _columns(wanted)
            for row in self._connection.execute(
                _next_to(
                    select(actions).where(*self._conditions(wanted), which),
                    at,
                    older_than,
                    newer_than,
                ).limit(limit)
            )
        ]
        found.sort(key=lambda action: (action.ended_at or action.created_at, action.id))
        return (found[:limit] if newer_than else found[-limit:])[::-1]

    def total(self, wanted: Filter, *, newer_than: Place | None = None) -> int:
        """How many rows there are, or stand before a place."""
        query = select(func.count()).select_from(actions).where(*self._conditions(wanted))
        if newer_than:
            query = query.where(_beyond(newer_than, newer=True))
        return self._connection.execute(query).scalar_one()

    def _conditions(self, wanted: Filter) -> Sequence[ColumnElement[bool]]:
        conditions = [self._mine(actions)]
        if wanted.automation:
            conditions.append(actions.c.automation == wanted.automation)
        if wanted.kinds:
            conditions.append(actions.c.kind.in_(sorted(wanted.kinds)))
        if wanted.states:
            conditions.append(actions.c.state.in_(wanted.states))
        if wanted.since:
            conditions.append(_changed_at >= wanted.since)
        if wanted.order_ids is not None:
            conditions.append(actions.c.order_id.in_(wanted.order_ids))
        if wanted.customer_id is not None:
            conditions.append(actions.c.customer_id == wanted.customer_id)
        return conditions

    def names(self, order_ids: Sequence[PlatformId]) -> dict[PlatformId, OrderName]:
        """Number and person of several orders, in one query. Decrypts: only in a read."""
        query = select(orders.c.platform_id, orders.c.number, orders.c.person).where(
            self._mine(orders), orders.c.platform_id.in_(order_ids)
        )
        return {
            order_id: OrderName(
                number, person_from(self._keyring.open_json(sealed)) if sealed else Person()
            )
            for order_id, number, sealed in self._connection.execute(query)
        }

    def outcomes(self, since: datetime) -> dict[tuple[str, ActionState], int]:
        """Rows per automation and state: those that wait, and those that ended since then."""
        waits = actions.c.state.in_(WAITING)
        counted = select(actions.c.automation, actions.c.state, func.count()).group_by(
            actions.c.automation, actions.c.state
        )
        either = (waits, and_(~waits, actions.c.ended_at >= since))  # two ways into the index
        return {
            (name, ActionState(state)): n
            for which in either
            for name, state, n in self._connection.execute(
                counted.where(self._mine(actions), which)
            )
        }

    def planned(self, until: datetime) -> dict[str, int]:
        """Rows per automation that become due before a business time."""
        query = (
            select(actions.c.automation, func.count())
            .where(self._mine(actions), actions.c.state.in_(CLAIMABLE), actions.c.due_at < until)
            .group_by(actions.c.automation)
        )
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def due_between(
        self, start: datetime, end: datetime, kinds: frozenset[ActionKind] = frozenset()
    ) -> int:
        """Rows, or those of some kinds, that become due in a span of business time."""
        query = select(func.count()).where(
            self._mine(actions),
            actions.c.state.in_(CLAIMABLE),
            actions.c.due_at >= start,
            actions.c.due_at < end,
        )
        if kinds:
            query = query.where(actions.c.kind.in_(sorted(kinds)))
        return self._connection.execute(query).scalar_one()

    def late(self, now: datetime, wall: datetime) -> int:
        """Rows that should have been performed a while ago and wait for nothing else."""
        query = select(func.count()).where(
            self._mine(actions),
            actions.c.state.in_(CLAIMABLE),
            actions.c.due_at < now - timedelta(minutes=15),
            or_(actions.c.not_before.is_(None), actions.c.not_before <= wall),
        )
        return self._connection.execute(query).scalar_one()

    def in_state(self, state: ActionState) -> int:
        """How many rows stand in a state, whenever they came there."""
        query = select(func.count()).where(self._mine(actions), actions.c.state == state)
        return self._connection.execute(query).scalar_one()

    def stars(self, since: datetime) -> tuple[int, int]:
        """Number of reviews received since a time, and the sum of their stars."""
        query = select(func.count(), func.coalesce(func.sum(reviews.c.rating), 0)).where(
            self._mine(reviews), reviews.c.created_at >= since
        )
        count, total = self._connection.execute(query).one()
        return count, int(total)

    def coupons(self, since: datetime) -> tuple[int, int]:
        """Coupons made since a time, and those of them that an order of the customer carries."""
        made = and_(
            self._mine(coupons), coupons.c.state != "planned", coupons.c.created_at >= since
        )
        query = select(func.count()).select_from(coupons).where(made)
        issued = self._connection.execute(query).scalar_one()
        return issued, self._connection.execute(query.where(is_carried())).scalar_one()

    def parked(self, limit: int) -> list[KeptDelivery]:
        """Deliveries that could not be read, newest first."""
        query = (
            select(inbox)
            .where(self._mine(inbox), inbox.c.state == "failed")
            .order_by(inbox.c.id.desc())
            .limit(limit)
        )
        return [_delivery(row) for row in self._connection.execute(query)]

    def delivered(self, limit: int) -> list[KeptDelivery]:
        """Webhook deliveries whose bodies are kept, newest first."""
        query = (
            select(inbox)
            .where(self._mine(inbox), inbox.c.source == "webhook", inbox.c.sealed_body.is_not(None))
            .order_by(inbox.c.received_at.desc(), inbox.c.id.desc())
            .limit(limit)
        )
        return [_delivery(row) for row in self._connection.execute(query)]

    def recent_orders(self, limit: int) -> list[tuple[OrderSnapshot, CustomerId | None]]:
        """The orders placed last, without their persons."""
        query = (
            select(orders.c.doc, orders.c.customer_id)
            .where(self._mine(orders))
            .order_by(orders.c.placed_at.desc(), orders.c.id.desc())
            .limit(limit)
        )
        return [(order_from(row.doc), row.customer_id) for row in self._connection.execute(query)]


def _delivery(row: Row[Any]) -> KeptDelivery:
    return KeptDelivery(row.id, row.topic, row.received_at, row.note or "", row.sealed_body)


def _columns(wanted: Filter) -> list[tuple[ColumnElement[bool], ColumnElement[datetime]]]:
    """Where rows stand, and which stand there: ended ones at their end, others at their beginning.

    Sorting all rows by either would take longer the older a shop is; each of the two has an index.
    Rows of one customer or of some orders are few, and are found by those.
    """
    if wanted.order_ids is not None or wanted.customer_id is not None:
        return [(true(), _changed_at)]
    ended = actions.c.ended_at.is_not(None)
    return [(ended, actions.c.ended_at), (~ended, actions.c.created_at)]


def _next_to(
    query: Select[Any],
    at: ColumnElement[datetime],
    older_than: Place | None,
    newer_than: Place | None,
) -> Select[Any]:
    """The rows next to a place that stand at one column."""
    if newer_than:
        query = query.where(at >= newer_than.at, _beyond(newer_than, newer=True))
        return query.order_by(at, actions.c.id)
    if older_than:
        query = query.where(at <= older_than.at, _beyond(older_than, newer=False))
    return query.order_by(at.desc(), actions.c.id.desc())


def _beyond(place: Place, *, newer: bool) -> ColumnElement[bool]:
    if newer:
        return or_(_changed_at > place.at, and_(_changed_at == place.at, actions.c.id > place.id))
    return or_(_changed_at < place.at, and_(_changed_at == place.at, actions.c.id < place.id))
