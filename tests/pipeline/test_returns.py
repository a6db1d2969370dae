"""Returns from the customer's wish to the store, the mails and the review request that waits."""

from typing import Any

import pytest
import requests

from app.db.erasure import Traces
from app.db.returns import ReturnRow
from app.db.tenant import ShopData
from app.domain.actions import ActionKind, ActionState
from app.domain.reasons import ReasonCode
from app.domain.returns import ReturnKind, ReturnOrigin, ReturnReason, ReturnState
from app.services import connections
from app.services.returns import asking, deciding, withdrawing
from app.services.returns.asking import Refusal, Wish
from app.services.returns.deciding import Failure, Step
from tests.pipeline.conftest import WooStore
from tests.support import Harness, switch_on

TOLD = withdrawing.Declaration("Jana Nová", "jana@example.sk", "4711", "")
pytestmark = pytest.mark.both_databases


@pytest.fixture
def delivered(harness: Harness, woo: WooStore) -> str:
    """An order that arrived today, rules on as they are by default."""
    switch_on(harness, woo.shop.id, "returns_approval")
    switch_on(harness, woo.shop.id, "review_request")
    order_id = woo.place()
    woo.move(order_id, "fulfil")
    harness.advance(days=1)
    woo.move(order_id, "deliver")
    return order_id


def ask(harness: Harness, woo: WooStore, order_id: str, **wish: Any) -> ReturnRow:
    portal = asking.find(harness.deps, woo.shop.id, order_id)
    assert isinstance(portal, asking.Portal)
    line = portal.order.lines[0].line_id
    values = {"line_id": line, "quantity": 1, "reason": ReturnReason.TOO_SMALL, **wish}
    row = asking.submit(harness.deps, woo.shop.id, order_id, [Wish(**values)])
    assert isinstance(row, ReturnRow), row
    harness.run_jobs()
    harness.drain_twins()
    return now(harness, woo, row)


def now(harness: Harness, woo: WooStore, row: ReturnRow) -> ReturnRow:
    with harness.shop(woo.shop.id) as data:
        found = data.returns.get(row.id)
    assert found
    return found


def take(harness: Harness, woo: WooStore, row: ReturnRow, step: Step, **more: Any) -> ReturnRow:
    result = deciding.take(
        harness.deps, woo.shop.id, row.id, step, revision=row.revision, by="eliska", **more
    )
    assert result.failure is None, result
    assert result.row
    harness.run_jobs()
    return result.row


def kinds(harness: Harness) -> list[str]:
    """Mails in the order in which they went out."""
    return [mail.kind for mail in reversed(harness.mails())]


def notes(woo: WooStore, order_id: str) -> str:
    rows = woo._rows(f"orders/{order_id}/notes")
    return "\n".join(row["note"] for row in rows)


def fault(woo: WooStore, **given: Any) -> None:
    requests.post(f"{woo.url}/_twin/faults", json=given, timeout=5).raise_for_status()


def request_of(harness: Harness, woo: WooStore, order_id: str) -> Any:
    with harness.shop(woo.shop.id) as data:
        return next(
            a for a in data.actions.of_order(order_id) if a.kind is ActionKind.REVIEW_REQUEST_MAIL
        )


def test_a_return_that_the_rules_approve_is_in_the_store_and_mailed(
    harness: Harness, woo: WooStore, delivered: str
) -> None:
    row = ask(harness, woo, delivered, note="Príliš malé")
    assert (row.state, row.decided_by) == (ReturnState.APPROVED, "rules")
    assert row.ruling
    assert row.ruling.settings_version == 1
    assert {"statutory", "window", "value"} <= {each.rule for each in row.ruling.findings}
    assert kinds(harness) == ["return_approved_mail"]
    assert row.name in notes(woo, delivered)
    with harness.shop(woo.shop.id) as data:
        verbs = [line.verb for line in data.journal.of_order(delivered) if line.what == "return"]
        events = [event.type for event in data.events.of_order(delivered)]
        written = data.returns.words(row).notes
    assert verbs == ["asked", "approved"]
    assert {"return_requested", "return_approved"} <= set(events)
    assert list(written.values()) == ["Príliš malé"]
    harness.advance(minutes=10)
    assert kinds(harness) == ["return_approved_mail"]  # no receipt after the decision


