"""The shop page: what customers see, what it leads to in a mail, data taken along and forgotten."""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from urllib.parse import urlsplit

import pytest
from sqlalchemy.pool import QueuePool
from werkzeug.test import TestResponse

from app.channels.links import Purpose
from app.db.shops import Shops
from app.embedded_ui import shop as shop_pages
from app.platforms.base import StoreInfo
from app.services import shop_settings, test_mails
from app.services.connections.checking import describe
from tests.http.merchant_shop import MerchantShop, merchant_shop, order, text_of

FORM = {
    "sender_name": "Eliška z Çınar & Breza",
    "reply_to": "ahoj@cinar-breza.example",
    "language": "tr",
    "colour": "#FFD400",
    "logo_url": "https://cinar-breza.example/logo.png",
    "postal_address": "Dolná 14\r\n974 01 Banská Bystrica",
}


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[MerchantShop]:
    with merchant_shop(database_url, tmp_path) as found:
        yield found


def save(shop: MerchantShop, changes: Mapping[str, str], seen: str | None = None) -> TestResponse:
    known = shop_settings.stored(shop.deps, shop.shop.id)
    form = {**known.model_dump(), "seen": seen or shop_settings.state_of(known), **changes}
    return shop.post("/app/shop", form)


def customer_of(shop: MerchantShop, n: int) -> int:
    with shop.read() as data:
        found = data.customers.find_email(f"kunde{n}@posta.example")
    assert found
    return found


def test_what_is_saved_is_what_a_mail_says(shop: MerchantShop) -> None:
    assert save(shop, FORM).location == "/app/shop?done=saved"
    shop.post("/app/automations/review_request/test")
    (mail,) = shop.mails()
    assert mail.from_name == "Eliška z Çınar & Breza"
    raw = next((shop.deps.settings.data_dir / "outbox").glob("*.eml")).read_text()
    assert "ahoj@cinar-breza.example" in raw
    html = shop.get("/app/shop")
    assert 'value="#ffd400"' in html
    assert "Dolná 14, 974 01 Banská Bystrica" in html


def test_a_colour_that_cannot_be_read_is_told_with_the_one_that_is_used(
    shop: MerchantShop,
) -> None:
    save(shop, {"colour": "#ffd400"})
    page = text_of(shop.get("/app/shop"))
    assert "#ffd400 is too pale to be read on white." in page
    assert "can be read well" in text_of(shop.get("/app/shop/colour?colour=0b5a75"))
    assert "Write a colour like" in text_of(shop.get("/app/shop/colour?colour=petrol"))
    assert "<script" not in shop.get("/app/shop/colour?colour=%3Cscript%3E")


@pytest.mark.parametrize(
    ("field", "entered", "said"),
    [
        ("colour", "petrol", "This is no colour. Write it like #0b5a75."),
        ("reply_to", "nobody", "This is not an e-mail address."),
        ("reply_to", "a@b.example\r\nBcc: c@d.example", "This is not an e-mail address."),
        ("reply_to", ".jana@b.example", "This is not an e-mail address."),
        ("reply_to", "žofia@b.example", "This is not an e-mail address."),
        ("logo_url", "https://[shop", "begins with https://"),
        ("logo_url", "javascript:alert(1)", "begins with https://"),
        ("logo_url", "http://shop.example/logo.png", "begins with https://"),
        ("sender_name", "x" * 81, "80 characters are the most"),
        ("language", "de", "Choose one of the values."),
    ],
)
def test_what_cannot_be_used_is_said_at_its_field_and_nothing_is_lost(
    shop: MerchantShop, field: str, entered: str, said: str
) -> None:
    answer = save(shop, {"postal_address": "Kept as entered", field: entered})
    assert answer.status_code == 422
    page = text_of(answer.text)
    assert "Not saved: 1 field to correct" in page
    assert said in page
    assert "Kept as entered" in answer.text
    assert shop_settings.stored(shop.deps, shop.shop.id).postal_address == ""


