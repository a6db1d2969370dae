"""What holds for every request, every order of rules and every picture."""

import itertools
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import assume, given
from hypothesis import settings as trials
from hypothesis import strategies as st

from app.automations.base import Context
from app.automations.returns_approval import ReturnsApprovalSettings, prospects
from app.automations.returns_approval.ruling import OTHERWISE, STATUTORY
from app.domain.parcels import is_all_delivered, last_arrival
from app.domain.returns import (
    PastReturn,
    ReturnItem,
    ReturnKind,
    ReturnOrigin,
    ReturnOutcome,
    ReturnReason,
    ReturnRequest,
    ReturnState,
    Ruling,
)
from app.domain.snapshots import OrderSnapshot, ProductSnapshot
from tests.unit.automations.returned import decided, past, product, settings
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

# The calendar of a country is read when its first holiday is asked for.
IN_ITS_TIME = trials(deadline=None)

WORTH = {ReturnOutcome.DECLINE: 0, ReturnOutcome.HOLD: 1, ReturnOutcome.APPROVE: 2}
PROTECTED = ("SK", "DE", "TR", "GB", "NO")
OUTCOMES = st.sampled_from(["approve", "decline", "hold"])
REFUSALS = st.sampled_from(["decline", "hold"])


def _rule(kind: str, outcome: Any = OUTCOMES, **fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"kind": st.just(kind), "on": st.booleans(), "outcome": outcome, **fields}
    )


TIMELESS = (
    _rule("not_sent", REFUSALS),
    _rule("products", products=st.lists(st.sampled_from(["product-1", "product-2", "x"]))),
    _rule("categories", categories=st.lists(st.sampled_from(["Mugs", "Hats"]))),
    _rule("tags", tags=st.lists(st.sampled_from(["final-sale", "new"]))),
    _rule("sale", REFUSALS),
    _rule("discount", REFUSALS, percent=st.integers(0, 100)),
    _rule("reasons", reasons=st.lists(st.sampled_from(list(ReturnReason)))),
    _rule("value", amount=st.integers(0, 60)),
    _rule("country", countries=st.lists(st.sampled_from(["SK", "US"]))),
    _rule("share", percent=st.integers(0, 100), least_orders=st.integers(1, 4)),
    _rule("photo"),
)
WINDOW = _rule(
    "window", days=st.integers(1, 60), start=st.sampled_from(["order", "fulfilment", "delivery"])
)
COUNT = _rule("returns", count=st.integers(0, 3), days=st.integers(1, 60))
ANY_RULE = st.one_of(WINDOW, COUNT, *TIMELESS)
SETTINGS = st.builds(
    settings,
    rules=st.lists(ANY_RULE, max_size=7),
    otherwise=OUTCOMES,
    not_covered_tags=st.lists(st.sampled_from(["final-sale", "new"]), max_size=1),
    not_covered_digital=st.booleans(),
)

LINES = st.lists(
    st.builds(
        dict,
        quantity=st.integers(1, 3),
        ships=st.sampled_from([True, True, True, False]),
        is_gift_card=st.sampled_from([False, False, False, True]),
        unit_price=st.sampled_from([None, eur(20), eur(30)]),
    ),
    min_size=1,
    max_size=2,
).map(lambda own: tuple(line(n + 1, **facts) for n, facts in enumerate(own)))
PRODUCTS = st.dictionaries(
    st.sampled_from(["product-1", "product-2"]),
    st.sampled_from([(), ("final-sale",), ("new",)]),
).map(
    lambda known: {
        pid: product(int(pid[-1]), tags=tags, categories=("Mugs",), regular_prices={"": eur(25)})
        for pid, tags in known.items()
    }
)
PARCELS = st.lists(st.one_of(st.none(), st.floats(1, 30)), max_size=2).map(
    lambda arrivals: tuple(
        parcel(n + 1, delivered_at=None if at is None else day(at)) for n, at in enumerate(arrivals)
    )
)
COUNTRIES = st.sampled_from([*PROTECTED, "US", None])
ORDERS = st.builds(
    order,
    lines=LINES,
    fulfilments=PARCELS,
    country=COUNTRIES,
    fully_fulfilled=st.booleans(),
    in_person=st.sampled_from([False, False, False, True]),
    paid=st.sampled_from([True, True, True, False]),
    coupon_codes=st.sampled_from([(), ("THANKS",)]),
    cancelled_at=st.sampled_from([None, None, None, day(2)]),
    delivered_at=st.sampled_from([None, None, day(1), day(9)]),
    delivery_time_known=st.booleans(),
    refunds=st.sampled_from([(), (refund(100, {"line-1": 1}),)]),
)
ITEMS = st.lists(
    st.builds(
        ReturnItem,
        line_id=st.sampled_from(["line-1", "line-1", "line-2"]),
        quantity=st.integers(1, 2),
        reason=st.sampled_from(list(ReturnReason)),
    ),
    min_size=1,
    max_size=2,
).map(tuple)
EARLIER = st.lists(
    st.builds(
        past,
        asked=st.floats(-60, 70),
        order_id=st.sampled_from(["order-1", "order-2", "order-3"]),
        kind=st.sampled_from(list(ReturnKind)),
        state=st.sampled_from(list(ReturnState)),
    ),
    max_size=4,
).map(tuple)


