"""Why not? From what a merchant types to the answer; one customer's whole history."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.db.returns import NewReturn
from app.domain.actions import ActionState
from app.domain.money import Money
from app.domain.reasons import Reason, ReasonCode
from app.domain.returns import ReturnKind, ReturnOrigin, ReturnOutcome, ReturnState, Ruling
from app.services import preferences
from tests.http.merchant_shop import NOW, MerchantShop, merchant_shop, order, person, text_of


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[MerchantShop]:
    with merchant_shop(database_url, tmp_path) as found:
        found.switch_on()
        found.take(*[order(n) for n in range(3)])
        yield found


def customer_of(shop: MerchantShop, n: int) -> int:
    with shop.read() as data:
        found = data.customers.find_email(f"kunde{n}@posta.example")
    assert found
    return found


@pytest.mark.parametrize(
    ("typed", "leads_to"),
    [
        ("4101", "/app/orders/4101"),
        ("#4101", "/app/orders/4101"),
        (" 4101 ", "/app/orders/4101"),
        ("thanks-3k7", "/app/orders/4100"),
        ("RMA-1001", "/app/orders/4102"),
        ("rma-1001", "/app/orders/4102"),
    ],
)
def test_numbers_and_codes_lead_straight_to_the_order(
    shop: MerchantShop, typed: str, leads_to: str
) -> None:
    with shop.write() as data:
        data.coupons.add(
            customer_id=customer_of(shop, 0), email_hash="h", milestone_key="orders:1",
            code="THANKS-3K7", order_id="4100", terms={"percent": 10}, now=NOW,
        )  # fmt: skip
        data.returns.add(asked("4102"))
    answer = shop.client.get("/app/why", query_string={"q": typed})
    assert (answer.status_code, answer.location) == (302, leads_to)


def asked(order_id: str, state: ReturnState = ReturnState.HELD, **more: object) -> NewReturn:
    return NewReturn(
        kind=ReturnKind.RETURN,
        origin=ReturnOrigin.CUSTOMER,
        state=state,
        lines=(),
        value=Money(3_000, "EUR"),
        requested_at=NOW - timedelta(hours=1),
        order_id=order_id,
        **more,  # type: ignore[arg-type]
    )


def test_an_address_leads_to_the_customer_in_any_spelling(shop: MerchantShop) -> None:
    answer = shop.client.get("/app/why", query_string={"q": " KUNDE2@Posta.example"})
    assert answer.location == f"/app/customers/{customer_of(shop, 2)}"
    nobody = text_of(shop.get("/app/why?q=nobody@posta.example"))
    assert "Nobody with this address" in nobody


@pytest.mark.parametrize("typed", ["Šťastný", "stastny", "LUBOMIR", "ľub šťa", "kunde2"])
def test_a_name_is_found_as_it_is_typed_and_it_is_said_what_was_searched(
    shop: MerchantShop, typed: str
) -> None:
    html = shop.client.get("/app/why", query_string={"q": typed}).text
    assert f'href="/app/customers/{customer_of(shop, 2)}"' in html
    page = text_of(html)
    assert "1 customer is called so among your newest 3 orders" in page
    assert "Ľubomír Šťastný kunde2@posta.example #4102" in page


def test_what_is_not_found_says_how_far_was_looked(shop: MerchantShop) -> None:
    page = text_of(shop.get("/app/why?q=Nobody"))
    assert "Nothing found" in page
    assert "nobody in your newest 3 orders, back to 17 Nov, 11:00" in page
    assert "%" not in text_of(shop.get("/app/why?q=%25_"))


def test_a_customer_has_the_answer_first_and_all_orders_in_one_story(shop: MerchantShop) -> None:
    later = order(7, person=person(0), country="SK", placed_at=NOW - timedelta(days=2))
    shop.take(later)
    shop.end("4100", ActionState.SKIPPED, Reason.of(ReasonCode.NO_CONSENT, country="SK"))
    page = text_of(shop.get(f"/app/customers/{customer_of(shop, 0)}"))
    assert "Žofia Nováková kunde0@posta.example · SK · 2 orders · €180.00 spent" in page
    answer = page[page.index("How it stands") : page.index("Timeline")]
    assert "Review request · order #4107 Planned: 7 days after" in answer
    assert (
        "Not asked · order #4100 there is no recorded consent to marketing mail; "
        "the law asks for it (Slovakia)" in page
    )
    assert page.index("Order placed order #4107") < page.index("Order placed order #4100")
    assert "Review request Yes" in page
    assert "0 of 2 in 7 days" in page


def test_choices_of_a_customer_stand_in_the_story_and_tell_what_is_allowed(
    shop: MerchantShop,
) -> None:
    with shop.read() as data:
        address = data.customers.email_hash("kunde1@posta.example") or ""
    preferences.change(shop.deps, shop.shop.id, address, stop=["review_request"])
    page = text_of(shop.get(f"/app/customers/{customer_of(shop, 1)}"))
    assert "Wants no review requests" in page
    assert "Review request No the customer does not want such mail" in page
    assert "Not asked: the customer does not want such mail." in page


def test_an_open_return_is_an_answer_and_its_decision_names_the_rule(shop: MerchantShop) -> None:
    reason = Reason(ReasonCode.RETURN_HELD, {"name": "RMA-1001"})
    ruling = Ruling(ReturnOutcome.HOLD, "value", reason)
    with shop.write() as data:
        made = data.returns.add(asked("4102", customer_id=customer_of(shop, 2)))
        data.returns.change(made, ruling=ruling)
    for path in ("/app/orders/4102", f"/app/customers/{customer_of(shop, 2)}"):
        page = text_of(shop.get(path))
        assert "Return RMA-1001" in page
        assert "Left to you: return RMA-1001 is left to you." in page


def test_a_story_can_be_narrowed_and_says_what_is_left_out(shop: MerchantShop) -> None:
    path = f"/app/customers/{customer_of(shop, 0)}"
    assert "Parcel arrived" in text_of(shop.get(path))
    messages = text_of(shop.get(f"{path}?show=message"))
    assert "Parcel arrived" not in messages
    assert "Review request Planned" in messages
    assert "Parcel arrived" in text_of(shop.get(f"{path}?show=nonsense"))


def test_whoever_turned_out_to_be_somebody_else_is_found_there(shop: MerchantShop) -> None:
    kept, removed = customer_of(shop, 0), customer_of(shop, 1)
    with shop.write() as data:
        data.customers.merge(kept, removed)  # type: ignore[arg-type]
    answer = shop.client.get(f"/app/customers/{removed}")
    assert (answer.status_code, answer.location) == (302, f"/app/customers/{kept}")
    assert "2 e-mail addresses" in text_of(shop.get(f"/app/customers/{kept}"))


@pytest.mark.parametrize("customer", ["0", "999999", str(2**63), str(2**80)])
def test_unknown_customers_are_not_found(shop: MerchantShop, customer: str) -> None:
    assert shop.client.get(f"/app/customers/{customer}").status_code == 404


def test_deliveries_of_an_order_are_shown_as_they_came(shop: MerchantShop) -> None:
    for number, order_id in enumerate((4100, 4101, 41000)):
        with shop.write() as data:
            body = f'{{"id": {order_id}, "status": "completed"}}'.encode()
            data.inbox.add(
                dedupe_key=f"d{number}",
                source="webhook",
                topic="order.updated",
                sealed_body=data.uow.keyring.seal_body(body),
                now=NOW,
            )
    page = text_of(shop.get("/app/orders/4100/received"))
    assert '"id": 4100,' in page
    assert "4101" not in page
    assert "41000" not in page
    assert "among the newest 3 deliveries" in page
    assert "No delivery of this order is kept" in text_of(shop.get("/app/orders/4102/received"))