def test_a_review_request_waits_for_the_return_and_goes_on_after_it(
    harness: Harness, woo: WooStore, delivered: str
) -> None:
    row = ask(harness, woo, delivered)
    harness.advance(days=9)
    waiting = request_of(harness, woo, delivered)
    assert (waiting.state, waiting.reason.code) == (ActionState.DEFERRED, ReasonCode.RETURN_OPEN)
    assert waiting.reason.params == {"name": row.name}
    assert asking.cancel(harness.deps, woo.shop.id, row.public_ref)
    harness.run_jobs()
    assert request_of(harness, woo, delivered).state is ActionState.DONE
    assert kinds(harness)[-2:] == ["review_request_mail", "return_ended_mail"] or kinds(harness)[
        -2:
    ] == ["return_ended_mail", "review_request_mail"]


def test_nobody_is_asked_about_what_was_sent_back(
    harness: Harness, woo: WooStore, delivered: str
) -> None:
    row = ask(harness, woo, delivered)
    received = take(harness, woo, row, Step.RECEIVE)
    take(harness, woo, received, Step.REFUND)
    harness.advance(days=9)
    ended = request_of(harness, woo, delivered)
    assert (ended.state, ended.reason.code) == (ActionState.SKIPPED, ReasonCode.SENT_BACK)
    assert kinds(harness) == [
        "return_approved_mail",
        "return_received_mail",
        "return_refunded_mail",
    ]


def test_what_is_held_waits_for_the_merchant_who_can_take_it_back(
    harness: Harness, woo: WooStore, delivered: str
) -> None:
    row = ask(harness, woo, delivered, reason=ReturnReason.DEFECTIVE)
    assert row.state is ReturnState.HELD
    assert kinds(harness) == ["return_receipt_mail"]
    approved = take(harness, woo, row, Step.APPROVE)
    assert kinds(harness) == ["return_receipt_mail"]
    undone = deciding.undo(harness.deps, woo.shop.id, row.id, revision=approved.revision)
    assert undone.row
    assert undone.row.state is ReturnState.HELD
    harness.advance(minutes=5)
    assert kinds(harness) == ["return_receipt_mail"]
    declined = take(harness, woo, undone.row, Step.DECLINE, answer="Bez štítku to nejde.")
    harness.advance(minutes=1)
    assert kinds(harness) == ["return_receipt_mail", "return_declined_mail"]
    assert declined.state is ReturnState.DECLINED
    late = deciding.undo(harness.deps, woo.shop.id, row.id, revision=declined.revision)
    assert late.failure is Failure.MOVED_ON


def test_of_two_who_decide_at_once_the_second_changes_nothing(
    harness: Harness, woo: WooStore, delivered: str
) -> None:
    row = ask(harness, woo, delivered, reason=ReturnReason.DEFECTIVE)
    take(harness, woo, row, Step.APPROVE)
    second = deciding.take(
        harness.deps, woo.shop.id, row.id, Step.DECLINE, revision=row.revision, by="other"
    )
    assert second.failure is Failure.MOVED_ON
    assert second.row
    assert (second.row.state, second.row.decided_by) == (ReturnState.APPROVED, "eliska")


def test_nothing_is_returned_twice_nor_more_than_was_bought(
    harness: Harness, woo: WooStore, delivered: str
) -> None:
    row = ask(harness, woo, delivered)
    portal = asking.find(harness.deps, woo.shop.id, delivered)
    assert isinstance(portal, asking.Portal)
    line = portal.order.lines[0].line_id
    again = Wish(line, 1, ReturnReason.UNWANTED)
    assert asking.submit(harness.deps, woo.shop.id, delivered, [again]) is Refusal.TOO_MANY
    unknown = Wish("999999", 1, ReturnReason.UNWANTED)
    assert asking.submit(harness.deps, woo.shop.id, delivered, [unknown]) is Refusal.UNKNOWN_ITEM
    assert asking.submit(harness.deps, woo.shop.id, delivered, []) is Refusal.NOTHING
    assert asking.cancel(harness.deps, woo.shop.id, row.public_ref)
    assert isinstance(asking.submit(harness.deps, woo.shop.id, delivered, [again]), ReturnRow)