def _request(items: tuple[ReturnItem, ...], asked: float, kind: ReturnKind) -> ReturnRequest:
    return ReturnRequest(kind, ReturnOrigin.CUSTOMER, day(asked), items)


REQUESTS = st.builds(_request, items=ITEMS, asked=st.floats(0, 80), kind=st.just(ReturnKind.RETURN))


def _world(
    own: ReturnsApprovalSettings,
    placed: OrderSnapshot,
    products: dict[str, ProductSnapshot],
    returns: tuple[PastReturn, ...],
) -> Context:
    history = tuple(bought(n) for n in range(1, 4))
    return context(
        day(80),
        own,
        order=placed,
        products=products,
        returns=returns,
        customer=customer(orders=history),
    )


WORLDS = st.builds(_world, own=SETTINGS, placed=ORDERS, products=PRODUCTS, returns=EARLIER)


def _excepted(asked: ReturnRequest, world: Context) -> bool:
    """Whether the merchant calls every item excepted from withdrawal; told apart from the code."""
    own = world.settings
    assert isinstance(own, ReturnsApprovalSettings)
    lines = {bought_line.line_id: bought_line for bought_line in world.order.lines}

    def is_excepted(item: ReturnItem) -> bool:
        bought_line = lines[item.line_id]
        known = world.products.get(bought_line.product_id or "")
        by_tag = bool(known and set(known.tags) & set(own.not_covered_tags))
        digital = not bought_line.ships and not bought_line.is_gift_card
        return by_tag or (own.not_covered_digital and digital)

    return all(is_excepted(item) for item in asked.items)


@IN_ITS_TIME
@given(REQUESTS, WORLDS)
def test_nothing_is_declined_inside_the_statutory_period(
    asked: ReturnRequest, world: Context
) -> None:
    placed = world.order
    assume((placed.country or world.shop.country) in PROTECTED and not placed.in_person)
    assume({item.line_id for item in asked.items} <= {own.line_id for own in placed.lines})
    assume(not _excepted(asked, world))
    if any(own.ships for own in placed.lines):
        arrived = last_arrival(placed) if is_all_delivered(placed) else None
    else:
        arrived = placed.placed_at
    # thirteen days are inside fourteen by any clock; without an arrival there is no end
    assume(arrived is None or asked.requested_at <= arrived + timedelta(days=13))
    assert decided(asked, world).outcome is not ReturnOutcome.DECLINE


@IN_ITS_TIME
@given(st.builds(replace, REQUESTS, kind=st.just(ReturnKind.WITHDRAWAL)), WORLDS)
def test_a_withdrawal_is_never_declined(asked: ReturnRequest, world: Context) -> None:
    ruling = decided(asked, world)
    assert ruling.outcome is not ReturnOutcome.DECLINE
    assert ruling.decided_by in (STATUTORY, "goods")


def _settled(world: Context, own: list[dict[str, Any]], otherwise: str) -> Context:
    """Under these rules; earlier returns are so long ago that no day makes a difference to them."""
    returns = tuple(replace(known, requested_at=day(-100)) for known in world.returns)
    return replace(world, settings=settings(rules=own, otherwise=otherwise), returns=returns)


DAYS = st.lists(st.floats(0, 80), min_size=2, max_size=2).map(sorted)
LASTING = st.lists(st.one_of(WINDOW, WINDOW, *TIMELESS), max_size=6)


@IN_ITS_TIME
@given(LASTING, OUTCOMES, WORLDS, REQUESTS, DAYS)
def test_what_is_approved_on_a_day_is_approved_on_every_earlier_day(
    own: list[dict[str, Any]],
    otherwise: str,
    world: Context,
    asked: ReturnRequest,
    days: list[float],
) -> None:
    world = _settled(world, own, otherwise)
    before, after = (decided(replace(asked, requested_at=day(at)), world) for at in days)
    if after.outcome is ReturnOutcome.APPROVE:
        assert before.outcome is ReturnOutcome.APPROVE