def test_every_field_wrong_is_said_at_once(shop: MerchantShop) -> None:
    wrong = {"colour": "x", "reply_to": "x", "logo_url": "x", "sender_name": "x" * 99}
    answer = save(shop, wrong)
    assert "Not saved: 4 fields to correct" in text_of(answer.text)


def test_a_name_never_becomes_a_second_header(shop: MerchantShop) -> None:
    save(shop, {"sender_name": "Shop\r\nBcc: everybody@evil.example"})
    with shop.deps.db.read() as uow:
        assert Shops(uow).get(shop.shop.id).sender_name == "Shop, Bcc: everybody@evil.example"


def test_two_forms_at_once_the_second_sees_what_differs(shop: MerchantShop) -> None:
    seen = shop_settings.state_of(shop_settings.stored(shop.deps, shop.shop.id))
    save(shop, {"sender_name": "First"}, seen)
    answer = save(shop, {"sender_name": "Second"}, seen)
    assert answer.status_code == 409
    page = text_of(answer.text)
    assert "changed in the meantime" in page
    assert "was First" in page
    assert 'value="Second"' in answer.text


@pytest.mark.both_databases
def test_of_two_forms_saved_at_the_same_moment_one_sees_a_conflict(shop: MerchantShop) -> None:
    known = shop_settings.stored(shop.deps, shop.shop.id)
    seen, start = shop_settings.state_of(known), Barrier(8)

    def save_at_once(n: int) -> bool:
        entered = {**known.model_dump(), "sender_name": f"Sender {n}"}
        start.wait()
        return shop_settings.save(shop.deps, shop.shop.id, entered, seen=seen).done

    with ThreadPoolExecutor(8) as threads:
        done = list(threads.map(save_at_once, range(8)))
    assert done.count(True) == 1
    stored = shop_settings.stored(shop.deps, shop.shop.id)
    assert stored.sender_name == f"Sender {done.index(True)}"


def test_the_chosen_language_stays_when_the_store_says_another(shop: MerchantShop) -> None:
    info = StoreInfo(
        name="Store", url="https://cinar-breza.example/", email=None, timezone="UTC",
        currency="EUR", country="SK", language="sk_SK", domain="https://cinar-breza.example",
    )  # fmt: skip

    def told() -> str:
        with shop.write() as data:
            describe(data, Shops(data.uow).get(shop.shop.id), info)
            return Shops(data.uow).get(shop.shop.id).language

    assert told() == "sk_SK"
    assert shop_settings.stored(shop.deps, shop.shop.id).language == "sk"
    save(shop, {"sender_name": "Store of the merchant"})  # which chooses no language
    assert shop_settings.stored(shop.deps, shop.shop.id).language == "sk"
    assert told() == "sk_SK"
    save(shop, {"language": "tr"})
    assert told() == "tr"


def test_the_whole_shop_is_one_file_behind_a_link_that_ends(shop: MerchantShop) -> None:
    shop.take(order(0))
    html = shop.post("/app/shop/export").text
    link = urlsplit(html.split('href="http://shop.test/shop-export/')[1].split('"')[0]).path
    stranger = shop.app.test_client()
    answer = stranger.get(f"/shop-export/{link}")
    (found,) = json.loads(answer.text)["shops"]
    assert [row["platform_id"] for row in found["orders"]] == ["4100"]
    assert found["orders"][0]["person"]["email"] == "kunde0@posta.example"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Cache-Control"] == "no-store"
    assert stranger.get(f"/shop-export/{link}x").status_code == 404


def test_one_whole_shop_is_read_at_a_time(shop: MerchantShop) -> None:
    """Each takes a thread and room on the disk; pages and deliveries need both."""
    link = urlsplit(shop.deps.links.make(Purpose.SHOP_EXPORT, {"s": shop.shop.public_ref})).path
    browser = shop.app.test_client()
    with shop_pages._one_at_a_time:
        assert browser.get(link).status_code == 503
        assert browser.head(link).status_code == 200
    assert len(json.loads(browser.get(link).text)["shops"]) == 1


