"""JSON that hurts: too deep, too large, the same key twice, numbers and text that nothing holds."""

import base64
import hmac
import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.db import nonces
from app.db.models import inbox
from app.db.shops import Shops, ShopState
from app.db.tenant import ShopData
from app.platforms.woocommerce.verify import sign
from bench.stories import Posted, at_home, life
from tests.http.addresses import rows_of
from tests.http.merchant_shop import NOW, MerchantShop
from tests.security.signing import call, link_plugin
from tests.support import CLIENT_SECRET

SHOPIFY = "some-shop.myshopify.com"
ORDER_CREATED = ("orders/create", "order.created")
KEYS = b'"consumer_key": "ck_a", "consumer_secret": "cs_b"'
HOSTILE = {
    "lists in lists": b"[" * 4_000,
    "lists that end": b"[" * 2_000 + b"]" * 2_000,
    "objects in objects": b'{"a":' * 600 + b"1" + b"}" * 600,
    "objects without end": b'{"a":' * 800,
    "deep below a known key": b'{"user_id": ' + b"[" * 1_500 + b"]" * 1_500 + b"}",
    "half a character": b'{"user_id": "\\ud800", ' + KEYS + b"}",
    "half a character in a key": b'{"user_id": "x", "consumer_key": "\\udfff"}',
    "NUL": b'{"user_id": "a\\u0000b", ' + KEYS + b"}",
    "a huge number": b'{"user_id": ' + b"9" * 4_500 + b", " + KEYS + b"}",
    "an infinite number": b'{"user_id": 1e999, ' + KEYS + b"}",
    "no number": b'{"user_id": NaN, ' + KEYS + b"}",
    "another kind": b'{"user_id": {"$ne": ""}, "consumer_key": [], "consumer_secret": true}',
    "no object": b'"user_id"',
    "nothing": b"",
    "null": b"null",
    "no UTF-8": b'{"user_id": "\xff\xfe", ' + KEYS + b"}",
    "UTF-16": '{"user_id": "x"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
}


def callback(shop: MerchantShop) -> Callable[[bytes], TestResponse]:
    client = shop.app.test_client()
    return lambda body: client.post(
        "/connect/woocommerce/callback", data=body, content_type="application/json"
    )


def switched(shop: MerchantShop) -> Callable[[bytes], TestResponse]:
    link_plugin(shop)
    client = shop.app.test_client()
    return lambda body: call(client, shop, "POST", "/plugin/v1/switch", body)


def test_no_body_is_a_fault_of_ours(shop: MerchantShop) -> None:
    for sender in (callback(shop), switched(shop)):
        before = rows_of(shop.deps)
        for name, body in HOSTILE.items():
            answer = sender(body)
            assert answer.status_code in (400, 404, 413), name
            assert answer.data == b"", name
        after = rows_of(shop.deps)
        del before["nonces"], after["nonces"]  # a signed call is remembered, whatever it says
        assert after == before


@pytest.mark.parametrize("path", ["/connect/woocommerce/callback", "/plugin/v1/switch"])
def test_more_than_anybody_has_to_say_is_not_read(shop: MerchantShop, path: str) -> None:
    link_plugin(shop)
    for size in (11_000, 3_000_000):
        body = b'{"a": "' + b"x" * size + b'"}'
        answer = shop.app.test_client().post(path, data=body, content_type="application/json")
        assert answer.status_code in (400, 401, 413)
        assert answer.data == b""


def test_of_a_key_that_comes_twice_one_meaning_is_used_throughout(shop: MerchantShop) -> None:
    """Nobody looks at the first and acts on the second: it is read once, and the last counts."""
    with shop.deps.db.write() as uow:
        known = nonces.mint(uow, "wc-auth", {"home": "https://a.example"}, NOW.replace(year=2027))
    sent = callback(shop)
    other = b'{"user_id": "' + known.encode() + b'", "user_id": "forged", ' + KEYS + b"}"
    assert sent(other).status_code == 404
    twice = (b'{"user_id": "forged", "user_id": "' + known.encode() + b'", ' + KEYS
             + b', "consumer_key": "ck_last"}')  # fmt: skip
    assert sent(twice).status_code == 200
    assert sent(twice).status_code == 404

    send = switched(shop)
    assert send(b'{"what": "pause", "what": "nothing"}').status_code == 400
    assert send(b'{"what": "nothing", "what": "pause"}').status_code == 200


