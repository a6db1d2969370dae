"""The dry run of changed rules, on what lies behind a shop."""

import json
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from app.automations.returns_approval import ReturnsApprovalSettings
from app.cli.main import main
from app.db.returns import NewReturn
from app.db.shops import Shops, ShopState
from app.domain.ids import CustomerId, ShopId
from app.domain.reasons import ReasonCode
from app.domain.returns import (
    ReturnKind,
    ReturnLine,
    ReturnOrigin,
    ReturnOutcome,
    ReturnReason,
    ReturnState,
)
from app.domain.snapshots import OrderSnapshot, ProductSnapshot, RefundSnapshot
from app.services.backtest import backtest
from bench.past import fill
from tests.support import SECRET, Harness, close, make_harness
from tests.unit.automations.world import day, eur, line, order, parcel

APPROVE, DECLINE, HOLD = ReturnOutcome.APPROVE, ReturnOutcome.DECLINE, ReturnOutcome.HOLD
CUSTOMER = CustomerId(7)


@pytest.fixture
def harness(tmp_path: Path, database_url: str) -> Iterator[Harness]:
    made = make_harness(tmp_path, database_url)
    yield made
    close(made)


@pytest.fixture
def shop(harness: Harness) -> ShopId:
    """A shop in Bratislava with no past."""
    return new_shop(harness, "https://one.example")


def new_shop(harness: Harness, domain: str) -> ShopId:
    with harness.deps.db.write() as uow:
        shops = Shops(uow)
        made = shops.ensure("woocommerce", domain, ShopState.ACTIVE, day(0))
        shops.open_installation(made.id, (), day(0))
        shops.change(made.id, timezone="Europe/Bratislava", currency="EUR", country="SK")
    return made.id


def sold(number: int = 1, **changes: Any) -> OrderSnapshot:
    """Arrived in the United States on day 3, so that no law stands before the rules."""
    facts = {
        "order_id": f"order-{number}",
        "number": f"#{number}",
        "country": "US",
        "fully_fulfilled": True,
        "fulfilments": (parcel(delivered_at=day(3)),),
    }
    return order(**{**facts, **changes})


def keep(harness: Harness, shop: ShopId, *orders: OrderSnapshot) -> None:
    with harness.change(shop) as data:
        data.products.save(ProductSnapshot("product-1", "Mug 1", None), day(0))
        for each in orders:
            data.orders.save(each, CUSTOMER, None, day(0))


def asked(
    harness: Harness, shop: ShopId, on: float, order_id: str = "order-1", **changes: Any
) -> None:
    """A return of the mug, approved the next hour unless told otherwise."""
    item = ReturnLine("line-1", "Mug 1", 1, ReturnReason.UNWANTED, eur(20))
    facts = {"state": ReturnState.APPROVED, "origin": ReturnOrigin.CUSTOMER, **changes}
    times = {key: facts.pop(key) for key in ("received_at", "ended_at") if key in facts}
    with harness.change(shop) as data:
        row = data.returns.add(
            NewReturn(
                kind=ReturnKind.RETURN,
                lines=(item,),
                value=eur(20),
                requested_at=day(on),
                order_id=order_id,
                customer_id=CUSTOMER,
                **facts,
            )
        )
        data.returns.change(row, decided_at=day(on) + timedelta(hours=1), **times)


def only(*rules: Mapping[str, Any], otherwise: str = "approve") -> ReturnsApprovalSettings:
    return ReturnsApprovalSettings.model_validate({"rules": rules, "otherwise": otherwise})


@pytest.mark.both_databases
def test_it_tells_what_would_be_decided_differently_and_why(harness: Harness, shop: ShopId) -> None:
    keep(harness, shop, sold(1), sold(2))
    asked(harness, shop, on=12)
    asked(harness, shop, on=25, order_id="order-2", state=ReturnState.DECLINED)
    found = backtest(harness.deps, shop, only({"kind": "window", "days": 14}))
    assert found.returns == {(APPROVE, APPROVE): 1, (APPROVE, DECLINE): 1}
    assert found.orders == {(APPROVE, DECLINE): 2}  # asked back 20 days after they arrived
    assert found.happened == {(APPROVE, APPROVE): 1, (DECLINE, DECLINE): 1}
    assert (found.total, found.changed, found.left_out) == (4, 3, 0)
    first = found.examples[0]
    assert (first.name, first.is_return, first.before, first.after) == (
        "RMA-1002",
        True,
        APPROVE,
        DECLINE,
    )
    assert first.was.code is ReasonCode.NO_RULE_DECIDED
    assert first.because.code is ReasonCode.WINDOW_ARRIVED_OVER
    assert {change.name for change in found.examples} == {"RMA-1002", "#1", "#2"}


