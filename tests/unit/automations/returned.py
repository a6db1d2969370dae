"""Orders, requests and customers for tests of returns, from a few facts in plain words."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.automations.base import Context
from app.automations.returns_approval import ReturnsApproval, ReturnsApprovalSettings
from app.domain.money import Money
from app.domain.returns import (
    PastReturn,
    ReturnItem,
    ReturnKind,
    ReturnOrigin,
    ReturnReason,
    ReturnRequest,
    ReturnState,
    Ruling,
)
from app.domain.snapshots import FulfilmentSnapshot, Line, OrderSnapshot, ProductSnapshot
from tests.unit.automations.world import (
    bought,
    context,
    customer,
    day,
    eur,
    line,
    order,
    parcel,
    refund,
)

RETURNS = ReturnsApproval()


def settings(**changes: Any) -> ReturnsApprovalSettings:
    """Ours, with changes as a form or a file writes them."""
    return ReturnsApprovalSettings.model_validate(changes)


def rules(*own: Mapping[str, Any], otherwise: str = "approve") -> ReturnsApprovalSettings:
    """Only these rules."""
    return settings(rules=own, otherwise=otherwise)


def request(asked: float = 13, *items: ReturnItem, **changes: Any) -> ReturnRequest:
    """One mug that is not wanted any more."""
    bare = ReturnRequest(
        ReturnKind.RETURN,
        ReturnOrigin.CUSTOMER,
        day(asked),
        items or (ReturnItem("line-1", 1, ReturnReason.UNWANTED),),
    )
    return replace(bare, **changes)


def past(
    asked: float, name: str = "RMA-1001", order_id: str = "order-2", **changes: Any
) -> PastReturn:
    """An earlier return of another order; approved, and of one piece of line 1."""
    bare = PastReturn(
        name,
        order_id,
        ReturnKind.RETURN,
        ReturnState.APPROVED,
        day(asked),
        (ReturnItem("line-1", 1, ReturnReason.UNWANTED),),
    )
    return replace(bare, **changes)


def product(number: int = 1, **changes: Any) -> ProductSnapshot:
    return replace(ProductSnapshot(f"product-{number}", f"Mug {number}", None), **changes)


def decided(asked: ReturnRequest, given: Context) -> Ruling:
    return RETURNS.decide_request(asked, given)


# from the facts of a case


def from_facts(facts: Mapping[str, Any]) -> tuple[ReturnRequest, Context]:
    """The request and the world of one row of the table; every fact must be understood."""
    left = dict(facts)
    world = _World(left)
    built = world.request(), world.context()
    assert not left, f"unknown facts: {', '.join(left)}"
    return built


class _World:
    """Takes each fact out of the row as it uses it, so that a misspelt one is left over."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.facts = facts
        self.take = facts.pop
        self.lines = int(self.take("lines", 1))
        self.asked = float(self.take("asked"))
        self.now = float(self.take("now", self.asked))

    def request(self) -> ReturnRequest:
        count, quantity = self.take("items", 1), self.take("quantity", 1)
        reasons = self.take("reasons", [self.take("reason", "unwanted")] * count)
        items = tuple(
            ReturnItem(f"line-{n + 1}", quantity, ReturnReason(reasons[n])) for n in range(count)
        )
        return request(self.asked, *items, kind=ReturnKind(self.take("kind", "return")))

    def context(self) -> Context:
        own = {"rules": self.take("rules")} if "rules" in self.facts else {}
        names = ("otherwise", "not_covered_products", "not_covered_tags", "not_covered_digital")
        own |= {name: self.take(name) for name in names if name in self.facts}
        products = {} if self.take("unread", False) else self._products()
        return context(
            day(self.now),
            settings(**own),
            order=self._order(),
            customer=customer(orders=tuple(bought(n + 1) for n in range(self.take("orders", 1)))),
            products=products,
            returns=self._returns(),
        )

    def _products(self) -> dict[str, ProductSnapshot]:
        regular = self.take("regular_price", None)
        changes = {
            "categories": tuple(self.take("categories", ())),
            "tags": tuple(self.take("tags", ())),
            "regular_prices": {"": eur(regular)} if regular else {},
        }
        return {f"product-{n}": product(n, **changes) for n in range(1, self.lines + 1)}

    def _order(self) -> OrderSnapshot:
        lines = tuple(self._line(n) for n in range(1, self.lines + 1))
        refunds = ()
        if count := self.take("refunded", 0):
            refunds = (refund(100, {"line-1": count}),)
        if self.take("refunded_all", False):
            refunds = (refund(2000, {}),)
        cancelled = self.take("cancelled", None)
        guess, completed = self.take("delivered_guess", None), self.take("completed", None)
        return order(
            country=self.take("country", "SK") or None,
            paid=self.take("paid", True),
            in_person=self.take("in_person", False),
            coupon_codes=("THANKS",) if self.take("coupon", False) else (),
            cancelled_at=None if cancelled is None else day(cancelled),
            completed_at=None if completed is None else day(completed),
            delivered_at=None if guess is None else day(guess),
            delivery_time_known=guess is None,
            total=eur(self._total),
            lines=lines,
            fulfilments=self._parcels(),
            refunds=refunds,
        )

    def _line(self, number: int) -> Line:
        if number == 1:
            self._total = self.take("paid_total", 20)
            self._unit = self.take("unit_price", None)
            self._shape = {
                "quantity": self.take("bought", 1),
                "ships": not self.take("digital", False),
                "is_gift_card": self.take("gift_card", False),
            }
            self._currency = self.take("currency", "EUR")
        return line(
            number,
            sku=f"sku-{number}",
            total=Money(self._total * 100, self._currency),
            unit_price=None if self._unit is None else eur(self._unit),
            **self._shape,
        )

    def _parcels(self) -> tuple[FulfilmentSnapshot, ...]:
        arrived, left = self.take("arrived", [3] * self.lines), self.take("left", None)
        if arrived == "not sent":
            return ()
        days = arrived if isinstance(arrived, list) else [arrived]
        leaving = left or [1] * len(days)
        return tuple(
            parcel(
                n + 1,
                created_at=day(leaving[n]),
                delivered_at=None if isinstance(at, str) else day(at),
            )
            for n, at in enumerate(days)
        )

    def _returns(self) -> Sequence[PastReturn]:
        kind = ReturnKind(self.take("earlier_kind", "return"))
        state = ReturnState(self.take("earlier_state", "refunded"))
        earlier = [
            past(at, f"RMA-{n + 1}", f"order-{n + 2}", kind=kind, state=state)
            for n, at in enumerate(self.take("earlier", ()))
        ]
        same = [
            past(2, f"RMA-9{n}", "order-1", state=ReturnState(word))
            for n, word in enumerate(self.take("same_order", ()))
        ]
        return (*earlier, *same)
