"""Returns on Shopify, where the platform has its own: ours written there and found again, its own
decided by our rules, and whatever happens in its admin followed.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.db.returns import NewReturn, ReturnRow
from app.domain.ids import ShopId
from app.domain.money import Money
from app.domain.returns import ReturnKind, ReturnOrigin, ReturnReason, ReturnState
from app.domain.snapshots import ProductSnapshot
from app.pipeline.returns.steps import known_there
from app.services.returns import asking, deciding, withdrawing
from app.services.returns.asking import Wish
from app.services.returns.deciding import Step
from tests.pipeline.shopify_store import ShopifyStore, shopify_store
from tests.support import switch_on

TOLD = withdrawing.Declaration("Jana Nová", "jana@example.sk", "4711", "")
pytestmark = pytest.mark.both_databases


@pytest.fixture
def store(
    tmp_path: Path, database_url: str, free_port: Callable[[], int]
) -> Iterator[ShopifyStore]:
    public_url = f"http://127.0.0.1:{free_port()}"
    with shopify_store(tmp_path, database_url, public_url) as opened:
        shop = opened.enter_without_history()
        switch_on(opened.harness, shop.id, "returns_approval")
        yield opened


@pytest.fixture
def order(store: ShopifyStore) -> str:
    """An order that arrived today."""
    placed = store.place()
    store.deliver(placed)
    return placed


def rows(store: ShopifyStore, order: str) -> list[ReturnRow]:
    with store.harness.shop(store.shop.id) as data:
        return data.returns.of_order(order)


def only(store: ShopifyStore, order: str) -> ReturnRow:
    (row,) = rows(store, order)
    return row


def there(store: ShopifyStore) -> list[str]:
    """The states of the store's returns."""
    return [found["status"] for found in store.see("returns")]


def ask(store: ShopifyStore, order: str, reason: ReturnReason = ReturnReason.TOO_SMALL) -> Any:
    shop_id: ShopId = store.shop.id
    portal = asking.find(store.harness.deps, shop_id, order)
    assert isinstance(portal, asking.Portal)
    wish = Wish(portal.order.lines[0].line_id, 1, reason, "Menší, než som čakala")
    asked = asking.submit(store.harness.deps, shop_id, order, [wish])
    store.harness.run_jobs()
    store.harness.drain_twins()
    return asked


def test_what_is_asked_on_our_page_is_one_return_on_both_sides(
    store: ShopifyStore, order: str
) -> None:
    ask(store, order)
    row = only(store, order)
    (made,) = store.see("returns")
    assert (row.state, row.decided_by, made["status"]) == (ReturnState.APPROVED, "rules", "open")
    assert row.platform_ref == str(made["id"])
    (line,) = made["lines"]
    assert line["customer_note"] == f"[{row.name}] Menší, než som čakala"
    assert [mail.kind for mail in store.harness.mails()] == ["return_approved_mail"]


def test_a_request_whose_answer_was_lost_is_found_and_decided(
    store: ShopifyStore, order: str
) -> None:
    store.fault(kind="cut", times=1, path="/admin/api", contains="mutation ReturnRequest")
    ask(store, order)
    store.harness.advance(minutes=5)
    store.harness.drain_twins()
    assert there(store) == ["open"]
    assert only(store, order).state is ReturnState.APPROVED


def test_what_is_asked_in_a_customer_account_is_decided_by_the_same_rules(
    store: ShopifyStore, order: str
) -> None:
    store.move(order, "request-return", reason="too-big", note="Priveľké")
    row = only(store, order)
    assert (row.origin, row.state) == (ReturnOrigin.STORE, ReturnState.APPROVED)
    assert there(store) == ["open"]
    with store.harness.shop(store.shop.id) as data:
        (lines,) = data.returns.lines([row.id]).values()
        words = data.returns.words(row)
    assert [(line.quantity, line.reason) for line in lines] == [(2, ReturnReason.TOO_LARGE)]
    assert list(words.notes.values()) == ["Priveľké"]


def test_pieces_of_one_line_that_came_in_two_parcels_are_one_item(store: ShopifyStore) -> None:
    order = store.place()
    line = str(next(o for o in store.see("orders") if o["id"] == int(order))["lines"][0]["id"])
    for _ in range(2):
        store.move(order, "fulfill", lines={line: 1})
    store.move(order, "request-return", lines={line: 2}, reason="too-big", note="Priveľké")
    row = only(store, order)
    with store.harness.shop(store.shop.id) as data:
        (lines,) = data.returns.lines([row.id]).values()
        words = data.returns.words(row)
    assert [(each.line_id, each.quantity) for each in lines] == [(line, 2)]
    assert words.notes == {line: "Priveľké"}


def test_a_request_that_the_rules_leave_to_a_person_may_be_declined_in_the_admin(
    store: ShopifyStore, order: str
) -> None:
    asked = store.move(order, "request-return", reason="damaged-or-defective")
    assert (only(store, order).state, there(store)) == (ReturnState.HELD, ["requested"])
    store.do("decline-return", return_id=asked["id"], note="Bez fotografie to nejde.")
    assert only(store, order).state is ReturnState.DECLINED
    assert store.harness.mails() == []  # the store told the customer