def test_after_the_window_a_return_is_declined_and_a_withdrawal_left_to_the_merchant(
    harness: Harness, woo: WooStore, delivered: str
) -> None:
    harness.advance(days=40)
    row = ask(harness, woo, delivered, reason=ReturnReason.UNWANTED)
    assert row.state is ReturnState.DECLINED
    assert row.ruling
    assert row.ruling.decided_by == "window"
    assert kinds(harness)[-1] == "return_declined_mail"
    withdrawn = withdrawing.withdraw(harness.deps, woo.shop.id, delivered, TOLD)
    assert isinstance(withdrawn, ReturnRow)
    harness.run_jobs()
    held = now(harness, woo, withdrawn)
    assert (held.kind, held.state) == (ReturnKind.WITHDRAWAL, ReturnState.HELD)
    assert kinds(harness)[-1] == "withdrawal_receipt_mail"
    no = deciding.take(
        harness.deps, woo.shop.id, held.id, Step.DECLINE, revision=held.revision, by="eliska"
    )
    assert no.failure is Failure.NOT_LAWFUL


def test_a_withdrawal_in_time_is_accepted_once_with_a_receipt(
    harness: Harness, woo: WooStore, delivered: str
) -> None:
    first = withdrawing.withdraw(harness.deps, woo.shop.id, delivered, TOLD)
    second = withdrawing.withdraw(harness.deps, woo.shop.id, delivered, TOLD)
    assert isinstance(first, ReturnRow)
    assert isinstance(second, ReturnRow)
    assert first.id == second.id
    harness.run_jobs()
    assert now(harness, woo, first).state is ReturnState.APPROVED
    assert kinds(harness) == ["withdrawal_receipt_mail", "return_approved_mail"]


def test_a_withdrawal_that_names_its_goods_in_words_is_left_to_the_merchant(
    harness: Harness, woo: WooStore, delivered: str
) -> None:
    told = withdrawing.Declaration("Jana", "zofia@example.sk", "22", "only the blue one", "sk")
    row = withdrawing.withdraw(harness.deps, woo.shop.id, delivered, told)
    assert isinstance(row, ReturnRow)
    harness.run_jobs()
    held = now(harness, woo, row)
    assert held.state is ReturnState.HELD
    assert held.ruling
    assert held.ruling.reason.code is ReasonCode.WITHDRAWAL_PART


def test_a_withdrawal_that_matches_no_order_gets_its_receipt_and_waits(
    harness: Harness, woo: WooStore
) -> None:
    told = withdrawing.Declaration("Jana Nová", "jana@example.sk", "4711", "all of it", "sk")
    row = withdrawing.withdraw_unmatched(harness.deps, woo.shop.id, told)
    harness.run_jobs()
    assert now(harness, woo, row).state is ReturnState.HELD
    (mail,) = harness.mails()
    assert (mail.kind, mail.to_address) == ("withdrawal_receipt_mail", "jana@example.sk")
    approved = take(harness, woo, row, Step.APPROVE)
    harness.advance(minutes=1)
    assert kinds(harness)[-1] == "return_approved_mail"
    assert approved.name == row.name


def test_the_receipt_of_a_withdrawal_goes_out_although_the_merchant_leaves(
    harness: Harness, woo: WooStore, delivered: str
) -> None:
    assert isinstance(withdrawing.withdraw(harness.deps, woo.shop.id, delivered, TOLD), ReturnRow)
    harness.jobs.clear()  # the worker is down
    connections.disconnect(harness.deps, woo.shop.id, erase=False)
    harness.advance(minutes=1)
    assert kinds(harness) == ["withdrawal_receipt_mail"]


