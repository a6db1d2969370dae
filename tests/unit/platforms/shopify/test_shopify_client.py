"""What becomes of each way in which a shop can answer: who must act, and after how long."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from scripted_shop import Reply, ScriptedShop, scripted_shop

from app.domain.errors import (
    AfterglowError,
    Bug,
    MerchantMustFix,
    OperatorMustFix,
    Retryable,
)
from app.platforms.base import Connection, Store
from app.platforms.shopify.client import Client
from app.platforms.shopify.platform import Shopify
from app.platforms.shopify.throttle import Bucket
from app.platforms.shopify.tokens import TokenPair, Tokens
from app.platforms.shopify.transport import Transport
from tests.clocks import FixedClock

SHOP = "demo.myshopify.com"
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
FULL = {"maximumAvailable": 2000, "currentlyAvailable": 2000, "restoreRate": 100}
PRODUCT = {"product": {"id": "gid://shopify/Product/7"}}


class Naps(list[float]):
    """Seconds that the client slept, one by one."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def client_of(shop: ScriptedShop, naps: Naps | None = None, bucket: Bucket | None = None) -> Client:
    def token(force: bool) -> str:
        return "renewed-token" if force else "stored-token"

    return Client(
        SHOP,
        token,
        Transport(shop.origin),
        bucket or Bucket(seconds=lambda: 0.0),
        naps if naps is not None else Naps(),
    )


def read(client: Client, background: bool = False) -> Any:
    variables = {"id": "gid://shopify/Product/7"}
    return client.query("product", variables, background=background).data


def throttled(available: int, requested: int = 300) -> Reply:
    status = FULL | {"currentlyAvailable": available}
    cost = {"requestedQueryCost": requested, "throttleStatus": status}
    errors = [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]
    return Reply({"errors": errors, "extensions": {"cost": cost}})


def refused(code: str, message: str = "no", **extensions: str) -> dict[str, Any]:
    return {"message": message, "extensions": {"code": code, **extensions}}


def test_it_speaks_to_the_right_shop_with_its_token() -> None:
    with scripted_shop(Reply({"data": PRODUCT})) as shop:
        assert read(client_of(shop)) == PRODUCT
    (request,) = shop.requests
    assert request["path"] == "/admin/api/2026-10/graphql.json"
    assert request["headers"]["host"] == SHOP
    assert request["headers"]["x-shopify-access-token"] == "stored-token"
    assert "query Product" in request["json"]["query"]


def test_throttling_is_waited_out_as_long_as_the_missing_points_take() -> None:
    naps = Naps()
    with scripted_shop(throttled(available=150), Reply({"data": PRODUCT})) as shop:
        assert read(client_of(shop, naps)) == PRODUCT
    assert naps == [pytest.approx(1.5)]


def test_what_surely_has_not_the_points_is_not_even_sent() -> None:
    naps = Naps()
    left = {"requestedQueryCost": 120, "throttleStatus": FULL | {"currentlyAvailable": 20}}
    answer = Reply({"data": PRODUCT, "extensions": {"cost": left}})
    with scripted_shop(answer, answer) as shop:
        client = client_of(shop, naps)
        read(client)
        assert naps == []
        read(client)
    assert naps == [pytest.approx(1.0)]


def test_a_long_wait_is_given_back_to_the_queue() -> None:
    dear = throttled(available=0, requested=900)
    with scripted_shop(dear) as shop, pytest.raises(Retryable) as given_back:
        read(client_of(shop))
    assert given_back.value.retry_after == timedelta(seconds=9)


@pytest.mark.parametrize(("header", "nap"), [({"Retry-After": "1.5"}, 1.5), ({}, 2.0)])
def test_429_is_waited_out_too(header: dict[str, str], nap: float) -> None:
    naps = Naps()
    with scripted_shop(Reply(status=429, headers=header), Reply({"data": PRODUCT})) as shop:
        assert read(client_of(shop, naps)) == PRODUCT
    assert naps == [nap]


def test_work_that_nobody_waits_for_leaves_half_of_the_points() -> None:
    spent = {"throttleStatus": FULL | {"currentlyAvailable": 900}}
    naps = Naps()
    with scripted_shop(Reply({"data": PRODUCT, "extensions": {"cost": spent}})) as shop:
        client = client_of(shop, naps)
        read(client, background=True)
        read(client)  # somebody waits: at once
        assert naps == []
        read(client, background=True)
    assert naps == [pytest.approx(1.0)]