def test_a_return_that_the_merchant_made_is_taken_as_approved(
    store: ShopifyStore, order: str
) -> None:
    made = store.move(order, "create-return")
    row = only(store, order)
    assert (row.origin, row.state) == (ReturnOrigin.MERCHANT, ReturnState.APPROVED)
    store.do("cancel-return", return_id=made["id"])
    assert only(store, order).state is ReturnState.CANCELLED
    assert store.harness.mails() == []


def test_goods_checked_in_and_money_back_in_the_admin_are_followed(
    store: ShopifyStore, order: str
) -> None:
    asked = store.move(order, "request-return", reason="damaged-or-defective")
    store.do("approve-return", return_id=asked["id"])
    store.do("process-return", return_id=asked["id"])
    assert only(store, order).state is ReturnState.RECEIVED
    store.do("close-return", return_id=asked["id"])
    assert only(store, order).state is ReturnState.CLOSED
    store.do("reopen-return", return_id=asked["id"])
    assert only(store, order).open
    assert verbs(store, order)[-3:] == ["closed", "reopened", "received"]


def verbs(store: ShopifyStore, order: str) -> list[str]:
    """What the journal says of the order's returns."""
    with store.harness.shop(store.shop.id) as data:
        return [line.verb for line in data.journal.of_order(order) if line.what == "return"]


def test_a_row_that_stood_for_our_own_gives_way_and_the_journal_says_so(
    store: ShopifyStore, order: str
) -> None:
    """The echo of our request came before we knew the store's number of it."""
    ask(store, order, ReturnReason.DEFECTIVE)
    ours = only(store, order)
    with store.harness.change(store.shop.id) as data:
        echo = data.returns.add(
            NewReturn(
                kind=ReturnKind.RETURN,
                origin=ReturnOrigin.STORE,
                state=ReturnState.REQUESTED,
                lines=(),
                value=ours.value,
                requested_at=ours.requested_at,
                order_id=order,
                platform_ref="7700",
            )
        )
        known_there(data, ours, "7700", store.harness.business.now())
    with store.harness.shop(store.shop.id) as data:
        after = data.returns.get(echo.id)
        known = data.returns.by_platform_ref("7700")
    assert after
    assert after.state is ReturnState.CANCELLED
    assert known
    assert known.id == ours.id
    assert verbs(store, order)[-1] == "cancelled"


def test_a_refund_in_the_admin_ends_the_return(store: ShopifyStore, order: str) -> None:
    made = store.move(order, "create-return")
    store.do("process-return", return_id=made["id"], refund=True)
    assert only(store, order).state is ReturnState.REFUNDED
    store.do("close-return", return_id=made["id"])
    assert only(store, order).state is ReturnState.REFUNDED


def held_and_approved(store: ShopifyStore, order: str) -> tuple[ReturnRow, str]:
    """A return that the merchant approved on our page a moment ago, and its number in the store."""
    ask(store, order, ReturnReason.DEFECTIVE)
    row = only(store, order)
    assert row.state is ReturnState.HELD
    approved = decide(store, row, Step.APPROVE)
    return approved, row.platform_ref or ""


def decide(store: ShopifyStore, row: ReturnRow, step: Step) -> ReturnRow:
    done = deciding.take(
        store.harness.deps, store.shop.id, row.id, step, revision=row.revision, by="eliska"
    )
    assert done.row
    assert done.failure is None
    store.harness.run_jobs()
    return done.row


def settle(store: ShopifyStore, **time: float) -> None:
    """Time passes, on both clocks."""
    store.harness.wall.advance(**time)
    store.harness.advance(**time)
    store.harness.drain_twins()


def test_a_withdrawal_from_what_was_never_sent_is_settled_without_a_return_in_the_store(
    store: ShopifyStore,
) -> None:
    order = store.place()
    assert isinstance(
        withdrawing.withdraw(store.harness.deps, store.shop.id, order, TOLD), ReturnRow
    )
    store.harness.run_jobs()
    row = only(store, order)
    assert (row.state, there(store)) == (ReturnState.HELD, [])
    decide(store, row, Step.APPROVE)
    settle(store, minutes=1)
    mails = [mail.kind for mail in store.harness.mails()]
    assert mails == ["return_approved_mail", "withdrawal_receipt_mail"]
    decide(store, only(store, order), Step.REFUND)
    assert store.harness.mails()[0].kind == "return_refunded_mail"
    assert "return_ended" in store.events(order)


