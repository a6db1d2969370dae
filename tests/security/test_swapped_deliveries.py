"""Deliveries that are signed and yet not what their headers say: another topic, shop or purpose.

Only a body is signed. Who has one with its signature may send it again under any topic, for any
shop; and the secret that signs Shopify's deliveries signs other texts, too, which merchants see.
"""

import base64
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import requests

from app.db.shops import ShopState
from app.domain.actions import ActionKind, ActionState
from app.domain.errors import BadPayload
from app.domain.reasons import ReasonCode
from app.domain.snapshots import Control, ControlMessage
from app.pipeline.interpret import drain
from app.platforms.base import Ignored, Received, StoreInfo, Unknown
from app.platforms.shopify import platform as shopify
from app.platforms.shopify.normalise import normalise
from tests.pipeline.shopify_store import DOMAIN, ShopifyStore, shopify_store
from tests.support import CLIENT_SECRET, switch_on

FIXTURES = Path(__file__).parents[1] / "fixtures" / "shopify"
FOREIGN = "999000111"
ENDS_OR_ERASES = {
    "app/uninstalled": Control.UNINSTALLED,
    "customers/redact": Control.CUSTOMER_REDACT,
    "shop/redact": Control.SHOP_REDACT,
}


@pytest.fixture
def public_url(free_port: Callable[[], int]) -> str:
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def store(tmp_path: Path, database_url: str, public_url: str) -> Iterator[ShopifyStore]:
    with shopify_store(tmp_path, database_url, public_url) as made:
        made.enter()
        yield made


def examples() -> list[tuple[str, bytes]]:
    """Topic and body of every recorded delivery, as if it were of our shop."""
    found = []
    for path in sorted(FIXTURES.glob("*.json")):
        recorded = json.loads(path.read_text())
        text = json.dumps(recorded["body"]).replace("{shop}", "cinar-breza")
        found.append((recorded["topic"], text.encode()))
    return found


def said(topic: str, body: bytes) -> list[Control]:
    """The control messages that a body means under a topic."""
    try:
        found = normalise(Received(topic, body, None, DOMAIN, "EUR"))
    except BadPayload:
        return []
    if isinstance(found, Ignored | Unknown):
        return []
    return [each.control for each in found if isinstance(each, ControlMessage)]


def test_a_body_of_another_topic_ends_and_erases_nothing() -> None:
    """With one exception: the bodies of shop/update and app/uninstalled are the same."""
    swapped = set()
    for topic, body in examples():
        named = body
        if topic == "shop/update":  # the examples are of other shops
            named = json.dumps(json.loads(body) | {"myshopify_domain": DOMAIN}).encode()
        for wanted, control in ENDS_OR_ERASES.items():
            if wanted != topic and control in said(wanted, named):
                swapped.add((topic, wanted))
    assert swapped == {("shop/update", "app/uninstalled")}


def test_their_own_bodies_do() -> None:
    for topic, body in examples():
        if topic in ENDS_OR_ERASES:
            named = json.loads(body) | {"myshopify_domain": DOMAIN}
            assert said(topic, json.dumps(named).encode()) == [ENDS_OR_ERASES[topic]]


def shop_body(topic: str) -> bytes:
    """The body of one of the two topics that show the shop, as if it were of ours."""
    body = next(body for each, body in examples() if each == topic)
    return json.dumps(json.loads(body) | {"myshopify_domain": DOMAIN}).encode()


def a_day_later(store: ShopifyStore) -> None:
    store.harness.wall.advance(days=1)
    store.harness.advance(days=1)


def test_a_change_of_the_shop_sent_as_its_uninstalling_closes_nothing(store: ShopifyStore) -> None:
    """The bodies of both are the same, so the store is asked whether we are still let in."""
    switch_on(store.harness, store.shop.id, "review_request")
    assert send(store, shop_body("shop/update"), "app/uninstalled") == 200
    store.harness.run_jobs()
    assert (store.shop.state, store.shop.generation) == (ShopState.ACTIVE, 1)
    with store.harness.shop(store.shop.id) as data:
        known = data.settings.current("review_request")
    assert known
    assert known.enabled
    store.fault(kind="status", status=503, path="/admin", times=1_000)
    a_day_later(store)  # nor is it remembered for when the store is away
    assert store.shop.state == ShopState.ACTIVE


def test_of_a_store_that_does_not_answer_the_uninstalling_is_believed_after_a_day(
    store: ShopifyStore,
) -> None:
    store.fault(kind="status", status=503, path="/admin", times=1_000)
    assert send(store, shop_body("app/uninstalled"), "app/uninstalled") == 200
    store.harness.run_jobs()
    assert store.shop.state == ShopState.ACTIVE
    a_day_later(store)
    assert store.shop.state == ShopState.DISCONNECTED  # before shop/redact comes, after two


def test_a_failure_of_our_own_is_no_refusal_of_our_keys(
    store: ShopifyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_client: Any) -> StoreInfo:
        raise BadPayload("the shop's answer has a field that we do not understand")

    with monkeypatch.context() as patch:
        patch.setattr(shopify, "store_info", unreadable)
        assert send(store, shop_body("shop/update"), "app/uninstalled") == 200
        with suppress(BadPayload):  # the look at the connection fails alike, and is repeated
            store.harness.run_jobs()
    a_day_later(store)  # asked again, it lets us in
    assert (store.shop.state, store.shop.generation) == (ShopState.ACTIVE, 1)


