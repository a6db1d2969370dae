"""The dry run: what other rules would have decided, on past returns and past orders.

The same pure functions as in earnest, on pictures of the past:

- A past return is decided as of the day on which it was asked for. Parcels, refunds and other
  returns that came later are left out, by their own times. Approximated: prices, categories and
  tags of products are today's; of the order what has no time of its own (see `domain/rewind.py`).
- A past order is decided as if all of it were asked back, because it is not wanted any more, some
  days after it arrived (or should have). Orders that were never sent, cancelled or not paid are
  left out.

What the present rules would decide on the same picture is compared with what the others would, so
that nothing but the rules makes a difference.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, zip_longest

from app.automations.registry import RETURNS
from app.automations.returns_approval import ReturnsApprovalSettings, case_of, rule_on
from app.db.tenant import ShopData
from app.domain.ids import PlatformId, ShopId
from app.domain.reasons import Reason
from app.domain.returns import ReturnOutcome, Ruling
from app.pipeline.context import shop_view
from app.pipeline.runtime import Runtime
from app.services.backtest.pictures import Event, Pictures

LIMIT = 10_000
EXAMPLES = 20
ASKED_AFTER = 20  # days from arrival on which a past order is asked back

Turn = tuple[ReturnOutcome, ReturnOutcome]  # from → to


@dataclass(frozen=True, slots=True)
class Change:
    """Something that would be decided differently. `name` is the return's or the order's."""

    name: str
    order_id: PlatformId
    is_return: bool
    before: ReturnOutcome
    after: ReturnOutcome
    was: Reason
    because: Reason


@dataclass(frozen=True, slots=True)
class Backtest:
    """What the dry run found. Matrices count from → to; equal ones are unchanged.

    `happened`: how past returns came out in the end → what the other rules would decide.
    `left_out`: orders that nobody could have sent back.
    """

    returns: Mapping[Turn, int]
    orders: Mapping[Turn, int]
    happened: Mapping[Turn, int]
    examples: tuple[Change, ...]
    left_out: int = 0

    @property
    def total(self) -> int:
        """How many were decided anew."""
        return sum(self.returns.values()) + sum(self.orders.values())

    @property
    def changed(self) -> int:
        """How many would be decided differently."""
        turns = chain(self.returns.items(), self.orders.items())
        return sum(count for (before, after), count in turns if before is not after)


def backtest(
    rt: Runtime,
    shop_id: ShopId,
    settings: ReturnsApprovalSettings,
    *,
    limit: int = LIMIT,
    since: datetime | None = None,
    asked_after: int = ASKED_AFTER,
) -> Backtest:
    """Decide the newest past returns and orders, `limit` in all, by the present and other rules."""
    with rt.db.read() as uow:
        data = ShopData(uow, shop_id)
        present = present_settings(data)
        tally = _Tally(present, settings)
        with_orders = present.looks_at_orders or settings.looks_at_orders
        pictures = Pictures(data.past, shop_view(data), present, with_orders=with_orders)
        for event in pictures.returns(limit, since):
            tally.add(event)
        left = limit - tally.total
        for picture in pictures.orders(left, since, timedelta(days=asked_after)):
            tally.add(picture)
    return tally.result()


def present_settings(data: ShopData) -> ReturnsApprovalSettings:
    """What is in force, switched on or not."""
    version = data.settings.current(RETURNS.key)
    return ReturnsApprovalSettings.model_validate(version.data if version else {})


class _Tally:
    """Counts turns and keeps examples of each kind of turn."""

    def __init__(self, present: ReturnsApprovalSettings, other: ReturnsApprovalSettings) -> None:
        self._present, self._other = present, _sharing(present, other)
        self._returns: Counter[Turn] = Counter()
        self._orders: Counter[Turn] = Counter()
        self._happened: Counter[Turn] = Counter()
        self._examples: dict[Turn, list[Change]] = {}
        self._left_out = 0

    @property
    def total(self) -> int:
        """How many were decided."""
        return self._returns.total() + self._orders.total()

    def add(self, event: Event | None) -> None:
        """Decide it by both; None: nobody could have sent it back."""
        if event is None:
            self._left_out += 1
            return
        case = case_of(event.request, event.context, self._present)
        before, after = rule_on(case), rule_on(case.under(self._other))
        turn = before.outcome, after.outcome
        (self._returns if event.is_return else self._orders)[turn] += 1
        if event.came_out:
            self._happened[event.came_out, after.outcome] += 1
        if before.outcome is not after.outcome:
            known = self._examples.setdefault(turn, [])
            if len(known) < EXAMPLES:
                known.append(_change(event, before, after))

    def result(self) -> Backtest:
        """With examples of every kind of turn in turn."""
        rows = chain.from_iterable(zip_longest(*self._examples.values()))
        examples = tuple(change for change in rows if change)[:EXAMPLES]
        return Backtest(self._returns, self._orders, self._happened, examples, self._left_out)


def _sharing(
    present: ReturnsApprovalSettings, other: ReturnsApprovalSettings
) -> ReturnsApprovalSettings:
    """The other settings with the present ones' own rules where they are equal."""
    rules = tuple(
        next((known for known in present.rules if known == rule), rule) for rule in other.rules
    )
    return other.model_copy(update={"rules": rules})


def _change(event: Event, before: Ruling, after: Ruling) -> Change:
    return Change(
        event.name,
        event.context.order.order_id,
        event.is_return,
        before.outcome,
        after.outcome,
        before.reason,
        after.reason,
    )
