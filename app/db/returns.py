"""Returns of one shop. A change names the revision that it was decided on: the second of two that
decide at once sees that the first was there.
"""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, select, update

from app.db.base import Repository
from app.db.codec import ruling_doc, ruling_from
from app.db.erasure import Traces
from app.db.models import return_lines, returns, shops
from app.domain.ids import CustomerId, PlatformId, ReturnId
from app.domain.money import Money
from app.domain.returns import (
    OPEN_RETURNS,
    ReturnKind,
    ReturnLine,
    ReturnOrigin,
    ReturnReason,
    ReturnState,
    ReturnWords,
    Ruling,
    return_name,
)


@dataclass(frozen=True, slots=True)
class ReturnRow:
    """A return as stored; what the customer wrote is opened with `Returns.words`."""

    id: ReturnId
    number: int
    public_ref: str
    order_id: PlatformId | None
    customer_id: CustomerId | None
    kind: ReturnKind
    origin: ReturnOrigin
    state: ReturnState
    platform_ref: PlatformId | None
    decided_by: str | None
    ruling: Ruling | None
    value: Money
    locale: str | None
    sealed: bytes | None
    email_hash: str | None
    revision: int
    requested_at: datetime
    decided_at: datetime | None
    received_at: datetime | None
    ended_at: datetime | None

    @property
    def name(self) -> str:
        """What people call it: RMA-1001."""
        return return_name(self.number)

    @property
    def open(self) -> bool:
        """Whether it has not come to its end."""
        return self.state in OPEN_RETURNS


@dataclass(frozen=True, slots=True)
class NewReturn:
    """A return to be stored. `sealed` comes from `Returns.seal`, before the transaction."""

    kind: ReturnKind
    origin: ReturnOrigin
    state: ReturnState
    lines: tuple[ReturnLine, ...]
    value: Money
    requested_at: datetime
    order_id: PlatformId | None = None
    customer_id: CustomerId | None = None
    platform_ref: PlatformId | None = None
    locale: str | None = None
    sealed: bytes | None = None
    email_hash: str | None = None