def test_a_return_is_decided_on_the_picture_of_its_day(harness: Harness, shop: ShopId) -> None:
    refund = RefundSnapshot("r", "order-1", day(20), eur(20), {"line-1": 1})
    keep(harness, shop, sold(1, refunds=(refund,), cancelled_at=day(21)), sold(2), sold(3))
    asked(harness, shop, on=10, state=ReturnState.REFUNDED, ended_at=day(20))
    asked(harness, shop, on=12, order_id="order-2")
    asked(harness, shop, on=14, order_id="order-3")
    # refund and cancellation came later, and so did the two other returns
    found = backtest(harness.deps, shop, only({"kind": "returns", "count": 1, "days": 60}))
    assert found.returns == {(APPROVE, APPROVE): 2, (APPROVE, HOLD): 1}
    assert [c.name for c in found.examples if c.is_return] == ["RMA-1003"]


def test_an_arrival_that_came_later_was_not_known(harness: Harness, shop: ShopId) -> None:
    late = sold(1, country="SK", fulfilments=(parcel(delivered_at=day(9)),))
    keep(harness, shop, late)
    asked(harness, shop, on=8)
    found = backtest(harness.deps, shop, only(otherwise="decline"), asked_after=1)
    [change] = [c for c in found.examples if c.is_return]
    assert change.because.code is ReasonCode.PERIOD_MAY_PROTECT


def test_what_cannot_be_asked_back_is_left_out(harness: Harness, shop: ShopId) -> None:
    never_sent = sold(2, fulfilments=(), fully_fulfilled=False)
    keep(harness, shop, sold(1), never_sent, sold(3, cancelled_at=day(2)), sold(4, paid=False))
    asked(harness, shop, on=10, origin=ReturnOrigin.MERCHANT)  # nobody decided that
    found = backtest(harness.deps, shop, only())
    assert (sum(found.returns.values()), sum(found.orders.values()), found.left_out) == (0, 1, 1)


def test_the_newest_come_first_and_no_more_than_asked_for(harness: Harness, shop: ShopId) -> None:
    keep(harness, shop, *(sold(n, placed_at=day(n)) for n in range(1, 6)))
    asked(harness, shop, on=12)
    found = backtest(harness.deps, shop, only(otherwise="decline"), limit=3)
    assert [change.name for change in found.examples] == ["RMA-1001", "#5", "#4"]
    recent = backtest(harness.deps, shop, only(otherwise="decline"), since=day(4))
    assert {change.name for change in recent.examples} == {"RMA-1001", "#5", "#4"}


def test_the_rules_in_force_are_what_it_is_compared_with(harness: Harness, shop: ShopId) -> None:
    keep(harness, shop, sold(1))
    strict = only({"kind": "value", "outcome": "decline", "amount": 1})
    with harness.change(shop) as data:
        data.settings.save(
            "returns_approval",
            strict.model_dump(mode="json"),
            enabled=False,
            active_since=None,
            changed_by="test",
            now=day(0),
        )
    found = backtest(harness.deps, shop, only())
    assert found.orders == {(DECLINE, APPROVE): 1}
    assert backtest(harness.deps, shop, strict).changed == 0


def test_rules_about_the_customers_orders_see_those_until_then(
    harness: Harness, shop: ShopId
) -> None:
    keep(harness, shop, *(sold(n, placed_at=day(n)) for n in range(1, 4)))
    for number in (1, 2):
        asked(harness, shop, on=10 + number, order_id=f"order-{number}")
    share = {"kind": "share", "percent": 40, "least_orders": 3}
    found = backtest(harness.deps, shop, only(share))
    # what is asked for itself does not count: one in three for all but the order without a return
    assert found.returns == {(APPROVE, APPROVE): 2}
    assert found.orders == {(APPROVE, APPROVE): 2, (APPROVE, HOLD): 1}
    assert [change.name for change in found.examples] == ["#3"]


def test_the_past_of_another_shop_is_not_seen(harness: Harness, shop: ShopId) -> None:
    other = new_shop(harness, "https://two.example")
    keep(harness, other, sold(1), sold(2))
    asked(harness, other, on=12)
    assert backtest(harness.deps, shop, only()).total == 0