def test_what_was_not_decided_when_the_merchant_left_waits_for_their_return(
    harness: Harness, woo: WooStore, delivered: str
) -> None:
    portal = asking.find(harness.deps, woo.shop.id, delivered)
    assert isinstance(portal, asking.Portal)
    wish = Wish(portal.order.lines[0].line_id, 1, ReturnReason.UNWANTED)
    row = asking.submit(harness.deps, woo.shop.id, delivered, [wish])
    assert isinstance(row, ReturnRow)
    harness.jobs.clear()  # the worker is down
    connections.disconnect(harness.deps, woo.shop.id, erase=False)
    harness.advance(minutes=5)
    assert now(harness, woo, row).state is ReturnState.HELD
    assert kinds(harness) == []


def test_words_that_were_read_before_an_erasure_are_not_written_back(
    harness: Harness, woo: WooStore, delivered: str
) -> None:
    seen = ask(harness, woo, delivered, reason=ReturnReason.DEFECTIVE, note="Praskol")
    with harness.deps.db.write() as uow:
        data = ShopData(uow, woo.shop.id)
        data.erasure.forget(Traces((), (delivered,)), harness.wall.now())
    with harness.deps.db.write() as uow:
        returns = ShopData(uow, woo.shop.id).returns
        assert returns.change(seen, sealed=seen.sealed) is None
    assert now(harness, woo, seen).sealed is None


def test_who_keeps_the_goods_after_all_is_not_told_that_they_may_come_back(
    harness: Harness, woo: WooStore, delivered: str
) -> None:
    row = ask(harness, woo, delivered, reason=ReturnReason.DEFECTIVE)
    take(harness, woo, row, Step.APPROVE)
    assert asking.cancel(harness.deps, woo.shop.id, row.public_ref)
    harness.advance(minutes=1)
    harness.advance(minutes=1)
    assert kinds(harness) == ["return_receipt_mail", "return_ended_mail"]


def test_an_undone_decision_leaves_the_customer_with_a_receipt(
    harness: Harness, woo: WooStore, delivered: str
) -> None:
    portal = asking.find(harness.deps, woo.shop.id, delivered)
    assert isinstance(portal, asking.Portal)
    wish = Wish(portal.order.lines[0].line_id, 1, ReturnReason.UNWANTED)
    row = asking.submit(harness.deps, woo.shop.id, delivered, [wish])
    assert isinstance(row, ReturnRow)
    harness.jobs.clear()  # the merchant is faster than the rules
    approved = take(harness, woo, row, Step.APPROVE)
    assert deciding.undo(harness.deps, woo.shop.id, row.id, revision=approved.revision).row
    harness.advance(minutes=3)
    assert kinds(harness) == ["return_receipt_mail"]
    assert now(harness, woo, row).state is ReturnState.HELD


def test_the_stores_own_withdrawal_form_counts_as_an_open_return(
    harness: Harness, woo: WooStore, delivered: str
) -> None:
    woo.move(delivered, "withdraw")
    with harness.shop(woo.shop.id) as data:
        (row,) = data.returns.of_order(delivered)
        (lines,) = data.returns.lines([row.id]).values()
    assert (row.kind, row.origin) == (ReturnKind.WITHDRAWAL, ReturnOrigin.STORE)
    assert row.state is ReturnState.APPROVED
    assert [line.quantity for line in lines] == [1]
    woo.move(delivered, "touch")
    with harness.shop(woo.shop.id) as data:
        assert len(data.returns.of_order(delivered)) == 1


def test_money_that_goes_back_in_the_store_ends_the_return(
    harness: Harness, woo: WooStore, delivered: str
) -> None:
    row = ask(harness, woo, delivered)
    woo.move(delivered, "refund")
    ended = now(harness, woo, row)
    assert ended.state is ReturnState.REFUNDED
    assert ended.ended_at
    assert kinds(harness) == ["return_approved_mail"]  # the store tells of the refund itself