class Returns(Repository):
    """Returns of one shop."""

    def seal(self, words: ReturnWords) -> bytes:
        """Encrypt what was written; before the transaction."""
        return self._keyring.seal_json(asdict(words))

    def words(self, row: ReturnRow) -> ReturnWords:
        """What was written. Decrypts: not inside a write transaction."""
        return ReturnWords(**self._keyring.open_json(row.sealed)) if row.sealed else ReturnWords()

    def add(self, new: NewReturn) -> ReturnRow:
        """Store it under the shop's next number."""
        number = self._connection.execute(
            update(shops)
            .where(shops.c.id == self._shop_id)
            .values(return_count=shops.c.return_count + 1)
            .returning(shops.c.return_count)
        ).scalar_one()
        return_id = self._connection.execute(
            self._insert(
                returns,
                number=number,
                public_ref=secrets.token_hex(16),
                order_id=new.order_id,
                customer_id=new.customer_id,
                kind=new.kind,
                origin=new.origin,
                state=new.state,
                platform_ref=new.platform_ref,
                value_minor=new.value.minor,
                currency=new.value.currency,
                locale=new.locale,
                sealed=new.sealed,
                email_hash=new.email_hash,
                requested_at=new.requested_at,
                revision=1,
            ).returning(returns.c.id)
        ).scalar_one()
        for line in new.lines:
            self._connection.execute(
                self._insert(
                    return_lines,
                    return_id=return_id,
                    line_id=line.line_id,
                    title=line.title,
                    variant=line.variant,
                    quantity=line.quantity,
                    reason=line.reason,
                    value_minor=line.value.minor,
                )
            )
        return self._the(returns.c.id == return_id)

    def change(self, row: ReturnRow, **values: Any) -> ReturnRow | None:
        """Change it if it is still at this revision; None if somebody was faster."""
        if isinstance(values.get("ruling"), Ruling):
            values["ruling"] = ruling_doc(values["ruling"])
        done = self._connection.execute(
            update(returns)
            .where(self._mine(returns), returns.c.id == row.id, returns.c.revision == row.revision)
            .values(revision=row.revision + 1, **values)
        )
        return self._the(returns.c.id == row.id) if done.rowcount else None

    def set_platform_ref(self, return_id: ReturnId, ref: PlatformId) -> ReturnRow | None:
        """The store's own return, once known. If its echo came first and nobody could tell that
        it was ours, a second row stands for it: that one gives way, and is given back.
        """
        twin, gave_way = self.by_platform_ref(ref), None
        if twin and twin.id != return_id:
            gave_way = self.change(twin, platform_ref=None, state=ReturnState.CANCELLED)
        self._connection.execute(
            update(returns)
            .where(self._mine(returns), returns.c.id == return_id)
            .values(platform_ref=ref)
        )
        return gave_way

    def get(self, return_id: ReturnId) -> ReturnRow | None:
        """One return."""
        return self._one(returns.c.id == return_id)

    def by_public_ref(self, public_ref: str) -> ReturnRow | None:
        """The return of a customer's link."""
        return self._one(returns.c.public_ref == public_ref)

    def by_platform_ref(self, ref: PlatformId) -> ReturnRow | None:
        """The counterpart of the store's return."""
        return self._one(returns.c.platform_ref == ref)

    def by_name(self, name: str) -> ReturnRow | None:
        """The return that people call so."""
        digits = name.strip().upper().removeprefix("RMA-")
        if not digits.isdecimal() or len(digits) > 9:
            return None
        return self._one(returns.c.number == int(digits) - 1000)

    def of_order(self, order_id: PlatformId) -> list[ReturnRow]:
        """All of one order, oldest first."""
        return self._all(returns.c.order_id == order_id)

    def unmatched(self, email_hash: str) -> list[ReturnRow]:
        """Withdrawals that were declared with this address and matched no order."""
        return self._all(and_(returns.c.order_id.is_(None), returns.c.email_hash == email_hash))

    def of_customer(self, customer_id: CustomerId) -> list[ReturnRow]:
        """All of one customer, oldest first."""
        return self._all(returns.c.customer_id == customer_id)

    def concerning(self, order_id: PlatformId, customer_id: CustomerId | None) -> list[ReturnRow]:
        """All of the order or its customer, oldest first."""
        if not customer_id:
            return self.of_order(order_id)
        of_either = (returns.c.order_id == order_id, returns.c.customer_id == customer_id)
        query = select(returns).where(self._any_of(returns, *of_either)).order_by(returns.c.id)
        return [return_from(row) for row in self._connection.execute(query)]

    def traced(self, traces: Traces) -> list[ReturnRow]:
        """All of a person, oldest first."""
        found = [row for order_id in traces.orders for row in self.of_order(order_id)]
        found += [row for customer in traces.customers for row in self.of_customer(customer)]
        found += [row for address in traces.email_hashes for row in self.unmatched(address)]
        of_each = {row.id: row for row in found}
        return [of_each[row_id] for row_id in sorted(of_each)]

    def lines(self, ids: Collection[ReturnId]) -> Mapping[ReturnId, tuple[ReturnLine, ...]]:
        """The items of returns."""
        if not ids:
            return {}
        query = (
            select(return_lines, returns.c.currency)
            .join(returns, returns.c.id == return_lines.c.return_id)
            .where(self._mine(return_lines), return_lines.c.return_id.in_(ids))
            .order_by(return_lines.c.id)
        )
        found: dict[ReturnId, tuple[ReturnLine, ...]] = {}
        for row in self._connection.execute(query):
            found[row.return_id] = (*found.get(row.return_id, ()), return_line_from(row))
        return found

    def undecided(self) -> list[ReturnRow]:
        """What the rules have not decided yet, oldest first."""
        return self._all(returns.c.state == ReturnState.REQUESTED)

    def waiting(self, limit: int = 200) -> list[ReturnRow]:
        """What is left to the merchant, oldest first."""
        query = (
            select(returns)
            .where(self._mine(returns), returns.c.state == ReturnState.HELD)
            .order_by(returns.c.id)
            .limit(limit)
        )
        return [return_from(row) for row in self._connection.execute(query)]

    def counts(self) -> Mapping[ReturnState, int]:
        """How many stand where."""
        query = (
            select(returns.c.state, func.count())
            .where(self._mine(returns))
            .group_by(returns.c.state)
        )
        return {ReturnState(state): n for state, n in self._connection.execute(query)}

    def asked(self, since: datetime) -> int:
        """How many were asked for since a time."""
        query = select(func.count()).where(self._mine(returns), returns.c.requested_at >= since)
        return self._connection.execute(query).scalar_one()

    def _all(self, which: ColumnElement[bool]) -> list[ReturnRow]:
        query = select(returns).where(self._mine(returns), which).order_by(returns.c.id)
        return [return_from(row) for row in self._connection.execute(query)]

    def _one(self, which: ColumnElement[bool]) -> ReturnRow | None:
        row = self._connection.execute(select(returns).where(self._mine(returns), which)).first()
        return return_from(row) if row else None

    def _the(self, which: ColumnElement[bool]) -> ReturnRow:
        row = self._connection.execute(select(returns).where(self._mine(returns), which)).one()
        return return_from(row)


def return_from(row: Row[Any]) -> ReturnRow:
    """A row of the table."""
    return ReturnRow(
        id=ReturnId(row.id),
        number=row.number,
        public_ref=row.public_ref,
        order_id=row.order_id,
        customer_id=row.customer_id,
        kind=ReturnKind(row.kind),
        origin=ReturnOrigin(row.origin),
        state=ReturnState(row.state),
        platform_ref=row.platform_ref,
        decided_by=row.decided_by,
        ruling=ruling_from(row.ruling) if row.ruling else None,
        value=Money(row.value_minor, row.currency),
        locale=row.locale,
        sealed=row.sealed,
        email_hash=row.email_hash,
        revision=row.revision,
        requested_at=row.requested_at,
        decided_at=row.decided_at,
        received_at=row.received_at,
        ended_at=row.ended_at,
    )


def return_line_from(row: Row[Any]) -> ReturnLine:
    """A row of the items' table with the currency of its return."""
    return ReturnLine(
        row.line_id,
        row.title,
        row.quantity,
        ReturnReason(row.reason),
        Money(row.value_minor, row.currency),
        row.variant,
    )
