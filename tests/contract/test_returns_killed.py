"""A process killed between any two steps of a return: one return in the store, one decision, and
the customer hears of it.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from app.db.returns import ReturnRow
from app.domain.actions import Action, ActionKind, ActionState
from app.domain.ids import ActionId
from app.domain.returns import ReturnKind, ReturnReason, ReturnState
from app.pipeline.perform import perform
from app.services.returns import asking, withdrawing
from tests.contract.effects_world import World
from tests.pipeline.stands import standing
from tests.support import switch_on

TOLD = withdrawing.Declaration("Jana Nová", "jana@example.sk", "4711", "")


class ReturnsWorld(World):
    """Each `prepare` makes one more return of a customer of its own, up to the wanted action."""

    order_id = ""

    def ready(self) -> "ReturnsWorld":
        switch_on(self.harness, self.shop_id, "returns_approval", {"rules": []})
        return self

    def prepare(self, kind: ActionKind) -> ActionId:
        self.next_customer()
        self.order_id = self.delivered()
        if kind is ActionKind.WITHDRAWAL_RECEIPT_MAIL:
            row = withdrawing.withdraw(self.deps, self.shop_id, self.order_id, TOLD)
        else:
            portal = asking.find(self.deps, self.shop_id, self.order_id)
            assert isinstance(portal, asking.Portal)
            line = portal.order.lines[0].line_id
            wish = asking.Wish(line, 1, ReturnReason.TOO_SMALL, "too small")
            row = asking.submit(self.deps, self.shop_id, self.order_id, [wish])
        assert isinstance(row, ReturnRow)
        self.harness.jobs.clear()
        for _ in range(4):
            for action in self._actions():
                if action.kind is kind:
                    return action.id
                if action.kind.startswith("return_") and action.state is ActionState.PLANNED:
                    perform(self.deps, self.shop_id, action.id)
            self.harness.jobs.clear()
        raise AssertionError(f"no {kind} was planned: {self._actions()}")

    def _actions(self) -> list[Action]:
        with self.harness.shop(self.shop_id) as data:
            return data.actions.of_order(self.order_id)

    def row(self) -> ReturnRow:
        with self.harness.shop(self.shop_id) as data:
            (row,) = data.returns.of_order(self.order_id)
        return row

    def mails(self, kind: ActionKind) -> int:
        return sum(self.sendings(action) for action in self._actions() if action.kind is kind)

    def journal_of(self, verb: str) -> int:
        with self.harness.shop(self.shop_id) as data:
            lines = data.journal.of_order(self.order_id)
        return sum(line.verb == verb and line.what == "return" for line in lines)


@pytest.fixture
def make_world(tmp_path: Path, database_url: str) -> Iterator[Callable[[str], ReturnsWorld]]:
    with ExitStack() as stack:

        def make(platform: str) -> ReturnsWorld:
            stand = stack.enter_context(standing(platform, tmp_path, database_url))
            return ReturnsWorld(stand).ready()

        yield make


@pytest.mark.parametrize("platform", ["woocommerce", "shopify"])
@pytest.mark.parametrize(
    "kind",
    [
        ActionKind.RETURN_OPEN,
        ActionKind.RETURN_DECIDE,
        ActionKind.RETURN_UPDATE,
        ActionKind.RETURN_APPROVED_MAIL,
    ],
)
def test_a_return_is_in_the_store_once_decided_once_and_told(
    make_world: Callable[[str], ReturnsWorld], platform: str, kind: ActionKind
) -> None:
    world = make_world(platform)
    for at in count():
        assert at < 60
        action_id = world.prepare(kind)
        died = world.die_performing(action_id, at)
        world.go_on()
        row = world.row()
        where = f"killed at step {at + 1} of {kind}"
        assert row.state is ReturnState.APPROVED, where
        assert world.returns(world.order_id) == ["open" if platform == "shopify" else "approved"], (
            where
        )
        assert world.journal_of("approved") == 1, where
        assert world.mails(ActionKind.RETURN_APPROVED_MAIL) == 1, where
        assert row.platform_ref, where
        if not died:
            return


@pytest.mark.parametrize("platform", ["woocommerce", "shopify"])
def test_the_receipt_of_a_withdrawal_goes_out(
    make_world: Callable[[str], ReturnsWorld], platform: str
) -> None:
    world, kind = make_world(platform), ActionKind.WITHDRAWAL_RECEIPT_MAIL
    for at in count():
        action_id = world.prepare(kind)
        died = world.die_performing(action_id, at)
        world.go_on()
        assert world.row().kind is ReturnKind.WITHDRAWAL
        assert world.mails(kind) == 1, f"killed at step {at + 1}"
        if not died:
            return
