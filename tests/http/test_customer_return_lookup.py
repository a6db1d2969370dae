"""Proving by a code that an order is one's own, without telling anybody which orders there are."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from werkzeug.test import TestResponse

from app.db.erasure import Traces
from app.domain.actions import ActionKind, ActionState
from app.domain.reasons import ReasonCode
from app.services.housekeeping import tidy
from tests.http.customer_shop import EMAIL, NOW, ORDER, ZOFIA, CustomerShop, customer_shop


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[CustomerShop]:
    with customer_shop(database_url, tmp_path, language="en") as found:
        yield found


def ask(shop: CustomerShop, number: str = "4187", email: str = EMAIL, **more: Any) -> TestResponse:
    path = f"/c/{shop.shop.public_ref}/return"
    return shop.client.post(path, data={"number": number, "email": email}, **more)


def sent_code(shop: CustomerShop) -> str:
    """The code in the newest mail."""
    shop.work()
    found = re.search(r"^ *(\d{6})$", shop.mails()[0].text, re.MULTILINE)
    assert found
    return found[1]


@contextmanager
def statements(shop: CustomerShop) -> Iterator[list[str]]:
    """What is asked of the database meanwhile."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(shop.deps.db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(shop.deps.db.engine, "before_cursor_execute", note)


@pytest.mark.both_databases
def test_a_code_comes_by_mail_and_opens_the_order_once(shop: CustomerShop) -> None:
    answer = ask(shop, "#4187", " Zofia@Posta.example ")
    assert answer.status_code == 303
    code = sent_code(shop)
    (mail,) = shop.mails()
    assert mail.entry.to_address == EMAIL
    assert mail.entry.subject == f"{code} is your code"
    assert not mail.entry.marketing
    assert answer.location in mail.text  # whoever closed the page finds it again

    spaced = f" {code[:3]} {code[3:]} "
    opened = shop.client.post(answer.location, data={"code": spaced})
    assert opened.status_code == 303
    assert opened.location.startswith("/return/")
    again = shop.client.post(answer.location, data={"code": code})
    assert again.status_code == 410
    assert "This code has expired" in again.text


def test_the_code_is_nowhere_but_in_the_mail_and_sealed(shop: CustomerShop) -> None:
    ask(shop)
    code = sent_code(shop)
    assert not [line for line in shop.state() if re.search(rf"\b{code}\b", line)]


def test_nobody_learns_whether_there_is_such_an_order(shop: CustomerShop) -> None:
    tries = {
        "right": ("4187", EMAIL),
        "another's address": ("4187", "other@posta.example"),
        "no such order": ("9999", EMAIL),
        "neither": ("9999", "other@posta.example"),
        "no number at all": ("'; --", "x@posta.example"),
    }
    seen: dict[str, Any] = {}
    for name, (number, email) in tries.items():
        with statements(shop) as queries:
            answer = ask(shop, number, email)
        page = shop.client.get(answer.location)
        wrong = shop.client.post(answer.location, data={"code": "000000"})
        ref = answer.location.rsplit("/", 1)[-1]
        bodies = [part.text.replace(ref, "REF") for part in (answer, page, wrong)]
        status = [part.status_code for part in (answer, page, wrong)]
        headers = sorted(name for name, _ in answer.headers)
        seen[name] = (status, bodies, headers, [q.split(" FROM ")[0] for q in queries])
    for name, what in seen.items():
        assert what == seen["right"], name


def test_an_unknown_order_mails_nobody_and_the_merchant_reads_why(shop: CustomerShop) -> None:
    ask(shop, "9999")
    shop.work()
    assert shop.mails() == []
    with shop.read() as data:
        (action,) = data.actions.page()
    assert (action.kind, action.state) == (ActionKind.RETURN_CODE_MAIL, ActionState.SKIPPED)
    assert action.reason.code is ReasonCode.NO_SUCH_ORDER


def test_an_order_of_somebody_forgotten_is_unknown(shop: CustomerShop) -> None:
    with shop.write() as data:
        data.erasure.forget(Traces((), ("4187",)), NOW)
    ask(shop)
    shop.work()
    assert shop.mails() == []


