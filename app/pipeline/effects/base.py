"""What an effect is: one thing done outside our database, and how to find out whether it was."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from app.db.shops import Shop
from app.db.tenant import ShopData
from app.domain.actions import Action
from app.domain.decisions import Schedule
from app.domain.ids import PlatformId
from app.domain.reasons import Reason
from app.domain.snapshots import OrderSnapshot
from app.pipeline.runtime import Runtime


@dataclass(frozen=True)
class Work:
    """A claimed action with what its effect needs. `order` holds the person, opened."""

    rt: Runtime
    shop: Shop
    action: Action
    order: OrderSnapshot | None
    now: datetime  # business time

    @property
    def the_order(self) -> OrderSnapshot:
        """The order of an action that has one."""
        if self.order is None:
            raise LookupError(f"action {self.action.id} ({self.action.kind}) has no order")
        return self.order

    @property
    def order_id(self) -> PlatformId:
        """Id of the order."""
        return self.the_order.order_id


def nothing(_data: ShopData) -> None:
    """An effect that leaves nothing to note beside its action row."""


@dataclass(frozen=True)
class Outcome:
    """It was done. `note` runs in the transaction that ends the action; `then` is planned there."""

    reason: Reason
    note: Callable[[ShopData], None] = nothing
    then: tuple[Schedule, ...] = field(default=())


@dataclass(frozen=True)
class Unknowable:
    """Nobody can tell any more whether it was done."""


class Effect(Protocol):
    """One kind of effect."""

    @property
    def repeatable(self) -> bool:
        """Whether an unknowable end is answered by doing it again."""
        ...

    def lookup(self, work: Work) -> Outcome | Unknowable | None:
        """Find out whether it was done already; None: surely not."""
        ...

    def execute(self, work: Work) -> Outcome:
        """Do it. Raises the errors of app/domain/errors.py."""
        ...