def test_what_is_not_covered_by_the_law_is_declined_in_the_dry_run_too(
    harness: Harness, shop: ShopId
) -> None:
    keep(harness, shop, sold(1, country="SK", lines=(line(sku="made-for-you"),)))
    changed = ReturnsApprovalSettings.model_validate(
        {
            "rules": [{"kind": "products", "outcome": "decline", "products": ["made-for-you"]}],
            "not_covered_products": ["made-for-you"],
        }
    )
    found = backtest(harness.deps, shop, changed, asked_after=2)
    assert found.orders == {(APPROVE, DECLINE): 1}


@pytest.mark.both_databases
def test_thousands_are_read_in_a_few_queries_and_a_few_seconds(harness: Harness) -> None:
    statements: list[str] = []
    event.listen(
        harness.deps.db.engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, *_: statements.append(statement),
    )
    shop_id = fill(harness.deps.db, orders=1_600, returns=400)
    statements.clear()
    began = time.process_time()
    found = backtest(harness.deps, shop_id, only({"kind": "window", "days": 14}))
    assert time.process_time() - began < 5  # a tenth of it on an idle machine
    assert found.total + found.left_out == 2_000
    assert found.changed > 100
    assert len(statements) < 25


# the command


@pytest.fixture
def command(harness: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment of the harness for `main`."""
    monkeypatch.setenv("ENVIRONMENT", "development")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", harness.deps.settings.database)
    monkeypatch.setenv("SECRET_KEYS", SECRET)
    return


def run(shop: ShopId, *more: str) -> None:
    main(["backtest", "--shop", str(shop), *more])


@pytest.mark.usefixtures("command")
def test_the_command_prints_examples_with_their_reasons(
    harness: Harness, shop: ShopId, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(harness, shop, sold(1))
    asked(harness, shop, on=20)
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps([{"kind": "window", "days": 14}]))
    run(shop, "--rules", str(rules))
    told = capsys.readouterr().out
    assert told.startswith("2 of 2 would be decided differently (1 past returns, 1 past orders).")
    assert (
        "  RMA-1001: approve → decline: the time ended on 19 November 2026, 14 days after the "
        "last parcel arrived on 5 November 2026\n" in told
    )
    run(shop, "--rules", str(rules), "--json", "--after-days", "5")
    document = json.loads(capsys.readouterr().out)
    assert document["returns"] == {"approve→decline": 1}
    assert document["orders"] == {"approve→approve": 1}
    assert document["examples"][0]["because"].startswith("the time ended on 19 November 2026")


@pytest.mark.usefixtures("command")
@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "cannot be read as JSON"),
        ('"window"', "has to hold settings"),
        ('{"rules": 3}', r"rules: this has to be a list of rules"),
        ("[7]", "rule 1: a rule is an object"),
        ('[{"days": 3}]', "rule 1: it has no kind. The kinds are: window"),
        ('[{"kind": "windwo"}]', "rule 1: there is no kind 'windwo'. The kinds are: window"),
        (
            '[{"kind": "window", "days": 0}]',
            r"rule 1 \(window\), days: “0” is too little; 1 is the least.",
        ),
        (
            '[{"kind": "sale"}, {"kind": "window", "dayz": 9}]',
            r"rule 2 \(window\), dayz: there is no such setting. There are: on, outcome, days,",
        ),
        ('[{"kind": "value", "amount": [1]}]', r"\(value\), amount: this has to be a whole number"),
        ('[{"kind": "country", "countries": ["Slovakia"]}]', "two letters each: SK, TR"),
        ('{"otherwise": "maybe"}', "otherwise: 'maybe' .* are: 'approve', 'decline' or 'hold'"),
        ('{"ruels": []}', "ruels: there is no such setting. There are: rules, otherwise,"),
        ('{"return_fee": -1}', "return_fee: “-1” is too little; 0 is the least."),
        (json.dumps([{"kind": "sale"}] * 51), "These are too many values; 50 are the most."),
    ],
)
def test_a_file_that_cannot_be_used_is_told_and_nothing_decided(
    shop: ShopId, tmp_path: Path, content: str, complaint: str
) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text(content)
    with pytest.raises(SystemExit, match=complaint):
        run(shop, "--rules", str(rules))


@pytest.mark.usefixtures("command")
def test_an_unknown_shop_and_a_date_that_is_none_are_told(shop: ShopId) -> None:
    with pytest.raises(SystemExit, match=r"--shop ID\. `afterglow export --list` names them all"):
        main(["backtest"])
    with pytest.raises(SystemExit, match="There is no shop 999"):
        run(ShopId(999))
    with pytest.raises(SystemExit, match="is no date"):
        run(shop, "--since", "yesterday")