@IN_ITS_TIME
@given(LASTING, OUTCOMES, WORLDS, REQUESTS, DAYS)
def test_the_window_alone_never_makes_a_later_day_better(
    own: list[dict[str, Any]],
    otherwise: str,
    world: Context,
    asked: ReturnRequest,
    days: list[float],
) -> None:
    declining = [
        {**rule, "outcome": "decline"} if rule["kind"] == "window" else rule for rule in own
    ]
    world = _settled(world, declining, otherwise)
    before, after = (decided(replace(asked, requested_at=day(at)), world) for at in days)
    assert WORTH[before.outcome] >= WORTH[after.outcome]


@IN_ITS_TIME
@given(REQUESTS, WORLDS)
def test_the_same_is_decided_from_the_same(asked: ReturnRequest, world: Context) -> None:
    first = decided(asked, world)
    stored = ReturnsApprovalSettings.model_validate_json(world.settings.model_dump_json())
    late = replace(world, settings=stored, now=world.now + timedelta(days=30))
    assert decided(asked, late) == first


@IN_ITS_TIME
@given(st.sampled_from(list(ReturnKind)), REQUESTS, WORLDS)
def test_the_trace_explains_the_outcome(
    kind: ReturnKind, asked: ReturnRequest, world: Context
) -> None:
    ruling = decided(replace(asked, kind=kind), world)
    *passed, last = ruling.findings
    assert [finding.outcome for finding in passed] == [None] * len(passed)
    assert (last.rule, last.outcome) == (ruling.decided_by, ruling.outcome)
    assert last.softened or ruling.reason == last.saw
    own = world.settings
    assert isinstance(own, ReturnsApprovalSettings)
    active = {name: rule for name, rule in own.named_rules() if rule.on and not rule.idle}
    tried = [f.rule for f in ruling.findings if f.rule in active]
    assert tried == list(active)[: len(tried)]  # in the merchant's order, none left out
    configured = {name: rule.outcome for name, rule in active.items()} | {OTHERWISE: own.otherwise}
    if last.softened:
        assert configured[last.rule] is ReturnOutcome.DECLINE
        assert last.outcome is ReturnOutcome.HOLD
    elif last.rule in configured and last.outcome is not ReturnOutcome.HOLD:
        assert configured[last.rule] is last.outcome


@IN_ITS_TIME
@given(st.data(), REQUESTS, WORLDS)
def test_the_order_of_rules_matters_only_among_those_that_fit(
    data: st.DataObject, asked: ReturnRequest, world: Context
) -> None:
    own = world.settings
    assert isinstance(own, ReturnsApprovalSettings)

    def under(rules: Sequence[Any]) -> Ruling:
        return decided(asked, replace(world, settings=own.model_copy(update={"rules": rules})))

    fits = [
        index
        for index, rule in enumerate(own.rules)
        if under((rule,)).decided_by not in (OTHERWISE, "goods")
    ]
    shuffled = data.draw(st.permutations(range(len(own.rules))))
    in_order = itertools.chain(fits)
    kept = [next(in_order) if index in fits else index for index in shuffled]
    before, after = under(own.rules), under([own.rules[index] for index in kept])
    assert (after.outcome, after.reason) == (before.outcome, before.reason)


@IN_ITS_TIME
@given(SETTINGS)
def test_settings_survive_storing_and_keep_what_they_do_not_know(
    own: ReturnsApprovalSettings,
) -> None:
    stored = json.loads(json.dumps(own.model_dump(mode="json")))
    assert ReturnsApprovalSettings.model_validate(stored) == own
    stored["from_a_newer_release"] = {"deep": [1]}
    for rule in stored["rules"]:
        rule["least_photos"] = 2
    stored["rules"].append({"kind": "photo", "outcome": "ask", "on": True, "least": 2})
    newer = ReturnsApprovalSettings.model_validate(stored)
    assert newer.model_dump(mode="json") == stored


@IN_ITS_TIME
@given(WORLDS)
def test_what_is_offered_beforehand_is_not_refused_afterwards(world: Context) -> None:
    own = world.settings
    assert isinstance(own, ReturnsApprovalSettings)
    now = day(20)
    told = prospects(replace(world, now=now))
    for prospect in told.lines:
        for_each_reason = [
            decided(
                ReturnRequest(
                    ReturnKind.RETURN,
                    ReturnOrigin.CUSTOMER,
                    now,
                    (ReturnItem(prospect.line_id, 1, reason),),
                ),
                world,
            )
            for reason in told.reasons
        ]
        outcomes = {ruling.outcome for ruling in for_each_reason}
        assert (prospect.why_not is None) is (prospect.quantity > 0)
        if prospect.quantity:
            assert outcomes != {ReturnOutcome.DECLINE}
        else:
            assert ReturnOutcome.APPROVE not in outcomes
        assert prospect.until is None or prospect.until >= now - timedelta(days=1)
