"""Returns against the twin, which refuses as Shopify does."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import requests
from shopify_twin import Twin, all_pages, now, opened, pictures

from app.domain.errors import MerchantMustFix, Refused
from app.domain.returns import ReturnKind, ReturnReason, ReturnState
from app.domain.snapshots import ObjectKind, Refresh, ReturnedLine, ReturnSnapshot
from app.platforms.base import ReturnSpec, ReturnSpecLine, ReturnsPort, Store
from app.platforms.shopify.platform import Shopify
from tests.contract.returns_suite import ReturnsSuite, carried_out, spec_of


@dataclass
class World:
    """See `ReturnsWorld`."""

    twin: Twin
    returns: ReturnsPort
    order: Any

    @property
    def order_id(self) -> str:
        return str(self.order["id"])

    @property
    def line_id(self) -> str:
        return str(self.order["lines"][0]["id"])

    def seen(self) -> int:
        return len(self.twin.see("returns"))

    def lose_the_next_answer(self) -> None:
        self.twin.fault(kind="cut", times=1, path="/admin/api", contains="mutation Return")


@pytest.fixture
def world(twin: Twin, store: Store) -> World:
    assert store.returns
    order = twin.order()
    twin.do("fulfill", order_id=order["id"])
    return World(twin, store.returns, order)


class TestReturns(ReturnsSuite):
    """The promises of every platform."""


def shown(platform: Shopify, world: World, return_id: str) -> ReturnSnapshot:
    fetched = world.returns.fetch(return_id)
    assert fetched
    assert fetched.platform_id == return_id
    (snapshot,) = pictures(platform, fetched)
    assert isinstance(snapshot, ReturnSnapshot)
    return snapshot


def test_our_request_comes_back_as_ours(world: World, platform: Shopify) -> None:
    spec = carried_out(world, spec_of(world))
    read = shown(platform, world, spec.ref or "")
    assert (read.order_id, read.state, read.asked) == (
        world.order_id,
        ReturnState.REQUESTED,
        True,
    )
    assert read.name == f"{world.order['name']}-R1"
    assert read.reference == "RMA-1004"
    note = "Too wide for my shelf 👍🏽"
    assert read.lines == (ReturnedLine(world.line_id, 1, ReturnReason.TOO_LARGE, note),)


def test_it_is_taken_from_the_parcels_that_brought_it(world: World, platform: Shopify) -> None:
    order = world.twin.order(items=[{"product": "coffee-cup", "quantity": 5}])
    line = str(order["lines"][0]["id"])
    for quantity in (2, 3):
        world.twin.do("fulfill", order_id=order["id"], lines={line: quantity})
    given = ReturnSpecLine(line, "Cup", 4, ReturnReason.DAMAGED)
    spec = replace(spec_of(world), order_id=str(order["id"]), lines=(given,))
    made = world.returns.request(spec)
    (stored,) = world.twin.see("returns")
    assert [piece["quantity"] for piece in stored["lines"]] == [2, 2]
    assert sum(piece.quantity for piece in shown(platform, world, made.ref).lines) == 4


def test_a_line_may_come_back_for_two_reasons(world: World) -> None:
    lines = tuple(
        ReturnSpecLine(world.line_id, "Pot", 1, reason)
        for reason in (ReturnReason.DAMAGED, ReturnReason.UNWANTED)
    )
    world.returns.request(replace(spec_of(world), lines=lines))
    (stored,) = world.twin.see("returns")
    reasons = [piece["reason"] for piece in stored["lines"]]
    assert reasons == ["damaged-or-defective", "changed-my-mind"]


def test_many_lines_and_many_parcels(twin: Twin, world: World, platform: Shopify) -> None:
    order = twin.order(items=[{"product": "olive-soap", "quantity": 1}] * 120)
    lines = [str(line["id"]) for line in order["lines"]]
    twin.do("fulfill", order_id=order["id"], lines=dict.fromkeys(lines[:110], 1))
    for line in lines[110:]:
        twin.do("fulfill", order_id=order["id"], lines={line: 1})
    spec = ReturnSpec(
        reference="RMA-1004",
        order_id=str(order["id"]),
        kind=ReturnKind.WITHDRAWAL,
        state=ReturnState.REQUESTED,
        lines=tuple(ReturnSpecLine(line, "Soap", 1, ReturnReason.NOT_ASKED) for line in lines),
    )
    made = world.returns.request(spec)
    assert [line.line_id for line in shown(platform, world, made.ref).lines] == lines


@pytest.mark.parametrize("quantity", [3, 100])
def test_more_than_was_sent_is_not_returnable(world: World, quantity: int) -> None:
    line = ReturnSpecLine(world.line_id, "Pot", quantity, ReturnReason.UNWANTED)
    with pytest.raises(Refused) as told:
        world.returns.request(replace(spec_of(world), lines=(line,)))
    assert told.value.code == "not_returnable"
    assert world.seen() == 0


def test_what_was_not_sent_or_is_in_another_return_is_not_returnable(
    twin: Twin, world: World
) -> None:
    unsent = twin.order()
    twin.do("create-return", order_id=world.order["id"])
    for order in (unsent, world.order):
        line = ReturnSpecLine(str(order["lines"][0]["id"]), "Pot", 1, ReturnReason.UNWANTED)
        spec = replace(spec_of(world), order_id=str(order["id"]), lines=(line,))
        with pytest.raises(Refused) as told:
            world.returns.request(spec)
        assert told.value.code == "not_returnable"


def test_a_long_note_and_a_long_answer_are_cut(world: World) -> None:
    line = ReturnSpecLine(world.line_id, "Pot", 1, ReturnReason.OTHER, "ž" * 900)
    spec = carried_out(world, replace(spec_of(world), lines=(line,)))
    declined = replace(spec, state=ReturnState.DECLINED, answer="ř" * 900)
    world.returns.bring(declined)
    (stored,) = world.twin.see("returns")
    assert len(stored["lines"][0]["customer_note"]) == 300
    assert stored["lines"][0]["customer_note"].startswith("[RMA-1004] ž")
    assert stored["decline"] == {"reason": "OTHER", "note": "ř" * 499 + "…"}


@pytest.mark.parametrize(
    ("why", "word"),
    [
        ({"period_over": True}, "RETURN_PERIOD_ENDED"),
        ({"final_sale": True}, "FINAL_SALE"),
        ({}, "OTHER"),
    ],
)
def test_a_decline_tells_why(world: World, why: dict[str, bool], word: str) -> None:
    spec = carried_out(world, spec_of(world))
    world.returns.bring(replace(spec, state=ReturnState.DECLINED, **why))  # type: ignore[arg-type]
    (stored,) = world.twin.see("returns")
    assert stored["decline"] == {"reason": word, "note": None}


@pytest.mark.parametrize(
    ("meanwhile", "wanted"),
    [
        ("approve-return", ReturnState.DECLINED),
        ("decline-return", ReturnState.APPROVED),
        ("cancel-return", ReturnState.APPROVED),
        ("decline-return", ReturnState.REFUNDED),
    ],
)
def test_what_the_merchant_did_in_the_admin_stands(
    world: World, meanwhile: str, wanted: ReturnState
) -> None:
    spec = carried_out(world, spec_of(world))
    world.twin.do(meanwhile, return_id=int(spec.ref or 0))
    before = world.returns.find(spec)
    with pytest.raises(Refused) as told:
        world.returns.bring(replace(spec, state=wanted))
    assert told.value.code == "return_moved_on"
    assert world.returns.find(spec) == before


def test_what_the_merchant_did_already_is_no_error(world: World) -> None:
    spec = carried_out(world, spec_of(world))
    world.twin.do("approve-return", return_id=int(spec.ref or 0))
    world.returns.bring(replace(spec, state=ReturnState.APPROVED))
    world.twin.do("process-return", return_id=int(spec.ref or 0), refund=True)
    world.twin.do("close-return", return_id=int(spec.ref or 0))
    world.returns.bring(replace(spec, state=ReturnState.RECEIVED))
    world.returns.bring(replace(spec, state=ReturnState.REFUNDED))


@pytest.mark.parametrize(
    ("wanted", "refused"), [(ReturnState.APPROVED, False), (ReturnState.DECLINED, True)]
)
def test_of_us_and_the_merchant_the_faster_one_decides(
    world: World, wanted: ReturnState, refused: bool
) -> None:
    """The merchant approves after we read the state and before we change it."""
    spec = carried_out(world, spec_of(world))
    looking = {"path": "/admin/api", "contains": "query ReturnState"}
    world.twin.fault(kind="slow", seconds=1, times=1, **looking)
    with ThreadPoolExecutor(1) as pool:
        ours = pool.submit(world.returns.bring, replace(spec, state=wanted))
        while requests.get(f"{world.twin.url}/_twin/faults", timeout=10).json():
            time.sleep(0.02)
        time.sleep(0.2)  # the answer is made by now, and on its way
        world.twin.do("approve-return", return_id=int(spec.ref or 0))
        error = ours.exception()
    assert (getattr(error, "code", None) == "return_moved_on") is refused
    (stored,) = world.twin.see("returns")
    assert stored["status"] == "open"


@pytest.mark.parametrize("state", [ReturnState.APPROVED, ReturnState.DECLINED])
def test_the_store_is_asked_to_tell_the_customer_nothing(world: World, state: ReturnState) -> None:
    spec = carried_out(world, spec_of(world))
    world.returns.bring(replace(spec, state=state))
    (stored,) = world.twin.see("returns")
    assert stored["notified"] is False


def test_what_was_checked_in_cannot_be_cancelled(world: World) -> None:
    spec = carried_out(world, spec_of(world))
    world.twin.do("approve-return", return_id=int(spec.ref or 0))
    world.twin.do("process-return", return_id=int(spec.ref or 0))
    with pytest.raises(Refused) as told:
        world.returns.bring(replace(spec, state=ReturnState.CANCELLED))
    assert told.value.code == "return_moved_on"


def test_an_approval_that_never_arrived_is_made_up_for_at_the_end(world: World) -> None:
    spec = carried_out(world, spec_of(world))
    world.returns.bring(replace(spec, state=ReturnState.REFUNDED))
    (stored,) = world.twin.see("returns")
    assert (stored["status"], bool(stored["approved_at"])) == ("closed", True)


def test_a_return_that_the_store_never_had_has_moved_on(world: World) -> None:
    for ref in (None, "1"):
        spec = replace(spec_of(world), ref=ref, state=ReturnState.APPROVED)
        with pytest.raises(Refused) as told:
            world.returns.bring(spec)
        assert told.value.code == "return_moved_on"
    assert world.returns.fetch("1") is None


def test_without_the_permission_the_merchant_is_asked(world: World) -> None:
    spec = carried_out(world, spec_of(world))
    world.twin.do("scopes", scopes=["read_orders", "read_returns"])
    with pytest.raises(MerchantMustFix) as told:
        world.returns.bring(replace(spec, state=ReturnState.APPROVED))
    assert told.value.problem == "scopes_missing"


def test_a_customers_request_and_a_merchants_own_return(
    twin: Twin, world: World, platform: Shopify
) -> None:
    quantity = {world.line_id: 1}
    asked = twin.do(
        "request-return",
        order_id=world.order["id"],
        lines=quantity,
        reason="too-small",
        note="Tiny",
    )
    made = twin.do("create-return", order_id=world.order["id"], lines=quantity)
    by_customer = shown(platform, world, str(asked["id"]))
    assert (by_customer.asked, by_customer.reference) == (True, None)
    assert by_customer.lines == (ReturnedLine(world.line_id, 1, ReturnReason.TOO_SMALL, "Tiny"),)
    by_merchant = shown(platform, world, str(made["id"]))
    assert (by_merchant.asked, by_merchant.state) == (False, ReturnState.APPROVED)


def test_money_and_goods_that_came_back_show(twin: Twin, world: World, platform: Shopify) -> None:
    made = [
        twin.do("create-return", order_id=world.order["id"], lines={world.line_id: 1})
        for _ in range(2)
    ]
    twin.do("process-return", return_id=made[0]["id"])
    twin.do("process-return", return_id=made[1]["id"], refund=True)
    read = [shown(platform, world, str(one["id"])) for one in made]
    assert [one.state for one in read] == [ReturnState.RECEIVED, ReturnState.REFUNDED]
    for one in made:
        twin.do("close-return", return_id=one["id"])
    read = [shown(platform, world, str(one["id"])) for one in made]
    assert [one.state for one in read] == [ReturnState.CLOSED, ReturnState.REFUNDED]
    assert all(one.closed_at for one in read)


def test_a_return_has_another_version_once_anything_of_it_changed(twin: Twin, world: World) -> None:
    spec = carried_out(world, spec_of(world))

    def version() -> str:
        fetched = world.returns.fetch(spec.ref or "")
        assert fetched
        return fetched.version

    asked = version()
    assert version() == asked
    twin.do("approve-return", return_id=int(spec.ref or 0))
    approved = version()
    twin.do("process-return", return_id=int(spec.ref or 0))
    assert len({asked, approved, version()}) == 3


def test_whenever_an_order_is_read_its_returns_are(
    twin: Twin, world: World, store: Store, platform: Shopify
) -> None:
    """So that polling makes up for lost deliveries: a change of a return changes its order."""
    since = now() + timedelta(hours=1)
    requests.post(f"{twin.url}/_twin/clock", json={"offset_seconds": 7200}, timeout=10)
    asked = twin.do("request-return", order_id=world.order["id"], lines={world.line_id: 1})
    twin.do("decline-return", return_id=asked["id"])
    second = twin.do("request-return", order_id=world.order["id"], lines={world.line_id: 1})
    other = twin.order()  # without a return
    items = [
        item for page in all_pages(lambda c: store.orders.changed(since, c)) for item in page.items
    ]
    told = {item.platform_id: pictures(platform, item)[1:] for item in items}
    assert set(told) == {world.order_id, str(other["id"])}
    assert told[str(other["id"])] == []
    assert set(told[world.order_id]) == {
        Refresh(ObjectKind.RETURN, str(one["id"])) for one in (asked, second)
    }


def test_the_page_of_an_orders_returns(twin: Twin, platform: Shopify) -> None:
    store = opened(twin, platform)
    assert store.returns
    order = twin.order(items=[{"product": "coffee-cup", "quantity": 60}])
    line = str(order["lines"][0]["id"])
    twin.do("fulfill", order_id=order["id"])
    world = World(twin, store.returns, order)
    spec = carried_out(world, spec_of(world))
    for _ in range(30):  # ours is on the second page then: the newest come first
        twin.do("create-return", order_id=order["id"], lines={line: 1})
    found = store.returns.find(replace(spec, ref=None))
    assert found
    assert found.ref == spec.ref
