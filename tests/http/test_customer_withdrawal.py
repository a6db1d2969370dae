"""Withdrawing from a contract: for everybody, in two steps, with proof, and revealing nothing."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.db.erasure import Traces
from app.db.shops import Shops, ShopState
from app.domain.returns import ReturnKind, ReturnOrigin, ReturnState
from tests.http.customer_shop import EMAIL, NOW, ORDER, CustomerShop, customer_shop

DECLARED = {"name": "Žofia Nováková", "number": "4187", "email": EMAIL, "goods": ""}
STRANGER = {
    "name": "Jana Nová",
    "number": "77-B",
    "email": "jana@posta.example",
    "goods": "Two towels,\nordered in autumn",
}


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[CustomerShop]:
    with customer_shop(database_url, tmp_path, language="en") as found:
        yield found


def declare(shop: CustomerShop, step: str = "confirm", **fields: Any) -> TestResponse:
    path = f"/c/{shop.shop.public_ref}/withdraw"
    return shop.client.post(path, data={**STRANGER, **fields, "do": step})


def text_of(answer: TestResponse) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def test_the_function_is_labelled_and_reachable_from_every_page(shop: CustomerShop) -> None:
    ref = shop.shop.public_ref
    for path in (
        shop.review_link(),
        shop.preferences_link(),
        shop.unsubscribe_link("coupon"),
        f"/c/{ref}/reviews",
        f"/c/{ref}/return",
        f"/c/{ref}/withdraw",
    ):
        page = shop.client.get(path).text
        link = re.search(r'<a href="([^"]+)">Withdraw from contract here</a>', page)
        assert link, path
        assert shop.client.get(link[1]).status_code == 200
    of_order = shop.client.get(shop.return_link()).text
    assert re.search(r'href="/return/[^"]+/withdraw(\?lang=en)?">Withdraw from', of_order)


@pytest.mark.both_databases
def test_without_a_link_it_is_declared_confirmed_and_proven(shop: CustomerShop) -> None:
    declared = declare(shop, "declare")
    assert declared.status_code == 303  # a page of its own: a browser can go back to it
    first = shop.client.get(declared.location)
    assert first.status_code == 200
    assert "Confirm withdrawal" in first.text
    assert "ordered in autumn" in first.text
    assert shop.returns() == []  # nothing is declared by one step

    answer = declare(shop)
    assert answer.status_code == 303
    receipt = text_of(shop.client.get(answer.location))
    for words in (
        "Your withdrawal has arrived",
        "24 November 2026, 10:00:00 (UTC+01:00)",
        "77-B",
        "Jana Nová",
        "jana@posta.example",
        "Two towels, ordered in autumn",
    ):
        assert words in receipt, words
    (row,) = shop.returns()
    assert (row.kind, row.origin, row.order_id) == (
        ReturnKind.WITHDRAWAL, ReturnOrigin.CUSTOMER, None
    )  # fmt: skip
    shop.work()
    (mail,) = shop.mails()
    assert mail.entry.to_address == "jana@posta.example"
    assert mail.entry.kind == "withdrawal_receipt_mail"
    for words in (
        "24 November 2026, 10:00:00 (UTC+01:00)",
        "Your name: Jana Nová",
        "Order or contract: 77-B",
        "Two towels,\nordered in autumn",
        "Kept as: RMA-1001",
    ):
        assert words in mail.text, words


def test_what_is_kept_of_a_declaration_is_sealed(shop: CustomerShop) -> None:
    declare(shop)
    assert not [line for line in shop.state() if "Jana" in line or "autumn" in line]


@pytest.mark.both_databases
def test_a_declaration_that_fits_an_order_is_one_of_that_order(shop: CustomerShop) -> None:
    declare(shop, **DECLARED, goods_ignored="")
    (row,) = shop.returns()
    assert (row.order_id, row.kind) == ("4187", ReturnKind.WITHDRAWAL)
    shop.work()
    assert shop.mails()[0].entry.to_address == EMAIL
    assert "2 × Peştemal Ege" in shop.mails()[0].text
    assert declare(shop, **DECLARED).status_code == 303
    assert len(shop.returns()) == 1


def test_nobody_learns_whether_an_order_was_matched(shop: CustomerShop) -> None:
    seen = []
    for number, email in (("4187", EMAIL), ("4188", EMAIL), ("4187", "other@posta.example")):
        for _ in range(2):
            answer = declare(shop, number=number, email=email)
            page = shop.client.get(answer.location)
            body = page.text.replace(number, "NUMBER").replace(email, "EMAIL")
            body = body.replace(answer.location.split("?")[0].rsplit("/", 1)[-1], "TOKEN")
            body = re.sub(r"RMA-\d+", "RMA", body)  # everybody gets one
            headers = sorted(name for name, _ in answer.headers)
            seen.append((answer.status_code, headers, page.status_code, body))
    assert all(each == seen[0] for each in seen)


@pytest.mark.both_databases
@pytest.mark.parametrize("first", [DECLARED, STRANGER])
def test_what_has_a_receipt_is_kept(shop: CustomerShop, first: dict[str, str]) -> None:
    """The very same declaration once, under its first time; one that says more beside it."""
    declare(shop, **first)
    shop.advance(hours=2)
    again = text_of(shop.client.get(declare(shop, **first).location))
    assert "24 November 2026, 10:00:00 (UTC+01:00)" in again
    assert "RMA-1001" in again
    assert len(shop.returns()) == 1

    other = {**first, "name": "Somebody Else", "goods": "One towel"}
    for _ in range(2):
        proof = text_of(shop.client.get(declare(shop, **other).location))
        assert "24 November 2026, 12:00:00 (UTC+01:00)" in proof
        assert "RMA-1002" in proof
    kept = max(shop.returns(), key=lambda row: row.number)
    assert len(shop.returns()) == 2
    assert (kept.kind, kept.state) == (ReturnKind.WITHDRAWAL, ReturnState.HELD)
    with shop.read() as data:
        words = data.returns.words(kept)
    assert (words.name, words.goods) == ("Somebody Else", "One towel")
    shop.work()
    mails = shop.mails()
    assert [mail.entry.to_address for mail in mails] == [first["email"]] * 2
    assert [mail for mail in mails if "One towel" in mail.text and "12:00:00" in mail.text]


def test_the_same_declaration_sent_twice_is_one(shop: CustomerShop) -> None:
    declare(shop)
    declare(shop)
    assert len(shop.returns()) == 1
    declare(shop, number="78")
    assert len(shop.returns()) == 2


@pytest.mark.both_databases
def test_with_a_link_it_is_filled_in_and_one_button_confirms_it(shop: CustomerShop) -> None:
    path = shop.return_link(then="/withdraw")
    page = shop.client.get(path)
    for words in ("#4187", "Žofia Nováková", "z•••••@posta.example", "2 × Peştemal Ege"):
        assert words in page.text, words
    assert EMAIL not in page.text
    answer = shop.client.post(path, data={"do": "confirm"})
    assert answer.status_code == 303
    proof = text_of(shop.client.get(answer.location))
    assert "Your withdrawal has arrived" in proof
    assert "24 November 2026, 10:00:00 (UTC+01:00)" in proof
    assert "Cancel this return" not in proof
    (row,) = shop.returns()
    assert (row.kind, row.order_id) == (ReturnKind.WITHDRAWAL, "4187")
    again = shop.client.post(path)
    assert again.status_code == 303
    seen = shop.client.get(path)
    assert seen.location.startswith("/return-status/")
    assert len(shop.returns()) == 1
    assert "Your right to withdraw" not in shop.client.get(shop.return_link()).text


def test_it_is_taken_for_an_order_that_can_no_longer_be_returned(shop: CustomerShop) -> None:
    shop.add_order(replace(ORDER, cancelled_at=NOW))
    assert shop.client.get(shop.return_link()).status_code == 410
    path = shop.return_link(then="/withdraw")
    assert shop.client.get(path).status_code == 200
    assert shop.client.post(path).status_code == 303
    assert len(shop.returns()) == 1


def test_whoever_was_forgotten_declares_without_the_order(shop: CustomerShop) -> None:
    with shop.write() as data:
        data.erasure.forget(Traces((), ("4187",)), NOW)
    answer = shop.client.get(shop.return_link(then="/withdraw"))
    assert answer.status_code == 303
    assert answer.location.startswith(f"/c/{shop.shop.public_ref}/withdraw")
    declare(shop, **DECLARED)
    assert shop.returns()[0].order_id is None


@pytest.mark.parametrize("step", ["declare", "confirm"])
def test_every_field_wrong_is_said_in_place(shop: CustomerShop, step: str) -> None:
    answer = declare(shop, step, name="\u202e \n", number=" ", goods="", email="jana at posta")
    assert answer.status_code == 422
    for message in (
        "Enter your name.",
        "Enter the order number, or",
        "This is not an e-mail address.",
    ):
        assert message in answer.text
    assert 'value="jana at posta"' in answer.text
    assert "<title>Error: Withdraw" in answer.text
    assert shop.returns() == []


def test_too_long_a_description_is_said_and_kept(shop: CustomerShop) -> None:
    answer = declare(shop, goods="x" * 501)
    assert answer.status_code == 422
    assert "Shorten this to 500 characters." in answer.text
    assert "x" * 501 in answer.text


def test_the_longest_declaration_has_a_receipt_that_proxies_take(shop: CustomerShop) -> None:
    wide = "\U0001f9f5"
    fields = {"name": wide * 120, "number": wide * 64, "goods": wide * 500}
    answer = declare(shop, **fields, email="a" * 60 + "@" + "b" * 60 + ".example")
    assert answer.status_code == 303
    assert len(answer.location) < 7_000  # nginx takes 8 KB
    assert shop.client.get(answer.location).status_code == 200


def test_going_back_keeps_what_was_filled_in(shop: CustomerShop) -> None:
    answer = declare(shop, "change")
    assert answer.status_code == 303
    answer = shop.client.get(answer.location)
    assert answer.status_code == 200
    assert 'value="Jana Nová"' in answer.text
    assert "Two towels,\nordered in autumn</textarea>" in answer.text


def test_a_receipt_opens_for_its_shop_only_and_unaltered(shop: CustomerShop) -> None:
    location = declare(shop).location
    with shop.write() as data:
        other = Shops(data.uow).ensure("woocommerce", "https://o.example", ShopState.ACTIVE, NOW)
    foreign = location.replace(shop.shop.public_ref, other.public_ref)
    assert shop.client.get(foreign).status_code == 400
    for altered in (
        location[:-3] + "AAA",
        location[:-40],
        location.split("received/")[0] + "received/x",
    ):
        assert shop.client.get(altered).status_code == 400, altered


@pytest.mark.parametrize("step", ["declare", "change"])
def test_what_is_carried_on_is_of_its_shop_only_and_unaltered(
    shop: CustomerShop, step: str
) -> None:
    location = declare(shop, step).location
    assert "Jana" not in location
    token = location.partition("declared/")[2] or location.partition("d=")[2]
    altered = location.replace(token[:40], token[:39] + ("A" if token[39] != "A" else "B"))
    answer = shop.client.get(altered)
    assert answer.status_code == (400 if step == "declare" else 200)
    assert "Jana" not in answer.text
    assert shop.returns() == []


def test_declarations_are_limited_and_nothing_typed_is_lost(shop: CustomerShop) -> None:
    answers = [declare(shop, number=str(n)).status_code for n in range(6)]
    assert answers == [303] * 5 + [429]
    refused = declare(shop)
    assert "too many declarations" in refused.text
    assert 'value="Jana Nová"' in refused.text
    assert len(shop.returns()) == 5


def test_a_shop_that_left_takes_no_declaration_that_nobody_would_read(shop: CustomerShop) -> None:
    status = shop.client.post(shop.return_link(then="/withdraw")).location
    with shop.write() as data:
        Shops(data.uow).change(shop.shop.id, state=ShopState.DISCONNECTED)
    for path in (f"/c/{shop.shop.public_ref}/withdraw", f"/c/{shop.shop.public_ref}/return"):
        for method in ("GET", "POST"):
            answer = shop.client.open(path, method=method, data=STRANGER)
            assert answer.status_code == 410, path
            assert "Please write to the shop." in answer.text
            assert "Withdraw from contract here" not in answer.text
    assert shop.client.get(status).status_code == 200  # what was declared can still be proven
    assert shop.returns()[0].state is ReturnState.REQUESTED