def test_a_withdrawal_that_the_store_declines_stays_with_the_merchant(
    store: ShopifyStore,
) -> None:
    order = store.place()
    store.deliver(order)
    store.harness.advance(days=40)
    assert isinstance(
        withdrawing.withdraw(store.harness.deps, store.shop.id, order, TOLD), ReturnRow
    )
    store.harness.run_jobs()
    store.harness.drain_twins()
    row = only(store, order)
    assert (row.state, there(store)) == (ReturnState.HELD, ["requested"])
    store.do("decline-return", return_id=int(row.platform_ref or 0))
    assert only(store, order).state is ReturnState.HELD
    decide(store, only(store, order), Step.APPROVE)
    settle(store, minutes=1)
    assert only(store, order).state is ReturnState.APPROVED
    assert store.harness.mails()[0].kind == "return_approved_mail"


def test_what_somebody_decided_in_the_admin_meanwhile_stands(
    store: ShopifyStore, order: str
) -> None:
    _, number = held_and_approved(store, order)
    store.fault(kind="status", status=503, path="/admin/api", contains="query ReturnState")
    store.do("decline-return", return_id=int(number))
    settle(store, minutes=16)  # what the poll finds is older than what we are about to tell
    assert only(store, order).state is ReturnState.APPROVED
    store.heal()
    settle(store, minutes=5)
    settle(store, minutes=1)
    assert there(store) == ["declined"]
    assert not only(store, order).open
    assert store.harness.mails()[0].kind == "return_receipt_mail"  # the store told the customer


def test_a_decision_that_the_store_may_know_cannot_be_taken_back(
    store: ShopifyStore, order: str
) -> None:
    approved, _ = held_and_approved(store, order)
    store.fault(kind="cut", times=1, path="/admin/api", contains="mutation ReturnApprove")
    store.harness.advance(seconds=11)
    late = deciding.undo(store.harness.deps, store.shop.id, approved.id, revision=approved.revision)
    assert late.failure is deciding.Failure.MOVED_ON
    settle(store, minutes=1)
    assert (only(store, order).state, there(store)) == (ReturnState.APPROVED, ["open"])
    assert store.harness.mails()[0].kind == "return_approved_mail"


def test_what_was_lost_on_the_way_is_found_by_polling(store: ShopifyStore, order: str) -> None:
    held = store.move(order, "request-return", reason="damaged-or-defective")
    store.fault(kind="drop")
    store.do("approve-return", return_id=held["id"])
    store.do("process-return", return_id=held["id"])
    other = store.place(email="petra@example.sk")
    store.deliver(other)
    store.move(other, "request-return", reason="too-big")
    assert only(store, order).state is ReturnState.HELD
    assert rows(store, other) == []
    store.heal()
    store.harness.wall.advance(minutes=16)
    store.harness.advance(minutes=16)
    store.harness.drain_twins()
    assert only(store, order).state is ReturnState.RECEIVED
    assert only(store, other).state is ReturnState.APPROVED
    assert there(store) == ["open", "open"]


def test_a_return_of_an_order_that_we_never_heard_of(store: ShopifyStore) -> None:
    for resource in ("orders", "fulfillments", "fulfillment_events"):
        store.fault(kind="drop", path=f"{resource}/")
    order = store.place()
    store.deliver(order)
    store.move(order, "request-return", reason="too-big")
    assert only(store, order).state is ReturnState.APPROVED
    assert there(store) == ["open"]


def test_a_customer_who_writes_a_reference_of_ours_gets_a_return_of_their_own(
    store: ShopifyStore, order: str
) -> None:
    ask(store, order)
    first = only(store, order)
    line = str(next(o for o in store.see("orders") if o["id"] == int(order))["lines"][0]["id"])
    store.move(order, "request-return", lines={line: 1}, note=f"[{first.name}] the same, please")
    both = rows(store, order)
    assert len({row.platform_ref for row in both}) == 2
    assert {row.id for row in both} > {first.id}


def test_what_a_webhook_cannot_tell_of_a_product_is_read_before_a_decision(
    store: ShopifyStore,
) -> None:
    soap = next(found for found in store.see("products") if found["handle"] == "olive-soap")
    order = store.place(items=[{"product": "olive-soap"}])
    store.deliver(order)
    store.move(order, "request-return", reason="too-big")

    def known() -> ProductSnapshot:
        with store.harness.shop(store.shop.id) as data:
            return data.products.many([str(soap["id"])])[str(soap["id"])]

    variant = str(soap["variants"][0]["id"])
    assert known().categories == ("Bath", "Bathroom", "Sale")
    assert known().regular_prices == {variant: Money(1190, "EUR")}
    assert known().tags == ("hygiene",)
    cheaper = [soap["variants"][0] | {"compare_at_price": None}]
    store.do("change-product", product_id=soap["id"], title="Soap", tags=[], variants=cheaper)
    assert known().title == "Soap"
    assert known().partial
    assert known().categories == ("Bath", "Bathroom", "Sale")  # the webhook names none
    again = store.place(items=[{"product": "olive-soap"}])
    store.deliver(again)
    store.move(again, "request-return", reason="too-big")
    assert (known().partial, known().regular_prices, known().tags) == (False, {}, ())
