"""Returns as a merchant's lists need them: by state and filter, page by page, and counted."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from app.db.base import Repository
from app.db.codec import order_from, person_from
from app.db.models import orders, returns
from app.db.returns import ReturnRow, return_from
from app.domain.ids import CustomerId, PlatformId, ReturnId
from app.domain.reasons import ReasonCode
from app.domain.returns import ReturnOutcome, ReturnState
from app.domain.snapshots import OrderSnapshot


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which returns a list holds. Of the last three, those that are not None must fit."""

    states: frozenset[ReturnState]
    oldest_first: bool = False
    order_ids: tuple[PlatformId, ...] | None = None
    customer_id: CustomerId | None = None
    ids: tuple[ReturnId, ...] | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What the rules decided since some time, and why they left it to the merchant most often."""

    by_rules: int
    held: int
    reason: tuple[ReasonCode, int] | None


class ReturnLists(Repository):
    """Lists of one shop's returns."""

    def page(
        self,
        wanted: Wanted,
        limit: int,
        *,
        after: ReturnId | None = None,
        before: ReturnId | None = None,
    ) -> list[ReturnRow]:
        """The next ones after a return of the list, or the last ones before it, in its order."""
        query = select(returns).where(*self._conditions(wanted))
        rising = wanted.oldest_first is (before is None)
        place = after if before is None else before
        if place is not None:
            query = query.where(returns.c.id > place if rising else returns.c.id < place)
        query = query.order_by(returns.c.id if rising else returns.c.id.desc()).limit(limit)
        rows = [return_from(row) for row in self._connection.execute(query)]
        return rows if before is None else rows[::-1]

    def total(self, wanted: Wanted, *, before: ReturnId | None = None) -> int:
        """How many there are, or how many come before one of them."""
        query = select(func.count()).select_from(returns).where(*self._conditions(wanted))
        if before is not None:
            earlier = returns.c.id < before if wanted.oldest_first else returns.c.id > before
            query = query.where(earlier)
        return self._connection.execute(query).scalar_one()

    def orders(self, ids: Collection[PlatformId]) -> dict[PlatformId, OrderSnapshot]:
        """Several orders with their persons, in one query. Decrypts: only in a read."""
        if not ids:
            return {}
        query = select(orders.c.platform_id, orders.c.doc, orders.c.person).where(
            self._mine(orders), orders.c.platform_id.in_(ids)
        )
        found = {}
        for order_id, doc, sealed in self._connection.execute(query):
            person = person_from(self._keyring.open_json(sealed)) if sealed else None
            order = order_from(doc)
            found[order_id] = replace(order, person=person) if person else order
        return found

    def decided(self, since: datetime) -> Decided:
        """What became of the requests that the rules looked at."""
        # grouped by their labels: PostgreSQL takes the same path with two parameters for two things
        outcome = returns.c.ruling["outcome"].as_string().label("outcome")
        code = returns.c.ruling["reason"]["code"].as_string().label("code")
        looked = (
            self._mine(returns), returns.c.requested_at >= since, returns.c.ruling.is_not(None),
        )  # fmt: skip
        counts = select(outcome, func.count()).where(*looked).group_by("outcome")
        found = {str(each): int(n) for each, n in self._connection.execute(counts)}
        reasons = (
            select(code, func.count())
            .where(*looked, outcome.element == ReturnOutcome.HOLD)
            .group_by("code")
            .order_by(func.count().desc(), "code")
        )
        rows = self._connection.execute(reasons).all()
        codes = {each.value: each for each in ReasonCode}  # another release may have had more
        known = [(codes[code], n) for code, n in rows if code in codes]
        held = found.get(ReturnOutcome.HOLD, 0)
        return Decided(sum(found.values()) - held, held, known[0] if known else None)

    def _conditions(self, wanted: Wanted) -> Sequence[ColumnElement[bool]]:
        conditions = [self._mine(returns), returns.c.state.in_(sorted(wanted.states))]
        if wanted.order_ids is not None:
            conditions.append(returns.c.order_id.in_(wanted.order_ids))
        if wanted.customer_id is not None:
            conditions.append(returns.c.customer_id == wanted.customer_id)
        if wanted.ids is not None:
            conditions.append(returns.c.id.in_(wanted.ids))
        return conditions
