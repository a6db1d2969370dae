"""Stopping and allowing mail through the links at its foot."""

from collections.abc import Iterator

import pytest

from app.channels.links import Purpose
from app.db.shops import Shops, ShopState
from app.domain.actions import ActionKind, ActionState
from app.domain.reasons import ReasonCode
from app.domain.snapshots import Person
from app.services import privacy
from tests.http.customer_shop import EMAIL, NOW, ORDER, CustomerShop, customer_shop, replace

REVIEW, COUPON = "review_request", "coupon"
ONE_CLICK = "List-Unsubscribe=One-Click"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def shop(database_url: str) -> Iterator[CustomerShop]:
    with customer_shop(database_url) as found:
        yield found


def wait_for_mail(shop: CustomerShop) -> None:
    customer = shop.add_order()
    shop.plan(ActionKind.REVIEW_REQUEST_MAIL, "review:4187", customer, items=[])
    shop.plan(ActionKind.COUPON_CREATE, "coupon:orders:2", customer, percent=10)


@pytest.mark.parametrize("scope", [REVIEW, COUPON])
def test_opening_the_link_changes_nothing(shop: CustomerShop, scope: str) -> None:
    wait_for_mail(shop)
    before = shop.state()
    page = shop.client.get(shop.unsubscribe_link(scope))
    assert page.status_code == 200
    assert page.text.count("<button") == 1
    assert shop.client.get(shop.preferences_link()).status_code == 200
    assert shop.state() == before


@pytest.mark.both_databases
def test_one_click_of_a_mail_program_stops_at_once(shop: CustomerShop) -> None:
    wait_for_mail(shop)
    answer = shop.client.post(shop.unsubscribe_link(REVIEW), data=ONE_CLICK, content_type=FORM)
    assert answer.status_code == 200
    assert shop.suppressed() == {REVIEW}
    ended = shop.action("review:4187")
    assert (ended.state, ended.reason.code) == (ActionState.SKIPPED, ReasonCode.UNSUBSCRIBED)
    assert shop.action("coupon:orders:2").state is ActionState.PLANNED
    with shop.read() as data:
        lines = [(line.verb, line.what, line.customer_id) for line in data.journal.all()[-2:]]
    assert lines == [
        ("unsubscribed", "review_request", ended.customer_id),
        ("skipped", "review_request_mail", ended.customer_id),
    ]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", FORM),
        (b"", None),
        (
            (
                b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\n'
                b"One-Click\r\n--b--"
            ),
            "multipart/form-data; boundary=b",
        ),
    ],
)
def test_one_click_in_other_encodings_stops_as_well(
    shop: CustomerShop, body: bytes, content_type: str | None
) -> None:
    link = shop.unsubscribe_link(COUPON)
    assert shop.client.post(link, data=body, content_type=content_type).status_code == 200
    assert shop.suppressed() == {COUPON}


@pytest.mark.both_databases
def test_the_button_stops_and_undo_brings_the_waiting_mail_back(shop: CustomerShop) -> None:
    wait_for_mail(shop)
    planned = shop.action("review:4187")
    link = shop.unsubscribe_link(REVIEW)
    stopped = shop.client.post(link, data={"do": "stop"})
    assert "O recenzie vás už nežiadame" not in stopped.text  # the customer's language comes first
    assert "We no longer ask you for reviews" in stopped.text
    assert 'value="undo"' in stopped.text
    assert 'value="all"' in stopped.text
    undone = shop.client.post(link, data={"do": "undo"})
    assert "Stop asking for reviews" in undone.text
    assert shop.suppressed() == frozenset()
    again = shop.action("review:4187")
    assert (again.state, again.due_at, again.useful_until) == (
        ActionState.PLANNED,
        planned.due_at,
        planned.useful_until,
    )
    assert again.payload == planned.payload  # with the Message-ID that it got at first


def test_undo_brings_nothing_back_that_ended_for_another_reason(shop: CustomerShop) -> None:
    wait_for_mail(shop)
    with shop.write() as data:
        data.actions.cancel("review:4187", shop.action("review:4187").reason, NOW)
    link = shop.unsubscribe_link(REVIEW)
    shop.client.post(link)
    shop.client.post(link, data={"do": "undo"})
    assert shop.action("review:4187").state is ActionState.CANCELLED


def test_stopping_twice_changes_nothing_more(shop: CustomerShop) -> None:
    shop.client.post(shop.unsubscribe_link(REVIEW))
    before = shop.state()
    shop.client.post(shop.unsubscribe_link(REVIEW))
    assert shop.state() == before


def test_everything_can_be_stopped_from_there(shop: CustomerShop) -> None:
    wait_for_mail(shop)
    page = shop.client.post(shop.unsubscribe_link(REVIEW), data={"do": "all"})
    assert 'value="all"' not in page.text
    assert shop.suppressed() == {"all", REVIEW, COUPON}
    assert shop.action("coupon:orders:2").state is ActionState.SKIPPED


def test_undoing_one_thing_does_not_allow_the_other(shop: CustomerShop) -> None:
    link = shop.unsubscribe_link(REVIEW)
    shop.client.post(link, data={"do": "all"})
    shop.client.post(link, data={"do": "undo"})
    assert shop.suppressed() == {COUPON}


