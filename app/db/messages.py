"""Who was written to and when: the contact budget and the record of Message-IDs."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update

from app.db.base import Repository
from app.db.models import messages
from app.domain.actions import ActionKind
from app.domain.ids import ActionId, CustomerId


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A marketing-like message to a customer."""

    kind: ActionKind
    at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """Any message to a customer, as a file of their data shows it."""

    kind: ActionKind
    at: datetime
    state: str


class Messages(Repository):
    """Messages of one shop. Reserved in the claim transaction, so that a budget holds."""

    def reserve(
        self,
        action_id: ActionId,
        customer_id: CustomerId | None,
        kind: ActionKind,
        message_id: str,
        now: datetime,
        *,
        marketing: bool,
    ) -> None:
        """Count the message from now on; repeated for one action it stays one."""
        self._connection.execute(
            self._insert(
                messages,
                action_id=action_id,
                customer_id=customer_id,
                kind=kind,
                marketing=marketing,
                message_id=message_id,
                state="reserved",
                at=now,
            ).on_conflict_do_update(
                index_elements=["shop_id", "action_id"], set_={"state": "reserved", "at": now}
            )
        )

    def settle(self, action_id: ActionId, state: str) -> None:
        """Sent, uncertain or refused."""
        self._connection.execute(
            update(messages)
            .where(self._mine(messages), messages.c.action_id == action_id)
            .values(state=state)
        )

    def release(self, action_id: ActionId) -> None:
        """It was not sent after all: give the budget back."""
        self._connection.execute(
            delete(messages).where(
                self._mine(messages),
                messages.c.action_id == action_id,
                messages.c.state == "reserved",
            )
        )

    def marketing_to(self, customer_id: CustomerId, since: datetime) -> list[MessageRow]:
        """What was or may have been sent to a customer since a business time."""
        query = (
            select(messages.c.kind, messages.c.at)
            .where(
                self._mine(messages),
                messages.c.customer_id == customer_id,
                messages.c.marketing.is_(True),
                messages.c.state != "refused",
                messages.c.at >= since,
            )
            .order_by(messages.c.at)
        )
        return [MessageRow(ActionKind(kind), at) for kind, at in self._connection.execute(query)]

    def all_to(self, customer_id: CustomerId) -> list[Message]:
        """Everything that was or may have been sent to a customer, oldest first."""
        query = (
            select(messages.c.kind, messages.c.at, messages.c.state)
            .where(self._mine(messages), messages.c.customer_id == customer_id)
            .order_by(messages.c.at)
        )
        rows = self._connection.execute(query)
        return [Message(ActionKind(kind), at, state) for kind, at, state in rows]

    def sent_since(self, since: datetime) -> list[datetime]:
        """Times of all marketing mails of the shop since a business time."""
        query = (
            select(messages.c.at)
            .where(self._mine(messages), messages.c.marketing.is_(True), messages.c.at >= since)
            .order_by(messages.c.at)
        )
        return [at for (at,) in self._connection.execute(query)]

    def last_by_state(self, among: int) -> dict[str, datetime]:
        """When a mail last came to each state, among the newest ones."""
        query = (
            select(messages.c.state, messages.c.at)
            .where(self._mine(messages))
            .order_by(messages.c.at.desc())
            .limit(among)
        )
        found: dict[str, datetime] = {}
        for state, at in self._connection.execute(query):
            found.setdefault(state, at)
        return found

    def count(self, up_to: int) -> int:
        """How many marketing mails the shop ever sent, counted so far only (new shops are slowed
        down, and old ones have too many to count each time).
        """
        some = select(messages.c.id).where(self._mine(messages), messages.c.marketing.is_(True))
        query = select(func.count()).select_from(some.limit(up_to).subquery())
        return self._connection.execute(query).scalar_one()