def test_two_orders_with_one_number_are_told_apart_by_their_addresses(shop: CustomerShop) -> None:
    other = replace(ZOFIA, email="other@posta.example", first_name="Other")
    shop.add_order(replace(ORDER, order_id="9001", person=other))
    location = ask(shop, email="other@posta.example").location
    opened = shop.client.post(location, data={"code": sent_code(shop)})
    token = opened.location.removeprefix("/return/").partition("?")[0]
    data = shop.deps.links.read("return", token)  # type: ignore[arg-type]
    assert data == {"s": shop.shop.public_ref, "o": "9001"}


def test_five_wrong_codes_end_it_whatever_comes_then(shop: CustomerShop) -> None:
    location = ask(shop).location
    code = sent_code(shop)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for _ in range(4):
        answer = shop.client.post(location, data={"code": wrong})
        assert answer.status_code == 422
        assert "This is not the code from the mail." in answer.text
    assert shop.client.post(location, data={"code": wrong}).status_code == 410
    assert shop.client.post(location, data={"code": code}).status_code == 410
    assert shop.client.get(location).status_code == 410


def test_a_code_is_of_no_use_after_ten_minutes(shop: CustomerShop) -> None:
    location = ask(shop).location
    code = sent_code(shop)
    shop.advance(minutes=10)
    answer = shop.client.post(location, data={"code": code})
    assert answer.status_code == 410
    assert "Get another code" in answer.text


@pytest.mark.both_databases
def test_a_code_comes_also_after_old_ones_were_thrown_away(shop: CustomerShop) -> None:
    """SQLite gives the ids of deleted rows to new ones."""
    ask(shop)
    sent_code(shop)
    shop.advance(hours=1)
    tidy(shop.deps)
    location = ask(shop).location
    code = sent_code(shop)
    assert len(shop.mails()) == 2
    assert shop.client.post(location, data={"code": code}).status_code == 303


def test_a_code_of_one_shop_opens_nothing_in_another(shop: CustomerShop) -> None:
    location = ask(shop).location
    code = sent_code(shop)
    foreign = location.replace(shop.shop.public_ref, "0" * len(shop.shop.public_ref))
    assert shop.client.post(foreign, data={"code": code}).status_code == 400
    assert shop.client.post(location, data={"code": code}).status_code == 303


@pytest.mark.parametrize("code", ["", "abcdef", "１２３４５６", "0" * 5000, "\x00"])
def test_what_is_no_code_is_answered_in_place(shop: CustomerShop, code: str) -> None:
    location = ask(shop).location
    assert shop.client.post(location, data={"code": code}).status_code == 422
    assert shop.client.post(location, data={}).status_code == 422


def test_fields_are_checked_and_nothing_typed_is_lost(shop: CustomerShop) -> None:
    answer = ask(shop, "", "zofia at posta")
    assert answer.status_code == 422
    assert "<title>Error: Return something" in answer.text
    assert "Enter the order number." in answer.text
    assert "This is not an e-mail address." in answer.text
    assert 'value="zofia at posta"' in answer.text
    assert shop.signals == []


def test_too_many_questions_are_refused_for_every_address_alike(shop: CustomerShop) -> None:
    for email in (EMAIL, "nobody@posta.example"):
        answers = [ask(shop, email=email).status_code for _ in range(6)]
        assert answers == [303] * 5 + [429], email
    refused = ask(shop, email=" ZOFIA@posta.EXAMPLE")
    assert refused.status_code == 429
    assert 'value="4187"' in refused.text
    assert "too many were asked for" in refused.text


def test_one_caller_can_ask_for_few_orders_and_guess_few_codes(shop: CustomerShop) -> None:
    answers = [ask(shop, email=f"a{n}@posta.example") for n in range(21)]
    assert [answer.status_code for answer in answers] == [303] * 20 + [429]
    tries = [
        shop.client.post(answer.location, data={"code": "000000"}).status_code
        for answer in answers[:20]
        for _ in range(4)
    ]
    assert tries[:60].count(429) == 0
    assert set(tries[60:]) == {429}


def test_the_mail_speaks_the_language_of_the_page(shop: CustomerShop) -> None:
    path = f"/c/{shop.shop.public_ref}/return?lang=tr"
    answer = shop.client.post(path, data={"number": "4187", "email": EMAIL})
    assert answer.location.endswith("?lang=tr")
    shop.work()
    assert shop.mails()[0].entry.lang == "tr"
