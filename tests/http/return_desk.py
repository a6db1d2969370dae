"""Returns in a merchant's shop, asked for and decided as in earnest."""

from typing import Any

from app.db.returns import ReturnRow
from app.domain.actions import ActionState
from app.domain.returns import ReturnOutcome, ReturnReason, ReturnState
from app.pipeline import returns
from app.services.returns import asking, withdrawing
from app.services.returns.asking import Wish
from app.services.returns.withdrawing import Declaration
from tests.http.merchant_shop import MerchantShop, order

DECIDED = {
    ReturnOutcome.APPROVE: ReturnState.APPROVED,
    ReturnOutcome.DECLINE: ReturnState.DECLINED,
    ReturnOutcome.HOLD: ReturnState.HELD,
}
TOLD = Declaration("Jana Malá", "jana@posta.example", "4711", "The whole order", "sk")


def ask(
    shop: MerchantShop,
    n: int,
    reason: ReturnReason = ReturnReason.DEFECTIVE,
    note: str = "",
    *,
    quantity: int = 1,
    **changes: Any,
) -> ReturnRow:
    """Customer n asks to return some of an order; the rules decide as the worker would let them.

    By default it is left to the merchant: defective goods are, by the rules that we start with.
    """
    found = order(n, **changes)
    shop.take(found)
    wish = Wish("11", quantity, reason, note)
    row = asking.submit(shop.deps, shop.shop.id, found.order_id, [wish])
    assert isinstance(row, ReturnRow), row
    return decide(shop, row)


def withdraw(shop: MerchantShop, n: int, **changes: Any) -> ReturnRow:
    """Customer n withdraws from an order."""
    found = order(n, **changes)
    shop.take(found)
    row = withdrawing.withdraw(shop.deps, shop.shop.id, found.order_id, TOLD)
    assert isinstance(row, ReturnRow), row
    return decide(shop, row)


def declare(shop: MerchantShop, told: Declaration = TOLD) -> ReturnRow:
    """Somebody withdraws from an order that nobody finds."""
    return withdrawing.withdraw_unmatched(shop.deps, shop.shop.id, told)


def decide(shop: MerchantShop, row: ReturnRow) -> ReturnRow:
    with shop.write() as data:
        ruling = returns.rule(shop.deps, data, row)
        state = DECIDED[ruling.outcome]
        moved = returns.move(shop.deps, data, row, state, by="rules", ruling=ruling)
    assert moved
    return moved


def now(shop: MerchantShop, row: ReturnRow) -> ReturnRow:
    """As it stands."""
    with shop.read() as data:
        found = data.returns.get(row.id)
    assert found
    return found


def carry_out(shop: MerchantShop, row: ReturnRow) -> None:
    """The store was told of the decision, as the worker tells it."""
    with shop.write() as data:
        action = data.actions.by_key(f"return-update:{row.id}:{row.revision}")
        assert action
        assert data.actions.end(action, ActionState.DONE, action.reason, shop.clock.now())
