"""The WooCommerce ports against the twin, which stands in for a real store over real HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from app.domain.clocks import WallClock
from app.domain.errors import MerchantMustFix, Refused, Retryable
from app.domain.merging import lacks_facts
from app.domain.money import Money
from app.domain.snapshots import ObjectKind, OrderSnapshot
from app.platforms.base import (
    Connection,
    CouponSpec,
    Fetched,
    Page,
    Received,
    ReviewSpec,
    Store,
)
from app.platforms.woocommerce.platform import WooCommerce
from app.platforms.woocommerce.probe import StoreFound, probe
from twins import woocommerce

PLATFORM = WooCommerce("Afterglow/test", WallClock(), allow_loopback=True)


@dataclass
class Shop:
    """A running twin and our ports to it."""

    url: str
    keys: tuple[str, str]
    ports: Store

    def act(self, path: str, /, **data: Any) -> Any:
        """What a person does in the store or its admin."""
        answer = requests.post(f"{self.url}/_twin{path}", json=data, timeout=10)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def buy(self, sku: str, **data: Any) -> str:
        order = self.act("/orders", items=[{"sku": sku}], **({"email": "eva@example.com"} | data))
        return str(order["id"])


@pytest.fixture
def shop() -> Iterator[Shop]:
    with woocommerce.start(demo=True) as twin:
        granted = requests.post(f"{twin.url}/_twin/keys", json={}, timeout=10).json()
        keys = (granted["consumer_key"], granted["consumer_secret"])
        yield Shop(twin.url, keys, PLATFORM.open(Connection(twin.url, keys=keys)))


@pytest.fixture
def product(shop: Shop) -> tuple[str, str]:
    """Id and SKU of a product that can be bought and reviewed."""
    found = shop.ports.products._client.get("products", {"type": "simple"}).rows()[0]
    return str(found["id"]), found["sku"]


def picture(fetched: Fetched | None) -> OrderSnapshot:
    assert fetched is not None
    assert fetched.topic == PLATFORM.fetch_topic(ObjectKind.ORDER)
    (snapshot,) = PLATFORM.normalise(Received(fetched.topic, fetched.body, None, ""))
    assert isinstance(snapshot, OrderSnapshot)
    return snapshot


def now() -> datetime:
    return WallClock().now().replace(microsecond=0)


def test_the_probe_finds_the_store(shop: Shop) -> None:
    found = probe(shop.url, user_agent="Afterglow/test", allow_loopback=True)
    assert isinstance(found, StoreFound)
    assert found.home == shop.url


def test_info_tells_what_the_merchant_set_up(shop: Shop) -> None:
    info = shop.ports.info()
    assert info.url == shop.url
    assert (info.currency, info.country, info.timezone) == ("EUR", "SK", "Europe/Bratislava")
    assert info.language == "sk-SK"
    assert set(info.versions) == {"woocommerce", "wordpress"}


def test_an_order_is_read_with_its_refunds(shop: Shop, product: tuple[str, str]) -> None:
    order_id = shop.buy(product[1])
    shop.act(f"/orders/{order_id}/pay")
    line = picture(shop.ports.orders.fetch(order_id)).lines[0]
    shop.act(f"/orders/{order_id}/refund", lines=[{"id": int(line.line_id), "quantity": 1}])
    snapshot = picture(shop.ports.orders.fetch(order_id))
    assert snapshot.paid
    assert not lacks_facts(snapshot)
    (refund,) = snapshot.refunds
    assert refund.lines == {line.line_id: 1}


def test_a_parcel_and_its_arrival(shop: Shop, product: tuple[str, str]) -> None:
    order_id = shop.buy(product[1])
    shop.act(f"/orders/{order_id}/pay")
    shop.act(f"/orders/{order_id}/fulfil")
    assert len(picture(shop.ports.orders.fetch(order_id)).fulfilments) == 1
    shop.act(f"/orders/{order_id}/deliver")
    assert picture(shop.ports.orders.fetch(order_id)).delivered_at is not None


@pytest.mark.parametrize("consent", [True, False])
def test_the_tick_and_the_language_of_the_checkout(
    shop: Shop, product: tuple[str, str], consent: bool
) -> None:
    order_id = shop.buy(product[1], consent=consent, language="tr")
    snapshot = picture(shop.ports.orders.fetch(order_id))
    assert snapshot.checkout_consent is consent
    assert snapshot.locale == "tr"


def test_what_is_gone_is_none(shop: Shop) -> None:
    assert shop.ports.orders.fetch("999999") is None
    assert shop.ports.products.fetch("999999") is None
    assert shop.ports.customers.fetch("999999") is None


def test_changed_and_placed_include_the_moment_asked_for(
    shop: Shop, product: tuple[str, str]
) -> None:
    order_id = shop.buy(product[1])
    snapshot = picture(shop.ports.orders.fetch(order_id))
    assert snapshot.version is not None
    for page in (
        shop.ports.orders.changed(snapshot.version, None),
        shop.ports.orders.placed(snapshot.placed_at, None),
    ):
        assert order_id in [item.platform_id for item in page.items]
        assert page.store_now is not None
        assert abs(page.store_now - now()) < timedelta(seconds=5)
    later = shop.ports.orders.changed(snapshot.version + timedelta(seconds=1), None)
    assert order_id not in [item.platform_id for item in later.items]


def test_a_page_read_twice_is_the_same_and_a_change_is_not(
    shop: Shop, product: tuple[str, str]
) -> None:
    order_id = shop.buy(product[1])
    since = now() - timedelta(minutes=5)

    def version() -> str:
        page = shop.ports.orders.changed(since, None)
        return next(item.version for item in page.items if item.platform_id == order_id)

    before = version()
    assert version() == before
    fetched = shop.ports.orders.fetch(order_id)
    assert fetched is not None
    assert fetched.version == before
    shop.act(f"/orders/{order_id}/complete")
    assert version() != before


def test_the_baseline_is_every_order_once_over_all_pages(
    shop: Shop, product: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.platforms.woocommerce.listing.PAGE_SIZE", 2)
    bought = [shop.buy(product[1]) for _ in range(5)]
    seen: list[str] = []
    page = Page((), None)
    cursor: str | None = None
    while cursor or not seen:
        page = shop.ports.customers.baseline(cursor)
        seen += [picture(item).order_id for item in page.items]
        cursor = page.cursor
    assert set(bought) <= set(seen)
    assert len(seen) == len(set(seen)) == page.total
    assert seen == sorted(seen, key=int)


def test_a_customer_is_read(shop: Shop) -> None:
    made = shop.act("/customers", email="ada@example.com", first_name="Ada")
    fetched = shop.ports.customers.fetch(str(made["id"]))
    assert fetched is not None
    (snapshot,) = PLATFORM.normalise(Received(fetched.topic, fetched.body, None, ""))
    assert snapshot.person.email == "ada@example.com"


SPEC = CouponSpec(
    code="GLOW-7Q2X",
    title="Third order",
    email="Eva@Example.com",
    customer_id=None,
    percent=15,
    amount=None,
    minimum=Money(2000, "EUR"),
    expires_at=datetime(2030, 6, 30, 22, 30, tzinfo=UTC),  # 1 July in Bratislava
    exclude_sale_items=True,
    reference="coupon-7",
)


def raw_coupon(shop: Shop, ref: str) -> dict[str, Any]:
    return shop.ports.coupons._client.get(f"coupons/{ref}").object()


def test_a_coupon_is_created_bound_and_lasts_the_whole_day(shop: Shop) -> None:
    coupons = shop.ports.coupons
    assert coupons is not None
    assert coupons.find(SPEC) is None
    made = coupons.create(SPEC)
    assert made == coupons.find(SPEC)
    assert (made.code, made.active, made.used, made.ours) == ("glow-7q2x", True, 0, True)
    stored = raw_coupon(shop, made.ref)
    assert stored["date_expires"] == "2030-07-01T23:59:59"
    assert stored["amount"] == "15.00"
    assert (stored["usage_limit"], stored["usage_limit_per_user"]) == (1, 1)
    assert stored["email_restrictions"] == ["eva@example.com"]
    assert stored["minimum_amount"] == "20.00"
    assert stored["individual_use"]
    assert stored["exclude_sale_items"]


def test_an_amount_coupon(shop: Shop) -> None:
    coupons = shop.ports.coupons
    assert coupons is not None
    made = coupons.create(replace(SPEC, percent=None, amount=Money(550, "EUR"), minimum=None))
    stored = raw_coupon(shop, made.ref)
    assert (stored["discount_type"], stored["amount"]) == ("fixed_cart", "5.50")


def test_a_taken_code_is_told_and_whose_it_is(shop: Shop) -> None:
    coupons = shop.ports.coupons
    assert coupons is not None
    coupons.create(SPEC)
    with pytest.raises(Refused) as raised:
        coupons.create(replace(SPEC, reference="another"))
    assert raised.value.code == "code_taken"
    found = coupons.find(replace(SPEC, reference="another"))
    assert found is not None
    assert not found.ours


def test_a_voided_coupon_stays_visible_but_is_dead(shop: Shop) -> None:
    coupons = shop.ports.coupons
    assert coupons is not None
    made = coupons.create(SPEC)
    for _ in range(2):
        coupons.void(made.ref)
    found = coupons.find(SPEC)
    assert found is not None
    assert (found.ref, found.active, found.ours) == (made.ref, False, True)
    coupons.void("999999")


@pytest.fixture
def review(product: tuple[str, str]) -> ReviewSpec:
    return ReviewSpec(
        review_ref="review-7",
        product_id=product[0],
        rating=4,
        text='Krásny & <b>mäkký</b>\n\n"naozaj" 100% / áno',
        author="Eva K.",
        email="eva/x+1@example.com",
        created_at=now(),
    )


def test_a_coupon_that_the_store_leaves_open_to_anybody_is_made_useless(shop: Shop) -> None:
    coupons = shop.ports.coupons
    assert coupons is not None
    unbound = replace(SPEC, email="zofia@")
    with pytest.raises(Refused) as raised:
        coupons.create(unbound)
    assert raised.value.code == "no_address"
    left = coupons.find(unbound)
    assert left
    assert not left.active


def test_a_review_is_published_once(shop: Shop, review: ReviewSpec) -> None:
    reviews = shop.ports.reviews
    assert reviews is not None
    assert reviews.find(review) is None
    published = reviews.publish(review)
    assert reviews.find(review) == published
    assert reviews.publish(review) == published
    stored = reviews._client.get(f"products/reviews/{published}").object()
    assert (stored["status"], stored["rating"], stored["reviewer"]) == ("approved", 4, "Eva K.")


def test_a_changed_review_replaces_the_earlier_one(shop: Shop, review: ReviewSpec) -> None:
    reviews = shop.ports.reviews
    assert reviews is not None
    first = reviews.publish(review)
    changed = replace(review, text="Now I love it.", rating=5, published_as=first)
    assert reviews.publish(changed) == first
    assert reviews.find(changed) == first
    assert reviews.find(review) is None
    again = replace(changed, text="Once more.", published_as="999999")
    assert reviews.publish(again) not in (first, "999999")


def test_stars_alone_are_published_as_stars(shop: Shop, review: ReviewSpec) -> None:
    """The store refuses an empty text, and nobody has to write one."""
    reviews = shop.ports.reviews
    assert reviews is not None
    wordless = replace(review, text="")
    published = reviews.publish(wordless)
    assert reviews.find(wordless) == published
    stored = reviews._client.get(f"products/reviews/{published}").object()
    assert "★★★★☆" in stored["review"]


def test_a_product_that_is_gone_or_closed(shop: Shop, review: ReviewSpec) -> None:
    reviews = shop.ports.reviews
    assert reviews is not None
    with pytest.raises(Refused) as raised:
        reviews.publish(replace(review, product_id="999999"))
    assert raised.value.code == "product_gone"
    client = reviews._client
    client.post(f"products/{review.product_id}", {"reviews_allowed": False})
    with pytest.raises(Refused) as raised:
        reviews.publish(review)
    assert raised.value.code == "reviews_closed"


def test_webhooks_are_listed_made_and_removed(shop: Shop) -> None:
    webhooks = shop.ports.webhooks
    made = [
        webhooks.create(topic, f"{shop.url}/nowhere/{topic}", "secret1")
        for topic in PLATFORM.topics
    ]
    assert set(webhooks.list()) == set(made)
    assert {hook.topic for hook in made} == set(PLATFORM.topics)
    assert all(hook.active for hook in made)
    for hook in made:
        webhooks.delete(hook.ref)
        webhooks.delete(hook.ref)
    assert webhooks.list() == []


def test_a_removed_key_is_the_merchants_to_mend(shop: Shop) -> None:
    ports = PLATFORM.open(Connection(shop.url, keys=("ck_gone", "cs_gone")))
    with pytest.raises(MerchantMustFix) as raised:
        ports.orders.fetch("1")
    assert raised.value.problem == "store_key_refused"


def test_a_lost_answer_to_a_coupon_is_found_again(shop: Shop) -> None:
    coupons = shop.ports.coupons
    assert coupons is not None
    shop.act("/faults", kind="cut", times=1, path="/wp-json/wc/v3/coupons", method="POST")
    with pytest.raises(Retryable):
        coupons.create(SPEC)
    found = coupons.find(SPEC)
    assert found is not None
    assert found.ours