def test_a_download_that_nobody_takes_holds_nothing_in_the_database(shop: MerchantShop) -> None:
    shop.take(order(0))
    link = shop.deps.links.make(Purpose.SHOP_EXPORT, {"s": shop.shop.public_ref})
    pool = shop.deps.db.engine.pool
    assert isinstance(pool, QueuePool)
    answer = shop.app.test_client().get(urlsplit(link).path, buffered=False)
    assert pool.checkedout() == 0
    shop.take(order(1))
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    (found,) = json.loads(answer.text)["shops"]
    assert [row["platform_id"] for row in found["orders"]] == ["4100"]


def test_a_customers_file_is_asked_for_once_and_mailed_to_the_owner(shop: MerchantShop) -> None:
    shop.take(order(0))
    customer = customer_of(shop, 0)
    for _ in range(2):
        answer = shop.post(f"/app/customers/{customer}/export")
        assert answer.location == f"/app/customers/{customer}?done=file"
    shop.work()
    mails = [mail for mail in shop.mails() if mail.kind == "data_export_mail"]
    assert [mail.to_address for mail in mails] == ["eliska@cinar-breza.example"]


def test_a_customers_file_that_was_mailed_can_be_asked_for_again(shop: MerchantShop) -> None:
    shop.take(order(0))
    customer = customer_of(shop, 0)
    for asked in (1, 2):
        shop.post(f"/app/customers/{customer}/export")
        shop.work()
        assert [mail.kind for mail in shop.mails()] == ["data_export_mail"] * asked
        shop.clock.at += timedelta(days=1)


def test_forgetting_asks_for_typing_and_takes_the_person_out(shop: MerchantShop) -> None:
    shop.switch_on()
    shop.take(order(0))
    customer = customer_of(shop, 0)
    path = f"/app/customers/{customer}/forget"
    assert "To confirm, type kunde0@posta.example" in text_of(shop.get(path))
    refused = shop.post(path, {"typed": "kunde1@posta.example"})
    assert refused.status_code == 422
    assert "Nothing was forgotten." in text_of(refused.text)

    answer = shop.post(path, {"typed": " KUNDE0@posta.example "})
    assert answer.location == f"/app/customers/{customer}?done=forgetting"
    shop.work()
    page = text_of(shop.get(f"/app/customers/{customer}"))
    assert "What is left names nobody." in page
    assert "kunde0" not in page
    assert "Data erased" in page
    assert "Nobody with this address" in text_of(shop.get("/app/why?q=kunde0@posta.example"))


def test_files_are_not_made_without_end(shop: MerchantShop) -> None:
    answers = [shop.post("/app/shop/export").status_code for _ in range(11)]
    assert answers[9:] == [200, 303]
    assert "No file was made." in text_of(shop.get("/app/shop?done=too-often"))


def test_an_owners_address_that_mail_cannot_carry_holds_no_mail_up(shop: MerchantShop) -> None:
    with shop.write() as data:
        Shops(data.uow).set_owner_email(shop.shop.id, "žofia@cinar-breza.example")
    test_mails.send(shop.deps, shop.shop, "review_request", "kunde0@posta.example")
    (mail,) = shop.mails()
    assert mail.to_address == "kunde0@posta.example"
    raw = next((shop.deps.settings.data_dir / "outbox").glob("*.eml")).read_text()
    assert "Reply-To" not in raw


def test_the_owners_answers_come_to_the_owner_unless_told_otherwise(shop: MerchantShop) -> None:
    with shop.deps.db.read() as uow:
        assert Shops(uow).reply_to(shop.shop.id) is None
    save(shop, {"reply_to": "ahoj@cinar-breza.example"})
    save(shop, {"reply_to": ""})
    with shop.deps.db.read() as uow:
        assert Shops(uow).reply_to(shop.shop.id) is None


@pytest.mark.parametrize("path", ["/app/shop", "/app/returns/rules"])
def test_the_pages_for_the_shops_own_menu_can_be_copied(shop: MerchantShop, path: str) -> None:
    html = shop.get(path)
    for page in ("return", "withdraw"):
        address = f"{shop.deps.links.public_url}/c/{shop.shop.public_ref}/{page}"
        assert f'data-copy="{address}"' in html
        assert shop.app.test_client().get(urlsplit(address).path).status_code == 200