def test_money_for_other_pieces_ends_no_return(harness: Harness, woo: WooStore) -> None:
    switch_on(harness, woo.shop.id, "returns_approval", {"rules": []})
    order_id = woo.place(items=[{"sku": woo.skus()[0], "quantity": 4}])
    woo.move(order_id, "fulfil")
    harness.advance(days=1)
    woo.move(order_id, "deliver")
    portal = asking.find(harness.deps, woo.shop.id, order_id)
    assert isinstance(portal, asking.Portal)
    pieces = [{"id": int(portal.order.lines[0].line_id), "quantity": 1}]
    woo.move(order_id, "refund", lines=pieces)
    harness.advance(minutes=1)
    first = ask(harness, woo, order_id)
    second = ask(harness, woo, order_id)
    woo.move(order_id, "touch")
    assert now(harness, woo, first).state is ReturnState.APPROVED
    harness.advance(minutes=1)
    woo.move(order_id, "refund", lines=pieces)
    assert now(harness, woo, first).state is ReturnState.REFUNDED
    assert now(harness, woo, second).state is ReturnState.APPROVED
    harness.advance(minutes=1)
    woo.move(order_id, "refund", lines=pieces)
    assert now(harness, woo, second).state is ReturnState.REFUNDED


def test_without_rules_everything_is_left_to_the_merchant(harness: Harness, woo: WooStore) -> None:
    order_id = woo.place()
    woo.move(order_id, "fulfil")
    woo.move(order_id, "deliver")
    row = ask(harness, woo, order_id)
    assert row.state is ReturnState.HELD
    assert row.ruling
    assert row.ruling.reason.code is ReasonCode.RULES_OFF


def test_a_store_that_cannot_be_reached_delays_the_decision_and_a_receipt_goes_out(
    harness: Harness, woo: WooStore, delivered: str
) -> None:
    fault(woo, kind="status", path="/wp-json/wc/v3/orders", status=503)
    row = ask(harness, woo, delivered)
    assert row.state is ReturnState.REQUESTED
    assert kinds(harness) == []
    harness.advance(minutes=3)
    assert kinds(harness) == ["return_receipt_mail"]
    requests.delete(f"{woo.url}/_twin/faults", timeout=5).raise_for_status()
    for _ in range(6):
        harness.advance(minutes=30)
    assert now(harness, woo, row).state is ReturnState.APPROVED
    assert kinds(harness) == ["return_receipt_mail", "return_approved_mail"]


def test_an_order_in_the_bin_ends_no_withdrawal(
    harness: Harness, woo: WooStore, delivered: str
) -> None:
    """Whoever withdrew is owed the money; a mere return of it is over."""
    told = withdrawing.Declaration("Jana", "zofia@example.sk", "22", "only the blue one", "sk")
    row = withdrawing.withdraw(harness.deps, woo.shop.id, delivered, told)
    assert isinstance(row, ReturnRow)
    harness.run_jobs()
    assert now(harness, woo, row).state is ReturnState.HELD
    woo.move(delivered, "trash")
    harness.tick()
    held = now(harness, woo, row)
    assert held.state is ReturnState.HELD
    assert held.ruling
    assert held.ruling.reason.code is ReasonCode.ORDER_REMOVED
    woo.move(delivered, "touch")
    harness.tick()
    with harness.shop(woo.shop.id) as data:
        told_of = [
            line.reason.code
            for line in data.journal.of_order(delivered)
            if line.reason and line.what == "return"
        ]
    assert told_of.count(ReasonCode.ORDER_REMOVED) == 1
    woo.move(delivered, "restore")
    woo.move(delivered, "refund")
    harness.tick()
    assert not now(harness, woo, row).open


def test_an_accepted_withdrawal_outlives_its_order(
    harness: Harness, woo: WooStore, delivered: str
) -> None:
    row = withdrawing.withdraw(harness.deps, woo.shop.id, delivered, TOLD)
    assert isinstance(row, ReturnRow)
    harness.run_jobs()
    woo.move(delivered, "trash")
    harness.tick()
    assert now(harness, woo, row).state is ReturnState.APPROVED
