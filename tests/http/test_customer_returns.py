"""Returning something behind a link: what is offered, what is refused in place, what is kept."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from app.channels.links import Purpose
from app.db.shops import Shops, ShopState
from app.domain.actions import ActionKind
from app.domain.reasons import Reason, ReasonCode
from app.domain.returns import (
    ReturnKind,
    ReturnOrigin,
    ReturnOutcome,
    ReturnReason,
    ReturnState,
    Ruling,
)
from tests.http.customer_shop import NOW, ORDER, CustomerShop, customer_shop

TOWELS = {
    "item": ["11"],
    "quantity-11": "1",
    "reason-11": "damaged",
    "note-11": "The seam.\r\nBoth <b>ends</b>.",
}


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[CustomerShop]:
    with customer_shop(database_url, tmp_path, language="en") as found:
        yield found


def send(shop: CustomerShop, step: str = "send", **changes: Any) -> TestResponse:
    return shop.client.post(shop.return_link(), data={**TOWELS, **changes, "do": step})


def text_of(answer: TestResponse) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def test_the_page_says_until_when_what_and_at_what_cost(shop: CustomerShop) -> None:
    shop.rules(way_back="fee", return_fee=5)
    text = text_of(shop.client.get(shop.return_link()))
    assert "Return something from order #4187" in text
    assert "Delivered on 17 November 2026." in text
    assert "You can ask until 17 December 2026" in text
    assert "Peştemal Ege , indigo, 100 × 180 cm €60.00" in text
    assert "takes €5.00 off the refund" in text
    assert "withdraw from the whole purchase until 1 December 2026" in text


MIND = {"reason-11": "unwanted"}
APPROVING = {"rules": [], "otherwise": "approve", "way_back": "shop"}


def agreed(review: TestResponse) -> str:
    found = re.search(r'name="foreseen" value="([^"]+)"', review.text)
    assert found
    return found[1]


@pytest.mark.both_databases
def test_what_was_shown_before_sending_is_what_is_sent(shop: CustomerShop) -> None:
    """The merchant changes the rules between the two pages."""
    shop.rules(**APPROVING)
    review = send(shop, "review", **MIND)
    assert "The shop’s rules allow it" in review.text
    shop.rules(**{**APPROVING, "way_back": "fee", "return_fee": 5})
    again = send(shop, **MIND, foreseen=agreed(review))
    assert again.status_code == 409
    text = text_of(again)
    assert "Not sent: what you get back has changed." in text
    assert "takes €5.00 off the refund" in text
    assert "The seam." in again.text  # nothing typed is lost
    shop.rules(**{**APPROVING, "otherwise": "hold"})
    held = send(shop, **MIND, foreseen=agreed(again))
    assert held.status_code == 409
    assert "Not sent: the shop decides otherwise about this now." in text_of(held)
    assert "Someone at the shop looks at it first." in text_of(held)
    assert shop.returns() == []
    assert send(shop, **MIND, foreseen=agreed(held)).status_code == 303


def test_what_the_rules_decline_is_said_before_and_not_offered_anew(shop: CustomerShop) -> None:
    shop.add_order(replace(ORDER, country="US"))  # no statutory right softens a rule
    damaged = {"kind": "reasons", "reasons": ["damaged"], "outcome": "hold"}
    window = {"kind": "window", "days": 30, "outcome": "decline"}
    shop.rules(rules=[window, damaged], otherwise="decline")
    form = text_of(shop.client.get(shop.return_link()))
    assert "You can ask until" in form
    assert re.search("Not taken back for these reasons: I changed my mind, [^.]*Too small", form)
    shop.rules(rules=[window], otherwise="hold")
    review = send(shop, "review", **MIND)
    shop.rules(rules=[window, damaged], otherwise="decline")
    unforeseen = send(shop, **MIND, foreseen=agreed(review))
    assert (unforeseen.status_code, shop.returns()) == (409, [])
    assert "This cannot be sent back as it is." in text_of(unforeseen)

    send(shop, **{"quantity-11": "2"})
    (row,) = shop.returns()
    over = Ruling(ReturnOutcome.DECLINE, "otherwise", Reason.of(ReasonCode.NO_RULE_DECIDED))
    shop.move(row, ReturnState.DECLINED, ruling=over)
    again = text_of(shop.client.get(shop.return_link()))
    assert "Declined already: RMA-1001." in again


@pytest.mark.both_databases
def test_it_is_looked_over_and_then_sent(shop: CustomerShop) -> None:
    review = send(shop, "review")
    text = text_of(review)
    assert review.status_code == 200
    assert "Peştemal Ege × 1" in text
    assert "Damaged." in text
    assert "You get back €30.00" in text
    assert "The shop pays for sending it back." in text
    assert "Someone at the shop looks at it first." in text
    assert "&lt;b&gt;ends&lt;/b&gt;" in review.text
    assert shop.returns() == []

    answer = send(shop)
    (row,) = shop.returns()
    assert answer.status_code == 303
    assert answer.location.startswith("/return-status/")
    assert (row.order_id, row.kind, row.origin) == (
        "4187", ReturnKind.RETURN, ReturnOrigin.CUSTOMER
    )  # fmt: skip
    with shop.read() as data:
        (line,) = data.returns.lines([row.id])[row.id]
        words = data.returns.words(row)
    assert (line.line_id, line.quantity, line.reason) == ("11", 1, ReturnReason.DAMAGED)
    assert line.value.minor == 3_000
    assert words.notes == {"11": "The seam.\nBoth <b>ends</b>."}
    receipt = text_of(shop.client.get(answer.location))
    assert "Sent." in receipt
    assert "Return RMA-1001, order #4187" in receipt
    assert "The shop looks at it" in receipt


def test_what_will_be_approved_and_what_it_costs_is_said_before(shop: CustomerShop) -> None:
    shop.rules(way_back="customer")
    one = text_of(send(shop, "review", **{"reason-11": "unwanted"}))
    assert "You pay for sending it back." in one
    assert "The shop’s rules allow it" in one
    shop.rules(way_back="fee", return_fee=5)
    other = text_of(send(shop, "review", **{"reason-11": "unwanted"}))
    assert "You get back €25.00" in other


def test_what_the_rules_would_decline_is_said_before_sending(shop: CustomerShop) -> None:
    old = replace(ORDER, delivered_at=NOW - timedelta(days=200), placed_at=NOW - timedelta(200))
    shop.add_order(old)
    shop.rules()
    answer = shop.client.get(shop.return_link())
    assert "Nothing of this order can be sent back here" in answer.text
    assert "The time for returning this order ended on" in answer.text
    assert "Your right to withdraw" not in answer.text
    sent = send(shop)
    assert sent.status_code == 422
    assert "This item cannot be sent back any more." in sent.text
    assert shop.returns() == []


def test_an_excluded_item_is_shown_with_a_kind_reason(shop: CustomerShop) -> None:
    old = replace(ORDER, delivered_at=NOW - timedelta(days=20))  # the law's own period is over
    shop.add_order(old)
    shop.rules(rules=[{"kind": "products", "outcome": "decline", "products": ["502"]}])
    page = shop.client.get(shop.return_link()).text
    assert "“Bakır cezve” cannot be returned." in text_of(shop.client.get(shop.return_link()))
    assert re.search(r'id="item-12" disabled', page)


@pytest.mark.parametrize(
    ("changes", "message", "control"),
    [
        ({"item": []}, "Choose at least one item.", "item-11"),
        ({"item": ["99"]}, "Choose at least one item.", "item-11"),
        ({"quantity-11": "3"}, "Choose how many.", "quantity-11"),
        ({"quantity-11": "0"}, "Choose how many.", "quantity-11"),
        ({"quantity-11": "-1"}, "Choose how many.", "quantity-11"),
        ({"quantity-11": "1.5"}, "Choose how many.", "quantity-11"),
        ({"quantity-11": "9" * 400}, "Choose how many.", "quantity-11"),
        ({"quantity-11": "²"}, "Choose how many.", "quantity-11"),
        ({"reason-11": ""}, "Choose a reason.", "reason-11"),
        ({"reason-11": "not_asked"}, "Choose a reason.", "reason-11"),
        ({"reason-11": "'; DROP"}, "Choose a reason.", "reason-11"),
        ({"note-11": "x" * 1_001}, "Shorten the text to 1,000 characters.", "note-11"),
    ],
)
@pytest.mark.parametrize("step", ["review", "send"])
def test_what_is_wrong_is_said_in_place_and_nothing_is_lost(
    shop: CustomerShop, step: str, changes: dict[str, Any], message: str, control: str
) -> None:
    answer = send(shop, step, **changes)
    assert answer.status_code == 422
    assert message in answer.text
    assert f'href="#{control}"' in answer.text
    assert f'id="{control}"' in answer.text
    assert "<title>Error:" in answer.text
    if control != "note-11":
        assert "The seam.\nBoth &lt;b&gt;ends&lt;/b&gt;.</textarea>" in answer.text
    assert shop.returns() == []


def test_every_field_wrong_names_each(shop: CustomerShop) -> None:
    wrong = {"quantity-11": "7", "reason-11": "", "note-11": "x" * 2_000}
    other = {"item": ["11", "12"], "reason-12": "", "quantity-12": "5"}
    answer = send(shop, **wrong, **other)
    assert answer.status_code == 422
    for control in ("quantity-11", "reason-11", "note-11", "reason-12", "quantity-12"):
        assert f'href="#{control}"' in answer.text
    assert "5 places to correct" in text_of(answer)


def test_going_back_keeps_what_was_filled_in(shop: CustomerShop) -> None:
    answer = send(shop, "change")
    assert answer.status_code == 200
    assert re.search(r'id="item-11" name="item" value="11" checked', answer.text)
    assert '<option value="damaged" selected>' in answer.text
    assert "Both &lt;b&gt;ends" in answer.text


@pytest.mark.both_databases
def test_two_windows_cannot_send_the_same_thing_back_twice(shop: CustomerShop) -> None:
    assert send(shop, **{"quantity-11": "2"}).status_code == 303
    again = send(shop, **{"quantity-11": "2", "item": ["11", "12"], "reason-12": "unwanted"})
    assert again.status_code == 422
    text = text_of(again)
    assert "This item is part of a return already (RMA-1001)." in text
    assert "This item cannot be sent back any more." in text
    assert "RMA-1001" in text  # what was asked for is there to be looked at
    assert re.search(r'id="item-12" name="item" value="12" checked', again.text)
    assert len(shop.returns()) == 1
    assert send(shop, **{"quantity-11": "1"}).status_code == 422


def test_what_is_left_of_a_line_can_follow(shop: CustomerShop) -> None:
    assert send(shop).status_code == 303
    assert send(shop, **{"quantity-11": "2"}).status_code == 422
    assert send(shop, **{"quantity-11": ""}).status_code == 303
    assert [row.name for row in shop.returns()] == ["RMA-1002", "RMA-1001"]


def test_the_form_is_taken_twenty_times_an_hour(shop: CustomerShop) -> None:
    lines = tuple(replace(ORDER.lines[0], line_id=str(n), quantity=1) for n in range(21))
    shop.add_order(replace(ORDER, lines=lines))
    for n in range(20):
        assert send(shop, item=[str(n)], **{f"reason-{n}": "unwanted"}).status_code == 303
    refused = send(shop, item=["20"], **{"reason-20": "unwanted", "note-20": "Still here"})
    assert refused.status_code == 429
    assert "Still here" in refused.text


def test_looking_changes_nothing(shop: CustomerShop) -> None:
    send(shop)
    (row,) = shop.returns()
    before = shop.state()
    for path in (shop.return_link(), shop.return_link(then="/withdraw"), shop.status_link(row)):
        for method in ("GET", "HEAD"):
            assert shop.client.open(path, method=method).status_code == 200
    send(shop, "review")
    send(shop, "change")
    assert shop.state() == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cancelled_at": NOW}, "This order was cancelled or paid back"),
        ({"trashed": True}, "This order was cancelled or paid back"),
    ],
)
def test_an_order_that_ended_takes_nothing(
    shop: CustomerShop, change: dict[str, Any], words: str
) -> None:
    shop.add_order(replace(ORDER, **change))
    for answer in (shop.client.get(shop.return_link()), send(shop)):
        assert answer.status_code == 410
        assert words in answer.text


def test_an_unknown_order_and_one_of_another_shop_are_closed(shop: CustomerShop) -> None:
    assert shop.client.get(shop.return_link("9999")).status_code == 410
    with shop.write() as data:
        other = Shops(data.uow).ensure("woocommerce", "https://o.example", ShopState.ACTIVE, NOW)
    foreign = shop.link(Purpose.RETURN, {"s": other.public_ref, "o": "4187"})
    answer = shop.client.get(foreign)
    assert answer.status_code == 410
    assert "Peştemal" not in answer.text
    send(shop)
    (row,) = shop.returns()
    stolen = shop.link(Purpose.RETURN_STATUS, {"s": other.public_ref, "r": row.public_ref})
    assert shop.client.get(stolen).status_code == 400
    assert shop.client.post(stolen).status_code == 400
    assert shop.returns()[0].state is ReturnState.REQUESTED


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 400), char=st.characters(codec="utf-8"), below=st.booleans())
def test_an_altered_link_opens_nothing(
    shop: CustomerShop, place: int, char: str, *, below: bool
) -> None:
    link = shop.return_link()
    token = link.removeprefix("/return/")
    place %= len(token)
    altered = token[:place] + char + token[place + 1 :]
    if altered == token or "/" in altered or set(altered) & set("?#%\0"):
        return
    path = f"/return/{altered}" + ("/withdraw" if below else "")
    for method in ("GET", "POST"):
        answer = shop.client.open(path, method=method, data=TOWELS)
        # the last character of a signature has bits that carry nothing
        harmless = place == len(token) - 1 and answer.status_code in (200, 422, 303)
        assert harmless or answer.status_code in (400, 404), altered
    assert len(shop.returns()) <= 1


def test_a_link_of_one_purpose_opens_no_other_page(shop: CustomerShop) -> None:
    token = shop.review_link().removeprefix("/r/")
    for path in (f"/return/{token}", f"/return-status/{token}", f"/return/{token}/withdraw"):
        assert shop.client.get(path).status_code == 400


# where it stands


def requested(shop: CustomerShop) -> Any:
    send(shop)
    return shop.returns()[0]


def status(shop: CustomerShop, row: Any) -> str:
    return text_of(shop.client.get(shop.status_link(row)))


def test_each_state_says_what_to_do_next(shop: CustomerShop) -> None:
    shop.rules(send_back_to="Returns\nDolná 14", way_back="customer")
    row = requested(shop)
    assert "We have your request" in status(shop, row)
    assert "24 November 2026, 10:00 (UTC+01:00)" in status(shop, row)
    row = shop.move(row, ReturnState.APPROVED, "Sorry about the seam.")
    text = status(shop, row)
    assert "Approved. Please send the parcel." in text
    assert "Returns Dolná 14" in text
    assert "Put a note with RMA-1001 into the parcel. The shop pays for sending it back." in text
    assert "Sorry about the seam." in text
    row = shop.move(row, ReturnState.RECEIVED, "Sorry about the seam.")
    assert "Your parcel is here" in status(shop, row)
    row = shop.move(row, ReturnState.REFUNDED)
    assert "Your money is on its way" in status(shop, row)


def test_a_decline_names_its_reason_and_the_right_that_is_left(shop: CustomerShop) -> None:
    row = requested(shop)
    saw = Reason.of(ReasonCode.TAG_LISTED, item="Peştemal Ege", name="final-sale")
    ruling = Ruling(ReturnOutcome.DECLINE, "tags", saw)
    row = shop.move(row, ReturnState.DECLINED, ruling=ruling)
    text = status(shop, row)
    assert "“Peştemal Ege” cannot be returned." in text
    assert "Until 1 December 2026 you can withdraw from the contract" in text
    assert "final-sale" not in text


def test_a_persons_decline_is_told_in_that_persons_words(shop: CustomerShop) -> None:
    row = requested(shop)
    saw = Reason.of(ReasonCode.RETURNS_ABOVE, n=9, days=365, limit=5)
    shop.move(row, ReturnState.HELD, ruling=Ruling(ReturnOutcome.HOLD, "returns", saw))
    row = shop.move(shop.returns()[0], ReturnState.DECLINED, "It was worn.")
    text = status(shop, row)
    assert "The shop looked at your request and cannot take the items back." in text
    assert "It was worn." in text
    assert "365" not in text


@pytest.mark.both_databases
def test_the_customer_may_keep_the_items_until_the_parcel_is_there(shop: CustomerShop) -> None:
    row = requested(shop)
    answer = shop.client.post(shop.status_link(row), data={"do": "cancel"})
    assert answer.status_code == 303
    assert "Cancelled. You keep the items." in text_of(shop.client.get(answer.location))
    assert shop.returns()[0].state is ReturnState.CANCELLED
    assert shop.client.post(shop.status_link(row)).status_code == 409  # twice is once
    row = requested(shop)  # and may be asked for again
    shop.move(shop.move(row, ReturnState.APPROVED), ReturnState.RECEIVED)
    late = shop.client.post(shop.status_link(row), data={"do": "cancel"})
    assert late.status_code == 409
    assert "Not cancelled: it is too late for that." in late.text
    assert "Your parcel is here" in late.text


# mails


def test_mails_of_each_step(shop: CustomerShop) -> None:
    shop.rules(send_back_to="Returns\nDolná 14", way_back="customer")
    row = requested(shop)
    mail = shop.mail(row, ActionKind.RETURN_RECEIPT_MAIL)
    assert mail.entry.to_address == "zofia@posta.example"
    assert mail.entry.subject == "We have your request: RMA-1001"
    assert "Someone at the shop is looking at it." in mail.text
    assert shop.status_link(row).split("?")[0].split(".")[0] in mail.text
    assert "/withdraw" in mail.text  # while the law grants it
    row = shop.move(row, ReturnState.APPROVED, "Sorry.")
    mail = shop.mail(row, ActionKind.RETURN_APPROVED_MAIL)
    assert "Returns\nDolná 14" in mail.text
    assert "Cost of sending it back: The shop pays for it." in mail.text
    assert "Sorry." in mail.text
    row = shop.move(row, ReturnState.RECEIVED)
    assert "Your parcel is here" in shop.mail(row, ActionKind.RETURN_RECEIVED_MAIL).text
    row = shop.move(row, ReturnState.REFUNDED)
    assert "Your money is on its way" in shop.mail(row, ActionKind.RETURN_REFUNDED_MAIL).text


def test_mail_of_a_decline(shop: CustomerShop) -> None:
    row = requested(shop)
    saw = Reason.of(ReasonCode.GIFT_CARD, item="Gift card")
    ruling = Ruling(ReturnOutcome.DECLINE, "not_sent", saw)
    row = shop.move(row, ReturnState.DECLINED, "Sorry.", ruling=ruling)
    text = shop.mail(row, ActionKind.RETURN_DECLINED_MAIL).text
    assert "Gift cards cannot be returned." in text
    assert "Sorry." in text
    assert "Here is why not, and what you can still do." in text
    assert "Until 1 December 2026 you can withdraw from the contract" in text
    assert "because you asked to return something" in text


def test_mail_of_a_decline_promises_nothing_that_it_does_not_name(shop: CustomerShop) -> None:
    shop.add_order(replace(ORDER, country="US"))
    row = shop.move(requested(shop), ReturnState.DECLINED, "Sorry.")
    text = shop.mail(row, ActionKind.RETURN_DECLINED_MAIL).text
    assert "Here is why not." in text
    assert "what you can still do" not in text


def test_mails_of_an_end(shop: CustomerShop) -> None:
    row = shop.move(requested(shop), ReturnState.CANCELLED)
    assert "You keep the items" in shop.mail(row, ActionKind.RETURN_ENDED_MAIL).text
    row = shop.move(requested(shop), ReturnState.CLOSED)
    assert "Nothing more happens with it." in shop.mail(row, ActionKind.RETURN_ENDED_MAIL).text


def test_mails_speak_the_orders_language(shop: CustomerShop) -> None:
    shop.add_order(replace(ORDER, locale="tr_TR"))
    assert shop.mail(requested(shop), ActionKind.RETURN_RECEIPT_MAIL).entry.lang == "tr"
