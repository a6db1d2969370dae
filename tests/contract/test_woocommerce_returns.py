"""Returns on the WooCommerce twin: what is left on the order, once, whatever the line does."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import requests

from app.domain.clocks import WallClock
from app.domain.errors import Refused, Retryable
from app.domain.money import Money
from app.domain.returns import ReturnKind, ReturnReason, ReturnState
from app.domain.snapshots import OrderSnapshot, ProductSnapshot
from app.platforms.base import (
    Connection,
    Received,
    RemoteReturn,
    ReturnSpec,
    ReturnSpecLine,
    ReturnsPort,
    Store,
)
from app.platforms.woocommerce.platform import WooCommerce
from tests.contract.returns_suite import ReturnsSuite
from tests.pipeline.stands import Stand, standing
from twins import woocommerce

PLATFORM = WooCommerce("Afterglow/test", WallClock(), allow_loopback=True)


@dataclass
class Shop:
    """A running twin, our ports to it, and one order there."""

    url: str
    ports: Store
    order_id: str = ""
    line_id: str = ""

    @property
    def returns(self) -> ReturnsPort:
        assert self.ports.returns is not None
        return self.ports.returns

    def act(self, path: str, method: str = "POST", /, **data: Any) -> Any:
        answer = requests.request(method, f"{self.url}/_twin{path}", json=data, timeout=10)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def raw(self, path: str) -> Any:
        """As the REST API shows it."""
        return self.returns._client.get(path).data

    def spec(self, **changes: Any) -> ReturnSpec:
        line = ReturnSpecLine(self.line_id, "Mug", 1, ReturnReason.TOO_SMALL, "My words.")
        spec = ReturnSpec(
            reference="RMA-1004",
            order_id=self.order_id,
            kind=ReturnKind.RETURN,
            state=ReturnState.REQUESTED,
            lines=(line,),
        )
        return replace(spec, **changes)

    def notes(self, reference: str = "RMA-1004") -> list[str]:
        """Ours about one return, oldest first."""
        notes = self.raw(f"orders/{self.order_id}/notes")
        assert not any(note["customer_note"] for note in notes)
        ours = [note["note"] for note in notes if f"Afterglow {reference}:" in note["note"]]
        return ours[::-1]

    def seen(self) -> int:
        """See `ReturnsWorld`."""
        return sum(len(values) for values in self.rows().values())

    def lose_the_next_answer(self) -> None:
        """See `ReturnsWorld`: the row is written last."""
        self.act("/faults", kind="cut", times=1, **ROW)

    def rows(self) -> dict[str, list[Any]]:
        """Our metadata: key → values."""
        found: dict[str, list[Any]] = {}
        for meta in self.raw(f"orders/{self.order_id}")["meta_data"]:
            if meta["key"].startswith("_afterglow_return"):
                found.setdefault(meta["key"], []).append(meta["value"])
        return found


@pytest.fixture
def shop() -> Iterator[Shop]:
    with woocommerce.start(demo=True) as twin:
        granted = requests.post(f"{twin.url}/_twin/keys", json={}, timeout=10).json()
        keys = (granted["consumer_key"], granted["consumer_secret"])
        running = Shop(twin.url, PLATFORM.open(Connection(twin.url, keys=keys)))
        order = running.act("/orders", email="eva@example.com", items=[{"sku": "PES-EGE"}])
        running.order_id = str(order["id"])
        running.line_id = str(order["line_items"][0]["id"])
        yield running


@pytest.fixture
def world(shop: Shop) -> Shop:
    return shop


class TestReturns(ReturnsSuite):
    """The promises of every platform."""


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.platforms.woocommerce.client.TIMEOUTS", (1, 0.3))


def test_a_return_is_left_as_a_private_note_and_one_row(shop: Shop) -> None:
    assert shop.returns.find(shop.spec()) is None
    made = shop.returns.request(shop.spec())
    assert made == shop.returns.find(shop.spec()) == RemoteReturn("RMA-1004", ReturnState.REQUESTED)
    assert shop.notes() == ["Afterglow RMA-1004: return requested: 1 × Mug (too small)"]
    ((key, (value,)),) = shop.rows().items()
    assert key == "_afterglow_return_RMA-1004"
    assert value.pop("updated").endswith("+00:00")
    assert value == {
        "reference": "RMA-1004",
        "state": "requested",
        "kind": "return",
        "lines": [{"id": shop.line_id, "quantity": 1, "reason": "too_small"}],
    }


def test_each_state_is_told_once(shop: Shop) -> None:
    shop.returns.request(shop.spec())
    for state in (ReturnState.HELD, ReturnState.APPROVED, ReturnState.RECEIVED):
        for _ in range(2):
            shop.returns.bring(shop.spec(state=state))
            assert shop.returns.find(shop.spec()) == RemoteReturn("RMA-1004", state)
    assert shop.notes() == [
        "Afterglow RMA-1004: return requested: 1 × Mug (too small)",
        "Afterglow RMA-1004: return waits for your decision",
        "Afterglow RMA-1004: return approved",
        "Afterglow RMA-1004: return received",
    ]
    assert len(shop.rows()["_afterglow_return_RMA-1004"]) == 1


def test_a_decision_that_is_taken_back_is_told_again(shop: Shop) -> None:
    for state in (ReturnState.APPROVED, ReturnState.HELD, ReturnState.APPROVED):
        shop.returns.bring(shop.spec(state=state))
    assert [note.partition(": return ")[2][:8] for note in shop.notes()] == [
        "approved",
        "waits fo",
        "approved",
    ]


def test_a_repeated_request_changes_nothing_that_came_after_it(shop: Shop) -> None:
    shop.returns.request(shop.spec())
    shop.returns.bring(shop.spec(state=ReturnState.APPROVED))
    again = shop.returns.request(shop.spec())
    assert again == RemoteReturn("RMA-1004", ReturnState.APPROVED)
    assert len(shop.notes()) == 2


def test_a_decline_says_why(shop: Shop) -> None:
    declined = shop.spec(
        state=ReturnState.DECLINED, period_over=True, answer="Sorry & goodbye <Eva>"
    )
    shop.returns.request(shop.spec())
    shop.returns.bring(declined)
    assert shop.notes()[-1] == (
        "Afterglow RMA-1004: return declined (the time to return is over)."
        " Answer to the customer: Sorry &amp; goodbye &lt;Eva&gt;"
    )


def test_a_withdrawal_is_told_as_one_and_needs_no_reason(shop: Shop) -> None:
    line = ReturnSpecLine(shop.line_id, "Mug", 2, ReturnReason.NOT_ASKED)
    shop.returns.request(shop.spec(kind=ReturnKind.WITHDRAWAL, lines=(line,)))
    assert shop.notes() == ["Afterglow RMA-1004: withdrawal requested: 2 × Mug"]


def test_what_the_customer_wrote_is_not_passed_on(shop: Shop) -> None:
    shop.returns.request(shop.spec())
    assert "My words" not in str(shop.rows()) + str(shop.notes())


def test_returns_of_one_order_at_the_same_time_do_not_touch_each_other(shop: Shop) -> None:
    specs = [shop.spec(reference=f"RMA-10{number:02}") for number in range(8)]
    approved = [replace(spec, state=ReturnState.APPROVED) for spec in specs]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(shop.returns.request, specs))
        list(pool.map(shop.returns.bring, approved))
    assert sorted(shop.rows()) == [f"_afterglow_return_{spec.reference}" for spec in specs]
    for spec in specs:
        assert shop.returns.find(spec) == RemoteReturn(spec.reference, ReturnState.APPROVED)
        assert len(shop.notes(spec.reference)) == 2


def test_a_longer_number_is_another_return(shop: Shop) -> None:
    shop.returns.request(shop.spec(reference="RMA-10041"))
    assert shop.returns.find(shop.spec()) is None
    shop.returns.request(shop.spec())
    assert len(shop.notes()) == 1


@pytest.mark.parametrize("value", ["text", {"state": "invented"}, {"state": ["x"]}, {}])
def test_what_somebody_else_wrote_into_our_row_is_put_right(shop: Shop, value: Any) -> None:
    shop.returns._client.post(
        f"orders/{shop.order_id}",
        {"meta_data": [{"key": "_afterglow_return_RMA-1004", "value": value}]},
    )
    assert shop.returns.find(shop.spec()) is None
    shop.returns.request(shop.spec())
    shop.returns.bring(shop.spec(state=ReturnState.APPROVED))
    assert shop.returns.find(shop.spec()) == RemoteReturn("RMA-1004", ReturnState.APPROVED)
    assert len(shop.rows()["_afterglow_return_RMA-1004"]) == 1


def test_an_order_that_is_gone(shop: Shop) -> None:
    gone = shop.spec(order_id="999999")
    assert shop.returns.find(gone) is None
    with pytest.raises(Refused) as raised:
        shop.returns.request(gone)
    assert raised.value.code == "not_returnable"
    with pytest.raises(Refused) as raised:
        shop.returns.bring(gone)
    assert raised.value.code == "return_moved_on"


def test_the_store_has_no_returns_of_its_own(shop: Shop) -> None:
    shop.returns.request(shop.spec())
    assert shop.returns.fetch("RMA-1004") is None


NOTE = {"path": "/wp-json/wc/v3/orders/", "method": "POST", "contains": "customer_note"}
ROW = {"path": "/wp-json/wc/v3/orders/", "method": "POST", "contains": "_afterglow_return_"}
READ = {"path": "/wp-json/wc/v3/orders/", "method": "GET"}
FAULTS: list[dict[str, Any]] = [
    {"kind": "cut"},  # acts, and nobody hears of it
    {"kind": "slow", "seconds": 0.6},  # acts, too late for our patience
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 429, "retry_after": 40},
    {"kind": "status", "status": 500},
]


@pytest.mark.parametrize("hit", [NOTE, ROW], ids=["note", "row"])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault['kind']}{fault.get('status')}")
def test_a_lost_answer_makes_no_second_note(
    shop: Shop, impatient: None, fault: dict[str, Any], hit: dict[str, Any]
) -> None:
    """As the pipeline does it: look, and do it again only if it is not there."""
    approved = shop.spec(state=ReturnState.APPROVED)

    def asked() -> None:
        if shop.returns.find(shop.spec()) is None:
            shop.returns.request(shop.spec())

    for step in (asked, lambda: shop.returns.bring(approved)):
        shop.act("/faults", **fault, **hit, times=1)
        with pytest.raises(Retryable):
            step()
        step()
    assert len(shop.notes()) == 2
    assert len(shop.rows()["_afterglow_return_RMA-1004"]) == 1
    assert shop.returns.find(approved) == RemoteReturn("RMA-1004", ReturnState.APPROVED)


def test_a_row_is_only_there_when_the_note_is(shop: Shop) -> None:
    """So that whoever finds the row has nothing left to do."""
    shop.act("/faults", kind="status", status=500, **NOTE, times=1)
    with pytest.raises(Retryable):
        shop.returns.request(shop.spec())
    assert shop.rows() == {}


def test_an_order_that_cannot_be_read_is_not_an_order_without_a_return(shop: Shop) -> None:
    shop.returns.request(shop.spec())
    shop.act("/faults", kind="status", status=500, **READ)
    with pytest.raises(Retryable):
        shop.returns.find(shop.spec())


def order_of(shop: Shop) -> OrderSnapshot:
    fetched = shop.ports.orders.fetch(shop.order_id)
    assert fetched is not None
    (order,) = PLATFORM.normalise(Received(fetched.topic, fetched.body, None, shop.url, "EUR"))
    assert isinstance(order, OrderSnapshot)
    return order


def test_the_stores_own_withdrawal_form_is_seen(shop: Shop) -> None:
    assert not order_of(shop).withdrawal_requested
    shop.act(f"/orders/{shop.order_id}/withdraw")
    assert order_of(shop).withdrawal_requested


def read_product(shop: Shop, product_id: str) -> ProductSnapshot:
    fetched = shop.ports.products.fetch(product_id)
    assert fetched is not None
    (product,) = PLATFORM.normalise(Received(fetched.topic, fetched.body, None, shop.url, "EUR"))
    assert isinstance(product, ProductSnapshot)
    return product


def id_of(shop: Shop, sku: str) -> str:
    (row,) = shop.ports.products._client.get("products", {"sku": sku}).rows()
    return str(row["id"])


def test_what_rules_need_of_products(shop: Shop) -> None:
    on_sale = read_product(shop, id_of(shop, "UTI-BUR"))
    assert on_sale.regular_prices == {"": Money(1490, "EUR")}
    assert on_sale.price == Money(1190, "EUR")
    assert on_sale.categories == ("Kuchyňa",)
    assert read_product(shop, id_of(shop, "OBR-MOD")).categories == ("Final sale",)
    assert read_product(shop, id_of(shop, "DEK-CIC")).tags == ("no-return",)


def test_what_one_piece_cost_before_the_coupon(shop: Shop) -> None:
    shop.returns._client.post(
        "coupons", {"code": "ten", "amount": "10", "discount_type": "percent"}
    )
    placed = shop.act(
        "/orders", email="eva@example.com", coupon="ten", items=[{"sku": "UTI-BUR", "quantity": 3}]
    )
    shop.order_id = str(placed["id"])
    (line,) = order_of(shop).lines
    assert line.total == Money(3213, "EUR")
    assert line.unit_price == Money(1190, "EUR")


def test_all_choices_of_a_product_are_read(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.platforms.woocommerce.products.PAGE_SIZE", 2)
    client = shop.returns._client
    shirt = client.post("products", {"name": "Shirt", "type": "variable"}).object()["id"]
    choice = {"type": "variation", "parent_id": shirt, "regular_price": "22.00"}
    made = [client.post("products", choice | {"name": n}).object()["id"] for n in "SML"]
    read = read_product(shop, str(shirt))
    assert read.regular_prices == {str(number): Money(2200, "EUR") for number in made}


def test_our_own_traces_come_back_and_lead_to_nothing(tmp_path: Path, database_url: str) -> None:
    """A write of metadata fires `order.updated`: it must not make us write again."""
    with standing("woocommerce", tmp_path, database_url) as stand:
        stand.lose_deliveries()  # the test carries them itself
        stand.connect()
        stand.harness.run_jobs()
        order_id = stand.order("eva@example.com")
        stand.move(order_id, "fulfil")
        stand.deliver()
        before, sent = known(stand, order_id), len(stand.call("GET", "/_twin/deliveries"))
        shop = stand.harness.get_shop(stand.shop_id)
        returns = stand.harness.deps.open_store(shop).returns
        assert returns is not None
        spec = ReturnSpec("RMA-1001", order_id, ReturnKind.RETURN, ReturnState.REQUESTED, ())
        returns.request(spec)
        returns.bring(replace(spec, state=ReturnState.APPROVED))
        for _ in range(2):
            stand.deliver()
        assert known(stand, order_id) == before
        topics = [attempt["topic"] for attempt in stand.call("GET", "/_twin/deliveries")[sent:]]
        assert set(topics) == {"order.updated"}
        assert len(topics) <= 2


def known(stand: Stand, order_id: str) -> Any:
    """What our database holds of an order, without when that was true."""
    with stand.harness.shop(stand.shop_id) as data:
        stored = data.orders.get(order_id)
        assert stored is not None
        events = [(event.type, event.key) for event in data.events.of_order(order_id)]
        parcels = tuple(replace(parcel, version=None) for parcel in stored.order.fulfilments)
        return replace(stored.order, version=None, fulfilments=parcels), events