@pytest.mark.parametrize(
    ("wanted", "refused"),
    [
        ([REVIEW, COUPON], set()),
        ([REVIEW], {COUPON}),
        ([COUPON], {REVIEW}),
        ([], {REVIEW, COUPON}),
        (["all", "orders", "nonsense"], {REVIEW, COUPON}),
    ],
)
def test_preferences_are_kept(shop: CustomerShop, wanted: list[str], refused: set[str]) -> None:
    page = shop.client.post(shop.preferences_link(), data={"wanted": wanted})
    assert page.status_code == 200
    assert "Saved." in page.text
    assert shop.suppressed() == refused
    shown = shop.client.get(shop.preferences_link()).text
    assert "Saved." not in shown
    for scope in (REVIEW, COUPON):
        ticked = f'value="{scope}" checked' in shown
        assert ticked is (scope not in refused)


def test_one_button_stops_everything_and_boxes_allow_it_again(shop: CustomerShop) -> None:
    link = shop.preferences_link()
    page = shop.client.post(link, data={"do": "all", "wanted": [REVIEW]})
    assert "We only write about your orders and returns." in page.text
    assert shop.suppressed() == {"all", REVIEW, COUPON}
    shop.client.post(link, data={"wanted": [COUPON]})
    assert shop.suppressed() == {REVIEW}


def test_an_address_that_the_mail_server_refused_stays_refused(shop: CustomerShop) -> None:
    with shop.write() as data:
        data.customers.suppress(shop.email_hash(), "address_refused", NOW)
    shop.client.post(shop.preferences_link(), data={"wanted": [REVIEW, COUPON]})
    assert shop.suppressed() == {"address_refused"}


def test_the_address_is_shown_masked(shop: CustomerShop) -> None:
    page = shop.client.get(shop.preferences_link())
    assert "For z•••••@posta.example." in page.text
    assert EMAIL not in page.text


def test_an_address_without_a_customer_can_be_stopped(shop: CustomerShop) -> None:
    link = shop.preferences_link("nobody@posta.example")
    page = shop.client.get(link)
    assert "•" not in page.text
    shop.client.post(link, data={"do": "all"})
    assert "all" in shop.suppressed("nobody@posta.example")
    assert shop.suppressed() == frozenset()


def test_a_forgotten_customer_can_still_open_it_and_stays_forgotten(shop: CustomerShop) -> None:
    privacy.erase_customer(shop.deps, shop.shop.id, shop.add_order())
    privacy.carry_out(shop.deps, shop.shop.id)
    page = shop.client.get(shop.preferences_link())
    assert page.status_code == 200
    assert "•" not in page.text
    assert " checked aria" not in page.text
    assert shop.client.post(shop.unsubscribe_link(COUPON)).status_code == 200
    assert "all" in shop.suppressed()


def test_a_merged_customer_is_stopped_by_either_address(shop: CustomerShop) -> None:
    wait_for_mail(shop)
    known = replace(ORDER, person=replace(ORDER.person, customer_id="77"))
    shop.add_order(known)
    second = Person(email="z.novakova@work.example", customer_id="77")
    shop.add_order(replace(ORDER, order_id="4200", person=second))
    shop.client.post(shop.unsubscribe_link(REVIEW, "z.novakova@work.example"))
    assert shop.action("review:4187").state is ActionState.SKIPPED


def test_it_works_after_the_shop_disconnected(shop: CustomerShop) -> None:
    with shop.deps.db.write() as uow:
        Shops(uow).change(shop.shop.id, state=ShopState.DISCONNECTED)
    assert shop.client.post(shop.unsubscribe_link(REVIEW)).status_code == 200
    assert shop.suppressed() == {REVIEW}


def test_a_shop_that_was_erased_keeps_nothing_new(shop: CustomerShop) -> None:
    link = shop.unsubscribe_link(REVIEW)
    with shop.deps.db.write() as uow:
        Shops(uow).change(shop.shop.id, state=ShopState.ERASED)
    before = shop.state()
    assert shop.client.post(link).status_code == 400
    assert shop.state() == before


def test_altered_links_of_other_purposes_and_scopes_change_nothing(shop: CustomerShop) -> None:
    token = shop.unsubscribe_link(REVIEW).removeprefix("/u/")
    strange = {"s": shop.shop.public_ref, "h": shop.email_hash(), "k": "orders"}
    nobody = {"s": shop.shop.public_ref, "h": "", "k": REVIEW}
    before = shop.state()
    for path in (
        f"/u/{token[:-1]}",
        f"/p/{token}",
        f"/u/{shop.preferences_link().removeprefix('/p/')}",
        shop.link(Purpose.UNSUBSCRIBE, strange),
        shop.link(Purpose.UNSUBSCRIBE, nobody),
    ):
        assert shop.client.get(path).status_code == 400
        assert shop.client.post(path).status_code == 400
    assert shop.state() == before


def test_a_link_changes_its_own_shop_only(shop: CustomerShop) -> None:
    with shop.deps.db.write() as uow:
        other = Shops(uow).ensure("woocommerce", "https://other.example", ShopState.ACTIVE, NOW)
    data = {"s": other.public_ref, "h": shop.email_hash(), "k": REVIEW}
    assert shop.client.post(shop.link(Purpose.UNSUBSCRIBE, data)).status_code == 200
    assert shop.suppressed() == frozenset()


def test_pages_speak_the_chosen_language(shop: CustomerShop) -> None:
    page = shop.client.get(shop.preferences_link() + "?lang=tr")
    assert '<html lang="tr">' in page.text
    assert "Değerlendirme isteme" in page.text
    saved = shop.client.post(shop.preferences_link() + "?lang=tr", data={"wanted": [COUPON]})
    assert "Kaydedildi." in saved.text