def twice(first: Any, last: Any) -> str:
    """An object with every key twice, in the objects within it, too."""
    if not (isinstance(first, dict) and isinstance(last, dict)):
        return json.dumps(last)
    pairs = [(key, json.dumps(value)) for key, value in first.items()]
    pairs += [(key, twice(first.get(key), value)) for key, value in last.items()]
    return "{" + ", ".join(f"{json.dumps(key)}: {value}" for key, value in pairs) + "}"


class Delivering:
    """A shop of either platform, and deliveries as its store signs them."""

    def __init__(self, merchant: MerchantShop, platform: str) -> None:
        self._merchant, self._shopify = merchant, platform == "shopify"
        self.shop = merchant.shop
        if self._shopify:
            with merchant.deps.db.write() as uow:
                shops = Shops(uow)
                self.shop = shops.ensure(platform, SHOPIFY, ShopState.ACTIVE, NOW)
                shops.open_installation(self.shop.id, (), NOW)

    def send(self, topic: str, body: str) -> str:
        """Taken and read; the state in which the delivery ended."""
        raw, path = body.encode(), "/webhooks/shopify"
        if self._shopify:
            signature = base64.b64encode(hmac.digest(CLIENT_SECRET.encode(), raw, "sha256"))
            headers = {
                "X-Shopify-Hmac-Sha256": signature.decode(), "X-Shopify-Topic": topic,
                "X-Shopify-Shop-Domain": SHOPIFY, "X-Shopify-Webhook-Id": sha256(raw).hexdigest(),
            }  # fmt: skip
        else:
            with self._merchant.write() as data:
                hook = data.webhooks.prepare(topic, NOW)
            path = f"/webhooks/woocommerce/{hook.token}"
            headers = {"X-WC-Webhook-Signature": sign(raw, hook.secret).decode()}
        answer = self._merchant.app.test_client().post(path, data=raw, headers=headers)
        assert answer.status_code == 200
        self._merchant.work()
        with self._merchant.deps.db.read() as uow:
            row = uow.connection.execute(select(inbox).order_by(inbox.c.id.desc())).first()
            assert row
            if row.state != "ignored":
                assert uow.keyring.open_body(row.sealed_body) == raw  # kept as it was signed
        return str(row.state)

    def known(self, posted: Posted) -> tuple[bool, bool]:
        """Whether a delivery's order is known, and its person."""
        told = json.loads(posted.body)
        email = (told.get("billing") or told)["email"]
        with self._merchant.deps.db.read() as uow:
            data = ShopData(uow, self.shop.id)
            order = data.orders.get(str(told["id"]))
            person = data.customers.find_email(email)
        return order is not None, person is not None


@pytest.mark.parametrize("platform", ["woocommerce", "shopify"])
def test_of_a_delivery_that_says_everything_twice_the_last_is_what_it_says(
    shop: MerchantShop, platform: str
) -> None:
    """In its numbers and persons, and in the store or shop that it names as its own."""
    delivering = Delivering(shop, platform)
    first, last = (
        next(each for each in life(platform, n, NOW) if each.topic in ORDER_CREATED)
        for n in (901, 903)
    )
    ours = at_home(last, shop.shop.domain)  # WooCommerce: the first names another store
    both = [json.loads(each.body) for each in (first, ours)]
    assert delivering.send(last.topic, twice(*both)) == "done"
    assert (delivering.known(first), delivering.known(last)) == ((False, False), (True, True))
    if platform == "shopify":
        mine, other = {"shop_domain": SHOPIFY}, {"shop_domain": "other-shop.myshopify.com"}
        assert delivering.send("shop/redact", twice(mine, other)) == "failed"
        assert delivering.send("shop/redact", twice(other, mine)) == "done"
    else:
        again = json.loads(at_home(first, shop.shop.domain).body)
        assert delivering.send(last.topic, twice(again, json.loads(last.body))) == "ignored"
        assert delivering.known(first) == (False, False)


def test_a_call_may_not_name_more_than_it_is_for(shop: MerchantShop) -> None:
    """Other shops, settings and users in a call change nothing but the name in the history."""
    link_plugin(shop)
    shop.switch_on("milestone_coupon")
    asked = {
        "what": "off", "automation": "review_request", "shop_id": 99, "site": "x", "data": {"a": 1},
        "enabled": True, "user": "1'; DROP TABLE shops; --",
    }  # fmt: skip
    answer = call(shop.app.test_client(), shop, "POST", "/plugin/v1/switch", asked)
    assert (answer.status_code, json.loads(answer.data)["done"]) == (200, True)
    with shop.read() as data:
        off, on = (data.settings.current(key) for key in ("review_request", "milestone_coupon"))
    assert off is not None
    assert on is not None
    assert (off.enabled, on.enabled) == (False, True)
    assert "a" not in off.data