def test_background_work_does_not_sleep_for_long() -> None:
    spent = {"throttleStatus": FULL | {"currentlyAvailable": 0}}
    with scripted_shop(Reply({"data": PRODUCT, "extensions": {"cost": spent}})) as shop:
        client = client_of(shop)
        read(client)
        with pytest.raises(Retryable) as given_back:
            read(client, background=True)
    assert given_back.value.retry_after == timedelta(seconds=10)


def test_points_come_back_with_time() -> None:
    seconds = [0.0]
    bucket = Bucket(seconds=lambda: seconds[0])
    bucket.learn({"throttleStatus": FULL | {"currentlyAvailable": 500}}, "shop")
    assert bucket.background_wait() == pytest.approx(5)
    seconds[0] = 4.0
    assert bucket.background_wait() == pytest.approx(1)
    seconds[0] = 100.0
    assert bucket.background_wait() == 0


@pytest.mark.parametrize("cost", [{}, {"throttleStatus": None}, {"throttleStatus": {"x": 1}}])
def test_an_answer_without_costs_teaches_nothing(cost: dict[str, Any]) -> None:
    bucket = Bucket()
    bucket.learn(cost, "shop")
    assert bucket.background_wait() == 0


def test_a_refused_token_is_renewed_once() -> None:
    busy = Reply(status=429)
    with scripted_shop(Reply(status=401), busy, Reply({"data": PRODUCT})) as shop:
        assert read(client_of(shop)) == PRODUCT
    assert [r["headers"]["x-shopify-access-token"] for r in shop.requests] == [
        "stored-token",
        "renewed-token",
        "stored-token",  # not forced again: whoever keeps the tokens gives the present one
    ]


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (401, "store_token_refused"),
        (402, "store_closed"),
        (403, "store_closed"),
        (404, "store_closed"),
        (423, "store_closed"),
    ],
)
def test_what_only_the_merchant_can_mend(status: int, problem: str) -> None:
    with scripted_shop(Reply(status=status)) as shop, pytest.raises(MerchantMustFix) as told:
        read(client_of(shop))
    assert told.value.problem == problem


@pytest.mark.parametrize(
    "failure",
    [
        Reply(status=502),
        Reply(status=0),
        Reply(b"<html>"),
        Reply({"errors": "Internal"}),
        Reply({"errors": [refused("INTERNAL_SERVER_ERROR")], "data": None}),
    ],
)
def test_reads_are_repeated_twice_and_changes_never(failure: Reply) -> None:
    with scripted_shop(failure, failure, Reply({"data": PRODUCT})) as shop:
        assert read(client_of(shop)) == PRODUCT
    with scripted_shop(failure) as shop:
        with pytest.raises(Retryable):
            read(client_of(shop))
        assert len(shop.requests) == 3
    with scripted_shop(failure) as shop:
        with pytest.raises(Retryable):
            client_of(shop).mutate("discount_deactivate", {"id": "gid://shopify/x/1"})
        assert len(shop.requests) == 1


def test_nobody_listens() -> None:
    with scripted_shop(Reply()) as shop:
        pass
    with pytest.raises(Retryable):
        read(client_of(shop))


def test_a_missing_permission_is_the_merchants_to_grant() -> None:
    denied = refused("ACCESS_DENIED", "Access denied", requiredAccess="`read_products`")
    answer = Reply({"data": {"product": None}, "errors": [denied]})
    with scripted_shop(answer) as shop, pytest.raises(MerchantMustFix) as told:
        read(client_of(shop))
    assert told.value.problem == "scopes_missing"


UNAPPROVED = refused(
    "ACCESS_DENIED", "see https://shopify.dev/docs/apps/launch/protected-customer-data"
)


def test_partial_data_are_kept_when_personal_ones_are_withheld() -> None:
    data = {"customer": {"id": "gid://shopify/Customer/9", "firstName": None}}
    with scripted_shop(Reply({"data": data, "errors": [UNAPPROVED]})) as shop:
        answer = client_of(shop).query("customer", {"id": "gid://shopify/Customer/9"})
    assert (answer.data, answer.withheld) == (data, True)