def send(
    store: ShopifyStore, body: bytes, topic: str, signature: bytes | None = None, **headers: str
) -> int:
    """Post a body to our door as Shopify would, with its headers as somebody likes them."""
    signature = signature or hmac.digest(CLIENT_SECRET.encode(), body, sha256)
    given = {
        "X-Shopify-Hmac-Sha256": base64.b64encode(signature).decode(),
        "X-Shopify-Topic": topic,
        "X-Shopify-Shop-Domain": DOMAIN,
        "X-Shopify-Webhook-Id": sha256(body + topic.encode()).hexdigest(),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    address = f"{store.harness.deps.settings.public_url}/webhooks/shopify"
    return requests.post(address, data=body, headers=given, timeout=10).status_code


def signed_elsewhere(store: ShopifyStore) -> list[tuple[str, bytes, bytes]]:
    """What a merchant has in hands: texts of his own shop with signatures by the same secret."""
    token = requests.get(
        f"{store.url}/_twin/shops/cinar-breza/id-token?seconds=60", timeout=5
    ).json()["id_token"]
    text, _, signature = token.rpartition(".")
    given = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    # The admin signs its parameters, an app proxy those of the customer's request, both sorted by
    # name; a visitor may add some. This one is JSON from the first to the last byte.
    added = {' {"id":"': "", "z": '","a":"', '~":"': '"}'}
    params = {"embedded": "1", "shop": "x.myshopify.com", "timestamp": "1", **added}
    admin = "&".join(f"{name}={params[name]}" for name in sorted(params)).encode()
    proxy = "".join(f"{name}={params[name]}" for name in sorted(params)).encode()
    plain = b"embedded=1&host=aG9zdA&shop=x.myshopify.com&timestamp=1"
    secret = CLIENT_SECRET.encode()
    return [
        ("an ID token", text.encode(), given),
        *[
            (what, each, hmac.digest(secret, each, sha256))
            for what, each in (("the admin's address", plain), ("one with parameters", admin),
                               ("an app proxy's", proxy))
        ],
    ]  # fmt: skip


def test_what_the_secret_signs_elsewhere_is_no_delivery(store: ShopifyStore) -> None:
    for what, body, signature in signed_elsewhere(store):
        assert hmac.compare_digest(hmac.digest(CLIENT_SECRET.encode(), body, sha256), signature)
        assert send(store, body, "orders/create", signature) == 401, what
        other = send(
            store, body, "orders/create", signature, X_Shopify_Shop_Domain="new.myshopify.com"
        )
        assert other == 401, what
    store.harness.run_jobs()
    with store.harness.shop(store.shop.id) as data:
        assert "failed" not in data.inbox.counts()


@pytest.mark.parametrize("topic", ["gone/order", "graphql/order", "graphql/customer"])
def test_what_we_write_into_the_inbox_ourselves_cannot_be_sent(
    store: ShopifyStore, topic: str
) -> None:
    order_id = store.place()
    assert send(store, b'{"id": %d}' % int(order_id), topic) == 401
    store.harness.run_jobs()
    with store.harness.shop(store.shop.id) as data:
        found = data.orders.get(order_id)
    assert found
    assert found.order.status != "gone"


def foreign_order(store: ShopifyStore) -> bytes:
    """A paid order that arrived, as another shop's signed delivery shows it."""
    order_id = store.place(email="foreign@example.sk")
    store.deliver(order_id)
    last = [each for each in store.sent() if each["topic"].startswith("orders/")][-1]
    sent = requests.get(f"{store.url}/_twin/deliveries/{last['id']}", timeout=5).json()
    body: dict[str, Any] = json.loads(sent["body"])
    assert str(body["id"]) == order_id
    email, customer = "foreign@example.cz", body["customer"] | {"id": 7, "email": None}
    changed = {"id": int(FOREIGN), "email": email, "contact_email": email, "customer": customer}
    return json.dumps(body | changed).encode()


def test_an_order_of_another_shop_reaches_nobody(store: ShopifyStore) -> None:
    """It lies among ours until our store is asked, which is before anything is done about it."""
    body = foreign_order(store)
    switch_on(store.harness, store.shop.id, "review_request")
    switch_on(store.harness, store.shop.id, "milestone_coupon", {"nth_orders": [1]})
    paid = store.harness.business.now() + timedelta(seconds=1)
    assert send(store, body, "orders/paid", X_Shopify_Triggered_At=paid.isoformat()) == 200
    with store.harness.shop(store.shop.id) as data:
        drain(store.harness.deps, store.shop.id)
        planned = data.actions.of_order(FOREIGN)
    assert {action.kind for action in planned} == {
        ActionKind.REVIEW_REQUEST_MAIL,
        ActionKind.COUPON_CREATE,
    }
    store.harness.run_jobs()
    store.harness.advance(days=40)
    assert set(store.outcomes(FOREIGN)) == {
        (ActionKind.REVIEW_REQUEST_MAIL, ActionState.SKIPPED, ReasonCode.ORDER_REMOVED),
        (ActionKind.COUPON_CREATE, ActionState.SKIPPED, ReasonCode.MILESTONE_LOST),
    }
    assert store.harness.mails() == []
    assert store.see("discounts") == []


def test_a_delivery_sent_again_under_other_ids_changes_and_repeats_nothing(
    store: ShopifyStore,
) -> None:
    switch_on(store.harness, store.shop.id, "review_request")
    order_id = store.place()
    store.deliver(order_id)
    early = next(each for each in store.sent() if each["topic"] == "orders/create")
    store.move(order_id, "refund")
    outcome = store.outcomes(order_id)
    assert outcome[0][:2] == (ActionKind.REVIEW_REQUEST_MAIL, ActionState.SKIPPED)
    for number in range(3):
        later = store.harness.business.now() + timedelta(hours=number + 1)
        assert store.replay(early["id"], webhook_id=f"other-{number}", triggered_at=later) == 200
    assert store.outcomes(order_id) == outcome
    store.harness.advance(days=40)
    assert store.harness.mails() == []