def store_of(shop: ScriptedShop) -> Store:
    platform = Shopify("id", ["secret"], FixedClock(NOW), shop.origin, Naps())
    return platform.open(Connection(SHOP, token=lambda _: "stored-token"))


def test_an_object_that_is_withheld_altogether_is_not_gone() -> None:
    withheld = Reply({"data": {"order": None}, "errors": [UNAPPROVED]})
    with scripted_shop(withheld) as shop, pytest.raises(OperatorMustFix):
        store_of(shop).orders.fetch("1")
    with scripted_shop(Reply({"data": {"order": None}})) as shop:
        assert store_of(shop).orders.fetch("1") is None


@pytest.mark.parametrize(
    "reply",
    [
        Reply({"errors": [{"message": "Field 'x' doesn't exist"}]}),
        Reply({"errors": [refused("MAX_COST_EXCEEDED")], "data": None}),
        Reply({"data": None}),
        Reply(status=400),
        Reply(status=301, headers={"Location": "http://127.0.0.1:9/"}),
    ],
)
def test_what_we_did_wrong_is_loud(reply: Reply) -> None:
    with scripted_shop(reply) as shop, pytest.raises(Bug):
        read(client_of(shop))


def test_no_error_tells_a_token_or_a_body() -> None:
    secrets = ("stored-token", "renewed-token", "jana@example.com")
    body = {"errors": [refused("ODD", "jana@example.com")], "data": None}
    replies = [Reply(body), Reply(status=0), Reply(status=401), Reply(status=500)]
    for reply in replies:
        with scripted_shop(reply) as shop, pytest.raises(AfterglowError) as told:
            read(client_of(shop))
        assert not any(secret in repr(told.value) + str(told.value) for secret in secrets)
        assert told.value.__cause__ is None


def tokens_of(shop: ScriptedShop) -> Tokens:
    return Tokens("id", "secret", Transport(shop.origin), FixedClock(NOW))


PAIR = {
    "access_token": "shpat_1",
    "scope": "read_orders,write_products",
    "expires_in": 3600,
    "refresh_token": "shprt_1",
    "refresh_token_expires_in": 7_776_000,
}


def test_a_token_pair_with_its_times() -> None:
    with scripted_shop(Reply(PAIR)) as shop:
        pair = tokens_of(shop).exchange(SHOP, "the-id-token")
    assert pair == TokenPair(
        access_token="shpat_1",
        expires_at=NOW + timedelta(hours=1),
        refresh_token="shprt_1",
        refresh_expires_at=NOW + timedelta(days=90),
        scopes=("read_orders", "write_products"),
    )
    assert "shpat_1" not in repr(pair)
    assert "shprt_1" not in repr(pair)
    (request,) = shop.requests
    assert request["path"] == "/admin/oauth/access_token"
    assert request["json"]["expiring"] == 1
    assert request["json"]["subject_token"] == "the-id-token"


@pytest.mark.parametrize(
    ("reply", "kind", "problem"),
    [
        (Reply({"error": "invalid_grant"}, 400), MerchantMustFix, "store_token_expired"),
        (Reply({"error": "invalid_subject_token"}, 400), Retryable, None),
        (Reply({"error": "invalid_client"}, 401), OperatorMustFix, None),
        (Reply({"error": "something_new"}, 400), Bug, None),
        (Reply({}, 404), MerchantMustFix, "store_closed"),
        (Reply({}, 503), Retryable, None),
        (Reply({}, 429, {"Retry-After": "4"}), Retryable, None),
        (Reply(b"hello"), Retryable, None),
        (Reply(PAIR | {"refresh_token": None}), Retryable, None),
        (Reply(status=0), Retryable, None),
    ],
)
def test_a_refused_token_request_tells_who_must_act(
    reply: Reply, kind: type[AfterglowError], problem: str | None
) -> None:
    with scripted_shop(reply) as shop, pytest.raises(kind) as told:
        tokens_of(shop).refresh(SHOP, "shprt_0")
    assert getattr(told.value, "problem", None) == problem
    assert "shprt_0" not in str(told.value)


def test_a_secret_is_never_sent_to_anything_but_a_shop() -> None:
    with scripted_shop(Reply(PAIR)) as shop, pytest.raises(Bug):
        tokens_of(shop).refresh("evil.com", "shprt_0")
    assert shop.requests == []
